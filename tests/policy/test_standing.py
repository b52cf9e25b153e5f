"""How promises stand, from clocks, evidence and time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.policy.standing import Evidence, Level, Standing, Tally, period_start, standings
from tests.policy.texts import policy

POLICY = policy()
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(promise: str, of: str, age: timedelta, *, holds: bool = True) -> Evidence:
    return Evidence(promise, of, f"{of} looked", NOW - age, holds=holds)


def of(id: str, *evidence: Evidence, tally: Tally | None = None) -> Standing:
    found = standings(POLICY, {id: tally} if tally else {}, evidence, NOW)
    assert [s.id for s in found] == [p.id for p in POLICY.promises]
    return next(s for s in found if s.id == id)


CLOCKED = [  # IR-4: a clock alone, counted over 3 months
    (None, Level.NOT_EXERCISED),
    (Tally(met=5), Level.KEPT),
    (Tally(running=1, most_used=0.79), Level.KEPT),
    (Tally(running=1, most_used=0.8), Level.AT_RISK),
    (Tally(met=5, running=2, most_used=0.95), Level.AT_RISK),
    (Tally(met=5, missed=1), Level.MISSED),
    (Tally(met=5, late_met=1), Level.MISSED),
    (Tally(missed=1, running=1, most_used=0.9), Level.MISSED),
]


@pytest.mark.parametrize(("tally", "level"), CLOCKED)
def test_a_promise_kept_by_a_clock(tally: Tally | None, level: Level):
    """Met late is missed; nothing at all is not exercised; 80 % of the time used is a risk."""
    assert of("IR-4", tally=tally).standing is level


CHECKED = [  # IR-2: the daily canary, evidence counts for 2 days
    ((), Level.UNPROVEN),
    ((seen("IR-2", "check:intake_canary", timedelta(hours=1)),), Level.KEPT),
    ((seen("IR-2", "check:intake_canary", timedelta(hours=38)),), Level.KEPT),
    ((seen("IR-2", "check:intake_canary", timedelta(hours=38, minutes=24)),), Level.AT_RISK),
    ((seen("IR-2", "check:intake_canary", timedelta(hours=47, minutes=59)),), Level.AT_RISK),
    ((seen("IR-2", "check:intake_canary", 2 * DAY),), Level.UNPROVEN),
    ((seen("IR-2", "check:intake_canary", timedelta(hours=1), holds=False),), Level.MISSED),
    ((seen("IR-2", "check:intake_canary", 90 * DAY, holds=False),), Level.MISSED),
    ((seen("IR-2", "check:feeds_fresh", timedelta(hours=1)),), Level.UNPROVEN),
    ((seen("IR-3", "check:intake_canary", timedelta(hours=1)),), Level.UNPROVEN),
]


@pytest.mark.parametrize(("evidence", "level"), CHECKED)
def test_a_promise_kept_by_a_check(evidence: tuple[Evidence, ...], level: Level):
    """Evidence of something else proves nothing; a look that saw it broken is a miss until a better one."""
    assert of("IR-2", *evidence).standing is level


def test_the_newest_evidence_counts():
    """A check that saw the promise broken and then kept is kept."""
    broken = seen("IR-2", "check:intake_canary", timedelta(hours=3), holds=False)
    mended = seen("IR-2", "check:intake_canary", timedelta(hours=1))
    assert of("IR-2", mended, broken).standing is Level.KEPT
    assert of("IR-2", broken, mended).evidence == (mended,)


def test_every_mechanism_needs_its_own_evidence():
    """IR-3 is kept by a record and a check: one of them alone leaves it unproven."""
    record, check = seen("IR-3", "record:sources", DAY), seen("IR-3", "check:sources_alive", 2 * DAY)
    assert of("IR-3", record).standing is Level.UNPROVEN
    both = of("IR-3", check, record)
    assert both.standing is Level.KEPT
    assert both.evidence == (record, check)


def test_the_worst_mechanism_leads():
    """Missed before unproven, unproven before at risk, at risk before kept."""
    ageing = seen("IR-12", "record:atlassian_contacts", 80 * DAY)
    assert of("IR-12", tally=Tally(missed=1)).standing is Level.MISSED
    assert of("IR-12", tally=Tally(running=1, most_used=0.9)).standing is Level.UNPROVEN
    assert of("IR-12", ageing, tally=Tally(met=1)).standing is Level.AT_RISK


def test_a_fresh_check_beside_an_idle_clock_is_kept():
    """Not exercised is for promises that only cases can show."""
    assert of("IR-12", seen("IR-12", "record:atlassian_contacts", DAY)).standing is Level.KEPT
    assert of("IR-12").standing is Level.UNPROVEN


def test_a_gate_is_exercised_by_a_case():
    """IR-1 is a gate: passed within the period it is kept, else not exercised; passed wrongly it is missed."""
    assert of("IR-1").standing is Level.NOT_EXERCISED
    assert of("IR-1", seen("IR-1", "gate:convert", 30 * DAY)).standing is Level.KEPT
    assert of("IR-1", seen("IR-1", "gate:convert", 100 * DAY)).standing is Level.NOT_EXERCISED
    assert of("IR-1", seen("IR-1", "gate:convert", DAY, holds=False)).standing is Level.MISSED


def test_clock_and_gate_are_exercised_together():
    """IR-5: a running assessment exercises the promise before its gate was ever passed."""
    assert of("IR-5", tally=Tally(running=1, most_used=0.1)).standing is Level.KEPT
    assert of("IR-5", seen("IR-5", "gate:assess", DAY)).standing is Level.KEPT


def test_a_duty_is_proven_like_a_check():
    """O-2: training within 13 months."""
    assert of("O-2").standing is Level.UNPROVEN
    assert of("O-2", seen("O-2", "duty:training", 200 * DAY)).standing is Level.KEPT
    assert of("O-2", seen("O-2", "duty:training", 330 * DAY)).standing is Level.AT_RISK
    assert of("O-2", seen("O-2", "duty:training", 400 * DAY)).standing is Level.UNPROVEN


def test_what_the_platform_alone_keeps_is_inherited():
    """TC-5 is inherited; TC-1 has a check of our own, so the platform's part says nothing."""
    assert of("TC-5").standing is Level.INHERITED
    assert of("TC-1").standing is Level.UNPROVEN
    assert of("TC-1", seen("TC-1", "check:runtime", DAY)).standing is Level.KEPT


def test_a_fresh_home_claims_nothing():
    """Without cases and evidence nothing is kept."""
    levels = {s.standing for s in standings(POLICY, {}, (), NOW)}
    assert levels == {Level.UNPROVEN, Level.NOT_EXERCISED, Level.INHERITED}


def test_counts_and_reason_are_there():
    """Numbers as scripts read them, and one sentence why."""
    found = of("IR-4", tally=Tally(met=12, late_met=1, running=2, most_used=0.2))
    assert found.counts == {"met": 12, "missed": 0, "late_met": 1, "running": 2}
    assert found.why == "1 of 13 ended or overdue clocks missed their time."


@pytest.mark.parametrize(
    ("tally", "why"),
    [
        (Tally(met=12, running=2), "Clocks: 12 met in time, 2 still running, none missed."),
        (Tally(met=1), "Clocks: 1 met in time, none missed."),
        (Tally(running=1), "Clocks: 1 still running, none missed."),
    ],
)
def test_a_clock_that_runs_is_not_called_met(tally: Tally, why: str):
    """The sentence claims nothing for a clock that has yet to end."""
    assert of("IR-4", tally=tally).why == why


@pytest.mark.parametrize(
    ("id", "start"),
    [
        ("IR-2", NOW - 2 * DAY),
        ("IR-4", datetime(2026, 8, 23, 10, tzinfo=UTC)),
        ("PR-2", datetime(2025, 11, 23, 10, tzinfo=UTC)),
        ("O-2", datetime(2025, 10, 23, 10, tzinfo=UTC)),
    ],
)
def test_the_period_is_the_max_age(id: str, start: datetime):
    """Months are calendar months."""
    assert period_start(POLICY.promise(id), NOW) == start


def test_a_period_ends_in_shorter_months():
    """Three months before 31 May is the last of February."""
    may = datetime(2028, 5, 31, tzinfo=UTC)
    assert period_start(POLICY.promise("IR-4"), may) == datetime(2028, 2, 29, tzinfo=UTC)


@given(age=st.floats(0, 100), more=st.floats(0, 100))
def test_evidence_never_gets_better_with_age(age: float, more: float):
    """Waiting moves kept to at risk to unproven, never back."""
    order = [Level.KEPT, Level.AT_RISK, Level.UNPROVEN]
    levels = [of("IR-2", seen("IR-2", "check:intake_canary", timedelta(hours=h))).standing for h in (age, age + more)]
    assert order.index(levels[0]) <= order.index(levels[1])


@given(
    st.tuples(*[st.integers(0, 3)] * 4),
    st.floats(0, 1),
    st.booleans(),
)
def test_a_miss_always_leads(counts: tuple[int, int, int, int], used: float, fresh: bool):
    """Whatever else was met or seen, a clock missed within the period shows."""
    met, missed, late_met, running = counts
    evidence = (seen("IR-12", "record:atlassian_contacts", DAY),) if fresh else ()
    found = of("IR-12", *evidence, tally=Tally(met, missed, late_met, running, used))
    assert (found.standing is Level.MISSED) == bool(missed or late_met)
