"""A secret is compared with an operator that tells, by its time, how much was right."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Guard, Visit
from forgeward.prevent.rules.base import HIGH, Hit, Rule, way


def check(analysis: Analysis) -> Iterator[Hit]:
    """Comparisons by === on which the verification of a web trigger rests."""
    for entry, guard in compared(analysis):
        trace = way(analysis, entry, Visit(guard.node, guard.chain), "compares what was sent with the secret")
        yield Hit(guard.node, "What the caller sent is compared with a secret by an operator.", HIGH, trace)


def compared(analysis: Analysis) -> list[tuple[Entry, Guard]]:
    """The comparisons that verify requests of web triggers, each once."""
    return analysis.remembered("compared", lambda: list(_compared(analysis)))


def _compared(analysis: Analysis) -> Iterator[tuple[Entry, Guard]]:
    sites = [s for s in analysis.calls.symbols if analysis.calls.symbols[s]]
    for entry in analysis.entries_by(Door.PUBLIC):
        found: dict[int, Guard] = {}
        for visit in analysis.ways(entry, sites):
            for guard in analysis.guards.of_visit(visit):
                if guard.kind == "verified" and guard.timing:
                    found.setdefault(guard.node, guard)
        yield from ((entry, guard) for guard in found.values())


RULE = Rule(
    id="auth-secret-compare",
    category="authentication",
    title="Secret compared in variable time",
    severity=Grade.LOW,
    cwe=("CWE-208",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:P/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Web triggers compare signatures in constant time.",
    why=(
        "=== stops at the first difference. By measuring many answers, a sender learns a signature or token piece by"
        " piece. It also takes two missing values for equal."
    ),
    fix="Compare digests of equal length with crypto.timingSafeEqual.",
    example="""\
const digest = (text) => createHash('sha256').update(text).digest();
const same = (a, b) => timingSafeEqual(digest(a), digest(b));
if (!sent || !same(sent, secret)) return { statusCode: 401 };
""",
    links=("https://nodejs.org/api/crypto.html#cryptotimingsafeequala-b",),
    check=check,
)
