"""Today: what is due, what is late and why, what waits for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forgeward.desk import programme
from forgeward.desk.models import Person
from forgeward.desk.readers import standing as standing_reader
from forgeward.desk.readers import today as reader
from forgeward.desk.readers.today import Due
from forgeward.desk.web import pictures
from forgeward.desk.web.see import ClockLine, clock_line, lens
from forgeward.desk.web.times import Lens
from forgeward.policy.standing import Level, Standing

MOST_SHOWN = 20
MOST_IDS = 4
TALLY = (Level.KEPT, Level.AT_RISK, Level.MISSED, Level.UNPROVEN, Level.NOT_EXERCISED, Level.INHERITED)
NAMED = frozenset({Level.AT_RISK, Level.MISSED})


@dataclass(frozen=True, slots=True)
class Row:
    """One deadline: the clock, its case, and a line that says why it runs."""

    line: ClockLine
    number: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class TallyLine:
    """How many promises stand like this, and the first of their ids where they need a look."""

    level: str
    count: int
    ids: tuple[str, ...]
    more: int


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    person = cast(Person, request.user)
    now = programme.home().now()
    view = lens(now)
    found = reader.today(person, now)
    standings = standing_reader.standing_lately(now)
    words: dict[str, Any] = {
        "room": "today",
        "heading": view.date_words(view.today),
        "clock": view.clock(now),
        "iso": now.isoformat(),
        "place": view.place,
        "office": view.office(),
        "days": pictures.strip(found.late, found.due, view),
        "late_cut": len(found.late) > MOST_SHOWN,
        "late": [_row(due, view) for due in found.late[:MOST_SHOWN]],
        "due": [_row(due, view) for due in found.due[:MOST_SHOWN]],
        "paused": [_row(due, view) for due in found.paused],
        "held": [(mail, view.at(mail.received_at)) for mail in found.held],
        "running": len(found.late) + len(found.due) + len(found.paused),
        "more": found.more or len(found.due) > MOST_SHOWN,
        "tally": tally(standings),
        "promises": len(standings),
        "ages": pictures.ages(found.aged, programme.policies().at(now), view),
    }
    return render(request, "today.html", words)


def tally(standings: tuple[Standing, ...]) -> tuple[TallyLine, ...]:
    """How the promises stand, in figures."""
    found = []
    for level in TALLY:
        ids = tuple(s.id for s in standings if s.standing is level)
        named = ids[:MOST_IDS] if level in NAMED else ()
        found.append(TallyLine(level.value, len(ids), named, len(ids) - len(named) if named else 0))
    return tuple(found)


def _row(due: Due, view: Lens) -> Row:
    return Row(clock_line(due.clock, view), due.case.number, due.case.title, _why(due, view))


def _why(due: Due, view: Lens) -> str:
    """Since when, by which figure, whose case: the line under each deadline."""
    clock, since = due.clock, view.at(due.clock.starts)
    figure = f"{clock.figure} from {since}" if clock.figure else f"Agreed {since}"
    owner = f"{due.case.owner} has the case" if due.case.owner else "Nobody has taken the case yet"
    if clock.original_due is not None:
        figure += f"; first due {view.at(clock.original_due)}"
    return f"{figure[0].upper()}{figure[1:]}. {owner}."
