"""A query in JQL or CQL is put together from what a caller sent, and asked as the app."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_SEARCH = re.compile(r"[?&](jql|cql)=|/search(/jql)?\b|/jql/")
_CLAUSE = re.compile(r"(=|~|\bin\b|\bIN\b|\bAND\b|\band\b|\bOR\b|\bor\b)\s*[\"'(]*$")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Input between the words of a clause. A whole query as input is the user's own; as the app it is told "
    "elsewhere."""
    sinks: dict[int, list[int]] = {}
    for call in analysis.product_calls.values():
        if call.principal == "app" and any(_SEARCH.search(r) for r in product.routes(call, analysis.slicer)):
            nodes = [n for n in (call.route, literal_property(call.options, "body", analysis.linker)) if n >= 0]
            sinks[call.site] = nodes
    # Inside route`…` a value is encoded for the URL, not for the query: encodeURIComponent protects nothing here.
    numbers = frozenset({":Number", ":parseInt", ":parseFloat", ":Boolean"})
    for found in reached(analysis, sinks, "becomes part of a query that is asked as the app", escapes=numbers):
        sliced = analysis.slicer.slice(sinks[found.visit.node][0], found.visit.chain)
        clause = any(_in_clause(analysis, n) for s in sinks[found.visit.node] for n in _trace(analysis, s, found))
        if clause:
            message = f"{found.entry.what} puts “{'.'.join(found.origin.path)}” into a JQL or CQL query as the app."
            yield Hit(found.visit.node, message, HIGH if sliced.complete else MEDIUM, found.trace)


def _trace(analysis: Analysis, node: int, found: object) -> list[int]:
    from forgeward.prevent.rules._input import Reached

    if not isinstance(found, Reached):
        return []
    sliced = analysis.slicer.slice(node, found.visit.chain)
    return [n for o in sliced.origins if o == found.origin or o.path == found.origin.path for n in sliced.trace(o)]


def _in_clause(analysis: Analysis, node: int) -> bool:
    """A template or concatenation whose text before a hole ends in the middle of a clause."""
    if analysis.kind(node) not in {k.TEMPLATE, k.BINARY, k.TAGGED}:
        return False
    return any(analysis.kind(o) == k.STRING and _CLAUSE.search(analysis.text(o)) for o in analysis.ops(node)) and any(
        "jql" in analysis.text(o).lower() or _CLAUSE.search(analysis.text(o))
        for o in analysis.ops(node)
        if analysis.kind(o) == k.STRING
        and not analysis.text(o).rstrip("\"'( ").endswith(("?jql=", "&jql=", "?cql=", "&cql=", "Id=", "Key="))
    )


RULE = Rule(
    id="injection-jql",
    category="injection",
    title="JQL or CQL built from input",
    severity=Grade.MEDIUM,
    cwe=("CWE-943",),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input.",
    why=(
        "The caller closes the quote and widens the query; asked as the app, it returns issues or pages that the caller"
        " may not see."
    ),
    fix="Ask as the user; check the value against its form (a key, a number), or quote it.",
    example="""\
if (!/^[A-Z][A-Z0-9_]+$/.test(payload.project)) throw new Error('not a project key');
await api.asUser().requestJira(route`/rest/api/3/search/jql?jql=${`project = "${payload.project}"`}`);
""",
    links=("https://developer.atlassian.com/platform/forge/apis-reference/fetch-api-product.requestjira/",),
    check=check,
)
