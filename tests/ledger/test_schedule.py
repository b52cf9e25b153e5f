"""The fixed times are the same for everybody, whatever the zone of the machine."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.ledger.schedule import HOURLY, following, latest, parse_times

DAY = (time(6), time(18, 30))


@pytest.mark.parametrize(
    ("now", "before", "after"),
    [
        ("2026-11-23T05:59:59Z", "2026-11-22T18:30:00Z", "2026-11-23T06:00:00Z"),
        ("2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z", "2026-11-23T18:30:00Z"),
        ("2026-11-23T18:29:00Z", "2026-11-23T06:00:00Z", "2026-11-23T18:30:00Z"),
        ("2026-12-31T23:00:00Z", "2026-12-31T18:30:00Z", "2027-01-01T06:00:00Z"),
    ],
)
def test_the_times_around_an_instant(now: str, before: str, after: str) -> None:
    """A time belongs to itself; days and years end where they end."""
    at = datetime.fromisoformat(now)
    assert latest(DAY, at) == datetime.fromisoformat(before)
    assert following(DAY, at) == datetime.fromisoformat(after)


@given(st.integers(946_684_800, 4_102_444_800), st.integers(-12, 14))
def test_hourly_times_are_never_an_hour_away(seconds: int, offset: int) -> None:
    """In every zone, and the instant between the two is the one asked about."""
    now = datetime.fromtimestamp(seconds, timezone(timedelta(hours=offset)))
    times = parse_times(HOURLY)
    assert latest(times, now) <= now < following(times, now)
    assert following(times, now) - latest(times, now) == timedelta(hours=1)
    assert latest(times, now).tzinfo is UTC


@pytest.mark.parametrize("texts", [[], ["noon"], ["06:00", "06:00"], ["06:00:30"], ["06:00+01:00"], ["25:00"]])
def test_what_is_no_list_of_times_is_refused(texts: list[str]) -> None:
    """With an example of one that is."""
    with pytest.raises(BadInput, match="no list of times") as refused:
        parse_times(texts)
    assert "06:00" in refused.value.next
