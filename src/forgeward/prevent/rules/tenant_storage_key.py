"""What one user was allowed to see is kept under a key that all users share."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Confidence, Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.slices import Chain
from forgeward.prevent.flow.storage import StorageCall
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, way

_OWN = {"accountId", "principal", "aaid"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Answers to asUser() that are stored under a key without the account, and that another invocation hands out."""
    sets = {c.site: c for c in analysis.storage_calls.values() if c.operation in {"set", "setSecret"} and c.value >= 0}
    handed_out = _handed_out(analysis)
    told: set[int] = set()
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, sets):
            call = sets[visit.node]
            if visit.node in told or _names_account(analysis, call.key, visit.chain):
                continue
            seen = _seen_by_user(analysis, call, visit.chain)
            if seen < 0 or not (handed_out & _texts(analysis, call.key, visit.chain)):
                continue
            told.add(visit.node)
            message = (
                f"{entry.what} keeps what one user may see under a key that all users share, and hands it to the next."
            )
            yield Hit(
                visit.node,
                message,
                _surety(entry),
                [(seen, "is read as the user"), *way(analysis, entry, visit, "is kept for everybody")],
            )


def _surety(entry: Entry) -> Confidence:
    return MEDIUM if entry.admin_only else HIGH


def _texts(analysis: Analysis, key: int, chain: Chain) -> frozenset[str]:
    """The fixed parts of a key."""
    return frozenset(o.text for o in analysis.slicer.slice(key, chain).origins if o.sort == "const")


def _names_account(analysis: Analysis, key: int, chain: Chain) -> bool:
    return any(o.path and _OWN & set(o.path) for o in analysis.slicer.slice(key, chain).origins)


def _seen_by_user(analysis: Analysis, call: StorageCall, chain: Chain) -> int:
    """A call as the user whose answer is stored, or -1."""
    for origin in analysis.slicer.slice(call.value, chain).origins:
        asked = analysis.product_calls.get(origin.node) if origin.sort == "call" else None
        if asked is not None and asked.principal == "user":
            return origin.node
    return -1


def _handed_out(analysis: Analysis) -> frozenset[str]:
    """The fixed parts of keys whose values resolvers return."""
    found: set[str] = set()
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        function = analysis.modules[entry.function >> SHIFT].functions[entry.function & MASK]
        for returned in function.returns:
            for origin in analysis.slicer.slice(entry.function & ~MASK | returned).origins:
                call = analysis.storage_calls.get(origin.node) if origin.sort == "call" else None
                if call is not None and call.operation in {"get", "getSecret"} and call.key >= 0:
                    found |= _texts(analysis, call.key, origin.chain)
    return frozenset(found)


RULE = Rule(
    id="tenant-storage-key",
    category="tenant-isolation",
    title="One user's view kept for all",
    severity=Grade.MEDIUM,
    cwe=("CWE-524", "CWE-639"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
    promises=("P-1", "P-3"),
    requirement="Tenant isolation: data of one user or site is never served to another.",
    why=(
        "asUser() shows what this user may see. Kept under a shared key, the next user gets it without being asked,"
        " and the"
        " product's permissions end at the app's cache."
    ),
    fix="Put the caller's account id from the context into the key, or keep only what everybody may see.",
    example="""\
await kvs.set(`projects-${context.accountId}`, await response.json());
""",
    links=("https://developer.atlassian.com/platform/forge/runtime-reference/storage-api/",),
    check=check,
)
