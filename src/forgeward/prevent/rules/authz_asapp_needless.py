"""The app reads as itself what it could read as the user who asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule, way

# What only the app itself, or an administrator, may read.
_APPS_OWN = re.compile(
    r"/properties\b|/property/|/webhook|/workflow|/permissionscheme|/securitylevel|/admin/|/audit|/users?/(bulk|search)|/group"
    r"|/role|/app/|/forge/|/auditing|/screens|/fieldconfiguration|/issuesecurityschemes|/notificationscheme|/myself"
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Reads as the app that only users' entries reach, behind a check for the very thing that is read."""
    sinks = [s for s, c in analysis.product_calls.items() if _is_plain_read(analysis, c)]
    if not sinks:
        return
    without = {
        v.node for e in analysis.entries if e.door not in {Door.USER, Door.ACTION} for v in analysis.ways(e, sinks)
    }
    told: set[int] = set()
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, sinks):
            if visit.node in without or visit.node in told or not _is_checked(analysis, visit):
                continue
            told.add(visit.node)
            message = f"{entry.what} asks whether the user may, and then reads as the app; asUser() asks by itself."
            yield Hit(visit.node, message, MEDIUM, way(analysis, entry, visit, "reads as the app"))


def _is_plain_read(analysis: Analysis, call: product.ProductCall) -> bool:
    if call.principal != "app" or call.operation or call.api == "requestGraph":
        return False
    if not product.methods(call, analysis.slicer, ()) <= product.READS:
        return False
    routes = product.routes(call, analysis.slicer)
    return (
        bool(routes)
        and not any(_APPS_OWN.search(r) for r in routes)
        and product.check(call.site, analysis.calls, analysis.slicer) is None
    )


def _is_checked(analysis: Analysis, visit: Visit) -> bool:
    """Whether the user was asked for about the same thing, so that the product would answer the user as well."""
    touched = product.resources(analysis.product_calls[visit.node], analysis.slicer)
    asked = [
        g
        for g in analysis.guards.of_visit(visit)
        if g.kind in {"permission", "read"} and not g.everywhere and g.resources
    ]
    return any(analysis.keys(n, g.chain) for g in asked for n in g.resources) and any(
        analysis.is_bound(g, touched, visit.chain) for g in asked
    )


RULE = Rule(
    id="authz-asapp-needless",
    category="authorization",
    title="Read as the app that could be read as the user",
    severity=Grade.LOW,
    cwe=("CWE-250",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2"),
    requirement="asUser() is preferred to asApp().",
    why=(
        "The product checks each request of asUser() itself, also what the app did not think of: security levels,"
        " hidden"
        " fields, restrictions of a page. A check beside asApp() has to be kept right by hand."
    ),
    fix="Call the product with asUser(); keep asApp() for what no user is behind.",
    example="""\
const res = await api.asUser().requestJira(route`/rest/api/3/issue/${payload.issueId}`);
""",
    links=("https://developer.atlassian.com/platform/forge/apis-reference/fetch-api-product.requestjira/",),
    check=check,
)
