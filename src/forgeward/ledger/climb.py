"""From some leaves up to the root: which nodes a pack must carry, and how a reader climbs with them.

A pack holds some runs of entries (`Run`). The tree between them is *covered* by the fewest complete subtrees, so that
leaves and cover together, read from left to right, give the root. Leaves come in *windows* of 256, like the tiles of
C2SP tlog-tiles; the hash of every complete window that has a packed entry is carried too, so that a forged leaf hash
is found in its window even where entry and leaf hash were forged together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from forgeward.errors import VerificationFailed
from forgeward.ledger.tree import HASH_SIZE, Place, cover, fold, node_hash, pair_hashes

WINDOW_LEVEL = 8
WINDOW = 1 << WINDOW_LEVEL
_WINDOW_BYTES = WINDOW * HASH_SIZE
_ROWS = [Struct(f"{2 * HASH_SIZE}s" * (WINDOW >> level)) for level in range(1, WINDOW_LEVEL + 1)]


class Run(NamedTuple):
    """Neighbouring leaves: from index ``first`` up to ``end``, which is not included."""

    first: int
    end: int


def covered(runs: Iterable[Run], size: int, cuts: Sequence[int] = ()) -> Iterator[Place]:
    """Places of the nodes between, before and after the runs of a tree of ``size`` leaves, left to right.

    No node crosses one of the ascending ``cuts``, so that the root of the tree at that size can be computed on the way.
    """
    at = 0
    for run in (*runs, Run(size, size)):
        yield from gap(at, run.first, cuts)
        at = run.end


def gap(start: int, end: int, cuts: Sequence[int]) -> Iterator[Place]:
    """`covered` for one gap between runs."""
    for stop in (*cuts[bisect_right(cuts, start) : bisect_left(cuts, end)], end):
        yield from cover(start, stop)
        start = stop


def windows(runs: Iterable[Run], size: int) -> Iterator[int]:
    """Which complete windows hold an entry of the runs: their index at `WINDOW_LEVEL`, ascending."""
    following = 0
    for run in runs:
        beyond = -(-run.end // WINDOW)
        yield from range(max(following, run.first // WINDOW), min(beyond, size // WINDOW))
        following = max(following, beyond)


def window_root(leaves: bytes) -> bytes:
    """The hash over 256 leaf hashes, given one after the other (8,192 bytes)."""
    for pairs in _ROWS:
        leaves = b"".join(pair_hashes(pairs.unpack(leaves)))
    return leaves


class Climb:
    """Takes the leaf hashes of the runs in order and computes the root on the way; needs O(log n) memory.

    ``cover_hash`` and ``window_hash`` give the next hash of each kind that the pack carries. A window that does not
    lead to its carried hash is told to ``wrong`` as the indexes of its first and last packed leaf; the climb goes on
    with the carried hash, so that one forged leaf does not hide whether the others are right. ``mark`` is an older
    size: `marked` is the root there once the climb has passed it, or None where the pack has no border at it.
    """

    def __init__(
        self,
        size: int,
        runs: Iterable[Run],
        *,
        cuts: Sequence[int] = (),
        cover_hash: Callable[[], bytes],
        window_hash: Callable[[], bytes],
        wrong: Callable[[int, int], None],
        mark: int = 0,
    ) -> None:
        self._size = size
        self._runs = iter((*runs, Run(size, size)))
        self._cuts = cuts
        self._cover_hash, self._window_hash, self._wrong = cover_hash, window_hash, wrong
        self._mark = mark
        self._stack: list[tuple[int, bytes]] = []
        self._at = 0
        self._run = Run(0, 0)
        self._touched: list[int] = []
        self.marked: bytes | None = None

    def feed(self, leaves: bytes) -> None:
        """The next leaf hashes, one after the other. Raises ``VerificationFailed`` when the runs hold fewer."""
        offset = 0
        while offset < len(leaves):
            while self._at == self._run.end:
                self._enter_next_run()
            if self._is_whole_window() and len(leaves) - offset >= _WINDOW_BYTES:
                self._push_window(leaves[offset : offset + _WINDOW_BYTES])
                offset += _WINDOW_BYTES
            else:
                self._touched.append(self._at)
                self._push(0, leaves[offset : offset + HASH_SIZE])
                offset += HASH_SIZE

    def root(self) -> bytes:
        """The root, once every leaf was fed. Raises ``VerificationFailed`` when leaves are missing."""
        while self._at == self._run.end and self._at < self._size:
            self._enter_next_run()
        if self._at != self._size or not self._stack:
            raise VerificationFailed("The pack has fewer leaf hashes than entries.", next="Ask for a new pack.")
        return self._folded()

    def _enter_next_run(self) -> None:
        run = next(self._runs, None)
        if run is None:
            raise VerificationFailed("The pack has more leaf hashes than entries.", next="Ask for a new pack.")
        for level, _ in gap(self._at, run.first, self._cuts):
            self._push(level, self._cover_hash())
        self._run = run

    def _is_whole_window(self) -> bool:
        end = self._at + WINDOW
        return self._at % WINDOW == 0 and end <= self._run.end and not self._at < self._mark < end

    def _push_window(self, leaves: bytes) -> None:
        value, carried = window_root(leaves), self._window_hash()
        if value != carried:
            self._wrong(self._at, self._at + WINDOW - 1)
        self._push(WINDOW_LEVEL, carried)

    def _push(self, level: int, value: bytes) -> None:
        """Puts a complete subtree on the right edge, and joins what has become complete by it."""
        self._at += 1 << level
        stack = self._stack
        while stack and stack[-1][0] == level:
            value = node_hash(stack.pop()[1], value)
            level += 1
            if level == WINDOW_LEVEL and self._touched:
                value = self._close_window(value)
        stack.append((level, value))
        if self._at == self._mark:
            self.marked = self._folded()

    def _close_window(self, value: bytes) -> bytes:
        carried = self._window_hash()
        if value != carried:
            self._wrong(self._touched[0], self._touched[-1])
        self._touched.clear()
        return carried

    def _folded(self) -> bytes:
        return fold([value for _, value in self._stack])
