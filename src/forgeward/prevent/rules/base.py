"""What a rule is: one file that says what it finds, why it matters, how to mend it, and how to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from forgeward.prevent.findings import Confidence, Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.values import MASK, SHIFT
from forgeward.prevent.project import Project

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


class At(msgspec.Struct, frozen=True):
    """A line of a text file (from 1), for what is no code."""

    path: str
    line: int
    column: int = 1


Spot: TypeAlias = int | At  # a node of the value graph, or a line


class Hit(msgspec.Struct, frozen=True):
    """What a matcher found. ``trace`` goes from the beginning to ``at``; ``subject`` makes the fingerprint its own."""

    at: Spot
    message: str
    confidence: Confidence = HIGH
    trace: Sequence[tuple[Spot, str]] = ()
    subject: Sequence[str] = ()


AppMatcher: TypeAlias = Callable[[Analysis], Iterator[Hit]]
ProjectMatcher: TypeAlias = Callable[[Project], Iterator[Hit]]


class Rule(msgspec.Struct, frozen=True):
    """``vector`` is CVSS 4.0 for the typical case, and agrees with ``severity``. ``requirement`` is the Marketplace's.

    A rule looks either at each app (``check``) or once at all files (``check_files``).
    """

    id: str
    category: str
    title: str
    severity: Grade
    cwe: tuple[str, ...]
    vector: str
    promises: tuple[str, ...]
    requirement: str
    why: str
    fix: str
    example: str
    links: tuple[str, ...]
    check: AppMatcher | None = None
    check_files: ProjectMatcher | None = None


def site_name(analysis: Analysis, node: int) -> str:
    """How a call reads in the source: its callee, shortened to one line."""
    mod = analysis.modules[node >> SHIFT]
    start = mod.pos[node & MASK]
    line, _ = mod.place(start)
    text = " ".join(mod.line_text(line).split())
    return text if len(text) <= 90 else text[:87] + "…"


def way(analysis: Analysis, entry: Entry, visit: Visit, last: str) -> list[tuple[Spot, str]]:
    """The trace of a visit: the entry, each call on the way, and what happens at its end."""
    steps: list[tuple[Spot, str]] = []
    if entry.resolver and (sites := analysis.invocations.get(entry.key)):
        shown = ", ".join(analysis.shown_in(sites[0] >> SHIFT)) or "the front end"
        steps.append((sites[0], f"{shown} invokes “{entry.key}” here."))
    if entry.site >= 0:
        steps.append((entry.site, f"Anyone who can open the app may invoke {entry.what}."))
    else:
        steps.append((function_node(analysis, entry.function), f"{entry.what} begins here."))
    calls = [e for e in visit.chain if e.site != entry.site]
    steps += [(e.site, f"calls {function_name(analysis, e.function)}") for e in calls]
    steps.append((visit.node, last))
    return steps


def function_name(analysis: Analysis, function: int) -> str:
    """The name of a function, for people."""
    return analysis.modules[function >> SHIFT].functions[function & MASK].name or "a function"


def function_node(analysis: Analysis, function: int) -> Spot:
    """Where a function begins."""
    mod = analysis.modules[function >> SHIFT]
    line, column = mod.place(mod.functions[function & MASK].pos)
    return At(mod.path, line, column)


def manifest_line(analysis: Analysis, line: int) -> At:
    return At(analysis.manifest.path, line)
