"""The clocks of a case: each promise's and regime's rule meets the case's facts.

    case + book ──courses──> what happened to each promise ──policy.clock.evaluate──> due, met, missed
                └─wake_at, reminders──> when somebody has to be told, and who

A fact that ended and began anew (judged material, then not, then again) gives a course for each time, so that a miss
stays. Actions, reminders, updates and broken glass have a course each. Promise, regime and ``subject`` together name a
course of a case: the action's id, the number of the update, or what a promise's second clock waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import POLICY, Clock, Course, Extension, Limit, Pause, evaluate, look, marks
from forgeward.respond import disclosure
from forgeward.respond.case import Case, SeverityMark
from forgeward.respond.rules import Line, tables
from forgeward.vocabulary import CaseKind, Fact, Severity

Path: TypeAlias = Literal["owner", "lead", "leadership"]
_ABOVE: dict[str, Path] = {"owner": "lead", "lead": "leadership"}
_OF_ITS_OWN = frozenset({Fact.ACTION_AGREED, Fact.ESCALATED, Fact.BROKE_GLASS})
_DECIDED = {
    Fact.CRA_EXPLOITED: "cra_exploited",
    Fact.CRA_SEVERE: "cra_severe",
    Fact.GDPR_APPLIES: "gdpr",
    Fact.AMS_REPORTED: "marketplace",
}


class Reminder(msgspec.Struct, frozen=True):
    """A clock passed a share of its time at ``at``: ``path`` says who is told (O-1)."""

    promise: str
    regime: str
    subject: str
    percent: int
    at: datetime
    due: datetime
    path: Path


class Overview(msgspec.Struct, frozen=True):
    """All clocks of a case and its next wake-up, computed in one go."""

    clocks: tuple[Clock, ...]
    wake_at: datetime | None


def courses(case: Case, book: PolicyBook) -> tuple[Course, ...]:
    """One course for each clock that ever applied to this case, the policy's first."""
    return tuple(course for _, course in _started(case, book))


def clocks(case: Case, book: PolicyBook, now: datetime) -> tuple[Clock, ...]:
    """The courses, evaluated at ``now``."""
    return tuple([evaluate(course, now) for _, course in _started(case, book)])


def wake_at(case: Case, book: PolicyBook, now: datetime, *, looked: datetime | None = None) -> datetime | None:
    """The next instant after ``now`` at which a running clock passes a reminder's share or its due date.

    ``looked``: up to when reminders were asked for. Where one is owed since then, the case wakes at ``now``.
    """
    return _wake(case, _started(case, book), book, now, looked or now)


def overview(
    case: Case, book: PolicyBook, now: datetime, *, looked: datetime | None = None, settled: bool = True
) -> Overview:
    """``clocks`` and ``wake_at`` together, for whoever stores both.

    ``settled=False`` leaves out what stopped or ended: no policy adopted afterwards changes it.
    """
    found = _started(case, book, settled=settled)
    if not settled:
        found = [(line, course) for line, course in found if course.stopped is None and course.ended is None]
    looked, percents = looked or now, _percents(book, now)
    clocks: list[Clock] = []
    nearest: datetime | None = None
    for line, course in found:
        if course.stopped is not None or course.ended is not None:
            clocks.append(evaluate(course, now))
            continue
        clock, coming = look(course, now, percents)
        clocks.append(clock)
        nearest = _earlier(nearest, _woken(case, line, course, coming, now, looked))
    return Overview(tuple(clocks), nearest)


def reminders(case: Case, book: PolicyBook, last: datetime, now: datetime) -> tuple[Reminder, ...]:
    """The marks that running clocks passed after ``last`` and until ``now``; of each clock the highest.

    A mark is not passed before its figure is in force and the matter is known: a severity that is raised late, or a
    report that was entered late, still reminds.
    """
    found = []
    percents = sorted(book.at(now).reminders)
    for line, course in _started(case, book):
        if course.stopped is not None or course.ended is not None:
            continue
        escalated = line.starts is Fact.ESCALATED
        asked = [100] if escalated else percents
        known = _known(case, line, course, now)
        passed = [
            (percent, max(mark, known))
            for percent, mark in zip(asked, marks(course, asked), strict=False)
            if mark <= now and last < max(mark, known) <= now
        ]
        path = _path(case, course, passed[-1][0], percents, escalated=escalated) if passed else None
        if passed and path:
            due = evaluate(course, now).due or passed[-1][1]
            found.append(Reminder(course.promise, course.regime, course.subject, *passed[-1], due, path))
    return tuple(found)


def _known(case: Case, line: Line, course: Course, now: datetime) -> datetime:
    """Since when the clock and its figure are on record; the start itself may be earlier."""
    decision = case.decision(_DECIDED[line.starts]) if line.starts in _DECIDED else None
    recorded = decision.at if decision else case.opened
    return max(recorded, course.starts, *(since for since, _ in course.targets if since <= now))


def _path(case: Case, course: Course, percent: int, percents: Sequence[int], *, escalated: bool) -> Path | None:
    """Who is told: first the owner, at last Leadership, between them the lead; an unanswered reminder goes one up."""
    if escalated:
        before = next(e.path for e in case.escalations if str(e.seq) == course.subject)
        return _ABOVE.get(before)
    if percent >= 100:
        return "leadership"
    return "owner" if percent == percents[0] else "lead"


def _wake(
    case: Case, found: Iterable[tuple[Line, Course]], book: PolicyBook, now: datetime, looked: datetime
) -> datetime | None:
    percents = _percents(book, now)
    nearest: datetime | None = None
    for line, course in found:
        if course.stopped is None and course.ended is None:
            nearest = _earlier(nearest, _woken(case, line, course, marks(course, percents), now, looked))
    return nearest


def _percents(book: PolicyBook, now: datetime) -> list[int]:
    return sorted({*book.at(now).reminders, 100})


def _woken(
    case: Case, line: Line, course: Course, coming: Iterable[datetime], now: datetime, looked: datetime
) -> datetime | None:
    """When this running course next needs somebody: at its next mark or figure, ``now`` where a reminder is owed."""
    nearest: datetime | None = None
    for at in coming:
        if at > now:
            nearest = at
            break
        if looked < now and (at > looked or _known(case, line, course, now) > looked):
            return now
    for since, _ in course.targets[1:]:
        if since > now and (nearest is None or since < nearest):
            nearest = since
    return nearest


# --- from facts to courses -------------------------------------------------------------------------------------------


class _Times(NamedTuple):
    """What all courses of one case share; ``settled``: whether those that stopped or ended are asked for."""

    closed: datetime | None
    pauses: tuple[Pause, ...]
    extensions: tuple[Extension, ...]
    settled: bool = True


class _Period(NamedTuple):
    """A time for which a fact held; ``end`` is None while it does."""

    start: datetime
    end: datetime | None


def _started(case: Case, book: PolicyBook, *, settled: bool = True) -> list[tuple[Line, Course]]:
    times = _Times(
        case.closed,
        tuple([Pause(wait.start, wait.end, "reporter") for wait in case.waits]) if case.waits else (),
        tuple([Extension(e.at, e.until, str(e.seq)) for e in case.extensions]) if case.extensions else (),
        settled or bool(case.escalations),  # a reminder is moot once its clock is settled
    )
    facts = case.facts
    found: list[tuple[Line, Course]] = []
    later: list[Line] = []
    levels: set[Severity | None] = {None, *[mark.level for mark in case.severity_history]}
    for line in tables(book):
        starts = line.starts
        if starts in _OF_ITS_OWN:
            later.append(line)
        elif (starts not in facts and not case.earlier) or levels.isdisjoint(line.levels):
            continue
        elif case.earlier or line.repeats is not None or line.when is not None:
            found.extend((line, course) for course in _many(case, line, times))
        elif starts in facts:
            course = _course(case, line, times, _Period(facts[starts], None), line.name)
            if course is not None:
                found.append((line, course))
    if case.disclosures:
        found.append((disclosure.LINE, disclosure.course(case, times.closed)))
    if case.actions or case.glass or case.escalations:
        for line in later:
            found.extend((line, course) for course in _own(case, line, times, found))
    return found


def _many(case: Case, line: Line, times: _Times) -> Iterator[Course]:
    """The courses of a line that may have several: its start held more than once, or each update starts it anew."""
    number = 0
    for period in _periods(case, line):
        for stretch in _repeated(case, line, period) if line.repeats is not None else (period,):
            number += 1
            counted = number > 1 or line.repeats is not None
            subject = ":".join(part for part in (line.name, str(number) if counted else "") if part)
            course = _course(case, line, times, stretch, subject)
            if course is not None:
                yield course


def _periods(case: Case, line: Line) -> list[_Period]:
    """When the line's start fact held, and with it the fact that must be there as well."""
    mine = _held(case, line.starts)
    if line.when is None:
        return mine
    both = []
    for a in mine:
        for b in _held(case, line.when):
            start, ends = max(a.start, b.start), [end for end in (a.end, b.end) if end is not None]
            if not ends or start < min(ends):
                both.append(_Period(start, min(ends, default=None)))
    return both


def _held(case: Case, fact: Fact) -> list[_Period]:
    held = [_Period(span.start, span.end) for span in case.earlier if span.fact is fact]
    since = case.facts.get(fact)
    return [*held, _Period(since, None)] if since is not None else held


def _repeated(case: Case, line: Line, period: _Period) -> Iterator[_Period]:
    """The period cut at each instant of the repeated fact, until the last one that is asked for (IR-13)."""
    until = case.facts.get(line.until) if line.until is not None else None
    start = period.start
    for at in _instants(case, line.repeats):
        if at <= start or (until is not None and at >= until) or (period.end is not None and at >= period.end):
            continue
        yield _Period(start, period.end)
        start = at
    if until is None or start < until:
        yield _Period(start, period.end)


def _instants(case: Case, fact: Fact | None) -> list[datetime]:
    if fact is not Fact.UPDATED:
        return []
    updates = (n for n in case.notices if n.audience == "customers" and n.stage == "update")
    return sorted(n.accepted_at for n in updates if n.accepted_at is not None)


def _course(case: Case, line: Line, times: _Times, period: _Period, subject: str) -> Course | None:
    """The course of one period; None where no figure ever applied."""
    starts = period.start
    stopped = _stop(case, line, period)
    ended = period.end if period.end is not None else times.closed
    if line.stops is Fact.CONFIRMED and case.kind is CaseKind.INCIDENT and stopped is None:
        # An incident is declared, not confirmed by reproducing it: from then on nobody waits for that.
        dropped = case.kinds[-1][0] if case.kinds else starts
        ended = dropped if ended is None else min(dropped, ended)
    if stopped is not None and (ended is None or stopped <= ended):
        ended = None
    if ended is not None and ended <= starts:
        return None
    if not times.settled and (stopped is not None or ended is not None):
        return None
    targets = _targets(line, case.severity_history, starts, stopped)
    if targets is None:
        return None
    return Course(
        line.promise,
        line.regime,
        starts,
        targets,
        times.pauses if line.pauses else (),
        times.extensions if line.extends else (),
        stopped,
        ended,
        subject,
    )


def _stop(case: Case, line: Line, period: _Period) -> datetime | None:
    """When it was done. What was done before the clock began counts at once."""
    if line.repeats is not None:
        ends = [at for at in _instants(case, line.repeats) if at > period.start]
        until = case.facts.get(line.until) if line.until is not None else None
        if until is not None and until > period.start:
            ends.append(until)
        return min(ends, default=None)
    at = case.facts.get(line.stops)
    if period.end is not None and (at is None or at > period.end):
        at = min((s.start for s in case.earlier if s.fact is line.stops and s.start <= period.end), default=None)
    return None if at is None else max(at, period.start)


def _targets(
    line: Line, history: Sequence[SeverityMark], starts: datetime, stopped: datetime | None
) -> tuple[tuple[datetime, Limit], ...] | None:
    """Which figure was in force from when on; what changed after the stop is left out. None: never any."""
    periods = line.periods
    if not line.graded or not history or (len(history) == 1 and history[0].at <= starts):
        mark = history[0] if line.graded and history else None
        only = periods[0].at(mark)
        if all(period.at(mark) is only for period in periods[1:]):
            return None if only is None else ((starts, only),)
    changes = [starts]
    changes.extend([period.since for period in periods[1:] if period.since > starts])
    if line.graded:
        changes.extend([mark.at for mark in history if mark.at > starts])
    if len(changes) > 2:
        changes.sort()
    found: list[tuple[datetime, Limit]] = []
    some = False
    for at in changes:
        if found and stopped is not None and at >= stopped:
            break
        limit = _limit(line, history, at)
        if not found or found[-1][1] is not limit:
            found.append((at, limit))
            some = some or limit is not None
    return tuple(found) if some else None


def _limit(line: Line, history: Sequence[SeverityMark], at: datetime) -> Limit:
    mark = None
    for known in history:
        if known.at > at:
            break
        mark = known
    return line.period(at).at(mark)


# --- actions, broken glass, reminders: one course each ---------------------------------------------------------------


def _own(case: Case, line: Line, times: _Times, others: Sequence[tuple[Line, Course]]) -> list[Course]:
    if line.starts is Fact.ACTION_AGREED:
        return [
            _dated(line, a.agreed_at, ((a.agreed_at, a.due),), a.verified_at, times.closed, a.id) for a in case.actions
        ]
    if line.starts is Fact.BROKE_GLASS:
        # Closing does not end this one: a case may be closed by breaking the glass.
        glass = ((g.seq, g.at, g.reviewed_at, None) for g in case.glass)
        return [c for g in glass if (c := _simple(line, case, *g)) is not None]
    done = {(c.promise, c.regime, c.subject): _earlier(c.stopped, c.ended) for _, c in others}
    told = (
        (e.seq, e.at, e.confirmed_at, _moot(times.closed, done.get((e.promise, e.regime, e.subject)), e.at))
        for e in case.escalations
    )
    return [c for e in told if (c := _simple(line, case, *e)) is not None]


def _simple(
    line: Line, case: Case, seq: int, starts: datetime, stopped: datetime | None, ended: datetime | None
) -> Course | None:
    targets = _targets(line, case.severity_history, starts, stopped)
    return None if targets is None else _dated(line, starts, targets, stopped, ended, str(seq))


def _dated(
    line: Line,
    starts: datetime,
    targets: tuple[tuple[datetime, Limit], ...],
    stopped: datetime | None,
    ended: datetime | None,
    subject: str,
) -> Course:
    if stopped is not None and ended is not None and stopped <= ended:
        ended = None
    return Course(line.promise, line.regime, starts, targets, (), (), stopped, ended, subject)


def _moot(closed: datetime | None, done: datetime | None, asked: datetime) -> datetime | None:
    """When nobody has to confirm a reminder any more: the thing was done, or the case closed, after it was sent."""
    return _earlier(closed if closed is not None and closed >= asked else None, done)


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a or b
    return min(a, b)


__all__ = ["POLICY", "Overview", "Path", "Reminder", "clocks", "courses", "overview", "reminders", "wake_at"]
