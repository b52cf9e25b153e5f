"""One promise in one case: by when, and was it kept?

    Course (what happened) + now --evaluate--> Clock (due, met, missed)
                                 --used------> share of the time that is gone
                           --marks-----------> instants for reminders

A ``Course`` is history and a ``Clock`` is derived from it, always from the beginning: nothing is carried over, so a
deadline can be recomputed at any time and by anybody. ``evaluate(course, now)`` looks only at what happened up to
``now``; asked about an earlier instant, it answers what it would have answered then.

The rules, from mission.md "The clocks, exactly":

1. A limit counts from the clock's start, also where it came into force later (severity raised, policy tightened).
2. Whoever passes a due instant while the limit is in force and the clock not stopped has missed it, for ever: a later
   limit, looser or none, moves only the future. What stops at the due instant is in time.
3. A pause moves the due instant by the time it took, counted as the limit counts. A maintenance date moves only when
   it passes during the pause: to the next one. A date of its own does not move. A pause cannot help after the miss.
4. An extension sets a later due instant; the old one stays visible. Granted after the miss, it does not undo it. It
   lasts until the limit becomes tighter than the one that it extended.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import msgspec

from forgeward.policy.calendar import Calendar
from forgeward.policy.targets import Target, Unit

POLICY = "policy"  # the regime of the vendor's own promises

_NOTHING = timedelta()
_NEVER = datetime.max.replace(tzinfo=UTC)
_Span: TypeAlias = tuple[datetime, datetime]


class ClockState(enum.StrEnum):
    """How a clock stands, as scripts read it."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    LATE_MET = "late_met"
    NOT_APPLICABLE = "not_applicable"


class Bound(msgspec.Struct, frozen=True):
    """A figure with the calendar that it is counted in."""

    target: Target
    calendar: Calendar


Limit: TypeAlias = Bound | datetime | None  # a figure, a date of its own (IR-15), or: does not apply


class Pause(msgspec.Struct, frozen=True):
    """Waiting for the reporter. ``end`` is None while it lasts."""

    start: datetime
    end: datetime | None = None
    reason: str = ""


class Extension(msgspec.Struct, frozen=True):
    """VM-9: more time, granted ``at`` because of a compensating ``control``."""

    at: datetime
    until: datetime
    control: str = ""


class Course(msgspec.Struct, frozen=True):
    """What happened to one promise in one case. All instants are aware datetimes, in any zone.

    ``regime`` is "policy" or the id of another set of rules; ``subject`` tells apart the clocks of one promise (the
    action, the number of the update). ``targets`` says from when on which limit was in force; before the first one
    nothing applies. ``stopped``: what was promised was done. ``ended``: the matter was dropped (a false positive).
    Who builds a course passes pauses only where the promise allows them.
    """

    promise: str
    regime: str
    starts: datetime
    targets: tuple[tuple[datetime, Limit], ...]
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    stopped: datetime | None = None
    ended: datetime | None = None
    subject: str = ""


class Clock(msgspec.Struct, frozen=True):
    """How a course stood at an instant. All instants in UTC.

    ``due`` is None where nothing applies and nothing was missed; ``original_due`` is what it would be without
    extensions, None where they change nothing. During a pause ``due`` is what it would be if the pause ended now.
    ``missed_at``: the first due instant that passed. ``open``: something is still to be done.
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
    open: bool = True


def evaluate(course: Course, now: datetime) -> Clock:
    """How the course stands at ``now``. What happened later than ``now`` is not looked at."""
    return _clock(course, _read(course, now))


def look(course: Course, now: datetime, percents: Sequence[int]) -> tuple[Clock, Iterator[datetime]]:
    """``evaluate(course, now)`` and ``marks(course, percents)`` in one reading where that is the same; marks as asked.

    ``percents`` in ascending order. Without pauses and extensions no due instant depends on when it is asked for.
    """
    run = _read(course, now)
    moves = course.pauses or course.extensions or course.stopped or course.ended
    if moves or course.starts > now or any(since > now for since, _ in course.targets):
        return _clock(course, run), iter(marks(course, percents))
    return _clock(course, run), _marks(run, percents)


def _clock(course: Course, run: _Run) -> Clock:
    state = _state(run)
    due = None if state is ClockState.NOT_APPLICABLE else run.due
    return Clock(
        course.promise,
        course.regime,
        course.subject,
        run.starts,
        due,
        None if due == run.original_due or due is None else run.original_due,
        None if due is None else run.stopped,
        run.missed_at,
        state,
        run.applies and run.stopped is None,
    )


def used(course: Course, now: datetime) -> float:
    """The share of the time that is gone at ``now``: 1.0 at the due instant, more after it.

    Counted as the limit counts, without the pauses; on the way to a date, its own or for maintenance, with them.
    0.0 before the start and where nothing applies.
    """
    run = _read(course, now)
    if not run.applies or run.due is None or run.until <= run.starts:
        return 0.0
    total = _active(run, run.due)
    return _active(run, run.until) / total if total > _NOTHING else 1.0


def marks(
    course: Course, percents: Iterable[int] = (50, 80, 100), *, now: datetime | None = None
) -> tuple[datetime, ...]:
    """The instants (UTC) at which these shares of the time are used, in ascending order, past ones too.

    They follow the limit in force at ``now``: pass it where the course may hold a change that is still to come (a
    policy with a later effective date). Without it, they follow all that the course holds. Left out, always at the
    end, are those that a lasting pause holds back or that come after the stop; all, where nothing applies. So
    ``zip(sorted(percents), marks(course, percents))`` tells which is which.
    """
    return tuple(_marks(_read(course, _latest(course) if now is None else now), sorted(percents)))


def _marks(run: _Run, percents: Iterable[int]) -> Iterator[datetime]:
    if not run.applies or run.due is None:
        return
    held = run.stopped or run.waits_since or _NEVER
    total: timedelta | None = None
    for percent in percents:
        if percent == 100:
            at = run.due
        else:
            total = _active(run, run.due) if total is None else total
            at = _at_share(run, total, percent)
            if percent < 100:
                at = min(at, run.due)
        if at > held:
            return
        yield at


def nearest(clocks: Iterable[Clock]) -> Clock | None:
    """The clock that leads: of those still open the earliest due, paused ones last. None where none is open."""
    return min((clock for clock in clocks if clock.open and clock.due is not None), key=_urgency, default=None)


def _urgency(clock: Clock) -> tuple[bool, datetime, bool, str, str, str]:
    paused, own = clock.state is ClockState.PAUSED, clock.regime == POLICY
    return paused, clock.due or _NEVER, own, clock.regime, clock.promise, clock.subject


def _state(run: _Run) -> ClockState:
    missed = run.missed_at is not None
    if run.stopped is not None and missed:
        return ClockState.LATE_MET
    if missed:
        return ClockState.MISSED
    if not run.applies or run.due is None:
        return ClockState.NOT_APPLICABLE
    if run.stopped is not None:
        return ClockState.MET
    if run.waits_since is not None and run.waits_since < run.due:
        return ClockState.PAUSED
    return ClockState.RUNNING


class _Phase(NamedTuple):
    """A stretch of the course in which one limit was in force."""

    since: datetime
    till: datetime | None  # None: it still is
    limit: Bound | datetime
    due: datetime  # before pauses and extensions


class _Run(NamedTuple):
    """A course read up to ``until``: now, or the stop if that came earlier."""

    starts: datetime
    until: datetime
    stopped: datetime | None
    applies: bool  # whether a limit is in force at ``until``
    limit: Limit  # the last one that was
    due: datetime | None
    original_due: datetime | None
    missed_at: datetime | None
    waits: Sequence[_Span]  # the pauses that do not count as time
    waits_since: datetime | None  # the start of the pause that lasts


def _read(course: Course, now: datetime) -> _Run:
    """Steps through the limits: the first due instant that passed is the miss, the last limit says what is due."""
    starts, now = _utc(course.starts), _utc(now)
    stopped = None if course.stopped is None else _utc(course.stopped)
    if stopped is not None and stopped > now:
        stopped = None
    until = stopped or now
    if len(course.targets) == 1 and not course.pauses and not course.extensions:
        [(since, limit)] = course.targets
        if limit is not None and since <= starts and (course.ended is None or course.ended > now):
            only = _first_due(limit, starts)
            missed = max(only, starts) if only < until >= starts else None
            return _Run(starts, until, stopped, True, limit, only, only, missed, (), None)
    phases = _phases(course, starts, now, stopped)
    waits, waits_since = _waits(course.pauses, starts, until) if course.pauses else ((), None)
    due = original_due = missed_at = None
    for phase in phases:
        extensions = _extensions(course, phases, phase, until) if course.extensions else ()
        due, passed = _follow(phase, starts, until, waits, extensions)
        original_due = _moved(phase.due, phase.limit, waits, starts, until) if extensions else due
        if missed_at is None and passed is not None and (phase.till is None or passed < phase.till):
            missed_at = passed
    limit = phases[-1].limit if phases else None
    applies = bool(phases) and phases[-1].till is None
    if not isinstance(limit, Bound):
        waits, waits_since = (), None
    elif limit.target.unit is Unit.MAINTENANCE:
        waits = ()  # a pause does not make the way to a date shorter
    return _Run(starts, until, stopped, applies, limit, due, original_due, missed_at, waits, waits_since)


def _phases(course: Course, starts: datetime, now: datetime, stopped: datetime | None) -> list[_Phase]:
    """The limits that were in force until now or the stop. One that came with the stop came too late to matter.

    The first limit is known even before the start, so that a clock of the future shows its due instant.
    """
    changes = [(_utc(since), limit) for since, limit in course.targets]
    if course.ended is not None and (ended := _utc(course.ended)) <= now:
        changes = [change for change in changes if change[0] < ended] + [(ended, None)]
    found: list[tuple[datetime, Limit]] = []
    for since, limit in sorted(changes, key=itemgetter(0)):
        if since <= starts and (since <= now or not found):
            found = [(starts, limit)]
        elif starts < since <= now and (stopped is None or since < stopped):
            found.append((since, limit))
    ends = [since for since, _ in found[1:]]
    return [
        _Phase(since, till, limit, _first_due(limit, starts))
        for (since, limit), till in zip_longest(found, ends)
        if limit is not None
    ]


def _first_due(limit: Bound | datetime, starts: datetime) -> datetime:
    return limit.calendar.due(starts, limit.target) if isinstance(limit, Bound) else _utc(limit)


def _waits(pauses: Iterable[Pause], starts: datetime, until: datetime) -> tuple[list[_Span], datetime | None]:
    """The paused time from the start to ``until``, in order and merged; and the start of the pause that lasts."""
    spans: list[_Span] = []
    for start, end in sorted((_utc(pause.start), _NEVER if pause.end is None else _utc(pause.end)) for pause in pauses):
        if start > until:
            break
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    lasting = spans[-1][0] if spans and spans[-1][1] > until else None
    clipped = [(max(start, starts), min(end, until)) for start, end in spans]
    return [(start, end) for start, end in clipped if start < end], lasting


def _extensions(course: Course, phases: Sequence[_Phase], phase: _Phase, until: datetime) -> list[_Span]:
    """(granted at, extended until) of what extends the limit of this phase, in order.

    An extension lapses for a limit that is tighter than the one in force when it was granted.
    """
    found = []
    for at, extended in sorted((_utc(extension.at), _utc(extension.until)) for extension in course.extensions):
        granted_in = [then for then in phases if then.since <= at and (then.till is None or at < then.till)]
        if at <= until and any(then.due <= phase.due for then in granted_in):
            found.append((at, extended))
    return found


def _follow(
    phase: _Phase, starts: datetime, until: datetime, waits: Sequence[_Span], extensions: Sequence[_Span]
) -> tuple[datetime, datetime | None]:
    """The due instant of a phase as pauses and extensions leave it, and the first one that passed."""
    due, passed, reached = phase.due, None, starts
    for at, extended in extensions:
        due = _moved(due, phase.limit, waits, reached, at)
        if passed is None and at > max(due, phase.since):
            passed = max(due, phase.since)
        due, reached = max(due, extended), at
    due = _moved(due, phase.limit, waits, reached, until)
    if passed is None and due < until >= phase.since:
        passed = max(due, phase.since)
    return due, passed


def _moved(due: datetime, limit: Limit, waits: Sequence[_Span], begin: datetime, end: datetime) -> datetime:
    """The due instant after the pauses between ``begin`` and ``end``; none moves it once it has passed."""
    if not isinstance(limit, Bound):
        return due
    calendar, unit = limit.calendar, limit.target.unit
    for span in waits:
        start, stop = max(span[0], begin), min(span[1], end)
        if start >= due:
            break
        if unit is Unit.MAINTENANCE:
            due = calendar.next_maintenance(stop) if due <= stop else due
        elif start < stop:
            due = calendar.advance(due, calendar.between(start, stop, unit), unit)
    return due


def _at_share(run: _Run, total: timedelta, percent: int) -> datetime:
    """The instant at which this share of all the time is used."""
    at = _plus(run.limit, run.starts, total * percent / 100)
    for start, stop in run.waits:
        if start >= at:
            break
        at = _plus(run.limit, at, _count(run.limit, start, stop))
    return at


def _latest(course: Course) -> datetime:
    """The last thing that happened in the course."""
    happened = [course.starts, course.stopped, course.ended, *(since for since, _ in course.targets)]
    happened += [at for pause in course.pauses for at in (pause.start, pause.end)]
    happened += [extension.at for extension in course.extensions]
    return max(_utc(at) for at in happened if at is not None)


def _plus(limit: Limit, at: datetime, span: timedelta) -> datetime:
    """The first instant at which ``span`` has passed since ``at``, as the limit counts it."""
    return limit.calendar.advance(at, span, limit.target.unit) if isinstance(limit, Bound) else at + span


def _count(limit: Limit, a: datetime, b: datetime) -> timedelta:
    """The time from ``a`` to ``b`` as the limit counts it."""
    return limit.calendar.between(a, b, limit.target.unit) if isinstance(limit, Bound) else b - a


def _active(run: _Run, until: datetime) -> timedelta:
    """The time from the start to ``until`` as the limit counts it, without the pauses."""
    paused = (_count(run.limit, start, min(stop, until)) for start, stop in run.waits if start < until)
    return _count(run.limit, run.starts, until) - sum(paused, _NOTHING)


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC)
