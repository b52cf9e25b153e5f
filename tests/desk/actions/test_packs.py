"""Packs hold what they say, verify offline, show no text, and take their place only when they are whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from forgeward.desk.actions import packs
from forgeward.desk.actions.packs import Packed
from forgeward.desk.models import Entry
from forgeward.desk.programme import vault
from forgeward.errors import HomeUnusable, NotFound
from forgeward.ledger.verify import verify
from tests.desk.policy_texts import adopt, changed
from tests.desk.web.house import NOW, House
from tests.desk.web.story import fixing, opened, step

HOUR = timedelta(hours=1)


def _pack(out: Path, case: str = "", since: datetime | None = None) -> Packed:
    return packs.write_pack(out, case, since, NOW + HOUR, lambda _done: None)


def _verifies(packed: Packed) -> int:
    """Verifies with the home's key; returns how many entries were."""
    report = verify(packed.file, key=str(vault().keys.verifier_key))
    assert report.ok, report.problems
    assert report.entries == packed.entries
    return report.entries


def test_a_pack_of_all_holds_every_entry(house: House, tmp_path: Path) -> None:
    fixing(house)
    opened(house.ines)
    assert _verifies(_pack(tmp_path / "all.pack")) == Entry.objects.count()


def test_a_pack_of_a_case_holds_its_entries_and_the_policies_in_force(house: House, tmp_path: Path) -> None:
    """Nothing of other cases or of people; each adopted policy with its text, since clocks followed it."""
    number, _ = fixing(house), opened(house.ines)
    adopt(changed(2), house.ines.actor(), NOW)
    packed = _pack(tmp_path / "case.pack", number)
    assert _verifies(packed) == Entry.objects.filter(case__number=number).count() + 2
    content = packed.file.read_bytes()
    for secret in (b"Noor", b"noor@example.net", b"asApp", b"site dev-42"):
        assert secret not in content


def test_a_pack_since_an_instant_begins_there(house: House, tmp_path: Path) -> None:
    """And names what is earlier only where a policy in force was adopted then."""
    opened(house.ines)
    later = opened(house.ines, NOW + HOUR)
    packed = _pack(tmp_path / "since.pack", since=NOW + HOUR)
    assert _verifies(packed) == 2
    assert Entry.objects.get(case__number=later).at == NOW + HOUR


def test_what_is_asked_for_and_is_not_there_is_said(house: House, tmp_path: Path) -> None:
    """No file is left behind, and an older one stays."""
    opened(house.ines)
    out = tmp_path / "x.pack"
    out.write_bytes(b"older")
    with pytest.raises(NotFound, match="FW-222222"):
        _pack(out, "FW-222222")
    with pytest.raises(NotFound, match="Nothing happened since"):
        _pack(out, since=NOW + timedelta(days=400))
    assert [p.name for p in tmp_path.iterdir()] == ["x.pack"]
    assert out.read_bytes() == b"older"


def test_a_pack_that_ends_halfway_leaves_the_older_one(house: House, tmp_path: Path) -> None:
    """It is written beside its place and moved there when it is whole."""
    opened(house.ines)
    out = tmp_path / "x.pack"
    out.write_bytes(b"older")

    def full(_done: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(HomeUnusable, match="disk is full"):
        packs.write_pack(out, "", None, NOW, full)
    assert [p.name for p in tmp_path.iterdir()] == ["x.pack"]
    assert out.read_bytes() == b"older"


def test_a_folder_that_is_not_there_is_a_sentence(house: House, tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable, match="nowhere"):
        _pack(tmp_path / "nowhere" / "x.pack")


def test_a_later_pack_extends_an_earlier_checkpoint(house: House, tmp_path: Path) -> None:
    """Whoever holds the older checkpoint sees that nothing it covers was rewritten."""
    number = opened(house.ines)
    first = _pack(tmp_path / "one.pack")
    step(number, "note", house.ines, text="More")
    second = _pack(tmp_path / "two.pack")
    report = verify(second.file, key=str(vault().keys.verifier_key), since=first.checkpoint.note)
    assert report.ok
    assert second.checkpoint.size == first.checkpoint.size + 1
