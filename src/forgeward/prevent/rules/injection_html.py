"""Raw HTML is put into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_CLEANS = re.compile(
    r"dompurify|sanitize|purify|xss:|escape-?html|insane:|highlight\.js|escapeHtml|encode\b", re.IGNORECASE
)
_STORES = {"innerHTML", "outerHTML", "srcdoc"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """dangerouslySetInnerHTML, innerHTML, document.write and insertAdjacentHTML with something that is not fixed."""
    for node, what in _sinks(analysis):
        sliced = analysis.slicer.slice(node)
        origins = [o for o in sliced.origins if o.sort not in {"const", "computed", "code"}]
        if not origins and sliced.origins:
            continue
        if any(cleans(analysis, n) for n in sliced.nodes()):
            continue
        foreign = [o for o in origins if o.sort in {"call", "input", "callback"}]
        yield Hit(node, f"{what} receives HTML that is not fixed and not cleaned.", HIGH if foreign else MEDIUM)


def _sinks(analysis: Analysis) -> Iterator[tuple[int, str]]:
    for prop in analysis.nodes(k.PROP):
        if analysis.text(prop) == "dangerouslySetInnerHTML":
            inner = analysis.prop(analysis.ops(prop)[0], "__html")
            yield (inner if inner >= 0 else analysis.ops(prop)[0]), "dangerouslySetInnerHTML"
    for store in analysis.nodes(k.STORE):
        if analysis.text(store) in _STORES:
            yield analysis.ops(store)[1], analysis.text(store)
    for site in analysis.methods_called("insertAdjacentHTML", "write", "writeln"):
        name = analysis.text(analysis.ops(site)[0])
        if name == "insertAdjacentHTML" and (node := analysis.argument(site, 1)) >= 0:
            yield node, name
        elif f":document.{name}" in analysis.calls.symbols.get(site, ()):
            yield from ((node, f"document.{name}") for node in analysis.ops(site)[1:2])


def cleans(analysis: Analysis, node: int) -> bool:
    """Whether a call is known for cleaning HTML."""
    if analysis.kind(node) not in {k.CALL, k.NEW}:
        return False
    callee = analysis.ops(node)[0]
    symbols = " ".join(analysis.calls.symbols.get(node, ()))
    return bool(_CLEANS.search(f"{symbols} {analysis.text(callee)}"))


RULE = Rule(
    id="injection-html",
    category="injection",
    title="Raw HTML put into the page",
    severity=Grade.MEDIUM,
    cwe=("CWE-79",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:P/VC:L/VI:L/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-12",),
    requirement="Validate input and encode output; no raw HTML.",
    why=(
        "What one user writes runs in the browser of the next, inside the app's frame: it invokes the app's resolvers "
        "and calls the product as that user."
    ),
    fix="Render text as text. Where HTML is wanted, clean it with DOMPurify first.",
    example="""\
<div dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(html) }} />
""",
    links=("https://developer.atlassian.com/platform/forge/custom-ui/",),
    check=check,
)
