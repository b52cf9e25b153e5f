"""The bridge between front end and resolvers: who invokes which key, from which module of the manifest."""

from __future__ import annotations

from forgeward.prevent.flow.calls import Calls
from forgeward.prevent.flow.constants import strings
from forgeward.prevent.flow.values import MASK, SHIFT, Linker

_INVOKES = ("@forge/bridge:invoke", "@forge/bridge:default.invoke")
UNKNOWN = ""  # the key of invocations whose key is not known before the app runs


def invocations(linker: Linker, calls: Calls, frontend: frozenset[int]) -> dict[str, list[int]]:
    """Key → the call nodes of the front end that invoke it, in the order of files."""
    found: dict[str, list[int]] = {}
    for site in sorted(s for symbol in _INVOKES for s in calls.by_symbol.get(symbol, ())):
        if site >> SHIFT not in frontend:
            continue
        mod, base = linker.modules[site >> SHIFT], site & ~MASK
        ops = mod.ops[site & MASK]
        keys = strings(base | ops[1], linker) if len(ops) > 1 else frozenset[str]()
        for key in sorted(keys) or [UNKNOWN]:
            found.setdefault(key, []).append(site)
    return found
