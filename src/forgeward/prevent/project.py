"""What lies in a folder: the apps, the files of each, what was left out and why.

The folder is read at the edges; here are only paths (relative, with ``/``) and bytes.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from forgeward.prevent import manifest as manifests
from forgeward.prevent.manifest import Manifest
from forgeward.prevent.wanted import (
    LOCKFILES,
    MANIFESTS,
    MAX_LINE,
    NotScanned,
    is_ci,
    is_code,
    is_test,
)
from forgeward.prevent.yaml_lines import NotYaml

__all__ = ["LOCKFILES", "App", "NotScanned", "Package", "Project", "assemble", "is_ci", "is_code", "is_test"]


class Package(msgspec.Struct, frozen=True):
    """A package.json: its folder, name, scripts with lines, and what it depends on."""

    folder: str
    name: str
    text: str
    data: Mapping[str, Any]

    @property
    def path(self) -> str:
        return posixpath.join(self.folder, "package.json")

    def section(self, name: str) -> dict[str, str]:
        """A mapping of strings, like ``scripts``; empty where it is something else."""
        found = self.data.get(name)
        return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}

    def line_of(self, key: str) -> int:
        """The line on which a key first stands; 1 where it is not found."""
        at = self.text.find(f'"{key}"')
        return self.text.count("\n", 0, at) + 1 if at >= 0 else 1


class App(msgspec.Struct):
    """One manifest and everything below its folder that belongs to no app further down."""

    root: str
    manifest: Manifest
    paths: list[str] = []

    @property
    def path(self) -> str:
        return self.root or "."


class Project(msgspec.Struct):
    """All files of one call. ``base`` files lie outside of every app; they are looked at once."""

    files: dict[str, bytes]
    apps: list[App] = []
    base: list[str] = []
    packages: dict[str, Package] = {}
    tsconfigs: dict[str, Mapping[str, Any]] = {}
    not_scanned: list[NotScanned] = []

    def text(self, path: str) -> str:
        return self.files[path].decode("utf-8", "replace")


def assemble(files: Mapping[str, bytes], left_out: Iterable[NotScanned] = ()) -> Project:
    """Finds the apps among files, and says what cannot be looked at."""
    project = Project(dict(sorted(files.items())), not_scanned=list(left_out))
    for path, data in project.files.items():
        name = posixpath.basename(path)
        if name == "package.json":
            _package(project, path)
        elif name in {"tsconfig.json", "jsconfig.json"}:
            _tsconfig(project, path)
        if is_code(path) and (why := _unreadable(data)):
            project.not_scanned.append(NotScanned(path, why))
    dropped = {n.path for n in project.not_scanned}
    for path in project.files:
        if posixpath.basename(path) in MANIFESTS and path not in dropped:
            _app(project, path)
    _share_out(project)
    return project


def _unreadable(data: bytes) -> str:
    if b"\0" in data[:4096]:
        return "binary, not text"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start}"
    if len(data) > MAX_LINE and max(map(len, data.splitlines()), default=0) > MAX_LINE:
        return "made by a bundler (a line of more than 20,000 characters)"
    return ""


def _app(project: Project, path: str) -> None:
    try:
        manifest = manifests.load(path, project.text(path))
    except NotYaml as problem:
        project.not_scanned.append(NotScanned(path, f"line {problem.line}: {problem}"))
        return
    if manifest.tree.get("app") is None and manifest.tree.get("modules") is None:
        return  # some other program's manifest
    project.apps.append(App(posixpath.dirname(path), manifest))


def _share_out(project: Project) -> None:
    roots = sorted((a.root for a in project.apps), key=len, reverse=True)
    owner = {a.root: a for a in project.apps}
    dropped = {n.path for n in project.not_scanned}
    for path in project.files:
        if path in dropped:
            continue
        home = next((r for r in roots if not r or path.startswith(r + "/")), None)
        if home is not None:
            owner[home].paths.append(path)
        elif len(project.apps) == 1:
            project.apps[0].paths.append(path)  # code beside the app's folder, like a front end's, is the app's
        else:
            project.base.append(path)


def relaxed_json(text: str) -> Any:
    """JSON with comments and trailing commas, as tsconfig files have it; None where it is not even that."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    kept = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda m: m.group(1) or "", text, flags=re.DOTALL)
    try:
        return json.loads(re.sub(r",(\s*[}\]])", r"\1", kept))
    except (ValueError, RecursionError):
        return None


def _package(project: Project, path: str) -> None:
    try:
        data = relaxed_json(project.text(path))
    except RecursionError:
        data = None
    if not isinstance(data, dict):
        project.not_scanned.append(NotScanned(path, "not a JSON object"))
        return
    folder = posixpath.dirname(path)
    project.packages[folder] = Package(folder, str(data.get("name") or ""), project.text(path), data)


def _tsconfig(project: Project, path: str) -> None:
    data = relaxed_json(project.text(path))
    if isinstance(data, dict) and isinstance(data.get("compilerOptions"), dict):
        project.tsconfigs[posixpath.dirname(path)] = data["compilerOptions"]
