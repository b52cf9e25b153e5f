"""One round of the worker: read what was stored, wake cases, send what waits, number entries, sign at fixed times.

Each part stands alone: a failing part is reported and the others still run, so that a broken mail server stops no
clock.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.utils import OperationalError

from forgeward.desk.actions import escalation, intake, outbox, sequence
from forgeward.desk.leases import process_name
from forgeward.desk.models import CheckpointRow, Heartbeat, Pending
from forgeward.edges.home import Home
from forgeward.errors import ForgewardError

logger = logging.getLogger(__name__)
CHECKPOINT_EVERY = timedelta(hours=1)
BEAT = "worker"


@dataclass
class Round:
    """What one round did."""

    woken: int = 0
    reminded: int = 0
    sent: int = 0
    filed: int = 0
    failed: int = 0
    read: int = 0
    sequenced: int = 0
    problems: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def sentence(self) -> str:
        """What was done, for people."""
        text = (
            f"{self.woken} cases woken, {self.reminded} reminders, {self.sent} mails sent, {self.filed} filed, "
            f"{self.failed} failed, {self.read} stored mails read, {self.sequenced} entries numbered."
        )
        return "\n".join([text, *self.problems])


def one_round(home: Home, now: datetime, owner: str = "") -> Round:
    """Does what is due at ``now``. Raises nothing that one part could cause: it is in ``problems``."""
    done = Round()
    owner = owner or process_name()
    parts: tuple[Callable[[], None], ...] = (
        lambda: _read(home, now, done),
        lambda: _wake(now, owner, done),
        lambda: _send(home, now, owner, done),
        lambda: _number(now, done),
        lambda: _beat(now),
    )
    for part in parts:
        try:
            part()
        except (ForgewardError, OperationalError, OSError) as problem:
            logger.exception("a part of the round failed")
            done.problems.append(f"{type(problem).__name__}: {problem}")
    return done


def _read(home: Home, now: datetime, done: Round) -> None:
    done.read = len(intake.read_stored(home, now))


def _wake(now: datetime, owner: str, done: Round) -> None:
    while numbers := escalation.claim(owner, now):
        for number in numbers:
            done.reminded += escalation.wake(number, owner, now)
            done.woken += 1


def _send(home: Home, now: datetime, owner: str, done: Round) -> None:
    sent = outbox.deliver(home, now, owner=owner)
    done.sent, done.filed, done.failed = sent.accepted, sent.filed, sent.failed


def _number(now: datetime, done: Round) -> None:
    if Pending.objects.exists():
        done.sequenced = sequence.number()
    last = CheckpointRow.objects.order_by("-signed_at").values_list("signed_at", flat=True).first()
    hour = now.replace(minute=0, second=0, microsecond=0)
    if last is None or last < hour:  # at fixed times, so that the rhythm gives nothing away
        sequence.sign_checkpoint(now)


def _beat(now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=BEAT, defaults={"at": now, "detail": f"process {os.getpid()}"})
    connection.close_if_unusable_or_obsolete()
