"""What the product calls of an app need of scopes, and what of that is not known."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from forgeward.prevent.flow import product
from forgeward.prevent.flow.slices import Slicer
from forgeward.prevent.scopes import Known, Needed, needed

_PRODUCTS = {"requestJira": "jira", "requestConfluence": "confluence"}


class Needs(msgspec.Struct):
    """``calls``: a call node → what it needs, one for each route and method that it may have.

    ``crossed``: calls in a helper that is given several routes and several methods. Which go together is not known, so
    what they may need is more than what they do need.
    """

    calls: dict[int, list[Needed]] = {}
    products: dict[int, str] = {}
    crossed: set[int] = set()

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
        pairs = [_needed(method, route) for route in routes for method in methods]
        if len(routes) > 1 and len(methods) > 1:
            found.crossed.add(call.site)
            pairs = [n for n in pairs if n.known == Known.YES] or pairs
        found.calls[call.site] = pairs
    return found


def _needed(method: str, route: str) -> Needed:
    return needed(method, route) if method != "?" else Needed(Known.ROUTE, "?", route)
