"""YAML of strangers, with the line of each thing: manifests and CI files, which nobody here vouches for.

Read from the parser's events, so nothing is ever built from a tag. Anchors are shared, not copied, and every walk is
bounded, so aliases cannot expand; depth and size are bounded too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
import yaml

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 60_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotYaml(Exception):  # noqa: N818 - it is an answer, caught next door
    """Why a text cannot be read, and at which line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


class Leaf(msgspec.Struct):
    line: int
    value: str
    plain: bool = True


class Seq(msgspec.Struct):
    line: int
    items: list[Node] = []


class Map(msgspec.Struct):
    """``entries``: key to value, the last one where a key stands twice; ``lines``: key to its line; ``twice``."""

    line: int
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    twice: list[tuple[str, int]] = []
    waiting: Leaf | None = None

    def get(self, *path: str) -> Node | None:
        """The node below a path of keys, or None."""
        node: Node | None = self
        for key in path:
            node = node.entries.get(key) if isinstance(node, Map) else None
        return node


Node: TypeAlias = Leaf | Seq | Map


def read(text: str) -> list[Node]:
    """The documents of a text. Raises ``NotYaml``."""
    if len(text) > MAX_BYTES:
        raise NotYaml(1, f"larger than {MAX_BYTES // 1024} KiB")
    try:
        return list(_compose(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(mark.line + 1 if mark else 1, str(error.problem or error.context)) from None
    except yaml.YAMLError as error:
        raise NotYaml(1, str(error)) from None


def _compose(text: str) -> Iterator[Node]:
    stack: list[Seq | Map] = []
    anchors: dict[str, Node] = {}
    seen = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.NodeEvent):
            seen += 1
            line = event.start_mark.line + 1 if event.start_mark else 1
            if seen > MAX_NODES or len(stack) > MAX_DEPTH:
                raise NotYaml(line, "too large or nested too deep")
            node = _node(event, anchors, line)
            if stack:
                _place(stack[-1], node)
            else:
                yield node
            if isinstance(event, yaml.CollectionStartEvent) and not isinstance(node, Leaf):
                stack.append(node)
        elif isinstance(event, yaml.CollectionEndEvent):
            stack.pop()


def _node(event: Any, anchors: dict[str, Node], line: int) -> Node:
    if isinstance(event, yaml.AliasEvent):
        return anchors.get(event.anchor or "") or Leaf(line, "")
    node: Node
    if isinstance(event, yaml.ScalarEvent):
        node = Leaf(line, event.value, not event.style)
    elif isinstance(event, yaml.SequenceStartEvent):
        node = Seq(line)
    else:
        node = Map(line)
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node


def _place(parent: Seq | Map, node: Node) -> None:
    if isinstance(parent, Seq):
        parent.items.append(node)
    elif parent.waiting is None:
        parent.waiting = node if isinstance(node, Leaf) else Leaf(node.line, "")
    else:
        key, parent.waiting = parent.waiting, None
        if key.value == "<<" and isinstance(node, Map):
            for name, value in node.entries.items():
                parent.entries.setdefault(name, value)
                parent.lines.setdefault(name, key.line)
            return
        if key.value in parent.lines:
            parent.twice.append((key.value, key.line))
        parent.entries[key.value] = node
        parent.lines[key.value] = key.line


def walk(root: Node) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every node once with its path of keys and positions, parents first."""
    waiting: list[tuple[tuple[str, ...], Node]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield path, node
        if isinstance(node, Map):
            waiting.extend(((*path, key), child) for key, child in _backwards(node))
        elif isinstance(node, Seq):
            count = len(node.items)
            waiting.extend(((*path, str(count - 1 - i)), child) for i, child in enumerate(reversed(node.items)))


def _backwards(node: Map) -> list[tuple[str, Node]]:
    return list(reversed(node.entries.items()))


def leaf(node: Node | None) -> str:
    """The text of a leaf; empty for anything else."""
    return node.value if isinstance(node, Leaf) else ""


def items(node: Node | None) -> list[Node]:
    """The items of a sequence; none for anything else."""
    return node.items if isinstance(node, Seq) else []


def fields(node: Node | None) -> dict[str, Node]:
    """The entries of a mapping; none for anything else."""
    return node.entries if isinstance(node, Map) else {}
