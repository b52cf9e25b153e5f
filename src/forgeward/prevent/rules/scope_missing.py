"""A call needs a scope that the manifest does not ask for."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule
from forgeward.prevent.scopes import Needed, is_granular, product_of


def check(analysis: Analysis) -> Iterator[Hit]:
    """Calls whose operation is known, none of whose alternatives the manifest asks for in full."""
    declared = {s.name for s in analysis.manifest.scopes}
    for site, listed in sorted(analysis.needs.calls.items()):
        for need in listed if site not in analysis.needs.crossed else ():
            if need.alternatives and _is_missing(need, declared, analysis.needs.products[site]):
                ways = " or ".join(_shown(a) for a in sorted(need.alternatives, key=len))
                message = f"{need.method} {need.path} needs {ways}, which the manifest does not ask for."
                yield Hit(site, message, MEDIUM, subject=(need.method, need.path))
                break


def _is_missing(need: Needed, declared: set[str], product: str) -> bool:
    """Nothing suffices; and the manifest's style of scopes is one that the table has for this operation."""
    if any(set(listed) <= declared for listed in need.alternatives):
        return False
    styles = {is_granular(s) for s in declared if product_of(s) == product}
    told = {is_granular(s) for s in need.scopes}
    return styles <= told


def _shown(scopes: tuple[str, ...]) -> str:
    return scopes[0] if len(scopes) == 1 else f"{', '.join(scopes[:3])}{' …' if len(scopes) > 3 else ''} together"


RULE = Rule(
    id="scope-missing",
    category="least-privilege",
    title="Call without its scope",
    severity=Grade.LOW,
    cwe=("CWE-1059",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-7", "P-2"),
    requirement="Scopes are those that the calls need, no more and no fewer.",
    why=(
        "The product refuses the call, and where the code takes the refusal for an answer a check may pass. A scope"
        " that is"
        " added in haste afterwards is often too wide."
    ),
    fix="Ask for the scope, or remove the call.",
    example="""\
permissions:
  scopes:
    - read:page:confluence   # GET /wiki/api/v2/pages/{id}
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/scopes-product-jira/",),
    check=check,
)
