"""One round of the worker: read what was stored, wake cases, send what waits, number entries, sign at fixed times.

Each part stands alone, and so does each case that is woken: what fails is reported and the rest still runs, so that a
broken mail server stops no clock. Only a machine whose clock was set back stops it all: nothing is written then.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeAlias

from forgeward.desk.actions import (
    abandoned,
    canaries,
    chats,
    deliveries,
    escalation,
    homes,
    intake,
    mailboxes,
    outbox,
    reclock,
    retention,
    sequence,
)
from forgeward.desk.leases import process_name
from forgeward.desk.models import Heartbeat, Pending
from forgeward.desk.worker import auditor
from forgeward.edges.home import Home
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import ForgewardError
from forgeward.ledger import schedule

BEAT = "worker"
MAILS = 200  # read in one round at most, so that a flood of mail stops no clock
Clock: TypeAlias = Callable[[], datetime]


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
    problems: dict[str, Exception] = field(default_factory=dict)

    def tries(self, what: str, deed: Callable[[], None]) -> bool:
        """Does it. False where it failed: the problem is kept under the name of what was tried."""
        try:
            deed()
        except Exception as problem:  # noqa: BLE001 - kept for the caller to tell; a bug in one part must stop no clock
            self.problems[what] = problem
        return what not in self.problems

    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def sentence(self) -> str:
        """What was done, for people."""
        text = (
            f"{self.woken} cases woken, {self.reminded} reminders, {self.sent} mails sent, {self.filed} filed, "
            f"{self.failed} failed, {self.read} stored mails read, {self.sequenced} entries numbered."
        )
        return "\n".join([text, *(told(what, problem) for what, problem in self.problems.items())])


def told(what: str, problem: Exception) -> str:
    """What failed, why, and what to do."""
    if isinstance(problem, ForgewardError):
        return f"{what}: {problem} {problem.next}".rstrip()
    return f"{what}: {type(problem).__name__}: {problem}"


def one_round(
    home: Home, clock: Clock, owner: str = "", pool: ParserPool | None = None, *, audits: bool = False
) -> Round:
    """Does what is due now; ``clock`` (``home.now``) is asked anew for each deed, since a round may take long.

    ``audits``: also the nightly audit and webhooks, for who has no process that does them beside the rounds.
    ``pool`` reads mails; without one it is made where mails wait. Raises nothing: what failed is in ``problems``.
    """
    done = Round()
    owner = owner or process_name()
    parts: dict[str, Callable[[], None]] = {
        "leases": lambda: _free(home),
        "stored mails": lambda: _read(home, clock, owner, pool, done),
        "re-clocking": lambda: _follow_policy(clock),
        "clocks": lambda: _wake(clock, owner, done),
        "outbox": lambda: _send(home, clock, owner, done),
        "ledger": lambda: _number(home, clock(), done),
        "test mails": lambda: _test(home, clock()),
        "retention": lambda: retention.look_after(home, clock()),
        "heartbeat": lambda: _beat(clock()),
    }
    if audits:
        parts["webhooks"] = lambda: _tell(home, clock, owner)
        parts["audit"] = lambda: _audit(home, clock, owner)
    if done.tries("clock", lambda: homes.require_clock(clock())):
        for name, part in parts.items():
            done.tries(name, part)
    return done


def _free(home: Home) -> None:
    """First, so that what a killed process held is done in this round."""
    abandoned.free(home)


def _read(home: Home, clock: Clock, owner: str, pool: ParserPool | None, done: Round) -> None:
    done.read = len(intake.read_stored(home, clock, owner, pool, MAILS))


def _test(home: Home, now: datetime) -> None:
    """Test mails, and alarms where mailboxes stay silent."""
    canaries.look_after(home, now)
    mailboxes.look_after(home, now)


def _follow_policy(clock: Clock) -> None:
    """Whoever adopted a policy re-clocks the open cases; where that was cut short, it is done here."""
    if not reclock.is_done():
        reclock.open_cases(clock(), lambda _done, _total: None)


def _wake(clock: Clock, owner: str, done: Round) -> None:
    """A case that cannot be woken keeps its lease, so it is tried again when that has run out."""
    while numbers := escalation.claim(owner, clock()):
        for number in numbers:
            done.tries(number, partial(_wake_one, number, clock, owner, done))


def _wake_one(number: str, clock: Clock, owner: str, done: Round) -> None:
    done.reminded += escalation.wake(number, owner, clock())
    done.woken += 1


def _send(home: Home, clock: Clock, owner: str, done: Round) -> None:
    sent = outbox.deliver(home, clock, owner=owner)
    done.sent, done.filed, done.failed = sent.accepted, sent.filed, sent.failed


def _number(home: Home, now: datetime, done: Round) -> None:
    if Pending.objects.exists():
        done.sequenced = sequence.number()
    sequence.publish(schedule.parse_times(home.settings.ledger.checkpoints), now)


def _tell(home: Home, clock: Clock, owner: str) -> None:
    deliveries.look_after(home, clock, owner)
    chats.look_after(home, clock, owner)


def _audit(home: Home, clock: Clock, owner: str) -> None:
    auditor.look_after(home, clock, owner)


def _beat(now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=BEAT, defaults={"at": now, "detail": f"process {os.getpid()}"})
