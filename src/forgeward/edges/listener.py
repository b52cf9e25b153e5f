"""Mail handed over by a mail server: LMTP (RFC 2033) for the one beside us, SMTP (RFC 5321) for others.

    RCPT: known? ─▶ DATA: not too large? ─▶ store(…) durably ─▶ 250 · cannot now ─▶ 451 · not ours ─▶ 550

250 is said after ``store`` returned, so whoever sent it may forget it; LMTP says one such line for each recipient.
Nothing is relayed: an address that is no mailbox's is refused before any data comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from forgeward.edges.mail_settings import Listener, Mailbox
from forgeward.errors import BadInput, ForgewardError, HomeUnusable
from forgeward.respond.mail import one_line

_LONGEST_LINE = 2**20  # RFC 5321 says 1,000 bytes; programs write longer ones, and refusing would lose reports
_RECIPIENTS = 100  # RFC 5321, 4.5.3.1.8
_SLOWEST = 16 * 2**10  # bytes a second; a mail that comes slower than that, beyond ``idle``, is given up
_PATIENCE = 4  # times the largest mail: who sends on beyond that is not told 552 at the end, but cut off
_STEP = 2**18  # bytes between two looks at the clock
logger = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells each command of each client


class Handed(msgspec.Struct, frozen=True):
    """A mail as it was handed over: the envelope is what the client said, ``client`` its address."""

    raw: bytes
    protocol: str
    client: str
    hello: str
    sender: str
    recipients: tuple[str, ...]
    mailbox: str


Store = Callable[[Handed], None]
"""Keeps a mail durably. Raises where it cannot; called in a thread."""


def routes(mailboxes: tuple[Mailbox, ...]) -> dict[str, str]:
    """The name of the mailbox by address, in small letters."""
    return {address: box.name for box in mailboxes for address in box.addresses}


def mailbox_of(address: str, known: Mapping[str, str]) -> str | None:
    """The mailbox of an address, with or without a tag behind ``+`` (RFC 5233); None for a foreign one."""
    local, _, domain = address.lower().rpartition("@")
    return known.get(f"{local}@{domain}") or known.get(f"{local.partition('+')[0]}@{domain}")


class Handler:
    """What aiosmtpd asks: may this recipient be, and what becomes of this mail."""

    def __init__(self, protocol: str, known: Mapping[str, str], store: Store) -> None:
        self._protocol, self._known, self._store = protocol, known, store

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if mailbox_of(address, self._known) is None:
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipients = tuple(one_line(each, 320) for each in envelope.rcpt_tos)
        handed = Handed(
            raw=envelope.original_content or b"",
            protocol=self._protocol,
            client=_client(session),
            hello=one_line(str(session.host_name or ""), 255),
            sender=one_line(envelope.mail_from or "", 320),
            recipients=recipients,
            mailbox=mailbox_of(recipients[0], self._known) or "",
        )
        try:
            await asyncio.to_thread(self._store, handed)
        except ForgewardError as problem:
            logger.error("a mail was put off: %s %s", problem, problem.next)  # noqa: TRY400 - a sentence
            return f"451 4.3.0 {_ascii(str(problem))}"
        except Exception:
            logger.exception("a mail was put off")
            return "451 4.3.0 It cannot be stored now"
        return "250 2.0.0 Stored"

    async def handle_exception(self, error: Exception) -> str:
        logger.error("a conversation failed", exc_info=error)
        return "451 4.3.0 Try again later"


class _Guarded(SMTP):
    """What both protocols add: a limit of open connections, long lines, no words about our software."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, handler: Handler, gate: Gate, **options: Any) -> None:
        super().__init__(handler, **options)
        self._gate = gate
        self._largest: int = options["data_size_limit"]
        self._inside = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS calls this a second time for the same client.
        if not self._inside and not self._gate.enter(self):
            if isinstance(transport, asyncio.Transport):
                transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            return
        self._inside = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._inside:
            self._inside = False
            self._gate.leave(self)
            super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Takes a mail as `SMTP.smtp_DATA` does, in one buffer: that one keeps an object for each line, and all of an
        endless line, so that 50 MB of line ends cost it two gigabytes."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
        elif arg:
            await self.push("501 Syntax: DATA")
        else:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._take(self.envelope)

    async def _take(self, envelope: Envelope) -> None:
        try:
            raw, refused = await self._until_the_dot()
        except asyncio.CancelledError:  # the connection ended: nothing was accepted
            self._writer.close()
            raise
        if not refused:
            self._reset_timeout()  # storing has a time of its own
            envelope.content = envelope.original_content = raw
            refused = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's
        await self.push(refused)

    async def _until_the_dot(self) -> tuple[bytes, str]:
        """The mail without dot-stuffing (RFC 5321, 4.5.2), or why it is refused; then nothing of it is held."""
        kept, size, refused, begins = bytearray(), 0, "", True
        began, looked = self.loop.time(), 0
        while True:
            try:
                line, ends = await self._reader.readuntil(b"\r\n"), True
            except asyncio.LimitOverrunError as beyond:
                line, ends = await self._reader.read(beyond.consumed), False
                refused = refused or "500 5.5.2 Line too long"
            if begins and line == b".\r\n":
                return bytes(kept), refused
            size += len(line)
            if size > self._largest:
                refused = refused or "552 5.3.4 Error: Too much mail data"
            if refused:
                kept.clear()
            else:
                kept += line[1:] if begins and line.startswith(b".") else line
            begins = ends
            if size - looked >= _STEP:
                looked = size
                self._go_on(size, began)
                await asyncio.sleep(0)  # others speak to us too

    def _go_on(self, size: int, began: float) -> None:
        """Gives a mail more time as it comes, at the slowest pace that is borne; ends what comes without end."""
        left = self._timeout_duration + size / _SLOWEST - (self.loop.time() - began)
        if size > _PATIENCE * self._largest or left <= 0:
            if isinstance(self.transport, asyncio.Transport):
                self.transport.abort()
        else:
            self._reset_timeout(left)


class GuardedSMTP(_Guarded):
    """SMTP with our limits."""


class GuardedLMTP(_Guarded, LMTP):
    """LMTP with our limits. After the data it answers once for each recipient (RFC 2033, 4.2)."""

    _recipients = 0
    _data = False

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        self._recipients = len(self.envelope.rcpt_tos) if self.envelope else 0
        try:
            await super().smtp_DATA(arg)
        finally:
            self._data = False

    async def push(self, status: str | bytes) -> None:
        words = status.decode("ascii", "replace") if isinstance(status, bytes) else status
        await super().push("\r\n".join([words] * self._recipients) if self._data else words)
        self._data = words.startswith("354")  # what follows is the answer to the data


class Gate:
    """Knows the open connections, and lets in no more than ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[SMTP] = set()

    def enter(self, client: SMTP) -> bool:
        if len(self._open) >= self._most:
            return False
        self._open.add(client)
        return True

    def leave(self, client: SMTP) -> None:
        self._open.discard(client)

    def shut(self) -> None:
        """Ends every conversation; who was not told 250 comes again."""
        for client in list(self._open):
            if isinstance(client.transport, asyncio.Transport):
                client.transport.abort()


async def serve(settings: Listener, mailboxes: tuple[Mailbox, ...], store: Store, stop: asyncio.Event) -> None:
    """Listens where the settings say until ``stop`` is set, then lets conversations end.

    Raises ``HomeUnusable`` where a place cannot be listened at, ``BadInput`` for a certificate that does not load.
    """
    known, gate = routes(mailboxes), Gate(settings.connections)
    options = {"data_size_limit": settings.size, "timeout": settings.idle, "ident": "Forgeward"}
    context = _context(settings)
    servers = []
    try:
        if settings.lmtp:
            lmtp = Handler("lmtp", known, store)
            servers.append(await _listen(settings.lmtp, lambda: GuardedLMTP(lmtp, gate, **options)))
        if settings.smtp:
            smtp = Handler("smtp", known, store)
            servers.append(
                await _listen(settings.smtp, lambda: GuardedSMTP(smtp, gate, tls_context=context, **options))
            )
        await stop.wait()
    finally:
        for server in servers:
            server.close()
        gate.shut()
        await asyncio.sleep(0.01)  # for what the transports do at their end


async def _listen(place: str, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        if place.startswith("/"):
            Path(place).unlink(missing_ok=True)
            server = await loop.create_unix_server(protocol, place)
            await asyncio.to_thread(os.chmod, place, 0o660)
            return server
        host, _, port = place.rpartition(":")
        return await loop.create_server(protocol, host.strip("[]") or "127.0.0.1", int(port))
    except OSError as error:
        raise HomeUnusable(
            f"The listener cannot use {place}: {error.strerror or error}.", next="Name another place in [listener]."
        ) from None


def _context(settings: Listener) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"The listener's certificate does not load: {error}.", next="Look at listener.certificate and listener.key."
        ) from None
    return context


def _client(session: Session) -> str:
    peer = session.peer
    with contextlib.suppress(TypeError, IndexError):
        return str(peer[0])[:60] if isinstance(peer, tuple) else "local"
    return ""


def _ascii(text: str) -> str:
    return one_line(text, 200).encode("ascii", "replace").decode("ascii")
