"""A signed request may be sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.auth_webtrigger_open import consequences
from forgeward.prevent.rules.base import LOW, MEDIUM, Hit, Rule, function_node, way
from forgeward.prevent.syntax import kinds as k

_CLOCK = re.compile(r"^:Date(\.now)?$|^:performance\.now$|^(moment|dayjs|luxon|date-fns)\b")
# Libraries that look at the time of what they verify.
_TIMED = re.compile(r"jsonwebtoken:|jose:|svix:|standardwebhooks:|stripe|@slack/|atlassian-jwt:")
# What is different in each request, so that it can be remembered.
_ONCE = re.compile(r"nonce|request-?id|delivery|event-?(uu)?id|message-?id|idempotency|^jti$", re.IGNORECASE)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Verified triggers with consequences on whose way nothing looks at a time or at an identifier seen before."""
    sinks = consequences(analysis)
    for entry in analysis.entries_by(Door.PUBLIC):
        if entry.authenticated:
            continue
        ways = [v for v in analysis.ways(entry, sinks) if _is_signed(analysis, v)]
        if ways and not any(_is_fresh(analysis, entry, v) for v in ways):
            visit = min(ways, key=lambda v: (sinks[v.node][0], len(v.chain)))
            names = ", ".join(sorted({r.module_key for r in entry.refs if r.module_type == "webtrigger"}))
            message = f"The web trigger {names} verifies its caller, but accepts the same request again and again."
            at = function_node(analysis, entry.function)
            writes = sinks[visit.node][0] < 2
            yield Hit(
                at, message, MEDIUM if writes else LOW, way(analysis, entry, visit, sinks[visit.node][1]), (entry.key,)
            )


def _is_signed(analysis: Analysis, visit: Visit) -> bool:
    return any(g.kind == "verified" for g in analysis.guards.of_visit(visit))


def _is_fresh(analysis: Analysis, entry: Entry, visit: Visit) -> bool:
    """Something on the way asks for the time, verifies with a library that does, or knows what it saw before."""
    functions = {entry.function}
    first = next((e.site for e in visit.chain if analysis.function_of(e.site) == entry.function), visit.node)
    for earlier in analysis.guards.facts(first)[1]:  # what always ran before; what acts asks the time for its own sake
        functions |= {e.function for e in analysis.calls.edges.get(earlier, ())}
    for guard in analysis.guards.of_visit(visit):
        functions |= {e.function for e in guard.chain} | {analysis.function_of(guard.node)}
    for function in functions:
        for site in analysis.calls.sites.get(function, ()):
            symbols = analysis.calls.symbols.get(site, ())
            if any(_CLOCK.search(s) or _TIMED.search(s) for s in symbols):
                return True
    return _is_remembered(analysis, functions) and any(_names_one_request(analysis, f) for f in functions)


def _is_remembered(analysis: Analysis, functions: set[int]) -> bool:
    """Storage is asked for something on the way."""
    reads = (c.site for c in analysis.storage_calls.values() if c.operation == "get")
    return any(analysis.function_of(site) in functions for site in reads)


def _names_one_request(analysis: Analysis, function: int) -> bool:
    """A header or field that is different in each request is read in a function."""
    mod = analysis.modules[function >> SHIFT]
    for n, kind in enumerate(mod.kind):
        if kind not in {k.MEMBER, k.INDEX} or mod.fn_of(n) != function & MASK:
            continue
        name = mod.text[n] if kind == k.MEMBER else mod.text[mod.ops[n][1]]
        if _ONCE.search(name):
            return True
    return False


RULE = Rule(
    id="auth-webtrigger-replay",
    category="authentication",
    title="Signed request accepted again",
    severity=Grade.LOW,
    cwe=("CWE-294",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:N/VI:L/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Authenticate every request: HMAC, timestamp, nonce, comparison in constant time.",
    why=(
        "Who once saw a valid request, in a proxy's log or a debugging tool, can send it as often as they like: the"
        " signature stays right for ever."
    ),
    fix=(
        "Sign a timestamp with the body and refuse what is older than five minutes; remember the sender's request"
        " id until then."
    ),
    example="""\
const sentAt = Number(request.headers['x-timestamp']?.[0]);
if (!(Math.abs(Date.now() / 1000 - sentAt) < 300)) return { statusCode: 401 };
const mac = createHmac('sha256', secret).update(`${sentAt}.${request.body}`).digest();
""",
    links=("https://cwe.mitre.org/data/definitions/294.html",),
    check=check,
)
