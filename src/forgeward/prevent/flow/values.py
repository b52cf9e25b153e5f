"""What a node can be: a function, a class, an object that is made somewhere, or something from a package.

Nodes of an app are ids: ``module << SHIFT | index``. A value is a tuple that begins with its sort:

    ("f", function)      a function of the app
    ("c", class)         a class of the app        ("i", class)  one of its instances
    ("o", node)          an object or array literal
    ("n", node, symbol)  what ``new symbol()`` made at that node
    ("m", module)        a module's namespace
    ("x", symbol)        something from outside: ``@forge/api:asApp().requestJira``

Symbols are what makes every style of import look alike: ``module:name.member().member``, with ``default.`` and
``node:`` dropped. Questions are asked on demand, remembered, and bounded in depth, so they always end.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeAlias

from forgeward.prevent.flow.containers import HANDS_OUT, bindings, token
from forgeward.prevent.flow.resolve import Resolver
from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module

SHIFT = 22
MASK = (1 << SHIFT) - 1
MAX_DEPTH = 40
MAX_SYMBOL = 160
MAX_VALUES = 24

Value: TypeAlias = tuple[str, Any] | tuple[str, Any, str]
Values: TypeAlias = frozenset[Value]
NOTHING: Values = frozenset()

# Calls that hand on what they were given: by the last name of the callee.
_HANDS_ON = {
    "bind", "then", "catch", "finally", "resolve", "freeze", "seal", "assign", "useCallback", "useMemo", "memo",
    "forwardRef", "promisify", "all", "allSettled", "race",
}  # fmt: skip
_PROMISE_METHODS = {"then", "catch", "finally"}


class Linker:
    """Modules of one app with their imports resolved, and the values of every node."""

    def __init__(self, modules: list[Module], resolver: Resolver) -> None:
        self.modules = modules
        self.by_path = {m.path: i for i, m in enumerate(modules)}
        self._resolver = resolver
        self._memo: dict[int, Values] = {}
        self._busy: set[int] = set()
        self._open: set[int] = set()  # nodes whose values depend on what callers give
        self.open = False  # whether the values just asked for do
        self._exports: dict[tuple[int, str], tuple[int, ...]] = {}
        self.arguments: dict[int, list[int]] = {}  # PARAM node → nodes that callers give for it

    def forget(self) -> None:
        """Drops the remembered values that depend on parameters, because ``arguments`` grew."""
        for node in self._open:
            self._memo.pop(node, None)
        self._open.clear()

    # Modules

    def target(self, module: int, spec: str) -> int:
        """The module that an import means, or -1."""
        path = self._resolver.resolve(self.modules[module].path, spec)
        return self.by_path.get(path, -1)

    def exported(self, module: int, name: str, depth: int = 0) -> tuple[int, ...]:
        """The nodes that a module exports under a name, through re-exports."""
        key = (module, name)
        if key not in self._exports:
            self._exports[key] = ()
            self._exports[key] = self._find_export(module, name, depth) if depth < MAX_DEPTH else ()
        return self._exports[key]

    def _find_export(self, module: int, name: str, depth: int) -> tuple[int, ...]:
        mod = self.modules[module]
        base = module << SHIFT
        if name in mod.exports:
            return (base | mod.exports[name],)
        found: list[int] = []
        for exported, spec, inner in mod.reexports:
            if exported != name and not (exported == "*" and name != "default"):
                continue
            target = self.target(module, spec)
            if target >= 0 and inner != "*":
                found += self.exported(target, inner, depth + 1)
            elif target >= 0 and exported == "*":
                found += self.exported(target, name, depth + 1)
        if not found and mod.cjs >= 0:
            return (base | mod.cjs,) if name == "default" else self._property(base | mod.cjs, name)
        return tuple(found)

    def _property(self, node: int, name: str) -> tuple[int, ...]:
        """The values of a property of an object literal that a node is, syntactically or through one variable."""
        mod = self.modules[node >> SHIFT]
        base, n = node & ~MASK, node & MASK
        if mod.kind[n] == k.VAR:
            variable = mod.variables[mod.ops[n][0]]
            found = [d for v in variable.defs for d in self._property(base | v, name)]
            return tuple(found) + tuple(base | v for v in variable.stores.get(name, ()))
        if mod.kind[n] != k.OBJECT:
            return ()
        return tuple(
            base | mod.ops[p][0] for p in mod.ops[n] if mod.kind[p] == k.PROP and mod.text[p] == name and mod.ops[p]
        )

    def imported(self, module: int, text: str) -> Values:
        """What an IMPORT node is."""
        spec, _, name = text.partition("\0")
        target = self.target(module, spec)
        if target < 0:
            return frozenset({("x", f"{spec.removeprefix('node:')}:{'' if name in '*=' else name}")})
        if name == "*":
            return frozenset({("m", target)})
        if name == "=":
            nodes = self.exported(target, "default")
            return self.join(nodes) | {("m", target)}
        found = self.join(self.exported(target, name))
        if not found:
            for exported, spec, inner in self.modules[target].reexports:
                if exported in {name, "*"} and self.target(target, spec) < 0:
                    taken = name if exported == "*" else "" if inner == "*" else inner
                    found |= {("x", f"{spec.removeprefix('node:')}:{taken}")}
                elif exported == name and inner == "*":
                    found |= {("m", self.target(target, spec))}
        return found

    def join(self, nodes: tuple[int, ...] | list[int], depth: int = 0) -> Values:
        found: Values = NOTHING
        for node in nodes:
            found |= self.values(node, depth + 1)
        return found

    # Values

    def values(self, node: int, depth: int = 0) -> Values:
        """All that a node can be, as far as it is known."""
        known = self._memo.get(node)
        if known is not None:
            self.open |= node in self._open
            return known
        if node in self._busy or depth > MAX_DEPTH:
            self.open = True
            return NOTHING
        self._busy.add(node)
        outer, self.open = self.open, False
        try:
            found = self._values(node, depth)
        finally:
            self._busy.discard(node)
        if self.open:
            self._open.add(node)
        self.open |= outer
        if len(found) > MAX_VALUES:
            found = frozenset(sorted(found, key=repr)[:MAX_VALUES])
        self._memo[node] = found
        return found

    def _values(self, node: int, depth: int) -> Values:  # noqa: PLR0911, PLR0912 - a table of kinds
        mod, n = self.modules[node >> SHIFT], node & MASK
        kind, ops, base = mod.kind[n], mod.ops[n], node & ~MASK
        if kind == k.VAR:
            return self.join([base | d for d in mod.variables[ops[0]].defs], depth)
        if kind == k.MEMBER:
            return self._member(node, base | ops[0], mod.text[n], depth)
        if kind == k.CALL:
            return self._call(node, base, ops, depth)
        if kind == k.THIS and mod.text[n] == "super":
            parent = mod.classes[ops[0]].parent
            return self._new(node, base | parent, depth) if parent >= 0 else NOTHING
        if kind in {k.FUNC, k.CLASS, k.THIS}:
            return frozenset({({k.FUNC: "f", k.CLASS: "c", k.THIS: "i"}[kind], base | ops[0])})
        if kind in {k.OBJECT, k.ARRAY}:
            return frozenset({("o", node)})
        if kind == k.IMPORT:
            return self.imported(node >> SHIFT, mod.text[n])
        if kind == k.PARAM:
            self.open = True
            found = self.join(self.arguments.get(node, ()), depth)
            return found or (self._instance(base | mod.typed[n], depth) if n in mod.typed else NOTHING)
        if kind == k.TYPED:
            return self._instance(base | ops[0], depth)
        if kind == k.CHOICE:
            return self.join([base | o for o in ops[1:]], depth)
        if kind in {k.AWAIT, k.REST, k.SPREAD}:
            return self.values(base | ops[0], depth + 1)
        if kind == k.NEW:
            return self._new(node, base | ops[0], depth)
        if kind == k.INDEX:
            return self._index(node, base | ops[0], base | ops[1], depth)
        if kind == k.GLOBAL:
            return frozenset({("x", f":{mod.text[n]}")})
        return NOTHING

    def _new(self, node: int, callee: int, depth: int) -> Values:
        made: set[Value] = set()
        for value in self.values(callee, depth + 1):
            if value[0] == "c":
                made.add(("i", int(value[1])))
            elif value[0] == "x":
                made.add(("n", node, str(value[1])))
        return frozenset(made)

    def _index(self, node: int, obj: int, key: int, depth: int) -> Values:
        mod = self.modules[key >> SHIFT]
        if mod.kind[key & MASK] in {k.STRING, k.LITERAL}:
            return self._member(node, obj, mod.text[key & MASK], depth)
        found: Values = NOTHING
        for value in self.values(obj, depth + 1):
            if value[0] == "o":
                found |= self._all_properties(int(value[1]), depth)
        return found

    def _all_properties(self, literal: int, depth: int) -> Values:
        mod, base = self.modules[literal >> SHIFT], literal & ~MASK
        nodes = [base | (mod.ops[p][0] if mod.kind[p] == k.PROP else p) for p in mod.ops[literal & MASK]]
        return self.join(nodes, depth)

    def _member(self, node: int, obj: int, name: str, depth: int) -> Values:
        found: Values = NOTHING
        mod = self.modules[obj >> SHIFT]
        if mod.kind[obj & MASK] == k.VAR:
            stores = mod.variables[mod.ops[obj & MASK][0]].stores
            found |= self.join([obj & ~MASK | v for v in stores.get(name, ())], depth)
        for value in self.values(obj, depth + 1):
            found |= self.member_of(value, name, depth)
        return found

    def member_of(self, value: Value, name: str, depth: int = 0) -> Values:
        """The values of a property of a value."""
        sort = value[0]
        if sort == "x":
            return _symbol(_dotted(str(value[1]), name))
        if sort == "n":
            return _symbol(f"new {value[-1]}.{name}")
        if sort == "m":
            return self.join(self.exported(int(value[1]), name), depth)
        if sort in {"i", "c"}:
            return self._class_member(int(value[1]), name, depth, static=sort == "c")
        if sort == "o":
            return self._literal_member(int(value[1]), name, depth)
        return NOTHING

    def _literal_member(self, literal: int, name: str, depth: int) -> Values:
        mod, base = self.modules[literal >> SHIFT], literal & ~MASK
        found: Values = NOTHING
        if mod.kind[literal & MASK] == k.ARRAY:
            ops = mod.ops[literal & MASK]
            return self.values(base | ops[int(name)], depth + 1) if name.isdigit() and int(name) < len(ops) else NOTHING
        for prop in mod.ops[literal & MASK]:
            if mod.kind[prop] != k.PROP:
                for value in self.values(base | prop, depth + 1):
                    found |= self.member_of(value, name, depth + 1) if depth < MAX_DEPTH else NOTHING
            elif mod.text[prop] == name:
                found |= self.values(base | mod.ops[prop][0], depth + 1)
        return found

    def _class_member(self, cls: int, name: str, depth: int, *, static: bool) -> Values:
        base = cls & ~MASK
        made = self.modules[cls >> SHIFT].classes[cls & MASK]
        methods, fields = (made.statics, made.static_fields) if static else (made.methods, made.fields)
        if name in methods:
            return frozenset({("f", base | methods[name])})
        found = self.join([base | v for v in fields.get(name, ())], depth)
        if not found and made.parent >= 0 and depth < MAX_DEPTH:
            for value in self.values(base | made.parent, depth + 1):
                if value[0] == "c":
                    found |= self._class_member(int(value[1]), name, depth + 1, static=static)
                elif value[0] == "x":
                    found |= _symbol(f"new {value[1]}.{name}")
        return found

    def _call(self, node: int, base: int, ops: tuple[int, ...], depth: int) -> Values:
        callee = base | ops[0]
        mod = self.modules[node >> SHIFT]
        kind, name = mod.kind[ops[0]], mod.text[ops[0]]
        found: Values = NOTHING
        if kind == k.MEMBER and name in {"define", "getDefinitions"}:  # both hand the resolver on
            found |= frozenset(v for v in self.values(base | mod.ops[ops[0]][0], depth + 1) if v[0] == "n")
        for value in self.values(callee, depth + 1):
            if value[0] == "f":
                found |= self.returned(int(value[1]), depth)
            elif value[0] == "x":
                found |= _symbol(f"{value[1]}()")
        if name in HANDS_OUT and not any(v[0] in {"f", "i", "o"} for v in found):
            found |= self._from_container(node, base, ops, depth)
        if kind in {k.MEMBER, k.VAR, k.GLOBAL} and name in _HANDS_ON:
            found |= self._handed_on(base, ops, mod, name, depth)
        return found

    def _from_container(self, node: int, base: int, ops: tuple[int, ...], depth: int) -> Values:
        """``container.get(TOKEN)``: what was bound to the token, or an instance of the class that is the token."""
        mod = self.modules[node >> SHIFT]
        names = [base | o for o in ops[1:2]]
        if (typed := mod.typed.get(node & MASK, -1)) >= 0:
            names.append(base | typed)
        found: Values = NOTHING
        for name in names:
            for value in self.values(name, depth + 1):
                if value[0] == "c":
                    found |= {("i", value[1])}
            found |= self._bound(token(self.modules[name >> SHIFT], name & MASK), depth)
        return found

    def _instance(self, name: int, depth: int) -> Values:
        """An instance of the class that a type names, or of what a container binds to that name."""
        found = frozenset(("i", v[1]) for v in self.values(name, depth + 1) if v[0] == "c")
        return found or self._bound(token(self.modules[name >> SHIFT], name & MASK), depth)

    def _bound(self, name: str, depth: int) -> Values:
        found: Values = NOTHING
        for node in self._bindings.get(name, ()) if name else ():
            for value in self.values(node, depth + 1):
                if value[0] == "c":
                    found |= {("i", value[1])}
                elif value[0] == "f":
                    found |= self.returned(int(value[1]), depth + 1)
                elif value[0] in {"i", "o", "n"}:
                    found |= {value}
        return found

    @cached_property
    def _bindings(self) -> dict[str, list[int]]:
        return bindings(self.modules, SHIFT)

    def _handed_on(self, base: int, ops: tuple[int, ...], mod: Module, name: str, depth: int) -> Values:
        found: Values = NOTHING
        if name in _PROMISE_METHODS | {"bind"} and mod.kind[ops[0]] == k.MEMBER and name != "then":
            found |= self.values(base | mod.ops[ops[0]][0], depth + 1)
        for argument in ops[1:]:
            for value in self.values(base | argument, depth + 1):
                if name in {"then", "catch", "useMemo"} and value[0] == "f":
                    found |= self.returned(int(value[1]), depth)
                elif name not in _PROMISE_METHODS | {"bind"}:
                    found |= {value}
        return found

    def returned(self, function: int, depth: int = 0) -> Values:
        """What a function returns, promises taken for their values."""
        base = function & ~MASK
        return self.join([base | r for r in self.modules[function >> SHIFT].functions[function & MASK].returns], depth)


def _symbol(symbol: str) -> Values:
    return frozenset({("x", symbol)}) if len(symbol) <= MAX_SYMBOL else NOTHING


def _dotted(symbol: str, name: str) -> str:
    if symbol.endswith(":default"):
        return symbol[: -len("default")] + name
    return symbol + name if symbol.endswith(":") else f"{symbol}.{name}"
