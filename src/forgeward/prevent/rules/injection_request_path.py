"""A caller's text is put into the address of a request that carries the app's credential."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.outbound import Outbound, literal_property
from forgeward.prevent.rules._input import Reached, reached
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_IN_PATH = re.compile(rf"^(https?:)?//[^/?#{HOLE}]+/[^?#]*{HOLE}")
_ENCODED = {
    "@forge/api:route",
    ":encodeURIComponent",
    ":Number",
    ":parseInt",
    ":parseFloat",
    ":Boolean",
    ":BigInt",
    ":URLSearchParams",
    "url:URLSearchParams",
}
_CREDENTIAL = re.compile(
    r"^(authorization|proxy-authorization|cookie|.*(token|secret|api[-_]?key|auth).*)$", re.IGNORECASE
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """URLs with a fixed host and an open path; the caller's text unencoded in it."""
    sinks = {}
    for request in analysis.requests.values():
        if request.url < 0 or request.site >> 22 not in analysis.backend or not _is_signed(analysis, request):
            continue
        if any(_IN_PATH.match(url) for url in patterns(request.url, analysis.linker)):
            sinks[request.site] = [request.url]
    headers = {r.site: literal_property(r.options, "headers", analysis.linker) for r in analysis.requests.values()}
    for found in reached(analysis, sinks, "is part of the request's path", escapes=frozenset(_ENCODED)):
        if _chooses_credential(analysis, headers[found.visit.node], found):
            continue
        name = ".".join(found.origin.path)
        message = (
            f"{found.entry.what} puts “{name}” into the path of a request that carries a credential: “../” and “?”"
            " reach other operations."
        )
        yield Hit(found.visit.node, message, HIGH if found.origin.path else MEDIUM, found.trace)


def _chooses_credential(analysis: Analysis, headers: int, found: Reached) -> bool:
    """The credential is looked up under the very text: another text finds none, and the request carries nothing."""
    for origin in analysis.slicer.slice(headers, found.visit.chain).origins if headers >= 0 else ():
        stored = analysis.storage_calls.get(origin.node) if origin.sort == "call" else None
        if stored is not None and stored.key >= 0:
            keys = analysis.slicer.slice(stored.key, origin.chain).origins
            if any(o.sort == "input" and o.path == found.origin.path for o in keys):
                return True
    return False


def _is_signed(analysis: Analysis, request: Outbound) -> bool:
    """The request has a header that says who sends it."""
    if literal_property(request.options, "auth", analysis.linker) >= 0:
        return True
    headers = literal_property(request.options, "headers", analysis.linker)
    for value in sorted(analysis.linker.values(headers), key=repr) if headers >= 0 else ():
        if value[0] == "o":
            props = [p for p in analysis.ops(int(value[1])) if analysis.kind(p) == k.PROP]
            if any(_CREDENTIAL.match(analysis.text(p)) for p in props):
                return True
    return False


RULE = Rule(
    id="injection-request-path",
    category="injection",
    title="Input in the path of a request with a credential",
    severity=Grade.MEDIUM,
    cwe=("CWE-74", "CWE-22", "CWE-441"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:L/SI:L/SA:N",
    promises=("TC-12",),
    requirement="Validate input.",
    why=(
        "“../../admin/users?x=” climbs out of the path that the developer had in mind. The other system sees the app's"
        " credential and does what the new path says."
    ),
    fix="Put each part through encodeURIComponent, or choose it from a list.",
    example="""\
const url = `https://api.example.com/v1/items/${encodeURIComponent(payload.id)}`;
""",
    links=("https://cwe.mitre.org/data/definitions/441.html",),
    check=check,
)
