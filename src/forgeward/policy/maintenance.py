"""The vendor's maintenance cycle: "first Tuesday every month", "every 3 months on the first Tuesday"."""

from __future__ import annotations

import msgspec


class MaintenanceRule(msgspec.Struct, frozen=True):
    """The ``nth`` (1 to 4, -1 for the last) ``weekday`` (0 is Monday) of every ``months``-th month, counted from January."""

    nth: int = 1
    weekday: int = 1
    months: int = 3


def parse_maintenance(text: str) -> MaintenanceRule:
    """Reads the rule as written in a policy. Raises ``BadInput``."""
    raise NotImplementedError
