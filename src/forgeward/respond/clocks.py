"""The clocks of a case: each promise's and regime's rule meets the case's facts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import Clock, Course
from forgeward.respond.case import Case

Path: TypeAlias = Literal["owner", "lead", "leadership"]


class Reminder(msgspec.Struct, frozen=True):
    """A clock passed a share of its time at ``at``: ``path`` says who is told (O-1)."""

    promise: str
    regime: str
    subject: str
    percent: int
    at: datetime
    due: datetime
    path: Path


def courses(case: Case, book: PolicyBook) -> tuple[Course, ...]:
    """One course for each clock that ever started for this case, the policy's first."""
    raise NotImplementedError


def clocks(case: Case, book: PolicyBook, now: datetime) -> tuple[Clock, ...]:
    """The courses, evaluated."""
    raise NotImplementedError


def wake_at(case: Case, book: PolicyBook, now: datetime) -> datetime | None:
    """The next instant after ``now`` at which a running clock passes a reminder's share or its due date."""
    raise NotImplementedError


def reminders(case: Case, book: PolicyBook, last: datetime, now: datetime) -> tuple[Reminder, ...]:
    """The marks that running clocks passed after ``last`` and until ``now``; the highest of each clock."""
    raise NotImplementedError
