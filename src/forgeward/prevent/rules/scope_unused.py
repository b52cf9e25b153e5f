"""A scope for a product, or for storage, that nothing in the app uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import MEDIUM, Hit, Rule, manifest_line

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
    """Only where the code could be followed: no other package that might call the product for the app."""
    imports = {spec for m in analysis.shipped for spec in analysis.modules[m].imports}
    if not analysis.entries and not analysis.frontend:
        return
    apis = {c.api for c in analysis.product_calls.values()} | _mentioned(analysis)
    opaque = any(_OPAQUE.match(spec) for spec in imports)
    told: set[str] = set()
    for scope in analysis.manifest.scopes:
        wanted = _wanted(scope.name)
        if scope.name == "storage:app":
            missing = not any(_STORAGE.match(s) for s in (*imports, *analysis.calls.by_symbol))
        else:
            missing = bool(wanted) and not apis & set(wanted) and not opaque and not _by_module(analysis, scope.name)
        if missing and scope.name not in told:
            told.add(scope.name)
            api = "Forge storage" if scope.name == "storage:app" else wanted[0]
            message = f"{scope.name} is asked for, but nothing in the app uses {api}."
            yield Hit(manifest_line(analysis, scope.line), message, MEDIUM, subject=(scope.name,))


def _wanted(scope: str) -> tuple[str, ...]:
    parts = scope.split(":")
    product = parts[-1] if len(parts) > 2 else parts[-1] if parts[-1] in _APIS else parts[-1].split("-")[0]
    return _APIS.get(product, ())


def _mentioned(analysis: Analysis) -> set[str]:
    """Request functions that stand anywhere in a shipped file, however they are reached."""
    names = {n for apis in _APIS.values() for n in apis}
    return {n for m in analysis.shipped for n in names if n.encode() in analysis.modules[m].source}


def _by_module(analysis: Analysis, scope: str) -> bool:
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
