"""One promise, one case, one clock: due when, met or missed?"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

import msgspec

from forgeward.policy.calendar import Calendar
from forgeward.policy.targets import Target


class ClockState(enum.StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    LATE_MET = "late_met"
    NOT_APPLICABLE = "not_applicable"


class Bound(msgspec.Struct, frozen=True):
    """A figure with the calendar that it is counted in."""

    target: Target
    calendar: Calendar


Limit: TypeAlias = Bound | datetime | None


class Pause(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime | None = None
    reason: str = ""


class Extension(msgspec.Struct, frozen=True):
    at: datetime
    until: datetime
    control: str = ""


class Course(msgspec.Struct, frozen=True):
    promise: str
    regime: str
    starts: datetime
    targets: tuple[tuple[datetime, Limit], ...]
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    stopped: datetime | None = None
    ended: datetime | None = None
    subject: str = ""


class Clock(msgspec.Struct, frozen=True):
    promise: str
    regime: str
    subject: str
    starts: datetime
    due: datetime | None
    original_due: datetime | None
    met: datetime | None
    missed_at: datetime | None
    state: ClockState
    open: bool = True  # still waits for its stop


def evaluate(course: Course, now: datetime) -> Clock:
    raise NotImplementedError


def used(course: Course, now: datetime) -> float:
    raise NotImplementedError


def marks(course: Course, percents: Iterable[int] = (50, 80, 100)) -> tuple[datetime, ...]:
    raise NotImplementedError


def nearest(clocks: Iterable[Clock]) -> Clock | None:
    raise NotImplementedError
