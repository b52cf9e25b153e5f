"""Which step may come when, and which values make sense for this case: refusals that no option can supply.

A refusal here is a sentence with what to do instead, not a list of missing fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from forgeward.errors import BadInput, NotFound, StepRefused
from forgeward.respond import commands as c
from forgeward.respond.case import Case, Escalation
from forgeward.respond.command import Command
from forgeward.respond.context import Context
from forgeward.respond.parse import name_of
from forgeward.vocabulary import Actor, CaseKind, Fact, Role, rfc3339

WHEN_CLOSED = frozenset({"note", "reply", "resend", "reopen", "handover", "restrict", "seen", "review_glass"})
"""A case may be ended by breaking the glass, so that review comes after the end."""

_CONVERSIONS = {
    CaseKind.EVENT: frozenset({CaseKind.VULNERABILITY, CaseKind.INCIDENT}),
    CaseKind.VULNERABILITY: frozenset({CaseKind.INCIDENT}),
    CaseKind.INCIDENT: frozenset({CaseKind.VULNERABILITY, CaseKind.EVENT}),
}

Check: TypeAlias = Callable[[Case, Any, Context], None]


def require_order(case: Case, command: Command, context: Context) -> None:
    """Raises ``StepRefused`` where the step cannot come now, ``BadInput`` or ``NotFound`` for values that cannot be."""
    step = name_of(command)
    if not case.is_open and step not in WHEN_CLOSED and not _agrees_to_a_letter(command):
        raise StepRefused(
            step,
            (),
            why=f"{case.number} is closed as “{case.resolution}”.",
            next=f"Re-open it first: forgeward case reopen {case.number} --reason …",
        )
    check = _CHECKS.get(step)
    if check is not None:
        check(case, command, context)


def _agrees_to_a_letter(command: Command) -> bool:
    """What may be written to the reporter of a closed case may be agreed to as well."""
    return isinstance(command, c.Approve) and command.step == "reply"


def answers_for(escalation: Escalation, actor: Actor) -> bool:
    """Whether this person may confirm the reminder: whom it was sent to, or somebody above."""
    return escalation.to in {actor.id, ""} or speaks_for_all(actor)


def speaks_for_all(actor: Actor) -> bool:
    """Whoever stands above on the path may confirm for those below."""
    return not actor.roles.isdisjoint({Role.LEAD, Role.LEADERSHIP})


def _refuse(command: Command, why: str, next: str) -> StepRefused:
    return StepRefused(name_of(command), (), why=why, next=next)


def _acknowledge(case: Case, command: c.Acknowledge, context: Context) -> None:
    if case.has(Fact.ACKNOWLEDGED):
        raise _refuse(command, "The report is acknowledged already.", "Use `reply` to write again.")
    if any(n.kind == "acknowledgement" and n.under_way for n in case.notices):
        raise _refuse(command, "An acknowledgement is on its way.", "Wait for the mail server's word, or use `reply`.")


def _resend(case: Case, command: c.Resend, context: Context) -> None:
    if not command.letter:
        return
    known = {n.seq: n for n in case.notices if n.by_person}
    record = known.get(int(command.letter))
    if record is None:
        lost = ", ".join(str(n.seq) for n in known.values() if n.given_up) or "none"
        raise NotFound(f"Change {command.letter} of {case.number} is no letter.", next=f"Letters that failed: {lost}.")
    if not record.given_up:
        raise _refuse(command, "It reached everybody, or is still tried.", "Look at what became of it: notice status.")


def _pause(case: Case, command: c.Pause, context: Context) -> None:
    if case.paused:
        raise _refuse(command, "The clocks are paused already.", "Use `resume` when the reporter has answered.")


def _resume(case: Case, command: c.Resume, context: Context) -> None:
    if not case.paused:
        raise _refuse(command, "No clock is paused.", "Nothing has to be done.")


def _reopen(case: Case, command: c.Reopen, context: Context) -> None:
    if case.is_open:
        raise _refuse(command, f"{case.number} is open.", f"See what is next: forgeward case next {case.number}")


def _convert(case: Case, command: c.Convert, context: Context) -> None:
    if not command.to:
        return
    to = CaseKind(command.to)
    if to is case.kind:
        raise BadInput(f"{case.number} is of that kind already.", next="Nothing has to be done.")
    if to not in _CONVERSIONS[case.kind] or (to is CaseKind.EVENT and case.has(Fact.CONFIRMED)):
        raise BadInput(
            f"A {'confirmed ' if case.has(Fact.CONFIRMED) else ''}vulnerability does not become an event again.",
            next="Close it when it is fixed, or reject it.",
        )


def _regime(case: Case, command: c.Regime, context: Context) -> None:
    _not_later(command.since, "since", context)


def _ship(case: Case, command: c.Ship, context: Context) -> None:
    _not_later(command.consent_offered, "consent_offered", context)
    _not_later(command.consent_told, "consent_told", context)


def _not_later(instant: Any, name: str, context: Context) -> None:
    if instant is not None and instant > context.now:
        raise BadInput(f"“{name}” lies in the future.", next=f"It is {rfc3339(context.now)} now.")


def _later(instant: Any, name: str, context: Context) -> None:
    if instant is not None and instant <= context.now:
        raise BadInput(f"“{name}” has passed.", next=f"Give a later one; it is {rfc3339(context.now)} now.")


def _extend(case: Case, command: c.Extend, context: Context) -> None:
    if case.has(Fact.SHIPPED):
        raise _refuse(command, "The fix is in production.", "Nothing has to be extended.")
    _later(command.until, "until", context)


def _disclosure(case: Case, command: c.Disclosure, context: Context) -> None:
    _later(command.date, "date", context)
    if command.date is None and not any(each.until for each in case.disclosures[-1:]):
        raise _refuse(command, "No date of the reporter's stands.", "Give the date that the reporter named.")


def _act(case: Case, command: c.Act, context: Context) -> None:
    _later(command.due, "due", context)


def _verify(case: Case, command: c.Verify, context: Context) -> None:
    if not command.action:
        return
    action = next((a for a in case.actions if a.id == command.action), None)
    if action is None:
        known = ", ".join(a.id for a in case.open_actions) or "none"
        raise NotFound(f"{case.number} has no action {command.action}.", next=f"Open actions: {known}.")
    if action.verified_at is not None:
        raise _refuse(command, f"{action.id} is verified already.", "Nothing has to be done.")


def _notify(case: Case, command: c.Notify, context: Context) -> None:
    if command.audience == "reporter" and command.recipients:
        raise BadInput("The reporter's address is known.", next="Leave the recipients out.")
    for address in command.recipients:
        if address.count("@") != 1 or " " in address or address[0] == "@" or address[-1] == "@":
            raise BadInput(f"“{address}” is no mail address.", next="Give one address a line, without a name.")
    if command.stage == "first":
        _first(case, command, context)


def _first(case: Case, command: c.Notify, context: Context) -> None:
    """A first notice is the first that somebody gets; customers who are found later get theirs later (IR-11)."""
    if command.audience == "reporter" and any(
        n.audience == "reporter" and n.stage == "first" and n.reaching for n in case.notices
    ):
        raise _refuse(command, "The first notice to the reporter went out before.", "Send this one as an update.")
    if again := [address for address in command.recipients if address.casefold() in context.had_first]:
        raise _refuse(
            command,
            f"The first notice went out before to {', '.join(again)}.",
            "Send them an update, and the first notice only to those who did not have it.",
        )


def _merge(case: Case, command: c.Merge, context: Context) -> None:
    if command.into == case.number:
        raise BadInput("A case cannot be merged into itself.", next="Give the number of the other case.")


def _approve(case: Case, command: c.Approve, context: Context) -> None:
    if command.step and case.proposal(command.step) is None:
        waiting = ", ".join(p.step for p in case.proposals) or "nothing"
        raise _refuse(command, f"“{command.step}” does not wait for approval.", f"Waiting: {waiting}.")
    held = case.proposal(command.step) if command.step else None
    if held and command.proposal and int(command.proposal) != held.seq:
        raise _refuse(
            command, "It was changed since you looked at it.", f"Look at change {held.seq}, then agree to it."
        )


def _review_glass(case: Case, command: c.ReviewGlass, context: Context) -> None:
    if not case.open_glass:
        raise _refuse(command, "No step done by breaking the glass waits for review.", "Nothing has to be done.")


def _seen(case: Case, command: c.Seen, context: Context) -> None:
    if not any(e.confirmed_at is None and answers_for(e, context.actor) for e in case.escalations):
        raise _refuse(command, "No reminder waits for you.", "Nothing has to be done.")


_CHECKS: Mapping[str, Check] = {
    "acknowledge": _acknowledge,
    "resend": _resend,
    "pause": _pause,
    "resume": _resume,
    "reopen": _reopen,
    "convert": _convert,
    "regime": _regime,
    "ship": _ship,
    "disclosure": _disclosure,
    "extend": _extend,
    "act": _act,
    "verify": _verify,
    "notify": _notify,
    "merge": _merge,
    "approve": _approve,
    "review_glass": _review_glass,
    "seen": _seen,
}
