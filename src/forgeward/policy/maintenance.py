"""The vendor's maintenance cycle (VM-8): "first Tuesday every month", "every 3 months on the first Tuesday"."""

from __future__ import annotations

import calendar
import re
from datetime import date

import msgspec

from forgeward.errors import BadInput

_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CYCLES = (1, 2, 3, 4, 6, 12)  # whole cycles in a year, so that the months are the same every year

_DAY = rf"(?P<nth>{'|'.join(_NTH)}) (?P<weekday>{'|'.join(_WEEKDAYS)})"
_CYCLE = r"every (?:(?P<months>\d{1,2}) months|month|(?P<named>quarter|year))"
_WRITTEN = (re.compile(rf"{_DAY} (?:of )?{_CYCLE}"), re.compile(rf"{_CYCLE} on the {_DAY}"))


class MaintenanceRule(msgspec.Struct, frozen=True):
    """The ``nth`` (1 to 4; -1 is the last) ``weekday`` (0 is Monday) of every ``months``-th month, from January on.

    A date that the rule gives stands, also where it is a holiday.
    """

    nth: int = 1
    weekday: int = 1
    months: int = 3

    def __str__(self) -> str:
        nth = next(word for word, number in _NTH.items() if number == self.nth)
        cycle = "every month" if self.months == 1 else f"every {self.months} months"
        return f"{nth} {_WEEKDAYS[self.weekday].capitalize()} {cycle}"

    def after(self, day: date) -> date:
        """The first maintenance date later than ``day``."""
        year, month = day.year, day.month - (day.month - 1) % self.months
        while True:
            found = self._in_month(year, month)
            if found > day:
                return found
            year, month = (year, month + self.months) if month + self.months <= 12 else (year + 1, 1)

    def _in_month(self, year: int, month: int) -> date:
        weekday_of_first, length = calendar.monthrange(year, month)
        first = 1 + (self.weekday - weekday_of_first) % 7
        if self.nth > 0:
            return date(year, month, first + 7 * (self.nth - 1))
        return date(year, month, first + (length - first) // 7 * 7)


def parse_maintenance(text: str) -> MaintenanceRule:
    """Reads the rule as written in a policy. Raises ``BadInput`` for what is no rule of this form."""
    words = " ".join(str(text).lower().split())
    written = next((found for form in _WRITTEN if (found := form.fullmatch(words))), None)
    months = int(written["months"] or {"quarter": 3, "year": 12, None: 1}[written["named"]]) if written else 0
    if not written or months not in _CYCLES:
        raise BadInput(
            f"“{text}” is not a maintenance cycle.",
            next="Write it like “first Tuesday every month” or “every 3 months on the last Friday”; "
            f"a cycle has {', '.join(map(str, _CYCLES[:-1]))} or {_CYCLES[-1]} months.",
        )
    return MaintenanceRule(_NTH[written["nth"]], _WEEKDAYS.index(written["weekday"]), months)
