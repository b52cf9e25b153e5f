"""The Merkle tree over all entries: hashing of RFC 6962, proofs of RFC 9162.

Every complete subtree's hash is stored once, at (level, index): level 0 are the leaves, node (l, i) covers the leaves
from i·2^l on. Nothing stored ever changes, so appending touches O(log n) nodes and every proof reads O(log n). Where
the nodes live is the caller's affair (`Nodes`): a dictionary here, a table in the desk.

Sources: RFC 6962 section 2.1 (hashes), RFC 9162 sections 2.1.3 (inclusion) and 2.1.4 (consistency).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, TypeAlias

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.hashing import Beginning

Place: TypeAlias = tuple[int, int]
"""(level, index) of a complete subtree."""

Node: TypeAlias = tuple[int, int, bytes]
"""(level, index, hash)."""

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
_LEAF, _NODE = Beginning(b"\x00"), Beginning(b"\x01")


class Nodes(Protocol):
    """Where hashes of complete subtrees are kept."""

    def get_many(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes at these places; a place that is not stored is left out."""
        ...

    def put_many(self, nodes: Sequence[Node]) -> None:
        """Stores new hashes. A place is written once and never again."""
        ...


class MemoryNodes:
    """Nodes in a dictionary."""

    def __init__(self) -> None:
        self._hashes: dict[Place, bytes] = {}

    def get_many(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        return {place: self._hashes[place] for place in places if place in self._hashes}

    def put_many(self, nodes: Sequence[Node]) -> None:
        self._hashes.update(((level, index), value) for level, index, value in nodes)


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` for many."""
    return _LEAF.digests(entries)


def pair_hashes(row: Iterable[bytes]) -> list[bytes]:
    """`node_hash` for many, each given as its two hashes in one (64 bytes)."""
    return _NODE.digests(row)


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge: hashes of the complete subtrees that a tree of ``size`` leaves is made of, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The tree's hash; of an empty tree SHA-256 of nothing."""
        return fold(self.hashes) if self.hashes else EMPTY_ROOT

    def extend(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[Node]]:
        """The frontier after these leaf hashes, and every node that has become complete, leaves included."""
        edge = {level: value for (level, _), value in zip(_places(0, self.size), self.hashes, strict=True)}
        row, first, level = list(leaves), self.size, 0
        size, created = self.size + len(row), list[Node]()
        while row:
            created += [(level, first + i, value) for i, value in enumerate(row)]
            if first & 1:
                row.insert(0, edge.pop(level))
                first -= 1
            if len(row) & 1:
                edge[level] = row[-1]
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
            first, level = first >> 1, level + 1
        return Frontier(size, tuple(edge[level] for level in sorted(edge, reverse=True))), created


def fold(hashes: Sequence[bytes]) -> bytes:
    """One hash over neighbouring complete subtrees of falling size: the tree's hash over that range."""
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def frontier(nodes: Nodes, size: int) -> Frontier:
    """Reads the right edge of the tree of ``size`` leaves. Raises ``VerificationFailed`` if a node is not stored."""
    places = _places(0, size)
    found = _get(nodes, places)
    return Frontier(size, tuple(found[place] for place in places))


def append_many(nodes: Nodes, size: int, leaves: Iterable[bytes]) -> Frontier:
    """Appends leaf hashes to the stored tree of ``size`` leaves and gives the new right edge."""
    grown, created = frontier(nodes, size).extend(leaves)
    nodes.put_many(created)
    return grown


def root(nodes: Nodes, size: int) -> bytes:
    """The hash of the tree that the first ``size`` leaves make."""
    return frontier(nodes, size).root()


def inclusion_proof(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """The path from leaf ``index`` to the root of the tree of ``size`` leaves (RFC 9162, 2.1.3.1).

    Raises ``BadInput`` when the tree has no such leaf.
    """
    return inclusion_proofs(nodes, [index], size)[0]


def inclusion_proofs(nodes: Nodes, indexes: Sequence[int], size: int) -> list[tuple[bytes, ...]]:
    """`inclusion_proof` for many leaves with one read of the nodes."""
    paths = [_inclusion_ranges(index, size) for index in indexes]
    found = _get(nodes, list({place for path in paths for lo, hi in path for place in _places(lo, hi)}))
    return [_hashes(found, path) for path in paths]


def consistency_proof(nodes: Nodes, old: int, new: int) -> tuple[bytes, ...]:
    """That the tree of ``new`` leaves begins with the tree of ``old`` leaves (RFC 9162, 2.1.4.1).

    Empty where both are the same. Raises ``BadInput`` unless 0 < old ≤ new.
    """
    ranges = _consistency_ranges(old, new)
    return _hashes(_get(nodes, [place for lo, hi in ranges for place in _places(lo, hi)]), ranges)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` leads from the leaf hash at ``index`` to ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(value) != HASH_SIZE for value in (leaf, root, *proof)):
        return False
    at, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the tree ``new_root`` extends the tree ``old_root`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new or any(len(value) != HASH_SIZE for value in (old_root, new_root, *proof)):
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def cover(start: int, end: int) -> list[Place]:
    """The fewest complete subtrees that cover the leaves from ``start`` up to ``end`` (not included), left to right."""
    return _places(start, end)


def _places(start: int, end: int) -> list[Place]:
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        places.append((level, start >> level))
        start += 1 << level
    return places


def _split(lo: int, hi: int) -> int:
    """Where RFC 6962 splits a range: after the largest power of two that is smaller than it."""
    return lo + (1 << (hi - lo - 1).bit_length() - 1)


def _inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    if not 0 <= index < size:
        raise BadInput(f"A tree of {size} leaves has no leaf {index}.", next="Leaves count from 0.")
    lo, hi, ranges = 0, size, []
    while hi - lo > 1:
        middle = _split(lo, hi)
        if index < middle:
            ranges.append((middle, hi))
            hi = middle
        else:
            ranges.append((lo, middle))
            lo = middle
    return ranges[::-1]


def _consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    if not 0 < old <= new:
        raise BadInput(
            f"There is no consistency proof from size {old} to size {new}.",
            next="Name the older size first; the empty tree proves nothing.",
        )
    lo, hi, ranges, whole = 0, new, [], True
    while hi != old:
        middle = _split(lo, hi)
        if old <= middle:
            ranges.append((middle, hi))
            hi = middle
        else:
            ranges.append((lo, middle))
            lo, whole = middle, False
    if not whole:
        ranges.append((lo, hi))
    return ranges[::-1]


def _hashes(found: Mapping[Place, bytes], ranges: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    return tuple(fold([found[place] for place in _places(lo, hi)]) for lo, hi in ranges)


def _get(nodes: Nodes, places: Sequence[Place]) -> Mapping[Place, bytes]:
    found = nodes.get_many(places)
    for level, index in places:
        if (level, index) not in found:
            raise VerificationFailed(
                f"The ledger's tree has lost its node {index} at level {level}.",
                next="Run forgeward audit; it names what differs from the entries.",
            )
    return found
