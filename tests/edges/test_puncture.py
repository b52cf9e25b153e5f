"""A place that was taken out has no key any more; every other place has the one that it always had."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.edges import puncture
from forgeward.edges.puncture import Punctured, key_at, leaf_of

ROOT = bytes(range(32))
PLACES = [f"FW-7Q3KXM:{n}".encode() for n in range(1, 30)]
LEAVES = [leaf_of(place) for place in PLACES]
leaves = st.integers(0, 2**32 - 1)


def test_each_place_has_a_key_of_its_own() -> None:
    """And the same one each time."""
    assert len({key_at(ROOT, leaf) for leaf in LEAVES}) == len(LEAVES)
    assert key_at(ROOT, LEAVES[3]) == key_at(ROOT, LEAVES[3])
    assert key_at(ROOT, 0) != ROOT


@settings(max_examples=60, deadline=None)
@given(gone=st.lists(leaves, min_size=1, max_size=6), others=st.lists(leaves, max_size=10))
def test_what_was_taken_out_is_gone_and_the_rest_stays(gone: list[int], others: list[int]) -> None:
    """Whatever the places."""
    left = puncture.puncture(ROOT, gone)
    for leaf in gone:
        with pytest.raises(Punctured):
            key_at(left, leaf)
    for leaf in {*others, *((leaf + 1) % 2**32 for leaf in gone), *(leaf ^ 1 for leaf in gone)} - {*gone}:
        assert key_at(left, leaf) == key_at(ROOT, leaf)
    assert all(key_at(ROOT, leaf) not in left for leaf in gone)
    assert ROOT not in left


@settings(max_examples=30, deadline=None)
@given(st.permutations(LEAVES[:8]), st.integers(0, 8))
def test_only_which_places_counts(order: list[int], at: int) -> None:
    """One after the other, together, twice, in any order: the same nodes are left, so a replay gives the same."""
    once = puncture.puncture(ROOT, LEAVES[:8])
    assert puncture.puncture(puncture.puncture(ROOT, order[:at]), order) == once
    assert puncture.puncture(once, order) == once
