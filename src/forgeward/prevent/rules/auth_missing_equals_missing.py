"""A missing header equals a missing secret."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.guards import Guard
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.auth_secret_compare import compared
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k


def check(analysis: Analysis) -> Iterator[Hit]:
    """Comparisons where both sides can be undefined, and nobody looked whether the secret is set."""
    for _, guard in compared(analysis):
        sides = analysis.ops(guard.node)
        if len(sides) != 2 or analysis.kind(guard.node) != k.BINARY:
            continue
        for sent, known in (sides, sides[::-1]):
            if _may_be_missing(analysis, sent, guard) and _may_be_unset(analysis, known, guard):
                message = (
                    "Where the secret is not set, a request without the header is accepted: undefined equals undefined."
                )
                yield Hit(guard.node, message, MEDIUM, [(known, "may be undefined"), (sent, "may be undefined")])
                break


def _may_be_missing(analysis: Analysis, node: int, guard: Guard) -> bool:
    """A header or parameter that is taken in a way that gives undefined instead of throwing."""
    found = False
    sliced = analysis.slicer.slice(node, guard.chain)
    for origin in sliced.origins:
        if origin.sort != "input":
            return False
        if not {"headers", "queryParameters", "query"} & set(origin.path):
            return False
        found = "0" not in origin.path or any(_is_optional(analysis, n) for n in sliced.trace(origin))
        if not found:
            return False
    return found


def _is_optional(analysis: Analysis, node: int) -> bool:
    return node & MASK in analysis.modules[node >> SHIFT].optional


def _may_be_unset(analysis: Analysis, node: int, guard: Guard) -> bool:
    """A stored or configured value that no condition asked for."""
    origins = analysis.slicer.slice(node, guard.chain).origins
    stored = [o for o in origins if o.sort == "env" or (o.sort == "call" and o.node in analysis.storage_calls)]
    if not stored or len(stored) != len(origins):
        return False
    tested = _tested(analysis, guard.node)
    while analysis.kind(node) == k.AWAIT:
        node = analysis.ops(node)[0]
    return analysis.kind(node) != k.VAR or analysis.text(node) not in tested


def _tested(analysis: Analysis, node: int) -> set[str]:
    """Names that conditions around a node, or beside it in the same condition, found to be set."""
    mod = analysis.module_of(node)
    function = analysis.function_of(node)
    found: set[str] = set()
    for n, kind in enumerate(mod.kind):
        if kind == k.UNARY and mod.text[n] == "!" and analysis.function_of(node & ~MASK | n) == function:
            inner = mod.ops[n][0]
            if mod.kind[inner] == k.VAR:
                found.add(mod.text[inner])
    for cond in mod.region_cond:
        if cond >= 0 and mod.kind[cond] == k.VAR:
            found.add(mod.text[cond])
    return found


RULE = Rule(
    id="auth-missing-equals-missing",
    category="authentication",
    title="Missing secret accepts a missing header",
    severity=Grade.HIGH,
    cwe=("CWE-287", "CWE-1188"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:L/VI:H/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Authenticate every request; refuse when the secret is not configured.",
    why=(
        "Before an administrator has set the secret, storage and variables give undefined. A request without the header"
        " gives undefined too, and the two are equal: the trigger is open exactly while nobody watches it."
    ),
    fix="Refuse when the secret or the header is missing, then compare in constant time.",
    example="""\
const secret = await kvs.getSecret('webhook');
const sent = request.headers['x-token']?.[0];
if (!secret || !sent || !same(sent, secret)) return { statusCode: 401 };
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/modules/web-trigger/",),
    check=check,
)
