"""Chooses the grammar by the file's extension and parses bytes."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

ERROR_KIND = 65535  # the id of ERROR nodes, which stands in no table of the grammar


@cache
def language(name: str) -> Language:
    """``javascript`` (with JSX), ``typescript`` or ``tsx``."""
    if name == "javascript":
        return Language(tree_sitter_javascript.language())
    if name == "typescript":
        return Language(tree_sitter_typescript.language_typescript())
    return Language(tree_sitter_typescript.language_tsx())


@cache
def _parser(name: str) -> Parser:
    return Parser(language(name))


def grammar_for(path: str) -> str:
    """The grammar of a path: type arguments and JSX are ambiguous, so the extension decides."""
    if path.endswith((".ts", ".mts", ".cts")):
        return "typescript"
    return "tsx" if path.endswith(".tsx") else "javascript"


def parse(path: str, source: bytes) -> tuple[str, Tree]:
    """The grammar that fits best, and the tree. A ``.js`` file with type annotations is read as TSX."""
    name = grammar_for(path)
    tree = _parser(name).parse(source)
    if name == "javascript" and tree.root_node.has_error:
        other = _parser("tsx").parse(source)
        if not other.root_node.has_error:
            return "tsx", other
    return name, tree
