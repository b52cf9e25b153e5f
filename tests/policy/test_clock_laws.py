"""Clocks, as laws: recomputing equals stepping, and nothing that happens later improves what is past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from forgeward.policy.calendar import CalendarSpec, calendar_for
from forgeward.policy.clock import Bound, ClockState, Course, Extension, Pause, evaluate, marks, used
from forgeward.policy.targets import Target, Unit

HOUR = timedelta(hours=1)
FIRST = datetime(2026, 10, 19, tzinfo=UTC)  # clocks go back in Europe on 25 October, in America on 1 November
WHOLE_HOURS = ((540, 720), (780, 1020))  # 09:00-12:00, 13:00-17:00: edges on the hour, for the hourly steps below

CALENDARS = [
    calendar_for(CalendarSpec(zone=zone, week=(WHOLE_HOURS,) * 5 + ((), ()), half_days=((date(2026, 10, 23), 720),)))
    for zone in ("Europe/London", "America/New_York")
] + [calendar_for(CalendarSpec(zone="Asia/Kolkata", holidays=("IN",)))]

hours = st.integers(0, 24 * 21)
moments = hours.map(lambda n: FIRST + n * HOUR)
fine_moments = st.integers(0, 21 * 86_400).map(lambda n: FIRST + timedelta(seconds=n))
calendars = st.sampled_from(CALENDARS)
targets = st.builds(Target, st.integers(1, 10), st.sampled_from([*Unit])) | st.builds(
    Target, st.integers(1, 200), st.just(Unit.HOURS)
)
bounds = st.builds(Bound, targets, calendars)
limits = bounds | moments | st.none()


@st.composite
def spans(draw, instants):
    start, end = sorted((draw(instants), draw(instants)))
    return start, end


def pauses(instants):
    ended = spans(instants).map(lambda span: Pause(*span))
    return st.lists(ended | instants.map(Pause), max_size=3).map(tuple)


@st.composite
def courses(draw, limits=limits, instants=moments, extended=True):
    """Any history: limits that change, pauses that overlap or last, extensions, a stop, an end."""
    starts = draw(instants)
    changes = draw(st.lists(st.tuples(instants, limits), max_size=3))
    extensions = st.lists(spans(instants).map(lambda span: Extension(*span)), max_size=2 if extended else 0)
    return Course(
        "VM-5",
        "policy",
        starts,
        tuple(sorted([(starts, draw(limits)), *changes], key=lambda change: change[0])),
        draw(pauses(instants)),
        tuple(draw(extensions)),
        draw(st.none() | instants),
        draw(st.none() | instants),
    )


def known_at(course, now):
    """The history as somebody knew it at ``now``: what came later is cut off."""
    return msgspec.structs.replace(
        course,
        targets=tuple(change for n, change in enumerate(course.targets) if n == 0 or change[0] <= now),
        pauses=tuple(
            Pause(pause.start, pause.end if pause.end is not None and pause.end <= now else None)
            for pause in course.pauses
            if pause.start <= now
        ),
        extensions=tuple(extension for extension in course.extensions if extension.at <= now),
        stopped=course.stopped if course.stopped is not None and course.stopped <= now else None,
        ended=course.ended if course.ended is not None and course.ended <= now else None,
    )


# Recomputing equals stepping.


@given(courses(), moments)
def test_recomputing_from_all_of_history_gives_what_was_known_then(course, now):
    """Asked about an earlier instant, the whole history answers as the history up to that instant did."""
    assert evaluate(course, now) == evaluate(known_at(course, now), now)
    assert used(course, now) == used(known_at(course, now), now)


@given(courses(), moments, moments)
def test_a_miss_stays_for_ever(course, now, later):
    """Once missed, at the same instant for ever; what was not yet missed is missed no earlier than it was looked at."""
    now, later = sorted((now, later))
    then, afterwards = evaluate(course, now).missed_at, evaluate(course, later).missed_at
    if then is not None:
        assert afterwards == then
    else:
        assert afterwards is None or afterwards >= now


HOURLY = (Unit.HOURS, Unit.BUSINESS_HOURS)
hourly = st.builds(Target, st.integers(1, 60), st.sampled_from(HOURLY))
budgets = st.builds(Bound, hourly, st.sampled_from(CALENDARS[:2])) | st.none()


def in_force(course, at):
    """The limit in force at an instant from the start on."""
    if course.ended is not None and course.ended <= at:
        return None
    return [limit for since, limit in course.targets if since <= at][-1]


def spend(spent, course, at):
    """The hours spent of each (unit, calendar), an hour after ``at``."""
    if any(pause.start <= at and (pause.end is None or at < pause.end) for pause in course.pauses):
        return spent
    return {(unit, calendar): n + (unit is Unit.HOURS or calendar.is_open(at)) for (unit, calendar), n in spent.items()}


def step_by_hour(course, now):
    """Another way to the same answer: an hour at a time, carrying what is spent and whether it was missed.

    Returns the miss and, if it was not stopped, the hours spent at ``now`` of each (unit, calendar).
    """
    spent = before = dict.fromkeys(((unit, calendar) for unit in HOURLY for calendar in CALENDARS[:2]), 0)
    last = now if course.stopped is None or course.stopped > now else course.stopped - HOUR
    missed, at = None, course.starts
    while at <= last:
        # In the hour that begins, all spent is too late. At now itself no time has passed since: look an hour back.
        limit, told = in_force(course, at), before if at == now else spent
        if missed is None and limit is not None and told[limit.target.unit, limit.calendar] >= limit.target.amount:
            missed = at
        before, spent, at = spent, spend(spent, course, at), at + HOUR
    return missed, before


@given(courses(budgets, extended=False), moments)
def test_recomputing_equals_stepping(course, now):
    """Going through history hour by hour and carrying the state gives the same miss and the same time used."""
    missed, spent = step_by_hour(course, now)
    clock = evaluate(course, now)
    assert clock.missed_at == missed
    if clock.state in {ClockState.RUNNING, ClockState.PAUSED} and now > course.starts:
        target, calendar = in_force(course, now).target, in_force(course, now).calendar
        assert round(used(course, now) * target.amount, 6) == spent[target.unit, calendar]


# A later start, a pause, a zone.


@given(bounds, fine_moments, st.integers(1, 5 * 86_400))
def test_a_later_start_never_has_an_earlier_deadline(bound, start, seconds):
    """For a whole clock as for its calendar."""
    later = start + timedelta(seconds=seconds)
    first, second = (evaluate(Course("X", "policy", at, ((at, bound),)), FIRST).due for at in (start, later))
    assert first <= second


@given(courses(instants=fine_moments), fine_moments, fine_moments)
def test_a_zero_length_pause_changes_nothing(course, at, now):
    """Neither state nor deadline, share or reminders."""
    paused = msgspec.structs.replace(course, pauses=(*course.pauses, Pause(at, at)))
    assert evaluate(paused, now) == evaluate(course, now)
    assert used(paused, now) == used(course, now)
    known, now_paused = known_at(course, now), known_at(paused, now)
    assume(at <= now)
    assert marks(now_paused) == marks(known)


@given(courses(), st.data(), moments)
def test_a_pause_in_two_parts_is_one_pause(course, data, now):
    """Resuming and pausing in the same instant changes nothing, in whatever order they are told."""
    start, end = data.draw(spans(moments))
    middle = data.draw(st.sampled_from([start, start + (end - start) / 2, end]))
    one = msgspec.structs.replace(course, pauses=(*course.pauses, Pause(start, end)))
    two = msgspec.structs.replace(course, pauses=(Pause(middle, end), *course.pauses, Pause(start, middle)))
    assert evaluate(two, now) == evaluate(one, now)


@given(courses(extended=False), st.data(), moments)
def test_a_pause_never_brings_a_deadline_forward(course, data, now):
    """It gives time, or nothing."""
    pause = Pause(*data.draw(spans(moments)))
    before, after = evaluate(course, now), evaluate(msgspec.structs.replace(course, pauses=(pause,)), now)
    bare = evaluate(msgspec.structs.replace(course, pauses=()), now)
    assert (after.due is None) or bare.due is None or after.due >= bare.due
    assert (before.due is None) or bare.due is None or before.due >= bare.due


ZONES = [ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Apia")]


def written_in(value, zones):
    """The same history with its instants written in other zones."""
    if isinstance(value, datetime):
        return value.astimezone(next(zones))
    if isinstance(value, tuple):
        return tuple(written_in(part, zones) for part in value)
    if isinstance(value, Course | Pause | Extension):
        return type(value)(*(written_in(getattr(value, name), zones) for name in value.__struct_fields__))
    return value


@given(courses(), moments, st.lists(st.sampled_from(ZONES), min_size=40, max_size=40))
def test_the_zone_in_which_instants_are_written_does_not_matter(course, now, zones):
    """London's repeated hour included, which comes twice with the same figures on the clock."""
    elsewhere = written_in(course, iter(zones))
    assert evaluate(elsewhere, now.astimezone(zones[-1])) == evaluate(course, now)
    assert used(elsewhere, now) == used(course, now)
    assert marks(elsewhere) == marks(course)


# Nothing improves the past.


@given(courses(), st.data(), moments)
def test_a_later_change_of_limit_never_improves_the_past(course, data, now):
    """Looser policy, lower severity, none at all, an end or an extension: what was missed before it stays missed."""
    change = data.draw(moments)
    before = evaluate(course, change)
    loosened = data.draw(
        st.sampled_from(
            [
                {"targets": (*known_at(course, change).targets, (change, data.draw(limits)))},
                {"ended": change},
                {"extensions": (*course.extensions, Extension(change, change + timedelta(days=30)))},
            ]
        )
    )
    assume("ended" not in loosened or course.ended is None or course.ended >= change)
    after = evaluate(msgspec.structs.replace(course, **loosened), max(now, change))
    if before.missed_at is not None and before.missed_at < change:
        assert after.missed_at == before.missed_at
        assert after.state in {ClockState.MISSED, ClockState.LATE_MET}


@given(
    st.sampled_from([unit for unit in Unit if unit is not Unit.MAINTENANCE]),
    st.tuples(st.integers(1, 10), st.integers(1, 10)),
    calendars,
    courses(st.none(), extended=False),
    moments,
    moments,
)
def test_tightening_never_gives_more_time(unit, amounts, calendar, course, change, now):
    """A clock that was tightened midway is due no later, and missed whenever the loose one is."""
    tight, loose = (Bound(Target(amount, unit), calendar) for amount in sorted(amounts))
    kept = msgspec.structs.replace(course, targets=((course.starts, loose),))
    tightened = msgspec.structs.replace(kept, targets=(*kept.targets, (change, tight)))
    first, second = evaluate(kept, now), evaluate(tightened, now)
    if first.due is not None and second.due is not None:
        assert second.due <= first.due
    if first.missed_at is not None:
        assert second.missed_at is not None
        assert second.missed_at <= first.missed_at


@given(courses(), moments)
def test_states_say_what_the_instants_say(course, now):
    """Late or missed with a miss, met without; open only without a stop; a due instant wherever something applies."""
    clock = evaluate(course, now)
    assert (clock.state in {ClockState.MISSED, ClockState.LATE_MET}) == (clock.missed_at is not None)
    assert (clock.state in {ClockState.MET, ClockState.LATE_MET}) == (clock.met is not None)
    assert (clock.state is ClockState.NOT_APPLICABLE) == (clock.due is None)
    assert not (clock.open and clock.met is not None)
    assert clock.open or clock.state not in {ClockState.RUNNING, ClockState.PAUSED}
    assert clock.original_due is None or clock.original_due < clock.due
    if clock.state is ClockState.RUNNING and now >= course.starts:
        assert now <= clock.due


# Reminders.


@given(bounds, fine_moments, pauses(fine_moments), st.lists(st.integers(1, 100), max_size=4))
def test_reminders_come_in_order_and_end_at_the_due_instant(bound, start, pauses, percents):
    """Ascending; each where ``used`` reaches its share; the hundredth is the due instant."""
    course = Course("X", "policy", start, ((start, bound),), pauses)
    found = marks(course, percents)
    assert list(found) == sorted(found)
    for percent, at in zip(sorted(percents), found, strict=False):
        clock = evaluate(course, at)
        if percent == 100:
            assert at == clock.due
        else:
            assert abs(used(course, at) - percent / 100) < 1e-6
            assert at <= clock.due
    if all(pause.end is not None for pause in pauses):
        assert len(found) == len(percents)
