"""Which line is which entry, when some are altered, missing, extra, doubled or in another place.

Lines are known by their leaf hashes. While they come as expected, whole batches are compared at once; where they do
not, both sides are looked ahead on, so that one missing line does not make all that follow look wrong.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from forgeward.ledger.tree import HASH_SIZE

LOOK = 256
"""How many entries ahead, and behind, a line that is out of place is looked for."""

_LOOK_BYTES = LOOK * HASH_SIZE


class Verdict(enum.Enum):
    """What is to be said of a line, or (``MISSING``) of an expected entry that has none."""

    RIGHT = "right"
    ALTERED = "altered"
    MISSING = "missing"
    EXTRA = "extra"
    DOUBLED = "doubled"
    MOVED = "moved"


class Placed(NamedTuple):
    """A line and the ordinal of the entry that it is, or stands at."""

    verdict: Verdict
    ordinal: int
    line: bytes


class Aligner:
    """Holds lines against the leaf hashes that they should have. Memory is bounded by `LOOK` lines and hashes."""

    def __init__(self, expected: Iterator[bytes], first: int = 0) -> None:
        self._source = expected  # leaf hashes in pieces of any multiple of 32 bytes
        self._held = b""  # expected hashes: up to LOOK behind the place that was reached, and what was read ahead of it
        self._at = 0  # that place, in bytes
        self._ordinal = first
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._taken: set[int] = set()

    @property
    def idle(self) -> bool:
        """Whether no line waits to be decided."""
        return not self._waiting and not self._taken

    def match(self, hashes: Sequence[bytes]) -> int | None:
        """The ordinal of the first of these lines if all of them are as expected, else None and nothing has changed."""
        joined = b"".join(hashes)
        if self._waiting or self._taken or self._peek(len(joined)) != joined:
            return None
        first = self._ordinal
        self._advance(len(hashes))
        return first

    def add(self, hashes: Sequence[bytes], lines: Sequence[bytes]) -> Iterator[Placed]:
        """Takes lines that did not all match, and gives those that are decided."""
        self._waiting.extend(zip(hashes, lines, strict=True))
        yield from self._settle(last=False)

    def finish(self) -> Iterator[Placed]:
        """After the last line: decides what waits, and names the expected entries that never came."""
        yield from self._settle(last=True)
        while self._peek(HASH_SIZE):
            yield from self._skip_expected()

    def _settle(self, *, last: bool) -> Iterator[Placed]:
        while self._waiting:
            value, line = self._waiting[0]
            expected = self._peek(HASH_SIZE)
            if self._ordinal in self._taken:
                yield from self._skip_expected()
            elif value == expected:
                yield self._drop(Verdict.RIGHT, line, self._ordinal)
                self._advance(1)
            elif len(self._waiting) <= LOOK and not last:
                return
            else:
                yield from self._decide(value, line, expected)

    def _decide(self, value: bytes, line: bytes, expected: bytes) -> Iterator[Placed]:
        later = _find(self._peek(_LOOK_BYTES), value)
        due = any(waiting == expected for waiting, _ in list(self._waiting)[1 : LOOK + 1])
        if not expected or (later is None and due):
            behind = self._held[max(0, self._at - _LOOK_BYTES) : self._at]
            earlier = _find(behind, value)
            if earlier is None:
                yield self._drop(Verdict.EXTRA, line, self._ordinal)
            else:
                yield self._drop(Verdict.DOUBLED, line, self._ordinal - len(behind) // HASH_SIZE + earlier)
        elif later is None:
            yield self._drop(Verdict.ALTERED, line, self._ordinal)
            self._advance(1)
        elif due:
            self._taken.add(self._ordinal + later)
            yield self._drop(Verdict.MOVED, line, self._ordinal + later)
        else:
            yield from self._skip_expected()

    def _drop(self, verdict: Verdict, line: bytes, ordinal: int) -> Placed:
        self._waiting.popleft()
        return Placed(verdict, ordinal, line)

    def _skip_expected(self) -> Iterator[Placed]:
        if self._ordinal in self._taken:
            self._taken.discard(self._ordinal)
        else:
            yield Placed(Verdict.MISSING, self._ordinal, b"")
        self._advance(1)

    def _peek(self, size: int) -> bytes:
        while len(self._held) - self._at < size:
            piece = next(self._source, b"")
            if not piece:
                break
            kept = max(0, self._at - _LOOK_BYTES)
            self._held, self._at = self._held[kept:] + piece, self._at - kept
        return self._held[self._at : self._at + size]

    def _advance(self, count: int) -> None:
        self._at += count * HASH_SIZE
        self._ordinal += count


def _find(hashes: bytes, value: bytes) -> int | None:
    for at in range(0, len(hashes), HASH_SIZE):
        if hashes[at : at + HASH_SIZE] == value:
            return at // HASH_SIZE
    return None
