"""Requests to the outside: which call, where to, with what."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from forgeward.prevent.flow.calls import Calls
from forgeward.prevent.flow.constants import HOLE, patterns
from forgeward.prevent.flow.values import MASK, SHIFT, Linker

_FETCH = re.compile(
    r"^(?:@forge/api:fetch|:fetch|:(?:window|globalThis|self)\.fetch|(?:node-fetch|cross-fetch|isomorphic-fetch|got|ky"
    r"|axios|undici|superagent|request|needle|phin|wretch|ofetch):(?:default|fetch|request|get|post|put|patch|delete"
    r"|head|stream)?|axios:create\(\)(?:\.(?:get|post|put|patch|delete|head|request))?|https?:(?:request|get))$"
)
_CONFIG_FIRST = re.compile(r"^axios:(?:default|request)?$|^axios:create\(\)(?:\.request)?$")
_HAS_BODY = re.compile(r"^axios:(?:create\(\)\.)?(?:post|put|patch)$")


class Outbound(NamedTuple):
    """``url``, ``options`` and ``body`` are nodes, or -1."""

    site: int
    url: int
    options: int
    body: int


def outbound(site: int, calls: Calls) -> Outbound | None:
    """The request that a call node makes, or None."""
    for symbol in calls.symbols.get(site, ()):
        if not _FETCH.match(symbol):
            continue
        mod, base = calls.linker.modules[site >> SHIFT], site & ~MASK
        arguments = [*(base | o for o in mod.ops[site & MASK][1:]), -1, -1, -1]
        if _CONFIG_FIRST.match(symbol) and mod.kind[arguments[0] & MASK] not in (1, 3, 15):
            url = literal_property(arguments[0], "url", calls.linker)
            return Outbound(site, url, arguments[0], literal_property(arguments[0], "data", calls.linker))
        if _HAS_BODY.match(symbol):
            return Outbound(site, arguments[0], arguments[2], arguments[1])
        return Outbound(site, arguments[0], arguments[1], literal_property(arguments[1], "body", calls.linker))
    return None


def literal_property(node: int, name: str, linker: Linker) -> int:
    """The value of a property of the object literal that a node is, or -1."""
    if node < 0:
        return -1
    for value in sorted(linker.values(node), key=repr):
        if value[0] == "o":
            literal = int(value[1])
            mod = linker.modules[literal >> SHIFT]
            for prop in mod.ops[literal & MASK]:
                if mod.text[prop].lower() == name.lower() and mod.ops[prop]:
                    return literal & ~MASK | mod.ops[prop][0]
    return -1


def hosts(request: Outbound, linker: Linker) -> dict[str, str]:
    """The hosts that a request surely goes to, with their schemes; only those that are written in the source."""
    found = {}
    for url in patterns(request.url, linker) if request.url >= 0 else ():
        host = host_of(url)
        if host:
            found[host] = urlsplit(url).scheme if "://" in url.split(HOLE)[0] else ""
    return found


def host_of(url: str) -> str:
    """The host of an absolute URL whose host is fully known, in lower case; else empty."""
    head = url.split(HOLE, maxsplit=1)[0]
    if not re.match(r"^https?://[^/?#\s]+", head):
        return ""
    if len(head) < len(url) and not re.match(r"^https?://[^/?#]+[/?#]", head):
        return ""  # the hole may still belong to the host
    try:
        return (urlsplit(head).hostname or "").lower()
    except ValueError:
        return ""
