"""The reporter's own date is a clock that is shown, reminds, and counts in no standing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from forgeward.errors import BadInput, StepRefused
from forgeward.policy.clock import ClockState
from forgeward.respond.clocks import clocks, reminders
from forgeward.respond.disclosure import REGIME
from tests.respond import kit
from tests.respond.kit import SUPPORT, Story

DAY = timedelta(days=1)


def own(story: Story, at: datetime | None = None):
    """The reporter's clock, if there is one."""
    found = [clock for clock in clocks(story.case, story.policies, at or story.now) if clock.regime == REGIME]
    return found[0] if found else None


def told(story: Story, days: int, word: str = "I publish then.") -> datetime:
    until = story.now + days * DAY
    story.do("disclosure", SUPPORT, date=until, word=word)
    return until


def test_without_a_date_there_is_no_clock() -> None:
    """Most reporters name none."""
    assert own(Story()) is None


def test_a_named_date_runs_and_passes() -> None:
    """From when it was named; once it has passed without a fix it is missed, and Leadership is reminded."""
    story = Story()
    until = told(story, 30)
    clock = own(story)
    assert (clock.state, clock.starts, clock.due) == (ClockState.RUNNING, story.case.disclosures[0].at, until)
    late = own(story, until + DAY)
    assert (late.state, late.missed_at) == (ClockState.MISSED, until)
    passed = reminders(story.case, story.policies, story.now, until + DAY)
    assert [r.path for r in passed if r.regime == REGIME] == ["leadership"]


def test_a_later_date_moves_it() -> None:
    """As agreed with the reporter; one that had passed stays missed."""
    story = Story()
    told(story, 10)
    until = told(story, 60, "Take two months.")
    assert (own(story).state, own(story).due) == (ClockState.RUNNING, until)
    story.now = until + DAY
    told(story, 30)
    assert own(story).missed_at == until


def test_a_date_can_go() -> None:
    """The reporter names none any more: nothing applies, and there is nothing to take back twice."""
    story = Story()
    told(story, 10)
    story.do("disclosure", SUPPORT, word="No hurry.")
    assert own(story) is None or own(story).state is ClockState.NOT_APPLICABLE
    with pytest.raises(StepRefused):
        story.do("disclosure", SUPPORT, word="No hurry.")


def test_a_date_in_the_past_is_none() -> None:
    """It cannot be kept any more."""
    story = Story()
    with pytest.raises(BadInput):
        story.do("disclosure", SUPPORT, date=story.now - DAY, word="w")


def test_the_fix_in_production_meets_it() -> None:
    """As soon as customers have it."""
    story = kit.shipped()
    told(story, 5)
    assert own(story).state is ClockState.MET
