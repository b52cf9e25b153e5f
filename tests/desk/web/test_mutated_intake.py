"""Mutated and real mails all the way: stored as received, filed, and shown on the desk without an error."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forgeward.desk import kept
from forgeward.desk.actions import intake, stored
from forgeward.desk.models import CaseRow, RawMail
from forgeward.desk.readers import mail as reader
from forgeward.edges.mail_boxes import MAIL_LIMIT
from forgeward.edges.mail_parser import ParserPool
from tests.desk.post import SETTINGS, Office, office, pool
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.test_hostile import Tags
from tests.edges.mails import mail
from tests.edges.mutations import cpython_mails, mutated, real_mails

pytestmark = pytest.mark.slow
LEAST = 300 if os.environ.get("FORGEWARD_TEST_DATABASE") else 5_000  # SQLite takes them all
PAGES = 60  # of them on the desk; the others through what the desk reads with
LIMITS = "\n[intake]\ncases_of_sender = 100000\ncases_of_content = 100000\n"
SHOWN = {"parsed", "not_parsed", "grouped", "aside", "bounce", "held"}


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """No limit of a storm, so that each mail is a matter of its own; one pool reads for the desk as well."""

    @contextmanager
    def shared(**_: object) -> Iterator[ParserPool]:
        yield pool()

    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    monkeypatch.setattr(reader, "ParserPool", shared)
    with office(monkeypatch, SETTINGS + LIMITS) as here:
        yield here


def _distinct(count: int) -> dict[str, bytes]:
    """So many different mails: how often two mutations meet depends on the mails that are here to begin with."""
    mails = dict[bytes, tuple[str, bytes]]()
    for name, raw in mutated(2 * count, seed=5):
        mails.setdefault(hashlib.sha256(raw).digest(), (name, raw))
        if len(mails) == count:
            break
    return dict(mails.values())


def _taken(post: Office, mails: dict[str, bytes]) -> dict[str, RawMail]:
    """Stores and reads them as the worker does; the row of each."""
    rows: dict[str, RawMail] = {}
    for name, raw in mails.items():
        rows[name] = post.store(raw)
    while intake.read_stored(post.home, post.clock, "worker", pool()):
        pass
    return {name: RawMail.objects.select_related("case").get(pk=row.pk) for name, row in rows.items()}


def _is_shown(post: Office, house: House, mails: dict[str, bytes], rows: dict[str, RawMail]) -> Counter[str]:
    """Each is filed, its bytes are as received, and it opens; the first ones on the desk itself. Counts states."""
    client = signed_in(house.hannah)
    for number, (name, row) in enumerate(rows.items()):
        assert row.state in SHOWN, name
        assert kept.raw_bytes(post.home, row) == mails[name], name
        if number < PAGES:
            page = client.get(f"/mail/{row.pk}/")
            assert page.status_code == 200, name
            assert Tags(page.content.decode()).inline == [], name
            if row.case and row.state in {"parsed", "not_parsed"}:
                assert client.get(f"/cases/{row.case.number}/").status_code == 200, name
        opened = reader.opened(post.home, house.hannah, row.pk)
        assert opened.unread or row.state != "not_parsed", name
    before = ""
    while (page := reader.page(house.hannah, before=before)).before:
        before = page.before
    return Counter(row.state for row in rows.values())


def test_mutated_mails_become_cases_that_can_be_opened(post: Office, house: House) -> None:
    """Five thousand mails that no sender meant: none ends the worker, none is left, none is lost."""
    named = _distinct(LEAST)
    states = _is_shown(post, house, named, _taken(post, named))
    assert sum(states.values()) == len(named) == LEAST
    assert states["parsed"] > LEAST / 3
    assert states["not_parsed"] > LEAST / 15
    opened = RawMail.objects.filter(opened=True)
    assert CaseRow.objects.count() == opened.count() == opened.values("case").distinct().count()
    assert agrees(post.now)


def test_real_and_cpythons_mails_become_cases(post: Office, house: House) -> None:
    """Those of the shared corpus, and those of CPython's tests, as far as they are there."""
    named = {**real_mails(), **cpython_mails()}
    if not named:
        pytest.skip("neither the shared corpus nor CPython's test mails are here")
    distinct = {hashlib.sha256(raw).digest(): (name, raw) for name, raw in named.items()}
    named = dict(distinct.values())
    states = _is_shown(post, house, named, _taken(post, named))
    assert sum(states.values()) == len(named)
    assert states["not_parsed"] <= 1


def test_a_hundred_megabytes_are_kept_and_shown(post: Office, house: House, tmp_path: Path) -> None:
    """From a Maildir: stored whole, a case that says why it was not parsed, within seconds."""
    raw = mail(b"0123456789abcde\n" * (100 * 2**20 // 16))
    assert 100 * 2**20 < len(raw) < MAIL_LIMIT
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.a").write_bytes(raw)
    began = time.monotonic()
    (taken,) = intake.from_sources(post.home, [str(tmp_path)], post.clock)
    assert taken.not_parsed
    assert "parsed" in taken.not_parsed
    assert time.monotonic() - began < 30
    row = RawMail.objects.get()
    assert (row.state, row.size) == ("not_parsed", len(raw))
    assert kept.raw_bytes(post.home, row) == raw
    assert stored.claim("anybody", post.now) == []
    assert signed_in(house.hannah).get(f"/mail/{row.pk}/").status_code == 200
