"""Findings that somebody answers for: ``forgeward-ignore RULE: reason [until DATE]`` on the line, or alone above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

_MARK = re.compile(
    r"(?P<before>.*?)forgeward-ignore\s+(?P<rules>[\w*-]+(?:\s*,\s*[\w*-]+)*)\s*(?::\s*(?P<reason>.*?))?"
    r"(?:\s+until\s+(?P<until>\d{4}-\d{2}-\d{2}))?\s*(?:\*/|-->)?\s*\}?\s*$"
)
_ALONE = re.compile(r"^\s*(//|#|/\*|\*|\{/\*|<!--)\s*$")


class Ignore(msgspec.Struct, frozen=True):
    """One remark. ``line`` is the line that it speaks of."""

    path: str
    line: int
    rules: frozenset[str]
    reason: str
    until: date | None
    stands: int

    def covers(self, rule: str, today: date) -> bool:
        """Whether it silences a rule: it needs a reason, and a date that has not passed."""
        named = rule in self.rules or "*" in self.rules
        return named and bool(self.reason) and (self.until is None or today <= self.until)


class Ignores:
    """All remarks of a set of files."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._by_place: dict[tuple[str, int], list[Ignore]] = {}
        self.all: list[Ignore] = []
        for path, data in files.items():
            if b"forgeward-ignore" in data:
                for ignore in _read(path, data.decode("utf-8", "replace")):
                    self.all.append(ignore)
                    self._by_place.setdefault((path, ignore.line), []).append(ignore)

    def for_place(self, path: str, line: int) -> list[Ignore]:
        return self._by_place.get((path, line), [])

    def problems(self, today: date) -> Iterator[str]:
        """Remarks that silence nothing, in words."""
        for ignore in self.all:
            where = f"{ignore.path}:{ignore.stands}"
            if not ignore.reason:
                yield f"{where}: forgeward-ignore without a reason silences nothing; write “RULE: reason”."
            elif ignore.until is not None and today > ignore.until:
                yield f"{where}: forgeward-ignore ended on {ignore.until.isoformat()}."


def _read(path: str, text: str) -> Iterator[Ignore]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        found = _MARK.match(line) if "forgeward-ignore" in line else None
        if found is None:
            continue
        speaks_of = number
        if _ALONE.match(found["before"]):
            speaks_of = next((n for n in range(number, len(lines)) if _is_code(lines[n])), number) + 1
        until = None
        if found["until"]:
            try:
                until = date.fromisoformat(found["until"])
            except ValueError:
                continue
        rules = frozenset(r.strip() for r in found["rules"].split(","))
        yield Ignore(path, speaks_of, rules, (found["reason"] or "").strip(" *-"), until, number)


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("//", "#", "*", "/*"))
