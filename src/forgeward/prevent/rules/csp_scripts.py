"""The content security policy lets scripts run that nobody shipped."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line

_UNSAFE = {"unsafe-inline", "unsafe-eval", "unsafe-hashes", "blob:"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Unsafe words under permissions.content.scripts."""
    for entry in analysis.manifest.csp:
        if entry.kind == "scripts" and entry.value.strip("'\"") in _UNSAFE:
            message = f"“{entry.value}” lets scripts run that the app did not ship."
            yield Hit(manifest_line(analysis, entry.line), message, HIGH, subject=(entry.value,))


RULE = Rule(
    id="csp-scripts",
    category="csp",
    title="Unsafe script policy",
    severity=Grade.MEDIUM,
    cwe=("CWE-1021", "CWE-79"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-4", "TC-12"),
    requirement="No unsafe-inline and no unsafe-eval for scripts.",
    why="The policy is the second wall behind every forgotten encoding: with unsafe words, injected text runs as code.",
    fix="Ship scripts as files; replace libraries that compile at run time; allow single scripts by their sha256.",
    example="""\
permissions:
  content:
    scripts:
      - 'sha256-…'
""",
    links=("https://developer.atlassian.com/platform/forge/add-content-security-and-egress-controls/",),
    check=check,
)
