"""What a caller sent becomes the name of a property that is written into, so it can be ``__proto__``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

# Merging and setting by path that did, or do, follow __proto__: the arguments that matter.
_DEEP = re.compile(
    r"^(?:lodash(?:\.\w+)?|lodash-es|underscore)(?:/\w+)?:(?:default|\w+\.)?(merge|mergeWith|defaultsDeep|set|setWith|zipObjectDeep)?$"
    r"|^(?:deepmerge|merge-deep|deep-extend|defaults-deep|object-path|dot-prop|dset|just-extend|hoek):"
)
_LODASH_FILE = re.compile(r"^lodash[./](merge|mergewith|defaultsdeep|set|setwith):", re.IGNORECASE)
_KEEPS_OUT = {"__proto__", "constructor", "prototype"}


def check(analysis: Analysis) -> Iterator[Hit]:
    """``target[a][b] = c`` and recursive merges with a chosen name, and libraries that do the same."""
    sinks: dict[int, list[int]] = {}
    for node in analysis.nodes(k.STORE_INDEX):
        target, key, _ = analysis.ops(node)
        if _is_refused(analysis, node):
            continue
        if analysis.kind(target) == k.INDEX and analysis.kind(analysis.ops(target)[1]) not in {k.STRING, k.LITERAL}:
            sinks[node] = [analysis.ops(target)[1]]
        elif _recurses(analysis, node, target):
            sinks[node] = [key]
    for site, symbol in analysis.calls_of(lambda s: _DEEP.match(s) is not None):
        if _DEEP.match(symbol) and (symbol.split(":")[1] or _LODASH_FILE.match(symbol)):
            sinks[site] = list(analysis.ops(site)[2:])
    for found in reached(analysis, sinks, "becomes the name of a property", escapes=frozenset({":Number"})):
        name = ".".join(found.origin.path)
        sure = HIGH if analysis.kind(found.visit.node) == k.STORE_INDEX else MEDIUM
        message = (
            f"{found.entry.what} lets “{name}” name a property that is written into: “__proto__” changes all objects."
        )
        yield Hit(found.visit.node, message, sure, found.trace)


def _is_refused(analysis: Analysis, node: int) -> bool:
    """The function names what it keeps out, asks for own properties, or its target has no prototype."""
    function = analysis.function_of(node)
    mod = analysis.module_of(node)
    for n, kind in enumerate(mod.kind):
        if kind == k.STRING and mod.text[n] in _KEEPS_OUT:
            return True
        if kind == k.CALL and analysis.function_of((node >> 22 << 22) | n) == function:
            callee = mod.ops[n][0]
            if mod.kind[callee] == k.MEMBER and mod.text[callee] in {"hasOwn", "hasOwnProperty"}:
                return True
    target = analysis.ops(node)[0]
    while analysis.kind(target) in {k.INDEX, k.MEMBER}:
        target = analysis.ops(target)[0]
    return any(
        (o.sort == "call" and ":Object.create" in o.text) or o.sort == "new"
        for o in analysis.slicer.slice(target).origins
    )


def _recurses(analysis: Analysis, node: int, target: int) -> bool:
    """The function calls itself with what stands under the same name: a merge written by hand."""
    function = analysis.function_of(node)
    name = analysis.text(analysis.ops(node)[1])
    for site in analysis.calls.sites.get(function, ()):
        if any(e.function == function for e in analysis.calls.edges.get(site, ())):
            for argument in analysis.ops(site)[1:]:
                if analysis.kind(argument) == k.INDEX and analysis.text(analysis.ops(argument)[1]) == name:
                    return analysis.text(analysis.ops(argument)[0]) == analysis.text(target)
    return False


RULE = Rule(
    id="injection-prototype",
    category="injection",
    title="Caller names a property that is written into",
    severity=Grade.MEDIUM,
    cwe=("CWE-1321",),
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input; no prototype pollution.",
    why=(
        "Objects inherit from one prototype. Writing into settings['__proto__']['isAdmin'] gives every object of"
        " the warm"
        " process an isAdmin, also in invocations of other users."
    ),
    fix="Use a Map, an object without prototype, or a list of names that are allowed.",
    example="""\
const ALLOWED = new Set(['colour', 'size']);
if (!ALLOWED.has(payload.name)) throw new Error('unknown setting');
const options = Object.create(null);
""",
    links=("https://cwe.mitre.org/data/definitions/1321.html",),
    check=check,
)
