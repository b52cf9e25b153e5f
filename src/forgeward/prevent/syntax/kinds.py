"""The kinds of node in a value graph, and of region in which a node is evaluated.

A node is an index into parallel lists (``ir.Module``): ``kind``, ``text``, ``ops`` (indexes of other nodes unless said
otherwise), ``pos`` (byte offset) and ``region``. Nodes of one function stand in the order of evaluation.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = 0  # made of ``ops`` in a way that is not followed closer
STRING: Final = 1  # text = the value
LITERAL: Final = 2  # number, boolean, null, undefined: text = as written
TEMPLATE: Final = 3  # ops = parts, STRING or any
TAGGED: Final = 4  # ops = (tag, *parts)
VAR: Final = 5  # ops = (variable,), an index into ``variables``
PARAM: Final = 6  # ops = (function, position); text = name
MEMBER: Final = 7  # ops = (object,); text = property
INDEX: Final = 8  # ops = (object, key)
CALL: Final = 9  # ops = (callee, *arguments)
NEW: Final = 10  # ops = (callee, *arguments)
OBJECT: Final = 11  # ops = PROP and SPREAD nodes
PROP: Final = 12  # text = key; ops = (value,) or (value, key) where the key is computed
ARRAY: Final = 13  # ops = elements
FUNC: Final = 14  # ops = (function,), an index into ``functions``
BINARY: Final = 15  # text = operator; ops = operands, two or, of a chain of +, more
UNARY: Final = 16  # text = operator; ops = (operand,)
CHOICE: Final = 17  # text = ? && || ?? or default; ops = (condition, *values)
AWAIT: Final = 18
SPREAD: Final = 19
IMPORT: Final = 20  # text = "specifier\0name"; name * for the namespace, = for require
GLOBAL: Final = 21  # text = a name that nothing in the file declares
THIS: Final = 22  # ops = (class,)
CLASS: Final = 23  # ops = (class,)
JSX: Final = 24  # text = tag; ops = (component, properties OBJECT, *children)
REGEX: Final = 25  # text = as written
STORE: Final = 26  # text = property; ops = (object, value)
STORE_INDEX: Final = 27  # ops = (object, key, value)
SET: Final = 28  # text = name; ops = (variable, value): an assignment after the declaration
RETURN: Final = 29  # ops = (value,) or ()
THROW: Final = 30  # ops = (value,)
ELEMENT: Final = 31  # ops = (iterable,): one of its elements
REST: Final = 32  # ops = (object,): what a pattern left over
CAUGHT: Final = 33  # the value that a catch clause receives
TYPED: Final = 34  # ops = (name of a type,): an instance that something from outside puts there

# Regions: ``cond`` is a node, ``holds`` whether it was true.
ROOT: Final = 0
WHEN: Final = 1
TRY: Final = 2  # its failure is swallowed by a catch clause that goes on
CATCH: Final = 3
LOOP: Final = 4
CASE: Final = 5

SUFFIXES: Final = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
