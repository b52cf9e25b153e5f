"""A classic scope where a few granular ones would do."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule, manifest_line
from forgeward.prevent.rules.scope_unused import is_of_a_module, is_opaque
from forgeward.prevent.scopes import is_granular, product_of, vocabulary

MOST = 6  # more granular scopes than these are no gain for whoever has to read them


def check(analysis: Analysis) -> Iterator[Hit]:
    """Only where all calls of the product are known and each of them has a granular alternative."""
    for scope in analysis.manifest.scopes:
        product = product_of(scope.name)
        if not product or is_granular(scope.name) or scope.name not in vocabulary():
            continue
        calls = analysis.needs.of_product(product)
        if any(site in analysis.needs.crossed for site, _ in calls):
            continue
        if not calls or analysis.needs.unknown(product) or is_opaque(analysis) or is_of_a_module(analysis, scope.name):
            continue
        served = [n for _, n in calls if any(scope.name in listed for listed in n.alternatives)]
        narrow = [next((a for a in n.alternatives if all(map(is_granular, a))), None) for n in served]
        if not served or any(a is None for a in narrow):
            continue
        wanted = sorted({s for a in narrow for s in a or ()})
        if len(wanted) <= MOST:
            message = f"{scope.name} is classic; what the app does with it needs only {', '.join(wanted)}."
            yield Hit(manifest_line(analysis, scope.line), message, MEDIUM, subject=(scope.name,))


RULE = Rule(
    id="scope-classic",
    category="least-privilege",
    title="Classic scope where granular ones fit",
    severity=Grade.INFO,
    cwe=("CWE-250",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-2", "TC-7"),
    requirement="Least-privilege scopes: no broad, unused or classic ones where narrower ones fit.",
    why=(
        "write:jira-work also lets the app delete, vote and upload everywhere. An administrator who reads granular"
        " scopes"
        " sees what the app really does, and a fault in it can do no more."
    ),
    fix="Ask for the granular scopes; it makes a new major version, so do it with the next change that needs consent.",
    example="""\
permissions:
  scopes:
    - write:comment:jira
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/scopes-product-jira/",),
    check=check,
)
