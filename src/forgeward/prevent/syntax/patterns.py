"""Lowers the patterns that take values apart, in declarations, parameters and assignments."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from tree_sitter import Node

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.builder import MAX_DEPTH, Builder, inner

_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


def unescape(text: str) -> str:
    """The value of the inside of a string literal (ECMA-262, section 12.9.4)."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1 and code[0] in "ux":
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _SIMPLE.get(code, code)


class Patterns(Builder, ABC):
    """``bind`` gives the names of a pattern their parts of a value; defaults and targets are lowered above."""

    @abstractmethod
    def maybe(self, node: Node | None, at: Node) -> int:
        """The graph node of an expression that may be missing."""

    @abstractmethod
    def assign(self, target: Node, value: int) -> None:
        """Gives a value to something that was declared before."""

    def key(self, node: Node | None) -> str:
        """The name of a property; empty for a computed one."""
        if node is None or node.type == "computed_property_name":
            return ""
        return unescape(self.raw(node)[1:-1]) if node.type == "string" else self.raw(node).lstrip("#")

    def bind(self, pattern: Node, value: int, how: str) -> None:
        """Declares the names of a pattern and gives them their parts of ``value``; ``how`` empty assigns instead."""
        if self.depth > MAX_DEPTH:
            self.broke(pattern, "nested too deep to follow")
            return
        self.depth += 1
        try:
            self._bind(pattern, value, how)
        finally:
            self.depth -= 1

    def _bind(self, pattern: Node, value: int, how: str) -> None:
        kind = pattern.type
        if kind in {"identifier", "shorthand_property_identifier_pattern"}:
            text = self.raw(pattern)
            name = self.declare(text, how, pattern) if how else self.lookup(text)
            if name >= 0:
                self.out.variables[name].defs.append(value)
        elif kind == "object_pattern":
            for child in pattern.named_children:
                self._bind_property(child, value, how)
        elif kind == "array_pattern":
            self._bind_elements(pattern, value, how)
        elif kind in {"assignment_pattern", "object_assignment_pattern"}:
            self._bind_default(pattern, value, how)
        elif kind == "rest_pattern":
            if (rest := inner(pattern)) is not None:
                self.bind(rest, self.add(k.REST, "", (value,), pattern), how)
        elif not how:
            self.assign(pattern, value)

    def _bind_default(self, pattern: Node, value: int, how: str) -> None:
        left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
        if left is not None:
            default = self.maybe(right, pattern)
            self.bind(left, self.add(k.CHOICE, "default", (value, value, default), pattern), how)

    def _bind_property(self, node: Node, value: int, how: str) -> None:
        kind = node.type
        if kind == "pair_pattern":
            key, target = node.child_by_field_name("key"), node.child_by_field_name("value")
            if target is not None:
                self.bind(target, self.add(k.MEMBER, self.key(key) or "*", (value,), node), how)
        elif kind == "shorthand_property_identifier_pattern":
            self.bind(node, self.add(k.MEMBER, self.raw(node), (value,), node), how)
        elif kind == "object_assignment_pattern":
            left = node.child_by_field_name("left")
            if left is not None and left.type == "shorthand_property_identifier_pattern":
                self._bind_default(node, self.add(k.MEMBER, self.raw(left), (value,), left), how)
        elif kind != "comment":
            self.bind(node, value, how)

    def _bind_elements(self, pattern: Node, value: int, how: str) -> None:
        position = 0
        for child in pattern.children:
            if child.type == ",":
                position += 1
            elif child.is_named and child.type != "comment":
                if child.type != "rest_pattern":
                    key = self.add(k.LITERAL, str(position), (), child)
                    part = self.add(k.INDEX, "", (value, key), child)
                    self.bind(child, part, how)
                else:
                    self.bind(child, value, how)
