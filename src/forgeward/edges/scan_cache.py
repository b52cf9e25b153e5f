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
