"""The state of one lowering: parallel lists, scopes, regions, and the queue of function bodies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from tree_sitter import Node

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.ir import Broken, Function, Module, Variable

MAX_DEPTH = 150  # nested expressions, patterns and statements that are followed; each costs about three frames
MAX_BROKEN = 20


class Scope:
    """Names of one block. ``hoist`` marks those that a ``var`` climbs to."""

    __slots__ = ("hoist", "names", "parent")

    def __init__(self, parent: Scope | None, *, hoist: bool = False) -> None:
        self.names: dict[str, int] = {}
        self.parent = parent
        self.hoist = hoist


class Body:
    """A function whose body waits to be lowered until everything around it is declared."""

    __slots__ = ("cls", "fn", "node", "scope")

    def __init__(self, fn: int, node: Node, scope: Scope, cls: int) -> None:
        self.fn = fn
        self.node = node
        self.scope = scope
        self.cls = cls


def inner(node: Node, position: int = 0) -> Node | None:
    """A named child that is no comment, or None; negative positions count from the end."""
    if node.named_child_count == 1 and position in {0, -1}:
        only = node.named_children[0]
        return None if only.type == "comment" else only
    listed = [c for c in node.named_children if c.type != "comment"]
    return listed[position] if -len(listed) <= position < len(listed) else None


class Builder:
    """What expressions, patterns and statements share."""

    def __init__(self, path: str, source: bytes) -> None:
        self.out = Module(path, source)
        self.source = source
        self.scope = Scope(None, hoist=True)
        self.bodies: deque[Body] = deque()
        self.fn = 0
        self.cls = -1
        self.depth = 0
        self.region = 0
        self._kind = self.out.kind
        self._text = self.out.text
        self._ops = self.out.ops
        self._pos = self.out.pos
        self._region = self.out.region

    def add(self, kind: int, text: str, ops: tuple[int, ...], node: Node) -> int:
        """Appends one graph node at the place of a syntax node; its index."""
        self._kind.append(kind)
        self._text.append(text)
        self._ops.append(ops)
        self._pos.append(node.start_byte)
        self._region.append(self.region)
        return len(self._kind) - 1

    def raw(self, node: Node) -> str:
        """The source text of a syntax node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node | None) -> str:
        return self.raw(node) if node is not None else ""

    # Regions and functions

    def new_region(self, kind: int, cond: int = -1, *, holds: bool = True, parent: int = -2) -> int:
        """A region below the present one (or ``parent``); does not enter it."""
        out = self.out
        out.region_parent.append(self.region if parent == -2 else parent)
        out.region_kind.append(kind)
        out.region_cond.append(cond)
        out.region_holds.append(holds)
        out.region_fn.append(self.fn)
        return len(out.region_kind) - 1

    @contextmanager
    def inside(self, kind: int, cond: int = -1, *, holds: bool = True) -> Iterator[int]:
        """Lowers what follows in a new region."""
        before = self.region
        self.region = self.new_region(kind, cond, holds=holds)
        try:
            yield self.region
        finally:
            self.region = before

    @contextmanager
    def block(self, *, hoist: bool = False) -> Iterator[None]:
        """Declares what follows in a scope of its own."""
        before = self.scope
        self.scope = Scope(before, hoist=hoist)
        try:
            yield
        finally:
            self.scope = before

    def function(self, node: Node, name: str, *, cls: int = -1, own_this: bool = True) -> int:
        """Registers a function and queues its body; its index."""
        is_arrow = node.type == "arrow_function"
        fn = Function(name, self.fn, node.start_byte, is_arrow=is_arrow)
        head = self.source[node.start_byte : node.start_byte + 64]
        fn.is_async = b"async" in head and any(c.type == "async" for c in node.children[:4])
        fn.cls = self.cls if is_arrow or not own_this else cls
        self.out.functions.append(fn)
        index = len(self.out.functions) - 1
        self.bodies.append(Body(index, node, self.scope, fn.cls))
        return index

    # Variables

    def declare(self, name: str, how: str, node: Node) -> int:
        """A variable of the present scope (of the function's for ``var``), the same again for the same name."""
        scope = self.scope
        if how == "var":
            while not scope.hoist and scope.parent is not None:
                scope = scope.parent
        known = scope.names.get(name)
        if known is not None:
            return known
        self.out.variables.append(Variable(name, self.fn, how, node.start_byte))
        scope.names[name] = len(self.out.variables) - 1
        return scope.names[name]

    def lookup(self, name: str) -> int:
        """The variable that a name means here, or -1."""
        scope: Scope | None = self.scope
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return -1

    def read(self, name: str, node: Node) -> int:
        """A node that reads a name."""
        variable = self.lookup(name)
        if variable >= 0:
            return self.add(k.VAR, name, (variable,), node)
        return self.add(k.LITERAL if name == "undefined" else k.GLOBAL, name, (), node)

    def broke(self, node: Node, why: str) -> None:
        if len(self.out.broken) < MAX_BROKEN:
            self.out.broken.append(Broken(node.start_byte, why))
