"""Several processes on one home: nothing is lost, nothing doubled, and history stays without a gap."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programme import LEAD, Programme, address, found

pytestmark = [pytest.mark.slow, pytest.mark.journey]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    return found(tmp_path_factory.mktemp("processes") / "home")


@pytest.fixture
def programme(request: pytest.FixtureRequest, tmp_path: Path) -> Programme:
    """A copy of one home, or a home of its own where the data lie on a server."""
    if os.environ.get("FORGEWARD_TEST_DATABASE"):
        return found(tmp_path / "home")
    founded: Programme = request.getfixturevalue("founded")
    return Programme(Path(shutil.copytree(founded.folder, tmp_path / "home")))


def begin(programme: Programme, deed: str, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.desk.deeds", str(programme.folder), deed, *words]
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    environment |= programme.environment
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def ended(process: subprocess.Popen[bytes]) -> Any:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def verified(programme: Programme, folder: Path) -> int:
    """Packs everything, verifies it with the vendor's key, audits; returns the number of entries."""
    pack, key = folder / "all.pack", folder / "vendor.key"
    programme.do("ledger", "pack", "--out", str(pack))
    key.write_text(programme.run("ledger", "key").out)
    found = programme.do("ledger", "verify", str(pack), "--key", str(key))
    assert found["ok"]
    audit = programme.run("audit", "--json")
    assert audit.json["problems"] == []
    entries: int = found["entries"]
    return entries


def test_four_processes_write_on_one_case(programme: Programme, tmp_path: Path) -> None:
    """100 notes of four people at once: all are there, numbered without a gap, and the ledger proves them."""
    number = programme.do("case", "open", "--title", "Errors", "--text", "More than usual")["id"]
    people = ("ines", "tomasz", "hannah", "dele")
    writers = [begin(programme, "note", number, address(who), "25", who) for who in people]
    assert [ended(writer) for writer in writers] == [0, 0, 0, 0]
    timeline = programme.case(number)["timeline"]
    assert [item["seq"] for item in timeline] == list(range(1, 102))
    assert [item["at"] for item in timeline] == sorted(item["at"] for item in timeline)
    assert sorted(item["actor"] for item in timeline[1:]) == sorted(
        name for name in ("Ines Okafor", "Tomasz Bielak", "Hannah Lindqvist", "Dele Adeyemi") for _ in range(25)
    )
    assert verified(programme, tmp_path) == programme.rows("SELECT count(*) FROM desk_entry")[0][0]


def test_two_sequencers_give_each_entry_one_place(programme: Programme, tmp_path: Path) -> None:
    """Both work while cases are opened: together they number what is there, no place is given twice or left out."""
    opening = [begin(programme, "open_some", LEAD, "150") for _ in range(2)]
    placed = 0
    while any(process.poll() is None for process in opening):
        placed += sum(ended(process) for process in [begin(programme, "number") for _ in range(2)])
    cases = [number for process in opening for number in ended(process)]
    placed += sum(ended(process) for process in [begin(programme, "number") for _ in range(2)])
    assert len(set(cases)) == 300
    total = programme.rows("SELECT count(*) FROM desk_entry")[0][0]
    assert placed == total
    places = programme.rows('SELECT "index", entry_id FROM desk_leaf ORDER BY "index"')
    assert [place for place, _ in places] == list(range(total))
    assert len({entry for _, entry in places}) == total
    assert verified(programme, tmp_path) == total


def test_an_audit_sees_one_moment_while_others_write(programme: Programme) -> None:
    """Rows that change while they are compared are no difference."""
    number = programme.do("case", "open", "--title", "Errors", "--text", "More than usual")["id"]
    writers = [begin(programme, "note", number, address(who), "150", who) for who in ("ines", "tomasz")]
    auditor = begin(programme, "audit", "8")
    assert ended(auditor) == []
    for writer in writers:
        ended(writer)


def test_merging_the_same_case_twice_at_once_happens_once(programme: Programme, tmp_path: Path) -> None:
    """Two people merge one duplicate into two older cases: one is done, the other is told that it is closed."""
    older = [programme.do("case", "open", "--title", "Errors", "--text", "One")["id"] for _ in range(2)]
    newer = programme.do("case", "open", "--title", "Errors", "--text", "Two")["id"]
    merging = [begin(programme, "merge", newer, into, LEAD) for into in older]
    assert sorted(ended(process) for process in merging) == ["done", "step_refused"]
    absorbed = [item["change"] for into in older for item in programme.case(into)["timeline"]]
    assert absorbed.count("case:absorbed") == 1
    verified(programme, tmp_path)
