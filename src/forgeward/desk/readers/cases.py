"""Which cases a person sees, and lists of them by nearest deadline.

visible_to ─▶ filters ─▶ key-set page (next_due, then id; undated ones after) ─▶ titles, owners: one query each
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, QuerySet

from forgeward.desk.models import CaseRow, ClockRow, Person
from forgeward.desk.models.fields import from_micros, to_micros
from forgeward.desk.readers import texts
from forgeward.desk.readers.case_page import CasePage, case_page
from forgeward.desk.readers.sight import visible_to
from forgeward.errors import BadInput
from forgeward.respond.case import State
from forgeward.vocabulary import CaseKind, Severity

__all__ = ["CaseLine", "CasePage", "Cursor", "Filters", "Page", "case_page", "listing", "queue", "visible_to"]

STATES: Final[tuple[State, ...]] = (
    "received", "assessed", "confirmed", "declared", "contained", "planned", "fixed", "eradicated", "shipped",
    "recovered", "closed",
)  # fmt: skip
OPEN, ALL = "open", "all"
LONGEST = 18  # digits of an id


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a list. ``next_due`` is None when no clock runs; ``next_starts`` is when that clock began."""

    pk: int
    number: str
    kind: str
    state: str
    level: str
    title: str
    owner: str
    restricted: bool
    opened_at: datetime
    closed_at: datetime | None
    next_due: datetime | None
    next_promise: str
    next_starts: datetime | None


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


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. ``state`` is a state, ``open`` or ``all``; ``number`` the beginning of a number."""

    state: str = OPEN
    kind: str = ""
    level: str = ""
    number: str = ""

    def check(self) -> Filters:
        """Itself. Raises ``BadInput`` for a word that no case has."""
        _known("state", self.state, (OPEN, ALL, *STATES))
        _known("kind", self.kind, ("", *CaseKind))
        _known("severity", self.level, ("", "none", *Severity))
        return self


def _known(what: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise BadInput(
            f"“{word[:40]}” is no {what} of a case.", next=f"Choose one of: {', '.join(filter(None, words))}."
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; ``after`` is the next page's cursor, empty on the last one."""

    cases: tuple[CaseLine, ...]
    after: str


def queue(person: Person, now: datetime, after: str = "", limit: int = 50) -> Page:
    """The open cases that the person may see, the nearest deadline first."""
    return _page(person, Filters(), after, limit)


def listing(
    person: Person,
    now: datetime,
    *,
    state: str = "",
    kind: str = "",
    level: str = "",
    number: str = "",
    limit: int = 50,
    after: str = "",
) -> Page:
    """The cases that the person may see, the nearest deadline first; ``state`` empty means all.

    Raises ``BadInput`` for an unknown state, kind, level or cursor.
    """
    return _page(person, Filters(state or ALL, kind, level, number).check(), after, limit)


def _page(person: Person, filters: Filters, after: str, limit: int) -> Page:
    rows = _narrowed(visible_to(person), filters)
    cursor = Cursor.read(after)
    found = list(_dated(rows, cursor)[: limit + 1]) if cursor is None or cursor.due is not None else []
    if len(found) <= limit:
        found += list(_undated(rows, cursor)[: limit + 1 - len(found)])
    shown = found[:limit]
    more = str(Cursor(shown[-1].next_due, shown[-1].pk)) if len(found) > limit else ""
    return Page(lines(shown), more)


def _narrowed(rows: QuerySet[CaseRow], filters: Filters) -> QuerySet[CaseRow]:
    if filters.state == OPEN:
        rows = rows.filter(closed_at__isnull=True)
    elif filters.state != ALL:
        rows = rows.filter(state=filters.state)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.level:
        rows = rows.filter(level="" if filters.level == "none" else filters.level)
    if filters.number:
        rows = rows.filter(number__startswith=filters.number.strip().upper())
    return rows


def _dated(rows: QuerySet[CaseRow], cursor: Cursor | None) -> QuerySet[CaseRow]:
    """With a running clock, from the cursor on: ``next_due >= d AND NOT (next_due = d AND id <= i)`` uses the index."""
    rows = rows.filter(next_due__isnull=False).order_by("next_due", "pk")
    if cursor and cursor.due:
        rows = rows.filter(next_due__gte=cursor.due).exclude(next_due=cursor.due, pk__lte=cursor.pk)
    return _with_owner(rows)


def _undated(rows: QuerySet[CaseRow], cursor: Cursor | None) -> QuerySet[CaseRow]:
    """Without a running clock, the newest first."""
    rows = rows.filter(next_due__isnull=True).order_by("-pk")
    if cursor and cursor.due is None:
        rows = rows.filter(pk__lt=cursor.pk)
    return _with_owner(rows)


def _with_owner(rows: QuerySet[CaseRow]) -> QuerySet[CaseRow]:
    return rows.select_related("owner").defer("state_json")


def lines(rows: list[CaseRow]) -> tuple[CaseLine, ...]:
    """Rows (with their owners) as lines: titles with one query, the starts of their next clocks with another."""
    titles = texts.titles([(row.pk, row.number, row.title_seq) for row in rows])
    leading = ClockRow.objects.filter(
        case__in=[row.pk for row in rows], promise=F("case__next_promise"), due=F("case__next_due")
    )
    starts = dict(leading.values_list("case", "starts"))
    return tuple(
        CaseLine(
            pk=row.pk,
            number=row.number,
            kind=row.kind,
            state=row.state,
            level=row.level,
            title=titles[row.pk],
            owner=row.owner.name if row.owner else "",
            restricted=row.restricted,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            next_due=row.next_due,
            next_promise=row.next_promise,
            next_starts=starts.get(row.pk),
        )
        for row in rows
    )
