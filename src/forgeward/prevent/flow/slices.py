"""Where a value comes from: backward from a node, through variables, calls and properties, to its origins.

A step is a node, the path of properties still to be taken from it, and the chain of calls through which its function
was entered. Steps are visited once, paths and chains are bounded, and there is a budget, so every slice ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from forgeward.prevent.flow.calls import CALLBACK, COMPONENT, QUEUE, Calls, Edge
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module

MAX_STEPS = 1500
MAX_PATH = 6
MAX_CHAIN = 14

Chain: TypeAlias = tuple[Edge, ...]
Path: TypeAlias = tuple[str, ...]
Ops: TypeAlias = tuple[int, ...]

# Methods and functions of the language that hand (a part of) their receiver or arguments on.
_OF_RECEIVER = {
    "trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "toString", "slice", "substring", "substr", "replace",
    "replaceAll", "split", "join", "concat", "padStart", "padEnd", "normalize", "at", "charAt", "filter", "find",
    "findLast", "sort", "reverse", "flat", "pop", "shift", "values", "keys", "entries", "get", "json", "text", "match",
    "matchAll", "valueOf", "toJSON", "repeat", "toISOString", "getAll", "set", "with", "map", "flatMap", "reduce",
    "catch", "finally", "then", "digest", "update", "arrayBuffer", "buffer", "exec",
}  # fmt: skip
_OF_ARGUMENTS = {
    ":String", ":Number", ":JSON.parse", ":JSON.stringify", ":encodeURIComponent", ":encodeURI",
    ":decodeURIComponent", ":decodeURI", ":parseInt", ":parseFloat", ":Object.assign", ":Object.values", ":Object.keys",
    ":Object.entries", ":Object.freeze", ":Array.from", ":Buffer.from", "buffer:Buffer.from", ":Promise.resolve",
    ":Promise.all", ":Promise.allSettled", ":Promise.race", ":btoa", ":atob", ":BigInt", ":structuredClone", ":escape",
    "querystring:stringify", ":Object.fromEntries", "@forge/api:assumeTrustedRoute", ":Array.of", "querystring:parse",
}  # fmt: skip
_WRAPS = {":URL", ":URLSearchParams", ":Set", ":Map", ":Error", ":Date", ":Headers", ":FormData", ":RegExp", ":Request",
          "url:URL", ":Uint8Array", ":String", ":Blob", ":Array"}  # fmt: skip
_KEEPS_ARGUMENTS = {":JSON.parse", ":Promise.resolve", ":Object.assign", ":Promise.all", ":Promise.allSettled"}
_ANSWERS = {"!", "typeof", "void", "delete"}
_COMPARES = {"===", "!==", "==", "!=", "<", ">", "<=", ">=", "in", "instanceof"}
_KEEPS_PATH = {"JSON.parse", "then", "json", "find", "filter", "at", "pop", "shift", "get", "catch", "finally"}


class Origin(NamedTuple):
    """Where a slice ended. ``text`` is the symbol or the constant, ``path`` what is taken from it.

    ``sort``: input (a parameter of an entry), param (of a function that nobody is known to call), const, call, new,
    global, import, env, caught, callback (given by something from outside), computed, code, unknown.
    """

    sort: str
    node: int
    text: str
    path: Path
    chain: Chain
    step: int = -1


Step: TypeAlias = tuple[int, Path, Chain, int]  # node, path, chain, the step before


class Slice:
    """One finished slice: ``origins`` in the order of discovery, ``trace(origin)`` the nodes back to the start."""

    __slots__ = ("complete", "origins", "steps")

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self.steps: list[Step] = []
        self.complete = True

    def nodes(self) -> Iterator[int]:
        """Every node that the slice came through."""
        return (step[0] for step in self.steps)

    def trace(self, origin: Origin) -> list[int]:
        nodes, at = [], origin.step
        while at >= 0:
            node, _, _, before = self.steps[at]
            nodes.append(node)
            at = before
        return nodes


class Slicer:
    """Answers for one app. ``entries`` are functions that are entered from outside."""

    def __init__(self, calls: Calls, entries: frozenset[int]) -> None:
        self.calls = calls
        self.linker = calls.linker
        self.entries = entries
        self.chains: dict[Chain, Chain] = {(): ()}  # one object for equal chains
        self._memo: dict[tuple[int, Path, Chain, bool], Slice] = {}

    def slice(self, node: int, chain: Chain = (), path: Path = (), *, closed: bool = False) -> Slice:
        """All origins of a node. ``closed``: a parameter outside of the chain is not followed to other callers."""
        key = (node, path, chain, closed)
        known = self._memo.get(key)
        if known is None:
            known = self._memo[key] = _Run(self, closed=closed).run(node, path, chain)
        return known


class _Run:
    __slots__ = ("calls", "chains", "closed", "entries", "linker", "out", "seen", "steps")

    def __init__(self, slicer: Slicer, *, closed: bool) -> None:
        self.calls, self.linker, self.entries = slicer.calls, slicer.linker, slicer.entries
        self.chains = slicer.chains
        self.closed = closed
        self.out = Slice()
        self.steps = self.out.steps
        self.seen: set[tuple[int, Path, int]] = set()

    def run(self, node: int, path: Path, chain: Chain) -> Slice:
        self.push(node, path, self.chains.setdefault(chain, chain), -1)
        modules, steps, at = self.linker.modules, self.steps, 0
        while at < len(steps):  # steps wait in the order in which they were found
            if len(steps) > MAX_STEPS:
                self.out.complete = False
                break
            step = steps[at]
            mod, n = modules[step[0] >> SHIFT], step[0] & MASK
            handler = _VISITS.get(mod.kind[n])
            if handler is not None:
                handler(self, at, step, mod, mod.ops[n])
            at += 1
        return self.out

    def push(self, node: int, path: Path, chain: Chain, before: int) -> None:
        """``chain`` is one of ``chains``, so that it is known by its identity: hashing long ones is dear."""
        if len(path) > MAX_PATH:
            path = path[:MAX_PATH]
        key = (node, path, id(chain))
        if key not in self.seen:
            self.seen.add(key)
            self.steps.append((node, path, chain, before))

    def end(self, sort: str, at: int, text: str, path: Path, chain: Chain) -> None:
        self.out.origins.append(Origin(sort, self.steps[at][0], text, path, chain, at))

    def _var(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._variable(at, step[0] & ~MASK, ops[0], step[1], step[2])

    def _param(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._parameter(at, step[0], step[0] & ~MASK | ops[0], ops[1], step[1], step[2])

    def _dot(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._member(at, step[0] & ~MASK, ops[0], mod.text[step[0] & MASK], step[1], step[2])

    def _bracket(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        key = mod.text[ops[1]] if mod.kind[ops[1]] in {k.STRING, k.LITERAL} else "*"
        self._member(at, step[0] & ~MASK, ops[0], key, step[1], step[2])

    def _called(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._call(at, step[0], step[1], step[2])

    def _literal_object(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._object(at, step[0] & ~MASK, ops, step[1], step[2])

    def _array(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        path, chosen = step[1], ops
        if path and path[0].isdigit() and not any(mod.kind[o] == k.SPREAD for o in ops):
            chosen = ops[int(path[0]) : int(path[0]) + 1]
        for o in chosen:
            self.push(step[0] & ~MASK | o, path if mod.kind[o] == k.SPREAD else path[1:], step[2], at)

    def _same(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self.push(step[0] & ~MASK | ops[0], step[1], step[2], at)

    def _element(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self.push(step[0] & ~MASK | ops[0], ("*", *step[1]), step[2], at)

    def _either(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        for o in ops[1:]:
            self.push(step[0] & ~MASK | o, step[1], step[2], at)

    def _made_of(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        kind, text = mod.kind[step[0] & MASK], mod.text[step[0] & MASK]
        if (kind == k.UNARY and text in _ANSWERS) or (kind == k.BINARY and text in _COMPARES):
            self.end("computed", at, text, step[1], step[2])  # an answer about the value, not the value
            return
        for o in ops:
            self.push(step[0] & ~MASK | o, (), step[2], at)
        if kind == k.UNKNOWN and not ops:
            self.end("unknown", at, text, step[1], step[2])

    def _ends(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        n = step[0] & MASK
        self.end(_SORTS[mod.kind[n]], at, mod.text[n], step[1], step[2])

    def _imported(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._import(at, step[0], mod.text[step[0] & MASK], step[1], step[2])

    def _itself(self, at: int, step: Step, mod: Module, ops: Ops) -> None:
        self._this(at, step[0] & ~MASK, ops[0], step[1], step[2])

    def _variable(self, at: int, base: int, variable: int, path: Path, chain: Chain) -> None:
        found = self.linker.modules[base >> SHIFT].variables[variable]
        for d in found.defs:
            self.push(base | d, path, chain, at)
        for name, values in found.stores.items():
            if not path or path[0] in {name, "*"} or name == "*":
                for v in values:
                    self.push(base | v, path[1:] if name != "*" else (), chain, at)

    def _member(self, at: int, base: int, obj: int, name: str, path: Path, chain: Chain) -> None:
        mod = self.linker.modules[base >> SHIFT]
        if mod.kind[obj] == k.MEMBER and mod.text[obj] == "env" and _is_process(mod.kind, mod.text, mod.ops[obj][0]):
            self.end("env", at, name, path, chain)
            return
        resolved = [v for v in self.linker.values(base | obj) if v[0] in {"m", "i", "c"}]
        if resolved:
            for value in resolved:
                self._of_value(at, value, name, path, chain)
            return
        self.push(base | obj, (name, *path), chain, at)

    def _of_value(self, at: int, value: tuple[object, ...], name: str, path: Path, chain: Chain) -> None:
        owner = int(str(value[1]))
        if value[0] == "m":
            for node in self.linker.exported(owner, name):
                self.push(node, path, chain, at)
            return
        cls = self.linker.modules[owner >> SHIFT].classes[owner & MASK]
        fields = cls.fields if value[0] == "i" else cls.static_fields
        for v in fields.get(name, ()):
            self.push(owner & ~MASK | v, path, (), at)

    def _this(self, at: int, base: int, cls: int, path: Path, chain: Chain) -> None:
        made = self.linker.modules[base >> SHIFT].classes[cls]
        for name, values in made.fields.items():
            if not path or path[0] == name:
                for v in values:
                    self.push(base | v, path[1:], (), at)

    def _object(self, at: int, base: int, ops: tuple[int, ...], path: Path, chain: Chain) -> None:
        mod = self.linker.modules[base >> SHIFT]
        named = {mod.text[o] for o in ops if mod.kind[o] == k.PROP}
        for o in ops:
            if mod.kind[o] != k.PROP:
                if not path or path[0] not in named:
                    self.push(base | o, path, chain, at)
            elif not path or path[0] in {mod.text[o], "*"} or mod.text[o] == "*":
                self.push(base | mod.ops[o][0], path[1:], chain, at)

    def _import(self, at: int, node: int, text: str, path: Path, chain: Chain) -> None:
        spec, _, name = text.partition("\0")
        target = self.linker.target(node >> SHIFT, spec)
        nodes = self.linker.exported(target, name) if target >= 0 else ()
        for found in nodes:
            self.push(found, path, (), at)
        if not nodes:
            self.end("import", at, f"{spec}:{name}", path, chain)

    def _parameter(self, at: int, node: int, function: int, position: int, path: Path, chain: Chain) -> None:
        for depth in range(len(chain), 0, -1):
            edge = chain[depth - 1]
            if edge.function == function:
                outer = chain[: depth - 1]
                self._argument(at, edge, position, path, self.chains.setdefault(outer, outer))
                return
        if function in self.entries:
            self.end("input", at, str(position), path, chain)
            return
        callers = self.calls.callers.get(function, ())
        if self.closed or not callers:
            self.end("param", at, self.linker.modules[node >> SHIFT].text[node & MASK], path, chain)
            return
        for edge in callers:
            self._argument(at, edge, position, path, ())

    def _argument(self, at: int, edge: Edge, position: int, path: Path, chain: Chain) -> None:
        if edge.how == QUEUE:
            self._pushed(at, edge, position, path, chain)
            return
        if edge.how == CALLBACK:
            source, element = self.calls.callback_source(edge, position)
            if source >= 0:
                self.push(source, ("*", *path) if element else path, chain, at)
            else:
                self.end("callback", at, " ".join(self.calls.symbols.get(edge.site, ())), path, chain)
            return
        given = self.calls.given(edge, position)
        for node in given:
            self.push(node, path, chain, at)
        if not given and edge.how == COMPONENT:
            self.end("unknown", at, "", path, chain)

    def _pushed(self, at: int, edge: Edge, position: int, path: Path, chain: Chain) -> None:
        mod, base = self.linker.modules[edge.site >> SHIFT], edge.site & ~MASK
        if position == 0 and (not path or path[0] in {"payload", "body"}):
            for o in mod.ops[edge.site & MASK][1:]:
                self.push(base | o, path[1:], chain, at)
                self.push(base | o, ("body", *path[1:]), chain, at)
        else:
            self.end("input", at, str(position), path, chain)

    def _call(self, at: int, node: int, path: Path, chain: Chain) -> None:
        mod, base = self.linker.modules[node >> SHIFT], node & ~MASK
        ops, kind = mod.ops[node & MASK], mod.kind[node & MASK]
        symbols = self.calls.symbols.get(node, ())
        followed = False
        for edge in self.calls.edges.get(node, ()):
            if edge.how not in {CALLBACK, QUEUE} and kind != k.NEW:
                followed = True
                self._returns(at, edge, path, chain)
        if followed:
            return
        self.end("new" if kind == k.NEW else "call", at, " ".join(symbols), path, chain)
        callee = ops[0]
        method = mod.text[callee] if mod.kind[callee] == k.MEMBER else ""
        if kind == k.TAGGED or (symbols and all(s in _OF_ARGUMENTS for s in symbols)):
            keep = any(s in _KEEPS_ARGUMENTS for s in symbols)
            for o in ops[1:]:
                self.push(base | o, path if keep else (), chain, at)
        elif kind == k.NEW and any(s in _WRAPS for s in symbols):
            for o in ops[1:]:
                self.push(base | o, (), chain, at)
        elif method in _OF_RECEIVER:
            self._method(at, node, base | mod.ops[callee][0], method, path, chain)

    def _method(self, at: int, node: int, receiver: int, method: str, path: Path, chain: Chain) -> None:
        mod, base = self.linker.modules[node >> SHIFT], node & ~MASK
        ops = mod.ops[node & MASK]
        returned = False
        if method in {"then", "map", "flatMap", "reduce", "catch"}:
            for edge in self.calls.edges.get(node, ()):
                if edge.how == CALLBACK:
                    returned = True
                    self._returns(at, edge, path if method == "then" else path[1:], chain)
        if not returned or method == "catch":
            self.push(receiver, path if method in _KEEPS_PATH or method == "filter" else (), chain, at)
        if method in {"replace", "replaceAll", "concat", "join", "set", "update", "padStart", "padEnd"}:
            for o in ops[1:]:
                self.push(base | o, (), chain, at)

    def _returns(self, at: int, edge: Edge, path: Path, chain: Chain) -> None:
        if len(chain) >= MAX_CHAIN or any(e.function == edge.function for e in chain[-3:]):
            self.out.complete = False
            return
        base = edge.function & ~MASK
        longer = (*chain, edge)
        inner = self.chains.setdefault(longer, longer)
        for r in self.linker.modules[edge.function >> SHIFT].functions[edge.function & MASK].returns:
            self.push(base | r, path, inner, at)


_SORTS = {
    k.STRING: "const", k.LITERAL: "const", k.REGEX: "const", k.GLOBAL: "global", k.CAUGHT: "caught", k.FUNC: "code",
    k.CLASS: "code", k.TYPED: "code",
}  # fmt: skip
_VISITS: dict[int, Callable[[_Run, int, Step, Module, Ops], None]] = {
    **dict.fromkeys(_SORTS, _Run._ends),
    **dict.fromkeys((k.CALL, k.NEW, k.TAGGED, k.JSX), _Run._called),
    **dict.fromkeys((k.AWAIT, k.SPREAD, k.REST), _Run._same),
    **dict.fromkeys((k.TEMPLATE, k.BINARY, k.UNARY, k.UNKNOWN, k.PROP), _Run._made_of),
    k.VAR: _Run._var,
    k.PARAM: _Run._param,
    k.MEMBER: _Run._dot,
    k.INDEX: _Run._bracket,
    k.OBJECT: _Run._literal_object,
    k.ARRAY: _Run._array,
    k.ELEMENT: _Run._element,
    k.CHOICE: _Run._either,
    k.IMPORT: _Run._imported,
    k.THIS: _Run._itself,
}


def _is_process(kinds: list[int], texts: list[str], node: int) -> bool:
    return kinds[node] == k.GLOBAL and texts[node] == "process"
