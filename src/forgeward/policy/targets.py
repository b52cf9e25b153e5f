"""The figures of a policy: "2 business days", "24 hours", "1 month", "next maintenance date".

    text --parse_target--> Target --str--> the same words, as they stand in the sentence that customers read

How a figure becomes an instant is the business of ``calendar``.
"""

from __future__ import annotations

import enum
import re

import msgspec

from forgeward.errors import BadInput

_DAY = 86_400
_LONGEST = 100 * 366 * _DAY
_WRITTEN = re.compile(r"(?P<amount>-?\d+) (?P<unit>business days?|business hours?|hours?|days?|weeks?|months?|years?)")
_MAINTENANCE = "next maintenance date"


class Unit(enum.StrEnum):
    """What is counted. The values are words of the policy file's reader, with ``_`` for the blank."""

    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    MAINTENANCE = "maintenance"

    @property
    def business(self) -> bool:
        """Whether only open time counts."""
        return self is Unit.BUSINESS_DAYS or self is Unit.BUSINESS_HOURS


# Seconds of ordinary life in one unit: a week has 5 business days of 8.5 hours. A maintenance date is a quarter away.
_HINT = {
    Unit.BUSINESS_DAYS: 7 * _DAY / 5,
    Unit.BUSINESS_HOURS: 7 * _DAY / 5 / 8.5,
    Unit.HOURS: 3_600,
    Unit.DAYS: _DAY,
    Unit.WEEKS: 7 * _DAY,
    Unit.MONTHS: 365.25 * _DAY / 12,
    Unit.YEARS: 365.25 * _DAY,
    Unit.MAINTENANCE: 365.25 * _DAY / 4,
}


class Target(msgspec.Struct, frozen=True):
    """How long a promise gives: ``amount`` of ``unit``. ``str()`` writes it as sentences use it.

    Raises ``BadInput`` for an amount below 1 and for more than 100 years.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise BadInput(f"“{self}” leaves no time.", next="Write a number of at least 1.")
        if self.seconds_hint > _LONGEST:
            raise BadInput(f"“{self}” is over 100 years.", next="Write a shorter time.")

    def __str__(self) -> str:
        if self.unit is Unit.MAINTENANCE:
            return _MAINTENANCE
        words = self.unit.value.replace("_", " ")
        return f"{self.amount} {words.removesuffix('s') if self.amount == 1 else words}"

    @property
    def seconds_hint(self) -> int:
        """Roughly how many seconds that is, to tell which of two figures is the tighter. Never used for a deadline."""
        return round(self.amount * _HINT[self.unit])


def parse_target(text: str) -> Target:
    """Reads a figure as it is written in a policy.

    Raises ``BadInput`` for anything else than a whole number of a known unit, and as ``Target`` does.
    """
    words = " ".join(str(text).lower().split())
    if words == _MAINTENANCE:
        return Target(1, Unit.MAINTENANCE)
    written = _WRITTEN.fullmatch(words)
    if not written:
        raise BadInput(
            f"“{text}” is not a length of time.",
            next="Write a whole number of business days, business hours, hours, days, weeks, months or years, "
            f"like “2 business days”, or “{_MAINTENANCE}”.",
        )
    unit = written["unit"].replace(" ", "_")
    return Target(int(written["amount"]), Unit(unit if unit.endswith("s") else f"{unit}s"))
