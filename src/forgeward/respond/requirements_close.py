"""What stands in the way of ending a case: nothing closes with open actions, unsent notices or a missing review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forgeward.errors import Lack
from forgeward.policy.clock import POLICY
from forgeward.respond.case import Case
from forgeward.respond.commands import Close, Reject
from forgeward.respond.context import Context
from forgeward.respond.rules import tables
from forgeward.vocabulary import CaseKind, Fact

RESOLUTIONS = {CaseKind.VULNERABILITY: "fixed", CaseKind.INCIDENT: "resolved", CaseKind.EVENT: "no_issue"}
"""The one way in which each kind closes; all else is a rejection or a merger."""

_WORDS = {
    Fact.CRA_WARNED: "the early warning (CRA)",
    Fact.CRA_NOTIFIED: "the notification (CRA)",
    Fact.CRA_FINAL: "the final report (CRA)",
    Fact.GDPR_TOLD: "the authority (GDPR)",
}


def close_lacks(case: Case, command: Close, context: Context) -> Iterator[Lack]:
    """IR-1…15 and VM-3…11 for a whole case; what is the same for every ending comes last."""
    if command.resolution and command.resolution != RESOLUTIONS[case.kind]:
        words = f"{'An' if case.kind is not CaseKind.VULNERABILITY else 'A'} {case.kind.value}"
        yield Lack("resolution", "IR-1", f"Resolution: {words} closes as “{RESOLUTIONS[case.kind]}”.")
    if not case.has(Fact.ASSESSED):
        yield Lack("assess", "IR-5", "The case has not been assessed.")
    if case.urgent and not case.has(Fact.CONTAINED):
        yield Lack("contain", "IR-7", "Critical and High are contained, or there is nothing to contain.")
    if case.kind is CaseKind.VULNERABILITY or case.has(Fact.CONFIRMED):
        yield from _vulnerability(case)
    if case.kind is CaseKind.INCIDENT:
        yield from _incident(case)
    yield from _owed_to_others(case, context)
    yield from ending_lacks(case, command, context)


def ending_lacks(case: Case, command: Any, context: Context) -> Iterator[Lack]:
    """What every ending asks for: closing, rejecting, merging."""
    if case.kind is CaseKind.INCIDENT and isinstance(command, Reject):
        yield Lack("convert", "IR-1", "An incident is not rejected: convert it first, by a recorded decision.")
    if case.has(Fact.REPORTED) and not case.has(Fact.ACKNOWLEDGED) and not _excused(command):
        lacking = "The reporter has no answer from a person that a mail server accepted"
        yield Lack("acknowledge", "IR-4", f"{lacking}; where nothing can reach them, say why (unreachable).")
    if any(n.audience == "customers" and n.outstanding for n in case.notices):
        yield Lack("notify", "IR-11", "A notice to customers has not been accepted for every recipient.")
    yield from _to_authorities(case, context)
    if case.open_actions:
        ids = ", ".join(action.id for action in case.open_actions)
        yield Lack("verify", "IR-15", f"Actions are open: {ids}.")
    if case.open_glass:
        steps = ", ".join(glass.step for glass in case.open_glass)
        yield Lack("review_glass", "S-2", f"Done alone by breaking the glass, and not yet reviewed: {steps}.")


def _excused(command: Any) -> bool:
    """Spam has no reporter; and two persons may agree, with the reason on record, that nothing reaches this one."""
    spam = isinstance(command, Reject) and command.as_ == "spam"
    return spam or (isinstance(command, Close | Reject) and bool(command.unreachable.strip()))


def _vulnerability(case: Case) -> Iterator[Lack]:
    if not case.has(Fact.CONFIRMED):
        yield Lack("confirm", "VM-3", "The vulnerability has not been confirmed by reproducing it.")
    if case.fixed is None:
        yield Lack("fix", "IR-9", "No fix has been recorded.")
    if not case.has(Fact.SHIPPED):
        yield Lack("ship", "VM-5", "Production does not have the fix.")
    if case.reporter and not case.credit:
        yield Lack("credit", "VM-11", "Nobody asked the reporter about credit.")


def _incident(case: Case) -> Iterator[Lack]:
    if not case.has(Fact.JUDGED):
        yield Lack("material", "IR-11", "Nobody decided whether the incident is material.")
    if case.eradicated is None:
        yield Lack("eradicate", "IR-9", "The cause has not been removed.")
    if not case.has(Fact.RECOVERED):
        yield Lack("recover", "IR-10", "Operation is not back to normal.")
    if not case.has(Fact.REVIEWED):
        yield Lack("review", "IR-14", "The review has not been signed.")


def _owed_to_others(case: Case, context: Context) -> Iterator[Lack]:
    """Notices and fixes that a judgement or a regime demands of a whole case; reports to authorities come later."""
    owed = set(_owed(case, context))
    stages = [word for fact, word in ((Fact.CUSTOMERS_TOLD, "first"), (Fact.FINAL_NOTICE, "final")) if fact in owed]
    if stages and not any(n.audience == "customers" and n.outstanding for n in case.notices):
        yield Lack("notify", "IR-11", f"Not accepted for every affected customer: {' and '.join(stages)} notice.")
    if Fact.ATLASSIAN_TOLD in owed:
        yield Lack("told", "IR-12", "Atlassian was not told, or it is not recorded.")
    if Fact.SHIPPED in owed and not (case.kind is CaseKind.VULNERABILITY or case.has(Fact.CONFIRMED)):
        yield Lack("ship", "VM-5", "A regime waits for the fix in production.")


def _to_authorities(case: Case, context: Context) -> Iterator[Lack]:
    """What Leadership decided to be owed stays owed, however the case ends; or Leadership decides anew."""
    owed = set(_owed(case, context))
    if waiting := [word for fact, word in _WORDS.items() if fact in owed]:
        yield Lack("told", "S-2", f"Not told, or not recorded: {', '.join(waiting)}.")


def _owed(case: Case, context: Context) -> Iterator[Fact]:
    facts = case.facts
    if Fact.MATERIAL in facts:
        yield from (f for f in (Fact.CUSTOMERS_TOLD, Fact.FINAL_NOTICE, Fact.ATLASSIAN_TOLD) if f not in facts)
    for line in tables(context.policies):
        begun = line.starts in facts and (line.when is None or line.when in facts)
        if line.regime != POLICY and begun and line.stops not in facts and line.promised(context.now):
            yield line.stops


__all__ = ["RESOLUTIONS", "close_lacks", "ending_lacks"]
