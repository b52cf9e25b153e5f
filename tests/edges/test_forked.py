"""A second process for a large app."""

from __future__ import annotations

import os
import threading
from datetime import date
from pathlib import Path

import msgspec
import pytest
from bench.scan import make

from forgeward.edges import scanning
from forgeward.edges.forked import Forked, cores
from forgeward.edges.scan_cache import ScanCache
from forgeward.edges.scan_store import Store
from forgeward.prevent.project import assemble
from forgeward.prevent.rules import all_rules
from forgeward.prevent.scan import scan

TODAY = date(2026, 11, 23)


def test_the_child_sends_what_it_made() -> None:
    """More bytes than a pipe holds come back whole, and the work did not run here."""
    here = os.getpid()
    child = Forked(lambda: str(os.getpid()).encode() + b"x" * 300_000)
    data = child.result()
    assert data is not None
    assert data.endswith(b"x" * 300_000)
    assert not data.startswith(str(here).encode())


def _fails() -> bytes:
    raise MemoryError


def _dies() -> bytes:
    os.kill(os.getpid(), 9)
    return b"never"


@pytest.mark.parametrize("work", [_fails, _dies])
def test_a_child_that_came_to_no_end_gives_nothing(work: object) -> None:
    """An error or a kill is told as None, so that the caller does the work itself."""
    assert Forked(work).result() is None  # type: ignore[arg-type]


def test_no_fork_beside_other_threads() -> None:
    """A fork copies locks that other threads hold: one core is said then."""
    gone = threading.Event()
    other = threading.Thread(target=gone.wait)
    other.start()
    try:
        assert cores() == 1
    finally:
        gone.set()
        other.join()


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    """The report of a large app is the same, byte for byte, in one process, in two, and from what those kept."""
    assert make(tmp_path / "app") > 10_000
    (tmp_path / "app/src/bad.ts").write_text("export const run = (formula: string) => eval(formula);\n")
    files, left_out = scanning.read_trees([tmp_path / "app"])
    plain = msgspec.json.encode(scan(assemble(files, left_out), all_rules(), TODAY))
    cache = ScanCache(Store(tmp_path / "cache"))
    two = msgspec.json.encode(scanning.scan_folders([tmp_path / "app"], all_rules(), TODAY, cache=cache))
    again = msgspec.json.encode(scanning.scan_folders([tmp_path / "app"], all_rules(), TODAY, cache=cache))
    assert two == plain
    assert again == plain
    (tmp_path / "app/src/bad.ts").write_text("export const run = (formula: string) => formula;\n")
    files, left_out = scanning.read_trees([tmp_path / "app"])
    plain = msgspec.json.encode(scan(assemble(files, left_out), all_rules(), TODAY))
    changed = msgspec.json.encode(scanning.scan_folders([tmp_path / "app"], all_rules(), TODAY, cache=cache))
    assert changed == plain
