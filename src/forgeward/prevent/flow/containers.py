"""What containers of dependencies hand out: which class a token, or a type, is bound to.

Read: ``bind(TOKEN).to(Class)`` and its kin (inversify), ``register(token, {useClass: Class})`` (tsyringe),
``register({name: asClass(Class)})`` (awilix), ``{provide, useClass}`` (Angular, Nest), and a class that is its own
token (typedi, tsyringe).
"""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Module

HANDS_OUT = {"get", "getAsync", "resolve", "resolveAsync", "inject", "getInstance", "getService", "make"}
_BINDS = {"to", "toConstantValue", "toDynamicValue", "toClass", "toValue"}
_KEYS = {"useClass", "useValue", "useFactory"}
_AS = {"asClass", "asValue", "asFunction"}


def bindings(modules: list[Module], shift: int) -> dict[str, list[int]]:
    """Token → the nodes that are bound to it (a class, an instance, or a function that makes one)."""
    found: dict[str, list[int]] = {}
    for m, mod in enumerate(modules):
        if b"bind" not in mod.source and b"register" not in mod.source and b"provide" not in mod.source:
            continue
        base = m << shift
        for n, kind in enumerate(mod.kind):
            rows = _bound(mod, n) if kind == k.CALL else _provided(mod, n) if kind == k.OBJECT else ()
            for token, node in rows:
                found.setdefault(token, []).append(base | node)
    return found


def token(mod: Module, node: int) -> str:
    """What names a binding: a text, or the last name of what stands there."""
    kind = mod.kind[node]
    if kind in {k.STRING, k.VAR, k.GLOBAL, k.MEMBER, k.IMPORT}:
        return mod.text[node].rpartition("\0")[2] if kind == k.IMPORT else mod.text[node]
    if kind == k.CALL and len(mod.ops[node]) > 1:  # Symbol.for('name')
        return token(mod, mod.ops[node][1])
    return ""


def _bound(mod: Module, call: int) -> Iterator[tuple[str, int]]:
    callee, arguments = mod.ops[call][0], mod.ops[call][1:]
    name = mod.text[callee]
    if mod.kind[callee] != k.MEMBER:
        return
    if name in _BINDS and arguments:
        inner = mod.ops[callee][0]
        if mod.kind[inner] == k.CALL and mod.text[mod.ops[inner][0]] in {"bind", "rebind"}:
            if len(mod.ops[inner]) > 1:
                yield token(mod, mod.ops[inner][1]), arguments[0]
            if inner in mod.typed:
                yield token(mod, mod.typed[inner]), arguments[0]
    elif name.startswith("register") and arguments:
        if mod.kind[arguments[0]] == k.OBJECT:
            yield from _registered(mod, arguments[0])
        elif len(arguments) > 1:
            yield from ((token(mod, arguments[0]), node) for node in _given(mod, arguments[1]))


def _registered(mod: Module, literal: int) -> Iterator[tuple[str, int]]:
    for prop in mod.ops[literal]:
        if mod.kind[prop] == k.PROP:
            yield from ((mod.text[prop], node) for node in _given(mod, mod.ops[prop][0]))


def _given(mod: Module, node: int) -> Iterator[int]:
    if mod.kind[node] == k.OBJECT:
        yield from (mod.ops[p][0] for p in mod.ops[node] if mod.kind[p] == k.PROP and mod.text[p] in _KEYS)
    elif mod.kind[node] == k.CALL:
        inner = node
        while mod.kind[inner] == k.CALL and mod.kind[mod.ops[inner][0]] == k.MEMBER:  # asClass(X).singleton()
            inner = mod.ops[mod.ops[inner][0]][0]
        if mod.kind[inner] == k.CALL and mod.text[mod.ops[inner][0]] in _AS and len(mod.ops[inner]) > 1:
            yield mod.ops[inner][1]
    elif mod.kind[node] in {k.VAR, k.CLASS, k.IMPORT, k.FUNC}:
        yield node


def _provided(mod: Module, literal: int) -> Iterator[tuple[str, int]]:
    """``{ provide: TOKEN, useClass: Class }``."""
    rows = {mod.text[p]: mod.ops[p][0] for p in mod.ops[literal] if mod.kind[p] == k.PROP and mod.ops[p]}
    if "provide" in rows:
        yield from ((token(mod, rows["provide"]), rows[key]) for key in sorted(_KEYS & rows.keys()))
