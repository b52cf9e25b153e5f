"""Which steps make sense now, and what each still lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from forgeward.errors import Lack
from forgeward.respond.case import Case
from forgeward.respond.context import Context
from forgeward.respond.order import answers_for
from forgeward.respond.parse import STEPS
from forgeward.respond.permissions import EVERYBODY, ROLES
from forgeward.respond.requirements import lacks, waits_for
from forgeward.vocabulary import CaseKind, Fact, Role, Severity

Wanted: TypeAlias = Callable[[Case], bool]


class NextStep(msgspec.Struct, frozen=True):
    """A step that makes sense now. ``missing`` is exactly what it would be refused for if called without fields.

    A step that only waits for its second person lacks ``second_person``, and is done with ``approve``.
    """

    step: str
    missing: tuple[Lack, ...]
    roles: frozenset[Role]


def next_steps(case: Case, context: Context) -> tuple[NextStep, ...]:
    """Sensible next steps, the most pressing first; ``close`` is last and lists all that stands in its way.

    A closed case has none, unless it was ended by breaking the glass: that is still reviewed.
    """
    if not case.is_open:
        lacking = lacks(case, STEPS["review_glass"](), context)
        return (NextStep("review_glass", lacking, ROLES["review_glass"]),) if case.open_glass else ()
    waiting = [p.step for p in case.proposals]
    found = [NextStep(step, (waits_for(step, STEPS[step].promises[0]),), EVERYBODY) for step in waiting]
    for step, wanted in WANTED.items():
        if step not in waiting and wanted(case):
            found.append(NextStep(step, lacks(case, STEPS[step](), context), ROLES[step]))
    if any(e.confirmed_at is None and answers_for(e, context.actor) for e in case.escalations):
        found.insert(0, NextStep("seen", (), ROLES["seen"]))
    return tuple(found)


def _acknowledge(case: Case) -> bool:
    under_way = any(n.kind == "acknowledgement" and n.under_way for n in case.notices)
    return case.has(Fact.REPORTED) and not case.has(Fact.ACKNOWLEDGED) and not under_way


def _told(case: Case) -> bool:
    if case.has(Fact.DECLARED) and case.has(Fact.ASSESSED) and not case.has(Fact.ATLASSIAN_TOLD):
        return True
    cra = case.has(Fact.CRA_EXPLOITED) or case.has(Fact.CRA_SEVERE)
    stages = (Fact.CRA_WARNED, Fact.CRA_NOTIFIED, Fact.CRA_FINAL)
    return (cra and not all(case.has(f) for f in stages)) or (
        case.has(Fact.GDPR_APPLIES) and not case.has(Fact.GDPR_TOLD)
    )


def _notify(case: Case) -> bool:
    """The first notice once it is material; updates while the incident lasts; the final one after recovery."""
    sent = {n.stage for n in case.notices if n.audience == "customers"}
    return case.has(Fact.MATERIAL) and ("first" not in sent or "final" not in sent)


def _plan(case: Case) -> bool:
    slow = case.level in {Severity.MEDIUM, Severity.LOW}
    return slow and case.has(Fact.CONFIRMED) and not case.has(Fact.PLANNED) and case.fixed is None


def _incident(case: Case) -> bool:
    return case.kind is CaseKind.INCIDENT


def _fixable(case: Case) -> bool:
    return case.has(Fact.CONFIRMED) and not case.has(Fact.SHIPPED)


WANTED: Mapping[str, Wanted] = {
    "resume": lambda case: case.paused,
    "acknowledge": _acknowledge,
    "resend": lambda case: any(n.given_up and n.by_person for n in case.notices),
    "assess": lambda case: not case.has(Fact.ASSESSED),
    "contain": lambda case: case.urgent and not case.has(Fact.CONTAINED),
    "material": lambda case: _incident(case) and not case.has(Fact.JUDGED),
    "told": _told,
    "notify": _notify,
    "reply": lambda case: case.reporter and case.unanswered is not None and not _acknowledge(case),
    "confirm": lambda case: not _incident(case) and case.has(Fact.ASSESSED) and not case.has(Fact.CONFIRMED),
    "convert": lambda case: case.kind is CaseKind.EVENT and case.has(Fact.ASSESSED),
    "reject": lambda case: case.kind is CaseKind.EVENT and case.has(Fact.ASSESSED),
    "eradicate": lambda case: _incident(case) and case.has(Fact.ASSESSED) and case.eradicated is None,
    "recover": lambda case: _incident(case) and case.eradicated is not None and not case.has(Fact.RECOVERED),
    "plan": _plan,
    "fix": lambda case: _fixable(case) and case.fixed is None,
    "ship": lambda case: _fixable(case) and case.fixed is not None,
    "review": lambda case: _incident(case) and case.has(Fact.RECOVERED) and not case.has(Fact.REVIEWED),
    "verify": lambda case: bool(case.open_actions),
    "review_glass": lambda case: bool(case.open_glass),
    "credit": lambda case: case.reporter and not case.credit and case.has(Fact.CONFIRMED) and case.has(Fact.SHIPPED),
    "close": lambda case: True,
}
"""When a step makes sense, the most pressing first (a dictionary keeps its order)."""
