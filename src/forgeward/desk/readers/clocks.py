"""The clocks of a case as people read them: what is to be done, by which figure, how much of the time is gone.

    case + policies + now ──respond.clocks──▶ courses ──policy.clock──▶ state, due, share ──▶ ClockView

They are computed, not read from rows: a clock whose time ran out a second ago shows as late at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from forgeward.desk.readers.words import CLOCKS
from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import POLICY, Bound, Clock, ClockState, Course, evaluate, nearest, used
from forgeward.policy.model import Policy
from forgeward.respond import disclosure
from forgeward.respond.case import Case
from forgeward.respond.clocks import courses
from forgeward.respond.rules import Line, tables
from forgeward.vocabulary import Fact

RISKY_SHARE = 0.8  # look.md: at risk from 80 % of the time on


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock at an instant. ``share`` of its time that is used: 1.0 at the due instant.

    ``title`` is what is to be done (the fact ``stops``), ``figure`` by which figure (empty for a date of its own),
    ``business`` whether only open time counts, ``regime_title`` whose rule it is. ``leads``: the nearest of those that
    are open. ``count`` is more than 1 where ``folded`` put several into one.
    """

    promise: str
    regime: str
    subject: str
    starts: datetime
    due: datetime | None
    original_due: datetime | None
    met: datetime | None
    missed_at: datetime | None
    state: ClockState
    open: bool
    leads: bool
    title: str
    figure: str
    business: bool
    share: float
    regime_title: str
    paused_since: datetime | None
    stops: Fact | None
    count: int = 1

    @property
    def late(self) -> bool:
        """Overdue and still to be done."""
        return self.open and self.missed_at is not None

    @property
    def at_risk(self) -> bool:
        return self.open and not self.late and self.state is ClockState.RUNNING and self.share >= RISKY_SHARE


def views(case: Case, book: PolicyBook, now: datetime) -> tuple[ClockView, ...]:
    """Every clock that ever started for the case: the open ones by due date, then the rest by start."""
    started = courses(case, book)
    clocks = [evaluate(course, now) for course in started]
    lead = nearest(clocks)
    found = [
        _view(course, clock, book, now, leads=clock is lead) for course, clock in zip(started, clocks, strict=True)
    ]
    return tuple(sorted(found, key=_order))


def running(found: Iterable[ClockView]) -> tuple[ClockView, ...]:
    """Those that are open, paused ones too."""
    return tuple(clock for clock in found if clock.open and clock.due is not None)


def folded(found: Iterable[ClockView]) -> tuple[ClockView, ...]:
    """The clocks with a case's unconfirmed reminders (O-1) as one, its earliest, and confirmed reminders left out.

    Each unanswered reminder starts a clock of its own; twenty of them would hide what they remind of.
    """
    kept: list[ClockView] = []
    reminders: list[ClockView] = []
    for clock in found:
        (reminders if clock.stops is Fact.ESCALATION_CONFIRMED else kept).append(clock)
    waiting = [clock for clock in reminders if clock.open and clock.due is not None]
    if waiting:
        first = min(waiting, key=_order)
        title = first.title if len(waiting) == 1 else f"Confirm {len(waiting)} reminders"
        kept.append(replace(first, title=title, count=len(waiting), leads=any(clock.leads for clock in waiting)))
    return tuple(sorted(kept, key=_order))


def _order(clock: ClockView) -> tuple[int, datetime, str]:
    if not clock.open or clock.due is None:
        return 2, clock.starts, clock.promise
    return int(clock.state is ClockState.PAUSED), clock.due, clock.promise


def _view(course: Course, clock: Clock, book: PolicyBook, now: datetime, *, leads: bool) -> ClockView:
    line = _line(course, book)
    limit = next((limit for _, limit in reversed(course.targets) if limit is not None), None)
    bound = limit if isinstance(limit, Bound) else None
    return ClockView(
        promise=clock.promise,
        regime=clock.regime,
        subject=clock.subject,
        starts=clock.starts,
        due=clock.due,
        original_due=clock.original_due,
        met=clock.met,
        missed_at=clock.missed_at,
        state=clock.state,
        open=clock.open,
        leads=leads,
        title=_title(line, clock),
        figure=str(bound.target) if bound else "",
        business=bool(bound and bound.target.unit.business),
        share=used(course, now) if clock.open else 1.0,
        regime_title=regime_title(clock.regime, book, now),
        paused_since=course.pauses[-1].start if clock.state is ClockState.PAUSED and course.pauses else None,
        stops=line.stops if line else None,
    )


def in_business_time(policy: Policy) -> frozenset[str]:
    """The promises whose clocks all count open time only: lists show what is left of them in business time."""
    return frozenset(
        promise.id
        for promise in policy.promises
        if promise.clocks and all(rule.target is not None and rule.target.unit.business for rule in promise.clocks)
    )


def regime_title(regime: str, book: PolicyBook, now: datetime) -> str:
    """“Policy”, or the regime's title by the policy in force."""
    if regime == POLICY:
        return "Policy"
    if regime == disclosure.REGIME:
        return "The reporter's own date"
    return next((r.title for r in book.at(now).regimes if r.id == regime), regime)


def _line(course: Course, book: PolicyBook) -> Line | None:
    """The rule behind a course. A promise may have several: then the one that gave one of the course's limits."""
    mine = [line for line in tables(book) if line.promise == course.promise and line.regime == course.regime]
    if len(mine) < 2:
        return mine[0] if mine else None
    given = [limit for _, limit in course.targets if limit is not None]
    return next((line for line in mine if any(_gave(line, limit) for limit in given)), mine[0])


def _gave(line: Line, limit: object) -> bool:
    return any(limit is bound for period in line.periods for bound in period.bounds.values())


def _title(line: Line | None, clock: Clock) -> str:
    if clock.regime == disclosure.REGIME:
        return "Fix before the reporter publishes"
    words = CLOCKS.get(line.stops, clock.promise) if line else clock.promise
    if clock.promise == "IR-15":
        return f"{words} {clock.subject}"
    return words
