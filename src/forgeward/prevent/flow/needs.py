"""What the product calls of an app need of scopes, and what of that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from forgeward.prevent.flow import product
from forgeward.prevent.flow.slices import Slicer
from forgeward.prevent.scopes import Known, Needed, needed

_PRODUCTS = {"requestJira": "jira", "requestConfluence": "confluence"}


@dataclass
class Needs:
    """``calls``: a call node → what it needs, one for each route and method that it may have."""

    calls: dict[int, list[Needed]] = field(default_factory=dict)
    products: dict[int, str] = field(default_factory=dict)

    def of_product(self, name: str) -> list[tuple[int, Needed]]:
        """The calls of a product in the order of files."""
        return [(s, n) for s, listed in sorted(self.calls.items()) if self.products[s] == name for n in listed]

    def unknown(self, name: str) -> list[tuple[int, Needed]]:
        """Those whose needs are not known."""
        return [(s, n) for s, n in self.of_product(name) if n.known != Known.YES]

    def used(self, name: str) -> frozenset[str]:
        """Every scope that a known call of a product may use."""
        return frozenset(scope for _, n in self.of_product(name) for scope in n.scopes)


def needs(calls: Iterable[product.ProductCall], slicer: Slicer) -> Needs:
    """The needs of all calls of Jira and Confluence by REST."""
    found = Needs()
    for call in calls:
        if call.api not in _PRODUCTS:
            continue
        found.products[call.site] = _PRODUCTS[call.api]
        routes = sorted(product.routes(call, slicer)) or ["\ufffc"]
        methods = sorted(product.methods(call, slicer, ()))
        found.calls[call.site] = [_needed(method, route) for route in routes for method in methods]
    return found


def _needed(method: str, route: str) -> Needed:
    return needed(method, route) if method != "?" else Needed(Known.ROUTE, "?", route)
