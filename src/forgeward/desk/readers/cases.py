"""Lists of cases by nearest deadline.

search.found ─▶ keys of a page (next_due, then id; undated ones after) ─▶ rows, titles, starts: one query each
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from forgeward.desk.filters import ALL, ME, OPEN, STATES, Filters
from forgeward.desk.models import CaseRow, ClockRow, Person
from forgeward.desk.readers import texts
from forgeward.desk.readers.case_page import CasePage, case_page
from forgeward.desk.readers.search import Cursor, found
from forgeward.desk.readers.sight import visible_to

__all__ = [
    "ALL", "ME", "OPEN", "STATES", "CaseLine", "CasePage", "Cursor", "Filters", "Page", "case_page", "chosen", "lines",
    "listing", "page", "queue", "visible_to",
]  # fmt: skip


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
class Page:
    """One page of a list; ``after`` is the next page's cursor, empty on the last one."""

    cases: tuple[CaseLine, ...]
    after: str


def queue(person: Person, now: datetime, after: str = "", limit: int = 50) -> Page:
    """The open cases that the person may see, the nearest deadline first."""
    return page(person, Filters(), now, after, limit)


def listing(
    person: Person,
    now: datetime,
    *,
    state: str = "",
    kind: str = "",
    level: str = "",
    number: str = "",
    owner: str = "",
    due: str = "",
    limit: int = 50,
    after: str = "",
) -> Page:
    """The cases that the person may see, the nearest deadline first.

    ``state`` empty means all, ``owner`` may be ``me``; the rest as in ``Filters``.

    Raises ``BadInput`` for an unknown word or cursor.
    """
    owner = f"person:{person.pk}" if owner == ME else owner
    return page(person, Filters(state or ALL, kind, level, number, owner, due).check(), now, after, limit)


def page(person: Person, filters: Filters, now: datetime, after: str, limit: int) -> Page:
    """One page. Raises ``BadInput`` for a text that is no cursor."""
    keys = found(person, filters, now, Cursor.read(after), limit + 1)
    rows = {row.pk: row for row in _with_owner(visible_to(person).filter(pk__in=keys[:limit]))}
    shown = [rows[key] for key in keys[:limit] if key in rows]
    more = str(Cursor(shown[-1].next_due, shown[-1].pk)) if len(keys) > limit and shown else ""
    return Page(lines(shown), more)


def chosen(person: Person, numbers: Collection[str]) -> tuple[CaseLine, ...]:
    """The cases of these numbers that the person may see, in the order of their deadlines."""
    rows = _with_owner(visible_to(person).filter(number__in=list(numbers)))
    return lines(sorted(rows, key=lambda row: (row.next_due is None, row.next_due or row.opened_at, row.pk)))


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
