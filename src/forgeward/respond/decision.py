"""May this be done, and what follows? Pure: (case, command, context) → changes, notices."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forgeward.errors import Lack
from forgeward.policy.book import PolicyBook
from forgeward.respond.case import Case
from forgeward.respond.commands import Command
from forgeward.respond.notice import Notice
from forgeward.vocabulary import Actor, Change, Role


class Member(msgspec.Struct, frozen=True):
    """Somebody of the team. Auditors are listed too, but are no second person."""

    id: str
    roles: frozenset[Role] = frozenset()
    active: bool = True


class Context(msgspec.Struct, frozen=True):
    """What a decision needs beside the case: who acts, who is there, which policies, what time it is (UTC).

    ``customer_sites`` are host names of customers' sites, where no reproduction may happen (VM-3).
    """

    actor: Actor
    team: tuple[Member, ...]
    policies: PolicyBook
    now: datetime
    customer_sites: frozenset[str] = frozenset()


class Follow(msgspec.Struct, frozen=True):
    """A command for another case, to be decided and applied in the same transaction."""

    number: str
    command: Command


class Decision(msgspec.Struct, frozen=True):
    """What happens: changes in order (each takes the case's next ``seq``), notices for the outbox, follow-ups.

    ``waits_for`` is not empty when the step was recorded but takes effect only when a second person approves it.
    """

    changes: tuple[Change, ...]
    notices: tuple[Notice, ...] = ()
    follows: tuple[Follow, ...] = ()
    waits_for: tuple[Lack, ...] = ()


def decide(case: Case | None, command: Command, context: Context) -> Decision:
    """Decides a command about a case (None only for ``Receive``).

    Raises ``NotAllowed`` where the actor's roles do not permit the step or the case is closed to them, ``StepRefused``
    with every ``Lack`` where requirements are not met, ``BadInput`` for values that no step may hold.
    """
    raise NotImplementedError
