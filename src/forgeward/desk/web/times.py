"""Instants and spans as people read them: the policy's zone, absolute beside relative, open hours for business clocks.

Everything is made in Python, not by template filters: a page of a hundred clocks costs a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from forgeward.policy.calendar import Calendar

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MANY_HOURS = 40  # business hours up to here are counted as hours, beyond as days


def span(seconds: float) -> str:
    """A length of time in two units at most: “6 h 40 min”, “9 d 6 h”, “25 d”."""
    left = int(abs(seconds))
    if left < MINUTE:
        return "under 1 min"
    if left < HOUR:
        return f"{left // MINUTE} min"
    if left < 2 * DAY:
        hours, minutes = left // HOUR, left % HOUR // MINUTE
        return f"{hours} h {minutes} min" if minutes and hours < 24 else f"{hours} h"
    days, hours = left // DAY, left % DAY // HOUR
    return f"{days} d {hours} h" if hours and days < 15 else f"{days} d"


def _english(day: date, words: str) -> str:
    return day.strftime(words).replace(" 0", " ").lstrip("0")


@dataclass(frozen=True)
class Lens:
    """How one page shows time: seen from ``now``, in the zone and by the business hours of ``calendar``."""

    now: datetime
    calendar: Calendar

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.spec.zone)

    @cached_property
    def today(self) -> date:
        return self.local(self.now).date()

    @property
    def place(self) -> str:
        """The zone's city, as a person would name it: “London”."""
        return self.calendar.spec.zone.rpartition("/")[2].replace("_", " ")

    @property
    def zone_words(self) -> str:
        return f"{self.place} ({self.local(self.now):%Z})"

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def clock(self, instant: datetime) -> str:
        """“16:42”."""
        return f"{self.local(instant):%H:%M}"

    def at(self, instant: datetime) -> str:
        """“Wed 2 Dec, 16:42”; with the year where it is another one."""
        local = self.local(instant)
        words = "%a %d %b" if local.year == self.today.year else "%d %b %Y"
        return f"{_english(local.date(), words)}, {local:%H:%M}"

    def day(self, instant: datetime) -> str:
        """“2 Dec”, with the year where it is another one."""
        local = self.local(instant).date()
        return _english(local, "%d %b" if local.year == self.today.year else "%d %b %Y")

    def heading(self, instant: datetime) -> str:
        """“Today”, or “Friday 20 November”."""
        local = self.local(instant).date()
        if local == self.today:
            return "Today"
        return self.date_words(local)

    def date_words(self, day: date) -> str:
        """“Friday 20 November”, with the year where it is another one."""
        return _english(day, "%A %d %B" if day.year == self.today.year else "%A %d %B %Y")

    def by(self, due: datetime) -> str:
        """``near`` for a deadline: midnight is the end of the day before, “end of Tue 5 Jan”."""
        local = self.local(due)
        if local.time() != time.min:
            return self.near(due)
        day = (local - timedelta(days=1)).date()
        return "end of " + _english(day, "%a %d %b" if day.year == self.today.year else "%d %b %Y")

    def near(self, instant: datetime) -> str:
        """“today, 17:00”, “Tue, 16:00” within the week, else as ``at``."""
        local = self.local(instant)
        ahead = (local.date() - self.today).days
        if ahead == 0:
            return f"today, {local:%H:%M}"
        if ahead == 1:
            return f"tomorrow, {local:%H:%M}"
        if 1 < ahead < 7:
            return f"{local:%a}, {local:%H:%M}"
        return self.at(instant)

    def between(self, a: datetime, b: datetime, *, business: bool) -> float:
        """Seconds from ``a`` to ``b``, negative when ``b`` is earlier; of open time where ``business``."""
        if not business:
            return (b - a).total_seconds()
        return self.calendar.business_seconds(a, b) if b >= a else -self.calendar.business_seconds(b, a)

    def length(self, a: datetime, b: datetime, *, business: bool) -> str:
        """The time from ``a`` to ``b`` in words: “9 d 6 h”, “14 business h”."""
        seconds = abs(self.between(a, b, business=business))
        if business and seconds >= MINUTE:
            return self.business_words(seconds)
        return span((b - a).total_seconds())  # between closing and opening no business time passes, but time does

    def business_words(self, seconds: float) -> str:
        """“14 business h”; from 40 hours on in days of the ordinary week."""
        if seconds < HOUR:
            return f"{int(seconds // MINUTE)} business min"
        if seconds <= MANY_HOURS * HOUR:
            return f"{int(seconds // HOUR)} business h"
        return f"{seconds / self._ordinary_day:.0f} business days"

    @cached_property
    def _ordinary_day(self) -> float:
        open_days = [sum(close - begin for begin, close in day) for day in self.calendar.spec.week if day]
        return sum(open_days) * MINUTE / len(open_days) if open_days else DAY

    def office(self) -> str:
        """“business hours until 17:30”, or when they begin."""
        for window in self.calendar.open_windows(self.today):
            if window[0] <= self.now < window[1]:
                return f"business hours until {self.clock(window[1])}"
        for ahead in range(15):
            for opens, _ in self.calendar.open_windows(self.today + timedelta(days=ahead)):
                if opens > self.now:
                    return f"closed until {self.near(opens)}"
        return "closed"
