"""A Rovo action that says it only reads, and writes."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door
from forgeward.prevent.flow.storage import WRITES
from forgeward.prevent.rules.base import HIGH, Hit, Rule, manifest_line, way
from forgeward.prevent.yaml_lines import leaf


def check(analysis: Analysis) -> Iterator[Hit]:
    """Actions with actionVerb GET whose function changes the product or the app's storage."""
    sinks = [c.site for c in analysis.product_calls.values()]
    sinks += [c.site for c in analysis.storage_calls.values() if c.operation in WRITES]
    reading = {
        leaf(a.get("key")): a for a in analysis.manifest.module_items("action") if leaf(a.get("actionVerb")) == "GET"
    }
    for entry in analysis.entries_by(Door.ACTION):
        action = next((reading[r.module_key] for r in entry.refs if r.module_key in reading), None)
        for visit in analysis.ways(entry, sinks) if action is not None else ():
            call = analysis.product_calls.get(visit.node)
            if call is not None and product.methods(call, analysis.slicer, visit.chain) <= product.READS | {"?"}:
                continue
            if call is not None and any("/search" in r for r in product.routes(call, analysis.slicer)):
                continue  # searches are asked by POST
            key = leaf(action.get("key")) if action is not None else ""
            message = f"The action {key} is declared as GET, so Rovo runs it without asking the user; it writes."
            line = action.lines.get("actionVerb", action.line) if action is not None else 1
            yield Hit(manifest_line(analysis, line), message, HIGH, way(analysis, entry, visit, "writes here"), (key,))
            break


RULE = Rule(
    id="rovo-verb",
    category="rovo",
    title="Rovo action writes although it says GET",
    severity=Grade.MEDIUM,
    cwe=("CWE-862", "CWE-1427"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:P/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-12"),
    requirement="Rovo agent inputs are untrusted; changes need the user's confirmation.",
    why=(
        "Rovo asks the user before it runs an action that changes something, and knows by actionVerb which do. A page "
        "with hidden instructions can make the agent call one that pretends to read."
    ),
    fix="Declare CREATE, UPDATE, DELETE or TRIGGER.",
    example="""\
action:
  - key: close-issue
    function: closeIssue
    actionVerb: UPDATE
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/modules/rovo-action/",),
    check=check,
)
