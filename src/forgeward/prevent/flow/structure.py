"""What stands around a node and before it: conditions, calls that ran, promises that are waited for."""

from __future__ import annotations

from collections import defaultdict

from forgeward.prevent.flow.calls import CALLBACK, Calls, Edge
from forgeward.prevent.flow.slices import Chain
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.syntax import kinds as k

_PROMISE_METHODS = {"then", "catch", "finally"}
_NO_USERS = frozenset({k.VAR, k.PARAM, k.FUNC, k.CLASS, k.THIS})  # their operands are no nodes
_HANDS_ON = {k.MEMBER, k.INDEX, k.CHOICE, k.UNARY}


class Structure:
    """Answers about the code of one app, before anything is known of what it checks."""

    def __init__(self, calls: Calls) -> None:
        self.calls, self.linker = calls, calls.linker
        self._facts: dict[int, tuple[list[tuple[int, bool]], list[int]]] = {}
        self._awaited: dict[int, set[int]] = {}
        self._used: dict[int, dict[int, list[int]]] = {}
        self._ancestors: dict[tuple[int, int], frozenset[int]] = {}

    def ancestors(self, module: int, region: int) -> frozenset[int]:
        """A region and all around it."""
        key = (module, region)
        if key not in self._ancestors:
            mod, at, found = self.linker.modules[module], region, set()
            while at >= 0:
                found.add(at)
                at = mod.region_parent[at]
            self._ancestors[key] = frozenset(found)
        return self._ancestors[key]

    def facts(self, node: int) -> tuple[list[tuple[int, bool]], list[int]]:
        """Conditions around a node, innermost first, and the calls before it that always ran to their end."""
        if node not in self._facts:
            mod = self.linker.modules[node >> SHIFT]
            self._facts[node] = self.region_facts(node, mod.region[node & MASK], node & MASK)
        return self._facts[node]

    def region_facts(self, node: int, region: int, before: int) -> tuple[list[tuple[int, bool]], list[int]]:
        mod, base = self.linker.modules[node >> SHIFT], node & ~MASK
        conditions = []
        at = region
        while at >= 0:
            if mod.region_cond[at] >= 0:
                conditions.append((base | mod.region_cond[at], mod.region_holds[at]))
            at = mod.region_parent[at]
        around = self.ancestors(node >> SHIFT, region)
        sites = self.calls.sites.get(base | mod.region_fn[region], ())
        earlier = [s for s in sites if s & MASK < before and mod.region[s & MASK] in around]
        return conditions, earlier

    def awaited(self, site: int) -> bool:
        """Whether a call's promise is awaited where it is made, alone or in ``Promise.all([…])``."""
        module = site >> SHIFT
        if module not in self._awaited:
            mod, found = self.linker.modules[module], set()
            for n, kind in enumerate(mod.kind):
                if kind == k.AWAIT:
                    found |= self._promises(module, mod.ops[n][0])
            self._awaited[module] = found
        return site & MASK in self._awaited[module]

    def _promises(self, module: int, node: int) -> set[int]:
        """The calls whose failure makes a promise fail."""
        mod, found, waiting = self.linker.modules[module], set(), [node]
        while waiting:
            n = waiting.pop()
            if mod.kind[n] not in {k.CALL, k.ARRAY, k.VAR} or n in found:
                continue
            found.add(n)
            if mod.kind[n] == k.ARRAY:
                waiting += mod.ops[n]
            elif mod.kind[n] == k.VAR:
                waiting += mod.variables[mod.ops[n][0]].defs
            else:
                callee = mod.ops[n][0]
                name = mod.text[callee] if mod.kind[callee] == k.MEMBER else ""
                if name in {"then", "finally"}:
                    waiting.append(mod.ops[callee][0])
                elif name in {"all", "resolve"}:
                    waiting += mod.ops[n][1:]
        return found

    def spine(self, node: int) -> frozenset[int]:
        """For a ``p.then(callback)`` site: the calls that ``p`` waits for."""
        mod, base, n = self.linker.modules[node >> SHIFT], node & ~MASK, node & MASK
        if mod.kind[n] != k.CALL or mod.kind[mod.ops[n][0]] != k.MEMBER or mod.text[mod.ops[n][0]] != "then":
            return frozenset()
        return frozenset(base | p for p in self._promises(node >> SHIFT, mod.ops[mod.ops[n][0]][0]))

    def is_async(self, function: int) -> bool:
        return self.linker.modules[function >> SHIFT].functions[function & MASK].is_async

    def settled(self, site: int, chain: Chain) -> bool:
        """Whether a promise is waited for before its value decides: awaited, continued, or returned to one who does."""
        if self.awaited(site):
            return True
        mod, n = self.linker.modules[site >> SHIFT], site & MASK
        for other in self._module_users(site >> SHIFT).get(n, ()):
            kind = mod.kind[other]
            if kind == k.RETURN:
                at = next((i for i in range(len(chain) - 1, -1, -1) if chain[i].function == self._function(site)), -1)
                if at < 0 or chain[at].how == CALLBACK or self.settled(chain[at].site, chain[:at]):
                    return True
            elif kind == k.MEMBER and mod.text[other] in _PROMISE_METHODS:
                return True
            if kind in _HANDS_ON and self.settled(site & ~MASK | other, chain):
                return True
        return False

    def _function(self, node: int) -> int:
        mod = self.linker.modules[node >> SHIFT]
        return node & ~MASK | mod.region_fn[mod.region[node & MASK]]

    def users(self, node: int) -> list[int]:
        """The nodes that use a node."""
        return [node & ~MASK | u for u in self._module_users(node >> SHIFT).get(node & MASK, ())]

    def _module_users(self, module: int) -> dict[int, list[int]]:
        """For each node, the nodes that use it."""
        if module not in self._used:
            mod, found = self.linker.modules[module], defaultdict[int, list[int]](list)
            for n, (kind, ops) in enumerate(zip(mod.kind, mod.ops, strict=True)):
                if ops and kind not in _NO_USERS:
                    for o in ops[1:] if kind == k.SET else ops:
                        found[o].append(n)
            self._used[module] = found
        return self._used[module]

    def edges_at(self, site: int, chain: Chain) -> list[Edge]:
        """The edges of a call; a callee that is a parameter is what this chain gave for it."""
        edges = self.calls.edges.get(site, [])
        param = self._callee_param(site) if chain and edges else None
        if param is None:
            return edges
        mod = self.linker.modules[param >> SHIFT]
        function, position = param & ~MASK | mod.ops[param & MASK][0], mod.ops[param & MASK][1]
        for edge in reversed(chain):
            if edge.function == function:
                given = self.calls.given(edge, position)
                allowed = {v[1] for node in given for v in self.linker.values(node) if v[0] == "f"}
                return [e for e in edges if e.function in allowed or e.how == CALLBACK] if given else edges
        return edges

    def _callee_param(self, site: int) -> int | None:
        mod, base = self.linker.modules[site >> SHIFT], site & ~MASK
        n = mod.ops[site & MASK][0]
        for _ in range(4):
            if mod.kind[n] == k.VAR and len(mod.variables[mod.ops[n][0]].defs) == 1:
                n = mod.variables[mod.ops[n][0]].defs[0]
        return base | n if mod.kind[n] == k.PARAM else None
