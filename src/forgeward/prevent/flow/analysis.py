"""One app with everything that rules ask for: modules, calls, entries, slices, guards, and ways to sinks."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeVar, cast

import msgspec

from forgeward.prevent.flow import bridge, outbound, product, storage
from forgeward.prevent.flow.calls import DIRECT, Calls, Edge
from forgeward.prevent.flow.entries import Door, Entry, find
from forgeward.prevent.flow.guards import Guard, Guards, Visit
from forgeward.prevent.flow.needs import Needs, needs
from forgeward.prevent.flow.slices import MAX_CHAIN, Chain, Origin, Slicer
from forgeward.prevent.flow.values import MASK, SHIFT, Linker
from forgeward.prevent.manifest import Manifest
from forgeward.prevent.project import App, Project
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module

T = TypeVar("T")
WAYS = 4  # chains that are followed from one entry to one function
_ROUTE_TAGS = {"@forge/api:route", "@forge/api:routeFromAbsolute"}
_USERS_DOORS = {Door.USER, Door.ACTION, Door.PUBLIC}


class Analysis(msgspec.Struct, dict=True):
    """Rules read this and nothing else. ``backend`` are the modules that handlers of the manifest import."""

    project: Project
    app: App
    linker: Linker
    calls: Calls
    entries: list[Entry]
    slicer: Slicer
    guards: Guards
    backend: frozenset[int]
    frontend: frozenset[int]

    @property
    def manifest(self) -> Manifest:
        return self.app.manifest

    @property
    def modules(self) -> list[Module]:
        return self.linker.modules

    @cached_property
    def shipped(self) -> frozenset[int]:
        """Modules that reach users; scripts and samples beside the app do not."""
        return self.backend | self.frontend

    def _sites(self) -> list[int]:
        """The call nodes of shipped modules that call something from outside, in order."""
        return sorted(s for s, symbols in self.calls.symbols.items() if symbols and s >> SHIFT in self.shipped)

    # Nodes

    def module_of(self, node: int) -> Module:
        return self.linker.modules[node >> SHIFT]

    def kind(self, node: int) -> int:
        return self.linker.modules[node >> SHIFT].kind[node & MASK]

    def text(self, node: int) -> str:
        return self.linker.modules[node >> SHIFT].text[node & MASK]

    def ops(self, node: int) -> tuple[int, ...]:
        base = node & ~MASK
        return tuple(base | o for o in self.linker.modules[node >> SHIFT].ops[node & MASK])

    def function_of(self, node: int) -> int:
        mod = self.linker.modules[node >> SHIFT]
        return node & ~MASK | mod.region_fn[mod.region[node & MASK]]

    def nodes(self, *kinds: int, modules: Iterable[int] | None = None) -> Iterator[int]:
        """All nodes of some kinds, file by file; of shipped modules where none are named."""
        among = self.shipped if modules is None else frozenset(modules)
        found = [node for kind in kinds for node in self._by_kind[kind] if node >> SHIFT in among]
        yield from sorted(found) if len(kinds) > 1 else found

    @cached_property
    def _by_kind(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for m, mod in enumerate(self.modules):
            base = m << SHIFT
            for n, kind in enumerate(mod.kind):
                found[kind].append(base | n)
        return found

    def argument(self, site: int, position: int) -> int:
        """An argument of a call node, or -1."""
        ops = self.ops(site)
        return ops[position + 1] if position + 1 < len(ops) else -1

    def prop(self, node: int, name: str) -> int:
        """The value of a property of the object literal that a node is (through variables), or -1."""
        for value in sorted(self.linker.values(node), key=repr):
            if value[0] != "o":
                continue
            for p in self.ops(int(value[1])):
                if self.kind(p) == k.PROP and self.text(p) == name:
                    return self.ops(p)[0]
        return -1

    def remembered(self, name: str, make: Callable[[], T]) -> T:
        """What several rules ask for, made once for this app."""
        if name not in self._remembered:
            self._remembered[name] = make()
        return cast("T", self._remembered[name])

    @cached_property
    def _remembered(self) -> dict[str, object]:
        return {}

    # Calls of the outside

    @cached_property
    def product_calls(self) -> dict[int, product.ProductCall]:
        """Every call of a product, by node."""
        found = {}
        for site in self._sites():
            if call := product.product_call(site, self.calls):
                found[site] = call
        return found

    @cached_property
    def checks(self) -> dict[int, product.Check]:
        """Every permission check of the backend, by node."""
        found = {}
        for site in self._sites():
            if site >> SHIFT in self.backend and (check := product.check(site, self.calls, self.slicer)):
                found[site] = check
        return found

    @cached_property
    def storage_calls(self) -> dict[int, storage.StorageCall]:
        """Every call of Forge storage, by node."""
        found = {}
        for site in self._sites():
            if call := storage.storage_call(site, self.calls):
                found[site] = call
        return found

    @cached_property
    def requests(self) -> dict[int, outbound.Outbound]:
        """Every request to the outside, by node."""
        found = {}
        for site in self._sites():
            if call := outbound.outbound(site, self.calls):
                found[site] = call
        return found

    @cached_property
    def needs(self) -> Needs:
        """What each call of Jira and Confluence needs of scopes."""
        return needs(self.product_calls.values(), self.slicer)

    @cached_property
    def invocations(self) -> dict[str, list[int]]:
        """Resolver key → the places of the front end that invoke it."""
        return bridge.invocations(self.linker, self.calls, self.frontend)

    def shown_in(self, module: int) -> tuple[str, ...]:
        """The types of the manifest's modules whose resource a file of the front end belongs to."""
        found = {
            kind for kind, key, _ in self.manifest.resource_refs if module in self._resources.get(key, frozenset())
        }
        return tuple(sorted(found))

    def resource_modules(self, key: str) -> frozenset[int]:
        """The modules that a resource is built from."""
        return self._resources.get(key, frozenset())

    @cached_property
    def _resources(self) -> dict[str, frozenset[int]]:
        """Resource key → the modules that it is built from."""
        return {
            key: closure(self.linker, in_folder(self.app, resource.path, self.linker))
            for key, resource in self.manifest.resources.items()
        }

    def calls_of(self, wanted: Callable[[str], bool]) -> list[tuple[int, str]]:
        """The call nodes whose outside symbol is wanted, in the order of files."""
        found = [(s, symbol) for symbol, sites in self.calls.by_symbol.items() if wanted(symbol) for s in sites]
        return sorted(f for f in found if f[0] >> SHIFT in self.shipped)

    def methods_called(self, *names: str) -> list[int]:
        """The calls of shipped modules that look like ``anything.name(…)``, in the order of files."""
        return sorted(site for name in names for site in self._methods_called.get(name, ()))

    @cached_property
    def _methods_called(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for site in self.nodes(k.CALL):
            mod = self.modules[site >> SHIFT]
            callee = mod.ops[site & MASK][0]
            if mod.kind[callee] == k.MEMBER:
                found[mod.text[callee]].append(site)
        return found

    # Ways

    def entries_by(self, *doors: Door) -> list[Entry]:
        return [e for e in self.entries if e.door in doors]

    @property
    def user_entries(self) -> list[Entry]:
        """Entries that a person outside of the vendor can open with data of their choice."""
        return [e for e in self.entries if e.door in _USERS_DOORS]

    def ways(self, entry: Entry, sinks: Iterable[int]) -> list[Visit]:
        """How an entry reaches each of the sinks: up to ``WAYS`` chains each, the shortest first."""
        reach, by_function = self._targets(sinks)
        if entry.function not in reach:
            return []
        first: Chain = tuple(Edge(site, function, DIRECT) for site, function in entry.lexical)
        found: list[Visit] = []
        seen: dict[int, int] = defaultdict(int)
        waiting: deque[tuple[int, Chain]] = deque([(entry.function, first)])
        while waiting:
            function, chain = waiting.popleft()
            if seen[function] >= WAYS:
                continue
            seen[function] += 1
            found += [Visit(sink, chain) for sink in by_function.get(function, ())]
            if len(chain) >= MAX_CHAIN:
                continue
            for site in self.calls.sites.get(function, ()):
                for edge in self.guards.edges_at(site, chain):
                    if edge.function in reach and all(e.function != edge.function for e in chain):
                        waiting.append((edge.function, (*chain, edge)))
        return found

    def _targets(self, sinks: Iterable[int]) -> tuple[set[int], dict[int, list[int]]]:
        """The functions from which a sink can be reached, and the sinks of each function.

        Remembered for the very object that a rule asks with for each entry.
        """
        known = self._asked.get(id(sinks))
        if known is not None and known[0] is sinks:
            return known[1]
        by_function: dict[int, list[int]] = defaultdict(list)
        for sink in sorted(set(sinks)):
            by_function[self.function_of(sink)].append(sink)
        reach, waiting = set(by_function), list(by_function)
        while waiting:
            for edge in self.calls.callers.get(waiting.pop(), ()):
                caller = self.function_of(edge.site)
                if caller not in reach:
                    reach.add(caller)
                    waiting.append(caller)
        self._asked[id(sinks)] = (sinks, (reach, by_function))
        return reach, by_function

    @cached_property
    def _asked(self) -> dict[int, tuple[object, tuple[set[int], dict[int, list[int]]]]]:
        return {}

    # Origins

    def is_chosen(self, entry: Entry, origin: Origin) -> bool:
        """Whether the caller of an entry chose an origin; the platform vouches for the rest."""
        if origin.sort != "input" or origin.text != "0":
            return False
        if origin.path and origin.path[0] in {"context", "principal"}:
            return False
        return entry.door in _USERS_DOORS

    def keys(self, node: int, chain: Chain, depth: int = 0) -> frozenset[tuple[str, ...]]:
        """What identifies a value: the inputs it is made of, also those of a product call that it was read from."""
        found: set[tuple[str, ...]] = set()
        for origin in self.slicer.slice(node, chain).origins:
            if origin.sort == "input":
                found.add((origin.text, *origin.path))
            elif origin.sort == "call" and depth < 2:
                call = self.product_calls.get(origin.node)
                if call is not None and call.route >= 0:
                    found |= self.keys(call.route, origin.chain, depth + 1)
                elif call is None and (name := _storage_key(self, origin.node)) >= 0:
                    found |= self.keys(name, origin.chain, depth + 1)
        return frozenset(found)

    def is_bound(self, guard: Guard, nodes: Iterable[int], chain: Chain) -> bool:
        """Whether a guard asked about what ``nodes`` choose. Nothing chosen needs no binding."""
        if guard.everywhere or not guard.resources:
            return True
        touched = {key for node in nodes for key in self.keys(node, chain)}
        asked = {key for node in guard.resources for key in self.keys(node, guard.chain)}
        if not touched:
            return True
        if not asked:  # about something fixed, or about something that is not known
            origins = [o for node in guard.resources for o in self.slicer.slice(node, guard.chain).origins]
            return any(o.sort not in {"const", "code"} and o.text not in _ROUTE_TAGS for o in origins)
        return any(a[: len(b)] == b or b[: len(a)] == a for a in asked for b in touched)


def _storage_key(analysis: Analysis, site: int) -> int:
    call = analysis.storage_calls.get(site)
    return call.key if call is not None else -1


def analyse(project: Project, app: App, linker: Linker) -> Analysis:
    """Links an app whose files are lowered."""
    calls = Calls(linker)
    entries = find(app.manifest, app.root, linker, calls)
    slicer = Slicer(calls, frozenset(e.function for e in entries))
    guards = Guards(calls, slicer)
    backend = closure(linker, [e.function >> SHIFT for e in entries] + _handlers(app, linker))
    frontend = _frontend(app, linker) - backend
    return Analysis(project, app, linker, calls, entries, slicer, guards, backend, frontend)


_BROWSER = ("@forge/bridge", "@forge/react", "@forge/ui", "@forge/jira-bridge", "@forge/confluence-bridge")


def _frontend(app: App, linker: Linker) -> frozenset[int]:
    """What the resources of the manifest are built from: the file or folder they name, or the package around it, and
    whatever talks to the bridge."""
    roots = {m for m, mod in enumerate(linker.modules) if any(spec.startswith(_BROWSER) for spec in mod.imports)}
    for resource in app.manifest.resources.values():
        roots.update(in_folder(app, resource.path, linker))
    return closure(linker, sorted(roots))


def in_folder(app: App, path: str, linker: Linker) -> list[int]:
    """The modules below the file or folder that a resource names, or below the package around it."""
    full = f"{app.root}/{path}".strip("/")
    folders = [f for f in (full, full.rpartition("/")[0] or full) if f and f != app.root]
    return [
        m for m, mod in enumerate(linker.modules) if any(mod.path == f or mod.path.startswith(f + "/") for f in folders)
    ]


def _handlers(app: App, linker: Linker) -> list[int]:
    from forgeward.prevent.flow.entries import handler_module

    paths = [handler_module(f.handler, app.root, linker.by_path)[0] for f in app.manifest.functions.values()]
    return [linker.by_path[p] for p in paths if p]


def closure(linker: Linker, roots: Iterable[int]) -> frozenset[int]:
    """Modules and everything that they import."""
    found, waiting = set(roots), list(roots)
    while waiting:
        module = waiting.pop()
        for spec in linker.modules[module].imports:
            target = linker.target(module, spec)
            if target >= 0 and target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)
