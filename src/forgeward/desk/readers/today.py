"""What is due next, what is late, what waits for somebody else, and how old the open vulnerabilities are.

cases by next_due ─▶ the first of them hold the nearest clocks ─▶ clocks computed at ``now``
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from forgeward.desk import programme
from forgeward.desk.models import CaseRow, ClockRow, Person, RawMail
from forgeward.desk.readers import clocks
from forgeward.desk.readers.cases import CaseLine, lines
from forgeward.desk.readers.clocks import ClockView
from forgeward.desk.readers.sight import concerning, visible_to
from forgeward.desk.rows import decode_case
from forgeward.policy.clock import ClockState
from forgeward.respond.permissions import may

MOST = 60  # cases looked at; their clocks hold the nearest ones, since a case's first clock is its nearest
MOST_PAUSED = 20
MOST_HELD = 20
MOST_AGED = 500


@dataclass(frozen=True, slots=True)
class Due:
    """One running clock of one case."""

    case: CaseLine
    clock: ClockView


@dataclass(frozen=True, slots=True)
class Aged:
    """One open vulnerability: its level and the instant from which its age counts."""

    number: str
    level: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail that is kept as received and in no case yet: why, and which case it points at, if any."""

    received_at: datetime
    reason: str
    case: str


@dataclass(frozen=True, slots=True)
class Today:
    """``late`` is overdue, ``due`` runs, ``paused`` waits for the reporter; each by nearest deadline.

    ``more`` says that further cases with running clocks exist beyond those looked at. ``held`` waits for a person.
    """

    late: tuple[Due, ...]
    due: tuple[Due, ...]
    paused: tuple[Due, ...]
    aged: tuple[Aged, ...]
    more: bool
    held: tuple[HeldMail, ...]


def today(person: Person, now: datetime) -> Today:
    """The person's day, from all cases that they may see."""
    seen = visible_to(person)
    rows = list(seen.filter(next_due__isnull=False).order_by("next_due", "pk").select_related("owner")[: MOST + 1])
    shown = {row.pk for row in rows[:MOST]}
    waiting = ClockRow.objects.filter(concerning(person), state="paused", case__closed_at__isnull=True)
    held_ids = set(waiting.order_by("due").values_list("case", flat=True)[:MOST_PAUSED])
    held = list(seen.filter(pk__in=held_ids).select_related("owner").order_by("pk"))
    cases = [*rows[:MOST], *(row for row in held if row.pk not in shown)]
    found = _dues(cases, now)
    return Today(
        late=tuple(d for d in found if d.clock.late),
        due=tuple(d for d in found if not d.clock.late and d.clock.state is not ClockState.PAUSED),
        paused=tuple(d for d in found if d.clock.state is ClockState.PAUSED and not d.clock.late),
        aged=_aged(person),
        more=len(rows) > MOST,
        held=_held(person),
    )


def _held(person: Person) -> tuple[HeldMail, ...]:
    """The newest held mails, for whoever may take mail in; none that points at a case they may not see."""
    if not may("receive", person.actor()):
        return ()
    rows = RawMail.objects.filter(Q(case=None) | concerning(person), state="held").order_by("-pk")
    found = rows.values_list("received_at", "reason", "case__number")[:MOST_HELD]
    return tuple(HeldMail(at, reason, number or "") for at, reason, number in found)


def _dues(rows: list[CaseRow], now: datetime) -> list[Due]:
    book = programme.policies()
    found = []
    for row, line in zip(rows, lines(rows), strict=True):
        running = clocks.running(clocks.folded(clocks.views(decode_case(bytes(row.state_json)), book, now)))
        found += [Due(line, clock) for clock in running]
    return sorted(found, key=lambda due: (due.clock.due or now, due.case.pk))


def _aged(person: Person) -> tuple[Aged, ...]:
    rows = (
        visible_to(person)
        .filter(kind="vulnerability", closed_at__isnull=True)
        .exclude(level="")
        .exclude(state__in=["shipped"])
        .order_by("opened_at")
        .values_list("number", "level", "opened_at")
    )
    return tuple(Aged(*row) for row in rows[:MOST_AGED])
