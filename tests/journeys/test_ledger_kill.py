"""A hundred kills of eight writers and two sequencers: the ledger verifies, and what was acknowledged is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programme import Programme, found

pytestmark = [pytest.mark.journey, pytest.mark.slow]
KILLS = 100


def brood(programme: Programme, *words: str) -> Any:
    kept = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.brood", str(programme.folder), *words],
        capture_output=True,
        check=False,
        timeout=900,
        env={**kept, **programme.environment},
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout)


def test_a_hundred_kills_lose_no_entry(tmp_path: Path) -> None:
    """On either database. Each acknowledged entry is there once; no case has a gap; every entry has one place."""
    programme = found(tmp_path / "home", team=False)
    done = brood(programme, str(KILLS))
    assert done["writers"] + done["sequencers"] == KILLS
    assert done["writers"] >= 50
    assert done["sequencers"] >= 5
    programme.do("tick")
    there = brood(programme, "tally")
    entries = Counter(there["entries"])
    acknowledged = Counter(done["acknowledged"])
    assert max(acknowledged.values()) == 1, "one entry was given to two"
    assert acknowledged.keys() - entries.keys() == set(), "acknowledged, and lost"
    assert len(acknowledged) > KILLS
    unsaid = len(entries) - len(acknowledged)
    assert 0 <= unsaid <= done["begun"] + 12, "one for each process that died between its commit and its word"
    assert (there["pending"], there["leaves"]) == (0, list(range(there["all"])))
    _proves_itself(programme, tmp_path, there["all"])


def _proves_itself(programme: Programme, folder: Path, entries: int) -> None:
    assert programme.run("audit", "--json").json["problems"] == []
    pack, key = folder / "all.pack", folder / "vendor.key"
    programme.do("ledger", "pack", "--out", str(pack))
    key.write_text(programme.run("ledger", "key").out)
    verified = programme.do("ledger", "verify", str(pack), "--key", str(key))
    assert verified["ok"]
    assert verified["entries"] == entries
