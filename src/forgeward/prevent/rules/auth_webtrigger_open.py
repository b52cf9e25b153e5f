"""A web trigger acts for whoever knows its URL."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import PUSHES, Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.storage import WRITES, is_sql
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, function_node, way


def check(analysis: Analysis) -> Iterator[Hit]:
    """Web triggers that do something with consequences on a way without verification; each trigger once."""
    sinks = consequences(analysis)
    for entry in analysis.entries_by(Door.PUBLIC):
        if entry.authenticated:
            continue
        open_ways = [v for v in analysis.ways(entry, sinks) if not _is_verified(analysis, v)]
        if open_ways:
            visit = min(open_ways, key=lambda v: (sinks[v.node][0], len(v.chain)))
            yield _hit(analysis, entry, visit, sinks[visit.node][1])


def consequences(analysis: Analysis) -> dict[int, tuple[int, str]]:
    """Nodes whose effect matters: how grave (0 most), and in words."""
    found: dict[int, tuple[int, str]] = {}
    for call in analysis.product_calls.values():
        if call.principal == "app":
            found[call.site] = (0, f"calls the product as the app ({call.operation or call.api})")
    for stored in analysis.storage_calls.values():
        if stored.operation in WRITES:
            found[stored.site] = (1, f"changes the app's storage ({stored.operation})")
    for site, symbol in analysis.calls_of(lambda s: s in PUSHES or is_sql(s)):
        found[site] = (2, "queues work for the app" if symbol in PUSHES else "uses the app's database")
    return found


def _is_verified(analysis: Analysis, visit: Visit) -> bool:
    return any(g.kind == "verified" for g in analysis.guards.of_visit(visit))


def _hit(analysis: Analysis, entry: Entry, visit: Visit, does: str) -> Hit:
    chosen = any(
        analysis.is_chosen(entry, origin)
        for node in analysis.ops(visit.node)[1:]
        for origin in analysis.slicer.slice(node, visit.chain).origins
    )
    names = ", ".join(sorted({r.module_key for r in entry.refs if r.module_type == "webtrigger"}))
    message = f"The web trigger {names} {does} before it verifies who sent the request" + (
        ", with data of the request." if chosen else "."
    )
    trace = way(analysis, entry, visit, does)
    at = function_node(analysis, entry.function)
    return Hit(at, message, HIGH if chosen else MEDIUM, trace, (entry.key,))


RULE = Rule(
    id="auth-webtrigger-open",
    category="authentication",
    title="Web trigger acts without verifying the sender",
    severity=Grade.HIGH,
    cwe=("CWE-306",),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:L/VI:H/VA:L/SC:N/SI:N/SA:N",
    promises=("P-1", "TC-12"),
    requirement="Authenticate every request, web triggers too.",
    why=(
        "A web trigger is a public URL without any authentication of its own. URLs end up in logs, in the settings of"
        " other systems and in browser histories; whoever has one acts with the app's permissions."
    ),
    fix=(
        "Verify an HMAC of the body with a secret from encrypted variables or setSecret, in constant time, before"
        " anything else; refuse old timestamps; or let the platform verify with request.authentication in the manifest."
    ),
    example="""\
import { createHmac, timingSafeEqual } from 'node:crypto';

export const onEvent = async (request) => {
  const mac = createHmac('sha256', process.env.WEBHOOK_SECRET).update(request.body).digest();
  const sent = Buffer.from(request.headers['x-signature']?.[0] ?? '', 'hex');
  if (sent.length !== mac.length || !timingSafeEqual(sent, mac)) return { statusCode: 401 };
  // …
};
""",
    links=("https://developer.atlassian.com/platform/forge/manifest-reference/modules/web-trigger/",),
    check=check,
)
