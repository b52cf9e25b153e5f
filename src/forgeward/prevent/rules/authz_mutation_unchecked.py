"""A resolver changes what all users of the site share, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.storage import WRITES
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, way


def check(analysis: Analysis) -> Iterator[Hit]:
    """Writes to shared storage on a way without any check; each entry once, the gravest write."""
    sinks = [c.site for c in analysis.storage_calls.values() if c.operation in WRITES]
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        open_ways = [v for v in analysis.ways(entry, sinks) if _is_open(analysis, entry, v)]
        if open_ways:
            yield _hit(analysis, entry, min(open_ways, key=lambda v: (not _is_secret(analysis, v), len(v.chain))))


def _hit(analysis: Analysis, entry: Entry, visit: Visit) -> Hit:
    secret = _is_secret(analysis, visit)
    at = visit.chain[0].site if visit.chain and visit.chain[0].site != entry.site else visit.node
    what = "replaces or removes a secret of the app" if secret else "changes data that all users share"
    operation = analysis.storage_calls[visit.node].operation
    message = f"{entry.what} {what} ({operation}) without asking what the user may do."
    if entry.admin_only:
        message += " That the page is for administrators does not protect the resolver behind it."
    trace = way(analysis, entry, visit, "writes to the app's storage")
    return Hit(at, message, HIGH if secret and not entry.admin_only else MEDIUM, trace, (entry.key,))


def _is_secret(analysis: Analysis, visit: Visit) -> bool:
    return "Secret" in analysis.storage_calls[visit.node].operation


def _is_open(analysis: Analysis, entry: Entry, visit: Visit) -> bool:
    return _is_decided(analysis, entry, visit) and all(g.kind == "self" for g in analysis.guards.of_visit(visit))


def _is_decided(analysis: Analysis, entry: Entry, visit: Visit) -> bool:
    """Whether the caller decides what is written or removed, and it is not kept under their own account or place.

    What only the app computed (a cache, a counter, cleaning up) is nobody's decision.
    """
    call = analysis.storage_calls[visit.node]
    if call.key < 0:
        return False
    keys = analysis.slicer.slice(call.key, visit.chain).origins
    for origin in keys:
        vouched = origin.sort == "input" and origin.path and not analysis.is_chosen(entry, origin)
        if vouched and (origin.path[-1] in {"accountId", "principal"} or "extension" in origin.path):
            return False
    if any(analysis.is_chosen(entry, o) for o in keys):
        return True
    if call.operation.startswith("delete"):
        return call.operation == "deleteSecret" and all(o.sort == "const" for o in keys)
    values = analysis.slicer.slice(call.value, visit.chain).origins if call.value >= 0 else []
    return any(analysis.is_chosen(entry, o) for o in values)


RULE = Rule(
    id="authz-mutation-unchecked",
    category="authorization",
    title="Shared app data changed without a permission check",
    severity=Grade.MEDIUM,
    cwe=("CWE-862",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:L/SC:N/SI:N/SA:N",
    promises=("P-1", "P-2", "TC-12"),
    requirement="Every resolver that changes something checks the user's permission on the server.",
    why=(
        "Forge storage belongs to the app and knows no users. A resolver that writes what it is given lets every user "
        "of the site change the app's configuration, replace its credentials, or overwrite the entries of others."
    ),
    fix=(
        "Ask whether the user administers the site or project before writing, or keep the data under the caller's own"
        " account id from the context."
    ),
    example="""\
const mayConfigure = async () => {
  const res = await api.asUser().requestJira(route`/rest/api/3/mypermissions?permissions=ADMINISTER`);
  return (await res.json()).permissions.ADMINISTER.havePermission;
};
resolver.define('save', async ({ payload }) => {
  if (!(await mayConfigure())) throw new Error('Forbidden');
  await kvs.set('config', payload.config);
});
""",
    links=("https://developer.atlassian.com/platform/forge/security/",),
    check=check,
)
