"""A permission is asked for, and the answer decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.calls import DIRECT
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.base import HIGH, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_PASSES = {k.AWAIT, k.UNARY}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Checks, and helpers that only answer with one, whose result nobody reads or whose promise is taken for it."""
    direct = sorted(analysis.checks)
    helpers = _helpers(analysis, direct)
    for site in [*direct, *helpers]:
        if _is_dropped(analysis, site):
            yield Hit(site, "The answer of this permission check is not used: everything after it runs anyway.")
        elif _decides_unawaited(analysis, site):
            message = "This permission check is not awaited. A promise is always true, so the check always passes."
            yield Hit(site, message, HIGH)


def _helpers(analysis: Analysis, direct: list[int]) -> list[int]:
    """The calls of functions that return what a check answered and never throw."""
    asked = set(direct)
    found: set[int] = set()
    for function in sorted({analysis.function_of(s) for s in direct}):
        mod, base = analysis.modules[function >> SHIFT], function & ~MASK
        facts = mod.functions[function & MASK]
        throws = any(kind == k.THROW and mod.fn_of(n) == function & MASK for n, kind in enumerate(mod.kind))
        origins = [o for r in facts.returns for o in analysis.slicer.slice(base | r, closed=True).origins]
        if throws or not any(o.node in asked for o in origins):
            continue
        found |= {e.site for e in analysis.calls.callers.get(function, ()) if e.how == DIRECT}
    return sorted(s for s in found if s >> SHIFT in analysis.backend)


def _is_dropped(analysis: Analysis, site: int) -> bool:
    users = analysis.guards.users(site)
    if not users:
        return True
    return all(
        analysis.kind(u) in _PASSES and not analysis.guards.users(u) and not _bound(analysis, u) for u in users
    ) or (_bound_unread(analysis, site))


def _bound(analysis: Analysis, node: int) -> bool:
    """Whether a variable holds a node."""
    return any(node & MASK in v.defs for v in analysis.module_of(node).variables)


def _bound_unread(analysis: Analysis, site: int) -> bool:
    mod = analysis.module_of(site)
    chain = {site & MASK, *(u & MASK for u in analysis.guards.users(site) if analysis.kind(u) == k.AWAIT)}
    held = [i for i, v in enumerate(mod.variables) if chain & set(v.defs)]
    read = {mod.ops[n][0] for n, kind in enumerate(mod.kind) if kind == k.VAR}
    others = [u for n in chain for u in analysis.guards.users(site & ~MASK | n) if u & MASK not in chain]
    exported = {mod.ops[n][0] for n in mod.exports.values() if mod.kind[n] == k.VAR}
    return bool(held) and not others and not read & set(held) and not exported & set(held)


def _decides_unawaited(analysis: Analysis, site: int) -> bool:
    """The promise itself is a condition."""
    if _answers_at_once(analysis, site):
        return False
    mod = analysis.modules[site >> SHIFT]
    conditions = {c for c in mod.region_cond if c >= 0}
    waiting, seen = [site & MASK], set[int]()
    while waiting:
        n = waiting.pop()
        if n in seen:
            continue
        seen.add(n)
        if n in conditions:
            return True
        users = analysis.guards.users(site & ~MASK | n)
        waiting += [u & MASK for u in users if analysis.kind(u) in {k.UNARY, k.CHOICE}]
    return False


def _answers_at_once(analysis: Analysis, site: int) -> bool:
    """A helper that is not async and returns no promise."""
    edges = [e for e in analysis.calls.edges.get(site, ()) if e.how == DIRECT]
    return bool(edges) and not any(analysis.guards.is_async(e.function) for e in edges)


RULE = Rule(
    id="authz-check-ignored",
    category="authorization",
    title="Permission check without effect",
    severity=Grade.HIGH,
    cwe=("CWE-252", "CWE-862"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2", "TC-12"),
    requirement="Check the user's permission before each asApp() call, and stop when it is missing.",
    why=(
        "authorize() answers with a promise of true or false; it never throws. A check whose answer is not awaited or"
        " not tested lets everybody through, and looks like protection in review."
    ),
    fix="Await the answer and stop when it is false.",
    example="""\
if (!(await authorize().onConfluenceContent(payload.pageId).canUpdate())) throw new Error('Forbidden');
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/authorize-api/",),
    check=check,
)
