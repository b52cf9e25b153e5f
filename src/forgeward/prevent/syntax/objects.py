"""Lowers what is made of parts: objects, arrays, functions, classes, and JSX."""

from __future__ import annotations

from abc import abstractmethod

from tree_sitter import Node

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.builder import inner
from forgeward.prevent.syntax.ir import Class
from forgeward.prevent.syntax.patterns import Patterns

_FUNCTIONS = {"arrow_function", "function_expression", "generator_function", "function"}
_JSX_OUTER = {"jsx_opening_element", "jsx_closing_element", "jsx_attribute", "jsx_text"}


class Objects(Patterns):
    """``expr`` and ``read`` come from below and above; here is what has members."""

    @abstractmethod
    def expr(self, node: Node | None) -> int:
        """The graph node of any expression."""

    def _inner(self, node: Node) -> int:
        return self.maybe(inner(node), node)

    # Objects, arrays, functions, classes

    def _object(self, node: Node) -> int:
        made = self._with_this(node)
        props = [self._member(c, made) for c in node.named_children if c.type != "comment"]
        if made >= 0:
            fields = self.out.classes[made].fields
            for prop in props:
                if self._kind[prop] == k.PROP:
                    fields.setdefault(self._text[prop], []).append(self._ops[prop][0])
        return self.add(k.OBJECT, "", tuple(props), node)

    def _with_this(self, node: Node) -> int:
        """A class without a name for a literal whose functions say ``this``, or -1."""
        if b"this" not in self.source[node.start_byte : node.end_byte]:
            return -1
        self.out.classes.append(Class(""))
        return len(self.out.classes) - 1

    def _member(self, node: Node, cls: int) -> int:
        kind = node.type
        if kind == "pair":
            return self._pair(node, cls)
        if kind == "shorthand_property_identifier":
            name = self.raw(node)
            return self.add(k.PROP, name, (self.read(name, node),), node)
        if kind == "method_definition":
            name = self.key(node.child_by_field_name("name"))
            fn = self.function(node, name, cls=cls)
            return self.add(k.PROP, name, (self.add(k.FUNC, "", (fn,), node),), node)
        return self.expr(node)

    def _pair(self, node: Node, cls: int) -> int:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        name = self.key(key)
        made = self.named(value, name, cls=cls) if value is not None else self.maybe(None, node)
        if key is not None and key.type == "computed_property_name":
            computed = self._inner(key)
            text = self._text[computed] if self._kind[computed] == k.STRING else "*"
            return self.add(k.PROP, text, (made, computed), node)
        return self.add(k.PROP, name, (made,), node)

    def _array(self, node: Node) -> int:
        return self.add(k.ARRAY, "", tuple(self.expr(c) for c in node.named_children if c.type != "comment"), node)

    def named(self, node: Node, name: str, *, cls: int = -1) -> int:
        """``expr``; a function or class without a name of its own takes ``name``; ``cls`` is what ``this`` is in it."""
        if node.type in _FUNCTIONS:
            own = node.child_by_field_name("name")
            return self.add(k.FUNC, "", (self.function(node, self.name(own) or name, cls=cls),), node)
        if node.type == "class":
            return self.class_of(node, name)
        return self.expr(node)

    def _function(self, node: Node) -> int:
        return self.named(node, "")

    def _class(self, node: Node) -> int:
        return self.class_of(node, "")

    def class_of(self, node: Node, name: str) -> int:
        """A class with its methods queued and its fields lowered."""
        own = node.child_by_field_name("name")
        made = Class(self.name(own) or name)
        heritage = next((c for c in node.children if c.type == "class_heritage"), None)
        if heritage is not None:
            clause = inner(heritage)
            base = clause.child_by_field_name("value") if clause and clause.type == "extends_clause" else clause
            made.parent = self.maybe(base, node)
        self.out.classes.append(made)
        index = len(self.out.classes) - 1
        body = node.child_by_field_name("body")
        outer, self.cls = self.cls, index
        for member in body.named_children if body is not None else ():
            self._class_member(member, made, index)
        self.cls = outer
        return self.add(k.CLASS, made.name, (index,), node)

    def _class_member(self, node: Node, made: Class, index: int) -> None:
        static = any(c.type == "static" for c in node.children)
        if node.type == "method_definition":
            name = self.key(node.child_by_field_name("name"))
            (made.statics if static else made.methods)[name] = self.function(node, name, cls=index)
        elif node.type in {"public_field_definition", "field_definition"}:
            name = self.key(node.child_by_field_name("name") or node.child_by_field_name("property"))
            value = node.child_by_field_name("value")
            fields = made.static_fields if static else made.fields
            if value is not None:
                fields.setdefault(name, []).append(self.named(value, name, cls=index))
            elif (typed := self.type_of(node)) >= 0:
                fields.setdefault(name, []).append(self.add(k.TYPED, "", (typed,), node))

    def type_of(self, node: Node) -> int:
        """The graph node of the name in a type annotation, where it is one name; else -1."""
        annotation = node.child_by_field_name("type")
        name = inner(annotation) if annotation is not None else None
        if name is not None and name.type == "generic_type":
            name = name.child_by_field_name("name")
        return self.read(self.raw(name), name) if name is not None and name.type == "type_identifier" else -1

    def _new(self, node: Node) -> int:
        callee = self.maybe(node.child_by_field_name("constructor"), node)
        arguments = node.child_by_field_name("arguments")
        given = [c for c in arguments.named_children if c.type != "comment"] if arguments is not None else []
        return self.add(k.NEW, "", (callee, *(self.expr(c) for c in given)), node)

    # JSX

    def _jsx(self, node: Node) -> int:
        opening = node.child_by_field_name("open_tag") or node
        name = opening.child_by_field_name("name")
        tag = self.name(name)
        component = self._jsx_component(name, tag, node)
        props = [self._jsx_attribute(c) for c in opening.children_by_field_name("attribute")]
        made = self.add(k.OBJECT, "", tuple(props), node)
        children = [self.expr(c) for c in node.named_children if c.type.startswith("jsx_") and c.type not in _JSX_OUTER]
        return self.add(k.JSX, tag, (component, made, *children), node)

    def _jsx_component(self, name: Node | None, tag: str, node: Node) -> int:
        if name is None or tag[:1].islower():
            return self.add(k.STRING, tag, (), node)
        return self.read(self.raw(name), name) if name.type == "identifier" else self.expr(name)

    def _jsx_attribute(self, node: Node) -> int:
        if node.type == "jsx_expression":
            return self._inner(node)
        name, value = inner(node), inner(node, 1)
        made = self.add(k.LITERAL, "true", (), node) if value is None else self.expr(value)
        return self.add(k.PROP, self.name(name), (made,), node)
