"""Lowers statements, function bodies and modules: ``lower(path, source)`` is the door of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from tree_sitter import Node

from forgeward.prevent.syntax import kinds as k
from forgeward.prevent.syntax.builder import MAX_DEPTH, Body, inner
from forgeward.prevent.syntax.expressions import Expressions
from forgeward.prevent.syntax.grammar import ERROR_KIND, parse
from forgeward.prevent.syntax.ir import Function, Module
from forgeward.prevent.syntax.patterns import unescape

_DECLARED_FIRST = {
    "function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration",
}  # fmt: skip
_NO_CODE = {
    "comment", "interface_declaration", "type_alias_declaration", "ambient_declaration", "empty_statement",
    "debugger_statement", "function_signature", "hash_bang_line", "import_alias",
}  # fmt: skip


def lower(path: str, source: bytes) -> Module:
    """The value graph of one file. Never fails: what the grammar cannot read is listed in ``broken``."""
    _, tree = parse(path, source)
    return Lowering(path, source).module(tree.root_node)


class Lowering(Expressions):
    """Statements return whether they always leave the block."""

    def module(self, root: Node) -> Module:
        self.out.functions.append(Function("", -1, 0))
        self.region = self.new_region(k.ROOT, parent=-1)
        self._pending: list[tuple[str, str, Node]] = []
        self.statements(root.children if root.kind_id == ERROR_KIND else root.named_children)
        self.out.functions[0].exits.append(self.region)
        top = self.scope
        while self.bodies:
            self._body(self.bodies.popleft())
        self.fn, self.scope, self.region = 0, top, 0
        for name, exported, node in self._pending:
            self.out.exports.setdefault(exported, self.read(name, node))
        return self.out

    def _body(self, body: Body) -> None:
        fn = self.out.functions[body.fn]
        self.fn, self.scope, self.cls = body.fn, body.scope, body.cls
        self.depth = 0
        self.region = fn.region = self.new_region(k.ROOT, parent=-1)
        with self.block(hoist=True):
            self._parameters(body, fn)
            code = body.node.child_by_field_name("body")
            if code is None:
                return
            if code.type != "statement_block":
                self._return(self.expr(code), code)
                return
            if not self.statements(code.named_children):
                fn.exits.append(self.region)

    def _return(self, value: int, node: Node) -> None:
        fn = self.out.functions[self.fn]
        fn.returns.append(value)
        fn.exits.append(self.region)
        self.add(k.RETURN, "", (value,), node)

    def _parameters(self, body: Body, fn: Function) -> None:
        single = body.node.child_by_field_name("parameter")
        listed = body.node.child_by_field_name("parameters")
        nodes = [single] if single is not None else listed.named_children if listed is not None else []
        for node in nodes:
            pattern, default = node, None
            if node.type in {"required_parameter", "optional_parameter"}:
                bound, default = node.child_by_field_name("pattern"), node.child_by_field_name("value")
                if bound is None or bound.type == "this":
                    continue
                pattern = bound
            elif node.type in {"comment", "decorator"}:
                continue
            self._parameter(pattern, default, node, body, fn)

    def _parameter(self, pattern: Node, default: Node | None, node: Node, body: Body, fn: Function) -> None:
        position = len(fn.params)
        plain = pattern.type == "identifier"
        value = self.add(k.PARAM, self.raw(pattern) if plain else "", (body.fn, position), pattern)
        fn.params.append(value)
        if node is not pattern and (typed := self.type_of(node)) >= 0:
            self.out.typed[value] = typed
        if pattern.type == "rest_pattern":
            fn.rest = position
        if default is not None:
            value = self.add(k.CHOICE, "default", (value, value, self.expr(default)), node)
        if pattern.type == "rest_pattern" and (rest := inner(pattern)) is not None:
            pattern = rest
        self.bind(pattern, value, "param")
        if body.cls >= 0 and any(c.type in {"accessibility_modifier", "readonly"} for c in node.children):
            self.out.classes[body.cls].fields.setdefault(self.raw(pattern), []).append(value)

    # Blocks

    def statements(self, nodes: Iterable[Node]) -> bool:
        """Lowers a block. What follows an ``if`` that always leaves is evaluated only where its condition failed."""
        listed = list(nodes)
        for node in listed:
            declared = node
            if node.type == "export_statement":
                declared = node.child_by_field_name("declaration") or node
            if declared.type in _DECLARED_FIRST and (name := declared.child_by_field_name("name")) is not None:
                self.declare(self.raw(name), "function", name)
        left = False
        for node in listed:
            left = self.statement(node) or left
        return left

    def statement(self, node: Node) -> bool:
        kind = node.type
        if kind in _NO_CODE:
            return False
        if self.depth > MAX_DEPTH:
            self.broke(node, "nested too deep to follow")
            return False
        if node.kind_id == ERROR_KIND:
            self.broke(node, "syntax error")
            return self.statements(node.named_children)
        handler = _STATEMENTS.get(kind)
        self.depth += 1
        try:
            if handler is not None:
                return handler(self, node)
            self.expr(node)
            return False
        finally:
            self.depth -= 1

    def _scoped(self, node: Node | None) -> bool:
        if node is None:
            return False
        with self.block():
            return self.statements(node.named_children) if node.type == "statement_block" else self.statement(node)

    def _block(self, node: Node) -> bool:
        return self._scoped(node)

    def _expression(self, node: Node) -> bool:
        for child in node.named_children:
            if child.type in {"internal_module", "module"}:
                self._namespace(child)
            elif child.type != "comment":
                self.expr(child)
        return False

    def _declaration(self, node: Node) -> bool:
        how = self.name(node.child_by_field_name("kind")) or "var"
        for child in node.named_children:
            if child.type != "variable_declarator":
                continue
            target, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if target is None:
                continue
            if value is None:
                if target.type == "identifier":
                    self.declare(self.raw(target), how, target)
                continue
            made = self.named(value, self.raw(target) if target.type == "identifier" else "")
            self.bind(target, made, how)
        return False

    def _function_declaration(self, node: Node) -> bool:
        name = self.name(node.child_by_field_name("name"))
        variable = self.declare(name, "function", node)
        self.out.variables[variable].defs.append(self.add(k.FUNC, "", (self.function(node, name),), node))
        return False

    def _class_declaration(self, node: Node) -> bool:
        name = self.name(node.child_by_field_name("name"))
        variable = self.declare(name, "class", node)
        self.out.variables[variable].defs.append(self.class_of(node, name))
        return False

    # Control flow

    def _leave(self, node: Node) -> bool:
        return True

    def _return_statement(self, node: Node) -> bool:
        given = next((c for c in node.named_children if c.type != "comment"), None)
        value = self.expr(given) if given is not None else self.add(k.LITERAL, "undefined", (), node)
        self._return(value, node)
        return True

    def _throw(self, node: Node) -> bool:
        given = next((c for c in node.named_children if c.type != "comment"), None)
        self.add(k.THROW, "", (self.maybe(given, node),), node)
        return True

    def _if(self, node: Node) -> bool:
        cond = self.maybe(node.child_by_field_name("condition"), node)
        with self.inside(k.WHEN, cond):
            yes = self._scoped(node.child_by_field_name("consequence"))
        clause = node.child_by_field_name("alternative")
        no = False
        if clause is not None:
            with self.inside(k.WHEN, cond, holds=False):
                no = self._scoped(next((c for c in clause.named_children if c.type != "comment"), None))
        if yes != no:
            self.region = self.new_region(k.WHEN, cond, holds=no)
        return yes and no

    def _while(self, node: Node) -> bool:
        cond = self.maybe(node.child_by_field_name("condition"), node)
        with self.inside(k.WHEN, cond):
            self._scoped(node.child_by_field_name("body"))
        return False

    def _do(self, node: Node) -> bool:
        with self.inside(k.LOOP):
            self._scoped(node.child_by_field_name("body"))
        self.maybe(node.child_by_field_name("condition"), node)
        return False

    def _for(self, node: Node) -> bool:
        with self.block():
            start = node.child_by_field_name("initializer")
            if start is not None and start.type != ";":
                self.statement(start)
            cond = node.child_by_field_name("condition")
            tested = self.expr(cond) if cond is not None and cond.is_named and cond.type != "empty_statement" else -1
            with self.inside(k.LOOP if tested < 0 else k.WHEN, tested):
                self._scoped(node.child_by_field_name("body"))
                step = node.child_by_field_name("increment")
                if step is not None:
                    self.expr(step)
        return False

    def _for_in(self, node: Node) -> bool:
        with self.block():
            iterable = self.maybe(node.child_by_field_name("right"), node)
            operator = node.child_by_field_name("operator")
            keys = operator is not None and operator.type == "in"
            value = self.add(k.UNKNOWN if keys else k.ELEMENT, "key" if keys else "", (iterable,), node)
            left = node.child_by_field_name("left")
            how = self.name(node.child_by_field_name("kind"))
            with self.inside(k.LOOP):
                if left is not None:
                    self.bind(left, value, how)
                self._scoped(node.child_by_field_name("body"))
        return False

    def _try(self, node: Node) -> bool:
        handler, final = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        outer = self.region
        attempt = self.region = self.new_region(k.TRY)
        left = self._scoped(node.child_by_field_name("body"))
        ended, self.region = self.region, outer
        caught = handler is None
        if handler is not None:
            with self.inside(k.CATCH):
                caught = self._catch(handler)
        if caught and not left:
            # Nothing goes on after a failure, so what was checked inside holds afterwards.
            self.region = ended
        if caught:
            self.out.region_kind[attempt] = k.WHEN
        if final is not None and (body := final.child_by_field_name("body")) is not None:
            left = self._scoped(body) or left
            return left
        return left and caught

    def _catch(self, handler: Node) -> bool:
        with self.block():
            parameter = handler.child_by_field_name("parameter")
            if parameter is not None:
                self.bind(parameter, self.add(k.CAUGHT, "", (), parameter), "let")
            return self._scoped(handler.child_by_field_name("body"))

    def _switch(self, node: Node) -> bool:
        value = self.maybe(node.child_by_field_name("value"), node)
        body = node.child_by_field_name("body")
        with self.block():
            for case in body.named_children if body is not None else ():
                if case.type not in {"switch_case", "switch_default"}:
                    continue
                tested = case.child_by_field_name("value")
                cond = -1
                if tested is not None:
                    cond = self.add(k.BINARY, "===", (value, self.expr(tested)), case)
                with self.inside(k.CASE, cond):
                    self.statements(case.children_by_field_name("body"))
        return False

    def _labeled(self, node: Node) -> bool:
        return self._scoped(node.child_by_field_name("body"))

    # Modules

    def _import(self, node: Node) -> bool:
        source = node.child_by_field_name("source")
        clause = next((c for c in node.named_children if c.type in {"import_clause", "import_require_clause"}), None)
        if clause is not None and clause.type == "import_require_clause":
            source = clause.child_by_field_name("source")
        if source is None or any(c.type == "type" for c in node.children):
            return False
        spec = unescape(self.raw(source)[1:-1])
        self.out.imports.append(spec)
        for child in clause.named_children if clause is not None else ():
            self._import_part(child, spec, equals=clause is not None and clause.type == "import_require_clause")
        return False

    def _import_part(self, node: Node, spec: str, *, equals: bool) -> None:
        if node.type == "identifier":
            self._imported(node, spec, "=" if equals else "default")
        elif node.type == "namespace_import":
            if (local := inner(node)) is not None:
                self._imported(local, spec, "*")
        elif node.type == "named_imports":
            for item in node.named_children:
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if item.type == "import_specifier" and name is not None and not _type_only(item):
                    self._imported(alias or name, spec, self.key(name))

    def _imported(self, local: Node, spec: str, name: str) -> None:
        variable = self.declare(self.raw(local), "import", local)
        self.out.variables[variable].defs.append(self.add(k.IMPORT, f"{spec}\0{name}", (), local))

    def _export(self, node: Node) -> bool:
        source, declaration = node.child_by_field_name("source"), node.child_by_field_name("declaration")
        clause = next((c for c in node.named_children if c.type in {"export_clause", "namespace_export"}), None)
        if source is not None:
            self._reexport(node, clause, unescape(self.raw(source)[1:-1]))
        elif clause is not None:
            for item in clause.named_children:
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if name is not None:
                    self._pending.append((self.key(name), self.key(alias or name), item))
        elif declaration is not None:
            self._export_declaration(node, declaration)
        else:
            self._export_value(node)
        return False

    def _reexport(self, node: Node, clause: Node | None, spec: str) -> None:
        if any(c.type == "type" for c in node.children):
            return
        self.out.imports.append(spec)
        if clause is None:
            self.out.reexports.append(("*", spec, "*"))
        elif clause.type == "namespace_export":
            self.out.reexports.append((self.name(inner(clause)), spec, "*"))
        else:
            for item in clause.named_children:
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if name is not None:
                    self.out.reexports.append((self.key(alias or name), spec, self.key(name)))

    def _export_declaration(self, node: Node, declaration: Node) -> None:
        before = set(self.scope.names)
        self.statement(declaration)
        name = declaration.child_by_field_name("name")
        if any(c.type == "default" for c in node.children):
            if name is not None:
                self._pending.append((self.raw(name), "default", node))
        elif name is not None and declaration.type in _DECLARED_FIRST:
            self._pending.append((self.raw(name), self.raw(name), node))
        else:
            for added in self.scope.names.keys() - before:
                self._pending.append((added, added, node))

    def _export_value(self, node: Node) -> None:
        value = node.child_by_field_name("value") or next(
            (c for c in node.named_children if c.type not in {"comment", "decorator"}), None
        )
        if value is None:
            return
        if any(c.type == "=" for c in node.children):
            self.out.cjs = self.expr(value)
        else:
            self.out.exports["default"] = self.named(value, "default")

    def _enum(self, node: Node) -> bool:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return False
        props = []
        for item in body.named_children:
            key, value = item.child_by_field_name("name"), item.child_by_field_name("value")
            if item.type == "enum_assignment" and value is not None:
                props.append(self.add(k.PROP, self.key(key), (self.expr(value),), item))
        variable = self.declare(self.raw(name), "const", name)
        self.out.variables[variable].defs.append(self.add(k.OBJECT, "", tuple(props), node))
        return False

    def _namespace(self, node: Node) -> bool:
        body = node.child_by_field_name("body")
        return self._scoped(body)


def _type_only(item: Node) -> bool:
    return any(c.type == "type" for c in item.children)


Statement: TypeAlias = Callable[[Lowering, Node], bool]

_STATEMENTS: dict[str, Statement] = {
    "statement_block": Lowering._block,
    "expression_statement": Lowering._expression,
    "lexical_declaration": Lowering._declaration,
    "variable_declaration": Lowering._declaration,
    "function_declaration": Lowering._function_declaration,
    "generator_function_declaration": Lowering._function_declaration,
    "class_declaration": Lowering._class_declaration,
    "abstract_class_declaration": Lowering._class_declaration,
    "return_statement": Lowering._return_statement,
    "throw_statement": Lowering._throw,
    "break_statement": Lowering._leave,
    "continue_statement": Lowering._leave,
    "if_statement": Lowering._if,
    "while_statement": Lowering._while,
    "do_statement": Lowering._do,
    "for_statement": Lowering._for,
    "for_in_statement": Lowering._for_in,
    "try_statement": Lowering._try,
    "switch_statement": Lowering._switch,
    "labeled_statement": Lowering._labeled,
    "import_statement": Lowering._import,
    "export_statement": Lowering._export,
    "enum_declaration": Lowering._enum,
    "internal_module": Lowering._namespace,
    "module": Lowering._namespace,
}
