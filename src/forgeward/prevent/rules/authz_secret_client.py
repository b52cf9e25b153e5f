"""The app's own credential for another system is used for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.outbound import literal_property
from forgeward.prevent.flow.values import SHIFT
from forgeward.prevent.rules._secrets import secret_origin
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule, way
from forgeward.prevent.syntax import kinds as k

_CHECKS = {"permission", "read", "account", "self"}
_READS = {"GET", "HEAD", ""}


def check(analysis: Analysis) -> Iterator[Hit]:
    """Requests with the app's credential that a user's entry reaches unchecked, with data that the user chose."""
    sinks = _sinks(analysis)
    told: set[tuple[int, int]] = set()
    for entry in analysis.entries_by(Door.USER, Door.ACTION):
        for visit in analysis.ways(entry, sinks):
            if (visit.node, entry.function) in told or any(g.kind in _CHECKS for g in analysis.guards.of_visit(visit)):
                continue
            if not _is_shared(analysis, sinks[visit.node], visit) or not _changes(analysis, visit):
                continue
            picked = _chosen(analysis, entry, visit)
            if picked:
                told.add((visit.node, entry.function))
                message = (
                    f"{entry.what} acts in another system with the app's own credential, on “{picked}” of the"
                    " caller, without asking what the user may do."
                )
                trace = way(analysis, entry, visit, "uses the app's credential")
                at = visit.chain[0].site if visit.chain and visit.chain[0].site != entry.site else visit.node
                yield Hit(at, message, MEDIUM if entry.admin_only else HIGH, trace, (entry.key,))


def _sinks(analysis: Analysis) -> dict[int, list[int]]:
    """Requests, and calls of clients from packages: each with the nodes that may hold the credential."""
    found: dict[int, list[int]] = {}
    for request in analysis.requests.values():
        if request.site >> SHIFT in analysis.backend and request.options >= 0:
            headers = literal_property(request.options, "headers", analysis.linker)
            found[request.site] = [headers if headers >= 0 else request.options]
    for site, symbol in analysis.calls_of(
        lambda s: s.startswith("new ") and not s.startswith(("new @forge/", "new :"))
    ):
        if site >> SHIFT in analysis.backend and symbol.rpartition(".")[2] not in {"on", "use"}:
            made = _clients(analysis, site)
            if made:
                found[site] = made
    return found


def _clients(analysis: Analysis, site: int) -> list[int]:
    """What the clients that a call belongs to were made with."""
    callee = analysis.ops(site)[0]
    nodes: list[int] = []
    while analysis.kind(callee) == k.MEMBER:
        callee = analysis.ops(callee)[0]
    for value in sorted(analysis.linker.values(callee), key=repr):
        if value[0] == "n":
            nodes += analysis.ops(int(value[1]))[1:]
    return nodes


def _is_shared(analysis: Analysis, nodes: list[int], visit: Visit) -> bool:
    """The credential is the app's: read under a fixed name, or from a variable."""
    for node in nodes:
        chain = (
            visit.chain
            if node >> SHIFT == visit.node >> SHIFT and analysis.function_of(node) == analysis.function_of(visit.node)
            else ()
        )
        for origin in analysis.slicer.slice(node, chain).origins:
            if not secret_origin(analysis, origin) or origin.sort == "input":
                continue
            call = analysis.storage_calls.get(origin.node)
            if call is None or all(
                o.sort in {"const", "import"} for o in analysis.slicer.slice(call.key, origin.chain).origins
            ):
                return True
    return False


def _changes(analysis: Analysis, visit: Visit) -> bool:
    """Whether the call may change something there; what only reads is the vendor's to judge."""
    request = analysis.requests.get(visit.node)
    if request is not None:
        method = literal_property(request.options, "method", analysis.linker)
        if method < 0:
            return False
        words = {o.text.upper() for o in analysis.slicer.slice(method, visit.chain).origins if o.sort == "const"}
        return not words <= _READS
    first = analysis.argument(visit.node, 0)
    symbol = " ".join(analysis.calls.symbols.get(visit.node, ()))
    if first >= 0 and analysis.kind(first) == k.STRING and " /" in analysis.text(first):
        return analysis.text(first).split(" ")[0].upper() not in _READS
    verb = symbol.rpartition(".")[2].lower()
    return verb.startswith(
        (
            "create",
            "update",
            "delete",
            "merge",
            "add",
            "remove",
            "set",
            "put",
            "post",
            "patch",
            "close",
            "submit",
            "approve",
            "write",
        )
    )


def _chosen(analysis: Analysis, entry: Entry, visit: Visit) -> str:
    for node in analysis.ops(visit.node)[1:]:
        for origin in analysis.slicer.slice(node, visit.chain).origins:
            if analysis.is_chosen(entry, origin):
                return ".".join(origin.path) or "its parameter"
    return ""


RULE = Rule(
    id="authz-secret-client",
    category="authorization",
    title="App's credential used without asking the user's rights",
    severity=Grade.HIGH,
    cwe=("CWE-862", "CWE-441"),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:H/VA:N/SC:H/SI:H/SA:N",
    promises=("P-1", "P-2", "TC-12"),
    requirement="Authenticate and authorise every request.",
    why=(
        "One token of an administrator is stored, and all users act with it: whoever may see the issue panel merges"
        " code,"
        " closes tickets or reads customers in the other system, under the administrator's name."
    ),
    fix="Ask what the user may do before, or let each user connect an own account and use that user's token.",
    example="""\
if (!(await authorize().onJiraIssue(context.extension.issue.id).canEdit())) throw new Error('Forbidden');
await octokit.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', pullRequestOf(context));
""",
    links=("https://developer.atlassian.com/platform/forge/security/",),
    check=check,
)
