"""Keeps lowered files, and the findings of unchanged apps, between scans."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from forgeward.edges.scan_store import Store, scanner_version
from forgeward.prevent.project import App, Project
from forgeward.prevent.scan import AppResult
from forgeward.prevent.syntax.ir import Module

_MODULES = msgspec.msgpack.Decoder(Module)
_RESULTS = msgspec.msgpack.Decoder(AppResult)
_ENCODER = msgspec.msgpack.Encoder()


def packed(module: Module) -> bytes:
    """A lowered file for other processes; its path and text are not sent with it."""
    path, source, lines = module.path, module.source, module._lines
    module.path, module.source, module._lines = "", b"", None
    data = _ENCODER.encode(module)
    module.path, module.source, module._lines = path, source, lines
    return data


def unpacked(data: bytes, path: str, source: bytes) -> Module:
    """The lowered file again. Raises ``MsgspecError`` for what ``packed`` did not make."""
    module = _MODULES.decode(data)
    module.path, module.source = path, source
    return module


class ScanCache:
    """What the scanner itself keeps in a store; ``hits`` and ``misses`` count lowered files."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hits = self.misses = 0

    # Lowered files

    def modules(self, paths: Sequence[str], files: Mapping[str, bytes]) -> dict[str, Module]:
        """The lowered files that are known, by path."""
        found = {}
        for path in paths:
            data = self.store.read(self._key(path, files[path]))
            if data is None:
                continue
            with contextlib.suppress(msgspec.MsgspecError):
                found[path] = unpacked(data, path, files[path])
        self.hits += len(found)
        self.misses += len(paths) - len(found)
        return found

    def keep(self, modules: Mapping[str, Module]) -> None:
        """Writes lowered files; their text is not kept with them."""
        for path, module in modules.items():
            self.keep_packed(path, module.source, packed(module))

    def keep_packed(self, path: str, source: bytes, data: bytes) -> None:
        """Writes what ``packed`` made of a lowered file."""
        self.store.write(self._key(path, source), data)

    def _key(self, path: str, data: bytes) -> str:
        suffix = path.rpartition(".")[2]  # the extension chooses the grammar
        made = hashlib.blake2b(data, digest_size=20, key=scanner_version(), person=suffix.encode()[:16])
        return f"m{made.hexdigest()}"

    # Findings of apps

    def result(self, key: str) -> AppResult | None:
        """What an unchanged app gave."""
        data = self.store.read(key)
        if data is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return _RESULTS.decode(data)
        return None

    def keep_result(self, key: str, result: AppResult) -> None:
        self.store.write(key, _ENCODER.encode(result))

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
