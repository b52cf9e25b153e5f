"""A product is called as the app, with the app's permissions, and nobody asked what the user may do."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Guard, Visit
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, way

_CHECKS = {"permission", "read", "account"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Each call as the app that a user's entry reaches on a way without a check."""
    sinks = unchecked_candidates(analysis)
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, sinks):
            if _is_open(analysis, entry, visit):
                yield _hit(analysis, entry, visit)


def unchecked_candidates(analysis: Analysis) -> list[int]:
    """Calls as the app that need a check at all."""
    return analysis.remembered("asapp", lambda: _candidates(analysis))


def _candidates(analysis: Analysis) -> list[int]:
    calls = analysis.product_calls.values()
    found = [c for c in calls if c.principal == "app" and not product.is_public(c, analysis.slicer)]
    return [c.site for c in found if product.check(c.site, analysis.calls, analysis.slicer) is None]


def writes(analysis: Analysis, visit: Visit) -> bool:
    """Whether a call may change something."""
    call = analysis.product_calls[visit.node]
    return not product.methods(call, analysis.slicer, visit.chain) <= product.READS


def adequate(analysis: Analysis, guards: tuple[Guard, ...]) -> list[Guard]:
    """The guards that say something about the user."""
    return [g for g in guards if g.kind in _CHECKS]


def chosen(analysis: Analysis, entry: Entry, visit: Visit) -> bool:
    """Whether the caller chooses what the call touches."""
    call = analysis.product_calls[visit.node]
    nodes = product.resources(call, analysis.slicer)
    origins = [o for node in nodes for o in analysis.slicer.slice(node, visit.chain).origins]
    return any(analysis.is_chosen(entry, o) for o in origins)


def _is_open(analysis: Analysis, entry: Entry, visit: Visit) -> bool:
    if adequate(analysis, analysis.guards.of_visit(visit)):
        return False
    return writes(analysis, visit) or chosen(analysis, entry, visit)


def _hit(analysis: Analysis, entry: Entry, visit: Visit) -> Hit:
    call = analysis.product_calls[visit.node]
    does = "changes" if writes(analysis, visit) else "reads"
    picked = chosen(analysis, entry, visit)
    message = (
        f"{entry.what} {does} data as the app ({call.operation or call.api}) without asking what the user may do"
        + (", and the caller chooses what it touches." if picked else ".")
    )
    if entry.conditions:
        message += " The module's display conditions only hide it; they authorise nobody."
    elif entry.admin_only:
        message += " That the page is for administrators does not protect the resolver behind it."
    confidence = HIGH if picked and not entry.admin_only else MEDIUM
    return Hit(visit.node, message, confidence, way(analysis, entry, visit, "calls the product as the app"))


RULE = Rule(
    id="authz-asapp-unchecked",
    category="authorization",
    title="Product called as the app without a permission check",
    severity=Grade.HIGH,
    cwe=("CWE-862",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2", "TC-12"),
    requirement="Authenticate and authorise every request: check the user's permission before each asApp() call.",
    why=(
        "asApp() uses the app's own permissions. Any user who can open the app can invoke its resolvers directly, with"
        " any payload, so a user who may not see or edit something reads or changes it through the app."
    ),
    fix=(
        "Call the product as the user with asUser(). Where it must be the app, first ask what the user may do with the"
        " same resource, and stop when the answer is no."
    ),
    example="""\
import api, { authorize, route } from '@forge/api';

resolver.define('close', async ({ payload }) => {
  if (!(await authorize().onJiraIssue(payload.issueId).canEdit())) throw new Error('Forbidden');
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.issueId}/transitions`, { method: 'POST', body });
});
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/authorize-api/",),
    check=check,
)
