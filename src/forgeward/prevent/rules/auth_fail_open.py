"""When a check fails to answer, the answer is yes."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.calls import CALLBACK
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.base import HIGH, Hit, Rule, Spot
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module


def check(analysis: Analysis) -> Iterator[Hit]:
    """Checks inside ``try`` whose ``catch`` says true, and ``check().catch(() => true)``."""
    told: set[int] = set()
    catching = {call >> SHIFT for call in analysis.methods_called("catch", "then")}
    for site in _checks(analysis):
        for found in _after_failure(analysis, site, continued=site >> SHIFT in catching):
            if found not in told:
                told.add(found)
                trace: list[tuple[Spot, str]] = [
                    (site, "may fail, when the product is slow or refuses"),
                    (found, "and then the answer is yes"),
                ]
                yield Hit(found, "A failure of this check lets everybody through.", HIGH, trace)


def _checks(analysis: Analysis) -> list[int]:
    """Permission checks and verifications, and the calls of helpers that hold one."""
    verifying = {s for s in analysis.calls.symbols if s >> SHIFT in analysis.backend and analysis.guards.verifies(s)}
    direct = verifying | analysis.checks.keys()
    holders = {analysis.function_of(s) for s in direct}
    for function in sorted(holders):
        for edge in analysis.calls.callers.get(function, ()):
            if edge.how != CALLBACK and edge.site >> SHIFT in analysis.backend:
                direct.add(edge.site)
    return sorted(direct)


def _after_failure(analysis: Analysis, site: int, *, continued: bool) -> Iterator[int]:
    mod, base = analysis.module_of(site), site & ~MASK
    for clause in () if k.CATCH not in mod.region_kind else _clauses(mod, mod.region[site & MASK]):
        for n, region in enumerate(mod.region):
            if not _inside(mod, region, clause):
                continue
            kind, ops = mod.kind[n], mod.ops[n]
            if (kind == k.RETURN and ops and _is_yes(mod, ops[0]) and _decides(analysis, base | n)) or (
                kind == k.SET and _is_yes(mod, ops[1]) and _is_condition(mod, ops[0])
            ):
                yield base | n
    if continued:  # who uses what is only asked in files where a promise is continued
        yield from _caught(analysis, site)


def _clauses(mod: Module, region: int) -> Iterator[int]:
    """The catch clauses of the ``try`` blocks around a region, in the same function."""
    at = region
    while at >= 0:
        parent = mod.region_parent[at]
        tried = mod.region_kind[at] == k.TRY or (mod.region_kind[at] == k.WHEN and mod.region_cond[at] < 0)
        if tried:
            later = (
                r
                for r in range(at + 1, len(mod.region_kind))
                if mod.region_parent[r] == parent and mod.region_kind[r] == k.CATCH
            )
            first = next(later, -1)
            if first >= 0:
                yield first
        at = parent


def _inside(mod: Module, region: int, outer: int) -> bool:
    while region > outer:
        region = mod.region_parent[region]
    return region == outer


def _is_yes(mod: Module, node: int) -> bool:
    return mod.kind[node] == k.LITERAL and mod.text[node] in {"true", "1"}


def _decides(analysis: Analysis, node: int) -> bool:
    """Some other end of the function gives what the check said, so that true means yes."""
    mod = analysis.module_of(node)
    returns = mod.functions[analysis.function_of(node) & MASK].returns
    return any(not _is_yes(mod, r) and not (mod.kind[r] == k.LITERAL and mod.text[r] == "undefined") for r in returns)


def _is_condition(mod: Module, variable: int) -> bool:
    for cond in mod.region_cond:
        at = cond
        while at >= 0 and mod.kind[at] == k.UNARY:
            at = mod.ops[at][0]
        if at >= 0 and mod.kind[at] == k.VAR and mod.ops[at][0] == variable:
            return True
    return False


def _caught(analysis: Analysis, site: int) -> Iterator[int]:
    """``check().catch(() => true)``."""
    mod, base = analysis.module_of(site), site & ~MASK
    for user in analysis.guards.users(site):
        if analysis.kind(user) != k.MEMBER or analysis.text(user) not in {"catch", "then"}:
            continue
        for call in analysis.guards.users(user):
            position = 1 if analysis.text(user) == "then" else 0
            if analysis.kind(call) != k.CALL or (argument := analysis.argument(call, position)) < 0:
                continue
            for value in analysis.linker.values(argument):
                if value[0] == "f" and int(value[1]) >> SHIFT == site >> SHIFT:
                    for r in mod.functions[int(value[1]) & MASK].returns:
                        if _is_yes(mod, r):
                            yield base | r


RULE = Rule(
    id="auth-fail-open",
    category="authentication",
    title="Failure of a check counts as yes",
    severity=Grade.HIGH,
    cwe=("CWE-636", "CWE-755"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-4", "TC-12"),
    requirement="Authenticate and authorise every request; refuse when that is not possible.",
    why=(
        "Checks fail when the product limits requests, when a scope is missing, or when a caller sends an"
        " identifier that"
        " it cannot read. A caller can provoke the failure."
    ),
    fix="Answer no when the check fails, and tell the caller to try again.",
    example="""\
const mayEdit = async (id) => {
  try {
    return await authorize().onJiraIssue(id).canEdit();
  } catch (error) {
    return false;
  }
};
""",
    links=("https://cwe.mitre.org/data/definitions/636.html",),
    check=check,
)
