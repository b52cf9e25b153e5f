"""A second process answers, or its work is done here."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from forgeward.edges.cores import begin
from forgeward.ledger import pack
from forgeward.ledger import verify as module
from forgeward.ledger.verify import verify
from tests.ledger.world import Ledger, change, small_ledger


def test_another_process_does_the_work(tmp_path: Path) -> None:
    """The answer comes from a child, and nothing is left of it."""
    wait = begin(lambda file, number: (str(file), number, os.getpid()), tmp_path, 3)
    answer = wait()
    assert answer is not None
    assert answer[:2] == (str(tmp_path), 3)
    assert answer[2] != os.getpid()


def test_a_child_that_dies_gives_no_answer(tmp_path: Path) -> None:
    """The caller does the work itself then."""
    assert begin(lambda _file, _number: os._exit(1), tmp_path, 0)() is None


@pytest.fixture(scope="module")
def long() -> Ledger:
    """Three parts, and cases that go on from one into the next."""
    ledger = small_ledger(2)
    for number in range(3 * pack.PART - 500):
        ledger.add(f"FW-{number % 40:06}", **({"scope": f"text {number}"} if number % 9 == 0 else {}))
    return ledger


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARED_FROM", 2)


def both(ledger: Ledger, packed: bytes, folder: Path) -> module.Report:
    """The report of two cores, which must be that of one."""
    file = folder / "pack"
    file.write_bytes(packed)
    key = str(ledger.signer.key)
    alone = verify(io.BytesIO(packed), key=key)
    assert verify(file, key=key, begin=begin) == alone
    return alone


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("scope", [pack.Scope("all"), pack.Scope("app", "field-radar"), pack.Scope("since", "", 0)])
def test_two_cores_find_what_one_finds(long: Ledger, tmp_path: Path, scope: pack.Scope) -> None:
    """An honest pack passes, with every entry counted."""
    report = both(long, long.pack(scope=scope), tmp_path)
    assert report.ok
    assert report.entries == len(long.entries)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_what_is_wrong_in_either_share_is_named_alike(long: Ledger, tmp_path: Path, part: int, kind: int) -> None:
    """Entries, hashes and texts, in the first share or in the other: the very same words."""
    name = pack.part_names(part)[kind]
    spoilt = change(long.pack(), name, lambda content: content[:700] + bytes([content[700] ^ 1]) + content[701:])
    report = both(long, spoilt, tmp_path)
    assert report.problems


@pytest.mark.usefixtures("shared")
def test_a_gap_between_the_shares_is_seen(long: Ledger, tmp_path: Path) -> None:
    """A number left out just where the second share begins."""
    ledger = small_ledger(2)
    for number in range(2 * pack.PART):
        ledger.add("FW-AAAAAA", number=number + 2 + (number >= pack.PART))
    assert any("has a gap" in fault.what for fault in both(ledger, ledger.pack(), tmp_path).problems)
