"""Which leaves a pack holds, and its hashes one by one: what the climb to the root is fed with."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from forgeward.errors import VerificationFailed
from forgeward.ledger.climb import Run
from forgeward.ledger.pack import ENCODER
from forgeward.ledger.tree import HASH_SIZE

_RUN = msgspec.json.Decoder(Run)


class Runs:
    """The runs of a pack in 24 bytes each, and the way from an entry's ordinal in the pack to its leaf index."""

    def __init__(self) -> None:
        self._firsts, self._ends, self._ordinals = array("Q"), array("Q"), array("Q")
        self.entries = 0
        self.end = 0

    def add(self, lines: bytes) -> None:
        """Runs as written in runs.jsonl. Raises ``VerificationFailed`` unless they are canonical and ascending."""
        try:
            runs = _RUN.decode_lines(lines)
        except msgspec.DecodeError as error:
            raise VerificationFailed(f"runs.jsonl cannot be read: {error}.") from None
        if ENCODER.encode_lines(runs) != lines:
            raise VerificationFailed("runs.jsonl is not canonical.")
        for run in runs:
            # Two runs that touch are one run: there is one way to write them.
            if not (self.end < run.first or (run.first == 0 and not self.entries)) or not run.first < run.end < 1 << 62:
                raise VerificationFailed("The runs of runs.jsonl do not ascend.")
            self._firsts.append(run.first)
            self._ends.append(run.end)
            self._ordinals.append(self.entries)
            self.entries += run.end - run.first
            self.end = run.end

    def __iter__(self) -> Iterator[Run]:
        return map(Run, self._firsts, self._ends)

    @property
    def last_first(self) -> int:
        """Where the last run begins."""
        return self._firsts[-1]

    def holds(self, first: int, end: int) -> bool:
        """Whether one run has all leaves from ``first`` up to ``end`` (not included)."""
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and end <= self._ends[at]

    def index(self, ordinal: int) -> int:
        """The leaf index of the pack's entry of this number (from 0); beyond the last one, the index after it."""
        at = bisect_right(self._ordinals, ordinal) - 1
        return min(self._firsts[at] + ordinal - self._ordinals[at], self._ends[at])

    def indexes(self, ordinal: int, count: int) -> range | list[int]:
        """`index` for neighbouring entries."""
        first, last = self.index(ordinal), self.index(ordinal + count - 1)
        if last - first == count - 1:
            return range(first, last + 1)
        return [self.index(ordinal + i) for i in range(count)]


class Hashes:
    """Hashes one by one from a member that is read in blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0

    def take(self) -> bytes:
        """The next hash. Raises ``VerificationFailed`` when there is none."""
        if self._at == len(self._block):
            self._block, self._at = next(self._blocks, b""), 0
        value = self._block[self._at : self._at + HASH_SIZE]
        if len(value) != HASH_SIZE:
            raise VerificationFailed("The pack has too few hashes to lead from its entries to the root.")
        self._at += HASH_SIZE
        return value

    def finish(self) -> None:
        """Raises ``VerificationFailed`` when hashes are left."""
        if self._at != len(self._block) or next(self._blocks, b""):
            raise VerificationFailed("The pack has more hashes than its proof needs.")
