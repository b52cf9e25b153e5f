"""The guarded parser: hostile mails are read in child processes that have nothing to lose (`guarded`).

    with ParserPool() as pool:
        reading = pool.parse(raw)                 # Parsed or NotParsed, always
        for reading in pool.parse_many(raws): …   # in order, both workers busy

Two children work and a spare waits warm. One that dies, hangs or grows takes its mail with it and nothing else, and is
replaced; after a hundred mails each renews itself anyway.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import Confinement
from forgeward.edges.guarded import ChildPool, Died, Guard
from forgeward.edges.mail_limits import LIMITS, header_end
from forgeward.edges.mail_signatures import Asked, Signed
from forgeward.edges.mail_worker import ASKED, CARRIED, HEAD, SIGNED, WHOLE
from forgeward.respond.authenticity import Checked
from forgeward.respond.dns import Answer
from forgeward.respond.mail import NotParsed, Parsed, Reading
from forgeward.respond.openpgp import Carried

_ANSWER_LIMIT = LIMITS.raw + 16 * 2**20
_T = TypeVar("_T")


class ParserPool:
    """A pool of guarded children; safe to share between threads, not across a fork. Starts on first use.

    ``workers`` mails are read at a time, ``spare`` processes wait warm for one that falls.
    """

    def __init__(self, workers: int = 2, spare: int = 1, guard: Guard | None = None) -> None:
        self._workers = workers
        self._children = ChildPool("forgeward.edges.mail_worker", "mail parser", workers, spare, guard or Guard())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all children. A closed pool cannot be used again."""
        self._children.close()

    def parse(self, raw: bytes) -> Reading:
        """Reads one mail: `Parsed`, or `NotParsed` with the reason and what its header gave.

        Raises ParserUnavailable only where no child can be started; that says nothing about the mail.
        """
        reading = self._parse_whole(raw)
        if isinstance(reading, Parsed) or reading.head is not None or reading.code == "not_mail":
            return reading
        try:
            header = self._ask(HEAD, raw[: header_end(raw, LIMITS.header)])
        except (Died, frames.Late):
            return reading
        return msgspec.structs.replace(reading, head=header.head if isinstance(header, NotParsed) else header.mail)

    def parse_many(self, raws: Iterable[bytes]) -> Iterator[Reading]:
        """Reads many mails, all workers at once, and yields the readings in the order of ``raws``.

        At most three mails per worker are held ahead of the reader.
        """
        with ThreadPoolExecutor(self._workers, thread_name_prefix="mail-parser") as threads:
            waiting: deque[Future[Reading]] = deque()
            try:
                for raw in raws:
                    waiting.append(threads.submit(self.parse, raw))
                    if len(waiting) >= 3 * self._workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for left in waiting:
                    left.cancel()

    def carried(self, raw: bytes) -> Carried | None:
        """What the mail carries of OpenPGP; None where looking for it breaks. Raises ParserUnavailable as `parse`."""
        return self._part(CARRIED, raw, Carried)

    def asked(self, raw: bytes) -> Asked | None:
        """What of the mail's header must be looked up in the DNS; None where looking for it breaks."""
        begin = len(raw) - len(raw.lstrip(b"\r\n"))
        return self._part(ASKED, raw[begin : begin + header_end(raw[begin:], LIMITS.header)], Asked)

    def checked(self, raw: bytes, records: dict[str, Answer], at: float) -> Checked | None:
        """What its DKIM and ARC signatures say, by the records that were asked for; None where checking breaks."""
        if len(raw) > LIMITS.raw:
            return None
        return self._part(SIGNED, msgspec.msgpack.encode(Signed(raw, records, at)), Checked)

    def _part(self, kind: int, body: bytes, wanted: type[_T]) -> _T | None:
        if len(body) > _ANSWER_LIMIT:
            return None
        try:
            return self._children.ask(
                kind, body, _ANSWER_LIMIT, lambda answer: msgspec.msgpack.decode(answer, type=wanted | None)
            )
        except (Died, frames.Late):
            return None

    def confinement(self) -> Confinement:
        """How well a child is locked up on this machine; its ``str`` is a sentence for ``doctor``."""
        return self._children.confinement()

    def pids(self) -> tuple[int, ...]:
        """The process ids of all children, at work or waiting."""
        return self._children.pids()

    def _parse_whole(self, raw: bytes) -> Reading:
        if len(raw) > LIMITS.raw:
            return NotParsed(f"It has {len(raw):,} bytes; mails up to {LIMITS.raw:,} are parsed.", "too_large")
        how = ""
        for _ in range(2):  # a process can be killed for reasons that are not the mail's
            try:
                return self._ask(WHOLE, raw)
            except frames.Late:
                return NotParsed("Reading it took too long and was stopped.", "time")
            except Died as died:
                how = died.how
        return NotParsed(f"The parser's process {how} twice while reading it.", "crashed")

    def _ask(self, kind: int, raw: bytes) -> Reading:
        return self._children.ask(kind, raw, _ANSWER_LIMIT, _reading, spent=_out_of_memory)


def _out_of_memory(reading: Reading) -> bool:
    return isinstance(reading, NotParsed) and reading.code == "memory"


def _reading(answer: bytes) -> Reading:
    """Believes the child nothing that can be checked: each content must be what its attachment says."""
    reading: Reading = msgspec.msgpack.decode(answer, type=Reading)
    if isinstance(reading, Parsed):
        named = [(attachment.size, attachment.sha256) for attachment in reading.mail.attachments]
        found = [(len(content), hashlib.sha256(content).hexdigest()) for content in reading.contents]
        if named != found:
            raise msgspec.ValidationError("attachments and contents differ")
    return reading


def confinement() -> str:
    """One sentence on how well the parser is locked up here, for ``doctor``. Starts one child for it."""
    with ParserPool(workers=1, spare=0) as pool:
        return str(pool.confinement())
