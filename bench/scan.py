"""The whole process of ``forgeward scan`` beside one that only reads and parses the same files.

The app is made here: 80 modules of resolvers, services and clients that call each other, 12,000 lines, and a front end.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.report import Figure

ROUNDS = 5
MODULES = 80
APPS = 200

_PARSE = """
import sys, pathlib
from forgeward.edges.files import read_tree
from forgeward.prevent.wanted import is_code
from forgeward.prevent.syntax.grammar import parse
for path, data in read_tree(pathlib.Path(sys.argv[1]))[0].items():
    if is_code(path):
        parse(path, data)
"""

_RULE = """\
rules:
  - id: as-app
    message: The app acts as itself.
    languages: [javascript, typescript]
    severity: WARNING
    pattern: $API.asApp()
"""

_MANIFEST = """\
app: {id: ari:cloud:ecosystem::app/bench, runtime: {name: nodejs22.x}}
modules:
  jira:issuePanel: [{key: panel, resource: main, resolver: {function: resolver}}]
  webtrigger: [{key: hook, function: hook}]
  function: [{key: resolver, handler: index.handler}, {key: hook, handler: index.hook}]
resources: [{key: main, path: static/main/build}]
permissions: {scopes: ['read:jira-work', 'write:jira-work', 'storage:app']}
"""

_SERVICE = """\
import api, {{ authorize, fetch, route }} from '@forge/api';
import {{ kvs }} from '@forge/kvs';
import {{ format{other} }} from './service{other}';

const KEYS = {{ prefix: 'service-{n}', limit: {n} }};

export const format{n} = (value: string, depth = 0): string => {{
  if (!value || depth > KEYS.limit) return value?.trim() ?? '';
  return depth > 3 ? value.toUpperCase() : format{other}(value.slice(1), depth + 1);
}};

const requireEdit{n} = async (id: string): Promise<void> => {{
  const allowed = await authorize().onJiraIssue(id).canEdit();
  if (!allowed) throw new Error(`no right to edit ${{id}}`);
}};
"""

_METHOD = """
export async function operation{n}x{m}({{ payload, context }}: any): Promise<unknown> {{
  const {{ issueId, fields = {{}}, labels = [] }} = payload;
  await requireEdit{n}(issueId);
  const stored = (await kvs.get(`${{KEYS.prefix}}-${{context.accountId}}-{m}`)) ?? {{ count: 0, seen: [] }};
  const names = labels.map((label: any) => format{n}(label.name)).filter(Boolean);
  try {{
    const response = await api.asApp().requestJira(route`/rest/api/3/issue/${{issueId}}`, {{
      method: 'PUT',
      body: JSON.stringify({{ fields: {{ ...fields, labels: names }} }}),
    }});
    if (!response.ok) {{
      return {{ success: false, status: response.status }};
    }}
    for (const item of stored.seen) {{
      if (item.id === issueId && item.count > {m}) {{
        stored.count += item.count;
      }} else if (item.stale) {{
        continue;
      }}
    }}
    await kvs.set(`${{KEYS.prefix}}-${{context.accountId}}-{m}`, {{ ...stored, count: stored.count + 1 }});
    return {{ success: true, data: await response.json() }};
  }} catch (error) {{
    console.error('operation {m} failed', error.message);
    return {{ success: false, errors: [{{ message: error.message }}] }};
  }}
}}
"""


def make(folder: Path) -> int:
    """Writes the app; the number of its lines."""
    source = folder / "src"
    source.mkdir(parents=True)
    (folder / "manifest.yml").write_text(_MANIFEST)
    imports, defines, lines = [], [], 0
    for n in range(MODULES):
        text = _SERVICE.format(n=n, other=(n + 1) % MODULES) + "".join(_METHOD.format(n=n, m=m) for m in range(4))
        text += f"\nexport const names{n} = {{\n" + "".join(f"  name{i}: 'value {i}',\n" for i in range(12)) + "};\n"
        (source / f"service{n}.ts").write_text(text)
        lines += text.count("\n")
        names = ", ".join(f"operation{n}x{m}" for m in range(4))
        imports.append(f"import {{ {names} }} from './service{n}';")
        defines += [f"resolver.define('operation{n}x{m}', operation{n}x{m});" for m in range(4)]
    index = "import Resolver from '@forge/resolver';\n" + "\n".join(imports) + "\nconst resolver = new Resolver();\n"
    index += "\n".join(defines) + "\nexport const handler = resolver.getDefinitions();\n"
    index += "export const hook = async () => ({ statusCode: 204 });\n"
    (source / "index.ts").write_text(index)
    return lines + index.count("\n")


class Cost(NamedTuple):
    """What a child process took, in seconds."""

    cpu: float
    wall: float


def _cost(command: list[str], cache: Path) -> Cost:
    """Processor time of a child, which a busy machine changes less than the clock, and the clock."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # Byte code is kept, as it is where a program was installed: else both sides would compile their sources each time.
    surroundings = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPYCACHEPREFIX": str(cache.parent / "bytecode")}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=surroundings)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(used, time.perf_counter() - began)


def _medians(rows: Sequence[Sequence[Cost]]) -> list[Cost]:
    columns = zip(*rows, strict=True)
    return [Cost(*(statistics.median(side) for side in zip(*column, strict=True))) for column in columns]


def run() -> list[Figure]:
    """Floor and scans in turns, so that all meet the same noise."""
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as name:
        base = Path(name)
        lines = make(base / "app")
        return [*_one_app(base, lines), *_semgrep(base), *_many(base)]


def _scan(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "forgeward.cli", "scan", str(folder), *options]


def _one_app(base: Path, lines: int) -> list[Figure]:
    parse, scan = [sys.executable, "-c", _PARSE, str(base / "app")], _scan(base / "app")
    edited = base / "app" / "src" / "service7.ts"
    rows = []
    for n in range(ROUNDS):
        cache = base / f"cache{n}"
        floor, cold, warm = _cost(parse, cache), _cost(scan, cache), _cost(scan, cache)
        edited.write_text(edited.read_text() + f"// {n}\n")
        rows.append((floor, cold, warm, _cost(scan, cache)))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    floor, *scans = _medians(rows)
    whats = (
        ("cold: the cache is empty and is filled", "≤ 4 times"),
        ("again, nothing changed", "≤ 1.5 times"),
        ("again, one file changed", ""),
    )
    least = f"{floor.cpu * 1000:,.0f} ms (a process that only reads and parses)"
    figures = [
        Figure(
            "scan",
            f"An app of {lines:,} lines, the whole process, all rules, {what} (processor time)",
            f"{cost.cpu * 1000:,.0f} ms",
            least,
            cost.cpu / floor.cpu,
            goal,
        )
        for (what, goal), cost in zip(whats, scans, strict=True)
    ]
    cold = scans[0]
    clock = Figure(
        "scan",
        f"An app of {lines:,} lines, the whole process, all rules, cold, by the clock (two processes on two cores)",
        f"{cold.wall * 1000:,.0f} ms",
        f"{floor.wall * 1000:,.0f} ms (by the clock too)",
        cold.wall / floor.wall,
        "≤ 4 times",
    )
    figures.insert(1, clock)
    return [*figures, Figure("scan", "Memory of these processes, the largest", f"{memory:,.0f} MB", goal="≤ 150 MB")]


def _semgrep(base: Path) -> list[Figure]:
    """The same files with one rule by semgrep, where SEMGREP or the path has it; it is no dependency of this tree."""
    program = os.environ.get("SEMGREP") or shutil.which("semgrep")
    if not program:
        return []
    rule = base / "rule.yml"
    rule.write_text(_RULE)
    command = [program, "scan", "--metrics=off", "--disable-version-check", "--config", str(rule), str(base / "app")]
    cache = base / "cache-semgrep"
    rows = [(_cost(command, cache), _cost(_scan(base / "app", "--no-cache"), cache)) for _ in range(3)]
    _cost(_scan(base / "app"), cache)
    warm = _medians([(_cost(_scan(base / "app"), cache),) for _ in range(3)])[0]
    other, cold = _medians(rows)
    least = f"{other.cpu * 1000:,.0f} ms (semgrep, one rule, the same files)"
    return [
        Figure("scan", "Without cache, beside semgrep (processor time)", f"{cold.cpu * 1000:,.0f} ms", least,
               cold.cpu / other.cpu, "≤ 0.25 times"),
        Figure("scan", "With cache, beside semgrep (processor time)", f"{warm.cpu * 1000:,.0f} ms", least,
               warm.cpu / other.cpu, "≤ 0.1 times"),
    ]  # fmt: skip


def _many(base: Path) -> list[Figure]:
    """Many apps in one call: how many cores were busy."""
    folder = base / "apps"
    for n in range(APPS):
        app = folder / f"app{n}"
        (app / "src").mkdir(parents=True)
        (app / "manifest.yml").write_text(_MANIFEST)
        for part in range(4):
            text = _SERVICE.format(n=part, other=(part + 1) % 4) + "".join(
                _METHOD.format(n=part, m=m) for m in range(4)
            )
            (app / "src" / f"service{part}.ts").write_text(text + f"// {n}\n")
        index = "".join(f"import {{ operation{p}x0 }} from './service{p}';\n" for p in range(4))
        index += "import Resolver from '@forge/resolver';\nconst resolver = new Resolver();\n"
        index += "".join(f"resolver.define('o{p}', operation{p}x0);\n" for p in range(4))
        (app / "src" / "index.ts").write_text(index + "export const handler = resolver.getDefinitions();\n")
    cost = _cost(_scan(folder, "--no-cache"), base / "cache-many")
    cores = len(os.sched_getaffinity(0))
    return [
        Figure("scan", f"{APPS} apps in one call", f"{cost.wall:,.1f} s; {cost.cpu / cost.wall:.1f} cores busy",
               goal=f"all {cores} cores"),
    ]  # fmt: skip
