"""Reads a mail and finds out whom it comes from: parser, DNS and OpenPGP in their order.

    examined = examiner.examine(Incoming(raw, received))
    for examined in examiner.examine_many(mails): …     # in order, several at once: most of the time is waiting

What cannot be found out is said in the mail's signals and changes nothing else; a mail is never held up by it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import msgspec

from forgeward.edges.mail_auth import Asks
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_incoming import OpenedMail
from forgeward.errors import HomeUnusable, ParserUnavailable
from forgeward.respond.mail import Mail, Parsed, Reading, Signals
from forgeward.respond.openpgp import Offer, Seen
from forgeward.respond.spf import Envelope

_AT_ONCE = 16  # threads: they wait for the DNS and for children
_AHEAD = 64 * 2**20  # bytes of mails that are read ahead of the reader


class Incoming(msgspec.Struct, frozen=True):
    """A mail as it was stored. ``received`` is our own receipt, ``envelope`` what our listener saw, if it was there.

    ``found`` is what was found out about its origin when it came: the DNS is not asked again then.
    """

    raw: bytes
    received: datetime
    envelope: Envelope | None = None
    found: Signals | None = None


class Examined(msgspec.Struct, frozen=True):
    """What was read, with the signals filled in; ``offers`` are keys that `OpenPgp.remember` may keep.

    ``origin`` are the sentences on where it comes from, without those on OpenPGP.
    """

    reading: Reading
    seen: Seen = Seen()
    offers: tuple[Offer, ...] = ()
    origin: tuple[str, ...] = ()

    @property
    def opened(self) -> OpenedMail | None:
        """For `OpenPgp.remember`; None where the mail could not be read."""
        if not isinstance(self.reading, Parsed):
            return None
        return OpenedMail(reading=self.reading, seen=self.seen, offers=self.offers)


class Examiner:
    """Puts the three together. Without ``authenticator`` or ``openpgp`` their signals stay as they are."""

    def __init__(self, parsers: ParserPool, authenticator: Asks | None = None, openpgp: OpenPgp | None = None) -> None:
        self._parsers, self._authenticator, self._openpgp = parsers, authenticator, openpgp

    def examine(self, one: Incoming) -> Examined:
        """One mail. Raises ParserUnavailable where the parser cannot start, which says nothing about the mail."""
        reading = self._parsers.parse(one.raw)
        if not isinstance(reading, Parsed):
            return Examined(reading)
        reading = msgspec.structs.replace(reading, mail=self._authenticated(one, reading.mail))
        origin = reading.mail.signals.details
        if self._openpgp is None:
            return Examined(reading, origin=origin)
        try:
            opened = self._openpgp.open(one.raw, reading, one.received)
        except (ParserUnavailable, HomeUnusable) as problem:
            return Examined(_told(reading, f"Its OpenPGP was not looked at: {problem}"), origin=origin)
        return Examined(opened.reading, opened.seen, opened.offers, origin)

    def _authenticated(self, one: Incoming, mail: Mail) -> Mail:
        if one.found is not None:
            return msgspec.structs.replace(mail, signals=one.found)
        if self._authenticator is None:
            return mail
        return self._authenticator.signed(one.raw, mail, one.received, one.envelope)

    def examine_many(self, mails: Iterable[Incoming]) -> Iterator[Examined]:
        """Many mails, several at once, in their order; few are held ahead of the reader."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mail-examiner") as threads:
            waiting: deque[tuple[Future[Examined], int]] = deque()
            ahead = 0
            try:
                for one in mails:
                    waiting.append((threads.submit(self.examine, one), len(one.raw)))
                    ahead += len(one.raw)
                    while len(waiting) >= 2 * _AT_ONCE or (waiting and ahead > _AHEAD):
                        done, size = waiting.popleft()
                        ahead -= size
                        yield done.result()
                while waiting:
                    yield waiting.popleft()[0].result()
            finally:
                for left, _ in waiting:
                    left.cancel()


def _told(reading: Parsed, sentence: str) -> Parsed:
    signals = reading.mail.signals
    told = msgspec.structs.replace(signals, details=(*signals.details, sentence))
    return msgspec.structs.replace(reading, mail=msgspec.structs.replace(reading.mail, signals=told))
