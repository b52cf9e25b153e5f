"""A folder of entries that outlive a scan: whole reports of unchanged folders, and what ``scan_cache`` keeps.

Each entry lies under the hash of what it was made from and of the scanner's own files, so nothing old is ever read. It
begins with a hash of itself: a damaged one is ignored and written again. Entries are written beside and moved into
place, so that scans may run at once. What was not written for a month is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

import forgeward.prevent
from forgeward.prevent.findings import Report
from forgeward.prevent.wanted import NotScanned

_HEAD = 16  # bytes of the hash in front of each entry
_MONTH, _DAY = 30 * 86_400, 86_400  # seconds


def default_folder() -> Path:
    """``forgeward/scan`` in the user's folder for caches (XDG Base Directory 0.8)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "forgeward" / "scan"


@cache
def scanner_version() -> bytes:
    """A hash over the scanner's own files as they lie on the disk, and over the grammars."""
    made = hashlib.blake2b(digest_size=16)
    waiting = [str(Path(forgeward.prevent.__file__).parent)]
    while waiting:
        for entry in sorted(os.scandir(waiting.pop()), key=lambda e: e.name):
            if entry.is_dir():
                waiting.append(entry.path)
            elif entry.name.endswith((".py", ".json")):
                facts = entry.stat()
                made.update(f"{entry.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for grammar in ("tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript"):
        found = find_spec(grammar)
        if found is not None and found.origin:
            made.update(str(Path(found.origin).stat().st_mtime_ns).encode())
    return made.digest()


class Store:
    """One folder. Every failure of the disk means no entry, never no scan."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # Reports

    def report_key(self, files: Mapping[str, bytes], left_out: Sequence[NotScanned], facts: Sequence[str]) -> str:
        """Everything that a report depends on: all files, what was not read, and ``facts`` about the call."""
        made = hashlib.blake2b(digest_size=20, key=scanner_version())
        for fact in facts:
            made.update(fact.encode() + b"\0")
        for missed in left_out:
            made.update(f"{missed.path}\0{missed.reason}\0".encode())
        for path, data in files.items():
            made.update(f"{path}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
            made.update(data)
        return f"r{made.hexdigest()}"

    def report(self, key: str) -> Report | None:
        """The report of an unchanged folder."""
        data = self.read(key)
        if data is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return msgspec.msgpack.decode(data, type=Report)
        return None

    def keep_report(self, key: str, report: Report) -> None:
        self.write(key, msgspec.msgpack.encode(report))

    # Entries

    def read(self, key: str) -> bytes | None:
        """An entry that is whole, or None."""
        try:
            data = (self._folder / key[:3] / key).read_bytes()
        except OSError:
            return None
        body = data[_HEAD:]
        return body if hashlib.blake2b(body, digest_size=_HEAD).digest() == data[:_HEAD] else None

    def write(self, key: str, body: bytes) -> None:
        """Writes an entry beside its place and moves it there."""
        place = self._folder / key[:3] / key
        beside = place.with_name(f"{key}.{os.getpid()}")
        try:
            whole = hashlib.blake2b(body, digest_size=_HEAD).digest() + body
            try:
                beside.write_bytes(whole)
            except FileNotFoundError:  # the first of its folder
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                beside.write_bytes(whole)
            beside.replace(place)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def prune(self, now: float | None = None) -> int:
        """Removes what nobody wrote or used for a month, at most once a day; how many entries."""
        now = time.time() if now is None else now
        mark = self._folder / "pruned"
        removed = 0
        try:
            if mark.exists() and now - mark.stat().st_mtime < _DAY:
                return 0
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            mark.touch()
            os.utime(mark, (now, now))
            for place in self._folder.glob("*/*"):
                if now - place.stat().st_mtime > _MONTH:
                    place.unlink(missing_ok=True)
                    removed += 1
        except OSError:
            return removed
        return removed
