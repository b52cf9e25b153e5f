"""A case: what the sum of its changes says.

    received ─ assessed ─┬─ confirmed ─ contained ─ planned ─ fixed ─ shipped ──┬─ closed
                         └─ declared ── contained ─ eradicated ─ recovered ─────┘

``Case`` holds instants, plain values and references to sealed texts, never a text: it can be stored, logged and
re-clocked without a key. ``respond.evolve`` folds changes into it; nothing else makes one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from forgeward.vocabulary import Actor, CaseKind, Fact, Plain, Role, Severity

State: TypeAlias = Literal[
    "received",
    "assessed",
    "confirmed",
    "declared",
    "contained",
    "planned",
    "fixed",
    "eradicated",
    "shipped",
    "recovered",
    "closed",
]

TEAM_OF_ONE = "team_of_one"


class TextRef(msgspec.Struct, frozen=True, gc=False):
    """Where a sealed text stands: the change's number in the case, and the text's name in the change."""

    seq: int
    name: str


class SeverityMark(msgspec.Struct, frozen=True, gc=False):
    """A confirmed severity, in force from ``at`` (IR-6, VM-4). Scores are tenths: 98 is 9.8; -1 without a vector.

    ``by`` says whether the vector gave the level or a person chose it (with a reason). ``metrics`` are the
    environmental, threat or temporal metrics that were agreed; ``approver`` is the second person who agreed to them.
    """

    at: datetime
    level: Severity
    by: Literal["vector", "hand"]
    vector: str = ""
    base: int = -1
    score: int = -1
    metrics: tuple[str, ...] = ()
    approver: str = ""
    seq: int = 0


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Waiting for the reporter; ``end`` is None while it lasts."""

    start: datetime
    end: datetime | None = None
    seq: int = 0


class Extended(msgspec.Struct, frozen=True, gc=False):
    """VM-9: a later date, in force from ``at``; ``seq`` is the change that holds control, reason and who was told."""

    at: datetime
    until: datetime
    seq: int = 0


class Disclosure(msgspec.Struct, frozen=True, gc=False):
    """The reporter's own date to publish, known since ``at``; ``until`` is None where there is none any more."""

    at: datetime
    until: datetime | None
    seq: int = 0


class Span(msgspec.Struct, frozen=True, gc=False):
    """A time for which a fact held that no longer does, or does anew: judged material, then not."""

    fact: Fact
    start: datetime
    end: datetime


class NoticeRecord(msgspec.Struct, frozen=True, gc=False):
    """A message that went to the outbox with the change ``seq``.

    ``outstanding``: positions of recipients whose mail server has not accepted it; ``given_up``: those of them that the
    outbox no longer tries. ``accepted_at``: the last recipient's acceptance, while nobody is outstanding. ``moved``:
    positions that a later sending has taken over. ``texts_at`` is the change that holds its words and recipients;
    ``lines`` are the recipients' lines there, where they are not simply counted.
    """

    seq: int
    kind: str
    audience: str
    stage: str
    by_person: bool
    total: int
    outstanding: tuple[int, ...]
    given_up: tuple[int, ...] = ()
    accepted_at: datetime | None = None
    asked_at: datetime | None = None
    moved: tuple[int, ...] = ()
    texts_at: int = 0
    lines: tuple[int, ...] = ()
    files: bool = False
    language: str = ""

    def recipient(self, position: int) -> int:
        """The line on which a position's address stands."""
        return self.lines[position] if self.lines else position

    @property
    def reaching(self) -> tuple[int, ...]:
        """Positions of those who have it or still may get it."""
        lost = {*self.given_up, *self.moved}
        return tuple(position for position in range(self.total) if position not in lost)

    @property
    def under_way(self) -> bool:
        """Whether the outbox still tries somebody."""
        return len(self.outstanding) > len(self.given_up)


class Action(msgspec.Struct, frozen=True, gc=False):
    """IR-15: something agreed, with its own date, verified by somebody other than its owner."""

    id: str
    seq: int
    owner: str
    agreed_at: datetime
    due: datetime
    verified_at: datetime | None = None
    verified_by: str = ""


class Glass(msgspec.Struct, frozen=True, gc=False):
    """A step taken alone by breaking the glass; another person reviews it."""

    seq: int
    step: str
    by: str
    at: datetime
    reviewed_at: datetime | None = None
    reviewed_by: str = ""


class Exemption(msgspec.Struct, frozen=True, gc=False):
    """A four-eyes rule that could not be kept, shown as such: ``why`` is ``team_of_one``."""

    seq: int
    step: str
    why: str


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """A step that waits for its second person: what ``seq`` said takes effect when somebody else approves."""

    seq: int
    step: str
    by: str
    kind: str
    data: dict[str, Plain]
    texts: tuple[str, ...]


class Escalation(msgspec.Struct, frozen=True, gc=False):
    """O-1: a clock passed ``percent`` of its time, and ``to`` was told; ``confirmed_at`` when that person said so."""

    seq: int
    promise: str
    regime: str
    subject: str
    percent: int
    path: str
    to: str
    at: datetime
    confirmed_at: datetime | None = None
    confirmed_by: str = ""


class RegimeDecision(msgspec.Struct, frozen=True, gc=False):
    """S-2: somebody of Leadership decided whether a regime applies."""

    which: str
    applies: bool
    seq: int
    at: datetime


class Case(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The case after its change number ``seq``. Instants are aware, in UTC.

    ``facts`` are what clocks start from and stop at. ``texts`` maps ``step.field`` to the change that last gave it.
    ``people`` is empty unless the case is restricted to these. ``resolution`` is empty while the case is open.
    """

    number: str
    kind: CaseKind
    seq: int
    opened: datetime
    changed: datetime
    source: str
    facts: dict[Fact, datetime]
    texts: dict[str, int]
    reporter: bool = False
    owner: str = ""
    apps: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    severity_history: tuple[SeverityMark, ...] = ()
    kinds: tuple[tuple[datetime, CaseKind], ...] = ()
    earlier: tuple[Span, ...] = ()
    waits: tuple[Wait, ...] = ()
    extensions: tuple[Extended, ...] = ()
    notices: tuple[NoticeRecord, ...] = ()
    actions: tuple[Action, ...] = ()
    glass: tuple[Glass, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    regimes: tuple[RegimeDecision, ...] = ()
    told: dict[str, datetime] = {}
    people: tuple[str, ...] = ()
    messages: int = 0
    unanswered: datetime | None = None
    contained_nothing: bool = False
    fixed: datetime | None = None
    fix_author: str = ""
    weakness: str = ""
    eradicated: datetime | None = None
    planned_for: datetime | None = None
    credit: str = ""
    disclosures: tuple[Disclosure, ...] = ()
    absorbed: tuple[str, ...] = ()
    merged_into: str = ""
    resolution: str = ""
    closed: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.closed is None

    @property
    def severity(self) -> SeverityMark | None:
        """The confirmed severity; None until an assessment."""
        return self.severity_history[-1] if self.severity_history else None

    @property
    def level(self) -> Severity | None:
        return self.severity_history[-1].level if self.severity_history else None

    @property
    def urgent(self) -> bool:
        """IR-5, IR-7: Critical or High."""
        return bool(self.severity_history) and self.severity_history[-1].level.urgent

    @property
    def paused(self) -> bool:
        return bool(self.waits) and self.waits[-1].end is None

    @property
    def state(self) -> State:
        """How far the case has come."""
        return state_of(self)

    def has(self, fact: Fact) -> bool:
        return fact in self.facts

    def text(self, step: str, field: str) -> TextRef | None:
        """Where the step's last text stands."""
        seq = self.texts.get(f"{step}.{field}")
        return None if seq is None else TextRef(seq, field)

    @property
    def title(self) -> TextRef:
        return TextRef(self.texts["receive.title"], "title")

    @property
    def open_actions(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.verified_at is None)

    @property
    def open_glass(self) -> tuple[Glass, ...]:
        return tuple(glass for glass in self.glass if glass.reviewed_at is None)

    def proposal(self, step: str) -> Proposal | None:
        """What waits for a second person at this step."""
        return next((p for p in self.proposals if p.step == step), None)

    def decision(self, which: str) -> RegimeDecision | None:
        """The standing decision about a regime."""
        return next((d for d in self.regimes if d.which == which), None)


def state_of(case: Case) -> State:
    """The furthest of the states whose fact is there; containing and planning count until the next one."""
    facts = case.facts
    incident = case.kind is CaseKind.INCIDENT
    reached: tuple[tuple[State, bool], ...] = (
        ("closed", case.closed is not None),
        ("recovered", incident and Fact.RECOVERED in facts),
        ("shipped", Fact.SHIPPED in facts),
        ("eradicated", incident and case.eradicated is not None),
        ("fixed", case.fixed is not None),
        ("planned", Fact.PLANNED in facts),
        ("contained", Fact.CONTAINED in facts),
        ("declared", incident),
        ("confirmed", Fact.CONFIRMED in facts),
        ("assessed", Fact.ASSESSED in facts),
    )
    return next((state for state, there in reached if there), "received")


def may_see(case: Case, actor: Actor) -> bool:
    """TC-15: a restricted case is seen by the people it names, and by nobody else."""
    return not case.people or actor.id in case.people or actor.id.startswith("system:")


def owner_or_lead(case: Case) -> str:
    """Who is asked first: the case's owner, else the Security Lead's role."""
    return case.owner or Role.LEAD.value
