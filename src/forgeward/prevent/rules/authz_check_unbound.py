"""A permission was checked, but for another resource than the one that is then touched as the app."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.rules.authz_asapp_unchecked import adequate, chosen, unchecked_candidates
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule, way


def check(analysis: Analysis) -> Iterator[Hit]:
    """Calls as the app whose only checks asked about something else."""
    sinks = unchecked_candidates(analysis)
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, sinks):
            guards = adequate(analysis, analysis.guards.of_visit(visit))
            if not guards or not chosen(analysis, entry, visit):
                continue
            touched = product.resources(analysis.product_calls[visit.node], analysis.slicer)
            if any(g.kind == "account" or analysis.is_bound(g, touched, visit.chain) for g in guards):
                continue
            trace = way(analysis, entry, visit, "calls the product as the app, for something else")
            trace.insert(1, (guards[-1].node, "asks for permission here"))
            message = f"{entry.what} checks a permission, but not for what it then touches as the app."
            yield Hit(visit.node, message, MEDIUM, trace)


RULE = Rule(
    id="authz-check-unbound",
    category="authorization",
    title="Permission checked for another resource",
    severity=Grade.HIGH,
    cwe=("CWE-863", "CWE-639"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2", "TC-12"),
    requirement="The permission check is bound to the same resource as the asApp() call that follows.",
    why=(
        "The caller sends both the thing that is checked and the thing that is touched. Sending an own issue for the"
        " check and somebody else's for the call passes."
    ),
    fix="Check with the same identifier that the call uses, or read the one from the other on the server.",
    example="""\
if (!(await authorize().onJiraIssue(payload.issueId).canEdit())) throw new Error('Forbidden');
await api.asApp().requestJira(route`/rest/api/3/issue/${payload.issueId}`, { method: 'PUT', body });
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/authorize-api/",),
    check=check,
)
