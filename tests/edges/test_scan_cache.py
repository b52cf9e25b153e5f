"""What is kept between scans."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import msgspec
import pytest

from forgeward.edges.scan_cache import ScanCache
from forgeward.edges.scan_store import Store, default_folder, scanner_version
from forgeward.edges.scanning import scan_folders
from forgeward.prevent.findings import Report
from forgeward.prevent.rules import all_rules
from forgeward.prevent.syntax.lower import lower
from tests.prevent import apps

TODAY = date(2026, 11, 23)
APP = """\
-- src/index.js --
import Resolver from '@forge/resolver';
import { run } from './run';
const resolver = new Resolver();
resolver.define('run', ({ payload }) => run(payload.formula));
export const handler = resolver.getDefinitions();
-- src/run.js --
export const run = (formula) => eval(formula);
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    for name, data in apps.files(APP).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def scan(root: Path, cache: ScanCache | None) -> Report:
    return scan_folders([root], all_rules(), TODAY, cache=cache)


def entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*/*") if p.is_file())


def test_findings_are_the_same_with_and_without(app: Path, tmp_path: Path) -> None:
    """Cold, warm and after a change of one file the report is that of a scan without cache."""
    folder = tmp_path / "cache"
    plain = msgspec.json.encode(scan(app, None))
    assert msgspec.json.encode(scan(app, ScanCache(Store(folder)))) == plain
    assert msgspec.json.encode(scan(app, ScanCache(Store(folder)))) == plain
    with (app / "src/run.js").open("a") as file:
        file.write("export const other = () => 1;\n")
    cache = ScanCache(Store(folder))
    assert msgspec.json.encode(scan(app, cache)) == msgspec.json.encode(scan(app, None))
    assert (cache.hits, cache.misses) == (1, 1)


def test_lowered_files_come_back_whole(tmp_path: Path) -> None:
    """A module that was kept equals one that is made again, and takes its own path and text."""
    cache = ScanCache(Store(tmp_path))
    source = b"class A { m<T>(a: B) { return this.x?.[a] ?? container.get<T>(`a${1}`); } }\nconst = 1;\n"
    made = lower("a.ts", source)
    cache.keep({"a.ts": made})
    back = cache.modules(["b/c.ts"], {"b/c.ts": source})["b/c.ts"]
    back.path = "a.ts"
    assert msgspec.structs.asdict(back) == msgspec.structs.asdict(made)
    assert cache.modules(["a.js"], {"a.js": source}) == {}  # another grammar


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"cut", None])
def test_damaged_entries_are_ignored_and_written_again(app: Path, tmp_path: Path, damage: bytes | None) -> None:
    """Emptied, cut or changed in one bit: the scan is right, and the entry too afterwards."""
    folder = tmp_path / "cache"
    plain = scan(app, ScanCache(Store(folder)))
    whole = {place: place.read_bytes() for place in entries(folder)}
    assert whole
    for place, data in whole.items():
        changed = bytearray(data)
        changed[-1] ^= 1
        place.write_bytes(bytes(changed) if damage is None else damage if damage != b"cut" else data[: len(data) // 2])
    assert scan(app, ScanCache(Store(folder))) == plain
    assert {place: place.read_bytes() for place in entries(folder)} == whole


def test_entry_of_another_shape_is_ignored(app: Path, tmp_path: Path) -> None:
    """Something that is whole but no module, or no result, counts as missing."""
    cache = ScanCache(Store(tmp_path / "cache"))
    plain = scan(app, cache)
    for place in entries(tmp_path / "cache"):
        cache.store.write(place.name, msgspec.msgpack.encode({"x": 1}))
    assert scan(app, ScanCache(Store(tmp_path / "cache"))) == plain


def _scan_often(root: Path, folder: Path) -> bytes:
    return msgspec.json.encode([scan(root, ScanCache(Store(folder))) for _ in range(5)])


def test_scans_may_run_at_once(app: Path, tmp_path: Path) -> None:
    """Four processes on one empty folder give the same report, and leave no half-written file."""
    folder = tmp_path / "cache"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        told = list(pool.map(_scan_often, [app] * 4, [folder] * 4))
    assert len(set(told)) == 1
    assert {len(p.suffix) for p in entries(folder)} == {0}


def test_folder_that_cannot_be_written_stops_nothing(app: Path, tmp_path: Path) -> None:
    """Where the folder is a file, there is simply no cache."""
    (tmp_path / "cache").write_text("not a folder")
    assert scan(app, ScanCache(Store(tmp_path / "cache"))) == scan(app, None)


def test_old_entries_are_removed_once_a_day(tmp_path: Path) -> None:
    """What is older than a month goes; the next day's call looks again, an earlier one does not."""
    cache = ScanCache(Store(tmp_path))
    cache.store.write("m1", b"old")
    cache.store.write("m2", b"new")
    now = time.time()
    os.utime(tmp_path / "m1" / "m1", (now - 40 * 86_400,) * 2)
    assert cache.store.prune(now) == 1
    assert [p.name for p in entries(tmp_path)] == ["m2"]
    os.utime(tmp_path / "m2" / "m2", (now - 40 * 86_400,) * 2)
    assert cache.store.prune(now + 60) == 0
    assert cache.store.prune(now + 90_000) == 1


def test_folder_follows_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME counts where it is absolute; the version is the same within a process."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/tmp/c")
    assert default_folder() == Path("/var/tmp/c/forgeward/scan")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path.home() / ".cache/forgeward/scan"
    assert scanner_version() == scanner_version()
