"""A scope lets the app act as users who are not there."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, manifest_line


def check(analysis: Analysis) -> Iterator[Hit]:
    """allowImpersonation: true; surest where no asUser(accountId) uses it."""
    used = any(analysis.argument(site, 0) >= 0 for site, _ in analysis.calls_of(lambda s: s == "@forge/api:asUser"))
    for scope in analysis.manifest.scopes:
        if scope.impersonates:
            rest = "" if used else " Nothing in the code uses it: no asUser(accountId) was found."
            message = f"With {scope.name} the app may act as any user, also when they are away.{rest}"
            yield Hit(manifest_line(analysis, scope.line), message, MEDIUM if used else HIGH, subject=(scope.name,))


RULE = Rule(
    id="scope-impersonation",
    category="least-privilege",
    title="Scope with impersonation",
    severity=Grade.MEDIUM,
    cwe=("CWE-250", "CWE-269"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-2", "TC-7"),
    requirement="Least-privilege scopes.",
    why=(
        "Any fault in the app then acts with the permissions of whoever has the most, and the product's history "
        "blames them."
    ),
    fix="Leave it out; use asUser() while the user is there, and asApp() with a check otherwise.",
    example="""\
permissions:
  scopes:
    - read:jira-work
""",
    links=("https://developer.atlassian.com/platform/forge/offline-user-impersonation/",),
    check=check,
)
