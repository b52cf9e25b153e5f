"""Keeps lowered files, and the findings of unchanged apps, between scans.

Each entry lies under the hash of what it was made from and of the scanner's own files, so nothing old is ever read. It
begins with a hash of itself: a damaged one is ignored and written again. Entries are written beside and moved into
place, so that scans may run at once. What was not used for a month is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
import tree_sitter_javascript
import tree_sitter_typescript

import forgeward.prevent
from forgeward.prevent.project import App, Project
from forgeward.prevent.scan import AppResult
from forgeward.prevent.syntax.ir import Module

_HEAD = 16  # bytes of the hash in front of each entry
_MONTH, _DAY = 30 * 86_400, 86_400  # seconds
_MODULES = msgspec.msgpack.Decoder(Module)
_RESULTS = msgspec.msgpack.Decoder(AppResult)
_ENCODER = msgspec.msgpack.Encoder()


def default_folder() -> Path:
    """``forgeward/scan`` in the user's folder for caches (XDG Base Directory 0.8)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "forgeward" / "scan"


@cache
def scanner_version() -> bytes:
    """A hash over the scanner's own files as they lie on the disk, and over the grammars."""
    made = hashlib.blake2b(digest_size=16)
    root = Path(forgeward.prevent.__file__).parent
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".py", ".json")):
                facts = Path(folder, name).stat()
                made.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for grammar in (tree_sitter_javascript, tree_sitter_typescript):
        made.update(str(Path(str(grammar.__file__)).stat().st_mtime_ns).encode())
    return made.digest()


class ScanCache:
    """One folder of entries. Every failure of the disk means no cache, never no scan."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.hits = self.misses = 0

    # Lowered files

    def modules(self, paths: Sequence[str], files: Mapping[str, bytes]) -> dict[str, Module]:
        """The lowered files that are known, by path."""
        found = {}
        for path in paths:
            data = self._read(self._key(path, files[path]))
            if data is None:
                continue
            with contextlib.suppress(msgspec.MsgspecError):
                module = _MODULES.decode(data)
                module.path, module.source = path, files[path]
                found[path] = module
        self.hits += len(found)
        self.misses += len(paths) - len(found)
        return found

    def keep(self, modules: Mapping[str, Module]) -> None:
        """Writes lowered files; their text is not kept with them."""
        for path, module in modules.items():
            lines, module._lines = module._lines, None
            source, module.source, module.path = module.source, b"", ""
            data = _ENCODER.encode(module)
            module.source, module.path, module._lines = source, path, lines
            self._write(self._key(path, source), data)

    def _key(self, path: str, data: bytes) -> str:
        suffix = path.rpartition(".")[2]  # the extension chooses the grammar
        made = hashlib.blake2b(data, digest_size=20, key=scanner_version(), person=suffix.encode()[:16])
        return f"m{made.hexdigest()}"

    # Findings of apps

    def result(self, key: str) -> AppResult | None:
        """What an unchanged app gave."""
        data = self._read(key)
        if data is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return _RESULTS.decode(data)
        return None

    def keep_result(self, key: str, result: AppResult) -> None:
        self._write(key, _ENCODER.encode(result))

    def app_key(self, project: Project, app: App, rules: Sequence[str]) -> str:
        """Everything that the findings of an app depend on."""
        made = hashlib.blake2b(digest_size=20, key=scanner_version())
        for part in (app.root, *rules):
            made.update(part.encode() + b"\0")
        shared = [p.path for p in project.packages.values()]
        shared += [f"{folder}/tsconfig.json".lstrip("/") for folder in project.tsconfigs]
        for path in sorted({*app.paths, *shared}):
            data = project.files.get(path, b"")
            made.update(f"{path}\0{len(data)}\0".encode())
            made.update(data)
        return f"a{made.hexdigest()}"

    # The folder

    def _read(self, key: str) -> bytes | None:
        place = self._folder / key[:3] / key
        try:
            data = place.read_bytes()
        except OSError:
            return None
        body = data[_HEAD:]
        if hashlib.blake2b(body, digest_size=_HEAD).digest() != data[:_HEAD]:
            return None
        return body

    def _write(self, key: str, body: bytes) -> None:
        place = self._folder / key[:3] / key
        beside = place.with_name(f"{key}.{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_bytes(hashlib.blake2b(body, digest_size=_HEAD).digest() + body)
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
