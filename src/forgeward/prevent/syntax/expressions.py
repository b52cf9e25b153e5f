"""Lowers expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tree_sitter import Node

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.builder import MAX_DEPTH, inner
from forgeward.prevent.syntax.grammar import ERROR_KIND
from forgeward.prevent.syntax.objects import Objects
from forgeward.prevent.syntax.patterns import unescape

Handler: TypeAlias = Callable[["Expressions", Node], int]

_LOGICAL = {"&&": True, "||": False, "??": False}
_SPINE = {"call_expression": "function", "member_expression": "object", "subscript_expression": "object"}
_TRANSPARENT = {
    "as_expression", "satisfies_expression", "non_null_expression", "instantiation_expression",
}  # fmt: skip


class Expressions(Objects):
    """``expr`` lowers any expression to a graph node."""

    def expr(self, node: Node | None) -> int:
        """The node of an expression. Chains to the left are unrolled, so that their length costs no stack."""
        if node is None:
            raise ValueError("an expression is missing")
        if self.depth > MAX_DEPTH:
            self.broke(node, "nested too deep to follow")
            return self.add(k.UNKNOWN, "", (), node)
        kind = node.type
        leaf = _LEAVES.get(kind)
        if leaf is not None:  # more than half of all: nothing is nested in them
            return leaf(self, node)
        if kind in _SPINE:
            self.depth += 2
            try:
                return self._spine(node)
            finally:
                self.depth -= 2
        if node.kind_id == ERROR_KIND:
            self.broke(node, "syntax error")
            return self._parts(node)
        handler = HANDLERS.get(kind)
        self.depth += 1
        try:
            return handler(self, node) if handler else self._parts(node)
        finally:
            self.depth -= 1

    def maybe(self, node: Node | None, at: Node) -> int:
        """``expr``, or an unknown where the broken source has nothing."""
        return self.add(k.UNKNOWN, "", (), at) if node is None else self.expr(node)

    def _parts(self, node: Node) -> int:
        parts = tuple(self.expr(c) for c in node.named_children if c.type != "comment")
        return self.add(k.UNKNOWN, node.type, parts, node)

    def _spine(self, node: Node) -> int:
        spine: list[tuple[Node, str]] = []
        base: Node | None = node
        while base is not None:
            kind = base.type
            field = _SPINE.get(kind)
            if field is None and kind not in _TRANSPARENT:
                break
            spine.append((base, kind))
            base = base.child_by_field_name(field) if field else inner(base)
        value = self.maybe(base, node)
        for link, kind in reversed(spine):
            value = self._link(link, kind, value)
        return value

    def _link(self, node: Node, kind: str, base: int) -> int:
        if kind == "call_expression":
            return self._call(node, base)
        if kind == "member_expression":
            prop = node.child_by_field_name("property")
            found = self.add(k.MEMBER, self.name(prop).lstrip("#"), (base,), prop or node)
        elif kind == "subscript_expression":
            key = node.child_by_field_name("index")
            found = self.add(k.INDEX, "", (base, self.maybe(key, node)), node)
        else:
            return base
        if node.child_by_field_name("optional_chain") is not None:
            self.out.optional.append(found)
        return found

    def _call(self, node: Node, callee: int) -> int:
        arguments = node.child_by_field_name("arguments")
        if arguments is None:
            return self.add(k.CALL, "", (callee,), node)
        if arguments.type == "template_string":
            return self.add(k.TAGGED, "", (callee, *self._template_parts(arguments)), node)
        function = node.child_by_field_name("function")
        given = [c for c in arguments.named_children if c.type != "comment"]
        called = self.name(function) if function is not None and function.type in {"identifier", "import"} else ""
        if called == "await" and len(given) == 1:  # the grammar takes some ``await (…)`` for a call
            return self.add(k.AWAIT, "", (self.expr(given[0]),), node)
        if called in {"require", "import"} and given and self.lookup("require") < 0:
            spec = self._constant(given[0])
            if spec is not None:
                self.out.imports.append(spec)
                return self.add(k.IMPORT, f"{spec}\0{'=' if called == 'require' else '*'}", (), node)
        made = self.add(k.CALL, "", (callee, *(self.expr(c) for c in given)), node)
        types = node.child_by_field_name("type_arguments")
        name = inner(types) if types is not None and self._kind[callee] in {k.MEMBER, k.VAR} else None
        if name is not None and name.type == "type_identifier":
            self.out.typed[made] = self.read(self.raw(name), name)
        return made

    def _constant(self, node: Node) -> str | None:
        if node.type == "string" or (node.type == "template_string" and not node.named_child_count):
            return unescape(self.raw(node)[1:-1])
        return None

    # Literals

    def _string(self, node: Node) -> int:
        return self.add(k.STRING, unescape(self.raw(node)[1:-1]), (), node)

    def _literal(self, node: Node) -> int:
        return self.add(k.LITERAL, self.raw(node), (), node)

    def _regex(self, node: Node) -> int:
        return self.add(k.REGEX, self.raw(node), (), node)

    def _template(self, node: Node) -> int:
        parts = self._template_parts(node)
        if not parts:
            return self.add(k.STRING, "", (), node)
        if len(parts) == 1 and self._kind[parts[0]] == k.STRING:
            return parts[0]
        return self.add(k.TEMPLATE, "", tuple(parts), node)

    def _template_parts(self, node: Node) -> list[int]:
        parts: list[int] = []
        at = node.start_byte + 1
        for child in node.named_children:
            if child.type != "template_substitution":
                continue
            self._chunk(parts, at, child.start_byte, node)
            parts.append(self.maybe(inner(child), child))
            at = child.end_byte
        self._chunk(parts, at, node.end_byte - 1, node)
        return parts

    def _chunk(self, parts: list[int], start: int, end: int, node: Node) -> None:
        if end > start:
            text = unescape(self.source[start:end].decode("utf-8", "replace"))
            parts.append(self.add(k.STRING, text, (), node))
            self._pos[-1] = start

    # Names and operators

    def _identifier(self, node: Node) -> int:
        return self.read(self.raw(node), node)

    def _this(self, node: Node) -> int:
        return self.add(k.THIS if self.cls >= 0 else k.UNKNOWN, node.type, (self.cls,) if self.cls >= 0 else (), node)

    def _assertion(self, node: Node) -> int:  # <T>value
        return self.maybe(inner(node, -1), node)

    def _await(self, node: Node) -> int:
        return self.add(k.AWAIT, "", (self._inner(node),), node)

    def _spread(self, node: Node) -> int:
        return self.add(k.SPREAD, "", (self._inner(node),), node)

    def _unary(self, node: Node) -> int:
        operator = node.child_by_field_name("operator")
        value = self.maybe(node.child_by_field_name("argument"), node)
        return self.add(k.UNARY, operator.type if operator else "", (value,), node)

    def _sequence(self, node: Node) -> int:
        values = [self.expr(c) for c in node.named_children if c.type != "comment"]
        return values[-1] if values else self.add(k.UNKNOWN, "", (), node)

    def _binary(self, node: Node) -> int:
        chain: list[Node] = []
        base: Node | None = node
        while base is not None and base.type == "binary_expression":
            chain.append(base)
            base = base.child_by_field_name("left")
        value = self.maybe(base, node)
        terms: list[int] = [value]
        for link in reversed(chain):
            operator = link.child_by_field_name("operator")
            op = operator.type if operator else ""
            right = link.child_by_field_name("right")
            if op in _LOGICAL:
                value = self._joined(terms, value, node)
                with self.inside(k.WHEN, value, holds=_LOGICAL[op]):
                    other = self.maybe(right, link)
                value = self.add(k.CHOICE, op, (value, value, other), link)
                terms = [value]
            elif op == "+":
                terms.append(self.maybe(right, link))
            else:
                value = self._joined(terms, value, node)
                value = self.add(k.BINARY, op, (value, self.maybe(right, link)), link)
                terms = [value]
        return self._joined(terms, value, node)

    def _joined(self, terms: list[int], value: int, node: Node) -> int:
        return self.add(k.BINARY, "+", tuple(terms), node) if len(terms) > 1 else value

    def _ternary(self, node: Node) -> int:
        cond = self.maybe(node.child_by_field_name("condition"), node)
        with self.inside(k.WHEN, cond):
            yes = self.maybe(node.child_by_field_name("consequence"), node)
        with self.inside(k.WHEN, cond, holds=False):
            no = self.maybe(node.child_by_field_name("alternative"), node)
        return self.add(k.CHOICE, "?", (cond, yes, no), node)

    # Assignment

    def _assignment(self, node: Node) -> int:
        left = node.child_by_field_name("left")
        value = self.maybe(node.child_by_field_name("right"), node)
        if left is not None:
            self.assign(left, value)
        return value

    def _augmented(self, node: Node) -> int:
        left = node.child_by_field_name("left")
        operator = node.child_by_field_name("operator")
        op = (operator.type if operator else "").removesuffix("=")
        before = self.maybe(left, node)
        right = node.child_by_field_name("right")
        if op in _LOGICAL:
            with self.inside(k.WHEN, before, holds=_LOGICAL[op]):
                value = self.maybe(right, node)
        else:
            value = self.maybe(right, node)
        value = self.add(
            k.CHOICE if op in _LOGICAL else k.BINARY, op, (before, before, value)[op not in _LOGICAL :], node
        )
        if left is not None:
            self.assign(left, value)
        return value

    def _update(self, node: Node) -> int:
        target = node.child_by_field_name("argument")
        value = self.add(k.UNARY, "++", (self.maybe(target, node),), node)
        if target is not None:
            self.assign(target, value)
        return value

    def assign(self, target: Node, value: int) -> None:
        """Gives a value to a name, a property or a pattern, after its declaration."""
        kind = target.type
        if kind == "identifier":
            variable = self.lookup(self.raw(target))
            if variable >= 0:
                self.out.variables[variable].defs.append(value)
                self.add(k.SET, self.raw(target), (variable, value), target)
        elif kind == "member_expression":
            base = self.maybe(target.child_by_field_name("object"), target)
            self.store(base, self.name(target.child_by_field_name("property")).lstrip("#"), value, target)
        elif kind == "subscript_expression":
            base = self.maybe(target.child_by_field_name("object"), target)
            key = self.maybe(target.child_by_field_name("index"), target)
            if self._kind[key] == k.STRING:
                self.store(base, self._text[key], value, target)
            else:
                self.add(k.STORE_INDEX, "", (base, key, value), target)
                self._remember(base, "*", value)
        elif kind in {"object_pattern", "array_pattern", "assignment_pattern"}:
            self.bind(target, value, "")
        elif kind in {"parenthesized_expression", *_TRANSPARENT} and (wrapped := inner(target)) is not None:
            self.assign(wrapped, value)

    def store(self, base: int, prop: str, value: int, node: Node) -> None:
        """``base.prop = value``, remembered with the variable or the class that ``base`` is; CommonJS exports too."""
        self.add(k.STORE, prop, (base, value), node)
        kind, ops = self._kind[base], self._ops[base]
        if kind == k.THIS:
            self.out.classes[ops[0]].fields.setdefault(prop, []).append(value)
        elif kind == k.GLOBAL and self._text[base] == "module" and prop == "exports":
            self.out.cjs = value
        elif (kind == k.GLOBAL and self._text[base] == "exports") or self._is_module_exports(base):
            self.out.exports[prop] = value
        self._remember(base, prop, value)

    def _remember(self, base: int, prop: str, value: int) -> None:
        while self._kind[base] in {k.MEMBER, k.INDEX}:
            base = self._ops[base][0]
            prop = "*"
        if self._kind[base] == k.VAR:
            self.out.variables[self._ops[base][0]].stores.setdefault(prop, []).append(value)

    def _is_module_exports(self, base: int) -> bool:
        if self._kind[base] != k.MEMBER or self._text[base] != "exports":
            return False
        owner = self._ops[base][0]
        return self._kind[owner] == k.GLOBAL and self._text[owner] == "module"


_LEAVES: dict[str, Handler] = {
    "identifier": Expressions._identifier,
    "undefined": Expressions._identifier,
    "property_identifier": Expressions._identifier,
    "shorthand_property_identifier": Expressions._identifier,
    "this": Expressions._this,
    "super": Expressions._this,
    "string": Expressions._string,
    "number": Expressions._literal,
    "true": Expressions._literal,
    "false": Expressions._literal,
    "null": Expressions._literal,
    "regex": Expressions._regex,
}
HANDLERS: dict[str, Handler] = {
    "template_string": Expressions._template,
    "parenthesized_expression": Expressions._inner,
    "await_expression": Expressions._await,
    "yield_expression": Expressions._parts,
    "spread_element": Expressions._spread,
    "unary_expression": Expressions._unary,
    "update_expression": Expressions._update,
    "binary_expression": Expressions._binary,
    "ternary_expression": Expressions._ternary,
    "sequence_expression": Expressions._sequence,
    "assignment_expression": Expressions._assignment,
    "augmented_assignment_expression": Expressions._augmented,
    "object": Expressions._object,
    "array": Expressions._array,
    "arrow_function": Expressions._function,
    "function_expression": Expressions._function,
    "function": Expressions._function,
    "generator_function": Expressions._function,
    "class": Expressions._class,
    "new_expression": Expressions._new,
    "jsx_element": Expressions._jsx,
    "jsx_self_closing_element": Expressions._jsx,
    "jsx_fragment": Expressions._jsx,
    "jsx_expression": Expressions._inner,
    "type_assertion": Expressions._assertion,
    "as_expression": Expressions._inner,
    "satisfies_expression": Expressions._inner,
    "non_null_expression": Expressions._inner,
    "instantiation_expression": Expressions._inner,
}
