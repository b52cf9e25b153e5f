"""The reporter's own date: the clock that somebody outside set us (VM-10).

It is no promise of ours, so it counts in no standing; it is shown and reminds like any other clock. A later date that
the reporter agreed to moves it; the fix in production stops it.
"""

from __future__ import annotations

from datetime import datetime

from forgeward.policy.clock import Course
from forgeward.respond.case import Case
from forgeward.respond.rules import Line
from forgeward.vocabulary import Fact

REGIME = "reporter"
PROMISE = "VM-10"
LINE = Line(
    promise=PROMISE,
    regime=REGIME,
    name="",
    starts=Fact.REPORTED,
    stops=Fact.SHIPPED,
    when=None,
    repeats=None,
    until=None,
    pauses=False,
    extends=False,
    graded=False,
    levels=frozenset(),
    periods=(),
)


def course(case: Case, closed: datetime | None) -> Course:
    """The clock of a case whose reporter named a date, through all the dates that they named."""
    starts = case.disclosures[0].at
    shipped = case.facts.get(Fact.SHIPPED)
    stopped = None if shipped is None else max(shipped, starts)
    ended = closed if closed is not None and (stopped is None or stopped > closed) and closed > starts else None
    return Course(
        PROMISE,
        REGIME,
        starts,
        tuple((each.at, each.until) for each in case.disclosures),
        stopped=None if ended is not None else stopped,
        ended=ended,
    )
