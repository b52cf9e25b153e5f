"""Whoever restores gets what was backed up, by the right keys, and never what was erased.

Whole homes are restored in tests/journeys/test_erasure.py; here is what is refused.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from forgeward.desk import backed_up
from forgeward.desk.actions import backups, erasures
from forgeward.desk.models import Entry
from forgeward.desk.programme import vault
from forgeward.edges import archive
from forgeward.edges.archive import About
from forgeward.edges.home import Home
from forgeward.errors import AnswerIsNo, BadInput, ForgewardError, NotAllowed, VerificationFailed
from forgeward.vocabulary import rfc3339
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, step

DAY = timedelta(days=1)


def made(folder: Path, kind: str, at: object = NOW, home: str = "0f", name: str = "forgeward-1") -> Path:
    """A backup that says this of itself."""
    file = folder / f"{name}{backed_up.KEYS if kind == 'keys' else backed_up.DATA}"
    about = About(kind=kind, made_at=rfc3339(at), home=home, database="sqlite")  # type: ignore[arg-type]  # instants
    (folder / "content").write_bytes(b"x")
    with archive.writing(file, about) as out:
        out.add("keys/home.key" if kind == "keys" else "policy.yaml", folder / "content")
    return file


@pytest.mark.parametrize("who", ["hannah", "dele", "ada", "nobody"])
def test_a_backup_is_for_lead_and_engineering(house: House, who: str, tmp_path: Path) -> None:
    """It holds everything; nobody else makes one, and nothing is written."""
    with untouched(), pytest.raises(NotAllowed):
        backups.backup(settings.HOME, tmp_path / "b", getattr(house, who).actor(), NOW)
    assert not (tmp_path / "b").exists()


def test_keys_fit_the_data(tmp_path: Path) -> None:
    """Of the same home, made with it or later."""
    data = made(tmp_path, "data")
    assert backups.examine(data, made(tmp_path, "keys"), NOW).about.home == "0f"
    backups.examine(data, made(tmp_path, "keys", NOW + DAY, name="later"), NOW + DAY)
    with pytest.raises(BadInput, match="another home"):
        backups.examine(data, made(tmp_path, "keys", home="1f", name="other"), NOW)
    with pytest.raises(BadInput, match="older than the data"):
        backups.examine(data, made(tmp_path, "keys", NOW - DAY, name="older"), NOW)
    with pytest.raises(BadInput, match="holds data"):
        backups.examine(data, data, NOW)
    with pytest.raises(BadInput, match="holds keys"):
        backups.examine(made(tmp_path, "keys", name="k"), data, NOW)


@pytest.mark.parametrize(("age", "taken"), [(29, True), (30, True), (31, False), (400, False)])
def test_keys_older_than_thirty_days_bring_nobody_back(tmp_path: Path, age: int, taken: bool) -> None:
    """Who was erased since would be readable again."""
    data, keys = made(tmp_path, "data"), made(tmp_path, "keys")
    if taken:
        assert backups.examine(data, keys, NOW + age * DAY)
        return
    with pytest.raises(AnswerIsNo, match="over 30 days old"):
        backups.examine(data, keys, NOW + age * DAY)


def test_keys_from_the_future_are_refused(tmp_path: Path) -> None:
    """A clock that was set back makes nothing young again."""
    data, keys = made(tmp_path, "data"), made(tmp_path, "keys")
    with pytest.raises(BadInput, match="to come"):
        backups.examine(data, keys, NOW - DAY)


@pytest.mark.parametrize("which", ["data", "keys"])
def test_a_damaged_backup_is_refused_before_anything_is_written(tmp_path: Path, which: str) -> None:
    """Both files are read to their ends first."""
    files = {"data": made(tmp_path, "data"), "keys": made(tmp_path, "keys")}
    content = files[which].read_bytes()
    files[which].write_bytes(content.replace(b"\0x\0", b"\0y\0", 1) if b"\0x\0" in content else content[:-9000])
    with pytest.raises(ForgewardError) as caught:
        backups.examine(files["data"], files["keys"], NOW)
    assert isinstance(caught.value, VerificationFailed | BadInput)


def test_only_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A home, or anything else that lies there, is not touched."""
    opened_files = backups.examine(made(tmp_path, "data"), made(tmp_path, "keys"), NOW)
    target = tmp_path / "home"
    target.mkdir()
    (target / "mine").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        backups.unpack(opened_files, Home(target))
    assert [file.name for file in target.iterdir()] == ["mine"]


def test_expired_keys_are_found_and_others_left_alone(house: House, tmp_path: Path) -> None:
    """Only this home's, only keys, only by their own word on when they were made."""
    mark = backed_up.home_mark()
    old = made(tmp_path, "keys", NOW - 31 * DAY, mark, "forgeward-old")
    made(tmp_path, "keys", NOW - 29 * DAY, mark, "forgeward-young")
    made(tmp_path, "keys", NOW - 31 * DAY, "another", "forgeward-other")
    made(tmp_path, "data", NOW - 31 * DAY, mark, "forgeward-data")
    (tmp_path / "forgeward-odd.keys").write_text("no backup at all")
    assert backed_up.expired(tmp_path, NOW) == [old]
    assert len(backed_up.expired(tmp_path, NOW, 7 * DAY)) == 2
    assert len(backed_up.expired(tmp_path, NOW, 90 * DAY)) == 1, "never longer than 30 days"


def test_the_ledger_remembers_what_an_old_key_store_does_not(house: House) -> None:
    """An erasure that this ledger has is done again on keys that were put back; twice is once."""
    number = opened(house.hannah, reporter_name="Noor Haddad-Lund", reporter_address="back@research.example")
    step(number, "note", house.hannah, text="Seen")
    who, keys = f"case:{number}", vault().keys
    keys.data_key(who)
    with untouched():
        assert keys.has(who)
    erasures._enter({who: rfc3339(NOW)}, house.ines.actor(), NOW, "request")
    assert erasures.settle(settings.HOME, NOW) >= 0
    assert not keys.has(who)
    entries = Entry.objects.count()
    assert erasures.replay(settings.HOME, [], NOW) == 0
    assert Entry.objects.count() == entries
    assert agrees(NOW)
