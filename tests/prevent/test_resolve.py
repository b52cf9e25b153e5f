"""Which file an import means, and which functions a manifest opens."""

from __future__ import annotations

import pytest

from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.resolve import Resolver
from forgeward.prevent.scan import link
from tests.prevent import apps

PATHS = ["src/index.ts", "src/lib/index.js", "src/lib/a.tsx", "src/b.mjs", "packages/core/src/index.ts", "shared/x.js"]
RESOLVER = Resolver(
    PATHS,
    {"packages/core": {"name": "@own/core", "main": "dist/index.js"}},
    {"": {"baseUrl": ".", "paths": {"@/*": ["src/*"], "core": ["packages/core/src"]}}, "src": {"baseUrl": "../shared"}},
)


@pytest.mark.parametrize(
    ("importer", "spec", "path"),
    [
        ("src/index.ts", "./lib", "src/lib/index.js"),
        ("src/index.ts", "./lib/", "src/lib/index.js"),
        ("src/index.ts", "./lib/a", "src/lib/a.tsx"),
        ("src/index.ts", "./b.mjs", "src/b.mjs"),
        ("src/lib/a.tsx", "../index.js", "src/index.ts"),  # written for the build's output
        ("src/lib/a.tsx", "..", "src/index.ts"),
        ("other/c.js", "@/lib/a", "src/lib/a.tsx"),
        ("other/c.js", "core", "packages/core/src/index.ts"),
        ("src/index.ts", "x", "shared/x.js"),
        ("src/index.ts", "@own/core", "packages/core/src/index.ts"),
        ("src/index.ts", "@own/core/index", "packages/core/src/index.ts"),
        ("src/index.ts", "react", ""),
        ("src/index.ts", "./gone", ""),
        ("src/index.ts", "../../../etc/passwd", ""),
    ],
)
def test_import_means_a_file(importer: str, spec: str, path: str) -> None:
    """Relative, index, extension, tsconfig paths and base, workspaces; what is not there is from outside."""
    assert RESOLVER.resolve(importer, spec) == path


MANIFEST = """\
app: {id: x}
modules:
  jira:issuePanel: [{key: p, resolver: {function: f}}]
  jira:adminPage: [{key: a, resolver: {function: g}}]
  webtrigger: [{key: w, function: h}]
  trigger: [{key: t, function: i, events: [x]}]
  scheduledTrigger: [{key: s, function: j, interval: day}]
  action: [{key: c, function: k}]
  compass:dataProvider: [{key: d, function: l, callback: {function: i}}]
  function:
    - {key: f, handler: index.f}
    - {key: g, handler: index.g}
    - {key: h, handler: index.h}
    - {key: i, handler: index.h}
    - {key: j, handler: index.h}
    - {key: k, handler: index.h}
    - {key: l, handler: index.h}
    - {key: unused, handler: index.h}
"""
CODE = """\
import Resolver, { makeResolver } from '@forge/resolver';
const one = new Resolver();
const two = new Resolver();
const KEYS = { b: 'second' };
one.define('first', () => 1).define(KEYS.b, function () { return 2; });
const table = { third: () => 3, fourth: () => 4 };
for (const [key, run] of Object.entries(table)) two.define(key, run);
export const f = one.getDefinitions();
export const g = two.getDefinitions();
export const h = async () => 5;
"""


def test_manifest_opens_entries_with_their_doors() -> None:
    """Each resolver's keys belong to its own allocation; each function's door is that of the module that names it."""
    project = apps.project(f"-- manifest.yml --\n{MANIFEST}-- src/index.js --\n{CODE}")
    analysis, unread = link(project, project.apps[0])
    assert unread == []
    assert [(e.key, e.door, e.admin_only) for e in analysis.entries] == [
        ("first", Door.USER, False),
        ("second", Door.USER, False),
        ("third", Door.USER, True),
        ("fourth", Door.USER, True),
        ("h", Door.PUBLIC, False),
        ("i", Door.EVENT, False),
        ("j", Door.SCHEDULE, False),
        ("k", Door.ACTION, False),
        ("l", Door.EVENT, False),
    ]


def test_make_resolver_opens_entries() -> None:
    """``makeResolver({key: function})`` is the same as define for each key."""
    code = "import { makeResolver } from '@forge/resolver';\n"
    code += "export const handler = makeResolver({ a: () => 1, b() {} });\n"
    project = apps.project(f"-- src/index.js --\n{code}")
    assert [e.key for e in link(project, project.apps[0])[0].entries] == ["a", "b"]
