"""The runtime is one that gets no fixes any more."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line
from forgeward.prevent.yaml_lines import Map

_OLD = {"sandbox": "the legacy sandbox", "nodejs16.x": "Node.js 16", "nodejs18.x": "Node.js 18"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """No runtime at all (the legacy sandbox), or an old one."""
    manifest = analysis.manifest
    if not manifest.functions:
        return
    app = manifest.tree.get("app")
    line = app.line if isinstance(app, Map) else 1
    name = manifest.runtime or "sandbox"
    if name in _OLD:
        runtime = manifest.tree.get("app", "runtime")
        line = runtime.lines.get("name", runtime.line) if isinstance(runtime, Map) else line
        yield Hit(manifest_line(analysis, line), f"The app runs on {_OLD[name]}, which gets no security fixes.", HIGH)


RULE = Rule(
    id="platform-runtime",
    category="platform",
    title="Runtime without security fixes",
    severity=Grade.LOW,
    cwe=("CWE-1104",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-1", "TC-10"),
    requirement="Supported runtimes and dependencies.",
    why="Faults found in it stay open; the platform will switch it off.",
    fix="Name a supported runtime, and test on it.",
    example="""\
app:
  runtime:
    name: nodejs22.x
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/#runtime",),
    check=check,
)
