"""The doctor looks at all that the programme needs, and says what to do about what is not well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from forgeward.desk import programme
from forgeward.desk.actions.write import Letter, inside, write_letters
from forgeward.desk.models import Heartbeat, NoticeRow, PolicyVersion, RawMail
from forgeward.desk.readers import doctor
from forgeward.desk.readers.doctor import Finding
from forgeward.edges.home import Home
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened

# The tests own the tables that they make; on PostgreSQL a desk should not.
OWNER = {"guards"} if connection.vendor == "postgresql" else set()


def _findings(home: Home | None = None) -> dict[str, Finding]:
    return {found.name: found for found in doctor.examine(home or settings.HOME, NOW)}


def _beat(ago: timedelta) -> None:
    Heartbeat.objects.create(name="worker", at=NOW - ago)


def test_everything_is_looked_at(house: House) -> None:
    """Each finding has a sentence, and each that is not well says what to do."""
    found = _findings()
    assert set(found) >= {"disk", "keys", "policy", "mail", "worker", "parser", "outbox", "intake"}
    assert all(f.what.endswith((".", "off.")) or f.what for f in found.values())
    assert all(f.next for f in found.values() if not f.ok)
    assert {name for name, f in found.items() if not f.ok} <= {"mail", "worker", "parser", "disk", "backup", *OWNER}


@pytest.mark.parametrize(("ago", "ok"), [(0, True), (29, True), (30, False), (3600, False), (-5, True), (-3600, False)])
def test_a_worker_lives_that_was_seen_within_half_a_minute(house: House, ago: int, ok: bool) -> None:
    """Also when our clocks differ by a moment; a beat from the far future is none."""
    _beat(timedelta(seconds=ago))
    found = doctor._worker(NOW)
    assert found.ok is ok
    assert ok or ("last seen at 2026-11-23" in found.what and "forgeward up" in found.next)


def test_a_worker_that_never_ran_is_told_apart(house: House) -> None:
    assert "never run" in doctor._worker(NOW).what


def test_a_nearly_full_disk_is_said_before_it_is_full(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE", 2**60)
    assert not doctor._disk(settings.HOME).ok


MAILS: dict[str, tuple[str, bool, str]] = {
    "no mail section": ("", False, "No mail server is set"),
    "a server": ('[mail]\nhost = "127.0.0.1"\nsecurity = "none"\nsender = "s@example.com"\n', True, "127.0.0.1"),
    "a password file that is not there": (
        '[mail]\nhost = "127.0.0.1"\nuser = "u"\npassword_file = "/nowhere/at/all"\nsender = "s@example.com"\n',
        False,
        "nowhere",
    ),
}


@pytest.mark.parametrize("what", MAILS)
def test_the_way_mail_goes_out_is_checked(house: House, tmp_path: Path, what: str) -> None:
    text, ok, said = MAILS[what]
    home = Home(tmp_path)
    home.create()
    home.settings_file.write_text(text)
    found = doctor._mail(home)
    assert (found.ok, said in found.what) == (ok, True), found


def test_a_demo_home_needs_no_mail_server(house: House, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create(demo=True)
    assert doctor._mail(home).ok


def _without_ledger_key(home: Home) -> None:
    (home.keys / "ledger.key").unlink()


def _key_for_all(home: Home) -> None:
    (home.keys / "ledger.key").chmod(0o644)


def _damaged(home: Home) -> None:
    (home.keys / "ledger.key").write_text("PRIVATE+KEY+x+y+z\n")


@pytest.mark.parametrize("harm", [_without_ledger_key, _key_for_all, _damaged])
def test_a_key_that_cannot_be_used_is_named(
    house: House, tmp_path: Path, settings: Settings, harm: Callable[[Home], None]
) -> None:
    """Missing, readable by others, or damaged: the file's name and what to do."""
    home = Home(tmp_path / "home")
    home.create()
    settings.HOME = home
    programme.forget()
    programme.vault().keys.create("test.example/ledger")
    assert doctor._keys().ok
    programme.forget()
    harm(home)
    found = doctor._keys()
    programme.forget()
    assert not found.ok
    assert "ledger.key" in found.what
    assert found.next


def test_a_home_without_a_policy_is_told_to_adopt_one(house: House) -> None:
    PolicyVersion.objects.update(adopted_at=None)
    found = doctor._policy(NOW)
    assert not found.ok
    assert "policy adopt" in found.next


@pytest.mark.parametrize(
    ("state", "ok"), [("waiting", True), ("accepted", True), ("filed", True), ("given_up", False), ("bounced", False)]
)
def test_mail_that_failed_is_counted(house: House, state: str, ok: bool) -> None:
    """What waits or left is no failure."""
    with inside() as cursor:
        write_letters(cursor, None, [Letter("k:0", "k", "notice", "case:programme", {"to": "a@example.com"})], NOW)
    NoticeRow.objects.update(state=state)
    assert doctor._outbox().ok is ok


@pytest.mark.parametrize(("state", "ok"), [("stored", True), ("parsed", True), ("held", False)])
def test_a_held_mail_waits_for_a_person(house: House, state: str, ok: bool) -> None:
    opened(house.ines)
    RawMail.objects.create(
        name="x", fingerprint="x", source="x", size=1, received_at=NOW, wrapped_key=b"x", state=state
    )
    assert doctor._stored().ok is ok
