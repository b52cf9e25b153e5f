"""Reads the ``time`` section: zone, opening hours, holidays, closed days, maintenance dates."""

from __future__ import annotations

from datetime import date

from forgeward.policy.calendar import CalendarSpec, check_region, check_zone, parse_hours, parse_time
from forgeward.policy.maintenance import parse_maintenance
from forgeward.policy.openings import Window
from forgeward.policy.parse_fields import Reader
from forgeward.policy.parse_values import day

_KEYS = ("zone", "week", "holidays", "closed", "half_days", "maintenance", "maintenance_dates")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_time(top: Reader) -> CalendarSpec | None:
    """The calendar's spec, or None after reporting."""
    time = top.inner("time", _KEYS)
    if time is None:
        return None
    zone = time.parsed("zone", check_zone)
    week = _week(time)
    maintenance = time.parsed("maintenance", parse_maintenance)
    holidays = time.listed("holidays", check_region, required=False)
    closed = time.listed("closed", day, required=False)
    half_days = _half_days(time)
    dates = time.listed("maintenance_dates", day, required=False)
    if zone is None or maintenance is None:
        return None
    return CalendarSpec(zone, week, holidays, tuple(sorted(closed)), half_days, maintenance, tuple(sorted(dates)))


def _week(time: Reader) -> tuple[tuple[Window, ...], ...]:
    reader = time.inner("week", _WEEK)
    if reader is None:
        return ()
    week = tuple(reader.parsed(name, parse_hours, required=False) or () for name in _WEEK)
    if not any(week) and not time.report:
        time.report.add(reader.line, "The office is never open: give at least one day its hours.")
    return week


def _half_days(time: Reader) -> tuple[tuple[date, int], ...]:
    found = []
    for line, written, node in time.pairs("half_days", required=False):
        on = time.attempt(line, written, day)
        text = time.scalar(node, "The closing of a half day")
        closes = None if text is None else time.attempt(line, text, parse_time)
        if on is not None and closes is not None:
            found.append((on, closes))
    return tuple(sorted(found))
