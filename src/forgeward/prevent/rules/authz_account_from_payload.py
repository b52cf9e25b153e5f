"""Who the user is, taken from what the user sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Confidence, Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.slices import Origin
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, way

_ACCOUNT = re.compile(
    r"^(atlassian)?_?(account_?id|aaid|user_?(account_?)?id|current_?user(_?id)?|user_?key)$", re.IGNORECASE
)
_PROPERTY = re.compile(r"/user/.*propert|/user/properties")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Storage keys, user properties and impersonation by an account id of the payload."""
    uses = dict(_uses(analysis))
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, uses):
            node, what, confidence = uses[visit.node]
            found = _from_payload(analysis, entry, visit, node)
            if found is None:
                continue
            guards = analysis.guards.of_visit(visit)
            if any(g.kind in {"permission", "account", "self"} for g in guards):
                continue
            trace = way(analysis, entry, visit, what)
            message = f"{entry.what} takes “{'.'.join(found.path)}” for the user: {what}."
            yield Hit(visit.node, message, confidence, trace)


def _uses(analysis: Analysis) -> Iterator[tuple[int, tuple[int, str, Confidence]]]:
    for call in analysis.storage_calls.values():
        if call.key >= 0:
            yield call.site, (call.key, "it chooses whose entry in storage is used", HIGH)
    for request in analysis.product_calls.values():
        routes = product.routes(request, analysis.slicer)
        if any(_PROPERTY.search(r) for r in routes):
            yield request.site, (request.route, "it chooses whose user property is used", MEDIUM)
    for site, symbol in analysis.calls_of(lambda s: s == "@forge/api:asUser"):
        if (argument := analysis.argument(site, 0)) >= 0:
            yield site, (argument, f"the app then acts as that user ({symbol.split(':')[1]})", HIGH)


def _from_payload(analysis: Analysis, entry: Entry, visit: Visit, node: int) -> Origin | None:
    for origin in analysis.slicer.slice(node, visit.chain).origins:
        if analysis.is_chosen(entry, origin) and origin.path and _ACCOUNT.match(origin.path[-1]):
            return origin
    return None


RULE = Rule(
    id="authz-account-from-payload",
    category="authorization",
    title="Account id taken from the payload",
    severity=Grade.HIGH,
    cwe=("CWE-639", "CWE-290"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-12"),
    requirement="The account id comes from the invocation's context, never from the payload.",
    why="The payload is written by the caller. Whoever sends another account id reads or changes that person's data.",
    fix="Use context.accountId, which the platform signs.",
    example="""\
resolver.define('my-settings', ({ context }) => kvs.get(`settings-${context.accountId}`));
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/forge-resolver/",),
    check=check,
)
