"""Leaves, cover and windows lead to the root of the whole tree, whatever part of it is packed."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.errors import VerificationFailed
from forgeward.ledger import tree
from forgeward.ledger.climb import WINDOW, WINDOW_LEVEL, Climb, Run, covered, window_root, windows

LEAVES = [sha256(b"%d" % n).digest() for n in range(1_600)]
NODES = tree.MemoryNodes()
tree.append_many(NODES, 0, LEAVES)


def runs_of(indexes: list[int]) -> list[Run]:
    runs: list[Run] = []
    for index in indexes:
        if runs and runs[-1].end == index:
            runs[-1] = Run(runs[-1].first, index + 1)
        else:
            runs.append(Run(index, index + 1))
    return runs


def stored(places: list[tree.Place]) -> list[bytes]:
    found = NODES.get_many(places)
    return [found[place] for place in places]


class Climbed:
    """A climb over some indexes of a tree of ``size`` leaves, with what it told."""

    def __init__(
        self,
        indexes: list[int],
        size: int,
        cuts: tuple[int, ...] = (),
        mark: int = 0,
        leaves: dict[int, bytes] | None = None,
        piece: int = 1 << 20,
    ) -> None:
        self.wrong: list[tuple[int, int]] = []
        runs = runs_of(indexes)
        cover = iter(stored(list(covered(runs, size, cuts))))
        whole = iter(stored([(WINDOW_LEVEL, index) for index in windows(runs, size)]))
        climb = Climb(
            size,
            runs,
            cuts=cuts,
            cover_hash=cover.__next__,
            window_hash=whole.__next__,
            wrong=lambda first, last: self.wrong.append((first, last)),
            mark=mark,
        )
        packed = b"".join((leaves or {}).get(index, LEAVES[index]) for index in indexes)
        for at in range(0, len(packed), piece):
            climb.feed(packed[at : at + piece])
        self.root = climb.root()
        self.marked = climb.marked
        self.left = len(list(cover)) + len(list(whole))


@settings(max_examples=60)
@given(st.data())
def test_any_part_climbs_to_the_root(data: st.DataObject) -> None:
    """Every hash that is carried is used, and older roots are met at every cut."""
    size = data.draw(st.integers(1, len(LEAVES)))
    whole = data.draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(1, 700)), min_size=1, max_size=6))
    indexes = sorted({index for first, count in whole for index in range(first, min(size, first + count))})
    cuts = tuple(sorted(data.draw(st.sets(st.integers(1, size), max_size=4)) - {size}))
    mark = data.draw(st.sampled_from([*cuts, size, indexes[0]]))
    piece = 32 * data.draw(st.sampled_from([1, 255, 256, 4096]))
    climbed = Climbed(indexes, size, cuts, mark, piece=piece)
    assert climbed.root == tree.root(NODES, size)
    assert climbed.left == 0
    assert climbed.wrong == []
    if mark:
        assert climbed.marked == tree.root(NODES, mark)


def test_the_whole_tree_needs_no_cover_and_meets_every_older_root() -> None:
    """A full pack proves consistency with any checkpoint."""
    assert list(covered([Run(0, 1_600)], 1_600)) == []
    for mark in (1, 255, 256, 257, 1_000, 1_599, 1_600):
        assert Climbed(list(range(1_600)), 1_600, mark=mark).marked == tree.root(NODES, mark)


def test_a_size_without_border_is_not_met() -> None:
    """Where a carried node reaches over the older size, the climb says that it does not know."""
    assert Climbed([1_599], 1_600, mark=700).marked is None
    assert Climbed([1_599], 1_600, cuts=(700,), mark=700).marked == tree.root(NODES, 700)


@pytest.mark.parametrize("indexes", [range(1_600), range(300, 1_300), range(0, 1_600, 7)])
@pytest.mark.parametrize("forged", [0, 301, 511, 512, 1_022, 1_295])
def test_a_forged_leaf_is_found_in_its_window(indexes: range, forged: int) -> None:
    """The window is named, the root is still right, and no other window is blamed."""
    packed = list(indexes)
    forged = min(packed, key=lambda index: abs(index - forged))
    climbed = Climbed(packed, 1_600, leaves={forged: bytes(32)})
    within = [index for index in packed if index // WINDOW == forged // WINDOW]
    if forged // WINDOW < 1_600 // WINDOW:
        assert climbed.wrong == [(within[0], within[-1])]
        assert climbed.root == tree.root(NODES, 1_600)


def test_a_forged_leaf_after_the_last_window_shows_in_the_root() -> None:
    """The incomplete window at the right edge has no carried hash; the checkpoint is its check."""
    climbed = Climbed(list(range(1_600)), 1_600, leaves={1_599: bytes(32)})
    assert climbed.wrong == []
    assert climbed.root != tree.root(NODES, 1_600)


def test_a_windows_root_is_the_trees_node() -> None:
    """256 leaves at once give what the tree has stored for them."""
    assert window_root(b"".join(LEAVES[256:512])) == stored([(WINDOW_LEVEL, 1)])[0]


@pytest.mark.parametrize("leaves", [LEAVES[:2], LEAVES[:4]])
def test_too_few_or_too_many_leaves_are_refused(leaves: list[bytes]) -> None:
    """The runs say how many there are."""
    climb = Climb(3, [Run(0, 3)], cover_hash=lambda: b"", window_hash=lambda: b"", wrong=lambda first, last: None)

    def all_of_it() -> None:
        climb.feed(b"".join(leaves))
        climb.root()

    with pytest.raises(VerificationFailed):
        all_of_it()
