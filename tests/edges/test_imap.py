"""One mailbox by IMAP, against Debian's Dovecot, and against servers that misbehave."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from forgeward.edges.imap import BEGINNING, PIECE, ImapBox
from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import BadInput, MailboxTrouble
from tests.edges import dovecot
from tests.edges.dovecot import Dovecot
from tests.edges.faults import Wire, between, silent
from tests.edges.mails import mail
from tests.edges.smtp import free_port, make_ca


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if not dovecot.PROGRAM:
        pytest.skip(dovecot.needed.kwargs["reason"])
    with dovecot.running() as running:
        yield running


_users = iter(range(10_000))


@pytest.fixture
def user() -> str:
    return f"user{next(_users)}"


def numbered(number: int, body: bytes = b"It is open.\r\n") -> bytes:
    return mail(body, b"Message-ID: <%d@example.org>" % number)


def test_mails_come_as_they_lie_there_with_the_servers_instant(server: Dovecot, user: str) -> None:
    """Bytes are the mail's own, in rising UID, and the instant is INTERNALDATE in UTC, not the Date header."""
    raws = [numbered(n, b"bytes \xff\xfe %d\r\n" % n) for n in range(3)]
    server.deliver(*raws, user=user, date=" 5-Nov-2026 23:30:00 -0500")
    with ImapBox(server.box(user)) as box:
        found = list(box.fetch(box.uids()))
    assert [each.raw for each in found] == raws
    assert [each.uid for each in found] == sorted(each.uid for each in found)
    assert {each.received_at for each in found} == {datetime(2026, 11, 6, 4, 30, tzinfo=UTC)}
    assert not any(each.cut for each in found)


def test_fetching_leaves_mails_unread(server: Dovecot, user: str) -> None:
    """A person who looks into the mailbox sees what we took as unread."""
    server.deliver(numbered(1), user=user)
    with ImapBox(server.box(user)) as box:
        list(box.fetch(box.uids()))
    with server.client(user) as client:
        client.select("INBOX")
        assert client.search(None, "UNSEEN")[1] == [b"1"]


@pytest.mark.parametrize("capabilities", [None, {"UIDPLUS"}, set()])
def test_handled_mails_move_and_nothing_else_does(server: Dovecot, user: str, capabilities: set[str] | None) -> None:
    """With MOVE, with UIDPLUS or with neither: the folder is made, these mails go there, others stay."""
    server.deliver(*(numbered(n) for n in range(3)), user=user)
    with server.client(user) as client:
        client.select("INBOX")
        client.store("3", "+FLAGS", r"(\Deleted)")  # by a person, who may still undo it
    with ImapBox(server.box(user, handled="Taken in")) as box:
        assert "MOVE" in box._capabilities
        if capabilities is not None:
            box._capabilities = frozenset(capabilities)
        first, second = box.uids()
        box.put_away([first])
        assert box.uids() == [second]
        box.put_away([second])
        assert box.uids() == []
    assert server.count("Taken in", user=user) == 2
    assert server.count(user=user) >= 1


def test_a_large_mail_comes_in_pieces(server: Dovecot, user: str) -> None:
    """A mail of two pieces and a bit is the same mail; small ones around it come along."""
    large = numbered(2, b"0123456789abcde\r\n" * (2 * PIECE // 17 + 1000))
    raws = [numbered(1), large, numbered(3)]
    server.deliver(*raws, user=user)
    with ImapBox(server.box(user)) as box:
        assert [each.raw == raw for each, raw in zip(box.fetch(box.uids()), raws, strict=True)] == [True] * 3


def test_of_a_huge_mail_the_beginning_is_taken(server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the first megabyte comes, and says how large the mail is."""
    monkeypatch.setattr("forgeward.edges.imap.LARGEST", PIECE)
    huge = numbered(1, b"x" * 70 + b"\r\n" + b"y" * 1000 * 5000)
    server.deliver(huge, user=user)
    with ImapBox(server.box(user)) as box:
        (found,) = box.fetch(box.uids())
    assert found.raw == huge[:BEGINNING]
    assert found.cut
    assert found.whole == len(huge)


def test_a_mail_that_somebody_took_away_is_left_out(server: Dovecot, user: str) -> None:
    """Between listing and fetching a person deletes one: the others come."""
    server.deliver(*(numbered(n) for n in range(3)), user=user)
    with ImapBox(server.box(user)) as box:
        uids = box.uids()
        with server.client(user) as client:
            client.select("INBOX")
            client.store("2", "+FLAGS", r"(\Deleted)")
            client.expunge()
        assert [each.uid for each in box.fetch(uids)] == [uids[0], uids[2]]


def test_a_folder_made_anew_has_another_uidvalidity(server: Dovecot, user: str) -> None:
    """UIDs are only good together with it."""
    with server.client(user) as client:
        client.create("Reports")
    with ImapBox(server.box(user, folder="Reports")) as box:
        before = box.uidvalidity
    time.sleep(1.1)  # Dovecot makes it from the clock
    with server.client(user) as client:
        client.delete("Reports")
        client.create("Reports")
    with ImapBox(server.box(user, folder="Reports")) as box:
        assert box.uidvalidity != before


def test_names_and_passwords_beyond_ascii(server: Dovecot, user: str) -> None:
    """A user name with an umlaut logs in, and a folder name with one is made."""
    server.deliver(numbered(1), user=user)
    with ImapBox(server.box(user, handled="Erledigt für uns")) as box:
        box.put_away(box.uids())
        assert box.uids() == []


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_wrong_password_says_what_to_look_at(server: Dovecot, user: str, tmp_path: Path) -> None:
    """The sentence names user and mailbox, never the password."""
    (tmp_path / "password").write_text("secret-but-wrong")
    with pytest.raises(MailboxTrouble, match="does not let") as trouble:
        ImapBox(server.box(user, password_file=str(tmp_path / "password")))
    assert user in f"{trouble.value} {trouble.value.next}"
    assert "secret-but-wrong" not in f"{trouble.value} {trouble.value.next}"


def test_a_missing_password_file_is_named(server: Dovecot, user: str, tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(MailboxTrouble, match="password file"):
        ImapBox(server.box(user, password_file=str(tmp_path / "none")))


def test_nobody_listens() -> None:
    """A closed port is a sentence that names the place."""
    port = free_port()
    with pytest.raises(MailboxTrouble, match=f"127.0.0.1:{port}"):
        ImapBox(Mailbox(name="m", host="127.0.0.1", port=port, security="none", user="u", timeout=2))


def test_a_server_that_says_nothing_is_given_up() -> None:
    """A half-open connection costs one time limit."""
    with silent() as port, pytest.raises(MailboxTrouble, match="did not answer"):
        ImapBox(Mailbox(name="m", host="127.0.0.1", port=port, security="none", user="u", timeout=0.3))


@pytest.mark.parametrize("at", [600, 3_000, 40_000, 150_000])
def test_a_connection_that_is_cut_mid_fetch(server: Dovecot, user: str, at: int) -> None:
    """Wherever it is cut: a trouble, no half mail; a new connection finds everything."""
    raws = [numbered(n, b"x" * 990 + b"\r\n" + b"line\r\n" * 4_000) for n in range(12)]
    server.deliver(*raws, user=user)
    wire, found = Wire(cut=at), []
    with between(server.imap, wire) as port:
        with pytest.raises(MailboxTrouble), ImapBox(server.box(user, port=port, timeout=2)) as box:
            found += box.fetch(box.uids())
        assert [each.raw for each in found] == raws[: len(found)]
        wire.mend()
        with ImapBox(server.box(user, port=port)) as box:
            assert [each.raw for each in box.fetch(box.uids())] == raws


def test_a_connection_that_goes_silent_mid_fetch(server: Dovecot, user: str) -> None:
    """A router that forgot us: the time limit ends it."""
    server.deliver(numbered(1, b"line\r\n" * 4_000), user=user)
    with between(server.imap, Wire(stall=3_000)) as port:
        began = time.monotonic()
        with pytest.raises(MailboxTrouble), ImapBox(server.box(user, port=port, timeout=0.5)) as box:
            list(box.fetch(box.uids()))
        assert time.monotonic() - began < 5


def test_a_server_that_drips_is_given_up(server: Dovecot, user: str) -> None:
    """One byte now and then keeps every single wait short; the whole answer still has its limit."""
    server.deliver(numbered(1, b"line\r\n" * 4_000), user=user)
    with between(server.imap, Wire(drip=3_000, pause=0.1)) as port:
        began = time.monotonic()
        with (
            pytest.raises(MailboxTrouble, match="did not answer"),
            ImapBox(server.box(user, port=port, timeout=0.5)) as box,
        ):
            list(box.fetch(box.uids()))
        assert time.monotonic() - began < 8


def test_a_password_never_goes_in_the_clear(tmp_path: Path) -> None:
    """Without TLS only loopback is talked to."""
    with pytest.raises(BadInput, match="in the clear"):
        ImapBox(Mailbox(name="m", host="192.0.2.1", port=143, security="none", user="u"))


@pytest.mark.parametrize("which", ["unknown", "expired"])
def test_a_certificate_that_does_not_verify(tmp_path: Path, which: str) -> None:
    """By an authority that is not ours, or expired: nothing is sent, and the sentence says why."""
    ca = make_ca(tmp_path)
    context = ca.expired if which == "expired" else ca.server
    with tls_server(context) as port:
        box = Mailbox(name="m", host="127.0.0.1", port=port, user="u", timeout=2)
        if which == "expired":
            box = msgspec.structs.replace(box, ca_file=str(ca.file))
        with pytest.raises(MailboxTrouble, match="does not verify"):
            ImapBox(box)


@contextlib.contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """A port where somebody answers with this certificate."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with contextlib.suppress(OSError):
                raw, _ = listening.accept()
                with raw, context.wrap_socket(raw, server_side=True) as secured:
                    secured.recv(1)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
    thread.join(3)
