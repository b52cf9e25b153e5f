"""Mail handed over by LMTP and SMTP, spoken line by line, so that every answer is seen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from forgeward.edges.listener import Handed, mailbox_of, routes, serve
from forgeward.edges.mail_settings import Listener, Mailbox
from forgeward.errors import BadInput, HomeUnusable
from tests.edges.smtp import free_port, make_ca

BOXES = (
    Mailbox("security", "security@example.com", aliases=("abuse@example.com",)),
    Mailbox("privacy", "privacy@example.com", purpose="privacy"),
)


@dataclass
class Shelf:
    """Keeps what it is given; ``trouble`` is raised instead."""

    kept: list[Handed] = field(default_factory=list)
    trouble: Exception | None = None

    def __call__(self, handed: Handed) -> None:
        if self.trouble:
            raise self.trouble
        self.kept.append(handed)


@dataclass
class Talk:
    """A client, a line at a time."""

    wire: socket.socket

    def __post_init__(self) -> None:
        self.lines = self.wire.makefile("rb")

    def hear(self) -> str:
        """One reply, all its lines."""
        said = []
        while line := self.lines.readline().decode().rstrip("\r\n"):
            said.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(said)

    def say(self, line: str) -> str:
        self.wire.sendall(line.encode() + b"\r\n")
        return self.hear()

    def begin(self, hello: str, *recipients: str, sender: str = "rita@example.org") -> list[str]:
        """Greeting, hello, envelope; the replies to the recipients."""
        assert self.hear().startswith("220")
        assert self.say(f"{hello} mx.example.org").startswith("250")
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        return [self.say(f"RCPT TO:<{each}>") for each in recipients]

    def data(self, raw: bytes, answers: int = 1) -> list[str]:
        """The mail, dot-stuffed; what is answered."""
        assert self.say("DATA").startswith("354")
        self.wire.sendall(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return [self.hear() for _ in range(answers)]


@contextlib.contextmanager
def listening(shelf: Shelf, settings: Listener) -> Iterator[None]:
    """The listener in a thread."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop: list[asyncio.Event] = []
    failed: list[Exception] = []

    async def main() -> None:
        stop.append(asyncio.Event())
        loop.call_later(0.05, ready.set)
        await serve(settings, BOXES, shelf, stop[0])

    def run() -> None:
        try:
            loop.run_until_complete(main())
            loop.run_until_complete(loop.shutdown_default_executor())
        except (HomeUnusable, BadInput) as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(5)
    try:
        if failed:
            raise failed[0]
        yield
    finally:
        if not failed:
            loop.call_soon_threadsafe(stop[0].set)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@contextlib.contextmanager
def talking(shelf: Shelf, protocol: str = "lmtp", **options: object) -> Iterator[Talk]:
    """A client at a listener of that protocol."""
    port = free_port()
    settings = Listener(**{protocol: f"127.0.0.1:{port}"}, **options)  # type: ignore[arg-type]
    with listening(shelf, settings), socket.create_connection(("127.0.0.1", port), 5) as wire:
        yield Talk(wire)


def test_a_mail_is_kept_before_it_is_accepted() -> None:
    """The bytes are the mail's own, dots and bare line ends too; the envelope comes along."""
    shelf, raw = Shelf(), b"From: r@example.org\r\n\r\n.dot\r\n..dots\r\nbare\nline\rend \xff\r\n"
    with talking(shelf) as talk:
        assert talk.begin("LHLO", "Security+fw-7q3kxm.abc@Example.com") == ["250 2.1.5 OK"]
        assert talk.data(raw) == ["250 2.0.0 Stored"]
    (kept,) = shelf.kept
    assert kept.raw == raw
    assert (kept.mailbox, kept.sender, kept.client, kept.hello) == (
        "security",
        "rita@example.org",
        "127.0.0.1",
        "mx.example.org",
    )
    assert kept.recipients == ("Security+fw-7q3kxm.abc@Example.com",)


def test_lmtp_answers_for_each_recipient() -> None:
    """RFC 2033, 4.2: as many replies after the data as recipients were taken; a foreign one was refused before."""
    shelf = Shelf()
    with talking(shelf) as talk:
        replies = talk.begin("LHLO", "privacy@example.com", "who@example.net", "abuse@example.com")
        assert [reply[:3] for reply in replies] == ["250", "550", "250"]
        assert talk.data(b"Subject: x\r\n\r\nx\r\n", 2) == ["250 2.0.0 Stored"] * 2
        assert talk.say("NOOP").startswith("250"), "no further reply is under way"
    assert [kept.mailbox for kept in shelf.kept] == ["privacy"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (HomeUnusable("The disk of /x has 3 MB left; nothing was changed."), "451 4.3.0 The disk of"),
        (RuntimeError("a bug"), "451 4.3.0 It cannot be stored now"),
    ],
)
def test_what_cannot_be_stored_is_put_off(trouble: Exception, words: str) -> None:
    """451 for each recipient: the sender keeps the mail and comes again; then it is taken."""
    shelf = Shelf(trouble=trouble)
    with talking(shelf) as talk:
        talk.begin("LHLO", "security@example.com", "privacy@example.com")
        assert [reply[: len(words)] for reply in talk.data(b"Subject: x\r\n\r\nx\r\n", 2)] == [words] * 2
        shelf.trouble = None
        talk.say("MAIL FROM:<rita@example.org>")
        talk.say("RCPT TO:<security@example.com>")
        assert talk.data(b"Subject: x\r\n\r\nx\r\n") == ["250 2.0.0 Stored"]
    assert len(shelf.kept) == 1


@pytest.mark.parametrize(("protocol", "recipients"), [("lmtp", 2), ("smtp", 1)])
def test_a_mail_that_is_too_large_is_refused(protocol: str, recipients: int) -> None:
    """552, said as often as the protocol wants; the connection goes on in step."""
    shelf = Shelf()
    with talking(shelf, protocol, size=64 * 1024) as talk:
        talk.begin("LHLO" if protocol == "lmtp" else "EHLO", "security@example.com", "privacy@example.com")
        replies = talk.data(b"Subject: x\r\n\r\n" + b"long line\r\n" * 10_000, recipients)
        assert {reply[:3] for reply in replies} == {"552"}
        assert talk.say("NOOP").startswith("250")
    assert shelf.kept == []


def test_a_size_is_refused_before_it_is_sent() -> None:
    """RFC 1870: who names the size learns at once."""
    shelf = Shelf()
    with talking(shelf, "smtp", size=64 * 1024) as talk:
        assert talk.hear().startswith("220")
        assert "SIZE 65536" in talk.say("EHLO mx.example.org")
        assert talk.say("MAIL FROM:<rita@example.org> SIZE=70000").startswith("552")


def test_long_lines_are_taken() -> None:
    """Beyond RFC 5321's 1,000 bytes: programs write them, and refusing would lose a report."""
    shelf, raw = Shelf(), b"Subject: x\r\n\r\n" + b"x" * 200_000 + b"\r\n"
    with talking(shelf) as talk:
        talk.begin("LHLO", "security@example.com")
        assert talk.data(raw) == ["250 2.0.0 Stored"]
    assert shelf.kept[0].raw == raw


def test_nothing_is_smuggled_behind_a_bare_line_end() -> None:
    """A dot between bare line feeds ends no mail (SMTP smuggling, CVE-2023-51764 and kin)."""
    shelf = Shelf()
    with talking(shelf, "smtp") as talk:
        talk.begin("EHLO", "security@example.com")
        smuggled = b"Subject: x\r\n\r\nx\n.\nMAIL FROM:<root@example.com>\r\n"
        assert talk.data(smuggled) == ["250 2.0.0 Stored"]
        assert talk.say("NOOP").startswith("250")
    assert [kept.raw for kept in shelf.kept] == [smuggled]


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
@pytest.mark.parametrize(
    "smuggled",
    [b"\n.\r\n", b"\n.\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r.\r", b"\0.\r\n", b"\r\n.\0\r\n", b"\r\n. \r\n"],
)
def test_only_one_sequence_ends_a_mail(protocol: str, smuggled: bytes) -> None:
    """CRLF, dot, CRLF (RFC 5321, 4.1.1.4); what only looks like it stays in the mail, with the commands behind it."""
    shelf = Shelf()
    raw = b"Subject: x\r\n\r\nx" + smuggled + b"MAIL FROM:<root@example.com>\r\nRCPT TO:<privacy@example.com>\r\n"
    with talking(shelf, protocol) as talk:
        talk.begin("LHLO" if protocol == "lmtp" else "EHLO", "security@example.com")
        assert talk.data(raw) == ["250 2.0.0 Stored"]
        assert talk.say("NOOP").startswith("250")
    assert [kept.raw for kept in shelf.kept] == [raw]


def test_what_is_pipelined_is_answered_in_order() -> None:
    """RFC 2920: envelope, two mails and the goodbye in one packet; both are kept, whole."""
    shelf, wanted = Shelf(), [b"Subject: %d\r\n\r\n.x\r\n" % n for n in range(2)]
    envelope = b"MAIL FROM:<r@example.org>\r\nRCPT TO:<security@example.com>\r\nDATA\r\n"
    packet = b"".join(envelope + raw.replace(b"\r\n.", b"\r\n..") + b".\r\n" for raw in wanted)
    with talking(shelf, "smtp") as talk:
        assert talk.hear().startswith("220")
        assert talk.say("EHLO mx.example.org").startswith("250")
        talk.wire.sendall(packet + b"QUIT\r\n")
        assert [talk.hear()[:3] for _ in range(9)] == ["250", "250", "354", "250"] * 2 + ["221"]
    assert [kept.raw for kept in shelf.kept] == wanted


def test_chunks_are_not_taken() -> None:
    """BDAT (RFC 3030) is not offered: its data become commands that nobody knows, and the conversation ends."""
    shelf = Shelf()
    with talking(shelf, "smtp") as talk:
        assert talk.hear().startswith("220")
        assert "CHUNKING" not in talk.say("EHLO mx.example.org")
        talk.say("MAIL FROM:<r@example.org>")
        talk.say("RCPT TO:<security@example.com>")
        talk.wire.sendall(b"BDAT 36 LAST\r\nSubject: x\r\n\r\nNo\r\nThanks\r\nfor\r\nit\r\n")
        assert {talk.hear()[:3] for _ in range(5)} <= {"500", "502"}
    assert shelf.kept == []


def test_ten_thousand_recipients_are_a_hundred() -> None:
    """The others are put off (452) one by one; the mail is kept once."""
    shelf = Shelf()
    with talking(shelf, "smtp") as talk:
        replies = talk.begin("EHLO", "security@example.com")
        talk.wire.sendall(b"RCPT TO:<security@example.com>\r\n" * 9_999)
        replies += [talk.hear() for _ in range(9_999)]
        assert (replies.count("250 2.1.5 OK"), sum(r.startswith("452") for r in replies)) == (100, 9_900)
        assert talk.data(b"Subject: x\r\n\r\nx\r\n") == ["250 2.0.0 Stored"]
    assert [len(kept.recipients) for kept in shelf.kept] == [100]


@pytest.mark.parametrize("said", [b"DATA\r\nSubject: x\r\n\r\nhalf", b"DATA\r\nx\r\n.", b"DATA\r\n", b""])
@pytest.mark.parametrize("abrupt", [True, False])
def test_half_a_mail_is_no_mail(said: bytes, abrupt: bool) -> None:
    """Who goes away before the dot has handed nothing over; the next client is served."""
    shelf, port = Shelf(), free_port()
    with listening(shelf, Listener(lmtp=f"127.0.0.1:{port}", connections=1)):
        wire = socket.create_connection(("127.0.0.1", port), 5)
        Talk(wire).begin("LHLO", "security@example.com")
        wire.sendall(said)
        if abrupt:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no goodbye
        wire.close()
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", port), 5) as again:
                talk = Talk(again)
                if talk.hear().startswith("220"):
                    talk.say("LHLO mx.example.org")
                    talk.say("MAIL FROM:<r@example.org>")
                    talk.say("RCPT TO:<security@example.com>")
                    assert talk.data(b"Subject: y\r\n\r\ny\r\n") == ["250 2.0.0 Stored"]
                    break
        else:
            pytest.fail("the place of the first was not given free")
    assert [kept.raw for kept in shelf.kept] == [b"Subject: y\r\n\r\ny\r\n"]


def test_nulls_are_kept_in_mails_and_refused_in_commands() -> None:
    """A mail is stored as it came; an address with NUL is no address."""
    shelf, raw = Shelf(), b"Subject: a\0b\r\n\r\n\0\r\n"
    with talking(shelf) as talk:
        assert talk.begin("LHLO", "secu\0rity@example.com", "security@example.com")[0][:1] == "5"
        assert talk.say("NO\0OP").startswith("500")
        assert talk.data(raw) == ["250 2.0.0 Stored"]
    assert shelf.kept[0].raw == raw


def test_an_endless_line_costs_no_memory() -> None:
    """Thirty megabytes without a line end at a limit of one: nothing is held, and beyond four times that it is cut."""
    shelf = Shelf()
    with talking(shelf, "smtp", size=2**20) as talk:
        talk.begin("EHLO", "security@example.com")
        assert talk.say("DATA").startswith("354")
        with pytest.raises(OSError, match=r"reset|[Bb]roken|closed"):  # noqa: PT012 - it takes some packets
            for _ in range(30):
                talk.wire.sendall(b"x" * 2**20)
            while talk.wire.recv(100):
                pass
            raise ConnectionResetError("closed")
    assert shelf.kept == []


@pytest.mark.slow
def test_line_ends_alone_cost_no_memory() -> None:
    """Two megabytes of nothing but line ends are one buffer, not a million lines."""
    shelf, body = Shelf(), b"\r\n" * 1_000_000
    with talking(shelf) as talk:
        talk.begin("LHLO", "security@example.com")
        talk.wire.settimeout(60)
        tracemalloc.start()
        try:
            assert talk.data(b"Subject: x\r\n\r\n" + body) == ["250 2.0.0 Stored"]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(shelf.kept[0].raw) == len(body) + 14
    assert peak < 8 * len(body)


@pytest.mark.parametrize("before", [True, False])
def test_a_client_that_drips_is_shown_out(before: bool) -> None:
    """Byte by byte, in a command or in a mail: after ``idle`` seconds its place is free, and nothing was kept."""
    shelf = Shelf()
    with talking(shelf, idle=1) as talk:
        talk.begin("LHLO", "security@example.com")
        if not before:
            assert talk.say("DATA").startswith("354")
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 5:
                talk.wire.sendall(b"x" if before else b"x\r\n")
                time.sleep(0.1)
        assert time.monotonic() - began < 4
    assert shelf.kept == []


def test_nothing_said_before_tls_counts_after_it(tmp_path: Path) -> None:
    """A command behind STARTTLS in the same packet (CVE-2011-0411 and kin) is not carried over into the encryption."""
    ca, port, shelf = make_ca(tmp_path), free_port(), Shelf()
    pem = str(tmp_path / "ok.pem")
    settings = Listener(smtp=f"127.0.0.1:{port}", certificate=pem, key=pem)
    with listening(shelf, settings), socket.create_connection(("127.0.0.1", port), 5) as raw:
        talk = Talk(raw)
        assert talk.hear().startswith("220")
        talk.say("EHLO mx.example.org")
        raw.sendall(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@example.org>\r\n")
        assert talk.hear().startswith("220")
        context = ssl.create_default_context(cafile=str(ca.file))
        reply = ""
        with contextlib.suppress(OSError), context.wrap_socket(raw, server_hostname="127.0.0.1") as wire:
            reply = Talk(wire).say("RCPT TO:<security@example.com>")
        assert reply == "" or reply.startswith("503"), "cut off, or asked for a hello: nothing was carried over"
    assert shelf.kept == []


def test_connections_are_limited() -> None:
    """One more than the limit is told to come later; when one ends, the next is let in."""
    shelf, port = Shelf(), free_port()
    with listening(shelf, Listener(lmtp=f"127.0.0.1:{port}", connections=2)):
        first = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(2)]
        assert all(Talk(wire).hear().startswith("220") for wire in first)
        with socket.create_connection(("127.0.0.1", port), 5) as third:
            assert Talk(third).hear().startswith("421 4.3.2")
        first[0].close()
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", port), 5) as fourth:
                if Talk(fourth).hear().startswith("220"):
                    break
        else:
            pytest.fail("the place of the first was not given free")
        first[1].close()


def test_a_silent_client_is_shown_out() -> None:
    """After ``idle`` seconds without a word."""
    with talking(Shelf(), idle=1) as talk:
        talk.begin("LHLO", "security@example.com")
        assert talk.wire.recv(100) == b"" or talk.wire.recv(100) == b""


def test_starttls(tmp_path: Path) -> None:
    """With a certificate SMTP offers STARTTLS, and counts the secured connection once."""
    ca, port = make_ca(tmp_path), free_port()
    shelf = Shelf()
    settings = Listener(
        smtp=f"127.0.0.1:{port}",
        connections=1,
        certificate=str(tmp_path / "ok.pem"),
        key=str(tmp_path / "ok.pem"),
    )
    with listening(shelf, settings), socket.create_connection(("127.0.0.1", port), 5) as raw:
        talk = Talk(raw)
        assert talk.hear().startswith("220")
        assert "STARTTLS" in talk.say("EHLO mx.example.org")
        assert talk.say("STARTTLS").startswith("220")
        context = ssl.create_default_context(cafile=str(ca.file))
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as wire:
            secured = Talk(wire)
            assert secured.say("EHLO mx.example.org").startswith("250")
            secured.say("MAIL FROM:<rita@example.org>")
            secured.say("RCPT TO:<security@example.com>")
            assert secured.data(b"Subject: x\r\n\r\nx\r\n") == ["250 2.0.0 Stored"]
    assert len(shelf.kept) == 1


def test_a_socket_in_the_file_system(tmp_path: Path) -> None:
    """LMTP for a mail server on the same machine; a socket that a killed listener left is replaced."""
    place = tmp_path / "lmtp"
    place.touch()
    shelf = Shelf()
    with listening(shelf, Listener(lmtp=str(place))), socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(5)
        wire.connect(str(place))
        talk = Talk(wire)
        talk.begin("LHLO", "security@example.com")
        assert talk.data(b"Subject: x\r\n\r\nx\r\n") == ["250 2.0.0 Stored"]
    assert shelf.kept[0].client == "local"
    assert place.stat().st_mode & 0o007 == 0


def test_a_place_that_is_taken_says_so() -> None:
    """And names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(HomeUnusable, match="cannot use"), listening(Shelf(), Listener(lmtp=place)):
            pass


def test_a_certificate_that_does_not_load_says_so(tmp_path: Path) -> None:
    """Before anybody is let in."""
    settings = Listener(smtp=f"127.0.0.1:{free_port()}", certificate=str(tmp_path / "a"), key=str(tmp_path / "b"))
    with pytest.raises(BadInput, match="does not load"), listening(Shelf(), settings):
        pass


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("security@example.com", "security"),
        ("SECURITY@EXAMPLE.COM", "security"),
        ("security+tag@example.com", "security"),
        ("abuse@example.com", "security"),
        ("privacy@example.com", "privacy"),
        ("security@example.org", None),
        ("other@example.com", None),
        ("+security@example.com", None),
        ("security", None),
        ("", None),
        ("security@example.com@evil.example", None),
    ],
)
def test_addresses_lead_to_their_mailbox(address: str, name: str | None) -> None:
    """With or without a tag, whatever the case of letters; a foreign address leads nowhere."""
    assert mailbox_of(address, routes(BOXES)) == name
