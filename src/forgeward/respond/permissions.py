"""Who may do what (S-2): a table step → roles. The Security Lead may do every step, an auditor none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from forgeward.errors import NotAllowed, NotFound
from forgeward.respond.case import Case, may_see
from forgeward.vocabulary import Actor, Role

_E, _S, _L = Role.ENGINEERING, Role.SUPPORT, Role.LEADERSHIP
_WORDS = {
    Role.LEAD: "the Security Lead",
    Role.ENGINEERING: "Engineering",
    Role.SUPPORT: "Support",
    Role.LEADERSHIP: "Leadership",
    Role.AUDITOR: "an auditor",
}


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset({Role.LEAD, *roles})


EVERYBODY = _roles(_E, _S, _L)

ROLES: Mapping[str, frozenset[Role]] = {
    "receive": EVERYBODY,
    "join": EVERYBODY,
    "acknowledge": _roles(_S),
    "reply": _roles(_S, _E),
    "resend": _roles(_S, _E, _L),
    "note": EVERYBODY,
    "pause": _roles(_S, _E),
    "resume": _roles(_S, _E),
    "credit": _roles(_S),
    "disclosure": _roles(_S),
    "assess": _roles(_E),
    "convert": _roles(_E),
    "confirm": _roles(_E),
    "material": _roles(_L),
    "regime": _roles(_L),
    "contain": _roles(_E),
    "plan": _roles(_E),
    "eradicate": _roles(_E),
    "fix": _roles(_E),
    "ship": _roles(_E),
    "recover": _roles(_E),
    "extend": _roles(_E),
    "notify": _roles(_S, _L),
    "told": _roles(_S, _L),
    "close": _roles(_S, _E),
    "reject": _roles(_S, _E),
    "merge": _roles(_S, _E),
    "reopen": _roles(_S, _E, _L),
    "review": _roles(_E, _L),
    "act": EVERYBODY,
    "verify": EVERYBODY,
    "approve": EVERYBODY,
    "review_glass": EVERYBODY,
    "handover": EVERYBODY,
    "restrict": _roles(_L),
    "seen": EVERYBODY,
}
"""Gates count persons: whoever works here may be the second one, so ``approve`` asks for no special role."""

_OF_THE_SYSTEM = frozenset({"group", "accepted", "bounced", "gave_up", "escalate"})
_OF_BOTH = frozenset({"receive", "join"})


def may(step: str, actor: Actor) -> bool:
    """Whether the actor's roles permit the step."""
    if not actor.is_person:
        return actor.id.startswith("system:") and step in _OF_THE_SYSTEM | _OF_BOTH
    return not actor.roles.isdisjoint(ROLES.get(step, frozenset()))


def require(step: str, case: Case | None, actor: Actor) -> None:
    """Raises ``NotAllowed`` with a sentence that says who may do it, ``NotFound`` for a case closed to the actor."""
    if not may(step, actor):
        raise NotAllowed(_refusal(step, actor), next=_advice(step))
    # The lead may change who sees a restricted case, so that it cannot be lost with the people it names.
    if case is not None and not may_see(case, actor) and not (step == "restrict" and Role.LEAD in actor.roles):
        raise NotFound(f"There is no case {case.number}.", next="See `forgeward case list`.")  # nobody learns of it


def _refusal(step: str, actor: Actor) -> str:
    if not actor.is_person:
        return f"“{step}” is for a person to do, not for {actor.id}."
    if not actor.roles:
        return f"{actor.id} has no role, so may not do “{step}”."
    held = " and ".join(_WORDS[role] for role in Role if role in actor.roles)
    return f"{held[0].upper()}{held[1:]} may not do “{step}”."


def _advice(step: str) -> str:
    if step not in ROLES:
        return "Only the system itself records that."
    return f"Ask {either(ROLES[step])}."


def either(roles: Collection[Role]) -> str:
    """Roles in a sentence: “the Security Lead or Engineering”."""
    words = [_WORDS[role] for role in Role if role in roles]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
