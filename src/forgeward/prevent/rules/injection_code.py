"""What a caller sent is run as code or as a command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, Hit, Rule

_RUNS = re.compile(
    r"^:eval$|^:Function$|^(child_process:)(exec|execSync|spawn|spawnSync|execFile|execFileSync|fork)$"
    r"|^vm:(runIn\w+|compileFunction|Script)$|^new vm:Script|^vm2:"
    r"|^(lodash|underscore):template$|^ejs:(render|compile)$"
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """eval, Function, vm, child_process and templates that compile, with input."""
    sinks: dict[int, list[int]] = {}
    for site, _ in analysis.calls_of(lambda s: _RUNS.match(s) is not None):
        sinks[site] = list(analysis.ops(site)[1:])
    for found in reached(
        analysis, sinks, "is run", escapes=frozenset({":Number", ":parseInt", ":parseFloat", ":Boolean"})
    ):
        yield Hit(
            found.visit.node, f"{found.entry.what} runs “{'.'.join(found.origin.path)}” as code.", HIGH, found.trace
        )


RULE = Rule(
    id="injection-code",
    category="injection",
    title="Input run as code",
    severity=Grade.CRITICAL,
    cwe=("CWE-94", "CWE-78"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
    promises=("TC-12",),
    requirement="No eval and no child processes on input.",
    why="Whoever sends the text runs what they like with the app's permissions, its secrets and its stored data.",
    fix="Parse data with JSON.parse; choose among functions by a table in the source.",
    example="""\
const OPERATIONS = { sum: (a, b) => a + b, difference: (a, b) => a - b };
const run = OPERATIONS[payload.operation] ?? (() => { throw new Error('unknown operation'); });
""",
    links=("https://cwe.mitre.org/data/definitions/94.html",),
    check=check,
)
