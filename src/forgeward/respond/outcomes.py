"""What a permitted, complete step changes: from a command to changes and notices.

command ──plain fields──> Change.data
        └─free texts────> Change.sealed ──> a Notice, where something goes out
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast

import msgspec

from forgeward.errors import Lack
from forgeward.respond import commands as c
from forgeward.respond.case import TEAM_OF_ONE, Case, TextRef
from forgeward.respond.command import Command
from forgeward.respond.context import Context
from forgeward.respond.notice import (
    Audience,
    Notice,
    NoticeKind,
    Recipient,
    Stage,
    notice_body,
    notice_subject,
    reply_subject,
)
from forgeward.respond.order import speaks_for_all
from forgeward.respond.parse import fields_of, name_of
from forgeward.respond.requirements import Second, metrics_of, waits_for
from forgeward.respond.severity import Judgement, judge
from forgeward.respond.signals import Absorb
from forgeward.vocabulary import CaseKind, Change, Fact, Plain, Sealed, rfc3339

REPORTER_ADDRESS = Recipient(TextRef(1, "reporter_address"))
"""Replies go to the address of the case's first mail, never to a later one."""


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


Outcome: TypeAlias = Callable[[Case, Any, Context, Second], Decision]


def make_change(kind: str, command: Command, omit: Collection[str] = (), **extra: Plain) -> Change:
    """The change that holds the command's non-empty fields: checked values plain, free texts sealed."""
    data: dict[str, Plain] = {}
    sealed: dict[str, Sealed] = {}
    for attribute, spec in fields_of(type(command)):
        value = getattr(command, attribute)
        if not value or spec.name in omit:
            continue
        if spec.sealed:
            sealed[spec.name] = Sealed(value if isinstance(value, str) else "\n".join(value), spec.subject)
        else:
            data[spec.name] = _plain(value)
    return Change(kind, data | extra, sealed)


def _plain(value: Any) -> Plain:
    if isinstance(value, datetime):
        return rfc3339(value)
    return list(value) if isinstance(value, tuple) else value


def guarded(change: Change, step: str, second: Second) -> Change:
    """The change as the four-eyes rule lets it happen: at once, as an exception, by breaking the glass, or proposed."""
    data, sealed = dict(change.data), dict(change.sealed)
    reason = sealed.pop("break_glass", None)
    match second:
        case Second.TEAM_OF_ONE:
            data["exception"] = TEAM_OF_ONE
        case Second.GLASS:
            data["break_glass"] = True
            sealed["break_glass"] = reason or Sealed("")
        case Second.PROPOSE:
            return Change("case:proposed", data | {"proposed_step": step, "proposed_kind": change.kind}, sealed)
        case Second.NOT_NEEDED:
            pass
    return Change(change.kind, data, sealed)


def _simple(kind: str) -> Outcome:
    """The outcome of a step that records its fields and nothing else."""

    def outcome(case: Case, command: Command, context: Context, second: Second) -> Decision:
        step = name_of(command)
        change = guarded(make_change(kind, command), step, second)
        waiting = (waits_for(step, type(command).promises[0]),) if second is Second.PROPOSE else ()
        return Decision((change,), waits_for=waiting)

    return outcome


# --- what goes out ---------------------------------------------------------------------------------------------------


_LETTERS: Mapping[str, tuple[str, NoticeKind]] = {
    "acknowledge": ("case:acknowledgement", "acknowledgement"),
    "reply": ("case:reply", "reply"),
}


def _letter(case: Case, command: c.Letter, context: Context, second: Second) -> Decision:
    """An acknowledgement or a reply: it goes at once, or waits until a second person has read it."""
    step = name_of(command)
    written = make_change(_LETTERS[step][0], command)
    sealed = dict(written.sealed) | {"subject": Sealed(command.subject or reply_subject(case.number), "reporter")}
    change = guarded(Change(written.kind, written.data, sealed), step, second)
    if second is Second.PROPOSE:
        return Decision((change,), waits_for=(waits_for(step, type(command).promises[0]),))
    return Decision((change,), (_letter_out(case, step, case.seq + 1, command.language, files=bool(command.files)),))


def _letter_out(case: Case, step: str, texts_at: int, language: str, *, files: bool) -> Notice:
    """The request to the outbox for a letter whose words stand in the change ``texts_at``."""
    return Notice(
        key=f"{case.number}:{case.seq + 1}",
        case=case.number,
        seq=case.seq + 1,
        kind=_LETTERS[step][1],
        audience="reporter",
        stage="",
        recipients=(REPORTER_ADDRESS,),
        subject=TextRef(texts_at, "subject"),
        body=TextRef(texts_at, "text"),
        by_person=True,
        files=TextRef(texts_at, "files") if files else None,
        language=language,
    )


def _resend(case: Case, command: c.Resend, context: Context, second: Second) -> Decision:
    """The same words to those whom they did not reach; this sending answers for them from now on."""
    old = next(n for n in case.notices if n.seq == int(command.letter))
    seq, to_reporter = case.seq + 1, old.audience == "reporter"
    gone = tuple(sorted(old.given_up))
    data: dict[str, Plain] = {"letter": old.seq, "positions": [str(position) for position in gone]}
    addresses = (Recipient(TextRef(old.texts_at, "recipients"), old.recipient(position)) for position in gone)
    notice = Notice(
        key=f"{case.number}:{seq}",
        case=case.number,
        seq=seq,
        kind=cast(NoticeKind, old.kind),
        audience=cast(Audience, old.audience),
        stage=cast(Stage, old.stage),
        recipients=(REPORTER_ADDRESS,) if to_reporter else tuple(addresses),
        subject=TextRef(old.texts_at, "subject"),
        body=TextRef(old.texts_at, "body" if old.kind == "notice" else "text"),
        by_person=True,
        files=TextRef(old.texts_at, "files") if old.files else None,
        language=old.language,
    )
    return Decision((Change("case:resent", data),), (notice,))


def _notify(case: Case, command: c.Notify, context: Context, second: Second) -> Decision:
    addresses = tuple({address.casefold(): address for address in command.recipients}.values())
    to_reporter = command.audience == "reporter"
    seq = case.seq + 1
    owner = "reporter" if to_reporter else "case"
    subject = Sealed(notice_subject(command, case.number, context.policy), owner)
    body = Sealed(notice_body(command, context.policy), owner)
    parts = make_change("case:notified", command, omit=("recipients", "subject"))
    written = {name: Sealed(text.value, owner) for name, text in parts.sealed.items()}
    sealed = written | {"subject": subject, "body": body}
    if not to_reporter:
        sealed["recipients"] = Sealed("\n".join(addresses))
    count = 1 if to_reporter else len(addresses)
    listed = tuple(Recipient(TextRef(seq, "recipients"), item) for item in range(count))
    notice = Notice(
        key=f"{case.number}:{seq}",
        case=case.number,
        seq=seq,
        kind="notice",
        audience=cast(Audience, command.audience),  # one of the choices, as parse.check made sure
        stage=cast(Stage, command.stage),
        recipients=(REPORTER_ADDRESS,) if to_reporter else listed,
        subject=subject,
        body=body,
        by_person=True,
    )
    return Decision((Change(parts.kind, dict(parts.data) | {"recipients": count}, sealed),), (notice,))


# --- judging ---------------------------------------------------------------------------------------------------------


def _assess(case: Case, command: c.Assess, context: Context, second: Second) -> Decision:
    """The four fields and a level count at once. What the context makes of the level counts when somebody agrees."""
    judged = judge(command.vector, metrics_of(command), command.severity, context.policy.thresholds)
    assert judged is not None  # noqa: S101 -- the step's gate asked for it
    metrics: list[str] = list(judged.scored.metrics) if judged.scored else []
    omit = ("vector", "severity", "context", "break_glass")
    if second is not Second.PROPOSE:
        change = make_change("case:assessed", command, omit[:2], **_verdict(judged, metrics, with_context=True))
        return Decision((guarded(change, "assess", second),))
    at_once = make_change("case:assessed", command, omit, **_verdict(judged, metrics, with_context=False))
    reasons = {"context": Sealed("\n".join(command.context))}
    later = Change("case:adjusted", _verdict(judged, metrics, with_context=True), reasons)
    return Decision((at_once, guarded(later, "assess", second)), waits_for=(waits_for("assess", "VM-4"),))


def _verdict(judged: Judgement, metrics: list[str], *, with_context: bool) -> dict[str, Plain]:
    data: dict[str, Plain] = {
        "level": (judged.level if with_context else judged.base_level).value,
        "by": "hand" if judged.by_hand else "vector",
    }
    if judged.scored is not None:
        data |= {"vector": judged.scored.vector, "base": judged.scored.base}
        data["score"] = judged.scored.score if with_context else judged.scored.base
    if with_context and metrics:
        data["metrics"] = metrics
    return data


def _confirm(case: Case, command: c.Confirm, context: Context, second: Second) -> Decision:
    """Reproducing it is the decision that an event is a vulnerability (IR-1)."""
    change = make_change("case:confirmed", command)
    if case.kind is not CaseKind.EVENT:
        return Decision((change,))
    return Decision((Change("case:converted", {"to": "vulnerability", "because": "confirmed"}), change))


# --- ending, learning, persons ---------------------------------------------------------------------------------------


def _merge(case: Case, command: c.Merge, context: Context, second: Second) -> Decision:
    absorb = Absorb(
        number=case.number,
        kind=case.kind.value,
        received=case.facts[Fact.RECEIVED],
        level=case.level.value if case.level else "",
        material=case.has(Fact.MATERIAL),
        confirmed=case.facts.get(Fact.CONFIRMED),
        declared=case.facts.get(Fact.DECLARED),
    )
    return Decision((make_change("case:merged", command),), follows=(Follow(command.into, absorb),))


def _act(case: Case, command: c.Act, context: Context, second: Second) -> Decision:
    return Decision((make_change("case:action_agreed", command, action=f"A{len(case.actions) + 1}"),))


def _approve(case: Case, command: c.Approve, context: Context, second: Second) -> Decision:
    waiting = case.proposal(command.step)
    assert waiting is not None  # noqa: S101 -- the order of steps made sure
    change = make_change("case:approved", command, proposed_by=waiting.by, proposal=waiting.seq)
    if waiting.step not in _LETTERS:
        return Decision((change,))
    language, files = str(waiting.data.get("language", "")), "files" in waiting.texts
    return Decision((change,), (_letter_out(case, waiting.step, waiting.seq, language, files=files),))


def _review_glass(case: Case, command: c.ReviewGlass, context: Context, second: Second) -> Decision:
    """The oldest one that somebody else broke; in a team of one there is nobody else, and that is shown."""
    others = [glass for glass in case.open_glass if glass.by != context.actor.id]
    glass = (others or list(case.open_glass))[0]
    change = make_change("case:glass_reviewed", command, glass=glass.seq)
    return Decision((guarded(change, "review_glass", Second.NOT_NEEDED if others else Second.TEAM_OF_ONE),))


def _restrict(case: Case, command: c.Restrict, context: Context, second: Second) -> Decision:
    people = [] if command.lift else sorted({*command.people, context.actor.id})
    return Decision((Change("case:restricted", {"people": people}),))


def _seen(case: Case, command: c.Seen, context: Context, second: Second) -> Decision:
    return Decision((Change("case:escalation_seen", {"for_all": speaks_for_all(context.actor)}),))


OUTCOMES: Mapping[str, Outcome] = {
    "acknowledge": _letter,
    "reply": _letter,
    "resend": _resend,
    "note": _simple("case:noted"),
    "pause": _simple("case:paused"),
    "resume": _simple("case:resumed"),
    "credit": _simple("case:credited"),
    "disclosure": _simple("case:disclosure_set"),
    "assess": _assess,
    "convert": _simple("case:converted"),
    "confirm": _confirm,
    "material": _simple("case:judged"),
    "regime": _simple("case:regime_decided"),
    "contain": _simple("case:contained"),
    "plan": _simple("case:planned"),
    "eradicate": _simple("case:eradicated"),
    "fix": _simple("case:fixed"),
    "ship": _simple("case:shipped"),
    "recover": _simple("case:recovered"),
    "extend": _simple("case:extended"),
    "notify": _notify,
    "told": _simple("case:told"),
    "close": _simple("case:closed"),
    "reject": _simple("case:rejected"),
    "merge": _merge,
    "reopen": _simple("case:reopened"),
    "review": _simple("case:reviewed"),
    "act": _act,
    "verify": _simple("case:action_verified"),
    "approve": _approve,
    "review_glass": _review_glass,
    "handover": _simple("case:handed_over"),
    "restrict": _restrict,
    "seen": _seen,
}
