"""A scope administers the product."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, manifest_line

_ADMIN = re.compile(
    r"^(manage|admin):(?!jira-webhook|servicedesk-customer)|:admin:|^admin:"
    r"|^(write|delete):(permission|permission-scheme|project-role|group|space\.permission|role|workflow|application-role)\b"
)
# What needs each of them, as far as routes are written in the source.
_ROUTES = re.compile(
    r"/(permissionscheme|permissions|role|project|field|customField|screens|workflow|workflowscheme|issuetype|priority|status|"
    r"resolution|group|user|configuration|webhook|space|settings|notificationscheme|issuesecurityschemes|filter|avatar)",
    re.IGNORECASE,
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """manage:, admin: and writing permissions, roles, groups or users; surest where no call needs it."""
    from forgeward.prevent.flow import product

    routes = [
        route
        for call in analysis.product_calls.values()
        if not product.methods(call, analysis.slicer, ()) <= product.READS
        for route in product.routes(call, analysis.slicer)
    ]
    needed = any(_ROUTES.search(route) for route in routes)
    for scope in analysis.manifest.scopes:
        if _ADMIN.search(scope.name):
            rest = "" if needed else " No call in the code was found that needs it."
            message = f"{scope.name} lets the app administer the product.{rest}"
            yield Hit(manifest_line(analysis, scope.line), message, MEDIUM if needed else HIGH, subject=(scope.name,))


RULE = Rule(
    id="scope-admin",
    category="least-privilege",
    title="Administrative scope",
    severity=Grade.LOW,
    cwe=("CWE-250",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-2", "TC-7"),
    requirement="Least-privilege scopes, each justified.",
    why=(
        "An administrative scope makes every other fault graver, and is what administrators ask about before they "
        "consent."
    ),
    fix="Drop it, or take the granular scope of the one operation, and say in the admin guide what it is for.",
    example="""\
permissions:
  scopes:
    - write:custom-field-value:jira   # instead of manage:jira-configuration
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/scopes-product-jira/",),
    check=check,
)
