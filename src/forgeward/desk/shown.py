"""From what readers found to the shapes of ``desk.shapes``: the one translation that commands and API share."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from forgeward.desk import shapes
from forgeward.desk.actions.cases import Performed
from forgeward.desk.actions.filing import Taken
from forgeward.desk.readers import cases as case_readers
from forgeward.desk.readers.audit import Result
from forgeward.desk.readers.case_page import CasePage
from forgeward.desk.readers.doctor import Finding
from forgeward.desk.readers.mail import MailLine, MailPage
from forgeward.desk.readers.moves import CaseMove
from forgeward.desk.readers.notices import NoticeLine
from forgeward.desk.readers.tokens import TokenLine
from forgeward.errors import Problem
from forgeward.ledger.checkpoint import Checkpoint, Note
from forgeward.ledger.proof import Proof
from forgeward.policy.diff import Comparison
from forgeward.policy.document import Policy
from forgeward.policy.render import sentence
from forgeward.policy.standing import Standing
from forgeward.vocabulary import rfc3339


def _at(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None


# --- cases -----------------------------------------------------------------------------------------------------------


def cases(page: case_readers.Page) -> shapes.Cases:
    """A page of the list of cases."""
    return shapes.Cases(
        cases=[
            shapes.CaseLine(
                id=c.number,
                kind=c.kind,
                state=c.state,
                title=c.title,
                level=c.level or None,
                next_promise=c.next_promise or None,
                next_due=_at(c.next_due),
            )
            for c in page.cases
        ],
        after=page.after or None,
    )


def case(page: CasePage) -> shapes.Case:
    """One case."""
    return shapes.Case(
        id=page.number,
        kind=page.kind,
        state=page.state,
        title=page.title,
        severity=shapes.SeverityShape(
            level=page.severity.level or None,
            score=page.severity.score,
            vector=page.severity.vector or None,
            context=list(page.severity.context),
        ),
        clocks=[
            shapes.ClockShape(
                promise=c.promise,
                regime=c.regime,
                starts=rfc3339(c.starts),
                due=_at(c.due) or "",
                met=_at(c.met),
                state=c.state,
                subject=c.subject,
                original_due=_at(c.original_due),
                leads=c.leads,
            )
            for c in page.clocks
        ],
        next=_next(page),
        timeline=[
            shapes.TimelineShape(seq=t.seq, at=rfc3339(t.at), actor=t.actor, change=t.kind, leaf=t.leaf, what=t.words)
            for t in page.timeline
        ],
        owner=page.owner or None,
        exceptions=list(page.exceptions),
        reporter_unverified=page.unverified,
    )


def _next(page: CasePage) -> list[shapes.NextShape]:
    return [shapes.NextShape(n.step, [lack.name for lack in n.missing]) for n in page.next]


def next_steps(page: CasePage) -> shapes.NextSteps:
    """What can be done now, and what each step lacks, in sentences too."""
    return shapes.NextSteps(
        id=page.number,
        next=_next(page),
        lacks=[
            shapes.LackShape(step=n.step, name=lack.name, promise=lack.promise, what=lack.sentence)
            for n in page.next
            for lack in n.missing
        ],
    )


def done(page: CasePage, step: str, performed: Performed) -> shapes.Done:
    """A step that was recorded."""
    return shapes.Done(
        id=page.number,
        step=step,
        state=page.state,
        changes=[change.kind for change in performed.changes],
        next=_next(page),
        notices=[
            {"to": n.recipient, "state": n.state, "answer": n.answer}
            for n in page.notices
            if n.notice in performed.notices
        ],
        waits_for=[lack.name for lack in performed.waits_for],
        change=performed.case.seq,
    )


def thread(page: CasePage) -> shapes.Thread:
    """The messages of a case and its notes, the oldest first."""
    return shapes.Thread(
        id=page.number,
        messages=[
            shapes.MessageShape(
                seq=m.seq,
                at=rfc3339(m.at),
                direction=m.direction,
                author=m.author,
                to=m.to,
                subject=m.subject,
                text=m.text,
                attachments=[shapes.FileShape(a.pk, a.name, a.media_type, a.size) for a in m.attachments],
            )
            for m in page.thread
        ],
    )


def entries(page: CasePage) -> shapes.Entries:
    """The history of a case with what was written, and where each stands in the ledger."""
    return shapes.Entries(
        id=page.number,
        entries=[
            shapes.EntryShape(
                seq=t.seq,
                at=rfc3339(t.at),
                actor=t.actor,
                change=t.kind,
                what=t.words,
                texts=[shapes.TextShape(label, text) for label, text in t.texts],
                leaf=t.leaf,
                proven=t.proven,
            )
            for t in page.timeline
        ],
    )


def notices(lines: Iterable[NoticeLine], after: str = "") -> shapes.Notices:
    """Outgoing mail."""
    return shapes.Notices(
        notices=[
            shapes.NoticeLine(
                key=n.key,
                case=n.case or None,
                kind=n.kind,
                to=n.recipient,
                state=n.state,
                attempts=n.attempts,
                created=rfc3339(n.created_at),
                settled=_at(n.settled_at),
                answer=n.answer,
            )
            for n in lines
        ],
        after=after or None,
    )


# --- mail ------------------------------------------------------------------------------------------------------------


def intake(taken: Iterable[Taken]) -> shapes.Intake:
    """What became of mails that came in."""
    return shapes.Intake(
        received=[
            shapes.Received(
                file=r.source,
                case=r.case,
                new=r.new,
                joined=r.joined,
                held=r.held,
                not_parsed=r.not_parsed,
                subject=r.subject,
                sender=r.sender,
                attachments=r.attachments,
                signals=r.signals,
                state=r.state,
            )
            for r in taken
        ]
    )


def held(page: MailPage) -> shapes.Held:
    """Mails in a state."""
    return shapes.Held(mails=[_held(line) for line in page.mails], after=page.before or None)


def _held(line: MailLine) -> shapes.HeldLine:
    return shapes.HeldLine(
        id=line.pk,
        at=rfc3339(line.at),
        state=line.state,
        reason=line.reason,
        case=line.case or None,
        mailbox=line.mailbox or None,
        subject=line.subject,
        sender=line.sender,
        size=line.size,
        attachments=line.attachments,
        signals=line.signals,
    )


# --- policy ----------------------------------------------------------------------------------------------------------


def policy(found: Policy, only: str = "") -> shapes.PolicyShow:
    """A policy, or one promise of it; without any promise where there is none of that name."""
    return shapes.PolicyShow(
        version=found.version,
        effective=found.effective.isoformat(),
        digest=found.digest,
        vendor=found.vendor.name,
        promises=[
            {
                "id": p.id,
                "section": p.section,
                "title": p.title,
                "sentence": sentence(found, p),
                "kept_by": [m.key for m in p.kept_by],
                "shown": p.shown,
            }
            for p in found.promises
            if not only or p.id == only.upper()
        ],
        regimes=[
            {
                "id": r.id,
                "title": r.title,
                "source": r.source,
                "obligations": [{"id": o.id, "sentence": sentence(found, o)} for o in r.obligations],
            }
            for r in found.regimes
        ],
    )


def policy_step(step: str, found: Policy, reclocked: int = 0) -> shapes.PolicyStep:
    """A proposal or an adoption."""
    return shapes.PolicyStep(
        step=step,
        version=found.version,
        digest=found.digest,
        effective=found.effective.isoformat(),
        reclocked=reclocked,
    )


def policy_check(problems: Sequence[Problem], name: str) -> shapes.PolicyCheck:
    """What is wrong with a document."""
    return shapes.PolicyCheck(
        ok=not problems, file=name, problems=[shapes.Difference(p.where, p.what) for p in problems]
    )


def policy_diff(found: Comparison, moves: list[dict[str, Any]]) -> shapes.PolicyDiff:
    """What differs between two policies, in words, and which open cases would move."""
    return shapes.PolicyDiff(
        material=found.material, text=found.text(), changes=[c.shape() for c in found.changes], moves=moves
    )


def move(found: CaseMove) -> dict[str, Any]:
    """One clock that another policy would move."""
    return {
        "case": found.case,
        "promise": found.move.promise,
        "regime": found.move.regime,
        "turn": found.move.turn.value,
        "from": _at(found.move.before),
        "to": _at(found.move.after),
    }


def standing(found: Iterable[Standing], now: datetime) -> shapes.StandingShape:
    """How promises stand."""
    return shapes.StandingShape(
        at=rfc3339(now),
        promises=[
            shapes.StandingLine(
                id=s.id,
                standing=s.standing.value,
                why=s.why,
                evidence=[shapes.Evidence(e.what, _at(e.at), e.case or None) for e in s.evidence],
                counts=dict(s.counts),
            )
            for s in found
        ],
    )


# --- the house -------------------------------------------------------------------------------------------------------


def tokens(lines: Iterable[TokenLine]) -> shapes.Tokens:
    """Tokens, without their secrets."""
    return shapes.Tokens(
        tokens=[
            shapes.TokenShape(
                id=t.ident,
                name=t.name,
                person=t.person,
                scopes=list(t.scopes),
                made=rfc3339(t.made_at),
                until=rfc3339(t.expires_at),
                used=_at(t.used_at),
                state=t.state,
            )
            for t in lines
        ]
    )


def checkpoint(note: str) -> shapes.LedgerCheckpoint:
    """A signed checkpoint, with its note as it is."""
    found = Checkpoint.parse_unverified(Note.parse(note).text)
    return shapes.LedgerCheckpoint(
        checkpoint=shapes.CheckpointShape(found.origin, found.size, found.root.hex()), note=note
    )


def receipt(number: str, proof: str) -> shapes.LedgerReceipt:
    """A report's proof."""
    return shapes.LedgerReceipt(case=number, leaf=Proof.parse(proof).index, proof=proof)


def doctor(findings: Iterable[Finding]) -> shapes.Doctor:
    """What is set up."""
    return shapes.Doctor(checks=[shapes.DoctorCheck(f.name, f.ok, f.what, f.next) for f in findings])


def audit(result: Result, hidden: Sequence[str] = ()) -> shapes.Audit:
    """What an audit found; ``hidden`` are numbers of cases that the reader may not know of."""

    def unnamed(text: str) -> str:
        return functools.reduce(lambda said, number: said.replace(number, "a restricted case"), hidden, text)

    return shapes.Audit(
        ok=not result.problems,
        entries=result.entries,
        cases=result.cases,
        problems=[shapes.Difference(unnamed(p.where), unnamed(p.what)) for p in result.problems],
    )
