"""From what a caller sends to a place where it does harm: shared by the rules about injection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.entries import Door, Entry
from forgeward.prevent.flow.guards import Visit
from forgeward.prevent.flow.slices import Origin
from forgeward.prevent.rules.base import Spot, function_node
from forgeward.prevent.syntax import kinds as k

DOORS = (Door.USER, Door.ACTION, Door.PUBLIC)
# Functions after which a text can no longer change the meaning of what it is put into.
_ESCAPES = {":encodeURIComponent", ":Number", ":parseInt", ":parseFloat", ":Boolean", ":BigInt", ":encodeURI"}


_APPLIED = {k.CALL, k.TAGGED}


class Reached(NamedTuple):
    """Data of a caller that reaches a sink's node."""

    entry: Entry
    visit: Visit
    origin: Origin
    trace: list[tuple[Spot, str]]


def reached(
    analysis: Analysis, sinks: dict[int, list[int]], what: str, *, escapes: frozenset[str] = frozenset(_ESCAPES)
) -> Iterator[Reached]:
    """For each sink (its site → nodes that matter) the first way on which a caller's data arrives unescaped."""
    told: set[int] = set()
    for entry in analysis.entries_by(*DOORS):
        for visit in analysis.ways(entry, sinks):
            if visit.node in told:
                continue
            found = next(_arrivals(analysis, entry, visit, sinks[visit.node], escapes), None)
            if found is not None:
                told.add(visit.node)
                yield Reached(entry, visit, found[0], _trace(analysis, entry, found[1], visit.node, found[0], what))


def _arrivals(
    analysis: Analysis, entry: Entry, visit: Visit, nodes: Iterable[int], escapes: frozenset[str]
) -> Iterator[tuple[Origin, list[int]]]:
    for node in nodes:
        sliced = analysis.slicer.slice(node, visit.chain)
        for origin in sliced.origins:
            if not analysis.is_chosen(entry, origin):
                continue
            trace = sliced.trace(origin)
            if not any(set(analysis.calls.symbols.get(n, ())) & escapes for n in trace if analysis.kind(n) in _APPLIED):
                yield origin, trace


def _trace(
    analysis: Analysis, entry: Entry, nodes: list[int], sink: int, origin: Origin, what: str
) -> list[tuple[Spot, str]]:
    name = ".".join(origin.path) or "its parameter"
    steps: list[tuple[Spot, str]] = [(function_node(analysis, entry.function), f"{entry.what} receives {name}")]
    line = -1
    for node in nodes[1:-1]:
        mod = analysis.module_of(node)
        here, _ = mod.place(mod.pos[node & ((1 << 22) - 1)])
        if analysis.kind(node) in {k.CALL, k.VAR, k.MEMBER, k.TEMPLATE} and here != line:
            line = here
            steps.append((node, f"through {analysis.text(node) or 'here'}"))
    steps.append((sink, what))
    return steps
