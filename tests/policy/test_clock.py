"""Clocks, by example: mission.md's rules with instants to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forgeward.policy.calendar import CalendarSpec, calendar_for
from forgeward.policy.clock import Bound, ClockState, Course, Extension, Pause, evaluate, marks, nearest, used
from forgeward.policy.targets import parse_target

LONDON = calendar_for(CalendarSpec(zone="Europe/London", holidays=("GB-ENG",)))


def at(text):
    """An instant of 2026, written day-month hour:minute in UTC (winter time in London until 29 March)."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def bound(figure):
    return Bound(parse_target(figure), LONDON)


def course(*targets, start="02-02 10:00", **more):
    """A clock of a Monday morning. A target is a figure, or (from when, figure); None stands for “does not apply”."""
    starts = at(start)
    pairs = [target if isinstance(target, tuple) else (start, target) for target in targets]
    limits = tuple(
        (at(since), bound(limit) if isinstance(limit, str) else limit)  # dates and None stand for themselves
        for since, limit in pairs
    )
    return Course("VM-5", "policy", starts, limits, **more)


def stand(course_, now):
    """The state and the due instant at ``now``."""
    clock = evaluate(course_, at(now))
    return clock.state.value, clock.due


def test_it_runs_until_its_due_instant():
    """At the due instant there is still time; a moment later there is none."""
    clock = course("24 hours")
    assert stand(clock, "02-02 10:00") == ("running", at("02-03 10:00"))
    assert stand(clock, "02-03 10:00") == ("running", at("02-03 10:00"))
    missed = evaluate(clock, at("02-03 10:00") + timedelta(microseconds=1))
    assert (missed.state, missed.missed_at, missed.open) == (ClockState.MISSED, at("02-03 10:00"), True)


def test_it_is_met_at_the_due_instant_and_late_after_it():
    """A stop at the due instant is in time."""
    met = evaluate(course("24 hours", stopped=at("02-03 10:00")), at("02-09 00:00"))
    assert (met.state, met.met, met.missed_at, met.open) == (ClockState.MET, at("02-03 10:00"), None, False)
    late = evaluate(course("24 hours", stopped=at("02-03 10:01")), at("02-09 00:00"))
    assert (late.state, late.met, late.missed_at) == (ClockState.LATE_MET, at("02-03 10:01"), at("02-03 10:00"))


def test_what_stops_before_it_starts_is_met():
    """Contained before the severity was confirmed: nothing is left to do."""
    clock = evaluate(course("4 hours", stopped=at("02-01 09:00")), at("02-02 11:00"))
    assert (clock.state, clock.due) == (ClockState.MET, at("02-02 14:00"))


def test_a_stop_taken_back_opens_it_again():
    """IR-4: the acknowledgement bounced, so the course has no stop any more."""
    assert stand(course("24 hours"), "02-04 10:00")[0] == "missed"


def test_the_future_is_not_looked_at():
    """Asked about an earlier instant, it answers what it would have answered then."""
    clock = course(
        "24 hours",
        ("02-02 20:00", None),
        stopped=at("02-03 09:00"),
        pauses=(Pause(at("02-02 12:00"), at("02-02 14:00")),),
        extensions=(Extension(at("02-02 16:00"), at("02-20 10:00")),),
    )
    assert stand(clock, "02-02 11:00") == ("running", at("02-03 10:00"))
    assert stand(clock, "02-02 13:00") == ("paused", at("02-03 11:00"))
    assert stand(clock, "02-02 15:00") == ("running", at("02-03 12:00"))
    assert stand(clock, "02-02 17:00") == ("running", at("02-20 10:00"))
    assert stand(clock, "02-03 10:00") == ("not_applicable", None)


def test_before_the_first_target_nothing_applies():
    """A severity that is not confirmed has no fix clock; once it is, the time counts from the start."""
    clock = course(("02-04 10:00", "7 days"))
    assert stand(clock, "02-03 10:00") == ("not_applicable", None)
    assert stand(clock, "02-05 10:00") == ("running", at("02-09 10:00"))
    assert stand(course(), "02-05 10:00") == ("not_applicable", None)


def test_assessment_ends_with_a_confirmed_medium():
    """IR-5: 24 hours for every case, until a confirmed severity is Medium or Low."""
    confirmed = course("24 hours", ("02-02 18:00", None))
    assert stand(confirmed, "02-02 17:00") == ("running", at("02-03 10:00"))
    assert stand(confirmed, "02-04 10:00") == ("not_applicable", None)
    too_late = evaluate(course("24 hours", ("02-03 18:00", None)), at("02-04 10:00"))
    assert (too_late.state, too_late.missed_at, too_late.due) == (
        ClockState.MISSED,
        at("02-03 10:00"),
        at("02-03 10:00"),
    )
    assert not too_late.open


def test_a_target_that_changes_with_the_stop_comes_too_late():
    """IR-5: the assessment that finds Medium is still the assessment that was promised."""
    clock = course("24 hours", ("02-03 09:00", None), stopped=at("02-03 09:00"))
    assert stand(clock, "02-09 10:00") == ("met", at("02-03 10:00"))


def test_raised_severity_counts_from_the_same_start():
    """High for five days, then Critical: seven days from the confirmation."""
    clock = course("14 days", ("02-07 10:00", "7 days"))
    assert stand(clock, "02-06 10:00") == ("running", at("02-16 10:00"))
    assert stand(clock, "02-08 10:00") == ("running", at("02-09 10:00"))


def test_severity_raised_too_late_is_missed_at_that_instant():
    """The seventh day was past when it became Critical: missed from then, not before."""
    clock = course("14 days", ("02-12 10:00", "7 days"))
    assert stand(clock, "02-11 10:00")[0] == "running"
    missed = evaluate(clock, at("02-12 10:00"))
    assert (missed.state, missed.due, missed.missed_at) == (ClockState.MISSED, at("02-09 10:00"), at("02-12 10:00"))


def test_lower_severity_moves_only_the_future():
    """Before the miss it gives more time; after it the miss stays, and the new date is shown."""
    in_time = course("7 days", ("02-08 10:00", "14 days"))
    assert stand(in_time, "02-10 10:00") == ("running", at("02-16 10:00"))
    late = evaluate(course("7 days", ("02-10 10:00", "14 days")), at("02-11 10:00"))
    assert (late.state, late.due, late.missed_at) == (ClockState.MISSED, at("02-16 10:00"), at("02-09 10:00"))
    shipped = evaluate(course("7 days", ("02-10 10:00", "14 days"), stopped=at("02-12 10:00")), at("02-13 10:00"))
    assert (shipped.state, shipped.missed_at) == (ClockState.LATE_MET, at("02-09 10:00"))


def test_a_change_at_the_due_instant_is_in_time():
    """Nothing had passed yet."""
    assert stand(course("7 days", ("02-09 10:00", "14 days")), "02-10 10:00") == ("running", at("02-16 10:00"))


def test_a_case_that_is_dropped_ends_its_clocks():
    """A false positive owes nothing more; what was missed by then stays missed."""
    assert stand(course("24 hours", ended=at("02-02 12:00")), "02-09 10:00") == ("not_applicable", None)
    assert stand(course("24 hours", ended=at("02-03 12:00")), "02-09 10:00") == ("missed", at("02-03 10:00"))


def test_a_pause_moves_the_due_instant_by_its_length():
    """Calendar time for days and hours, open time for business time: a weekend's pause costs nothing there."""
    pause = (Pause(at("02-03 10:00"), at("02-03 16:00"), "waiting for the reporter"),)
    assert stand(course("7 days", pauses=pause), "02-05 10:00") == ("running", at("02-09 16:00"))
    assert stand(course("2 business days", pauses=pause), "02-04 10:00") == ("running", at("02-04 16:00"))
    weekend = (Pause(at("02-06 17:30"), at("02-09 09:00")),)
    assert stand(course("10 business days", pauses=weekend), "02-10 10:00") == ("running", at("02-16 10:00"))


def test_while_it_pauses_time_stands_still():
    """Never missed, however long; ``due`` is what it would be if the pause ended now."""
    clock = course("24 hours", pauses=(Pause(at("02-03 09:00")),))
    assert stand(clock, "02-03 09:00") == ("paused", at("02-03 10:00"))
    assert stand(clock, "02-23 09:00") == ("paused", at("02-23 10:00"))
    assert used(clock, at("02-23 09:00")) == used(clock, at("02-03 09:00")) == 23 / 24


def test_a_pause_after_the_miss_helps_nobody():
    """Nor does one that begins as the time runs out."""
    for start in ("02-03 10:00", "02-03 12:00"):
        clock = evaluate(course("24 hours", pauses=(Pause(at(start)),)), at("02-05 10:00"))
        assert (clock.state, clock.due, clock.missed_at) == (ClockState.MISSED, at("02-03 10:00"), at("02-03 10:00"))


def test_overlapping_pauses_count_once():
    """Two people waited for the same answer."""
    pauses = (Pause(at("02-02 14:00"), at("02-02 18:00")), Pause(at("02-02 12:00"), at("02-02 16:00")))
    assert stand(course("24 hours", pauses=pauses), "02-03 09:00") == ("running", at("02-03 16:00"))


def test_a_pause_before_the_start_does_not_count():
    """Only its part after the start does."""
    clock = course("24 hours", pauses=(Pause(at("02-01 10:00"), at("02-02 11:00")),))
    assert stand(clock, "02-03 10:30") == ("running", at("02-03 11:00"))


def test_a_maintenance_date_waits_for_nobody():
    """A pause does not move the train; who was waiting when it left takes the next one (first Tuesdays, quarterly)."""
    short = course("next maintenance date", pauses=(Pause(at("02-03 10:00"), at("03-03 10:00")),))
    assert stand(short, "03-04 10:00") == ("running", at("04-07 23:00"))
    long = course("next maintenance date", pauses=(Pause(at("04-01 10:00"), at("04-09 10:00")),))
    assert stand(long, "04-08 10:00") == ("paused", at("07-07 23:00"))
    assert stand(long, "04-10 10:00") == ("running", at("07-07 23:00"))


def test_the_way_to_a_maintenance_date_goes_on_in_a_pause():
    """Its share does not stand still, because the date does not move; reminders wait all the same."""
    clock = course("next maintenance date", pauses=(Pause(at("02-20 10:00")),))
    assert used(clock, at("03-02 10:00")) > used(clock, at("02-20 10:00"))
    # From 2 February 10:00 to 7 April 23:00 are 1,549 hours; a tenth is 6 days, 10 hours and 54 minutes.
    assert marks(clock, (10, 50), now=at("03-20 10:00")) == (at("02-08 20:54"),)


def test_a_date_of_its_own():
    """IR-15: the action's own date; pauses do not move it, an extension does."""
    own = course(("02-02 10:00", at("02-20 12:00")), pauses=(Pause(at("02-03 10:00")),))
    assert stand(own, "02-10 10:00") == ("running", at("02-20 12:00"))
    assert stand(own, "02-21 10:00") == ("missed", at("02-20 12:00"))
    longer = course(("02-02 10:00", at("02-20 12:00")), extensions=(Extension(at("02-10 10:00"), at("03-01 12:00")),))
    assert stand(longer, "02-21 10:00") == ("running", at("03-01 12:00"))


def test_an_extension_shows_the_old_date():
    """VM-9: with a compensating control there is more time; what was promised first stays visible."""
    clock = evaluate(
        course("7 days", extensions=(Extension(at("02-06 10:00"), at("02-20 10:00"), "feature flag"),)),
        at("02-10 10:00"),
    )
    assert (clock.state, clock.due, clock.original_due) == (ClockState.RUNNING, at("02-20 10:00"), at("02-09 10:00"))


def test_an_extension_after_the_miss_does_not_undo_it():
    """The new date is shown, and the miss."""
    clock = evaluate(course("7 days", extensions=(Extension(at("02-10 10:00"), at("02-20 10:00")),)), at("02-11 10:00"))
    assert (clock.state, clock.due, clock.missed_at) == (ClockState.MISSED, at("02-20 10:00"), at("02-09 10:00"))


def test_an_extension_that_gives_nothing_changes_nothing():
    """An earlier date than the one that stands."""
    clock = evaluate(course("7 days", extensions=(Extension(at("02-03 10:00"), at("02-05 10:00")),)), at("02-04 10:00"))
    assert (clock.due, clock.original_due) == (at("02-09 10:00"), None)


def test_the_second_extension_counts_from_the_first():
    """Granted before the extended date, it is in time."""
    granted = (Extension(at("02-06 10:00"), at("02-12 10:00")), Extension(at("02-11 10:00"), at("02-20 10:00")))
    assert stand(course("7 days", extensions=granted), "02-13 10:00") == ("running", at("02-20 10:00"))


def test_an_extension_lapses_when_the_severity_is_raised():
    """It was granted for a High; a Critical needs its own. One for a High that becomes Medium stays."""
    granted = (Extension(at("02-04 10:00"), at("02-25 10:00")),)
    raised = course("14 days", ("02-05 10:00", "7 days"), extensions=granted)
    assert stand(raised, "02-06 10:00") == ("running", at("02-09 10:00"))
    lowered = course("14 days", ("02-05 10:00", "15 days"), extensions=granted)
    assert stand(lowered, "02-06 10:00") == ("running", at("02-25 10:00"))


def test_a_pause_during_an_extension_moves_the_extended_date():
    """Waiting for the reporter stops whatever time is running."""
    clock = course(
        "7 days",
        extensions=(Extension(at("02-06 10:00"), at("02-20 10:00")),),
        pauses=(Pause(at("02-05 10:00"), at("02-07 10:00")),),
    )
    assert stand(clock, "02-10 10:00") == ("running", at("02-21 10:00"))
    assert evaluate(clock, at("02-10 10:00")).original_due == at("02-11 10:00")


def test_reminders_fall_where_the_time_is_used():
    """50, 80 and 100 % of 17 open hours from Monday 10:00: business time, not the clock on the wall."""
    assert marks(course("2 business days")) == (at("02-03 10:00"), at("02-03 15:06"), at("02-04 10:00"))
    assert marks(course("10 days"), (50, 100)) == (at("02-07 10:00"), at("02-12 10:00"))
    assert marks(course("10 days"), (120,)) == (at("02-14 10:00"),)


def test_reminders_wait_while_it_pauses():
    """Those before the pause stand; the others come with its end."""
    paused = course("10 days", pauses=(Pause(at("02-08 10:00")),))
    assert marks(paused) == (at("02-07 10:00"),)
    resumed = course("10 days", pauses=(Pause(at("02-08 10:00"), at("02-09 10:00")),))
    assert marks(resumed) == (at("02-07 10:00"), at("02-11 10:00"), at("02-13 10:00"))


def test_no_reminders_for_what_is_done_or_does_not_apply():
    """After the stop none, after a change to nothing none at all."""
    assert marks(course("10 days", stopped=at("02-08 10:00"))) == (at("02-07 10:00"),)
    assert marks(course("10 days", ("02-08 10:00", None))) == ()
    assert marks(course("10 days", ended=at("02-08 10:00"))) == ()


def test_reminders_follow_the_limit_in_force():
    """A raised severity brings them forward, from the same start."""
    assert marks(course("14 days", ("02-05 10:00", "10 days")), (50,)) == (at("02-07 10:00"),)


def test_reminders_as_known_at_an_instant():
    """A policy that takes effect later moves no reminder before it does."""
    clock = course("10 days", ("02-20 10:00", "20 days"))
    assert marks(clock, (50, 100), now=at("02-03 10:00")) == (at("02-07 10:00"), at("02-12 10:00"))
    assert marks(clock, (50, 100)) == (at("02-12 10:00"), at("02-22 10:00"))


def test_the_share_that_is_used():
    """Nothing before the start, all at the due instant, more after it; a stop holds it."""
    clock = course("10 days")
    shares = [
        used(clock, at(now)) for now in ("02-01 10:00", "02-02 10:00", "02-07 10:00", "02-12 10:00", "02-17 10:00")
    ]
    assert shares == [0.0, 0.0, 0.5, 1.0, 1.5]
    assert used(course("10 days", stopped=at("02-07 10:00")), at("03-07 10:00")) == 0.5
    assert used(course(None), at("02-07 10:00")) == 0.0
    assert used(course("2 business days"), at("02-03 10:00")) == 0.5


def test_a_date_that_was_past_at_the_start_is_missed_at_once():
    """An action agreed with yesterday's date: all its time is used, its reminders are due."""
    own = course(("02-02 10:00", at("02-01 10:00")))
    clock = evaluate(own, at("02-02 10:01"))
    assert (clock.state, clock.missed_at) == (ClockState.MISSED, at("02-02 10:00"))
    assert used(own, at("02-02 10:01")) == 1.0
    assert marks(own) == (at("02-01 10:00"),) * 3


def test_a_start_in_the_future_runs():
    """PR-3: announced before the effective date."""
    assert stand(course("24 hours", start="03-02 10:00"), "02-02 10:00") == ("running", at("03-03 10:00"))


def clock_of(regime, figure, **more):
    base = course(figure, **more)
    return evaluate(
        Course("X", regime, base.starts, base.targets, base.pauses, stopped=base.stopped), at("02-04 10:00")
    )


def test_the_nearest_clock_leads_across_regimes():
    """The vendor's 14 days, the Marketplace's 10 days: the Marketplace leads, until it is done."""
    policy, marketplace = clock_of("policy", "14 days"), clock_of("marketplace", "10 days")
    assert nearest([policy, marketplace]) is marketplace
    assert nearest([policy, clock_of("marketplace", "10 days", stopped=at("02-03 10:00"))]) is policy
    assert nearest([]) is None
    assert nearest([clock_of("policy", "14 days", stopped=at("02-03 10:00"))]) is None


def test_what_is_overdue_leads_and_what_pauses_comes_last():
    """A paused clock leads only when nothing else is open."""
    overdue, paused = clock_of("policy", "24 hours"), clock_of("policy", "3 days", pauses=(Pause(at("02-03 10:00")),))
    running = clock_of("policy", "30 days")
    assert nearest([paused, running, overdue]) is overdue
    assert nearest([paused, running]) is running
    assert nearest([paused]) is paused


def test_of_two_clocks_due_together_the_other_regime_leads():
    """And the answer does not depend on their order."""
    policy, law = clock_of("policy", "72 hours"), clock_of("gdpr", "72 hours")
    assert nearest([policy, law]) is nearest([law, policy]) is law


@pytest.mark.parametrize(
    ("promise", "starts", "figure", "due"),
    [
        ("IR-4", "2026-05-22T17:30:00+01:00", "2 business days", "2026-05-27T17:30:00+01:00"),
        ("IR-5", "2026-10-24T12:00:00+01:00", "24 hours", "2026-10-25T11:00:00+00:00"),
        ("IR-7", "2026-03-29T00:00:00+00:00", "4 hours", "2026-03-29T05:00:00+01:00"),
        ("VM-3", "2026-12-31T16:00:00+00:00", "5 business days", "2027-01-08T16:00:00+00:00"),
        ("VM-5", "2026-10-20T10:00:00+01:00", "7 days", "2026-10-27T09:00:00+00:00"),
        ("VM-6", "2026-10-20T10:00:00+01:00", "14 days", "2026-11-03T09:00:00+00:00"),
        ("VM-7", "2026-10-20T10:00:00+01:00", "60 days", "2026-12-19T09:00:00+00:00"),
        ("VM-8", "2026-10-20T10:00:00+01:00", "next maintenance date", "2027-01-06T00:00:00+00:00"),
        ("IR-11", "2026-03-27T18:00:00+00:00", "72 hours", "2026-03-30T19:00:00+01:00"),
        ("IR-13", "2026-04-02T17:30:00+01:00", "2 business days", "2026-04-08T17:30:00+01:00"),
        ("IR-14", "2026-12-22T11:00:00+00:00", "10 business days", "2027-01-08T11:00:00+00:00"),
        ("PR-1", "2026-05-05T00:00:00+01:00", "1 year", "2027-05-05T00:00:00+01:00"),
        ("O-1", "2026-05-22T15:30:00+01:00", "4 business hours", "2026-05-26T11:00:00+01:00"),
    ],
)
def test_the_promises_of_the_table(promise, starts, figure, due):
    """“The clocks, exactly”: each figure of the table, around holidays and changed clocks."""
    start = datetime.fromisoformat(starts)
    clock = evaluate(Course(promise, "policy", start, ((start, bound(figure)),)), start)
    assert clock.due == datetime.fromisoformat(due)
