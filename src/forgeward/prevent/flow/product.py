"""Calls of Atlassian's products: as whom, which method, which route; and what kind of thing such a call is.

Sources: developer.atlassian.com/platform/forge/runtime-reference (product REST APIs, authorize API), November 2026.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from forgeward.prevent.flow.calls import Calls
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.slices import Chain, Slicer
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.syntax import kinds as k

_REQUEST = re.compile(r"^@forge/(?:api|bridge):(?:(asApp|asUser)\(\)\.)?(request[A-Z]\w*)$")
_SDK = re.compile(r"^@atlassian/forge-graphql:(?:.*\.)?(asApp|asUser)\(\)\.(\w+)$")
_AUTHORIZE = re.compile(r"^@forge/api:authorize\(\)\.(on\w+)\(\)\.(can\w+)$|^@forge/api:authorize\(\)\.(onJira)$")
READS = frozenset({"GET", "HEAD", "OPTIONS"})

# Routes that say what somebody may do. The answer is a check when it is used.
_CHECK_ROUTE = re.compile(
    r"/mypermissions\b|/permissions/(check|project)\b|/permission/(check|search)\b|/user/permission/search"
    r"|/content/[^/]+/permission/check|/user/memberof|/user/groups|/group/member|/group/bulk|/myself\b.*expand"
    r"|/role/|/projectroleowner|/user/current\b.*expand|/operations\b|/user/search/permission|/permissions/project"
    r"|/user/email/bulk-perm"
)
# About the site as a whole, or about a group or role of people that the app trusts.
_EVERYWHERE = re.compile(r"\b(ADMINISTER|SYSTEM_ADMIN)\b|role|memberof|/groups?\b|expand=(groups|operations)")

# What everybody who can use the product may see, and the app's own data: no check is asked for.
_PUBLIC_ROUTE = re.compile(
    r"^/rest/api/(2|3|latest)/(serverInfo|field|issuetype|issueLinkType|priority|resolution|status|statuscategory"
    r"|configuration|events|attachment/meta|announcementBanner|permissions|myself|mypermissions|universal_avatar"
    r"|application-properties/advanced-settings|instance/license|jql/autocompletedata|expression/analyse)(/search)?/?(\?|$)"
    r"|^/rest/(atlassian-connect/1|forge/1|connect/1)/"
    r"|^/wiki/rest/api/(settings/(systemInfo|lookandfeel)|user/(current|anonymous))"
    r"|^/wiki/api/v2/app/|^/rest/api/(2|3)/app/"
    r"|^/rest/api/(2|3)/avatar/|^/_edge/tenant_info"
)
_SDK_PUBLIC = re.compile(r"^getAllComponentTypes$|^getComponentType|^getMetricDefinitions?$|^getLibraryTypes")
_SDK_READ = re.compile(r"^(get|search|list|find|query|fetch|read|is|has)[A-Z_]|^query$")


class ProductCall(NamedTuple):
    """``route`` and ``options`` are nodes, or -1. ``operation`` names an SDK's method."""

    site: int
    principal: str  # app, user, or bare
    api: str  # requestJira, …, compass
    route: int = -1
    options: int = -1
    operation: str = ""


class Check(NamedTuple):
    """A call that asks what the user may do, and about what. No ``resources``: about the site as a whole."""

    site: int
    permission: str
    resources: tuple[int, ...]
    everywhere: bool


@cache
def _meaning(symbol: str) -> tuple[str, str, str] | None:
    """Principal, API and operation of an outside symbol; None for what is no product call."""
    if found := _REQUEST.match(symbol):
        return {"asApp": "app", "asUser": "user"}.get(found.group(1) or "", "bare"), found.group(2), ""
    if found := _SDK.match(symbol):
        return {"asApp": "app", "asUser": "user"}[found.group(1)], "compass", found.group(2)
    return None


def product_call(site: int, calls: Calls) -> ProductCall | None:
    """What a call node asks of a product, or None."""
    for symbol in calls.symbols.get(site, ()):
        meaning = _meaning(symbol)
        if meaning is None:
            continue
        principal, api, operation = meaning
        mod, base = calls.linker.modules[site >> SHIFT], site & ~MASK
        first, second = [*(base | o for o in mod.ops[site & MASK][1:]), -1, -1][:2]
        return ProductCall(site, principal, api, -1 if operation else first, first if operation else second, operation)
    return None


def methods(call: ProductCall, slicer: Slicer, chain: Chain) -> frozenset[str]:
    """The HTTP methods that a call may use; ``?`` stands for one that is not known."""
    if call.operation:
        return frozenset({"GET" if _SDK_READ.match(call.operation) else "POST"})
    if call.api == "requestGraph":
        asked = (
            {o.text for o in slicer.slice(call.route, chain).origins if o.sort == "const"} if call.route >= 0 else set()
        )
        return frozenset({"GET" if asked and not any("mutation" in text for text in asked) else "POST"})
    if call.options < 0:
        return frozenset({"GET"})
    found = set()
    for origin in slicer.slice(call.options, chain, ("method",)).origins:
        if origin.sort == "const" and not origin.path:
            found.add(origin.text.strip("'\"").upper())
        elif origin.sort in {"input", "call", "param"}:
            found.add("?")
    return frozenset(found - {"UNDEFINED", "NULL", ""}) or frozenset({"GET"})


def routes(call: ProductCall, slicer: Slicer) -> frozenset[str]:
    """The routes of a call, with ``HOLE`` for parts that are not known."""
    return patterns(call.route, slicer.linker) if call.route >= 0 else frozenset()


def is_public(call: ProductCall, slicer: Slicer) -> bool:
    """Whether a call asks only for what every user may see, or for the app's own data."""
    if call.operation:
        return _SDK_PUBLIC.match(call.operation) is not None
    found = routes(call, slicer)
    return bool(found) and all(_PUBLIC_ROUTE.search(route.split(HOLE)[0]) for route in found)


def resources(call: ProductCall, slicer: Slicer) -> tuple[int, ...]:
    """The nodes that choose what a call touches: the holes of its route, or an SDK's input."""
    if call.operation or call.api == "requestGraph":
        return tuple(n for n in (call.route, call.options) if n >= 0)
    return (call.route,) if call.route >= 0 else ()


def check(site: int, calls: Calls, slicer: Slicer) -> Check | None:
    """The permission check that a call node is, or None."""
    symbols = calls.symbols.get(site, ())
    if not any(s.startswith("@forge/") for s in symbols):
        return None
    mod, base = calls.linker.modules[site >> SHIFT], site & ~MASK
    for symbol in symbols:
        if found := _AUTHORIZE.match(symbol):
            if found.group(3):
                return Check(site, "onJira", tuple(base | o for o in mod.ops[site & MASK][1:]), everywhere=False)
            inner = mod.ops[mod.ops[site & MASK][0]][0]
            return Check(site, found.group(2), tuple(base | o for o in mod.ops[inner][1:]), everywhere=False)
    call = product_call(site, calls)
    if call is None or call.operation:
        return None
    for route in sorted(routes(call, slicer)):
        if _CHECK_ROUTE.search(route):
            body = _option(call, slicer, "body")
            about = tuple(n for n in (call.route, body) if n >= 0)
            return Check(site, route, about, everywhere=_EVERYWHERE.search(route) is not None)
    return None


def _option(call: ProductCall, slicer: Slicer, name: str) -> int:
    if call.options < 0:
        return -1
    mod = slicer.linker.modules[call.options >> SHIFT]
    n = call.options & MASK
    if mod.kind[n] == k.OBJECT:
        for prop in mod.ops[n]:
            if mod.kind[prop] == k.PROP and mod.text[prop] == name:
                return call.options & ~MASK | mod.ops[prop][0]
    return -1
