"""The content security policy admits inline styles."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line


def check(analysis: Analysis) -> Iterator[Hit]:
    """unsafe-inline under permissions.content.styles."""
    for entry in analysis.manifest.csp:
        if entry.kind == "styles" and entry.value.strip("'\"") == "unsafe-inline":
            yield Hit(manifest_line(analysis, entry.line), "Inline styles are admitted.", HIGH)


RULE = Rule(
    id="csp-styles",
    category="csp",
    title="Inline styles admitted",
    severity=Grade.INFO,
    cwe=("CWE-1021",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:P/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-4",),
    requirement="The content policy is as narrow as the interface permits.",
    why=(
        "Most component libraries need it, and Atlassian allows it. Told for the record: injected styles can still "
        "change what a page seems to say."
    ),
    fix="Leave it out where the interface is made with UI Kit or ships its styles as files.",
    example="""\
permissions:
  content: {}
""",
    links=("https://developer.atlassian.com/platform/forge/add-content-security-and-egress-controls/",),
    check=check,
)
