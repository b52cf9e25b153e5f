"""A scope for a product, or for storage, that nothing in the app uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule, manifest_line
from forgeward.prevent.scopes import is_granular, product_of, vocabulary

_APIS = {
    "jira": ("requestJira",), "jira-software": ("requestJira",), "jira-service-management": ("requestJira",),
    "jira-work": ("requestJira",), "jira-user": ("requestJira",), "jira-configuration": ("requestJira",),
    "jira-project": ("requestJira",), "servicedesk-request": ("requestJira",), "confluence": ("requestConfluence",),
    "bitbucket": ("requestBitbucket",), "compass": ("requestGraph", "requestCompass", "compass"),
}  # fmt: skip
_STORAGE = re.compile(r"^@forge/(kvs|storage|sql|react-storage|object-store)|^@forge/api:storage|requestGraph")
_OPAQUE = re.compile(
    r"^(?:@forge/(?!api|bridge|react|resolver|ui|events|kvs|storage|sql|metrics|i18n)|@atlassian/forge-)"
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Scopes of a product that nothing calls, and scopes that no known call needs where all calls are known."""
    if not analysis.entries and not analysis.frontend:
        return
    told: set[str] = set()
    for scope in analysis.manifest.scopes:
        why = _why(analysis, scope.name)
        if why and scope.name not in told:
            told.add(scope.name)
            message = f"{scope.name} is asked for, but {why}."
            yield Hit(manifest_line(analysis, scope.line), message, MEDIUM, subject=(scope.name,))


def _why(analysis: Analysis, scope: str) -> str:
    """Why a scope is unused; empty where something uses it, or where that is not known."""
    if scope == "storage:app":
        imports = {spec for m in analysis.shipped for spec in analysis.modules[m].imports}
        used = any(_STORAGE.match(s) for s in (*imports, *analysis.calls.by_symbol))
        return "" if used else "nothing in the app uses Forge storage"
    if is_opaque(analysis) or is_of_a_module(analysis, scope):
        return ""
    wanted = _wanted(scope)
    if wanted and not set(wanted) & ({c.api for c in analysis.product_calls.values()} | _mentioned(analysis)):
        return f"nothing in the app uses {wanted[0]}"
    return _by_table(analysis, scope)


def _by_table(analysis: Analysis, scope: str) -> str:
    """The same, by the operations that are called; unknown is not unused."""
    product = product_of(scope)
    if not product or scope not in vocabulary() or scope.startswith(("manage:", "admin:")):
        return ""  # another rule speaks of administration
    calls = analysis.needs.of_product(product)
    if not calls or analysis.needs.unknown(product) or _names(analysis, product) > len({s for s, _ in calls}):
        return ""
    used = analysis.needs.used(product)
    if scope in used or is_granular(scope) not in {is_granular(s) for s in used}:
        return ""
    return f"none of the {len(calls)} known calls of the app needs it"


def is_opaque(analysis: Analysis) -> bool:
    """A package that may call the product for the app."""
    return any(_OPAQUE.match(spec) for m in analysis.shipped for spec in analysis.modules[m].imports)


def _names(analysis: Analysis, product: str) -> int:
    """How often a product's request function is called or handed on in shipped files, followed or not."""
    api = b"request" + product.capitalize().encode()
    return sum(len(re.findall(rb"\." + api + rb"\b", analysis.modules[m].source)) for m in analysis.shipped)


def _wanted(scope: str) -> tuple[str, ...]:
    parts = scope.split(":")
    product = parts[-1] if len(parts) > 2 else parts[-1] if parts[-1] in _APIS else parts[-1].split("-")[0]
    return _APIS.get(product, ())


def _mentioned(analysis: Analysis) -> set[str]:
    """Request functions that stand anywhere in a shipped file, however they are reached."""
    names = {n for apis in _APIS.values() for n in apis}
    return {n for m in analysis.shipped for n in names if n.encode() in analysis.modules[m].source}


def is_of_a_module(analysis: Analysis, scope: str) -> bool:
    """Triggers and some modules need a read scope without any call."""
    kinds = set(analysis.manifest.modules)
    return scope.startswith("read:") and bool(
        kinds & {"trigger"} or any(k.startswith(("jira:jql", "jira:entity")) for k in kinds)
    )


RULE = Rule(
    id="scope-unused",
    category="least-privilege",
    title="Scope that nothing uses",
    severity=Grade.LOW,
    cwe=("CWE-272",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("P-2", "TC-7"),
    requirement="Least-privilege scopes: no broad, unused or classic ones.",
    why="A scope that nothing needs helps only whoever finds a fault in the app; removing it is free.",
    fix=(
        "Remove it. Removing a scope makes a new major version, so do it with the next change that needs consent "
        "anyway."
    ),
    example="""\
permissions:
  scopes:
    - read:jira-work
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/permissions/",),
    check=check,
)
