"""The manifest lets the app reach any host."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line

_ANY = {"*", "*.*", "https://*", "http://*", "https://*.*", "*://*", "wss://*", "*.com", "*.net", "*.org", "*.io"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Addresses that stand for every host, of any kind."""
    for egress in analysis.manifest.egress:
        if egress.address.rstrip("/") in _ANY:
            message = f"“{egress.address}” under {egress.kind} allows every host."
            yield Hit(manifest_line(analysis, egress.line), message, HIGH, subject=(egress.kind,))


RULE = Rule(
    id="egress-wildcard",
    category="egress",
    title="Egress to any host",
    severity=Grade.MEDIUM,
    cwe=("CWE-923", "CWE-183"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-3", "P-2"),
    requirement="No wildcard egress; every address is documented.",
    why=(
        "Egress permissions are what stops stolen data from leaving, whatever else goes wrong in the code. An "
        "administrator who consents to * consents to everything."
    ),
    fix="Name the hosts that the app calls. Where each customer has an own host, use configurable egress.",
    example="""\
permissions:
  external:
    fetch:
      backend:
        - address: https://api.example.com
          category: analytics
          inScopeEUD: true
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/permissions/",),
    check=check,
)
