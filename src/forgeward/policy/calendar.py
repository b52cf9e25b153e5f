"""Business time: when is the office open, and when has so much of it passed?"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

import msgspec

from forgeward.policy.maintenance import MaintenanceRule
from forgeward.policy.targets import Target, Unit

Window: TypeAlias = tuple[int, int]
OFFICE_HOURS: tuple[Window, ...] = ((9 * 60, 17 * 60 + 30),)
OFFICE_WEEK: tuple[tuple[Window, ...], ...] = (OFFICE_HOURS,) * 5 + ((), ())


class CalendarSpec(msgspec.Struct, frozen=True):
    """What a policy says about its business time. Hashable; ``calendar_for`` turns it into a ``Calendar``."""

    zone: str = "UTC"
    week: tuple[tuple[Window, ...], ...] = OFFICE_WEEK  # Monday first; minutes after local midnight, closing <= 1440
    holidays: tuple[str, ...] = ()  # ISO 3166 country or country-subdivision: "US", "GB-ENG"; closed when any is
    closed: tuple[date, ...] = ()  # further local dates
    half_days: tuple[tuple[date, int], ...] = ()  # local date, minute at which it closes
    maintenance: MaintenanceRule = MaintenanceRule()  # noqa: RUF009
    maintenance_dates: tuple[date, ...] = ()  # while these last, they stand instead of the rule


class Calendar:
    def __init__(self, spec: CalendarSpec) -> None:
        self.spec = spec

    def due(self, start: datetime, target: Target) -> datetime:
        raise NotImplementedError

    def business_seconds(self, a: datetime, b: datetime) -> int:
        raise NotImplementedError

    def is_open(self, at: datetime) -> bool:
        raise NotImplementedError

    def add_business_hours(self, start: datetime, hours: int) -> datetime:
        raise NotImplementedError

    def add_business_days(self, start: datetime, days: int) -> datetime:
        raise NotImplementedError

    def next_maintenance(self, after: datetime) -> datetime:
        """The end (24:00 local) of the first maintenance date after the local date of ``after``, in UTC."""
        raise NotImplementedError

    def open_windows(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        raise NotImplementedError

    def between(self, a: datetime, b: datetime, unit: Unit) -> timedelta:
        raise NotImplementedError

    def advance(self, start: datetime, span: timedelta, unit: Unit) -> datetime:
        raise NotImplementedError


@lru_cache(maxsize=64)
def calendar_for(spec: CalendarSpec) -> Calendar:
    """The calendar of a spec, compiled once. Raises ``BadInput`` where the spec cannot be."""
    return Calendar(spec)


def parse_time(text: str) -> int:
    """“17:30” as minutes after midnight; “24:00” is the end of the day. Raises ``BadInput``."""
    raise NotImplementedError


def parse_hours(text: str) -> tuple[Window, ...]:
    """“09:00-12:30, 13:30-17:30” as windows; “closed” as none. Raises ``BadInput``."""
    raise NotImplementedError


def check_zone(name: str) -> str:
    """The name, if it is an IANA time zone. Raises ``BadInput``."""
    raise NotImplementedError


def check_region(code: str) -> str:
    """The code, if its public holidays are known: “US”, “GB-ENG”, “DE-BY”. Raises ``BadInput``."""
    raise NotImplementedError
