"""Checkpoints are published at fixed times, whatever happened: their size and rhythm give nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from forgeward.errors import BadInput

HOURLY = tuple(f"{hour:02}:00" for hour in range(24))


def parse_times(texts: Sequence[str]) -> tuple[time, ...]:
    """Times of day in UTC (``06:00``), ascending. Raises ``BadInput`` for none, a doubled or an unreadable one."""
    try:
        times = tuple(time.fromisoformat(text) for text in texts)
    except ValueError:
        times = ()
    if not times or len(set(times)) != len(times) or any(t.tzinfo or t.second or t.microsecond for t in times):
        raise BadInput(
            f"{', '.join(texts) or 'Nothing'} is no list of times of day.",
            next='Write the times of checkpoints in UTC, like ["06:00", "18:00"].',
        )
    return tuple(sorted(times))


def latest(times: Sequence[time], now: datetime) -> datetime:
    """The last of the fixed times that is not after ``now``."""
    return max(slot for slot in _around(times, now) if slot <= now)


def following(times: Sequence[time], now: datetime) -> datetime:
    """The first of the fixed times after ``now``."""
    return min(slot for slot in _around(times, now) if slot > now)


def _around(times: Sequence[time], now: datetime) -> list[datetime]:
    today = now.astimezone(UTC).date()
    return [datetime.combine(today + timedelta(days=day), each, UTC) for day in (-1, 0, 1) for each in times]
