"""A key from which one place's key can be taken out for ever, while the keys of all other places stay as they were.

    root ──H(0‖·)──┬──H(1‖·)── …  32 levels: a leaf for each place
                   └ …

Each place (``FW-7Q3KXM:4``) has a leaf in a binary tree of keys; a node's children follow from it by SHA-256, never
the other way. To erase a place, the root is replaced by the nodes beside the path to its leaf: they give every other
leaf, and not that one. What is left depends only on which places were erased, not on when, so the same erasures
replayed on an older copy of the root give the same nodes. (Goldreich, Goldwasser, Micali, "How to construct random
functions", 1986; "puncturable" since Boneh and Waters, 2013.)

Two places of one root share a leaf with a chance of 2^-32: then they go together.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

LEVELS = 32
SIZE = 32
_NODE = 1 + 4 + SIZE  # level, index, key


class Punctured(Exception):  # noqa: N818 - an answer, translated at once by who asks
    """The place was taken out."""


def leaf_of(place: bytes) -> int:
    """The leaf's number, 0 to 2^32 - 1."""
    return int.from_bytes(sha256(b"forgeward/place/1\0" + place).digest()[:4], "big")


def key_at(material: bytes, leaf: int) -> bytes:
    """The leaf's key, 32 bytes. ``material`` is a root of 32 bytes or what `puncture` gave. Raises `Punctured`."""
    level, key = (0, material) if len(material) == SIZE else _nearest(material, leaf)
    for shift in range(LEVELS - 1 - level, -1, -1):
        key = _child(key, leaf >> shift & 1)
    return key


def puncture(material: bytes, leaves: Iterable[int]) -> bytes:
    """The material without these leaves; what was taken out before stays out."""
    nodes = {(0, 0): material} if len(material) == SIZE else _nodes(material)
    for leaf in leaves:
        found = _above(nodes, leaf)
        if found is None:
            continue
        level, index = found
        key = nodes.pop(found)
        while level < LEVELS:
            bit = leaf >> (LEVELS - 1 - level) & 1
            nodes[level + 1, index * 2 + (1 - bit)] = _child(key, 1 - bit)
            key, level, index = _child(key, bit), level + 1, index * 2 + bit
    return b"".join(bytes([level]) + index.to_bytes(4, "big") + key for (level, index), key in sorted(nodes.items()))


def _child(key: bytes, bit: int) -> bytes:
    return sha256(b"\1" + key if bit else b"\0" + key).digest()


def _nearest(material: bytes, leaf: int) -> tuple[int, bytes]:
    nodes = _nodes(material)
    found = _above(nodes, leaf)
    if found is None:
        raise Punctured
    return found[0], nodes[found]


def _above(nodes: dict[tuple[int, int], bytes], leaf: int) -> tuple[int, int] | None:
    return next(
        (
            (level, leaf >> (LEVELS - level))
            for level in range(LEVELS + 1)
            if (level, leaf >> (LEVELS - level)) in nodes
        ),
        None,
    )


def _nodes(material: bytes) -> dict[tuple[int, int], bytes]:
    return {
        (material[at], int.from_bytes(material[at + 1 : at + 5], "big")): material[at + 5 : at + _NODE]
        for at in range(0, len(material), _NODE)
    }
