"""Business time: when is the office open, and when has a figure of the policy run out?

    CalendarSpec --calendar_for--> Calendar --due(start, target)--> instant

How each unit counts:

- *hours, days, weeks*: exact multiples of 3,600, 86,400 and 604,800 seconds, whatever the clocks do.
- *months, years*: the same day and time in UTC. Where that month has no such day, the end of its last day
  (Regulation (EEC, Euratom) No 1182/71, Article 3(2)(c)), so that the 31st never ends before the 28th.
- *business hours*: the first instant at which that much open time has passed.
- *business days*: from within a day's opening, the same time of day on the N-th business day after it, moved into that
  day's opening (on a half day: to its closing). What comes while the office is closed, at its closing or at its
  opening has the whole next opening: the closing of the N-th business day, that one counted.
- *next maintenance date*: the end (24:00 local) of the first such date after the local date of the start.

A later start never has an earlier deadline, in any unit. Instants are aware datetimes; answers are in UTC, exact to
the microsecond. A naive datetime is a mistake of the caller (``TypeError``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from forgeward.errors import BadInput
from forgeward.policy.maintenance import MaintenanceRule
from forgeward.policy.openings import (
    DAY,
    MICROSECOND,
    MINUTE,
    Day,
    Table,
    Window,
    compile_year,
    instant,
    local_date,
    micros,
    midnight,
)
from forgeward.policy.targets import Target, Unit

OFFICE_HOURS: tuple[Window, ...] = ((9 * 60, 17 * 60 + 30),)
OFFICE_WEEK: tuple[tuple[Window, ...], ...] = (OFFICE_HOURS,) * 5 + ((), ())

_EXACT = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(weeks=1)}
_MIDNIGHT = 24 * 60
_YEARS_AHEAD = 4  # compiled at a time
_KNOWN_YEARS = range(1900, 3000)
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class CalendarSpec(msgspec.Struct, frozen=True):
    """What a policy says about its business time. Hashable; ``calendar_for`` makes it count."""

    zone: str = "UTC"  # IANA name
    week: tuple[tuple[Window, ...], ...] = OFFICE_WEEK  # Monday first; minutes after local midnight, at most 1440
    holidays: tuple[str, ...] = ()  # ISO 3166 country or subdivision: "US", "GB-ENG"; closed where any one is
    closed: tuple[date, ...] = ()  # further local dates
    half_days: tuple[tuple[date, int], ...] = ()  # local date, and the minute at which it closes
    maintenance: MaintenanceRule = MaintenanceRule()
    maintenance_dates: tuple[date, ...] = ()  # up to the last of these, they stand instead of the rule


class Calendar:
    """A compiled ``CalendarSpec``. Equal specs make equal calendars; ``calendar_for`` shares one.

    The tables grow by themselves when an instant lies outside them. A longer table takes the place of the old one in
    one assignment, so threads may share a calendar.
    """

    def __init__(self, spec: CalendarSpec) -> None:
        """Raises ``BadInput`` where zone, region or hours cannot be."""
        check_zone(spec.zone)
        check_week(spec.week)
        for code in spec.holidays:
            check_region(code)
        self.spec = spec
        self._zone = ZoneInfo(spec.zone)
        self._closed = frozenset(spec.closed)
        self._half_days = dict(spec.half_days)
        self._maintenance_dates = sorted(spec.maintenance_dates)
        self._years: dict[int, tuple[Day, ...]] = {}
        self._table: Table | None = None

    def __eq__(self, other: object) -> bool:
        return self.spec == other.spec if isinstance(other, Calendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"Calendar({self.spec!r})"

    def due(self, start: datetime, target: Target) -> datetime:
        """The instant (UTC) at which a target that runs from ``start`` is used up."""
        unit, amount = target.unit, target.amount
        if unit is Unit.BUSINESS_DAYS:
            return instant(self._after_days(micros(start), amount))
        if unit is Unit.BUSINESS_HOURS:
            return instant(self._after_open_time(micros(start), amount * 60 * MINUTE))
        if unit is Unit.MAINTENANCE:
            return self.next_maintenance(start)
        exact = _EXACT.get(unit)
        if exact is not None:
            return start.astimezone(UTC) + amount * exact
        return _after_months(start.astimezone(UTC), amount * (12 if unit is Unit.YEARS else 1))

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """``due`` for a number of business days, at least 1."""
        return self.due(start, Target(days, Unit.BUSINESS_DAYS))

    def add_business_hours(self, start: datetime, hours: int) -> datetime:
        """``due`` for a number of business hours, at least 1."""
        return self.due(start, Target(hours, Unit.BUSINESS_HOURS))

    def next_maintenance(self, after: datetime) -> datetime:
        """The end (24:00 local, in UTC) of the first maintenance date later than the local date of ``after``."""
        at = micros(after)
        table = self._covering(at, at)
        today = local_date(table.wall.shows(at))
        k = bisect_right(self._maintenance_dates, today)
        day = self._maintenance_dates[k] if k < len(self._maintenance_dates) else self.spec.maintenance.after(today)
        end = midnight(day) + DAY
        return instant(self._covering(at, end + DAY).wall.reaches(end))

    def between(self, a: datetime, b: datetime, unit: Unit) -> timedelta:
        """The time from ``a`` to ``b`` as the unit counts it: only open time for business units."""
        if unit.business:
            return self._open_time(micros(a), micros(b)) * MICROSECOND
        return b.astimezone(UTC) - a.astimezone(UTC)

    def advance(self, start: datetime, span: timedelta, unit: Unit) -> datetime:
        """The first instant (UTC) at which ``span`` has passed since ``start``, as the unit counts it."""
        if unit.business:
            return instant(self._after_open_time(micros(start), span // MICROSECOND))
        return start.astimezone(UTC) + span

    def business_seconds(self, a: datetime, b: datetime) -> int:
        """The whole seconds of open time from ``a`` to ``b``."""
        return self._open_time(micros(a), micros(b)) // 1_000_000

    def is_open(self, at: datetime) -> bool:
        """Whether the office is open: from the instant of its opening until just before its closing."""
        stamp = micros(at)
        table = self._covering(stamp, stamp)
        k = bisect_right(table.opens, stamp) - 1
        return k >= 0 and stamp < table.closes[k]

    def open_windows(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The (opening, closing) instants, in UTC, of a local day; none where the office is closed."""
        begin = midnight(day)
        found = next((open_day for open_day in self._year(day.year) if open_day.midnight == begin), None)
        return tuple((instant(opens), instant(closes)) for opens, closes in found.windows) if found else ()

    def _after_days(self, at: int, days: int) -> int:
        table = self._covering(at, at)
        i = bisect_right(table.first, at) - 1
        at_opening = i >= 0 and at == table.first[i]
        end = i + days - 1 if at_opening else i + days
        while end >= len(table.first):
            table = self._extended(table)
        if i < 0 or at_opening or at >= table.last[i]:
            return table.last[end]
        return table.at_wall(end, table.since_midnight(i, table.after_break(at)))

    def _after_open_time(self, at: int, span: int) -> int:
        if span <= 0:
            return at
        table = self._covering(at, at)
        needed = table.open_time(at) + span
        while needed > table.passed[-1]:
            table = self._extended(table)
        k = bisect_left(table.passed, needed) - 1
        return table.opens[k] + needed - table.passed[k]

    def _open_time(self, a: int, b: int) -> int:
        table = self._covering(min(a, b), max(a, b))
        return table.open_time(b) - table.open_time(a)

    def _covering(self, a: int, b: int) -> Table:
        """The table, grown so that it knows both instants."""
        table = self._table
        if table is not None and table.begins <= a and b < table.ends:
            return table
        first, last = instant(a).year - 1, instant(b).year + 1
        if table is not None:
            first, last = min(first, table.years[0]), max(last, table.years[-1])
        return self._compile(first, last + _YEARS_AHEAD)

    def _extended(self, table: Table) -> Table:
        """The table with more years at its end; what it had keeps its indexes."""
        return self._compile(table.years[0], table.years[-1] + _YEARS_AHEAD)

    def _compile(self, first: int, last: int) -> Table:
        years = [self._year(year) for year in range(first, last + 1)]
        if not any(years[-_YEARS_AHEAD:]):
            raise BadInput(
                f"The office never opens from {last + 1 - _YEARS_AHEAD} to {last}.",
                next="Mend hours, holidays and closed dates of the policy's business time.",
            )
        self._table = table = Table(self._zone, first, years)
        return table

    def _year(self, year: int) -> tuple[Day, ...]:
        if year not in self._years:
            if year not in _KNOWN_YEARS:
                raise BadInput(f"Business time is not counted in the year {year}.", next="Look for a mistyped year.")
            off = self._closed.union(*(public_holidays(code, year) for code in self.spec.holidays))
            self._years[year] = compile_year(self._zone, year, lambda day: () if day in off else self._hours(day))
        return self._years[year]

    def _hours(self, day: date) -> tuple[Window, ...]:
        windows = self.spec.week[day.weekday()]
        closing = self._half_days.get(day)
        if closing is None:
            return windows
        return tuple((opens, min(closes, closing)) for opens, closes in windows if opens < closing)


@lru_cache(maxsize=64)
def calendar_for(spec: CalendarSpec) -> Calendar:
    """The calendar of a spec, made once. Raises ``BadInput`` where zone, region or hours cannot be."""
    return Calendar(spec)


def _after_months(start: datetime, count: int) -> datetime:
    years, month = divmod(start.month - 1 + count, 12)
    year, month = start.year + years, month + 1
    last_day = monthrange(year, month)[1]
    if start.day <= last_day:
        return start.replace(year=year, month=month)
    return datetime(year, month, last_day, tzinfo=UTC) + timedelta(days=1)


def parse_time(text: str) -> int:
    """“17:30” as minutes after midnight; “24:00” is the end of the day. Raises ``BadInput``."""
    written = _TIME.fullmatch(str(text).strip())
    minute = int(written[1]) * 60 + int(written[2]) if written else -1
    if not 0 <= minute <= _MIDNIGHT:
        raise BadInput(f"“{text}” is not a time of day.", next="Write it like 09:00 or 17:30, at most 24:00.")
    return minute


def parse_hours(text: str) -> tuple[Window, ...]:
    """“09:00-12:30, 13:30-17:30” as windows, “closed” as none. Raises ``BadInput``."""
    words = str(text).strip().lower()
    if words == "closed":
        return ()
    windows = []
    for part in words.split(","):
        opens, dash, closes = part.replace("\N{EN DASH}", "-").partition("-")
        if not dash:
            raise BadInput(f"“{text}” has no closing time.", next="Write hours like 09:00-17:30, or “closed”.")
        windows.append((parse_time(opens), parse_time(closes)))
    return check_day(tuple(windows))


def check_day(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """The windows, if each closes after it opens, and before the next one opens. Raises ``BadInput``."""
    free_from = 0
    for opens, closes in windows:
        if not free_from <= opens < closes <= _MIDNIGHT:
            raise BadInput(
                "The hours of a day must follow each other and end by midnight.",
                next="Write the earlier ones first; what passes midnight goes on at 00:00 of the next day.",
            )
        free_from = closes
    return windows


def check_week(week: tuple[tuple[Window, ...], ...]) -> None:
    """Raises ``BadInput`` unless it has seven days with hours that can be, and at least one that opens."""
    if len(week) != 7 or not any(week):
        raise BadInput("A week has seven days, and at least one of them opens.", next="Give the hours of each weekday.")
    for windows in week:
        check_day(windows)


def check_zone(name: str) -> str:
    """The name, if it is an IANA time zone. Raises ``BadInput``."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"“{name}” is not a time zone.", next="Write an IANA name like Europe/London.") from None


def check_region(code: str) -> str:
    """The code, if its public holidays are known: “US”, “GB-ENG”, “DE-BY”. Raises ``BadInput``."""
    if not _REGION.fullmatch(code) or not _has_holidays(code):
        raise BadInput(
            f"The public holidays of “{code}” are not known.",
            next="Write the ISO 3166 code of a country or of a part of it, like US, IN, GB-ENG or DE-BY.",
        )
    return code


def _has_holidays(code: str) -> bool:
    try:
        return bool(public_holidays(code, 2026))
    except NotImplementedError:
        return False


@lru_cache(maxsize=1024)
def public_holidays(code: str, year: int) -> frozenset[date]:
    """The public holidays of an ISO 3166 country or subdivision, with the days on which they are observed.

    Empty for a year that the ``holidays`` library does not know. ``NotImplementedError`` for a place that it does not.
    """
    from holidays import country_holidays  # takes 0.3 s

    country, dash, part = code.partition("-")
    subdivision = part if dash else None
    return frozenset(country_holidays(country, subdiv=subdivision, years=year, expand=False))
