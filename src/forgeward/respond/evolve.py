"""Folds changes into a case: the same changes always give the same case.

    kind of change ──FOLDS──> one small function ──> the case's new values

Only the names of sealed texts are read, never their values, so a history with erased texts folds just the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from msgspec.structs import replace

from forgeward.errors import BadInput, Conflict
from forgeward.respond.case import (
    Action,
    Case,
    Disclosure,
    Escalation,
    Exemption,
    Extended,
    Glass,
    Proposal,
    RegimeDecision,
    SeverityMark,
    Wait,
)
from forgeward.respond.folding import begin, end, mark_severity
from forgeward.respond.folding_notices import accepted, bounced, gave_up, requested, resent, told
from forgeward.vocabulary import CaseKind, Change, Fact, Plain, Severity


class Event(NamedTuple):
    """One change as the folds read it. ``texts_at``: the change that holds the texts (a proposal's, once approved)."""

    kind: str
    data: Mapping[str, Plain]
    names: tuple[str, ...]
    seq: int
    texts_at: int
    at: datetime
    actor: str
    approver: str = ""

    def text(self, name: str) -> str:
        value = self.data.get(name, "")
        return value if isinstance(value, str) else ""

    def whole(self, name: str, default: int = 0) -> int:
        value = self.data.get(name, default)
        return value if isinstance(value, int) else default

    def items(self, name: str) -> tuple[str, ...]:
        value = self.data.get(name)
        return tuple(value) if isinstance(value, list) else ()

    def positions(self, name: str) -> tuple[int, ...]:
        return tuple(int(item) for item in self.items(name))

    def instant(self, name: str) -> datetime | None:
        value = self.text(name)
        return datetime.fromisoformat(value) if value else None


Fold: TypeAlias = Callable[[Case, Event], dict[str, Any]]
"""From a case and an event to the fields that change."""


def evolve(case: Case | None, change: Change, seq: int, at: datetime, actor: str) -> Case:
    """The case after ``change``, which is its number ``seq`` (from 1), recorded at ``at`` (UTC) by ``actor`` (an id).

    Raises ``Conflict`` when ``seq`` is not the next one, ``BadInput`` for an unknown kind of change.
    """
    event = Event(change.kind, change.data, tuple(change.sealed), seq, seq, at, actor)
    if case is None:
        if change.kind != "case:received" or seq != 1:
            raise Conflict("A case begins with its receipt.", next="Replay its changes from the first one.")
        return _received(event)
    if seq != case.seq + 1:
        raise Conflict(
            f"Change {seq} of {case.number} does not follow change {case.seq}.",
            next="Read the case again, then decide again.",
        )
    if change.kind == "case:approved":
        return _finish(_approve(case, event), event)
    return _finish(_apply(case, event), event)


def _apply(case: Case, event: Event) -> Case:
    try:
        step, fold = FOLDS[event.kind]
    except KeyError:
        raise BadInput(f"“{event.kind}” is no change of a case.", next="Upgrade: a newer version wrote it.") from None
    fields = fold(case, event)
    if event.names:
        fields["texts"] = case.texts | {f"{step}.{name}": event.texts_at for name in event.names}
    if event.data.get("break_glass"):
        glass = Glass(event.seq, step, event.actor, event.at)
        fields["glass"] = (*case.glass, glass)
        fields["facts"] = (fields.get("facts") or case.facts) | {Fact.BROKE_GLASS: event.at}
    if why := event.text("exception"):
        fields["exemptions"] = (*case.exemptions, Exemption(event.seq, step, why))
    if case.proposals and "proposals" not in fields:
        fields["proposals"] = tuple(p for p in case.proposals if p.step != step)
    return replace(case, **fields) if fields else case


def _finish(case: Case, event: Event) -> Case:
    fields: dict[str, Any] = {"seq": event.seq, "changed": event.at}
    if case.escalations and event.kind != "case:escalated" and event.actor.startswith("person:"):
        fields.update(_confirm_escalations(case, event))
    return replace(case, **fields)


def _confirm_escalations(case: Case, event: Event) -> dict[str, Any]:
    """Whoever acts on the case after a reminder has seen it; who stands above may confirm for all (``seen``)."""
    everybody = bool(event.data.get("for_all"))
    mine = [e.confirmed_at is None and (everybody or e.to in {event.actor, ""}) for e in case.escalations]
    if not any(mine):
        return {}
    return {
        "escalations": tuple(
            replace(e, confirmed_at=event.at, confirmed_by=event.actor) if confirmed else e
            for e, confirmed in zip(case.escalations, mine, strict=True)
        )
    }


# --- opening and joining ---------------------------------------------------------------------------------------------


def _received(event: Event) -> Case:
    reported = event.instant("reported_at") or event.at
    kind = CaseKind(event.text("kind") or "event")
    disclosure = event.instant("disclosure")
    facts = {Fact.RECEIVED: reported}
    reporter = "reporter_address" in event.names
    if reporter:
        facts[Fact.REPORTED] = reported
    if event.text("source") == "ams":
        facts[Fact.AMS_REPORTED] = event.instant("ams_reported_at") or reported
    if kind is CaseKind.INCIDENT:
        facts[Fact.DECLARED] = event.at
    return Case(
        number=event.text("number"),
        kind=kind,
        seq=event.seq,
        opened=event.at,
        changed=event.at,
        source=event.text("source"),
        facts=facts,
        texts={f"receive.{name}": event.seq for name in event.names},
        reporter=reporter,
        apps=event.items("apps"),
        signals=event.items("signals"),
        unanswered=reported if reporter else None,
        disclosures=(Disclosure(event.at, disclosure, event.seq),) if disclosure else (),
    )


def _joined(case: Case, event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = {"messages": case.messages + 1}
    if event.data.get("from_reporter") and case.unanswered is None:
        fields["unanswered"] = event.at
    return fields


def _absorbed(case: Case, event: Event) -> dict[str, Any]:
    """The merged case's earlier instants count: merging never moves a deadline to a later day."""
    facts = dict(case.facts)
    for fact, name in ((Fact.CONFIRMED, "confirmed"), (Fact.DECLARED, "declared")):
        instant = event.instant(name)
        if instant is not None and fact in facts:
            facts[fact] = min(facts[fact], instant)
    return {"facts": facts, "absorbed": (*case.absorbed, event.text("number"))}


# --- judging ---------------------------------------------------------------------------------------------------------


def _assessed(case: Case, event: Event) -> dict[str, Any]:
    apps = event.items("apps")
    fields = mark_severity(case, begin(case.facts, Fact.ASSESSED, event.at), _mark(event))
    return fields | {"apps": apps or case.apps}


def _adjusted(case: Case, event: Event) -> dict[str, Any]:
    return mark_severity(case, case.facts, _mark(event))


def _mark(event: Event) -> SeverityMark:
    return SeverityMark(
        at=event.at,
        level=Severity(event.text("level")),
        by="hand" if event.text("by") == "hand" else "vector",
        vector=event.text("vector"),
        base=event.whole("base", -1),
        score=event.whole("score", -1),
        metrics=event.items("metrics"),
        approver=event.approver,
        seq=event.texts_at,
    )


def _converted(case: Case, event: Event) -> dict[str, Any]:
    to = CaseKind(event.text("to"))
    fields: dict[str, Any] = {"kind": to, "kinds": (*case.kinds, (event.at, to))}
    if to is CaseKind.INCIDENT:
        return fields | {"facts": begin(case.facts, Fact.DECLARED, event.at)}
    if case.kind is CaseKind.INCIDENT:
        return fields | end(case, event.at, Fact.DECLARED)
    return fields


def _confirmed(case: Case, event: Event) -> dict[str, Any]:
    return {"facts": begin(case.facts, Fact.CONFIRMED, event.at)}


def _judged(case: Case, event: Event) -> dict[str, Any]:
    facts = begin(case.facts, Fact.JUDGED, event.at)
    if event.text("decision") == "yes":
        return {"facts": begin(facts, Fact.MATERIAL, event.at)}
    return {"facts": facts} | end(replace(case, facts=facts), event.at, Fact.MATERIAL)


_REGIME_FACTS = {
    "cra_exploited": Fact.CRA_EXPLOITED,
    "cra_severe": Fact.CRA_SEVERE,
    "gdpr": Fact.GDPR_APPLIES,
    "marketplace": Fact.AMS_REPORTED,
}


def _regime_decided(case: Case, event: Event) -> dict[str, Any]:
    which, applies = event.text("which"), event.text("applies") == "yes"
    fact = _REGIME_FACTS[which]
    decisions = (*(d for d in case.regimes if d.which != which), RegimeDecision(which, applies, event.seq, event.at))
    if not applies:
        return {"regimes": decisions} | end(case, event.at, fact)
    since = event.instant("since") or event.at
    since = min(since, case.facts.get(fact, since))  # awareness never moves to a later day
    return {"regimes": decisions, "facts": case.facts | {fact: since}}


# --- acting ----------------------------------------------------------------------------------------------------------


def _contained(case: Case, event: Event) -> dict[str, Any]:
    return {"facts": begin(case.facts, Fact.CONTAINED, event.at), "contained_nothing": "nothing" in event.names}


def _planned(case: Case, event: Event) -> dict[str, Any]:
    return {"facts": begin(case.facts, Fact.PLANNED, event.at), "planned_for": event.instant("date")}


def _eradicated(case: Case, event: Event) -> dict[str, Any]:
    return {"eradicated": case.eradicated or event.at}


def _fixed(case: Case, event: Event) -> dict[str, Any]:
    return {
        "fixed": case.fixed or event.at,
        "fix_author": event.text("author") or event.actor,
        "weakness": event.text("weakness"),
    }


def _shipped(case: Case, event: Event) -> dict[str, Any]:
    """What is in production needs no plan any more."""
    return {"facts": begin(begin(case.facts, Fact.SHIPPED, event.at), Fact.PLANNED, event.at)}


def _recovered(case: Case, event: Event) -> dict[str, Any]:
    return {"facts": begin(case.facts, Fact.RECOVERED, event.at)}


def _extended(case: Case, event: Event) -> dict[str, Any]:
    until = event.instant("until")
    assert until is not None  # noqa: S101 -- decide() asks for it
    return {"extensions": (*case.extensions, Extended(event.at, until, event.texts_at))}


def _paused(case: Case, event: Event) -> dict[str, Any]:
    return {"waits": (*case.waits, Wait(event.at, None, event.seq))}


def _resumed(case: Case, event: Event) -> dict[str, Any]:
    return {"waits": (*case.waits[:-1], replace(case.waits[-1], end=event.at))}


# --- ending ----------------------------------------------------------------------------------------------------------


def _close(case: Case, at: datetime, resolution: str) -> dict[str, Any]:
    waits = case.waits
    if case.paused:
        waits = (*waits[:-1], replace(waits[-1], end=at))
    return {"closed": at, "resolution": resolution, "proposals": (), "waits": waits, "unanswered": None}


def _closed(case: Case, event: Event) -> dict[str, Any]:
    return _close(case, event.at, event.text("resolution"))


def _rejected(case: Case, event: Event) -> dict[str, Any]:
    return _close(case, event.at, event.text("as"))


def _merged(case: Case, event: Event) -> dict[str, Any]:
    return _close(case, event.at, "duplicate") | {"merged_into": event.text("into")}


def _reopened(case: Case, event: Event) -> dict[str, Any]:
    fields: dict[str, Any] = {"closed": None, "resolution": "", "merged_into": ""}
    if event.text("because") != "fix_incomplete":
        return fields
    undone = [Fact.SHIPPED, Fact.RECOVERED, Fact.REVIEWED]
    if case.planned_for is None:
        undone.append(Fact.PLANNED)  # only the shipping had planned it
    gone = end(case, event.at, *undone)
    return fields | gone | {"fixed": None, "eradicated": None}


# --- learning, persons -----------------------------------------------------------------------------------------------


def _reviewed(case: Case, event: Event) -> dict[str, Any]:
    return {"facts": begin(case.facts, Fact.REVIEWED, event.at)}


def _action_agreed(case: Case, event: Event) -> dict[str, Any]:
    due = event.instant("due")
    assert due is not None  # noqa: S101 -- decide() asks for it
    action = Action(event.text("action"), event.seq, event.text("owner"), event.at, due)
    return {"actions": (*case.actions, action)}


def _action_verified(case: Case, event: Event) -> dict[str, Any]:
    which = event.text("action")
    return {
        "actions": tuple(
            replace(a, verified_at=event.at, verified_by=event.actor) if a.id == which else a for a in case.actions
        )
    }


def _glass_reviewed(case: Case, event: Event) -> dict[str, Any]:
    which = event.whole("glass")
    return {
        "glass": tuple(
            replace(g, reviewed_at=event.at, reviewed_by=event.actor) if g.seq == which else g for g in case.glass
        ),
        "facts": case.facts | {Fact.GLASS_REVIEWED: event.at},
    }


def _proposed(case: Case, event: Event) -> dict[str, Any]:
    step = event.text("proposed_step")
    inner = {name: value for name, value in event.data.items() if not name.startswith("proposed_")}
    waiting = Proposal(event.seq, step, event.actor, event.text("proposed_kind"), inner, event.names)
    return {"proposals": (*(p for p in case.proposals if p.step != step), waiting)}


def _approve(case: Case, event: Event) -> Case:
    """What was proposed takes effect now: done by its proposer, agreed by ``event.actor``."""
    waiting = case.proposal(event.text("step"))
    if waiting is None:
        raise Conflict(f"Nothing waits for approval at “{event.text('step')}”.", next="Read the case again.")
    texts = case.texts | {f"approve.{name}": event.seq for name in event.names}
    inner = Event(
        waiting.kind, waiting.data, waiting.texts, event.seq, waiting.seq, event.at, waiting.by, approver=event.actor
    )
    return _apply(replace(case, texts=texts), inner)


def _handed_over(case: Case, event: Event) -> dict[str, Any]:
    return {"owner": event.text("owner")}


def _restricted(case: Case, event: Event) -> dict[str, Any]:
    return {"people": event.items("people")}


def _escalated(case: Case, event: Event) -> dict[str, Any]:
    escalation = Escalation(
        seq=event.seq,
        promise=event.text("promise"),
        regime=event.text("regime"),
        subject=event.text("subject"),
        percent=event.whole("percent"),
        path=event.text("path"),
        to=event.text("to"),
        at=event.at,
    )
    return {"escalations": (*case.escalations, escalation), "facts": case.facts | {Fact.ESCALATED: event.at}}


def _disclosure_set(case: Case, event: Event) -> dict[str, Any]:
    return {"disclosures": (*case.disclosures, Disclosure(event.at, event.instant("date"), event.seq))}


def _credited(case: Case, event: Event) -> dict[str, Any]:
    return {"credit": event.text("consent")}


def _nothing(case: Case, event: Event) -> dict[str, Any]:
    return {}


def _requested(case: Case, event: Event) -> dict[str, Any]:
    return requested(case, event.kind, event.data, event.seq, event.at, (event.texts_at, event.names))


def _written(case: Case, event: Event) -> dict[str, Any]:
    """A letter that goes at once leaves one alone that waits for a second person; the waiting one going ends it."""
    fields = _requested(case, event)
    if event.kind == "case:reply" and not event.approver and not event.data.get("break_glass"):
        fields["proposals"] = case.proposals
    return fields


def _resent(case: Case, event: Event) -> dict[str, Any]:
    return resent(case, event.whole("letter"), event.positions("positions"), event.seq, event.at)


def _accepted(case: Case, event: Event) -> dict[str, Any]:
    return accepted(case, event.whole("notice"), event.positions("recipients"), event.at)


def _bounced(case: Case, event: Event) -> dict[str, Any]:
    return bounced(case, event.whole("notice"), event.positions("recipients"), event.at)


def _gave_up(case: Case, event: Event) -> dict[str, Any]:
    return gave_up(case, event.whole("notice"), event.positions("recipients"))


def _told(case: Case, event: Event) -> dict[str, Any]:
    return told(case, event.text("who"), event.at)


FOLDS: Mapping[str, tuple[str, Fold]] = {
    "case:receipt": ("receipt", _requested),
    "case:joined": ("join", _joined),
    "case:grouped": ("group", _nothing),
    "case:absorbed": ("absorb", _absorbed),
    "case:acknowledgement": ("acknowledge", _written),
    "case:reply": ("reply", _written),
    "case:resent": ("resend", _resent),
    "case:notified": ("notify", _requested),
    "case:notice_accepted": ("accepted", _accepted),
    "case:notice_bounced": ("bounced", _bounced),
    "case:notice_given_up": ("gave_up", _gave_up),
    "case:told": ("told", _told),
    "case:noted": ("note", _nothing),
    "case:assessed": ("assess", _assessed),
    "case:adjusted": ("assess", _adjusted),
    "case:converted": ("convert", _converted),
    "case:confirmed": ("confirm", _confirmed),
    "case:judged": ("material", _judged),
    "case:regime_decided": ("regime", _regime_decided),
    "case:contained": ("contain", _contained),
    "case:planned": ("plan", _planned),
    "case:eradicated": ("eradicate", _eradicated),
    "case:fixed": ("fix", _fixed),
    "case:shipped": ("ship", _shipped),
    "case:recovered": ("recover", _recovered),
    "case:extended": ("extend", _extended),
    "case:paused": ("pause", _paused),
    "case:resumed": ("resume", _resumed),
    "case:credited": ("credit", _credited),
    "case:disclosure_set": ("disclosure", _disclosure_set),
    "case:closed": ("close", _closed),
    "case:rejected": ("reject", _rejected),
    "case:merged": ("merge", _merged),
    "case:reopened": ("reopen", _reopened),
    "case:reviewed": ("review", _reviewed),
    "case:action_agreed": ("act", _action_agreed),
    "case:action_verified": ("verify", _action_verified),
    "case:proposed": ("propose", _proposed),
    "case:glass_reviewed": ("review_glass", _glass_reviewed),
    "case:handed_over": ("handover", _handed_over),
    "case:restricted": ("restrict", _restricted),
    "case:escalated": ("escalate", _escalated),
    "case:escalation_seen": ("seen", _nothing),
}
