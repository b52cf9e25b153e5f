"""Time in words: the policy's zone, relative beside absolute, business time for business clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from forgeward.desk.web.times import Lens, span
from forgeward.policy.calendar import CalendarSpec, calendar_for

LONDON = calendar_for(CalendarSpec(zone="Europe/London", holidays=("GB-ENG",)))
NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)  # Monday
VIEW = Lens(NOW, LONDON)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (24_000, "6 h 40 min"),
        (86_400, "24 h"),
        (169_200, "47 h"),
        (172_800, "2 d"),
        (799_200, "9 d 6 h"),
        (25 * 86_400 + 7_200, "25 d"),
        (-3_600, "1 h"),
    ],
)
def test_spans_have_two_units_at_most(seconds: int, words: str) -> None:
    """Near things to the minute, far ones to the day."""
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=6, minutes=40), "today, 17:00"),
        (timedelta(days=1), "tomorrow, 10:20"),
        (timedelta(days=3), "Thu, 10:20"),
        (timedelta(days=6), "Sun, 10:20"),
        (timedelta(days=7), "Mon 30 Nov, 10:20"),
        (timedelta(days=-1), "Sun 22 Nov, 10:20"),
        (timedelta(days=60), "22 Jan 2027, 10:20"),
    ],
)
def test_near_things_are_named_by_their_day(ahead: timedelta, words: str) -> None:
    """A weekday alone is only clear within the week; another year is said."""
    assert VIEW.near(NOW + ahead) == words


def test_instants_stand_in_the_policys_zone() -> None:
    """Also across a change of the clocks: 24 October is summer time, 26 October is not."""
    assert VIEW.at(datetime(2026, 10, 24, 15, 42, tzinfo=UTC)) == "Sat 24 Oct, 16:42"
    assert VIEW.at(datetime(2026, 10, 26, 15, 42, tzinfo=UTC)) == "Mon 26 Oct, 15:42"
    assert VIEW.zone_words == "London (GMT)"


def test_midnight_belongs_to_the_day_before() -> None:
    """A maintenance date ends at 24:00; nobody reads “6 Jan, 00:00” as the evening of the 5th."""
    assert VIEW.by(datetime(2026, 12, 6, tzinfo=UTC)) == "end of Sat 5 Dec"
    assert VIEW.by(datetime(2027, 1, 6, tzinfo=UTC)) == "end of 5 Jan 2027"
    assert VIEW.by(datetime(2026, 12, 5, 23, 59, tzinfo=UTC)) == "Sat 5 Dec, 23:59"


def test_business_clocks_are_told_in_business_time() -> None:
    """From Monday 10:20 to Tuesday 16:00 only open hours count; beyond 40 of them days are clearer."""
    tuesday = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert VIEW.length(NOW, tuesday, business=True) == "14 business h"
    assert VIEW.length(NOW, tuesday, business=False) == "29 h"
    assert VIEW.length(NOW, NOW + timedelta(minutes=25), business=True) == "25 business min"
    assert VIEW.length(NOW, datetime(2026, 12, 7, 10, 20, tzinfo=UTC), business=True) == "10 business days"


def test_out_of_hours_no_business_time_passes_but_time_does() -> None:
    """An hour after closing a clock is an hour late, not “0 business min”."""
    closing = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    assert VIEW.length(closing, closing + timedelta(hours=1), business=True) == "1 h"


def test_office_hours_are_told() -> None:
    """Until when it is open, or from when on, over weekends and holidays."""
    assert VIEW.office() == "business hours until 17:30"
    assert Lens(datetime(2026, 11, 20, 18, 0, tzinfo=UTC), LONDON).office() == "closed until Mon, 09:00"
    christmas = Lens(datetime(2026, 12, 24, 20, 0, tzinfo=UTC), LONDON)
    assert christmas.office() == "closed until Tue, 09:00"


def test_headings_name_the_day() -> None:
    """Today by name, others in full."""
    assert VIEW.heading(NOW) == "Today"
    assert VIEW.heading(NOW - timedelta(days=3)) == "Friday 20 November"
    assert VIEW.date_words(date(2025, 12, 31)) == "Wednesday 31 December 2025"
