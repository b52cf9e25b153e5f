"""What reaches a case from outside the team changes: opening, joining, a mail server's word, reminders, mergers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from forgeward.errors import BadInput, Lack, NotAllowed, NotFound, StepRefused
from forgeward.respond import letters, signals
from forgeward.respond.case import Case, NoticeRecord
from forgeward.respond.context import Context
from forgeward.respond.evolve import evolve
from forgeward.respond.notice import Notice, receipt
from forgeward.respond.outcomes import REPORTER_ADDRESS, Decision, make_change
from forgeward.respond.parse import fields_of
from forgeward.respond.permissions import may
from forgeward.vocabulary import CaseKind, Change, Fact, Plain, Sealed, Severity, rfc3339

Handler: TypeAlias = Callable[[Case, Any, Context], Decision]
_GRAVITY = {CaseKind.EVENT: 0, CaseKind.VULNERABILITY: 1, CaseKind.INCIDENT: 2}
_THEIR_WORDS = frozenset({"mail", "form", "api"})  # sources whose title is the reporter's own subject line
_MUST_HOLD = (Fact.ACKNOWLEDGED, Fact.CUSTOMERS_TOLD, Fact.FINAL_NOTICE, Fact.ATLASSIAN_TOLD)


def receive(command: signals.Receive, context: Context) -> Decision:
    """Opens a case; an automatic receipt goes with it where that is allowed and somebody can be reached."""
    missing = tuple(
        Lack(spec.name, spec.promise, spec.sentence)
        for attribute, spec in fields_of(signals.Receive)
        if spec.needed and not getattr(command, attribute)
    )
    if missing:
        raise StepRefused("receive", missing)
    if not command.number:
        raise BadInput("The case has no number.", next="Draw a random one first.")
    if command.reported_at is not None and command.reported_at > context.now:
        raise BadInput("“reported_at” lies in the future.", next=f"It is {rfc3339(context.now)} now.")
    if command.ams_reported_at is not None and command.ams_reported_at > context.now:
        raise BadInput("“ams_reported_at” lies in the future.", next=f"It is {rfc3339(context.now)} now.")
    _require_kind(command, context)
    # A reporter's words may name them, so they go when the reporter is erased; the raw mail does too.
    owner = "reporter" if command.reporter_address else "case"
    opened = make_change("case:received", command, omit=("receipt", "language"))
    theirs = {"text": Sealed(command.text, owner)}
    if command.source in _THEIR_WORDS:
        theirs["title"] = Sealed(command.title, owner)
    opened = Change(opened.kind, opened.data, dict(opened.sealed) | theirs)
    if not (command.receipt and command.reporter_address):
        return Decision((opened,))
    template = letters.find(context.templates, letters.RECEIPT, command.language)
    subject, body = (Sealed(text) for text in receipt(command.number, context.policy, template))
    notice = Notice(
        key=f"{command.number}:2",
        case=command.number,
        seq=2,
        kind="receipt",
        audience="reporter",
        stage="",
        recipients=(REPORTER_ADDRESS,),
        subject=subject,
        body=body,
        by_person=False,
        language=template.language,
    )
    data = {"language": template.language, "template": template.mark}
    return Decision((opened, Change("case:receipt", data, {"subject": subject, "body": body})), (notice,))


def _require_kind(command: signals.Receive, context: Context) -> None:
    """IR-1: that it is an incident is somebody's decision, so who opens it as one may also convert to it."""
    if command.kind == "event" or may("convert", context.actor):
        return
    if context.actor.is_person or command.kind == "incident":
        raise NotAllowed(
            f"{context.actor.id} may not open a case as {command.kind}.", next="Open it as an event; others convert it."
        )


def _join(case: Case, command: signals.Join, context: Context) -> Decision:
    if not command.text:
        raise StepRefused("join", (Lack("text", "IR-2", "Text: the message."),))
    joined = make_change("case:joined", command, omit=("author",))
    owner = "reporter" if command.from_reporter and case.reporter else command.author
    if owner:
        theirs = {name: Sealed(text.value, owner) for name, text in joined.sealed.items()}
        joined = Change(joined.kind, joined.data, theirs)
    if command.from_reporter and case.paused:
        return Decision((joined, Change("case:resumed", {"because": "reporter_answered"})))
    return Decision((joined,))


def _group(case: Case, command: signals.Group, context: Context) -> Decision:
    return Decision((Change("case:grouped", {"count": command.count}),))


def _record(case: Case, command: Any) -> NoticeRecord:
    record = next((n for n in case.notices if n.seq == command.notice), None)
    if record is None:
        raise NotFound(f"{case.number} has no notice {command.notice}.", next="Look at the case's notices.")
    if any(not 0 <= position < record.total for position in command.recipients):
        raise BadInput(
            f"Notice {command.notice} of {case.number} has {record.total} recipients.", next="Positions count from 0."
        )
    return record


def _word(kind: str, command: Any, record: NoticeRecord, positions: list[int]) -> Change:
    """What a mail server says often names the recipient, so it goes where the recipient goes."""
    change = make_change(kind, command)
    if record.audience == "reporter":
        theirs = {name: Sealed(text.value, "reporter") for name, text in change.sealed.items()}
        change = Change(change.kind, change.data, theirs)
    data = dict(change.data) | {"notice": command.notice, "recipients": [str(p) for p in positions]}
    return Change(kind, data, change.sealed)


def _accepted(case: Case, command: signals.Accepted, context: Context) -> Decision:
    """Said twice, it happened once: the outbox reports at least once."""
    record = _record(case, command)
    new = [p for p in command.recipients if p in record.outstanding]
    return Decision((_word("case:notice_accepted", command, record, new),)) if new else Decision(())


def _bounced(case: Case, command: signals.Bounced, context: Context) -> Decision:
    """What a closed case rests on came back: the case is open again."""
    record = _record(case, command)
    new = [p for p in command.recipients if p not in record.given_up and p not in record.moved]
    if not new:
        return Decision(())
    change = _word("case:notice_bounced", command, record, new)
    after = evolve(case, change, case.seq + 1, context.now, context.actor.id)
    lost = any(case.has(fact) and not after.has(fact) for fact in _MUST_HOLD)
    if case.is_open or not lost or case.resolution == "spam":
        return Decision((change,))
    return Decision((change, Change("case:reopened", {"because": "bounced"})))


def _gave_up(case: Case, command: signals.GaveUp, context: Context) -> Decision:
    record = _record(case, command)
    new = [p for p in command.recipients if p in record.outstanding and p not in record.given_up]
    return Decision((_word("case:notice_given_up", command, record, new),)) if new else Decision(())


def _escalate(case: Case, command: signals.Escalate, context: Context) -> Decision:
    if not case.is_open and not case.open_glass:
        return Decision(())
    data: dict[str, Plain] = {
        "promise": command.promise,
        "regime": command.regime,
        "subject": command.subject,
        "percent": command.percent,
        "path": command.path,
        "to": command.to,
    }
    return Decision((Change("case:escalated", data),))


def _absorb(case: Case, command: signals.Absorb, context: Context) -> Decision:
    """The case that goes on is the older one and has come as far: merging never helps a clock."""
    if why := _not_as_far(case, command):
        raise StepRefused("merge", (), why=why, next="Merge the other way round, or bring that case as far first.")
    data: dict[str, Plain] = {"number": command.number}
    for name in ("confirmed", "declared"):
        instant = getattr(command, name)
        if instant is not None:
            data[name] = rfc3339(instant)
    return Decision((Change("case:absorbed", data),))


def _not_as_far(case: Case, other: signals.Absorb) -> str:
    """Why ``case`` cannot take the other one in; empty where it can."""
    if not case.is_open:
        return f"{case.number} is closed."
    if case.facts[Fact.RECEIVED] > other.received:
        return f"{case.number} was received later than {other.number}."
    graver = (
        _GRAVITY[CaseKind(other.kind)] > _GRAVITY[case.kind]
        or (other.material and not case.has(Fact.MATERIAL))
        or (other.level and Severity(other.level).rank > (case.level.rank if case.level else 0))
    )
    if graver:
        return f"{other.number} is judged graver than {case.number}."
    if other.confirmed is not None and not case.has(Fact.CONFIRMED):
        return f"{other.number} is confirmed, {case.number} is not."
    return ""


HANDLERS: Mapping[type, Handler] = {
    signals.Join: _join,
    signals.Group: _group,
    signals.Accepted: _accepted,
    signals.Bounced: _bounced,
    signals.GaveUp: _gave_up,
    signals.Escalate: _escalate,
    signals.Absorb: _absorb,
}
