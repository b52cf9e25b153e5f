"""A pattern that takes for ever: made from input, or applied to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.rules._input import reached
from forgeward.prevent.rules.base import HIGH, MEDIUM, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_ESCAPES = frozenset({
    ":Number", ":parseInt", ":Boolean", "escape-string-regexp:default", "lodash:escapeRegExp",
    "lodash.escaperegexp:default",
    ":RegExp.escape", "regexp.escape:default",
})  # fmt: skip
_APPLIED = {"test", "exec"}
_TAKES = {"match", "matchAll", "replace", "replaceAll", "search", "split"}
# A repeated group whose body repeats something itself: (a+)+, (.*,)*, (\w+\s?)*
_NESTED = re.compile(r"\((?:\?:|\?<\w+>)?(?:[^()\\]|\\.)*(?:[+*]|\{\d+,\})\)?(?:[^()\\]|\\.)?[?*]?\)(?:[+*]|\{\d+,\})")
_SEPARATED = re.compile(r"^\((?:\?:|\?<\w+>)?(?:\\[^wWsSdD.]|[^\\.\[\]()\w\s])")


def check(analysis: Analysis) -> Iterator[Hit]:
    """``new RegExp(input)``, and literals with a repetition inside a repetition that meet input."""
    made: dict[int, list[int]] = {}
    for site, _ in analysis.calls_of(lambda s: s == ":RegExp"):
        if not _is_escaped(analysis, site):
            made[site] = list(analysis.ops(site)[1:2])
    for found in reached(analysis, made, "becomes a pattern", escapes=_ESCAPES):
        name = ".".join(found.origin.path)
        message = f"{found.entry.what} makes a pattern from “{name}”: some patterns never come to an end."
        yield Hit(found.visit.node, message, HIGH, found.trace)
    slow = dict(_slow(analysis))
    for found in reached(analysis, slow, "meets a pattern that may take for ever", escapes=frozenset({":Number"})):
        name = ".".join(found.origin.path)
        message = f"{found.entry.what} applies a pattern with a repetition inside a repetition to “{name}”."
        yield Hit(found.visit.node, message, MEDIUM, found.trace)


def _is_escaped(analysis: Analysis, site: int) -> bool:
    """Somebody on the way replaces what has a meaning in patterns, or a function says so by its name."""
    asked = analysis.argument(site, 0)
    for node in analysis.slicer.slice(asked).nodes() if asked >= 0 else ():
        if analysis.kind(node) != k.CALL:
            continue
        callee = analysis.ops(node)[0]
        if re.search(r"escape", analysis.text(callee), re.IGNORECASE):
            return True
        first = analysis.argument(node, 0)
        if (
            analysis.text(callee) == "replace"
            and first >= 0
            and analysis.kind(first) == k.REGEX
            and "$" in analysis.text(first)
        ):
            return True
    return False


def _slow(analysis: Analysis) -> Iterator[tuple[int, list[int]]]:
    for site in analysis.methods_called(*_APPLIED, *_TAKES):
        callee = analysis.ops(site)[0]
        name, receiver, first = analysis.text(callee), analysis.ops(callee)[0], analysis.argument(site, 0)
        if name in _APPLIED and first >= 0 and _is_slow(analysis, receiver):
            yield site, [first]
        elif name in _TAKES and first >= 0 and _is_slow(analysis, first):
            yield site, [receiver]


def _is_slow(analysis: Analysis, node: int) -> bool:
    for origin in analysis.slicer.slice(node).origins if analysis.kind(node) in {k.REGEX, k.VAR} else ():
        if analysis.kind(origin.node) == k.REGEX and is_exponential(origin.text):
            return True
    return False


def is_exponential(pattern: str) -> bool:
    """Whether a literal has a repetition inside a repetition without a fixed separator in front of it."""
    found = _NESTED.search(pattern)
    return found is not None and _SEPARATED.match(found.group(0)) is None


RULE = Rule(
    id="injection-regexp",
    category="injection",
    title="Pattern that may take for ever",
    severity=Grade.LOW,
    cwe=("CWE-1333", "CWE-400"),
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
    promises=("TC-12",),
    requirement="Validate input.",
    why=(
        "One short text keeps the function busy until its time is over. Every invocation of it counts against the app's"
        " limits, and those of the same process wait."
    ),
    fix="Compare texts without a pattern; escape what is put into one; do not nest repetitions.",
    example="""\
const matches = items.filter((item) => item.name.includes(payload.query));
""",
    links=("https://cwe.mitre.org/data/definitions/1333.html",),
    check=check,
)
