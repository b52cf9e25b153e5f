"""What each step asks for: the gates of the promises, one small function each.

    lacks(case, command, context) = empty needed fields + what the step's gates say

A ``Lack`` is named after a field of the command, after the step that has to come first, or ``second_person``,
``reporter``, ``action``: so a person always knows where to supply it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from forgeward.errors import BadInput, Lack
from forgeward.respond import commands as c
from forgeward.respond.case import Case
from forgeward.respond.command import Command, FourEyes
from forgeward.respond.context import Context
from forgeward.respond.letters import gaps
from forgeward.respond.notice import needed_parts
from forgeward.respond.parse import fields_of, name_of
from forgeward.respond.requirements_close import close_lacks, ending_lacks
from forgeward.respond.severity import ContextMetric, judge, parse_context
from forgeward.vocabulary import CaseKind, Fact, parse_instant

Gate: TypeAlias = Callable[[Case, Any, Context], Iterator[Lack]]


class Second(enum.Enum):
    """How a step stands with its second person."""

    NOT_NEEDED = enum.auto()
    PROPOSE = enum.auto()  # recorded, takes effect when somebody else approves
    GLASS = enum.auto()  # done alone, reviewed afterwards
    TEAM_OF_ONE = enum.auto()  # there is nobody else: let through, and shown


def lacks(case: Case, command: Command, context: Context) -> tuple[Lack, ...]:
    """Everything that the step asks for and does not have; empty when it may be recorded."""
    found = list(_empty_fields(case, command))
    for gate in GATES.get(name_of(command), ()):
        found.extend(gate(case, command, context))
    return tuple(found)


def waits_for(step: str, promise: str) -> Lack:
    """The lack of a step that only waits for its second person."""
    if step in {"acknowledge", "reply"}:
        how = f"`forgeward case approve --step {step} --proposal CHANGE`"
        return Lack("second_person", promise, f"Somebody else reads the letter and agrees: {how}.")
    return Lack("second_person", promise, f"Somebody else agrees: `forgeward case approve --step {step}`.")


def second_person(case: Case, command: Command, context: Context) -> Second:
    """How the four-eyes rule applies. Raises ``BadInput`` where glass is broken although nothing needs it."""
    if not isinstance(command, FourEyes):
        return Second.NOT_NEEDED
    if not _NEEDS_SECOND[type(command)](case, command, context):
        if command.break_glass:
            raise BadInput("Nothing here needs a second person.", next="Leave break_glass out.")
        return Second.NOT_NEEDED
    if context.alone:
        return Second.TEAM_OF_ONE
    return Second.GLASS if command.break_glass else Second.PROPOSE


def metrics_of(command: c.Assess) -> tuple[ContextMetric, ...]:
    """The assessment's context, read. Raises ``BadInput``."""
    return parse_context(command.context)


def _owns(case: Case, command: c.Verify, context: Context) -> bool:
    return any(a.id == command.action and a.owner == context.actor.id for a in case.actions)


_NEEDS_SECOND: Mapping[type[Command], Callable[[Case, Any, Context], bool]] = {
    c.Acknowledge: lambda case, command, context: command.sort in context.policy.second_person,
    c.Reply: lambda case, command, context: command.sort in context.policy.second_person,
    c.Assess: lambda case, command, context: bool(command.context),
    c.Contain: lambda case, command, context: bool(command.nothing),
    c.Convert: lambda case, command, context: case.kind is CaseKind.INCIDENT,
    c.Close: lambda case, command, context: case.kind is CaseKind.EVENT,
    c.Extend: lambda case, command, context: True,
    c.Reject: lambda case, command, context: True,
    c.Ship: lambda case, command, context: command.reviewer in {"", case.fix_author},
    c.Verify: _owns,
}


def _empty_fields(case: Case, command: Command) -> Iterator[Lack]:
    step = name_of(command)
    for attribute, spec in fields_of(type(command)):
        if spec.needed and not getattr(command, attribute) and not _carried(case, step, spec.name):
            if step == "ship" and spec.name == "reviewer":
                continue  # its own gate knows who may stand in
            yield Lack(spec.name, spec.promise, spec.sentence)


def _carried(case: Case, step: str, name: str) -> bool:
    """A later assessment keeps what it does not say anew."""
    return step == "assess" and f"assess.{name}" in case.texts


# --- gates -----------------------------------------------------------------------------------------------------------


def _reporter(case: Case, command: Any, context: Context) -> Iterator[Lack]:
    if not case.reporter:
        yield Lack("reporter", "IR-4", "The case has no reporter with an address to write to.")


def _no_gaps(case: Case, command: c.Letter, context: Context) -> Iterator[Lack]:
    if open_gaps := gaps(command.text) + gaps(command.subject):
        yield Lack("text", "", f"Reply: still to be written: {'; '.join(open_gaps)}.")


def _incident(case: Case, command: Any, context: Context) -> Iterator[Lack]:
    if case.kind is not CaseKind.INCIDENT:
        yield Lack("convert", "IR-1", "First declare it an incident: convert it, with the reason.")


def _after(step: str, promise: str, there: Callable[[Case], bool], sentence: str) -> Gate:
    """A gate that asks for an earlier step."""

    def gate(case: Case, command: Any, context: Context) -> Iterator[Lack]:
        if not there(case):
            yield Lack(step, promise, sentence)

    return gate


_assessed = _after("assess", "IR-5", lambda case: case.has(Fact.ASSESSED), "First assess the case.")
_confirmed = _after(
    "confirm", "VM-3", lambda case: case.has(Fact.CONFIRMED), "First confirm the vulnerability by reproducing it."
)
_fixed = _after("fix", "IR-9", lambda case: case.fixed is not None, "First record the fix.")
_eradicated = _after(
    "eradicate", "IR-9", lambda case: case.eradicated is not None, "First record how the cause was removed."
)


def _severity(case: Case, command: c.Assess, context: Context) -> Iterator[Lack]:
    metrics = metrics_of(command)
    judged = judge(command.vector, metrics, command.severity, context.policy.thresholds)
    if judged is None:
        yield Lack("severity", "IR-6", "Severity: give a CVSS vector, or a level with its reason.")
    elif judged.by_hand and not command.reason:
        yield Lack("reason", "VM-4", "Reason: why this level, where the vector does not give it.")
    if metrics and not command.vector:
        yield Lack("vector", "VM-4", "CVSS vector: the base vector that the context changes.")
    if bare := [item.metric for item in metrics if not item.reason]:
        yield Lack("context", "VM-4", f"Context: {', '.join(bare)} needs a reason, like {bare[0]}=why.")


def _isolated(case: Case, command: c.Confirm, context: Context) -> Iterator[Lack]:
    place = command.environment.casefold()
    if any(site.casefold() in place for site in context.customer_sites):
        yield Lack("environment", "VM-3", "Environment: that is a customer's site; reproduce it in one of our own.")


def _still_harm(case: Case, command: c.Convert, context: Context) -> Iterator[Lack]:
    if case.kind is CaseKind.INCIDENT and case.has(Fact.MATERIAL):
        yield Lack("material", "IR-11", "It stands judged material; Leadership first decides anew.")


def _containment(case: Case, command: c.Contain, context: Context) -> Iterator[Lack]:
    if command.nothing:
        return
    if not command.how:
        yield Lack("how", "IR-7", "How: what contained it, or `nothing` with the reason and a second person.")
    if not command.detail:
        yield Lack("detail", "IR-7", "Detail: what was done, to which version, environment or key.")


def _reviewer(case: Case, command: c.Ship, context: Context) -> Iterator[Lack]:
    if command.reviewer and command.reviewer not in context.persons:
        yield Lack("reviewer", "TC-9", f"Reviewer: {command.reviewer} does not work here.")
    elif command.reviewer in {"", case.fix_author} and not command.break_glass and not context.alone:
        yield Lack("reviewer", "TC-9", "Reviewer: who reviewed the change, other than the fix's author.")


def _permissions(case: Case, command: c.Ship, context: Context) -> Iterator[Lack]:
    if command.permissions != "changed":
        return
    if not command.threat_model:
        yield Lack("threat_model", "TC-11", "Threat model: where that of the changed permissions is kept.")
    if command.consent_offered is None:
        yield Lack("consent_offered", "VM-5", "Consent offered: when admins were offered the new version.")
    if command.consent_told is None:
        yield Lack("consent_told", "VM-5", "Consent told: when admins were told why to consent.")


def _parts(case: Case, command: c.Notify, context: Context) -> Iterator[Lack]:
    if command.audience == "reporter":
        yield from _reporter(case, command, context)
    elif command.audience and not command.recipients:
        yield Lack("recipients", "IR-11", "Recipients: mail addresses, one a line.")
    for name in needed_parts(command.audience, command.stage):
        if name != "happened" and not getattr(command, name):
            spec = next(spec for attribute, spec in fields_of(c.Notify) if attribute == name)
            yield Lack(name, spec.promise, spec.sentence)
    if command.audience == "customers" and command.stage in {"update", "final"}:
        sent = any(n.audience == "customers" and n.stage == "first" for n in case.notices)
        if not sent:
            yield Lack("stage", "IR-13", "Stage: the first notice comes before updates and the final one.")


def _told(case: Case, command: c.Told, context: Context) -> Iterator[Lack]:
    if command.who.startswith("cra_") and not (case.has(Fact.CRA_EXPLOITED) or case.has(Fact.CRA_SEVERE)):
        yield Lack("regime", "S-2", "First Leadership decides that the CRA applies.")
    if command.who == "gdpr" and not case.has(Fact.GDPR_APPLIES):
        yield Lack("regime", "S-2", "First Leadership decides that the GDPR applies.")
    if command.who == "customers" and not any(n.given_up for n in case.notices if n.audience == "customers"):
        yield Lack("notify", "IR-11", "No notice to customers has failed; send one.")


def _creditable(case: Case, command: c.Credit, context: Context) -> Iterator[Lack]:
    if not case.has(Fact.CONFIRMED) and case.kind is not CaseKind.INCIDENT:
        yield Lack("confirm", "VM-11", "Credit comes after validation: confirm the vulnerability first.")
    if not case.has(Fact.SHIPPED) and not case.has(Fact.RECOVERED):
        yield Lack("ship", "VM-11", "Credit comes after the fix: ship it first.")
    if command.consent == "yes" and not command.name:
        yield Lack("name", "VM-11", "Name: the name to print, as the reporter wants it.")


def _reviewable(case: Case, command: c.Review, context: Context) -> Iterator[Lack]:
    if case.kind is CaseKind.INCIDENT and not case.has(Fact.RECOVERED):
        yield Lack("recover", "IR-14", "The review follows recovery: record that first.")
    if case.kind is not CaseKind.INCIDENT and not case.has(Fact.SHIPPED):
        yield Lack("ship", "IR-14", "The review follows the fix: ship it first.")
    if not command.actions and not case.actions:
        yield Lack("actions", "IR-14", "Actions: what is agreed, or why nothing is.")


def _member(field: str, promise: str) -> Gate:
    """A gate that asks for somebody who works here."""

    def gate(case: Case, command: Any, context: Context) -> Iterator[Lack]:
        who = getattr(command, field)
        if who and who not in context.persons:
            yield Lack(field, promise, f"{field.capitalize()}: {who} does not work here.")

    return gate


def _other_hands(case: Case, command: c.Verify, context: Context) -> Iterator[Lack]:
    if _owns(case, command, context) and not command.break_glass and not context.alone:
        yield Lack("second_person", "IR-15", "Somebody other than the action's owner verifies it.")


def _other_eyes(case: Case, command: Any, context: Context) -> Iterator[Lack]:
    if case.open_glass and all(glass.by == context.actor.id for glass in case.open_glass) and not context.alone:
        yield Lack("second_person", "IR-7", "Somebody other than who broke the glass reviews it.")


def _somebody(case: Case, command: c.Restrict, context: Context) -> Iterator[Lack]:
    if not command.people and not command.lift:
        yield Lack("people", "TC-15", "People: who may see the case, by id; or lift the restriction.")
    if strangers := [who for who in command.people if who not in {member.id for member in context.team}]:
        yield Lack("people", "TC-15", f"People: {', '.join(strangers)} is not known here.")


def _agreed(case: Case, command: c.Approve, context: Context) -> Iterator[Lack]:
    """Somebody else than the proposer; and what the step asks for still holds."""
    waiting = case.proposal(command.step)
    if waiting is None:
        return
    if waiting.by == context.actor.id:
        yield Lack("second_person", "IR-7", "Somebody other than who proposed it agrees.")
    if waiting.step in {"acknowledge", "reply"}:
        yield from _reporter(case, command, context)
        if not command.proposal:
            yield Lack("proposal", "", f"Proposal: the number of the change that you read; {waiting.seq} waits.")
    match waiting.step:
        case "convert":
            yield from _still_harm(case, c.Convert(), context)
        case "close":
            yield from close_lacks(case, c.Close(resolution=str(waiting.data["resolution"])), context)
        case "reject":
            yield from ending_lacks(case, c.Reject(as_=str(waiting.data["as"])), context)
        case "extend":
            until = parse_instant(str(waiting.data["until"]))
            if case.has(Fact.SHIPPED) or until <= context.now:
                yield Lack("extend", "VM-9", "The extension has been overtaken; propose a new one if it is needed.")


GATES: Mapping[str, tuple[Gate, ...]] = {
    "acknowledge": (_reporter, _no_gaps),
    "reply": (_reporter, _no_gaps),
    "pause": (_reporter,),
    "credit": (_reporter, _creditable),
    "assess": (_severity,),
    "convert": (_still_harm,),
    "confirm": (_assessed, _isolated),
    "material": (_incident,),
    "contain": (_containment,),
    "plan": (_confirmed,),
    "eradicate": (_incident, _assessed),
    "fix": (_confirmed, _member("author", "TC-9")),
    "ship": (_fixed, _reviewer, _permissions),
    "recover": (_incident, _eradicated),
    "extend": (_confirmed,),
    "notify": (_parts,),
    "told": (_told,),
    "close": (close_lacks,),
    "reject": (ending_lacks,),
    "merge": (ending_lacks,),
    "review": (_reviewable,),
    "act": (_member("owner", "IR-15"),),
    "verify": (_other_hands,),
    "approve": (_agreed,),
    "review_glass": (_other_eyes,),
    "handover": (_member("owner", "O-1"),),
    "restrict": (_somebody,),
}
