"""The caller chooses the host that the app's backend calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule

_HOST_FIXED = re.compile(rf"^(https?:)?//[^/?#{HOLE}]+[/?#]|^/(?!/)")


def check(analysis: Analysis) -> Iterator[Hit]:
    """Requests whose URL begins with input. The manifest's addresses are what holds it back."""
    backend = [e for e in analysis.manifest.egress if e.kind == "fetch.backend"]
    wide = any(e.address.split("://")[-1] in {"*", "*.*"} for e in backend)
    narrow = bool(backend) and not any("*" in e.address for e in backend)
    sinks = {}
    for request in analysis.requests.values():
        if request.url < 0 or request.site >> 22 not in analysis.backend:
            continue
        if any(not _HOST_FIXED.match(url) and HOLE in url for url in patterns(request.url, analysis.linker)):
            sinks[request.site] = [request.url]
    if narrow:
        return  # only hosts that are written in the manifest can be reached
    for found in reached(analysis, sinks, "chooses where the request goes"):
        name = ".".join(found.origin.path)
        message = f"{found.entry.what} lets “{name}” choose where the backend sends a request."
        yield Hit(found.visit.node, message, HIGH if wide else MEDIUM, found.trace)


RULE = Rule(
    id="injection-ssrf",
    category="injection",
    title="Caller chooses the host of a request",
    severity=Grade.MEDIUM,
    cwe=("CWE-918",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-3", "TC-12"),
    requirement="Validate input; no server-side request forgery.",
    why=(
        "The backend sends its headers and credentials wherever the caller says, and hands back the answer; an allowed"
        " wildcard makes every host reachable."
    ),
    fix=(
        "Keep the host in the source or in settings that an administrator made; let input choose only the path's parts."
    ),
    example="""\
const url = new URL(`/v1/items/${encodeURIComponent(payload.id)}`, 'https://api.example.com');
""",
    links=("https://cwe.mitre.org/data/definitions/918.html",),
    check=check,
)
