"""A route is built from what a caller sent, without the encoding of ``route``."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, Hit, Rule


def check(analysis: Analysis) -> Iterator[Hit]:
    """assumeTrustedRoute on input."""
    trusted = analysis.calls_of(lambda s: s == "@forge/api:assumeTrustedRoute")
    sinks = {site: [analysis.argument(site, 0)] for site, _ in trusted if analysis.argument(site, 0) >= 0}
    for found in reached(analysis, sinks, "is trusted as a route"):
        name = ".".join(found.origin.path)
        yield Hit(found.visit.node, f"{found.entry.what} trusts “{name}” as (a part of) a route.", HIGH, found.trace)


RULE = Rule(
    id="injection-route",
    category="injection",
    title="Route built from input without encoding",
    severity=Grade.HIGH,
    cwe=("CWE-22", "CWE-74"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input; build routes with route.",
    why=(
        "route encodes what is put into it; assumeTrustedRoute does not. With ../ or ? in the value the caller reaches"
        " another operation than the one that was meant, with the same credentials."
    ),
    fix="Build the route with the route tag.",
    example="""\
await api.asUser().requestJira(route`/rest/api/3/issue/${payload.key}`);
""",
    links=("https://developer.atlassian.com/platform/forge/apis-reference/fetch-api-product.requestjira/",),
    check=check,
)
