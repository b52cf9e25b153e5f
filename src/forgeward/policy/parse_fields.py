"""Takes values out of a mapping of the document, and reports what cannot be taken, with its line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from forgeward.errors import BadInput
from forgeward.policy.parse_yaml import Fields, Items, Node, Report, Scalar

T = TypeVar("T")


def did_you_mean(word: str, known: Collection[str]) -> str:
    """“ Did you mean …?” with the nearest known word, or nothing when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean “{near[0]}”?" if near else ""


class Reader:
    """One mapping with the keys that it may have. Every getter gives None after reporting, never a guess."""

    def __init__(self, node: Node, where: str, keys: Collection[str], report: Report) -> None:
        self.line = node.line
        self.where = where
        self.report = report
        self._entries = node.entries if isinstance(node, Fields) else {}
        if not isinstance(node, Fields):
            report.add(node.line, f"{where} must be a mapping with {', '.join(keys)}.")
        for key, (line, _) in self._entries.items():
            if key not in keys:
                report.add(line, f"“{key}” is not known in {where}.{did_you_mean(key, keys)}")

    def at(self, key: str) -> int:
        """The key's line, or the mapping's where the key is absent."""
        entry = self._entries.get(key)
        return entry[0] if entry else self.line

    def node(self, key: str, *, required: bool = True) -> Node | None:
        """The value; None when absent or null."""
        entry = self._entries.get(key)
        if entry is not None and not (isinstance(entry[1], Scalar) and entry[1].is_null):
            return entry[1]
        if required:
            self.report.add(self.at(key), f"{self.where} has no “{key}”.")
        return None

    def text(self, key: str, *, required: bool = True) -> str | None:
        """One line of text, blanks and line breaks folded."""
        node = self.node(key, required=required)
        return None if node is None else self._scalar(node, f"“{key}” of {self.where}")

    def parsed(self, key: str, parse: Callable[[str], T], *, required: bool = True) -> T | None:
        """The text through ``parse``; its ``BadInput`` becomes a problem."""
        node = self.node(key, required=required)
        text = None if node is None else self._scalar(node, f"“{key}” of {self.where}")
        return None if text is None or node is None else self.attempt(self.at(key), text, parse)

    def listed(self, key: str, parse: Callable[[str], T], *, required: bool = True) -> tuple[T, ...]:
        """A list of texts, each through ``parse``."""
        found = []
        for node in self.items(key, required=required):
            text = self._scalar(node, f"an entry of “{key}”")
            value = None if text is None else self.attempt(node.line, text, parse)
            if value is not None:
                found.append(value)
        return tuple(found)

    def items(self, key: str, *, required: bool = True) -> list[Node]:
        """The entries of a list; a missing one is empty."""
        node = self.node(key, required=required)
        if node is None:
            return []
        if isinstance(node, Items):
            return node.items
        self.report.add(self.at(key), f"“{key}” of {self.where} must be a list.")
        return []

    def pairs(self, key: str, *, required: bool = True) -> Iterator[tuple[int, str, Node]]:
        """(line, key, value) of a mapping whose keys are free."""
        node = self.node(key, required=required)
        if isinstance(node, Fields):
            yield from ((line, name, value) for name, (line, value) in node.entries.items())
        elif node is not None:
            self.report.add(self.at(key), f"“{key}” of {self.where} must be a mapping.")

    def inner(self, key: str, keys: Collection[str], *, required: bool = True) -> Reader | None:
        """The mapping under ``key``."""
        node = self.node(key, required=required)
        if node is None:
            return None
        inner = Reader(node, f"“{key}”", keys, self.report)
        inner.line = self.at(key)
        return inner

    def attempt(self, line: int, text: str, parse: Callable[[str], T]) -> T | None:
        """``parse(text)``, or None after reporting its ``BadInput`` on ``line``."""
        try:
            return parse(text)
        except BadInput as error:
            self.report.add(line, f"{error} {error.next}".rstrip())
            return None

    def scalar(self, node: Node, what: str) -> str | None:
        """The text of a value that stands outside a known key."""
        return self._scalar(node, what)

    def _scalar(self, node: Node, what: str) -> str | None:
        if not isinstance(node, Scalar):
            self.report.add(node.line, f"{what} must be a text.")
            return None
        text = " ".join(node.value.split())
        if not text or node.is_null:
            self.report.add(node.line, f"{what} is empty.")
            return None
        return text


def one_of(known: Collection[str], noun: str) -> Callable[[str], str]:
    """A parser that takes only known words, and names the nearest for another. ``noun`` with its article: “a step”."""

    def parse(text: str) -> str:
        if text in known:
            return text
        near = did_you_mean(text, known).strip()
        raise BadInput(f"“{text}” is not {noun}.", next=near or f"Known: {', '.join(sorted(known))}.")

    return parse
