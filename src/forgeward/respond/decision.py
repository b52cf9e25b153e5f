"""May this be done, and what follows? Pure: (case, command, context) → changes, notices.

values ok? ─▶ role may? ─▶ comes now? ─▶ nothing missing? ─▶ second person? ─▶ changes, notices, follow-ups
BadInput      NotAllowed   StepRefused   StepRefused         proposed, or at once
"""

from __future__ import annotations

from forgeward.errors import BadInput, StepRefused
from forgeward.respond.case import Case
from forgeward.respond.command import Command
from forgeward.respond.context import Context, Member
from forgeward.respond.order import require_order
from forgeward.respond.outcomes import OUTCOMES, Decision, Follow
from forgeward.respond.outcomes_system import HANDLERS, receive
from forgeward.respond.parse import check, name_of
from forgeward.respond.permissions import require
from forgeward.respond.requirements import lacks, second_person
from forgeward.respond.signals import Absorb, Receive


def decide(case: Case | None, command: Command, context: Context) -> Decision:
    """Decides a command about a case (None only for ``Receive``).

    Raises ``NotAllowed`` where the actor's roles do not permit the step or the case is closed to them, ``StepRefused``
    with every ``Lack`` where requirements are not met, ``BadInput`` for values that no step may hold, ``NotFound`` for
    an unknown action or notice. A decision without changes means that nothing new was said.
    """
    check(command)
    step = name_of(command)
    require("merge" if isinstance(command, Absorb) else step, case, context.actor)
    if isinstance(command, Receive):
        if case is not None:
            raise BadInput(f"{case.number} is open already.", next="A message joins it with `join`.")
        return receive(command, context)
    if case is None:
        raise BadInput("There is no case yet.", next="Open one first.")
    handler = HANDLERS.get(type(command))
    if handler is not None:
        return handler(case, command, context)
    require_order(case, command, context)
    missing = lacks(case, command, context)
    if missing:
        raise StepRefused(step, missing)
    return OUTCOMES[step](case, command, context, second_person(case, command, context))


__all__ = ["Context", "Decision", "Follow", "Member", "decide"]
