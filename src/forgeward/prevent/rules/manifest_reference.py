"""The manifest names something that does not exist."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import handler_module
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line
from forgeward.prevent.wanted import SKIPPED_FOLDERS


def check(analysis: Analysis) -> Iterator[Hit]:
    """Functions, handlers and resources that are named but not there; keys and scopes that stand twice."""
    yield from _functions(analysis)
    yield from _resources(analysis)
    yield from _twice(analysis)


def _functions(analysis: Analysis) -> Iterator[Hit]:
    manifest = analysis.manifest
    for ref in manifest.refs:
        if ref.function not in manifest.functions and "endpoint" not in ref.role:
            message = f"{ref.module_type} {ref.module_key} names the function “{ref.function}”, which is not defined."
            yield Hit(manifest_line(analysis, ref.line), message, HIGH, subject=(ref.module_key, ref.function))
    for function in manifest.functions.values():
        path, name = handler_module(function.handler, analysis.app.root, analysis.linker.by_path)
        if not path:
            if any(m.path.startswith(analysis.app.root) for m in analysis.modules):
                message = f"The file of the handler “{function.handler}” was not found."
                yield Hit(manifest_line(analysis, function.line), message, HIGH, subject=(function.key,))
        elif not analysis.linker.exported(analysis.linker.by_path[path], name) and not _exports_all(analysis, path):
            message = f"{path} does not export “{name}”, the handler of “{function.key}”."
            yield Hit(manifest_line(analysis, function.line), message, HIGH, subject=(function.key,))


def _exports_all(analysis: Analysis, path: str) -> bool:
    """The file hands on what a package exports, or could not be read whole: its exports are not known."""
    module = analysis.linker.by_path[path]
    mod = analysis.modules[module]
    return bool(mod.broken) or any(analysis.linker.target(module, spec) < 0 for _, spec, _ in mod.reexports)


def _resources(analysis: Analysis) -> Iterator[Hit]:
    manifest = analysis.manifest
    for kind, key, line in manifest.resource_refs:
        if key not in manifest.resources and ":" not in key:
            message = f"A {kind} names the resource “{key}”, which is not defined."
            yield Hit(manifest_line(analysis, line), message, HIGH, subject=(kind, key))
    for resource in manifest.resources.values():
        path = posixpath.normpath(posixpath.join(analysis.app.root, resource.path))
        is_source = posixpath.splitext(path)[1] in {".js", ".jsx", ".ts", ".tsx"}
        if is_source and path not in analysis.project.files and not set(path.split("/")) & SKIPPED_FOLDERS:
            message = f"The file of the resource “{resource.key}”, {resource.path}, was not found."
            yield Hit(manifest_line(analysis, resource.line), message, HIGH, subject=(resource.key,))


def _twice(analysis: Analysis) -> Iterator[Hit]:
    manifest = analysis.manifest
    seen: dict[tuple[str, str], int] = {}
    for kind, key, line in manifest.keys:
        if key and (kind, key) in seen:
            message = f"The key “{key}” stands twice under {kind}, first on line {seen[(kind, key)]}."
            yield Hit(manifest_line(analysis, line), message, HIGH, subject=(kind, key))
        seen.setdefault((kind, key), line)
    first: dict[str, int] = {}
    for scope in manifest.scopes:
        if scope.name in first:
            message = f"The scope {scope.name} stands twice, first on line {first[scope.name]}."
            yield Hit(manifest_line(analysis, scope.line), message, HIGH, subject=(scope.name,))
        first.setdefault(scope.name, scope.line)
    for line, what in manifest.problems:
        yield Hit(manifest_line(analysis, line), f"{what} in the same mapping: only the last counts.", HIGH)


RULE = Rule(
    id="manifest-reference",
    category="manifest",
    title="Manifest names what is not there",
    severity=Grade.LOW,
    cwe=("CWE-1164",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    promises=("S-1", "TC-12"),
    requirement="A consistent manifest.",
    why="The module fails when somebody opens it, or a repeated line hides which of two values is in force.",
    fix="Define what is named, or remove the name.",
    example="""\
modules:
  function:
    - key: resolver
      handler: index.handler   # src/index.js exports handler
""",
    links=("https://developer.atlassian.com/platform/forge/manifest/",),
    check=check,
)
