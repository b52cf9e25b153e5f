"""How far a case has come: the stages of its kind, each with the instant at which it was reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from forgeward.respond.case import Case
from forgeward.vocabulary import CaseKind, Fact

Reached: TypeAlias = Callable[[Case], datetime | None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. ``now``: the first that is not reached yet. A stage that was passed over has no instant."""

    name: str
    at: datetime | None
    now: bool
    promise: str = ""


def _fact(fact: Fact) -> Reached:
    return lambda case: case.facts.get(fact)


def _credited(case: Case) -> datetime | None:
    return case.changed if case.credit else None


ACKNOWLEDGED = ("Acknowledged", "IR-4", _fact(Fact.ACKNOWLEDGED))
ASSESSED = ("Assessed", "IR-5", _fact(Fact.ASSESSED))
CONTAINED = ("Contained", "IR-7", _fact(Fact.CONTAINED))
CLOSED = ("Closed", "", lambda case: case.closed)
STAGES: Mapping[CaseKind, tuple[tuple[str, str, Reached], ...]] = {
    CaseKind.EVENT: (ACKNOWLEDGED, ASSESSED, CONTAINED, CLOSED),
    CaseKind.VULNERABILITY: (
        ACKNOWLEDGED,
        ASSESSED,
        ("Confirmed", "VM-3", _fact(Fact.CONFIRMED)),
        CONTAINED,
        ("Fix written", "IR-9", lambda case: case.fixed),
        ("In production", "VM-5", _fact(Fact.SHIPPED)),
        ("Credited", "VM-11", _credited),
        CLOSED,
    ),
    CaseKind.INCIDENT: (
        ACKNOWLEDGED,
        ASSESSED,
        ("Declared", "IR-1", _fact(Fact.DECLARED)),
        CONTAINED,
        ("Eradicated", "IR-9", lambda case: case.eradicated),
        ("Recovered", "IR-10", _fact(Fact.RECOVERED)),
        ("Reviewed", "IR-14", _fact(Fact.REVIEWED)),
        CLOSED,
    ),
}


def stages(case: Case) -> tuple[Stage, ...]:
    """The stages that this case goes through: without a reporter nobody is acknowledged or credited, and only what is
    Critical or High must be contained."""
    reached = [(name, promise, at(case)) for name, promise, at in STAGES[case.kind] if _concerns(case, name)]
    current = next((name for name, _, at in reached if at is None), "")
    return tuple(Stage(name, at, name == current, promise) for name, promise, at in reached)


def _concerns(case: Case, name: str) -> bool:
    if name in {"Acknowledged", "Credited"}:
        return case.reporter
    return name != "Contained" or case.urgent or Fact.CONTAINED in case.facts
