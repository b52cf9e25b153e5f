"""Who calls whom: direct calls, callbacks, components, and messages put into a queue."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from forgeward.prevent.flow.values import MASK, SHIFT, Linker, Values
from forgeward.prevent.syntax import kinds as k

DIRECT = 0  # parameters are the arguments
CALLBACK = 1  # handed to something from outside, or to a promise, which calls it
COMPONENT = 2  # a JSX element: the first parameter is the properties
QUEUE = 3  # pushed into a queue whose consumer is the function

_ARRAY_METHODS = {
    "map", "forEach", "filter", "find", "findIndex", "some", "every", "flatMap", "sort", "reduce", "reduceRight",
    "findLast",
}  # fmt: skip
ROUNDS = 3


class Edge(NamedTuple):
    """A call node that runs ``function``. ``position`` is the argument's, for a callback."""

    site: int
    function: int
    how: int
    position: int = 0


class Calls:
    """The call graph of an app. ``symbols`` are the outside callees of each call node."""

    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self.sites: dict[int, list[int]] = defaultdict(list)  # function → its call nodes, in order
        self.edges: dict[int, list[Edge]] = {}
        self.callers: dict[int, list[Edge]] = defaultdict(list)
        self.symbols: dict[int, tuple[str, ...]] = {}
        self.by_symbol: dict[str, list[int]] = defaultdict(list)
        self._collect()
        self._waiting = [site for sites in self.sites.values() for site in sites]
        for _ in range(ROUNDS):
            before = sum(map(len, self.edges.values()))
            self._round()
            if sum(map(len, self.edges.values())) == before:
                break
        for edges in self.edges.values():
            for edge in edges:
                self.callers[edge.function].append(edge)
        for site, symbols in self.symbols.items():
            for symbol in symbols:
                self.by_symbol[symbol].append(site)

    def _collect(self) -> None:
        wanted = {k.CALL, k.NEW, k.JSX, k.TAGGED}
        for m, mod in enumerate(self.linker.modules):
            base, region, owner = m << SHIFT, mod.region, mod.region_fn
            for n, kind in enumerate(mod.kind):
                if kind in wanted:
                    self.sites[base | owner[region[n]]].append(base | n)

    def _round(self) -> None:
        """Finds callees with what is known of parameters so far, then says what parameters receive."""
        linker = self.linker
        linker.forget()
        waiting = self._waiting
        self._waiting = []
        for site in waiting:
            self.edges.pop(site, None)
            linker.open = False
            self._resolve(site)
            if linker.open:
                self._waiting.append(site)
        arguments: dict[int, list[int]] = defaultdict(list)
        for edges in self.edges.values():
            for edge in edges:
                for position, param in enumerate(self.params(edge.function)):
                    arguments[param] += self.given(edge, position)
        linker.arguments = dict(arguments)
        linker.forget()

    def params(self, function: int) -> list[int]:
        """The PARAM nodes of a function."""
        base = function & ~MASK
        return [base | p for p in self.linker.modules[function >> SHIFT].functions[function & MASK].params]

    def given(self, edge: Edge, position: int) -> list[int]:
        """The nodes that a direct call gives for a parameter; none where something from outside decides."""
        if edge.how == CALLBACK:
            return []
        mod, base = self.linker.modules[edge.site >> SHIFT], edge.site & ~MASK
        ops = mod.ops[edge.site & MASK]
        if edge.how == COMPONENT:
            return [base | ops[1]] if position == 0 else []
        if edge.how == QUEUE:
            return []
        spread = [o for o in ops[1:] if mod.kind[o] == k.SPREAD]
        if spread:
            return [base | o for o in ops[1:]]
        return [base | ops[position + 1]] if position + 1 < len(ops) else []

    def _resolve(self, site: int) -> None:
        mod, base = self.linker.modules[site >> SHIFT], site & ~MASK
        kind, ops = mod.kind[site & MASK], mod.ops[site & MASK]
        values = self.linker.values(base | ops[0])
        edges: list[Edge] = []
        if kind == k.NEW:
            edges += self._constructors(site, values)
        else:
            how = COMPONENT if kind == k.JSX else DIRECT
            edges += [Edge(site, int(v[1]), how) for v in values if v[0] == "f"]
        self.symbols[site] = tuple(sorted(str(v[1]) for v in values if v[0] == "x"))
        if kind in {k.CALL, k.NEW} and (not edges or kind == k.NEW):
            edges += self._callbacks(site, base, ops)
        elif kind == k.JSX:
            edges += self._handlers(site, base, ops[1])
        edges.sort(key=lambda e: (e.how, e.function))
        if edges:
            self.edges[site] = edges

    def _constructors(self, site: int, values: Values) -> list[Edge]:
        found = []
        for value in values:
            if value[0] == "c":
                cls = int(value[1])
                ctor = self.linker.modules[cls >> SHIFT].classes[cls & MASK].methods.get("constructor")
                if ctor is not None:
                    found.append(Edge(site, cls & ~MASK | ctor, DIRECT))
        return found

    def _callbacks(self, site: int, base: int, ops: tuple[int, ...]) -> list[Edge]:
        mod = self.linker.modules[site >> SHIFT]
        callee = ops[0]
        if mod.kind[callee] == k.MEMBER and mod.text[callee] == "define":
            return []  # a resolver's functions are entries, nobody calls them here
        found = []
        for position, argument in enumerate(ops[1:]):
            kind = mod.kind[argument]
            if kind in {k.FUNC, k.VAR, k.MEMBER, k.CALL, k.CHOICE}:
                values = self.linker.values(base | argument)
                found += [Edge(site, int(v[1]), CALLBACK, position) for v in values if v[0] == "f"]
            elif kind == k.OBJECT:
                found += self._option_callbacks(site, base, argument, position)
        return found

    def _option_callbacks(self, site: int, base: int, literal: int, position: int) -> list[Edge]:
        mod = self.linker.modules[site >> SHIFT]
        values = [mod.ops[p][0] for p in mod.ops[literal] if mod.kind[p] == k.PROP]
        return [Edge(site, base | mod.ops[v][0], CALLBACK, position) for v in values if mod.kind[v] == k.FUNC]

    def _handlers(self, site: int, base: int, literal: int) -> list[Edge]:
        """``onClick={…}``: the functions that an element is given, which whoever draws it calls."""
        mod = self.linker.modules[site >> SHIFT]
        values = [mod.ops[p][0] for p in mod.ops[literal] if mod.kind[p] == k.PROP and mod.text[p].startswith("on")]
        nodes = [base | v for v in values if mod.kind[v] in {k.FUNC, k.VAR, k.MEMBER}]
        return [Edge(site, int(v[1]), CALLBACK) for n in nodes for v in self.linker.values(n) if v[0] == "f"]

    def receiver(self, edge: Edge) -> tuple[int, str]:
        """For ``receiver.method(callback)``: the receiver's node (or -1) and the method."""
        mod, base = self.linker.modules[edge.site >> SHIFT], edge.site & ~MASK
        callee = mod.ops[edge.site & MASK][0]
        if mod.kind[callee] != k.MEMBER:
            return -1, ""
        return base | mod.ops[callee][0], mod.text[callee]

    def callback_source(self, edge: Edge, position: int) -> tuple[int, bool]:
        """Where a callback's parameter comes from: a node (or -1), and whether it is an element of it."""
        receiver, method = self.receiver(edge)
        if receiver < 0:
            return -1, False
        if method == "then" and position == 0 and edge.position == 0:
            return receiver, False
        element = 1 if method in {"reduce", "reduceRight"} else 0
        if method in _ARRAY_METHODS and (position == element or method == "sort"):
            return receiver, True
        return -1, False

    def add_queue(self, site: int, function: int) -> None:
        """A push into a queue runs its consumer."""
        edge = Edge(site, function, QUEUE)
        self.edges.setdefault(site, []).append(edge)
        self.callers[function].append(edge)
