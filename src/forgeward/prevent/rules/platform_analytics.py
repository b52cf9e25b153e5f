"""Usage is reported to a service that the manifest does not call analytics."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import hosts
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules._trackers import HOSTS, tracker_of
from forgeward.prevent.rules.base import HIGH, MEDIUM, At, Hit, Rule
from forgeward.prevent.rules.egress_undeclared import matches


def check(analysis: Analysis) -> Iterator[Hit]:
    """Packages and hosts of analytics services without an address of category analytics."""
    declared = [e for e in analysis.manifest.egress if e.category == "analytics"]
    told: set[str] = set()
    for m in sorted(analysis.shipped):
        mod = analysis.modules[m]
        for spec in mod.imports:
            service = tracker_of(spec)
            if service and not declared and service not in told:
                told.add(service)
                line = _line_of(mod.source, spec)
                yield Hit(
                    At(mod.path, line),
                    f"{service} receives usage data, and the manifest declares no egress of category analytics.",
                    MEDIUM,
                    subject=(service,),
                )
    for request in analysis.requests.values():
        for host in hosts(request, analysis.linker):
            if (
                HOSTS.search(host)
                and request.site >> SHIFT in analysis.shipped
                and not any(matches(e.address, host) for e in declared)
            ):
                yield Hit(
                    request.site,
                    f"{host} receives usage data, and is not declared with category analytics.",
                    HIGH,
                    subject=(host,),
                )


def _line_of(source: bytes, spec: str) -> int:
    at = source.find(spec.encode())
    return source.count(b"\n", 0, at) + 1 if at >= 0 else 1


RULE = Rule(
    id="platform-analytics",
    category="platform",
    title="Analytics that is not declared",
    severity=Grade.LOW,
    cwe=("CWE-359", "CWE-1059"),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-3", "P-3", "TC-6", "O-3"),
    requirement="Every outbound call is declared, with its category and whether end-user data goes there.",
    why=(
        "Administrators consent to what the manifest says. Analytics that hides among other addresses is a"
        " sub-processor"
        " nobody was told about, and costs the app its eligibility for Runs on Atlassian."
    ),
    fix=(
        "Declare the address with category analytics and inScopeEUD: false, and send no data of people; or leave"
        " it out."
    ),
    example="""\
permissions:
  external:
    fetch:
      client:
        - address: https://api.mixpanel.com
          category: analytics
          inScopeEUD: false
""",
    links=("https://developer.atlassian.com/platform/forge/analytics-tool-policy/",),
    check=check,
)
