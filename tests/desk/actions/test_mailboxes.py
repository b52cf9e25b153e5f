"""Mailboxes are read into the home: durably first, put away second, whatever ends in between."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from forgeward.desk import kept
from forgeward.desk.actions import intake, mailboxes
from forgeward.desk.actions.mailboxes import DropFolder, ImapSession
from forgeward.desk.models import CaseRow, MailboxRow, RawMail
from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import HomeUnusable, MailboxTrouble
from forgeward.vocabulary import Fact
from tests.desk.post import SETTINGS, Office, office, pool, report
from tests.desk.tables import case_of
from tests.desk.web.house import House
from tests.edges import dovecot
from tests.edges.dovecot import Dovecot
from tests.edges.faults import Wire, between


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if not dovecot.PROGRAM:
        pytest.skip(dovecot.needed.kwargs["reason"])
    with dovecot.running() as running:
        yield running


_users = (f"box{number}" for number in range(10_000))


@pytest.fixture
def box(server: Dovecot) -> Mailbox:
    return server.box(next(_users))


def reports(*numbers: int) -> list[bytes]:
    return [report(number, f"r{number}@example.org") for number in numbers]


def look(post: Office, box: Mailbox) -> int:
    session = ImapSession(post.home, box, post.clock)
    try:
        return session.look()
    finally:
        session.close()


def test_what_lies_in_the_mailbox_is_taken_once(post: Office, server: Dovecot, box: Mailbox) -> None:
    """Stored with the server's instant, moved to the handled folder, and not taken again."""
    server.deliver(*reports(1, 2, 3), user=box.user, date="23-Nov-2026 08:00:00 +0000")
    assert look(post, box) == 3
    assert look(post, box) == 0
    assert (server.count(user=box.user), server.count("Forgeward", user=box.user)) == (0, 3)
    assert {taken.new for taken in intake.read_stored(post.home, post.clock, pool=pool())} == {True}
    first = case_of(CaseRow.objects.earliest("pk").number)
    assert first.facts[Fact.REPORTED].isoformat() == "2026-11-23T08:00:00+00:00"
    row = MailboxRow.objects.get(name=box.name)
    assert (row.taken, row.uid) == (3, 3)


def test_an_instant_from_the_future_is_now(post: Office, server: Dovecot, box: Mailbox) -> None:
    """A server whose clock runs ahead starts no clock before we have the mail."""
    server.deliver(*reports(1), user=box.user, date="23-Nov-2030 08:00:00 +0000")
    look(post, box)
    assert RawMail.objects.get().received_at == post.now


def test_killed_before_it_was_put_away(
    post: Office, server: Dovecot, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored and not moved: the next look only moves it. Not even noted as stored: it is known by its bytes."""
    server.deliver(*reports(1, 2), user=box.user)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("forgeward.edges.imap.ImapBox.put_away", lambda _self, uids: dies() if uids else None)
        with pytest.raises(KeyboardInterrupt):
            look(post, box)
    assert RawMail.objects.count() == 2
    assert server.count(user=box.user) == 2
    MailboxRow.objects.update(uid=1)
    assert look(post, box) == 1, "the second is fetched again"
    assert server.count(user=box.user) == 0
    assert RawMail.objects.count() == 2


def test_a_folder_made_anew_is_read_from_its_beginning(post: Office, server: Dovecot, box: Mailbox) -> None:
    """Another UIDVALIDITY: low UIDs are new mails; what was taken before is known by its bytes."""
    with server.client(box.user) as client:
        client.create("Reports")
    inside = server.box(box.user, folder="Reports")

    def put(*raws: bytes) -> None:
        with server.client(box.user) as client:
            for raw in raws:
                client.append("Reports", "", "", raw)

    put(*reports(1, 2, 3))
    assert look(post, inside) == 3
    time.sleep(1.1)  # Dovecot makes UIDVALIDITY from the clock
    with server.client(box.user) as client:
        client.delete("Reports")
        client.create("Reports")
    put(*reports(3, 4))
    assert look(post, inside) == 2
    assert RawMail.objects.count() == 4


def test_a_cut_connection_loses_and_doubles_nothing(post: Office, server: Dovecot, box: Mailbox) -> None:
    """Cut at many places, on and on; in the end every mail is there once."""
    raws = [report(n, f"r{n}@example.org", body=f"Case {n}\r\n" + "x" * 9_000 * (n % 5)) for n in range(60)]
    server.deliver(*raws, user=box.user)
    wire = Wire()
    with between(server.imap, wire) as port:
        through = server.box(box.user, port=port, timeout=2)
        for more in (600, 2_000, 9_000, 40_000, 90_000, 290_000, 300_000, 310_000, 340_000, 800_000, 2_000_000):
            wire.cut = wire.passed + more
            try:
                look(post, through)
            except MailboxTrouble:
                continue
            break
    assert wire.connections > 5
    assert sorted(kept.raw_bytes(post.home, row) for row in RawMail.objects.all()) == sorted(raws)
    assert server.count(user=box.user) == 0


def test_a_full_disk_leaves_mails_where_they_are(
    post: Office, server: Dovecot, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is taken that cannot be kept."""
    server.deliver(*reports(1), user=box.user)
    with monkeypatch.context() as patch:

        def full(_home: object) -> None:
            raise HomeUnusable("The disk is full.")

        patch.setattr("forgeward.edges.home.Home.require_space", full)
        with pytest.raises(HomeUnusable):
            look(post, box)
    assert server.count(user=box.user) == 1
    assert look(post, box) == 1


def test_a_huge_mail_is_taken_by_its_beginning(
    post: Office, server: Dovecot, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It becomes a case that says how large it is and where it lies."""
    monkeypatch.setattr("forgeward.edges.imap.PIECE", 100_000)
    monkeypatch.setattr("forgeward.edges.imap.LARGEST", 200_000)
    monkeypatch.setattr("forgeward.edges.imap.BEGINNING", 50_000)
    server.deliver(report(1, body="line\r\n" * 60_000), user=box.user)
    look(post, box)
    (taken,) = intake.read_stored(post.home, post.clock, pool=pool())
    assert "lies whole in “Forgeward”" in (taken.not_parsed or "")
    assert taken.sender == "rita@example.org"
    assert RawMail.objects.get().size == 50_000


# --- a drop folder ----------------------------------------------------------------------------------------------------


def maildir(folder: Path, *raws: bytes) -> Mailbox:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(raws):
        (folder / "new" / f"17{number:04}.M1P1.host").write_bytes(raw)
    return Mailbox("drop", "drop@lattice-loom.example", maildir=str(folder))


def test_a_maildir_is_emptied(post: Office, tmp_path: Path) -> None:
    """In order, with the file's instant; taken mails move to cur as seen; what is no mail stays."""
    box = maildir(tmp_path, *reports(1, 2))
    os.utime(tmp_path / "new" / "170000.M1P1.host", (1_795_420_800, 1_795_420_800))
    (tmp_path / "new" / "link").symlink_to("/etc/hostname")
    (tmp_path / "new" / "folder").mkdir()
    os.mkfifo(tmp_path / "new" / "pipe")
    (tmp_path / "tmp" / "half").write_bytes(b"From: x")
    assert DropFolder(post.home, box, post.clock).look() == 2
    assert sorted(file.name for file in (tmp_path / "cur").iterdir()) == [
        "170000.M1P1.host:2,S",
        "170001.M1P1.host:2,S",
    ]
    rows = RawMail.objects.order_by("pk")
    assert [kept.raw_bytes(post.home, row) for row in rows] == reports(1, 2)
    assert rows[0].received_at.isoformat() == "2026-11-23T08:00:00+00:00"
    assert {row.mailbox for row in rows} == {"drop"}


def test_a_folder_that_is_no_maildir_says_so(post: Office, tmp_path: Path) -> None:
    """With its path."""
    box = Mailbox("drop", maildir=str(tmp_path / "none"))
    with pytest.raises(MailboxTrouble, match="none"):
        DropFolder(post.home, box, post.clock).look()


# --- how they are -----------------------------------------------------------------------------------------------------


def test_a_mailbox_that_cannot_be_read_alarms_within_the_hour(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, as an event with a mail to the Security Lead; when it can be read again the event is told so."""
    text = SETTINGS + '\n[[mailbox]]\nname = "imap"\nhost = "mx.example.com"\nuser = "u"\n[canary]\non = false\n'
    with office(monkeypatch, text) as post:
        box = post.home.settings.mailbox[-1]
        assert mailboxes.look_after(post.home, post.now) == 0
        mailboxes.failed(box, MailboxTrouble("mx.example.com:993 did not answer."), post.now)
        post.pass_time(minutes=44)
        assert mailboxes.look_after(post.home, post.now) == 0
        post.pass_time(minutes=2)
        assert mailboxes.look_after(post.home, post.now) == 1
        assert mailboxes.look_after(post.home, post.now) == 0
        case = CaseRow.objects.get()
        assert case_of(case.number).source == "alert"
        (letter,) = post.deliver()
        assert letter["To"] == "ines@example.com"
        assert "did not answer" in letter.get_content()
        post.pass_time(minutes=5)
        mailboxes.looked(box, post.now)
        assert case_of(case.number).messages == 1
        post.pass_time(minutes=50)
        assert mailboxes.look_after(post.home, post.now) == 1, "a second outage is a second event"
