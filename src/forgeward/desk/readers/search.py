"""Which cases a list shows: the keys of one page, found without walking past the cases that do not fit.

    kind, severity, state ─▶ every combination that fits ─▶ its first rows by deadline (an index) ─┐
    number                ─▶ a range of numbers (an index) ─────────────────────────────────────────┼─▶ merged, cut
    owner, due            ─▶ in the order of deadlines (an index) ──────────────────────────────────┘

A filter that fits nothing costs some look-ups, on 100 cases and on 100,000: walking along the deadlines until a page is
full would read every case to find none. SQL by hand, since Django makes no such union on SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from django.db import connection

from forgeward.desk.filters import ALL, LATE, LONGEST, NOBODY, OPEN, STATES, UNSET, WEEK, Filters, number_of
from forgeward.desk.models import Person
from forgeward.desk.models.fields import from_micros, to_micros
from forgeward.desk.readers.sight import VISIBLE, works_here
from forgeward.errors import BadInput
from forgeward.vocabulary import CaseKind, Severity

EVERY_NUMBER = "FW-"  # no filter: every number begins so


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last case of a page: where the next page goes on. Written ``MICROSECONDS.ID``, or ``-.ID`` without a date."""

    due: datetime | None
    pk: int

    def __str__(self) -> str:
        return f"{'-' if self.due is None else to_micros(self.due)}.{self.pk}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """What ``str`` wrote; None for an empty text. Raises ``BadInput``."""
        if not text:
            return None
        due, _, pk = text.partition(".")
        try:
            return cls(None if due == "-" else from_micros(int(due)), int(pk[:LONGEST]))
        except (ValueError, OverflowError):
            raise BadInput(
                f"“{text[:40]}” is no place in a list.", next="Take the one that the last page gave."
            ) from None


def found(person: Person, filters: Filters, now: datetime, cursor: Cursor | None, limit: int) -> list[int]:
    """Keys of the cases that the person may see and that fit: the nearest deadline first, undated ones after.

    At most ``limit`` of them, from the cursor on; one query, two where the dated ones do not fill the page.
    """
    if not works_here(person):
        return []
    keys: list[int] = []
    if cursor is None or cursor.due is not None:
        keys = _Search(person, filters, now, cursor, dated=True).keys(limit)
    if len(keys) < limit and not filters.due:
        after = cursor if cursor and cursor.due is None else None
        keys += _Search(person, filters, now, after, dated=False).keys(limit - len(keys))
    return keys


class _Search:
    """One of the two halves of a list: cases with a running clock, or without one."""

    def __init__(self, person: Person, filters: Filters, now: datetime, cursor: Cursor | None, *, dated: bool) -> None:
        self.filters, self.dated = filters, dated
        self.where, self.values = [VISIBLE], list[Any]([person.pk])
        self._places(cursor)
        self._deadline(now)
        self._owner()
        self.numbered = self._numbers()

    def _add(self, condition: str, *values: object) -> None:
        self.where.append(condition)
        self.values.extend(values)

    def _places(self, cursor: Cursor | None) -> None:
        self._add("c.next_due IS NOT NULL" if self.dated else "c.next_due IS NULL")
        if cursor and cursor.due is not None:  # written so that the first half alone bounds the index
            due = to_micros(cursor.due)
            self._add("c.next_due >= %s AND NOT (c.next_due = %s AND c.id <= %s)", due, due, cursor.pk)
        elif cursor:
            self._add("c.id < %s", cursor.pk)

    def _deadline(self, now: datetime) -> None:
        if self.filters.due == LATE:
            self._add("c.next_due < %s", to_micros(now))
        elif self.filters.due == WEEK:
            self._add("c.next_due < %s", to_micros(now + timedelta(days=7)))

    def _owner(self) -> None:
        if self.filters.owner == NOBODY:
            self._add("c.owner_id IS NULL")
        elif self.filters.owner:
            self._add("c.owner_id = %s", int(number_of(self.filters.owner)))

    def _numbers(self) -> bool:
        beginning = self.filters.number.strip().upper()
        if EVERY_NUMBER.startswith(beginning):
            return False
        self._add("c.number >= %s AND c.number < %s", beginning, beginning + "\x7f")  # numbers are ASCII
        return True

    def keys(self, limit: int) -> list[int]:
        filters = self.filters
        order = "due, id" if self.dated else "id DESC"
        if self.numbered or filters.owner or (filters.state in {OPEN, ALL} and not filters.kind and not filters.level):
            branches = [self._branch(self._facets(), limit)]
        else:
            branches = [self._branch(facet, limit) for facet in self._combinations()]
        values = [value for _, given in branches for value in given]
        sql = " UNION ALL ".join(sql for sql, _ in branches)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM ({sql}) AS found ORDER BY {order} LIMIT %s", [*values, limit])  # noqa: S608
            return [key for (key,) in cursor.fetchall()]

    def _branch(self, facet: tuple[str, Sequence[str]], limit: int) -> tuple[str, list[Any]]:
        """The first rows of one combination; wrapped, since a member of a union has no order of its own."""
        condition, values = facet
        order = "c.next_due, c.id" if self.dated else "c.id DESC"
        where = " AND ".join([*filter(None, [condition]), *self.where])
        sql = f"SELECT c.id AS id, c.next_due AS due FROM desk_caserow c WHERE {where} ORDER BY {order} LIMIT %s"  # noqa: S608
        return f"SELECT * FROM ({sql}) AS part", [  # noqa: S608
            *values,
            *self.values,
            limit,
        ]

    def _facets(self) -> tuple[str, list[str]]:
        """Kind, severity and state as plain conditions."""
        given = {"c.kind": self.filters.kind, "c.level": self.filters.level}
        if self.filters.state not in {OPEN, ALL}:
            given["c.state"] = self.filters.state
        chosen = {column: "" if word == UNSET else word for column, word in given.items() if word}
        conditions = [f"{column} = %s" for column in chosen]
        if self.filters.state == OPEN:
            # With the plus no index is taken for it: the deadlines' own gives the order.
            conditions.append("+c.closed_at IS NULL" if self.dated or self.numbered else "c.closed_at IS NULL")
        return " AND ".join(conditions), list(chosen.values())

    def _combinations(self) -> list[tuple[str, Sequence[str]]]:
        """Every kind, severity and state that fits: each is one short walk along ``case_facets``."""
        filters = self.filters
        kinds = [filters.kind] if filters.kind else [*CaseKind]
        levels = [*Severity, ""] if not filters.level else ["" if filters.level == UNSET else filters.level]
        states = {OPEN: STATES[:-1], ALL: STATES}.get(filters.state, (filters.state,))
        return [
            ("c.kind = %s AND c.level = %s AND c.state = %s", [str(word) for word in words])
            for words in product(kinds, levels, states)
        ]
