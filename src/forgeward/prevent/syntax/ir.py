"""The value graph of one file, flat enough to be cached as msgpack."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

VERSION = 3  # changes when lowering changes, so that no stale cache is read


class Function(msgspec.Struct, gc=False):
    """One function; index 0 is the module's top level. ``params`` are PARAM nodes, ``exits`` regions of normal ends."""

    name: str
    parent: int
    pos: int
    is_async: bool = False
    is_arrow: bool = False
    cls: int = -1
    region: int = 0
    params: list[int] = []
    rest: int = -1
    returns: list[int] = []
    exits: list[int] = []
    site: int = -1


class Class(msgspec.Struct, gc=False):
    """Methods are functions, fields nodes. ``parent`` is the node of what it extends, or -1."""

    name: str
    parent: int = -1
    methods: dict[str, int] = {}
    statics: dict[str, int] = {}
    fields: dict[str, list[int]] = {}
    static_fields: dict[str, list[int]] = {}


class Variable(msgspec.Struct, gc=False):
    """``defs``: all values ever given to it; ``stores``: what went into its properties; ``how``: const, let, var …"""

    name: str
    function: int
    how: str
    pos: int
    defs: list[int] = []
    stores: dict[str, list[int]] = {}


class Broken(msgspec.Struct, gc=False):
    """Where the grammar gave up; the rest of the file was read."""

    pos: int
    why: str


class Module(msgspec.Struct, gc=False):
    """A file. See ``kinds`` for the parallel lists."""

    path: str
    source: bytes
    kind: list[int] = []
    text: list[str] = []
    ops: list[tuple[int, ...]] = []
    pos: list[int] = []
    region: list[int] = []
    region_parent: list[int] = []
    region_kind: list[int] = []
    region_cond: list[int] = []
    region_holds: list[bool] = []
    region_fn: list[int] = []
    functions: list[Function] = []
    classes: list[Class] = []
    variables: list[Variable] = []
    imports: list[str] = []
    exports: dict[str, int] = {}
    reexports: list[tuple[str, str, str]] = []  # exported name, specifier, name there; * for all
    cjs: int = -1
    optional: list[int] = []
    typed: dict[int, int] = {}  # PARAM or CALL → the node of the name in its type (argument)
    broken: list[Broken] = []
    _lines: list[int] | None = None

    def place(self, pos: int) -> tuple[int, int]:
        """Line and column of a byte offset, both from 1, the column in characters."""
        starts = self._line_starts()
        line = bisect_right(starts, pos)
        start = starts[line - 1]
        return line, len(self.source[start:pos].decode("utf-8", "replace")) + 1

    def _line_starts(self) -> list[int]:
        if self._lines is None:
            starts, at = [0], self.source.find(b"\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.source.find(b"\n", at + 1)
            self._lines = starts
        return self._lines

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its end."""
        starts = self._line_starts()
        if not 0 < line <= len(starts):
            return ""
        start = starts[line - 1]
        end = starts[line] if line < len(starts) else len(self.source)
        return self.source[start:end].decode("utf-8", "replace").rstrip("\r\n")

    def fn_of(self, node: int) -> int:
        """The function in which a node is evaluated."""
        return self.region_fn[self.region[node]]
