"""Chat to the team, the pure part: which reminder goes to which room, when, and in which words.

    Item (what a reminder or an alarm is about) ─ goes_to ─▶ rooms ─ ready (quiet hours, pace) ─▶ fold ─▶ one message
    Line (a deadline) ─ digest ─▶ one message a day or a week

A message carries numbers and links, what is due and who is asked; nothing that a case says. Of a restricted case it
carries number and link. What waits for a room leaves in one message, however much it is, and no number is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from forgeward.vocabulary import Role, Severity

PACE = timedelta(minutes=5)
"""Between two messages to one room; what comes in between is folded."""
URGENT_PACE = timedelta(minutes=1)
IN_WORDS: Final = 5
"""How many are told in a sentence each; of all others the number."""
MOST: Final = 300
"""Items of one message: about 3,000 characters."""
KEPT_UP = timedelta(hours=24)
"""How long one message is tried; the mail went out meanwhile."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
MONDAY: Final = 0


class Room(msgspec.Struct, frozen=True):
    """Who is reached by one target: roles, and severities (none: all, also where none is known yet)."""

    name: str
    roles: frozenset[Role]
    levels: frozenset[Severity] = frozenset()
    reminders: bool = True
    digest: Literal["", "daily", "weekly"] = ""


class Item(msgspec.Struct, frozen=True):
    """A reminder (``promise`` is set) or an alarm of the system. ``roles``: those whom it was sent to by mail."""

    key: str
    number: str
    link: str
    at: datetime
    roles: frozenset[Role]
    level: Severity | None = None
    restricted: bool = False
    promise: str = ""
    percent: int = 0
    due: datetime | None = None
    asked: str = ""
    then: str = ""

    @property
    def urgent(self) -> bool:
        return self.level is Severity.CRITICAL


class Line(msgspec.Struct, frozen=True):
    """The nearest deadline of one open case."""

    number: str
    link: str
    due: datetime
    promise: str
    owner: str = ""
    restricted: bool = False


class Quiet(msgspec.Struct, frozen=True):
    """Hours of the day, in the policy's zone, in which only what is critical is said; equal ends: none."""

    zone: str
    begins: time = time(0)
    ends: time = time(0)

    def at(self, now: datetime) -> bool:
        """Whether it is quiet at ``now``; a night that goes beyond midnight is one."""
        local = now.astimezone(ZoneInfo(self.zone)).time()
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


class Post(msgspec.Struct, frozen=True):
    """One message, ready to leave."""

    title: str
    body: str


def goes_to(item: Item, room: Room) -> bool:
    """Whether a room is told: some of its roles was reminded, and it wants to hear of this severity."""
    if not room.reminders or room.roles.isdisjoint(item.roles):
        return False
    return not room.levels or item.level in room.levels


def ready(items: Iterable[Item], quiet: Quiet, last: datetime | None, now: datetime) -> list[Item]:
    """What leaves for a room now, in one message; ``last``: when it got its last one.

    What is critical leaves in quiet hours too, and takes along nothing that can wait.
    """
    waiting = sorted(items, key=_order)
    urgent = [item for item in waiting if item.urgent]
    if quiet.at(now):
        waiting = urgent
    if last is not None and now - last < (URGENT_PACE if urgent else PACE):
        return []
    return waiting[:MOST]


def fold(items: Sequence[Item], key: str, zone: str) -> Post:
    """One message for all; the same for the same items, in whatever order they came. ``key`` tells doubles."""
    found = sorted(items, key=_order)
    numbers = _numbers(item.number for item in found)
    title = numbers[0] if len(numbers) == 1 else f"{len(numbers)} cases need somebody"
    told = [_sentence(item, zone) for item in found[:IN_WORDS]]
    rest = [number for number in numbers if number not in {item.number for item in found[:IN_WORDS]}]
    return Post(title, "\n".join([*told, *_also(rest), f"({key})"]))


def digest(lines: Collection[Line], key: str, zone: str, now: datetime) -> Post:
    """What is late and what comes next, nearest first; the same in whatever order the lines came."""
    found = sorted(lines, key=lambda line: (line.due, line.number))
    late = sum(line.due < now for line in found)
    title = f"{len(found)} open deadlines, {late} late" if found else "No deadline is open"
    told = [_due_line(line, zone) for line in found[: IN_WORDS * 4]]
    rest = _numbers(line.number for line in found[IN_WORDS * 4 :])
    return Post(title, "\n".join([*told, *_also(rest), f"({key})"]))


def digest_at(room: Room, at: time, zone: str, now: datetime) -> datetime | None:
    """The last instant, at ``now`` or before, at which the room's digest was due; None for a room without one."""
    if not room.digest:
        return None
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() >= at else local.date() - timedelta(days=1)
    if room.digest == "weekly":
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(now.tzinfo)


def pause(fails: int, retry_after: timedelta | None, jitter: float) -> timedelta:
    """How long a room is left alone after ``fails`` tries in a row; ``jitter`` in [0, 1)."""
    factor: int = 2 ** min(max(fails - 1, 0), 12)
    grown = min(FIRST_PAUSE * factor, LONGEST_PAUSE) * (0.8 + 0.4 * jitter)
    return max(grown, min(retry_after or timedelta(0), KEPT_UP))


def _order(item: Item) -> tuple[int, datetime, str]:
    return (-(item.level.rank if item.level else 0), item.due or item.at, item.key)


def _numbers(numbers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(numbers))


def _also(numbers: Sequence[str]) -> list[str]:
    return [f"Also: {', '.join(numbers)}"] if numbers else []


def _sentence(item: Item, zone: str) -> str:
    if item.restricted:
        return f"{item.number} {item.link}"
    if not item.promise:
        return f"{item.number}: an alarm of the system itself. {item.link}"
    passed = "is over" if item.percent >= 100 else f"has used {item.percent} % of its time"
    due = f", due {_when(item.due, zone)}" if item.due else ""
    asked = f" {item.asked} is asked{f', then {item.then}' if item.then else ''}." if item.asked else ""
    return f"{item.number}: {item.promise} {passed}{due}.{asked} {item.link}"


def _due_line(line: Line, zone: str) -> str:
    if line.restricted:
        return f"{line.number} {line.link}"
    owner = line.owner or "nobody has it yet"
    return f"{line.number}: {line.promise}, due {_when(line.due, zone)}, {owner}. {line.link}"


def _when(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M} ({zone})"
