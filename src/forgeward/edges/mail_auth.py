"""Asks what DKIM, SPF, DMARC and ARC say of a mail, with the DNS on one side and the guarded child on the other.

    header ─▶ child: which keys? ─▶ Resolver ─▶ child: do the signatures hold? ─▶ SPF, DMARC (pure, Resolver) ─▶ Signals

The child has no network: it names the records that it needs, and gets them. One mail gets so many look-ups and so much
time and no more; what is left over then counts as a DNS that did not answer.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

import msgspec

from forgeward.edges.mail_limits import LIMITS, header_end
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.mail_signatures import Asked
from forgeward.respond import authenticity, dmarc, spf
from forgeward.respond.authenticity import Authentication, Checked, DkimResult, author_domain, envelope_of
from forgeward.respond.dns import FAILED, Answer, Question, ask
from forgeward.respond.mail import Mail
from forgeward.respond.spf import Envelope, SpfResult

QUESTIONS = 60  # of one mail: 16 keys, 10 SPF terms with their addresses, two tree walks
SECONDS = 15.0  # of one mail, all look-ups together
UNANSWERED = 3  # look-ups of one mail that nobody answers, before no more are made: each costs the whole time limit
_CACHED, _CACHE_SECONDS, _FAILURE_SECONDS = 10_000, 300.0, 20.0
_UNASKED = "Where it comes from was not checked: this home looks nothing up in the DNS."
_SIGNED = re.compile(rb"^(?:\xef\xbb\xbf)?(?:dkim-signature|arc-seal)[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Resolver(Protocol):
    """Answers questions to the DNS. Never raises for what the DNS says or does not say."""

    def resolve(self, question: Question) -> Answer:
        """One look-up; `FAILED` where nobody could say."""


class Cache:
    """Remembers another resolver's answers for some minutes, and asks once for all who ask at once, in any thread."""

    def __init__(self, resolver: Resolver, clock: Callable[[], float] = time.monotonic) -> None:
        self._resolver, self._clock = resolver, clock
        self._known: OrderedDict[Question, tuple[float, Answer]] = OrderedDict()
        self._asked: dict[Question, Future[Answer]] = {}
        self._lock = threading.Lock()

    def resolve(self, question: Question) -> Answer:
        """The answer of the last few minutes, or a fresh one; a failure is remembered for some seconds."""
        with self._lock:
            known = self._known.get(question)
            if known and known[0] > self._clock():
                return known[1]
            others = self._asked.get(question)
            if others is None:
                own = self._asked[question] = Future[Answer]()
        return others.result() if others is not None else self._ask(question, own)

    def _ask(self, question: Question, waiting: Future[Answer]) -> Answer:
        """Asks, and tells whoever waits for the same."""
        try:
            answer = self._resolver.resolve(question)
            until = self._clock() + (_FAILURE_SECONDS if answer.state == "failed" else _CACHE_SECONDS)
            with self._lock:
                self._known[question] = until, answer
                self._known.move_to_end(question)
                while len(self._known) > _CACHED:
                    self._known.popitem(last=False)
            waiting.set_result(answer)
        except BaseException as problem:
            waiting.set_exception(problem)
            raise
        finally:
            with self._lock:
                self._asked.pop(question, None)
        return answer


class Asks(Protocol):
    """Finds out where a mail comes from, or says that nobody was asked."""

    def signed(self, raw: bytes, mail: Mail, received: datetime, envelope: Envelope | None = None) -> Mail:
        """The mail with the verdicts among its signals."""


class Nobody:
    """Asks no DNS: nothing is concluded, and people are told why."""

    def signed(self, raw: bytes, mail: Mail, received: datetime, envelope: Envelope | None = None) -> Mail:
        """The mail with that sentence, and no verdict."""
        details = (_UNASKED, *mail.signals.details)
        return msgspec.structs.replace(mail, signals=msgspec.structs.replace(mail.signals, details=details))


class Authenticator:
    """Checks mails. ``own_servers`` are the names of our mail servers in Received lines, for SPF of fetched mail."""

    def __init__(
        self,
        resolver: Resolver,
        parsers: ParserPool,
        own_servers: tuple[str, ...] = (),
        seconds: float = SECONDS,
    ) -> None:
        self._resolver, self._parsers, self._own, self._seconds = resolver, parsers, own_servers, seconds

    def signed(self, raw: bytes, mail: Mail, received: datetime, envelope: Envelope | None = None) -> Mail:
        """The mail with the verdicts among its signals. ``received`` is our receipt, ``envelope`` our listener's word.

        Raises ParserUnavailable where no child can be started.
        """
        found = self.check(raw, mail, received, envelope)
        return msgspec.structs.replace(mail, signals=authenticity.signals(found, mail.signals))

    def check(self, raw: bytes, mail: Mail, received: datetime, envelope: Envelope | None = None) -> Authentication:
        """All four, in the order in which they need each other. Raises as `signed`."""
        lookups = _Lookups(self._resolver, self._seconds)
        asked = self._asked(raw)
        records = {name: lookups.resolve(Question(name, "TXT")) for name in asked.names}
        checked = self._parsers.checked(raw, records, received.timestamp()) if asked.names else None
        if checked is None:
            checked = Checked(dkim=tuple(DkimResult("unanswered") for _ in asked.names[:1]))
        handed = envelope if envelope and envelope.ip else self._handed(asked, envelope)
        sent = ask(spf.check(handed), lookups.resolve) if handed else SpfResult()
        found = Authentication(checked=checked, spf=sent)
        vouched = sent.domain if sent.state == "pass" else ""
        policy = ask(dmarc.evaluate(author_domain(mail), found.passing, vouched), lookups.resolve)
        return msgspec.structs.replace(found, dmarc=policy)

    def _asked(self, raw: bytes) -> Asked:
        """What must be looked up. The child is not asked where nothing in the header may need it: most mails here."""
        begin = len(raw) - len(raw.lstrip(b"\r\n"))
        if not self._own and not _SIGNED.search(raw, begin, begin + header_end(raw[begin:], LIMITS.header)):
            return Asked()
        return self._parsers.asked(raw) or Asked()

    def _handed(self, asked: Asked, told: Envelope | None) -> Envelope | None:
        """Who handed it to our own servers; the envelope's sender is what our listener was told, where it was."""
        return envelope_of(asked.received, told.mail_from if told else asked.return_path, self._own)


class _Lookups:
    """The look-ups of one mail: each name once, within the mail's budget of questions and time."""

    def __init__(self, resolver: Resolver, seconds: float) -> None:
        self._resolver = resolver
        self._until = time.monotonic() + seconds
        self._known: dict[Question, Answer] = {}
        self._unanswered = 0

    def resolve(self, question: Question) -> Answer:
        known = self._known.get(question)
        if known is not None:
            return known
        if len(self._known) >= QUESTIONS or self._unanswered >= UNANSWERED or time.monotonic() >= self._until:
            return FAILED
        answer = self._known[question] = self._resolver.resolve(question)
        self._unanswered += answer.state == "failed"
        return answer
