"""Reads a mail and finds out whom it comes from: parser, DNS and OpenPGP in their order.

    with examining(home, keys, parsers) as examiner:
        examined = examiner.examine(Incoming(raw, received))
        for examined in examiner.examine_many(mails): …     # in order, several at once: most of the time is waiting

What cannot be found out is said in the mail's signals and changes nothing else; a mail is never held up by it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import msgspec

from forgeward.edges.home import Home
from forgeward.edges.keyring import Keyring
from forgeward.edges.keys import Keys
from forgeward.edges.mail_auth import Authenticator, Cache
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_incoming import OpenedMail
from forgeward.errors import HomeUnusable, ParserUnavailable
from forgeward.respond.mail import Parsed, Reading
from forgeward.respond.openpgp import Offer, Seen
from forgeward.respond.spf import Envelope

_AT_ONCE = 8  # threads: they wait for the DNS and for children


class Incoming(msgspec.Struct, frozen=True):
    """A mail as it was stored. ``received`` is our own receipt, ``envelope`` what our listener saw, if it was there."""

    raw: bytes
    received: datetime
    envelope: Envelope | None = None


class Examined(msgspec.Struct, frozen=True):
    """What was read, with the signals filled in; ``offers`` are keys that `OpenPgp.remember` may keep."""

    reading: Reading
    seen: Seen = Seen()
    offers: tuple[Offer, ...] = ()

    @property
    def opened(self) -> OpenedMail | None:
        """For `OpenPgp.remember`; None where the mail could not be read."""
        if not isinstance(self.reading, Parsed):
            return None
        return OpenedMail(reading=self.reading, seen=self.seen, offers=self.offers)


class Examiner:
    """Puts the three together. Without ``authenticator`` or ``openpgp`` their signals stay as they are."""

    def __init__(
        self, parsers: ParserPool, authenticator: Authenticator | None = None, openpgp: OpenPgp | None = None
    ) -> None:
        self._parsers, self._authenticator, self._openpgp = parsers, authenticator, openpgp

    def examine(self, one: Incoming) -> Examined:
        """One mail. Raises ParserUnavailable where the parser cannot start, which says nothing about the mail."""
        reading = self._parsers.parse(one.raw)
        if not isinstance(reading, Parsed):
            return Examined(reading)
        if self._authenticator is not None:
            mail = self._authenticator.signed(one.raw, reading.mail, one.received, one.envelope)
            reading = msgspec.structs.replace(reading, mail=mail)
        if self._openpgp is None:
            return Examined(reading)
        try:
            opened = self._openpgp.open(one.raw, reading, one.received)
        except (ParserUnavailable, HomeUnusable) as problem:
            return Examined(_told(reading, f"Its OpenPGP was not looked at: {problem}"))
        return Examined(opened.reading, opened.seen, opened.offers)

    def examine_many(self, mails: Iterable[Incoming]) -> Iterator[Examined]:
        """Many mails, several at once, in their order; few are held ahead of the reader."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mail-examiner") as threads:
            waiting: deque[Future[Examined]] = deque()
            try:
                for one in mails:
                    waiting.append(threads.submit(self.examine, one))
                    if len(waiting) >= 2 * _AT_ONCE:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for left in waiting:
                    left.cancel()


@contextmanager
def examining(home: Home, keys: Keys, parsers: ParserPool) -> Iterator[Examiner]:
    """An examiner as the home's settings have it. A demo home asks no DNS: its mails and domains are made up."""
    from forgeward.edges.dns import DnsResolver  # loads the DNS library: a third of a second

    settings = home.settings
    resolver = Cache(DnsResolver(msgspec.structs.replace(settings.dns, off=settings.dns.off or home.is_demo)))
    authenticator = Authenticator(resolver, parsers, settings.intake.own_servers)
    with OpenPgp(Keyring(home.keys / "openpgp", keys), parsers) as openpgp:
        yield Examiner(parsers, authenticator, openpgp)


def _told(reading: Parsed, sentence: str) -> Parsed:
    signals = reading.mail.signals
    told = msgspec.structs.replace(signals, details=(*signals.details, sentence))
    return msgspec.structs.replace(reading, mail=msgspec.structs.replace(reading.mail, signals=told))
