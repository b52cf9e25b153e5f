"""Texts that are known before the app runs: literals, through variables, members, concatenation and templates."""

from __future__ import annotations

from itertools import product

from forgeward.prevent.flow.values import MASK, SHIFT, Linker
from forgeward.prevent.syntax import kinds as k

HOLE = "\ufffc"  # stands for a part that is not known (U+FFFC object replacement character)
MAX_TEXTS = 12
MAX_GIVEN = 60
MAX_DEPTH = 12


def strings(node: int, linker: Linker) -> frozenset[str]:
    """All texts that a node can be; empty when it may also be something unknown."""
    found = patterns(node, linker)
    return frozenset() if any(HOLE in text for text in found) else found


def patterns(node: int, linker: Linker, depth: int = 0) -> frozenset[str]:  # noqa: PLR0911 - a table of kinds
    """The texts that a node can be, with ``HOLE`` where a part is not known."""
    mod, base = linker.modules[node >> SHIFT], node & ~MASK
    kind, ops = mod.kind[node & MASK], mod.ops[node & MASK]
    unknown = frozenset({HOLE})
    if depth > MAX_DEPTH:
        return unknown
    if kind == k.STRING:
        return frozenset({mod.text[node & MASK]})
    if kind == k.LITERAL:
        return frozenset({mod.text[node & MASK].strip("_")})
    if kind == k.VAR:
        defs = mod.variables[ops[0]].defs
        return _all([base | d for d in defs], linker, depth) if defs else unknown
    if kind == k.TEMPLATE or (kind == k.BINARY and mod.text[node & MASK] == "+"):
        return _concatenated([patterns(base | o, linker, depth + 1) for o in ops])
    if kind == k.TAGGED:
        return _concatenated([patterns(base | o, linker, depth + 1) for o in ops[1:]])
    if kind == k.CHOICE:
        return _all([base | o for o in ops[1:]], linker, depth)
    if kind == k.AWAIT:
        return patterns(base | ops[0], linker, depth + 1)
    if kind == k.IMPORT:
        return _imported(node, linker, depth)
    if kind == k.MEMBER:
        return _member(base | ops[0], mod.text[node & MASK], linker, depth)
    if kind == k.PARAM:
        given = linker.arguments.get(node, ())
        return _all(given, linker, depth) if 0 < len(given) <= MAX_GIVEN else unknown
    return unknown


def _all(nodes: list[int] | tuple[int, ...], linker: Linker, depth: int) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for node in nodes:
        found |= patterns(node, linker, depth + 1)
    return found if len(found) <= MAX_TEXTS else frozenset({_shortened(found)})


def _shortened(texts: frozenset[str]) -> str:
    """What many texts begin with, and a hole."""
    first, last = min(texts), max(texts)  # what the two ends of the order share, all share
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same].split(HOLE)[0] + HOLE


def _concatenated(parts: list[frozenset[str]]) -> frozenset[str]:
    count = 1
    for part in parts:
        count *= max(1, len(part))
    if count > MAX_TEXTS:
        parts = [p if len(p) == 1 else frozenset({_shortened(p)}) for p in parts]
    return frozenset("".join(combination) for combination in product(*parts))


def _imported(node: int, linker: Linker, depth: int) -> frozenset[str]:
    spec, _, name = linker.modules[node >> SHIFT].text[node & MASK].partition("\0")
    target = linker.target(node >> SHIFT, spec)
    nodes = linker.exported(target, name) if target >= 0 else ()
    return _all(nodes, linker, depth) if nodes else frozenset({HOLE})


def _member(obj: int, name: str, linker: Linker, depth: int) -> frozenset[str]:
    found: list[int] = []
    for value in linker.values(obj):
        if value[0] == "o":
            literal = int(value[1])
            mod = linker.modules[literal >> SHIFT]
            found += [
                literal & ~MASK | mod.ops[p][0]
                for p in mod.ops[literal & MASK]
                if mod.kind[p] == k.PROP and mod.text[p] == name
            ]
        elif value[0] == "m":
            found += linker.exported(int(value[1]), name)
        elif value[0] in {"c", "i"}:
            cls = linker.modules[int(value[1]) >> SHIFT].classes[int(value[1]) & MASK]
            listed = (cls.static_fields if value[0] == "c" else cls.fields).get(name, ())
            found += [int(value[1]) & ~MASK | v for v in listed]
    return _all(found, linker, depth) if found else frozenset({HOLE})


def is_fixed(node: int, linker: Linker) -> bool:
    """Whether a node is a text that was written in the source."""
    return bool(strings(node, linker))
