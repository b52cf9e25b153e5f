"""Which scopes an operation of a product needs: the table that ``script/derive-scopes`` made, and how routes meet it.

What the table does not know, or what a route does not tell before the app runs, is *unknown*; nothing here ever calls
that unused. Source of the figures: Atlassian's OpenAPI files, named with commit and date in ``scopes.json``.
"""

from __future__ import annotations

import enum
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from forgeward.prevent.flow.constants import HOLE

_VERSION = re.compile(r"^/rest/api/(?:2|latest)(?=/)")
_LEADING = re.compile(r"^(?!/)")


class Source(msgspec.Struct, frozen=True):
    """One OpenAPI file: where a copy of it was read, and of what day it is."""

    title: str
    repository: str
    path: str
    commit: str
    date: str
    licence: str
    terms: str
    operations: int


class Table(msgspec.Struct, frozen=True):
    """``operations``: method, path with ``{}`` for parameters, alternatives (each a list that suffices)."""

    sources: tuple[Source, ...]
    operations: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...]


class Known(enum.StrEnum):
    """How much of an operation is known."""

    YES = "yes"
    ROUTE = "its path is not known before the app runs"
    TABLE = "the table does not have it"


class Needed(NamedTuple):
    """What one call needs. ``alternatives`` suffice each; none: no scope is asked for."""

    known: Known
    method: str
    path: str
    alternatives: tuple[tuple[str, ...], ...] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """All scopes of all alternatives."""
        return frozenset(s for listed in self.alternatives for s in listed)


@cache
def table() -> Table:
    """The shipped table."""
    text = files("forgeward.prevent").joinpath("scopes.json").read_bytes()
    return msgspec.json.decode(text, type=Table)


@cache
def vocabulary() -> frozenset[str]:
    """Every scope that the table has."""
    return frozenset(s for _, _, listed in table().operations for scopes in listed for s in scopes)


@cache
def _by_length() -> dict[tuple[str, int], list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]]:
    found: dict[tuple[str, int], list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {}
    for method, path, listed in table().operations:
        parts = tuple(path.strip("/").split("/"))
        found.setdefault((method, len(parts)), []).append((parts, listed))
    return found


@cache
def needed(method: str, route: str) -> Needed:
    """What a call needs. ``route`` is a path with ``HOLE`` for each part that is not known before the app runs."""
    path = _VERSION.sub("/rest/api/3", _LEADING.sub("/", route.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]))
    shown = path.replace(HOLE, "{}")
    parts = path.strip("/").split("/")
    if not parts[0] or HOLE in parts[0] or (len(parts) < 3 and HOLE in path):
        return Needed(Known.ROUTE, method, shown)
    if parts[-1].endswith(HOLE) and parts[-1] != HOLE:
        parts[-1] = parts[-1].rstrip(HOLE)  # `search${query}`: what follows is a query or nothing
    rows = [row for row in _by_length().get((method, len(parts)), ()) if _fits(row[0], parts)]
    sure = [row for row in rows if all(p == "{}" or HOLE not in r for p, r in zip(row[0], parts, strict=True))]
    best = max((_literal(row[0], parts) for row in sure), default=-1)
    chosen = [row for row in sure if _literal(row[0], parts) == best] or rows
    answers = {listed for _, listed in chosen}
    if len(answers) == 1:
        return Needed(Known.YES, method, shown, answers.pop())
    return Needed(Known.ROUTE if chosen or HOLE in path else Known.TABLE, method, shown)


def _fits(template: tuple[str, ...], parts: list[str]) -> bool:
    """Whether a path may be what a template means; a hole may be anything but more than one part."""
    for wanted, given in zip(template, parts, strict=True):
        if wanted in {"{}", given} or given == HOLE:
            continue
        if HOLE not in given or not re.fullmatch(re.escape(given).replace(re.escape(HOLE), ".*"), wanted):
            return False
    return True


def _literal(template: tuple[str, ...], parts: list[str]) -> int:
    return sum(a == b for a, b in zip(template, parts, strict=True))


def is_granular(scope: str) -> bool:
    """``read:issue:jira`` is granular, ``read:jira-work`` is classic."""
    return scope.count(":") >= 2


def product_of(scope: str) -> str:
    """``jira`` or ``confluence``, from any style of scope; empty for others."""
    tail = scope.rpartition(":")[2]
    if tail.startswith(("jira", "servicedesk")):
        return "jira"
    return "confluence" if tail.startswith("confluence") or scope == "search:confluence" else ""
