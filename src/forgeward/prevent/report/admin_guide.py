"""The admin guide of an app (CU-2): what each scope and address is for, with the code that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from forgeward.prevent.flow import product
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.constants import HOLE
from forgeward.prevent.flow.outbound import hosts
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.rules.egress_undeclared import matches
from forgeward.prevent.scopes import product_of, vocabulary

_PRODUCTS = {
    "requestJira": ("jira", "servicedesk"), "requestConfluence": ("confluence",), "requestBitbucket": ("bitbucket",),
    "requestGraph": ("compass", "teams"), "compass": ("compass",),
}  # fmt: skip


class Need(NamedTuple):
    """One thing that an administrator consents to, what the app does with it, and where the code does."""

    kind: str
    name: str
    means: str
    used: tuple[str, ...]


def needs(analysis: Analysis) -> list[Need]:
    """Scopes, then addresses, in the order of the manifest."""
    found = [
        Need("scope", scope.name, _means(scope.name), tuple(_scope_uses(analysis, scope.name)))
        for scope in analysis.manifest.scopes
    ]
    for egress in analysis.manifest.egress:
        what = f"The app may reach {egress.address} ({egress.kind}{', ' + egress.category if egress.category else ''})"
        means = what + ("." if egress.in_scope else "; it says that no end-user data goes there.")
        found.append(Need("egress", egress.address, means, tuple(_egress_uses(analysis, egress.address, egress.kind))))
    return found


def _means(scope: str) -> str:
    """A scope in words: ``read:page:confluence`` → “May read page of confluence.”"""
    parts = scope.split(":")
    verb = {
        "read": "read",
        "write": "create and change",
        "delete": "delete",
        "manage": "administer",
        "admin": "administer",
    }
    if scope == "storage:app":
        return "May keep data of its own in Forge storage."
    what = parts[1].replace("-", " ").replace(".", " ") if len(parts) > 1 else scope
    return f"May {verb.get(parts[0], parts[0])} {what}{' of ' + parts[2].replace('-', ' ') if len(parts) > 2 else ''}."


def _scope_uses(analysis: Analysis, scope: str) -> Iterator[str]:
    if scope == "storage:app":
        yield from (f"{_place(analysis, c.site)} {c.operation}" for c in list(analysis.storage_calls.values())[:12])
        return
    if scope in vocabulary():
        yield from _known_uses(analysis, scope)
        return
    reads = scope.startswith("read:")
    for call in analysis.product_calls.values():
        if scope.startswith(("manage:", "admin:")) or not any(n in scope for n in _PRODUCTS.get(call.api, ())):
            continue
        methods = product.methods(call, analysis.slicer, ())
        if "?" in methods or (methods <= product.READS) == reads:
            shown = ", ".join(sorted(r.replace(HOLE, "…") for r in product.routes(call, analysis.slicer))[:3])
            what = shown or call.operation or call.api
            yield f"{_place(analysis, call.site)} {'/'.join(sorted(methods))} {what} {_who(call)}"


def _known_uses(analysis: Analysis, scope: str) -> Iterator[str]:
    """By the table: calls whose operation needs the scope; then those of which it is not known."""
    name = product_of(scope)
    told: set[str] = set()
    for site, need in analysis.needs.of_product(name):
        if scope in need.scopes:
            line = f"{_place(analysis, site)} {need.method} {need.path} {_who(analysis.product_calls[site])}"
            if line not in told:
                told.add(line)
                yield line
    for site, need in analysis.needs.unknown(name):
        path = need.path.replace(HOLE, "…").replace("{}", "…")
        yield f"{_place(analysis, site)} {need.method} {path}: perhaps; {need.known.value}"


def _who(call: product.ProductCall) -> str:
    return {"app": "as the app", "user": "as the user"}.get(call.principal, "in the browser, as the user")


def _egress_uses(analysis: Analysis, address: str, kind: str) -> Iterator[str]:
    if not kind.startswith("fetch"):
        return
    for request in analysis.requests.values():
        if (request.site >> SHIFT in analysis.backend) == (kind == "fetch.backend"):
            for host in hosts(request, analysis.linker):
                if matches(address, host):
                    yield f"{_place(analysis, request.site)} {host}"


def _place(analysis: Analysis, node: int) -> str:
    module = analysis.module_of(node)
    return f"{module.path}:{module.place(module.pos[node & MASK])[0]}"


def render(name: str, listed: list[Need]) -> str:
    """The guide in Markdown."""
    lines = [f"# What {name} asks for, and why", ""]
    for kind, title in (("scope", "Permissions"), ("egress", "Connections to other systems")):
        lines += [f"## {title}", ""]
        chosen = [n for n in listed if n.kind == kind]
        for need in chosen:
            lines += [f"### {need.name}", "", need.means, ""]
            lines += [f"- {use}" for use in need.used] or [
                "- No use in the code was found; it may be needed by a module of the manifest."
            ]
            lines.append("")
        if not chosen:
            lines += ["None.", ""]
    return "\n".join(lines).rstrip() + "\n"
