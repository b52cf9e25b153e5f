"""Business time, as a table of instants worked out by hand, and as laws."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from bench.deadlines import DayWalk
from hypothesis import assume, given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.policy.calendar import (
    OFFICE_HOURS,
    OFFICE_WEEK,
    Calendar,
    CalendarSpec,
    calendar_for,
    check_region,
    check_zone,
    parse_hours,
    parse_time,
)
from forgeward.policy.maintenance import MaintenanceRule, parse_maintenance
from forgeward.policy.targets import Target, Unit, parse_target

DAY_AND_NIGHT = (((0, 1440),),) * 7
LUNCH = ((540, 750), (810, 1050))  # 09:00-12:30, 13:30-17:30

SPECS = {
    "london": CalendarSpec(
        zone="Europe/London",
        holidays=("GB-ENG",),
        half_days=((date(2026, 12, 24), 13 * 60), (date(2026, 12, 31), 13 * 60)),
    ),
    "new york": CalendarSpec(zone="America/New_York", holidays=("US",)),
    "kolkata": CalendarSpec(zone="Asia/Kolkata", holidays=("IN",)),
    "dublin": CalendarSpec(zone="Europe/Dublin", holidays=("IE",)),
    "munich": CalendarSpec(zone="Europe/Berlin", holidays=("DE-BY",)),
    "both": CalendarSpec(zone="Europe/London", holidays=("GB-ENG", "US")),
    "closed": CalendarSpec(zone="Europe/London", closed=(date(2026, 3, 30),)),
    "lunch": CalendarSpec(zone="Europe/London", week=(LUNCH,) * 4 + (((540, 840),), (), ())),
    "always": CalendarSpec(zone="Europe/London", week=DAY_AND_NIGHT),
    "night": CalendarSpec(zone="America/New_York", week=(((0, 180),),) * 7),
    "monthly": CalendarSpec(zone="Europe/London", maintenance=MaintenanceRule(1, 1, 1)),
    "last friday": CalendarSpec(zone="Europe/London", maintenance=MaintenanceRule(-1, 4, 1)),
    "dates": CalendarSpec(zone="Europe/London", maintenance_dates=(date(2026, 3, 28), date(2026, 5, 19))),
}

# calendar | start | target | due. Each worked out from the semantics at the top of policy/calendar.py.
INSTANTS = """
# Inside, at the edges of, and outside a day's opening
london   | 2026-06-01T10:00:00+01:00 | 2 business days  | 2026-06-03T10:00:00+01:00
london   | 2026-06-01T09:00:00+01:00 | 1 business day   | 2026-06-01T17:30:00+01:00
london   | 2026-06-01T09:00:01+01:00 | 1 business day   | 2026-06-02T09:00:01+01:00
london   | 2026-06-01T08:00:00+01:00 | 2 business days  | 2026-06-02T17:30:00+01:00
london   | 2026-06-01T17:29:59+01:00 | 2 business days  | 2026-06-03T17:29:59+01:00
london   | 2026-06-01T17:30:00+01:00 | 2 business days  | 2026-06-03T17:30:00+01:00
london   | 2026-06-06T12:00:00+01:00 | 2 business days  | 2026-06-09T17:30:00+01:00
london   | 2026-06-05T16:00:00+01:00 | 2 business days  | 2026-06-09T16:00:00+01:00
london   | 2026-06-03T11:00:00+01:00 | 10 business days | 2026-06-17T11:00:00+01:00
london   | 2026-06-01T14:30:00+05:30 | 2 business days  | 2026-06-03T10:00:00+01:00
# Before public holidays, Friday 17:30 among them
london   | 2026-05-01T17:30:00+01:00 | 2 business days  | 2026-05-06T17:30:00+01:00
london   | 2026-05-01T17:29:00+01:00 | 2 business days  | 2026-05-06T17:29:00+01:00
london   | 2026-05-22T17:30:00+01:00 | 2 business days  | 2026-05-27T17:30:00+01:00
london   | 2026-05-22T17:30:00+01:00 | 5 business days  | 2026-06-01T17:30:00+01:00
london   | 2026-05-22T17:30:00+01:00 | 4 business hours | 2026-05-26T13:00:00+01:00
london   | 2026-05-22T17:30:00+01:00 | 24 hours         | 2026-05-23T17:30:00+01:00
london   | 2026-04-02T15:00:00+01:00 | 2 business days  | 2026-04-08T15:00:00+01:00
london   | 2026-04-03T10:00:00+01:00 | 1 business day   | 2026-04-07T17:30:00+01:00
new york | 2026-11-25T17:30:00-05:00 | 2 business days  | 2026-11-30T17:30:00-05:00
new york | 2026-07-02T10:00:00-04:00 | 1 business day   | 2026-07-06T10:00:00-04:00
new york | 2027-07-02T17:30:00-04:00 | 1 business day   | 2027-07-06T17:30:00-04:00
kolkata  | 2026-01-23T17:30:00+05:30 | 2 business days  | 2026-01-28T17:30:00+05:30
kolkata  | 2026-10-01T17:00:00+05:30 | 1 business day   | 2026-10-05T17:00:00+05:30
kolkata  | 2026-04-30T12:00:00Z      | 1 business day   | 2026-05-04T17:30:00+05:30
munich   | 2026-06-03T10:00:00+02:00 | 1 business day   | 2026-06-05T10:00:00+02:00
munich   | 2026-01-05T17:30:00+01:00 | 1 business day   | 2026-01-07T17:30:00+01:00
both     | 2026-07-02T10:00:00+01:00 | 1 business day   | 2026-07-06T10:00:00+01:00
both     | 2026-05-01T10:00:00+01:00 | 1 business day   | 2026-05-05T10:00:00+01:00
# Friday 17:30, the clocks change on Sunday, Monday is a public holiday
dublin   | 2026-10-23T17:30:00+01:00 | 2 business days  | 2026-10-28T17:30:00+00:00
dublin   | 2026-10-23T17:29:00+01:00 | 2 business days  | 2026-10-28T17:29:00+00:00
dublin   | 2026-10-23T17:30:00+01:00 | 4 business hours | 2026-10-27T13:00:00+00:00
dublin   | 2026-10-23T17:30:00+01:00 | 72 hours         | 2026-10-26T16:30:00+00:00
closed   | 2026-03-27T17:30:00+00:00 | 1 business day   | 2026-03-31T17:30:00+01:00
london   | 2027-03-25T17:30:00+00:00 | 2 business days  | 2027-03-31T17:30:00+01:00
# Clocks go forward: London on 29 March, New York on 8 March 2026
london   | 2026-03-27T16:00:00+00:00 | 1 business day   | 2026-03-30T16:00:00+01:00
london   | 2026-03-27T17:30:00+00:00 | 2 business days  | 2026-03-31T17:30:00+01:00
london   | 2026-03-29T00:30:00+00:00 | 1 business day   | 2026-03-30T17:30:00+01:00
london   | 2026-03-27T15:30:00+00:00 | 4 business hours | 2026-03-30T11:00:00+01:00
london   | 2026-03-28T12:00:00+00:00 | 24 hours         | 2026-03-29T13:00:00+01:00
london   | 2026-03-25T10:00:00+00:00 | 7 days           | 2026-04-01T11:00:00+01:00
new york | 2026-03-06T16:00:00-05:00 | 2 business days  | 2026-03-10T16:00:00-04:00
new york | 2026-03-06T17:30:00-05:00 | 1 business day   | 2026-03-09T17:30:00-04:00
new york | 2026-03-07T12:00:00-05:00 | 24 hours         | 2026-03-08T13:00:00-04:00
always   | 2026-03-28T01:30:00+00:00 | 1 business day   | 2026-03-29T02:00:00+01:00
night    | 2026-03-07T02:00:00-05:00 | 2 business hours | 2026-03-08T01:00:00-05:00
night    | 2026-03-07T02:00:00-05:00 | 3 business hours | 2026-03-08T03:00:00-04:00
night    | 2026-03-07T02:30:00-05:00 | 1 business day   | 2026-03-08T03:00:00-04:00
# Clocks go back: London on 25 October, New York on 1 November 2026
london   | 2026-10-23T16:00:00+01:00 | 1 business day   | 2026-10-26T16:00:00+00:00
london   | 2026-10-23T12:00:00+01:00 | 10 business hours | 2026-10-26T13:30:00+00:00
london   | 2026-10-24T12:00:00+01:00 | 24 hours         | 2026-10-25T11:00:00+00:00
london   | 2026-10-25T01:30:00+01:00 | 24 hours         | 2026-10-26T00:30:00+00:00
london   | 2026-10-25T01:30:00+00:00 | 24 hours         | 2026-10-26T01:30:00+00:00
london   | 2026-10-01T09:00:00+01:00 | 4 weeks          | 2026-10-29T08:00:00+00:00
new york | 2026-10-30T11:00:00-04:00 | 1 business day   | 2026-11-02T11:00:00-05:00
new york | 2026-10-30T16:00:00-04:00 | 3 business hours | 2026-11-02T10:30:00-05:00
new york | 2026-10-31T12:00:00-04:00 | 24 hours         | 2026-11-01T11:00:00-05:00
always   | 2026-10-24T01:30:00+01:00 | 1 business day   | 2026-10-25T01:30:00+01:00
always   | 2026-10-25T01:30:00+01:00 | 1 business day   | 2026-10-26T01:30:00+00:00
always   | 2026-10-25T01:30:00+00:00 | 1 business day   | 2026-10-26T02:00:00+00:00
always   | 2026-10-24T12:00:00+01:00 | 24 business hours | 2026-10-25T11:00:00+00:00
always   | 2026-06-01T00:00:00+01:00 | 1 business day   | 2026-06-02T00:00:00+01:00
# No clocks change in Kolkata
kolkata  | 2026-03-27T16:00:00+05:30 | 1 business day   | 2026-03-30T16:00:00+05:30
kolkata  | 2026-03-28T12:00:00+05:30 | 24 hours         | 2026-03-29T12:00:00+05:30
kolkata  | 2026-10-23T17:30:00+05:30 | 4 business hours | 2026-10-26T13:00:00+05:30
# Half days and the end of the year: 24 and 31 December close at 13:00; 25 and 28 December, 1 January are holidays
london   | 2026-12-23T10:00:00+00:00 | 1 business day   | 2026-12-24T10:00:00+00:00
london   | 2026-12-23T15:00:00+00:00 | 1 business day   | 2026-12-24T13:00:00+00:00
london   | 2026-12-24T12:00:00+00:00 | 1 business day   | 2026-12-29T12:00:00+00:00
london   | 2026-12-24T13:00:00+00:00 | 1 business day   | 2026-12-29T17:30:00+00:00
london   | 2026-12-24T14:00:00+00:00 | 2 business days  | 2026-12-30T17:30:00+00:00
london   | 2026-12-23T17:00:00+00:00 | 4 business hours | 2026-12-24T12:30:00+00:00
london   | 2026-12-23T17:00:00+00:00 | 5 business hours | 2026-12-29T09:30:00+00:00
london   | 2026-12-30T16:00:00+00:00 | 1 business day   | 2026-12-31T13:00:00+00:00
london   | 2026-12-30T16:00:00+00:00 | 2 business days  | 2027-01-04T16:00:00+00:00
london   | 2026-12-31T12:59:59+00:00 | 1 business day   | 2027-01-04T12:59:59+00:00
london   | 2026-12-22T11:00:00+00:00 | 10 business days | 2027-01-08T11:00:00+00:00
london   | 2026-12-31T18:00:00+00:00 | 24 hours         | 2027-01-01T18:00:00+00:00
new york | 2027-12-30T15:00:00-05:00 | 1 business day   | 2028-01-03T15:00:00-05:00
# Business hours
london   | 2026-06-01T09:00:00+01:00 | 17 business hours | 2026-06-02T17:30:00+01:00
london   | 2026-06-06T12:00:00+01:00 | 4 business hours | 2026-06-08T13:00:00+01:00
london   | 2026-06-01T17:30:00+01:00 | 1 business hour  | 2026-06-02T10:00:00+01:00
london   | 2026-06-05T17:00:00+01:00 | 1 business hour  | 2026-06-08T09:30:00+01:00
# A break at noon, Monday to Thursday; Friday 09:00-14:00 without one
lunch    | 2026-06-01T12:00:00+01:00 | 2 business hours | 2026-06-01T15:00:00+01:00
lunch    | 2026-06-01T11:30:00+01:00 | 1 business hour  | 2026-06-01T12:30:00+01:00
lunch    | 2026-06-01T13:00:00+01:00 | 1 business hour  | 2026-06-01T14:30:00+01:00
lunch    | 2026-06-03T09:00:00+01:00 | 9 business hours | 2026-06-04T10:30:00+01:00
lunch    | 2026-06-01T13:00:00+01:00 | 1 business day   | 2026-06-02T13:30:00+01:00
lunch    | 2026-06-01T12:30:00+01:00 | 1 business day   | 2026-06-02T13:30:00+01:00
lunch    | 2026-06-04T16:00:00+01:00 | 1 business day   | 2026-06-05T14:00:00+01:00
lunch    | 2026-06-04T12:45:00+01:00 | 1 business day   | 2026-06-05T13:30:00+01:00
lunch    | 2026-06-05T13:00:00+01:00 | 1 business day   | 2026-06-08T13:30:00+01:00
lunch    | 2026-06-05T14:00:00+01:00 | 1 business day   | 2026-06-08T17:30:00+01:00
# Leap day and ends of months
london   | 2028-02-28T10:00:00+00:00 | 1 business day   | 2028-02-29T10:00:00+00:00
london   | 2028-02-29T17:30:00+00:00 | 1 business day   | 2028-03-01T17:30:00+00:00
london   | 2028-02-10T09:00:00+00:00 | 30 days          | 2028-03-11T09:00:00+00:00
london   | 2027-02-10T09:00:00+00:00 | 30 days          | 2027-03-12T09:00:00+00:00
london   | 2026-01-15T10:00:00+00:00 | 1 month          | 2026-02-15T10:00:00+00:00
london   | 2026-01-31T10:00:00+00:00 | 1 month          | 2026-03-01T00:00:00+00:00
london   | 2028-01-29T10:00:00+00:00 | 1 month          | 2028-02-29T10:00:00+00:00
london   | 2028-01-30T10:00:00+00:00 | 1 month          | 2028-03-01T00:00:00+00:00
london   | 2026-03-31T23:30:00+01:00 | 1 month          | 2026-05-01T00:00:00+00:00
kolkata  | 2026-02-01T03:00:00+05:30 | 1 month          | 2026-03-01T00:00:00+00:00
london   | 2026-11-30T12:00:00+00:00 | 3 months         | 2027-03-01T00:00:00+00:00
london   | 2026-12-31T12:00:00+00:00 | 1 month          | 2027-01-31T12:00:00+00:00
london   | 2028-02-29T12:00:00+00:00 | 1 year           | 2029-03-01T00:00:00+00:00
london   | 2028-02-29T12:00:00+00:00 | 4 years          | 2032-02-29T12:00:00+00:00
london   | 2026-05-05T00:00:00+00:00 | 1 year           | 2027-05-05T00:00:00+00:00
london   | 2026-01-01T12:00:00+00:00 | 25 weeks         | 2026-06-25T12:00:00+00:00
# Maintenance dates end at 24:00 local; the default is the first Tuesday every 3 months, from January on
monthly  | 2026-06-01T10:00:00+01:00 | next maintenance date | 2026-06-03T00:00:00+01:00
monthly  | 2026-06-02T00:00:00+01:00 | next maintenance date | 2026-07-08T00:00:00+01:00
monthly  | 2026-06-01T22:59:59Z      | next maintenance date | 2026-06-03T00:00:00+01:00
monthly  | 2026-12-02T10:00:00+00:00 | next maintenance date | 2027-01-06T00:00:00+00:00
london   | 2026-02-10T10:00:00+00:00 | next maintenance date | 2026-04-08T00:00:00+01:00
london   | 2026-10-06T00:30:00+01:00 | next maintenance date | 2027-01-06T00:00:00+00:00
last friday | 2026-10-26T10:00:00+00:00 | next maintenance date | 2026-10-31T00:00:00+00:00
dates    | 2026-03-01T10:00:00+00:00 | next maintenance date | 2026-03-29T00:00:00+00:00
dates    | 2026-03-28T10:00:00+00:00 | next maintenance date | 2026-05-20T00:00:00+01:00
dates    | 2026-05-19T10:00:00+01:00 | next maintenance date | 2026-07-08T00:00:00+01:00
"""
ROWS = [
    tuple(cell.strip() for cell in line.split("|"))
    for line in INSTANTS.splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("name", "start", "target", "due"), ROWS)
def test_the_table_of_instants(name, start, target, due):
    """Each of these deadlines is the one worked out by hand."""
    found = calendar_for(SPECS[name]).due(datetime.fromisoformat(start), parse_target(target))
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC


# The laws. Instants lie around changes of clocks, half days, leap days and the ends of months and years.

UNITS = [Target(n, unit) for unit in Unit for n in ((1,) if unit is Unit.MAINTENANCE else (1, 2, 7))]
ALL_SPECS = {
    **SPECS,
    "lord howe": CalendarSpec(zone="Australia/Lord_Howe", week=DAY_AND_NIGHT),  # clocks change by half an hour
    "havana": CalendarSpec(zone="America/Havana", week=(((0, 120), (1320, 1440)),) * 7),  # and at midnight
}
EDGES = [
    datetime(year, month, day, tzinfo=UTC)
    for year, month, day in [
        *((2026, 1, 30), (2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 6, 5), (2026, 10, 4), (2026, 10, 25)),
        *((2026, 11, 1), (2026, 12, 23), (2026, 12, 31), (2028, 2, 28), (2028, 2, 29)),
    ]
]
moments = st.builds(
    lambda edge, away: edge + timedelta(microseconds=away * 500_000),
    st.sampled_from(EDGES),
    st.integers(-2 * 86_400 * 3, 2 * 86_400 * 3) | st.integers(-8, 8),
)
calendars = st.sampled_from([calendar_for(spec) for spec in ALL_SPECS.values()])


@st.composite
def offices(draw):
    """A calendar with any hours: quarters of an hour, breaks, half days and closed days, in any of some zones."""

    def windows():
        edges = sorted(draw(st.sets(st.integers(0, 96), max_size=4)))
        return tuple((a * 15, b * 15) for a, b in zip(edges[::2], edges[1::2], strict=False))

    week = tuple(windows() for _ in range(7))
    assume(any(week))
    days = st.integers(-5, 5).map(lambda n: date(2026, 10, 25) + timedelta(n))
    half_days = draw(st.dictionaries(days, st.integers(0, 1440), max_size=3))
    zone = draw(st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]))
    return Calendar(
        CalendarSpec(
            zone=zone,
            week=week,
            closed=tuple(draw(st.sets(days, max_size=3))),
            half_days=tuple(half_days.items()),
        )
    )


@given(calendars, moments, st.sampled_from(UNITS), st.data())
def test_a_later_start_never_has_an_earlier_deadline(calendar, start, target, data):
    """In any unit, across changed clocks, half days, breaks and ends of months."""
    later = start + timedelta(microseconds=data.draw(st.integers(1, 3 * 86_400_000_000) | st.integers(1, 10)))
    assert start < calendar.due(start, target) <= calendar.due(later, target)


@given(offices(), st.integers(-500, 500), st.integers(0, 500), st.sampled_from(UNITS))
def test_a_later_start_never_has_an_earlier_deadline_in_any_office(calendar, quarter, more, target):
    """The same with drawn hours."""
    start = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    assert start < calendar.due(start, target) <= calendar.due(start + timedelta(minutes=15 * more), target)


@given(
    calendars, moments, st.sampled_from(UNITS), st.sampled_from(["Asia/Kolkata", "America/New_York", "Europe/London"])
)
def test_the_zone_in_which_the_start_is_written_does_not_matter(calendar, start, target, zone):
    """An instant is an instant."""
    assert calendar.due(start.astimezone(ZoneInfo(zone)), target) == calendar.due(start, target)


@given(st.sampled_from(["london", "new york", "kolkata", "dublin"]), moments, st.sampled_from(UNITS[:6]))
def test_the_tables_agree_with_a_day_walk(name, start, target):
    """Bisection gives what walking from day to day gives."""
    assert calendar_for(SPECS[name]).due(start, target) == DayWalk(SPECS[name], range(2025, 2030)).due(start, target)


@given(offices(), st.integers(-2000, 2000), st.integers(0, 100))
def test_open_time_counts_what_business_hours_add(calendar, minute, hours):
    """Between a start and N business hours later lie N hours of open time, and no less at any earlier instant."""
    start = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minute)
    span = timedelta(hours=hours)
    end = calendar.advance(start, span, Unit.BUSINESS_HOURS)
    assert calendar.between(start, end, Unit.BUSINESS_HOURS) == span
    assert calendar.business_seconds(start, end) == span.total_seconds()
    if hours:
        assert end == calendar.add_business_hours(start, hours)
        assert calendar.between(start, end - timedelta(microseconds=1), Unit.BUSINESS_HOURS) < span


@given(offices(), st.integers(0, 10), st.integers(0, 1439))
def test_a_day_is_open_within_its_windows_only(calendar, days, minute):
    """``is_open`` and ``open_windows`` say the same."""
    day = date(2026, 10, 20) + timedelta(days)
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC)
    near = [window for n in (-1, 0, 1) for window in calendar.open_windows(day + timedelta(n))]
    assert calendar.is_open(at) == any(opens <= at < closes for opens, closes in near)
    assert all(a[1] <= b[0] for a, b in pairwise(near))


# What it is made from.


def test_open_windows_of_a_day():
    """A break makes two windows, a half day ends early, a holiday has none; all in UTC."""
    lunch = calendar_for(SPECS["lunch"]).open_windows(date(2026, 6, 1))
    assert [(opens.hour, opens.minute, closes.hour) for opens, closes in lunch] == [(8, 0, 11), (12, 30, 16)]
    london = calendar_for(SPECS["london"])
    assert london.open_windows(date(2026, 12, 25)) == ()
    assert london.open_windows(date(2026, 12, 24)) == (
        (datetime(2026, 12, 24, 9, tzinfo=UTC), datetime(2026, 12, 24, 13, tzinfo=UTC)),
    )


def test_tables_grow_to_wherever_they_are_asked():
    """Asked forwards, backwards and far away, a calendar answers as a fresh one does."""
    calendar = Calendar(SPECS["london"])
    years = [2026, 1950, 2150, 1985, 2300, 1902, 2031]
    random.Random(1).shuffle(years)
    for year in years:
        start = datetime(year, 6, 2, 10, tzinfo=UTC)
        for target in UNITS:
            assert calendar.due(start, target) == Calendar(SPECS["london"]).due(start, target)


def test_a_long_target_grows_the_table():
    """A thousand business days, ten thousand business hours: the years that they need are compiled."""
    calendar = Calendar(CalendarSpec())
    start = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert calendar.add_business_days(start, 1000) == datetime(2030, 3, 29, 17, 30, tzinfo=UTC)
    assert calendar.add_business_hours(start, 8500) == datetime(2030, 3, 29, 17, 30, tzinfo=UTC)


def test_a_mistyped_year_is_refused():
    """The year 20260 is not; the year 26 is named in the error."""
    with pytest.raises(BadInput, match="year 25"):
        Calendar(CalendarSpec()).add_business_days(datetime(26, 6, 1, tzinfo=UTC), 1)


def test_a_naive_datetime_is_a_mistake_of_the_caller():
    """No zone is guessed."""
    with pytest.raises(TypeError):
        Calendar(CalendarSpec()).add_business_days(datetime(2026, 6, 1), 1)  # noqa: DTZ001


def test_an_office_that_never_opens_is_refused():
    """By its hours at once, by its closed days when it is asked."""
    with pytest.raises(BadInput, match="at least one of them opens"):
        Calendar(CalendarSpec(week=((),) * 7))
    days = tuple(date(2025, 1, 1) + timedelta(n) for n in range(20 * 366))
    with pytest.raises(BadInput, match="never opens"):
        Calendar(CalendarSpec(closed=days)).add_business_days(datetime(2026, 6, 1, tzinfo=UTC), 1)


def test_equal_specs_make_equal_calendars():
    """And ``calendar_for`` shares one."""
    assert Calendar(CalendarSpec()) == Calendar(CalendarSpec()) != Calendar(CalendarSpec(zone="Asia/Kolkata"))
    assert calendar_for(CalendarSpec()) is calendar_for(CalendarSpec())


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("09:00-17:30", OFFICE_HOURS),
        ("9:00 - 12:30, 13:30–17:30", LUNCH),  # noqa: RUF001
        ("00:00-24:00", ((0, 1440),)),
        ("closed", ()),
    ],
)
def test_hours_as_written(text, windows):
    """Windows in minutes after midnight."""
    assert parse_hours(text) == windows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "09:00",
        "09:00-",
        "17:30-09:00",
        "09:00-09:00",
        "09:00-12:30, 12:00-17:00",
        "09:00-24:30",
        "9-17",
        "22:00-06:00",
    ],
)
def test_hours_that_cannot_be(text):
    """Each is refused with a way out."""
    with pytest.raises(BadInput) as refused:
        parse_hours(text)
    assert refused.value.next


def test_times_of_day():
    """24:00 is the end of the day; 24:01, 12:60 and words are no time."""
    assert [parse_time("00:00"), parse_time("17:30"), parse_time("24:00")] == [0, 1050, 1440]
    for text in ("24:01", "12:60", "noon", "-1:00", "1200"):
        with pytest.raises(BadInput):
            parse_time(text)


def test_zones_and_regions():
    """IANA names, ISO 3166 codes; neither paths, nor words, nor names of other things in the library."""
    assert check_zone("Asia/Kolkata") == "Asia/Kolkata"
    assert [check_region(code) for code in ("US", "IN", "GB-ENG", "DE-BY")] == ["US", "IN", "GB-ENG", "DE-BY"]
    for name in ("", "Mars/Base", "../etc/passwd", "/etc/passwd", "europe london"):
        with pytest.raises(BadInput):
            check_zone(name)
    for code in ("", "XX", "GB-ZZ", "England", "gb", "JAN", "GB-", "US-CA-X"):
        with pytest.raises(BadInput):
            check_region(code)


def test_a_week_has_seven_days():
    """Six are refused, and so are windows that overlap."""
    for week in (OFFICE_WEEK[:6], (*OFFICE_WEEK[:6], ((540, 700), (600, 800)))):
        with pytest.raises(BadInput):
            Calendar(CalendarSpec(week=week))


@pytest.mark.parametrize(
    ("text", "rule", "written"),
    [
        ("first Tuesday every month", MaintenanceRule(1, 1, 1), "first Tuesday every month"),
        ("every 3 months on the first Tuesday", MaintenanceRule(1, 1, 3), "first Tuesday every 3 months"),
        ("Last  friday of every quarter", MaintenanceRule(-1, 4, 3), "last Friday every 3 months"),
        ("fourth Sunday every year", MaintenanceRule(4, 6, 12), "fourth Sunday every 12 months"),
    ],
)
def test_maintenance_cycles_as_written(text, rule, written):
    """Both forms are read, one is written, and what is written reads the same."""
    assert parse_maintenance(text) == rule
    assert str(rule) == written
    assert parse_maintenance(written) == rule


@pytest.mark.parametrize(
    "text", ["", "Tuesdays", "fifth Tuesday every month", "every 5 months on the first Tuesday", "weekly"]
)
def test_maintenance_cycles_that_cannot_be(text):
    """The fifth Tuesday is not in every month; five months do not divide a year."""
    with pytest.raises(BadInput):
        parse_maintenance(text)


@given(
    st.builds(
        MaintenanceRule, st.sampled_from([1, 2, 3, 4, -1]), st.integers(0, 6), st.sampled_from([1, 2, 3, 4, 6, 12])
    )
)
def test_maintenance_dates_follow_their_rule(rule):
    """Each is the next of its weekday and month; over four years there are as many as there are cycles."""
    dates = [rule.after(date(2025, 12, 31))]
    while dates[-1].year < 2030:
        dates.append(rule.after(dates[-1]))
    assert len(dates) - 1 == 48 // rule.months
    for day in dates:
        assert day.weekday() == rule.weekday
        assert (day.month - 1) % rule.months == 0
        inside = day + timedelta(weeks=1 if rule.nth < 0 else -rule.nth)
        assert inside.month != day.month
