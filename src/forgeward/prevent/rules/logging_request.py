"""Whole requests or contexts are written to the log."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.values import MASK
from forgeward.prevent.rules.base import HIGH, Hit, Rule
from forgeward.prevent.rules.secret_logged import logged
from forgeward.prevent.syntax import kinds as k

_WHOLE = {(), ("payload",), ("context",), ("body",), ("headers",)}


def check(analysis: Analysis) -> Iterator[Hit]:
    """console with the request, payload, body or context of an entry as it is."""
    entries = {e.function: e for e in analysis.entries if e.door != Door.SCHEDULE}
    for site, position, argument in logged(analysis):
        for node, path in _direct(analysis, argument):
            function = analysis.function_of(node)
            entry = entries.get(function)
            if entry is None or path not in _WHOLE:
                continue
            what = path[0] if path else "request"
            message = f"{entry.what} logs its whole {what}: user content, and whatever a caller puts there."
            yield Hit(site, message, HIGH, subject=(str(position),))
            break


def _direct(analysis: Analysis, node: int) -> list[tuple[int, tuple[str, ...]]]:
    """The parameters that a node is, with the properties taken; also inside JSON.stringify."""
    path: tuple[str, ...] = ()
    for _ in range(12):
        kind, ops = analysis.kind(node), analysis.ops(node)
        if kind == k.PARAM:
            position = analysis.module_of(node).ops[node & MASK][1]
            return [(node, path if position == 0 else ("context", *path))]
        if kind == k.VAR:
            mod = analysis.module_of(node)
            defs = mod.variables[mod.ops[node & MASK][0]].defs
            if len(defs) != 1:
                return []
            node = node & ~MASK | defs[0]
        elif kind == k.MEMBER:
            path, node = (analysis.text(node), *path), ops[0]
        elif _hands_on(analysis, node):
            node = ops[1]
        else:
            return []
    return []


def _hands_on(analysis: Analysis, node: int) -> bool:
    """JSON.stringify(x), and a parameter with a default."""
    if analysis.kind(node) == k.CHOICE:
        return analysis.text(node) == "default"
    return analysis.calls.symbols.get(node) == (":JSON.stringify",) and len(analysis.ops(node)) > 1


RULE = Rule(
    id="logging-request",
    category="logging",
    title="Whole request written to the log",
    severity=Grade.LOW,
    cwe=("CWE-532",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-6", "TC-15", "P-3"),
    requirement="Never in logs: names, e-mail, user content, tokens.",
    why=(
        "Payloads carry what users typed and sometimes tokens; contexts carry account ids. Logs are kept and shared "
        "more freely."
    ),
    fix="Log an id of the operation and its result.",
    example="""\
console.log('saved settings', { keys: Object.keys(payload).length });
""",
    links=("https://developer.atlassian.com/platform/forge/monitor-app-logs/",),
    check=check,
)
