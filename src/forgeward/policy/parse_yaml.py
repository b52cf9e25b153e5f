"""YAML to a plain tree that remembers its lines, for a text that nobody vouches for.

Read from the parser's events rather than by a constructor: nothing is ever built from a tag, anchors and aliases are
refused before they could expand, depth and size are bounded, and every scalar stays the text that was written.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from forgeward.errors import Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12
MAX_PROBLEMS = 200

# libyaml reads 40 KB in a quarter of the time; the pure parser gives the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.2.2, section 5.1, without line ends that only some editors count, and without what turns the direction of the
# text that follows (CVE-2021-42574): such a sentence would read otherwise than it is.
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_NULLS = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Scalar:
    line: int
    value: str
    plain: bool

    @property
    def is_null(self) -> bool:
        return self.plain and self.value in _NULLS


@dataclass(slots=True)
class Items:
    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Fields:
    """A mapping: key to (line of the key, value)."""

    line: int
    entries: dict[str, tuple[int, Node]] = field(default_factory=dict)
    key: Scalar | None = None  # read, its value not yet


Node: TypeAlias = Scalar | Items | Fields


class Report:
    """Collects what is wrong, by line (from 1)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.last = sys.maxsize  # the document's last line; the parser counts one more at its end
        self._found: dict[tuple[int, str], None] = {}

    def add(self, line: int, what: str) -> None:
        if len(self._found) < MAX_PROBLEMS:
            self._found.setdefault((min(line, self.last), what))

    def __bool__(self) -> bool:
        return bool(self._found)

    def problems(self) -> list[Problem]:
        return [Problem(f"{self._name}:{line}", what) for line, what in sorted(self._found, key=lambda p: p[0])]


class _RefusedError(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def read_tree(text: str, report: Report) -> Fields | None:
    """The document's top mapping, or None after telling ``report`` why the text cannot be read at all."""
    report.last = max(len(text.splitlines()), 1)
    try:
        _bounded(text)
        root = _compose(text, report)
    except _RefusedError as refused:
        report.add(refused.line, refused.what)
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.add(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem or error.context}.")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        report.add(1, f"This is not YAML: {type(error).__name__}.")
        return None
    if isinstance(root, Fields):
        return root
    report.add(root.line if root else 1, "A policy is a mapping that begins with “schema: forgeward/policy/1”.")
    return None


def unprintable(text: str) -> str:
    """The first character of ``text`` that may not stand in a policy, written or escaped; empty when there is none."""
    found = _UNPRINTABLE.search(text)
    return found.group() if found else ""


def _odd(char: str) -> str:
    return f"The character U+{ord(char):04X} has no place in a policy."


def _bounded(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _RefusedError(1, f"The document is larger than {MAX_BYTES // 1024} KiB.")
    text = text.removeprefix("\ufeff")
    if odd := unprintable(text):
        raise _RefusedError(text.count("\n", 0, text.index(odd)) + 1, _odd(odd))


def _compose(text: str, report: Report) -> Node | None:
    root: Node | None = None
    stack: list[Items | Fields] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.NodeEvent):
            node = _node(event)
            if stack:
                _place(stack[-1], node, report)
            elif root is not None:
                raise _RefusedError(node.line, "One file holds one policy; a second document begins here.")
            else:
                root = node
            if not isinstance(node, Scalar):
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    raise _RefusedError(node.line, f"Nested more than {MAX_DEPTH} deep.")
        elif isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
    return root


def _node(event: Any) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _RefusedError(line, "Anchors (&) and aliases (*) are not read: write the value where it is used.")
    if event.tag is not None:
        raise _RefusedError(line, f"Tags are not read: take “{event.tag}” away.")
    if isinstance(event, yaml.ScalarEvent):
        if odd := unprintable(event.value):
            raise _RefusedError(line, _odd(odd))
        return Scalar(line, event.value, event.style is None or event.style == "")
    return Items(line) if isinstance(event, yaml.SequenceStartEvent) else Fields(line)


def _place(parent: Items | Fields, node: Node, report: Report) -> None:
    if isinstance(parent, Items):
        parent.items.append(node)
    elif parent.key is None:
        if not isinstance(node, Scalar):
            raise _RefusedError(node.line, "A key must be a word.")
        parent.key = node
    else:
        key, parent.key = parent.key, None
        if key.value in parent.entries:
            report.add(key.line, f"“{key.value}” stands twice; first on line {parent.entries[key.value][0]}.")
        else:
            parent.entries[key.value] = (key.line, node)
