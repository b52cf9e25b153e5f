"""The whole process of ``forgeward scan`` beside one that only reads and parses the same files.

The app is made here: 80 modules of resolvers, services and clients that call each other, 12,000 lines, and a front end.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.report import Figure

ROUNDS = 7
MODULES = 80

_PARSE = """
import sys, pathlib
from forgeward.edges.files import read_tree
from forgeward.prevent.project import is_code
from forgeward.prevent.syntax.grammar import parse
for path, data in read_tree(pathlib.Path(sys.argv[1]))[0].items():
    if is_code(path):
        parse(path, data)
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


def _seconds(command: list[str]) -> float:
    """Processor time of a child, which a busy machine changes less than the clock."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run() -> list[Figure]:
    """Floor and scan in turns, so that both meet the same noise."""
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as name:
        folder = Path(name) / "app"
        lines = make(folder)
        parse = [sys.executable, "-c", _PARSE, str(folder)]
        scan = [sys.executable, "-m", "forgeward.cli", "scan", str(folder)]
        pairs = [(_seconds(parse), _seconds(scan)) for _ in range(ROUNDS)]
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    floor, whole = (statistics.median(side) for side in zip(*pairs, strict=True))
    return [
        Figure(
            "scan",
            f"An app of {lines:,} lines, the whole process, all rules, cold (processor time)",
            f"{whole * 1000:,.0f} ms",
            f"{floor * 1000:,.0f} ms (a process that only reads and parses)",
            whole / floor,
            "≤ 4 times",
        ),
        Figure("scan", "Memory of that process", f"{memory:,.0f} MB", goal="≤ 150 MB"),
    ]
