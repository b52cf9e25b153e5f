"""How fast somebody may call, the same in every process: a token bucket in the database.

The bucket is one number, the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, annex A): a call
is let in while that instant lies no further ahead than the bucket is deep, and pushes it on by the time of one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgeward.desk.actions import write
from forgeward.desk.models.fields import to_micros
from forgeward.errors import TooFast


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` calls at once, and ``per_minute`` in the long run."""

    burst: int
    per_minute: int

    @property
    def interval(self) -> int:
        """Microseconds between two calls in the long run."""
        return 60_000_000 // self.per_minute


_STATEMENT = (
    "INSERT INTO desk_apirate (key, arrival) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET"
    " arrival = CASE WHEN desk_apirate.arrival > %s THEN desk_apirate.arrival ELSE %s END + %s"
    " WHERE desk_apirate.arrival <= %s RETURNING arrival"
)


def charge(key: str, pace: Pace, now: datetime) -> None:
    """Takes one call out of the bucket named ``key``. Raises ``TooFast`` with the seconds to wait."""
    at, step = to_micros(now), pace.interval
    most = at + step * (pace.burst - 1)
    with write.inside() as cursor:
        cursor.execute(_STATEMENT, [key, at + step, at, at, step, most])
        if cursor.fetchone() is not None:
            return
        cursor.execute("SELECT arrival FROM desk_apirate WHERE key = %s", [key])
        arrival: int = cursor.fetchone()[0]
    raise TooFast(max(1, -(-(arrival - most) // 1_000_000)))


def forget_idle(now: datetime) -> None:
    """Drops buckets that are full again."""
    with write.inside() as cursor:
        cursor.execute("DELETE FROM desk_apirate WHERE arrival < %s", [to_micros(now)])
