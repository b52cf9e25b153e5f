"""One mailbox by IMAP: what is new in its folder, as raw bytes with the server's own instant of receipt.

    connect ─▶ uids ─▶ fetch yields Fetched ─▶ (the caller keeps them durably) ─▶ put_away

A UID names a mail for good only together with the folder's UIDVALIDITY (RFC 9051, 2.3.1.1). Mails are fetched with
PEEK, in pieces, and never parsed here. Whatever the network or the server does is a ``MailboxTrouble`` with a sentence;
the caller opens a new connection later. Every answer has a time limit, and so has a whole mail, so that a server that
went silent, or drips, holds nobody up.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.utils import encode_folder

from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import BadInput, MailboxTrouble
from forgeward.respond.mail import one_line

AT_ONCE = 100  # mails that one command names
TOGETHER = 256 * 2**10  # bytes of small mails that one command asks for: what a broken connection costs at most
PIECE = 4 * 2**20  # bytes of a large mail that are asked for at once
LARGEST = 128 * 2**20  # bytes; of a larger mail the beginning is taken, the rest stays on the server
BEGINNING = 2**20
SLOWEST = 16 * 2**10  # bytes a second; a mail that comes slower than that is given up
_DATE = re.compile(rb'INTERNALDATE "([ \d]\d-\w{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BROKEN = (imaplib.IMAP4.error, ImapToolsError, OSError, EOFError)


class Fetched(msgspec.Struct, frozen=True):
    """A mail as it lies there. ``received_at`` is INTERNALDATE in UTC; ``whole`` is its size in bytes on the server."""

    uid: int
    raw: bytes
    received_at: datetime
    whole: int

    @property
    def cut(self) -> bool:
        return len(self.raw) < self.whole


class _Head(msgspec.Struct, frozen=True):
    """What the server says of a mail before it is fetched."""

    uid: int
    size: int
    received_at: datetime


class ImapBox:
    """A connection to one mailbox, logged in, with its folder selected.

    Raises ``MailboxTrouble`` where that fails, ``BadInput`` where the settings cannot work.
    """

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._place = f"{box.host}:{box.port}"
        self._handled = False
        with self._translated("connect to"):
            self._mail = _connect(box)
        try:
            self._login()
            with self._within("open"):
                self._capabilities = frozenset(_ok(self._mail.client.capability())[0].decode("ascii").upper().split())
                self.uidvalidity = self._select()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection, politely where the server still listens."""
        client = self._mail.client
        with contextlib.suppress(*_BROKEN):
            client.sock.settimeout(min(2.0, self._box.timeout))  # nobody waits for a goodbye
            client.logout()
        with contextlib.suppress(*_BROKEN):
            client.shutdown()

    def uids(self) -> list[int]:
        """The UIDs of all mails in the folder that nobody deleted, rising."""
        with self._within("list"):
            return sorted(int(uid) for uid in self._mail.uids("UNDELETED", None))

    def fetch(self, uids: Sequence[int]) -> Iterator[Fetched]:
        """These mails, rising; one that somebody took away meanwhile is left out.

        Small ones come many at a time, a large one in pieces; of one beyond ``LARGEST`` the beginning alone.
        """
        for start in range(0, len(uids), AT_ONCE):
            heads = self._heads(uids[start : start + AT_ONCE])
            group: list[_Head] = []
            for head in heads:
                if sum(each.size for each in group) + head.size > TOGETHER:
                    yield from self._together(group)
                    group = []
                if head.size > PIECE:
                    yield self._alone(head)
                else:
                    group.append(head)
            yield from self._together(group)

    def put_away(self, uids: Sequence[int]) -> None:
        """Moves mails into the ``handled`` folder, which is made where it is missing (MOVE: RFC 6851)."""
        for start in range(0, len(uids), AT_ONCE):
            with self._within("move mails on"):
                self._require_handled()
                self._move(",".join(str(uid) for uid in uids[start : start + AT_ONCE]), self._box.handled)

    def _require_handled(self) -> None:
        if not self._handled:
            if not self._mail.folder.exists(self._box.handled):
                self._mail.folder.create(self._box.handled)
            self._handled = True

    def _move(self, uids: str, folder: str) -> None:
        """Never a plain EXPUNGE, which would remove what people marked as deleted."""
        client, target = self._mail.client, bytes(encode_folder(folder)).decode("ascii")
        if "MOVE" in self._capabilities:
            _ok(client.uid("MOVE", uids, target))
            return
        _ok(client.uid("COPY", uids, target))
        _ok(client.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self._capabilities:
            _ok(client.uid("EXPUNGE", uids))

    def _heads(self, uids: Sequence[int]) -> list[_Head]:
        with self._within("look into"):
            answer = self._fetch(",".join(map(str, uids)), "(UID INTERNALDATE RFC822.SIZE)")
        found = []
        for part in answer:
            line = part if isinstance(part, bytes) else part[0]
            uid, size, date = _UID.search(line), _SIZE.search(line), _DATE.search(line)
            if uid and size and date:
                found.append(_Head(int(uid[1]), int(size[1]), _instant(date[1].decode("ascii"))))
        return sorted(found, key=lambda head: head.uid)

    def _together(self, group: Sequence[_Head]) -> Iterator[Fetched]:
        if not group:
            return
        size = sum(head.size for head in group)
        with self._within("fetch from", size):
            answer = self._fetch(",".join(str(head.uid) for head in group), "(UID BODY.PEEK[])")
        bodies = _bodies(answer)
        for head in group:
            if head.uid in bodies:
                yield Fetched(head.uid, bodies[head.uid], head.received_at, len(bodies[head.uid]))

    def _alone(self, head: _Head) -> Fetched:
        """A large mail in pieces. Its size is what the server thinks (RFC822.SIZE may be off by line ends)."""
        most = head.size if head.size <= LARGEST else BEGINNING
        pieces, at = list[bytes](), 0
        while at < most:
            piece = min(PIECE, most - at) if most == BEGINNING else PIECE
            with self._within("fetch from", piece):
                answer = self._fetch(str(head.uid), f"(UID BODY.PEEK[]<{at}.{piece}>)")
            got = _bodies(answer).get(head.uid, b"")
            pieces.append(got)
            at += len(got)
            if len(got) < piece:
                break
        raw = b"".join(pieces)
        return Fetched(head.uid, raw, head.received_at, head.size if most == BEGINNING else len(raw))

    def _fetch(self, uids: str, what: str) -> list[Any]:
        return [part for part in _ok(self._mail.client.uid("FETCH", uids, what)) if part is not None]

    def _login(self) -> None:
        password = _password(self._box)
        try:
            with self._within("log in to"):
                if self._box.user.isascii() and password.isascii():
                    self._mail.login(self._box.user, password, None)
                else:
                    self._mail.login_utf8(self._box.user, password, None)
        except MailboxTrouble as trouble:
            if isinstance(trouble.__cause__, MailboxLoginError):
                raise MailboxTrouble(
                    f"{self._place} does not let {self._box.user} in.",
                    next=f"Look at user and password_file of the mailbox “{self._box.name}”.",
                ) from trouble
            raise

    def _select(self) -> int:
        self._mail.folder.set(self._box.folder)
        answer = self._mail.client.response("UIDVALIDITY")[1]
        if not answer or not answer[0]:
            raise imaplib.IMAP4.error("it names no UIDVALIDITY")
        return int(answer[0])

    @contextlib.contextmanager
    def _within(self, what: str, size: int = 0) -> Iterator[None]:
        """Cuts the connection when an answer of ``size`` bytes takes too long in all, not only between two bytes."""
        late = threading.Event()

        def cut() -> None:
            late.set()
            with contextlib.suppress(OSError):
                self._mail.client.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(2 * self._box.timeout + size / SLOWEST, cut)
        timer.daemon = True
        timer.start()
        try:
            with self._translated(what):
                try:
                    yield
                except _BROKEN as error:
                    if late.is_set():
                        raise TimeoutError from error
                    raise
        finally:
            timer.cancel()

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise MailboxTrouble(
                f"The certificate of {self._place} does not verify: {error.verify_message}.",
                next=f"Set ca_file of the mailbox “{self._box.name}”, or the server's right name.",
            ) from error
        except TimeoutError as error:
            raise MailboxTrouble(f"{self._place} did not answer within {self._box.timeout:g} seconds.") from error
        except _BROKEN as error:
            said = one_line(str(error) or type(error).__name__, 200)
            raise MailboxTrouble(f"Could not {what} {self._place}, folder {self._box.folder}: {said}") from error


def _connect(box: Mailbox) -> BaseMailBox:
    if box.security == "none":
        if not _is_loopback(box.host):
            raise BadInput(
                f"The password for {box.host} would be sent in the clear.",
                next=f"Set security of the mailbox “{box.name}” to tls or starttls.",
            )
        return MailBoxUnencrypted(box.host, box.port, timeout=box.timeout)
    context = ssl.create_default_context(cafile=box.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if box.security == "starttls":
        return MailBoxStartTls(box.host, box.port, timeout=box.timeout, ssl_context=context)
    return MailBox(box.host, box.port, timeout=box.timeout, ssl_context=context)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _password(box: Mailbox) -> str:
    if not box.password_file:
        return ""
    try:
        return Path(box.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise MailboxTrouble(
            f"The password file {box.password_file} cannot be read: {problem}.",
            next=f"Set password_file of the mailbox “{box.name}” to a file that this user can read.",
        ) from None


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        said = data[0].decode("utf-8", "replace") if data and isinstance(data[0], bytes) else status
        raise imaplib.IMAP4.error(said)
    return data


def _bodies(answer: Sequence[Any]) -> dict[int, bytes]:
    """Mails by UID from a FETCH answer as imaplib gives it: (line, literal) pairs, what follows the literal apart."""
    found: dict[int, bytes] = {}
    for number, part in enumerate(answer):
        if isinstance(part, tuple):
            after = answer[number + 1] if number + 1 < len(answer) else b""
            uid = _UID.search(part[0]) or _UID.search(after if isinstance(after, bytes) else b"")
            if uid:
                found[int(uid[1])] = bytes(part[1])
    return found


def _instant(text: str) -> datetime:
    """INTERNALDATE (RFC 9051, date-time) in UTC; month names are English whatever the locale."""
    day, month, rest = text.strip().split("-", 2)
    year, clock, zone = rest.split(" ")
    number = _MONTHS.index(month.title()) + 1
    return datetime.strptime(f"{year}-{number:02}-{int(day):02} {clock} {zone}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
