"""Only a display condition keeps users from what a module does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.storage import WRITES, is_sql
from forgeward.prevent.rules.authz_asapp_unchecked import unchecked_candidates
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, Spot, manifest_line
from forgeward.prevent.yaml_lines import Leaf, Map, Node, leaf, walk

_ASKS_WHO = re.compile(
    r"admin|permission|owner|member|group|role|loggedin|logged_in|^can|^has(?!.*flag)|account", re.IGNORECASE
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Modules whose conditions ask who the user is, while a resolver behind them acts without asking. Each once."""
    sinks = _acts(analysis)
    for module_type, module, condition in _conditioned(analysis):
        key = leaf(module.get("key"))
        entries = [
            e
            for e in analysis.user_entries
            if any(r.module_type == module_type and r.module_key == key for r in e.refs)
        ]
        found = [
            (e, v)
            for e in entries
            if _only_behind(e, module_type)
            for v in analysis.ways(e, sinks)
            if _is_open(analysis, v)
        ]
        if not found:
            continue
        entry, visit = found[0]
        line = manifest_line(analysis, module.lines.get("displayConditions", module.line))
        names = ", ".join(sorted({e.key for e, _ in found})[:5])
        message = (
            f"Only the display condition “{condition}” keeps users from {names}: it hides the {module_type},"
            " and whoever invokes the resolver directly is not asked."
        )
        trace: list[tuple[Spot, str]] = [
            (line, "hides the module"),
            (entry.site if entry.site >= 0 else visit.node, "opens the resolver to everybody"),
            (visit.node, "acts"),
        ]
        yield Hit(line, message, HIGH if len(found) > 1 else MEDIUM, trace, (module_type, key))


def _only_behind(entry: Entry, module_type: str) -> bool:
    """Every module that reaches the entry has conditions: only then are they all that protects it."""
    return all(r.conditions for r in entry.refs) and any(r.module_type == module_type for r in entry.refs)


def _is_open(analysis: Analysis, visit: Visit) -> bool:
    return not [g for g in analysis.guards.of_visit(visit) if g.kind in {"permission", "read", "account"}]


def _acts(analysis: Analysis) -> list[int]:
    stored = [c.site for c in analysis.storage_calls.values() if c.operation in WRITES or c.operation == "getSecret"]
    return sorted({*unchecked_candidates(analysis), *stored, *(s for s, _ in analysis.calls_of(is_sql))})


def _conditioned(analysis: Analysis) -> Iterator[tuple[str, Map, str]]:
    for module_type in analysis.manifest.modules:
        for module in analysis.manifest.module_items(module_type):
            conditions = module.get("displayConditions")
            name = _who(conditions) if conditions is not None else ""
            if name:
                yield module_type, module, name


def _who(conditions: Node) -> str:
    """The first condition that asks who the user is."""
    for path, node in walk(conditions):
        words = [p for p in path if not p.isdigit()]
        if isinstance(node, Leaf):
            words.append(node.value)
        if name := next((w for w in words if _ASKS_WHO.search(w)), ""):
            return name
    return ""


RULE = Rule(
    id="authz-display-conditions",
    category="authorization",
    title="Display condition as the only guard",
    severity=Grade.MEDIUM,
    cwe=("CWE-602", "CWE-862"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2", "P-4"),
    requirement="Display conditions are not authorisation; check on the server.",
    why=(
        "The condition decides whether a menu item is drawn. The resolver behind it answers every signed-in user who"
        " sends an invocation from the browser's console."
    ),
    fix="Keep the condition for comfort, and ask in the resolver what the user may do.",
    example="""\
resolver.define('save', async ({ payload, context }) => {
  const answer = await authorize().onJiraProject(context.extension.project.id).canAdministerProjects?.();
  if (!answer) throw new Error('Forbidden');
  await kvs.set('config', payload);
});
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/display-conditions/",),
    check=check,
)
