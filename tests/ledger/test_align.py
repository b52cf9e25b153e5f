"""Lines that are not as expected are named, and the others are not blamed for them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.ledger.align import LOOK, Aligner, Verdict

COUNT = 1_000
RIGHT, ALTERED, MISSING = Verdict.RIGHT, Verdict.ALTERED, Verdict.MISSING
EXTRA, DOUBLED, MOVED = Verdict.EXTRA, Verdict.DOUBLED, Verdict.MOVED


def aligned(found: list[int], batch: int = 100, count: int = COUNT) -> list[tuple[Verdict, int]]:
    """What is said, except of lines that are right. Numbers below ``count`` are expected, others are not."""
    said: list[tuple[Verdict, int]] = []
    expected = [sha256(b"%d" % n).digest() for n in range(count)]
    pieces = iter([b"".join(expected[at : at + 384]) for at in range(0, count, 384)])
    aligner, right = Aligner(pieces), 0
    for at in range(0, len(found), batch):
        lines = [b"%d" % n for n in found[at : at + batch]]
        hashes = [sha256(line).digest() for line in lines]
        first = aligner.match(hashes)
        if first is not None:
            assert lines[0] == b"%d" % first
            right += len(lines)
            continue
        for verdict, ordinal, line in aligner.add(hashes, lines):
            right += note(said, verdict, ordinal, line)
    for verdict, ordinal, line in aligner.finish():
        right += note(said, verdict, ordinal, line)
    assert right + sum(verdict is not MISSING for verdict, _ in said) == len(found)
    return said


def note(said: list[tuple[Verdict, int]], verdict: Verdict, ordinal: int, line: bytes) -> int:
    if verdict is RIGHT:
        assert line == b"%d" % ordinal
        return 1
    said.append((verdict, ordinal))
    return 0


HONEST = list(range(COUNT))


def without(*gone: int) -> list[int]:
    return [n for n in HONEST if n not in gone]


@pytest.mark.parametrize("batch", [1, 100, 256, 5_000])
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (HONEST, []),
        ([], [(MISSING, n) for n in HONEST]),
        (without(0), [(MISSING, 0)]),
        (without(500), [(MISSING, 500)]),
        (without(999), [(MISSING, 999)]),
        (without(500, 501, 502), [(MISSING, 500), (MISSING, 501), (MISSING, 502)]),
        ([*HONEST[:500], 5_000, *HONEST[501:]], [(ALTERED, 500)]),
        ([5_000, *HONEST[1:]], [(ALTERED, 0)]),
        ([*HONEST[:-1], 5_000], [(ALTERED, 999)]),
        ([*HONEST[:500], 5_000, *HONEST[500:]], [(EXTRA, 500)]),
        ([5_000, *HONEST], [(EXTRA, 0)]),
        ([*HONEST, 5_000], [(EXTRA, 1_000)]),
        ([*HONEST[:501], 500, *HONEST[501:]], [(DOUBLED, 500)]),
        ([*HONEST, 900], [(DOUBLED, 900)]),
        ([*HONEST[:500], 501, 500, *HONEST[502:]], [(MOVED, 501)]),
        ([*HONEST[:100], 5_000, *HONEST[101:900], *HONEST[901:]], [(ALTERED, 100), (MISSING, 900)]),
    ],
)
def test_what_is_wrong_is_named_alone(found: list[int], expected: list[tuple[Verdict, int]], batch: int) -> None:
    """One wrong line is one finding, at its place, whatever the batches."""
    assert aligned(found, batch) == expected


@given(st.lists(st.tuples(st.sampled_from(["alter", "drop", "add"]), st.integers(0, 9)), max_size=10))
def test_many_wrongs_far_apart_are_all_named(edits: list[tuple[str, int]]) -> None:
    """Edits that stand apart are each found as what they are."""
    found, expected = list(range(COUNT)), []
    for at, what in sorted({hundred * 100 + 50: what for what, hundred in edits}.items(), reverse=True):
        verdict = {"alter": ALTERED, "drop": MISSING, "add": EXTRA}[what]
        found[at : at + (what != "add")] = [] if what == "drop" else [10_000 + at]
        expected.append((verdict, at))
    assert aligned(found) == expected[::-1]


@given(st.lists(st.integers(0, 40), max_size=60))
def test_no_order_passes_for_another(found: list[int]) -> None:
    """Only the expected lines in the expected order are without finding."""
    assert (aligned(found, 7, 30) == []) == (found == list(range(30)))


def test_a_line_that_moved_far_is_missing_here_and_extra_there() -> None:
    """Beyond the look-ahead the aligner does not remember; it still finds both places."""
    far = LOOK + 100
    found = [*range(10), *range(11, far), 10, *range(far, COUNT)]
    assert aligned(found) == [(MISSING, 10), (EXTRA, far)]
