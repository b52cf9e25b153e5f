"""Deadlines a second in the pure core, beside a naive day walk of the same run: ``python -m bench deadlines``."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from time import perf_counter
from zoneinfo import ZoneInfo

from bench.report import Figure
from forgeward.policy.calendar import Calendar, CalendarSpec, public_holidays
from forgeward.policy.clock import Bound, Course, evaluate, marks
from forgeward.policy.targets import Target, Unit

SPEC = CalendarSpec(zone="Europe/London", holidays=("GB-ENG",), half_days=((date(2026, 12, 24), 13 * 60),))
YEARS = range(2015, 2046)
TARGETS = {
    "2 business days": Target(2, Unit.BUSINESS_DAYS),
    "10 business days": Target(10, Unit.BUSINESS_DAYS),
    "4 business hours": Target(4, Unit.BUSINESS_HOURS),
    "7 days": Target(7, Unit.DAYS),
}
COUNT = 60_000
ROUNDS = 3


class DayWalk:
    """The floor: walks from day to day with ``zoneinfo``, holidays in a set. Also the tests' second opinion.

    Knows offices that are shut while the clocks change, and hours without a break.
    """

    def __init__(self, spec: CalendarSpec, years: Sequence[int] = YEARS) -> None:
        self._zone = ZoneInfo(spec.zone)
        self._week = spec.week
        self._half_days = dict(spec.half_days)
        self._off = set(spec.closed).union(*(public_holidays(code, year) for code in spec.holidays for year in years))

    def due(self, start: datetime, target: Target) -> datetime:
        if target.unit is Unit.BUSINESS_DAYS:
            return self._after_days(start, target.amount)
        if target.unit is Unit.BUSINESS_HOURS:
            return self._after_hours(start, timedelta(hours=target.amount))
        return start.astimezone(UTC) + timedelta(days=target.amount)

    def _opening(self, day: date) -> tuple[datetime, datetime] | None:
        windows = () if day in self._off else self._week[day.weekday()]
        if not windows:
            return None
        opens, closes = windows[0]
        closes = min(closes, self._half_days.get(day, closes))
        return self._at(day, opens), self._at(day, closes)

    def _at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(minute // 60, minute % 60), self._zone).astimezone(UTC)

    def _after_days(self, start: datetime, days: int) -> datetime:
        local = start.astimezone(self._zone)
        day, left = local.date(), days
        today = self._opening(day)
        within = today is not None and today[0] < start < today[1]
        if today is not None and start <= today[0]:
            left -= 1
        while left:
            day += timedelta(days=1)
            if self._opening(day):
                left -= 1
        opens, closes = self._opening(day) or (start, start)
        if not within:
            return closes
        same_time = datetime.combine(day, local.time(), self._zone).astimezone(UTC)
        return min(max(same_time, opens), closes)

    def _after_hours(self, start: datetime, left: timedelta) -> datetime:
        day = start.astimezone(self._zone).date()
        while True:
            if window := self._opening(day):
                begin = max(start.astimezone(UTC), window[0])
                if begin + left <= window[1]:
                    return begin + left
                left -= max(window[1] - begin, timedelta())
            day += timedelta(days=1)


def _starts() -> list[datetime]:
    first = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    seconds = (datetime(YEARS[-1], 1, 1, tzinfo=UTC) - first) // timedelta(seconds=1)
    chance = random.Random(2026)
    return [first + timedelta(seconds=chance.randrange(seconds)) for _ in range(COUNT)]


def _rate(due: Callable[[datetime, Target], object], work: Sequence[tuple[datetime, Target]]) -> float:
    """Deadlines a second, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = perf_counter()
        for start, target in work:
            due(start, target)
        best = min(best, perf_counter() - begun)
    return len(work) / best


def _compile() -> list[Figure]:
    """How long a calendar takes until its first answer, and until it knows 31 years."""
    public_holidays("GB-ENG", YEARS[0])  # the library loads once per process; that is not the calendar's time
    public_holidays.cache_clear()
    figures = []
    for what, years in (("a new calendar's first answer", [2026]), ("a new calendar, 31 years", [YEARS[0], YEARS[-1]])):
        calendar = Calendar(SPEC)
        begun = perf_counter()
        for year in years:
            calendar.due(datetime(year, 6, 1, tzinfo=UTC), TARGETS["2 business days"])
        figures.append(Figure("deadlines", what, f"{(perf_counter() - begun) * 1e3:.0f} ms"))
    return figures


def _clocks() -> list[Figure]:
    start = datetime(2026, 4, 1, 10, tzinfo=UTC)
    now = start + timedelta(days=1)
    target = TARGETS["2 business days"]
    course = Course("IR-4", "policy", start, ((start, Bound(target, Calendar(SPEC))),))
    works: dict[str, Callable[[datetime, Target], object]] = {
        "evaluate a clock": lambda _start, _target: evaluate(course, now),
        "the reminders of a clock": lambda _start, _target: marks(course, now=now),
    }
    rates = {what: _rate(work, [(start, target)] * 20_000) for what, work in works.items()}
    return [Figure("deadlines", what, f"{1e6 / rate:.1f} µs") for what, rate in rates.items()]


def run() -> list[Figure]:
    """Measures. ``ratio`` says how many times as fast as the day walk. Stops if the two disagree on a deadline."""
    figures = _compile()  # first, while nothing is cached
    calendar, walk, starts = Calendar(SPEC), DayWalk(SPEC), _starts()
    cases = {name: [(start, target) for start in starts] for name, target in TARGETS.items()}
    cases["all of them mixed"] = list(zip(starts, cycle(TARGETS.values())))
    for start, target in cases["all of them mixed"][:5_000]:
        if calendar.due(start, target) != walk.due(start, target):
            raise AssertionError(f"{start} + {target}: the table and the day walk disagree")
    for name, work in cases.items():
        rate, floor = _rate(calendar.due, work), _rate(walk.due, work[: COUNT // 10])
        goal = "100,000/s" if "mixed" in name else ""
        figures.append(Figure("deadlines", name, f"{rate:,.0f}/s", f"{floor:,.0f}/s", rate / floor, goal))
    return figures + _clocks()


if __name__ == "__main__":
    print(*run(), sep="\n")
