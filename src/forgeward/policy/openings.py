"""Opening hours compiled into sorted tables of instants, so that counting is a bisection.

    zone, years --WallClock--> UTC offsets; local days, hours --compile_year--> days; years in a row --Table--> lists

Instants in here are integers: microseconds since 1970-01-01T00:00Z. What is called *wall* is what a clock on the wall
shows, in microseconds since 1970-01-01T00:00 local. DST is resolved while compiling: within nearly every day, wall
time and instant differ by one number, ``Table.zero``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
DAY = 1440 * MINUTE
_EPOCH_DAY = date(1970, 1, 1).toordinal()

Window: TypeAlias = tuple[int, int]  # minutes after local midnight: opens, closes


def micros(at: datetime) -> int:
    """An aware datetime as microseconds since the epoch, exactly."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """The inverse of ``micros``, in UTC."""
    return EPOCH + timedelta(0, 0, at)


def midnight(day: date) -> int:
    """The wall time at which a local day begins."""
    return (day.toordinal() - _EPOCH_DAY) * DAY


def local_date(wall: int) -> date:
    """The local day of a wall time."""
    return date.fromordinal(wall // DAY + _EPOCH_DAY)


class WallClock:
    """What the clock on the wall of a zone shows, from ``first_year`` to ``last_year``.

    Neither way ever decreases, or a later start could get an earlier deadline: an hour that the clock repeats counts
    as that hour's end, an hour that it leaps over as the instant of the leap.
    """

    def __init__(self, zone: ZoneInfo, first_year: int, last_year: int) -> None:
        changes = list(chain.from_iterable(_offsets(zone, year) for year in range(first_year - 1, last_year + 2)))
        self._since = [at for at, _ in changes]
        self._offset = [offset for _, offset in changes]
        # The wall time that each offset reaches before the next one takes over.
        self._reach = [at + offset for at, offset in zip(self._since[1:], self._offset, strict=False)]

    def shows(self, at: int) -> int:
        """The wall time at an instant, or the latest one shown before it."""
        k = bisect_right(self._since, at) - 1
        return max(at + self._offset[k], self._reach[k - 1])

    def reaches(self, wall: int) -> int:
        """The first instant at which the wall shows this time or a later one."""
        k = bisect_right(self._reach, wall)
        return max(self._since[k], wall - self._offset[k])


@lru_cache(maxsize=1024)
def _offsets(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """(instant, UTC offset from then on) at the start of a UTC year and at each change within it."""

    def offset(at: int) -> int:
        return ((EPOCH + timedelta(0, 0, at)).astimezone(zone).utcoffset() or timedelta()) // MICROSECOND

    begin, end = midnight(date(year, 1, 1)), midnight(date(year + 1, 1, 1))
    changes = [(begin, offset(begin))]
    for day in range(begin, end - DAY, DAY):
        before, after = changes[-1][1], offset(day + DAY)
        if after != before:
            low, high = day, day + DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            changes.append((high, after))
    return tuple(changes)


class Day(NamedTuple):
    """One local day on which the office opens."""

    midnight: int  # wall
    windows: tuple[tuple[int, int], ...]  # instants: opens, closes
    zero: int | None  # instant minus wall time since midnight; None where the clock jumps while the office is open


def compile_year(zone: ZoneInfo, year: int, hours: Callable[[date], Sequence[Window]]) -> tuple[Day, ...]:
    """The days of a local year on which the office opens; ``hours`` says when it does on a day."""
    wall = WallClock(zone, year, year)
    days = []
    for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        begin = midnight(day)
        windows, zeros = [], set()
        for opens, closes in hours(day):
            opening, closing = wall.reaches(begin + opens * MINUTE), wall.reaches(begin + closes * MINUTE)
            if opening < closing:  # a window that the clock leaps over is gone
                windows.append((opening, closing))
                zeros |= {opening - opens * MINUTE, closing - closes * MINUTE}
        if windows:
            days.append(Day(begin, tuple(windows), zeros.pop() if len(zeros) == 1 else None))
    return tuple(days)


class Table:
    """The openings of consecutive years as parallel lists, in order.

    By window: ``opens``, ``closes``, and ``passed``, the open time before each window (one more, for the end).
    By day: ``first`` and ``last``, its opening and closing; ``midnight`` and ``zero`` as in ``Day``.
    The table knows every instant from ``begins`` to ``ends``.
    """

    def __init__(self, zone: ZoneInfo, first_year: int, years: Sequence[tuple[Day, ...]]) -> None:
        self.years = range(first_year, first_year + len(years))
        self.wall = WallClock(zone, self.years[0], self.years[-1])
        self.begins = self.wall.reaches(midnight(date(self.years[0], 1, 1)))
        self.ends = self.wall.reaches(midnight(date(self.years[-1] + 1, 1, 1)))
        days = list(chain.from_iterable(years))
        windows = list(chain.from_iterable(day.windows for day in days))
        self.opens = [opens for opens, _ in windows]
        self.closes = [closes for _, closes in windows]
        self.passed = list(accumulate((closes - opens for opens, closes in windows), initial=0))
        self.first = [day.windows[0][0] for day in days]
        self.last = [day.windows[-1][1] for day in days]
        self.midnight = [day.midnight for day in days]
        self.zero = [day.zero for day in days]
        self.has_breaks = len(windows) > len(days)

    def open_time(self, at: int) -> int:
        """The open time from the table's beginning to an instant."""
        k = bisect_right(self.opens, at) - 1
        return self.passed[k] + min(at, self.closes[k]) - self.opens[k] if k >= 0 else 0

    def after_break(self, at: int) -> int:
        """An instant between a day's opening and closing, moved to the end of the break if it lies in one."""
        if self.has_breaks:
            k = bisect_right(self.opens, at) - 1
            if at >= self.closes[k]:
                return self.opens[k + 1]
        return at

    def since_midnight(self, i: int, at: int) -> int:
        """The wall time since midnight at an instant of day ``i``."""
        zero = self.zero[i]
        return at - zero if zero is not None else self.wall.shows(at) - self.midnight[i]

    def at_wall(self, i: int, since_midnight: int) -> int:
        """The instant of a wall time on day ``i``, moved into that day's opening."""
        zero = self.zero[i]
        at = since_midnight + zero if zero is not None else self.wall.reaches(self.midnight[i] + since_midnight)
        if at >= self.last[i]:
            return self.last[i]
        return self.after_break(at) if at > self.first[i] else self.first[i]
