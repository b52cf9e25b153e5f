"""Which file an import means: relative paths, tsconfig paths, workspaces; anything else is a package from outside."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from forgeward.prevent.syntax.kinds import SUFFIXES

_SWAPPED = {".js": (".ts", ".tsx", ".js"), ".jsx": (".tsx", ".jsx"), ".mjs": (".mts", ".mjs"), ".cjs": (".cts", ".cjs")}
_MAINS = ("source", "module", "main")


class Resolver:
    """Answers for one app. ``paths`` are all code files, ``packages`` folder → package.json, ``tsconfigs`` likewise."""

    def __init__(
        self,
        paths: Iterable[str],
        packages: Mapping[str, Mapping[str, Any]],
        tsconfigs: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._paths = frozenset(paths)
        self._names = {str(data["name"]): folder for folder, data in packages.items() if data.get("name")}
        self._packages = packages
        self._tsconfigs = tsconfigs
        self._known: dict[tuple[str, str], str] = {}

    def resolve(self, importer: str, spec: str) -> str:
        """The path of the file, or empty when it lies outside of the app."""
        key = (posixpath.dirname(importer), spec)
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, folder: str, spec: str) -> str:
        if spec.startswith("."):
            return self.file(posixpath.normpath(posixpath.join(folder, spec)))
        return self._alias(folder, spec) or self._workspace(spec)

    def file(self, path: str) -> str:
        """The file that a path without or with extension, or of a folder, means; empty for none."""
        path = "" if path == "." else path
        stem, suffix = posixpath.splitext(path)
        tried = [stem + s for s in _SWAPPED.get(suffix, ())]
        tried += [path, *(path + s for s in SUFFIXES), *(posixpath.join(path, "index" + s) for s in SUFFIXES)]
        return next((p for p in tried if p in self._paths), "")

    def _alias(self, folder: str, spec: str) -> str:
        at: str | None = folder
        while at is not None:
            options = self._tsconfigs.get(at)
            if options is not None and (found := self._by_options(at, options, spec)):
                return found
            at = posixpath.dirname(at) if at else None
        return ""

    def _by_options(self, folder: str, options: Mapping[str, Any], spec: str) -> str:
        base = posixpath.join(folder, str(options.get("baseUrl") or "."))
        paths = options.get("paths")
        for pattern, targets in paths.items() if isinstance(paths, dict) else ():
            before, star, after = str(pattern).partition("*")
            if star and spec.startswith(before) and spec.endswith(after) and len(spec) >= len(before) + len(after):
                middle = spec[len(before) : len(spec) - len(after)]
            elif not star and spec == before:
                middle = ""
            else:
                continue
            for target in targets if isinstance(targets, list) else ():
                place = str(target).replace("*", middle, 1)
                if found := self.file(posixpath.normpath(posixpath.join(base, place))):
                    return found
        return self.file(posixpath.normpath(posixpath.join(base, spec))) if "baseUrl" in options else ""

    def _workspace(self, spec: str) -> str:
        parts = spec.split("/")
        name = "/".join(parts[:2]) if spec.startswith("@") else parts[0]
        folder = self._names.get(name)
        if folder is None:
            return ""
        below = spec[len(name) :].strip("/")
        if below:
            return self.file(posixpath.join(folder, below)) or self.file(posixpath.join(folder, "src", below))
        mains = [str(self._packages[folder][m]) for m in _MAINS if isinstance(self._packages[folder].get(m), str)]
        for main in [*mains, "src/index", "index"]:
            if found := self.file(posixpath.normpath(posixpath.join(folder, main))):
                return found
        return ""
