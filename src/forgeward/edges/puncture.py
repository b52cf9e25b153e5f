"""A key from which one place's key can be taken out for ever, while the keys of all other places stay as they were.

    root ──H(0‖·)──┬──H(0‖·)── …  8 levels of 16 children each: a leaf for each place
          …        └ …
         H(15‖·)

Each place (``FW-7Q3KXM:4``) has a leaf in a tree of keys; a node's children follow from it by SHA-256, never the other
way. To erase a place, the root is replaced by the nodes beside the path to its leaf: they give every other leaf, and
not that one. What is left depends only on which places were erased, not on when, so the same erasures replayed on an
older copy of the root give the same nodes. (Goldreich, Goldwasser, Micali, "How to construct random functions", 1986;
"puncturable" since Boneh and Waters, 2013.) Sixteen children rather than two: a key costs 8 hashes instead of 32, and
an erased place some 4 kB, which is rare.

Two places of one root share a leaf with a chance of 2^-32: then they go together.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

BITS = 4
WIDTH = 1 << BITS
LEVELS = 8
SIZE = 32
_NODE = 1 + 4 + SIZE  # level, index, key
_PREFIX = tuple(bytes([child]) for child in range(WIDTH))


class Punctured(Exception):  # noqa: N818 - an answer, translated at once by who asks
    """The place was taken out."""


def leaf_of(place: bytes) -> int:
    """The leaf's number, 0 to 2^32 - 1."""
    return int.from_bytes(sha256(b"forgeward/place/1\0" + place).digest()[:4], "big")


def key_at(material: bytes, leaf: int) -> bytes:
    """The leaf's key, 32 bytes. ``material`` is a root of 32 bytes or what `puncture` gave. Raises `Punctured`."""
    level, key = (0, material) if len(material) == SIZE else _nearest(material, leaf)
    for shift in range((LEVELS - level - 1) * BITS, -1, -BITS):
        key = _child(key, leaf >> shift & (WIDTH - 1))
    return key


def puncture(material: bytes, leaves: Iterable[int]) -> bytes:
    """The material without these leaves; what was taken out before stays out."""
    nodes = {(0, 0): material} if len(material) == SIZE else _nodes(material)
    for leaf in leaves:
        found = _above(nodes, leaf)
        if found is None:
            continue
        key = nodes.pop(found)
        for level in range(found[0] + 1, LEVELS + 1):
            index = _index(leaf, level)
            first = index - index % WIDTH
            nodes |= {(level, first + i): _child(key, i) for i in range(WIDTH) if first + i != index}
            key = _child(key, index % WIDTH)
    return b"".join(bytes([level]) + index.to_bytes(4, "big") + key for (level, index), key in sorted(nodes.items()))


def _child(key: bytes, number: int) -> bytes:
    return sha256(_PREFIX[number] + key).digest()


def _index(leaf: int, level: int) -> int:
    return leaf >> (LEVELS - level) * BITS


def _nearest(material: bytes, leaf: int) -> tuple[int, bytes]:
    nodes = _nodes(material)
    found = _above(nodes, leaf)
    if found is None:
        raise Punctured
    return found[0], nodes[found]


def _above(nodes: dict[tuple[int, int], bytes], leaf: int) -> tuple[int, int] | None:
    places = ((level, _index(leaf, level)) for level in range(LEVELS + 1))
    return next((place for place in places if place in nodes), None)


def _nodes(material: bytes) -> dict[tuple[int, int], bytes]:
    return {
        (material[at], int.from_bytes(material[at + 1 : at + 5], "big")): material[at + 5 : at + _NODE]
        for at in range(0, len(material), _NODE)
    }
