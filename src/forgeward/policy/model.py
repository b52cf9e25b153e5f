"""What a policy is made of: promises, the mechanisms that keep them, regimes beside them, figures under both.

All types are frozen. ``document.load`` makes them; nothing else should. ``document`` re-exports them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

from forgeward.vocabulary import Fact, Role, Severity

if TYPE_CHECKING:
    from forgeward.policy.calendar import Calendar, CalendarSpec
    from forgeward.policy.targets import Target

UNSET = "unset"
OWN_DATE = "own"
POLICY = "policy"


class MechanismKind(enum.StrEnum):
    """The ways in which a promise is kept; ``inherited`` is the platform's."""

    CLOCK = "clock"
    CHECK = "check"
    GATE = "gate"
    DUTY = "duty"
    RECORD = "record"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A deadline: from one fact of a case to another, within a figure.

    ``within`` is the figure's dotted name, ``target`` its value; ``within == "own"`` (``OWN_DATE``) means that what is
    counted has a date of its own (IR-15: the action's; PR-3: the effective date) and ``target`` is None.
    ``severity`` holds the levels for which the clock runs, and ``"unset"`` while no severity is confirmed; empty means
    every level, unset too. ``when`` names a second fact that must be there as well: the clock starts at the later of
    the two. ``pauses``: waiting for the reporter stops the time. ``repeats``: each instant of this fact starts the
    clock anew, until ``until`` happens. A promise never has two clocks with the same ``within``.
    """

    kind: ClassVar[MechanismKind] = MechanismKind.CLOCK
    starts: Fact
    stops: Fact
    within: str
    target: Target | None
    severity: frozenset[str] = frozenset()
    when: Fact | None = None
    pauses: bool = False
    repeats: Fact | None = None
    until: Fact | None = None
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        return f"clock:{self.within}" if self.target is not None else f"clock:{self.stops}"

    def runs_for(self, severity: Severity | None) -> bool:
        """Whether the clock applies at this confirmed severity (None: not confirmed yet)."""
        return not self.severity or (UNSET if severity is None else severity.value) in self.severity


@dataclass(frozen=True, slots=True)
class Check:
    """A program that looks and stores what it saw; ``name`` is one of ``names.CHECKS``."""

    kind: ClassVar[MechanismKind] = MechanismKind.CHECK
    name: str

    @property
    def key(self) -> str:
        return f"check:{self.name}"


@dataclass(frozen=True, slots=True)
class Gate:
    """A step that is not passed without what the promise asks for; ``step`` is one of ``names.STEPS``."""

    kind: ClassVar[MechanismKind] = MechanismKind.GATE
    step: str

    @property
    def key(self) -> str:
        return f"gate:{self.step}"


@dataclass(frozen=True, slots=True)
class Duty:
    """Work that recurs: at least once in ``every``, and ``triggered_within`` after one of ``names.TRIGGERS``.

    ``within`` and ``triggered`` are the dotted names of these two figures.
    """

    kind: ClassVar[MechanismKind] = MechanismKind.DUTY
    name: str
    title: str
    within: str
    every: Target
    owner: Role
    triggers: tuple[str, ...] = ()
    triggered: str = ""
    triggered_within: Target | None = None
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> str:
        return f"duty:{self.name}"


@dataclass(frozen=True, slots=True)
class Record:
    """A register that is complete, current and shown; ``name`` is one of ``names.RECORDS``."""

    kind: ClassVar[MechanismKind] = MechanismKind.RECORD
    name: str

    @property
    def key(self) -> str:
        return f"record:{self.name}"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the platform does for us, with the page (an https address) where it says so."""

    kind: ClassVar[MechanismKind] = MechanismKind.INHERITED
    what: str
    reference: str

    @property
    def key(self) -> str:
        return f"inherited:{self.reference}"


Mechanism: TypeAlias = ClockRule | Check | Gate | Duty | Record | Inherited


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: the sentence is a template over the policy's figures, ``kept_by`` what keeps it.

    ``max_age`` is both the age at which evidence stops counting and the period over which cases are counted.
    """

    id: str
    section: str
    title: str
    sentence: str
    kept_by: tuple[Mechanism, ...]
    shown: Literal["public", "staff"]
    max_age: Target
    line: int = field(default=0, compare=False)

    @property
    def clocks(self) -> tuple[ClockRule, ...]:
        return tuple(m for m in self.kept_by if isinstance(m, ClockRule))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """CVSS scores from which a level begins; below ``medium`` is Low (VM-4)."""

    critical: Decimal
    high: Decimal
    medium: Decimal

    def level(self, score: Decimal | float) -> Severity:
        """The level of a CVSS score in 0.0…10.0."""
        exact = Decimal(str(score))
        if exact >= self.critical:
            return Severity.CRITICAL
        if exact >= self.high:
            return Severity.HIGH
        return Severity.MEDIUM if exact >= self.medium else Severity.LOW


@dataclass(frozen=True, slots=True)
class Obligation:
    """One clock of a regime with its sentence; ``id`` is unique among promises and obligations."""

    id: str
    sentence: str
    clock: ClockRule
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Regime:
    """What somebody else demands: the Marketplace's terms or a law. Its clocks never pause.

    Where ``thresholds`` is set, the regime reads the level from the CVSS score by its own thresholds, whatever
    severity the policy gives.
    """

    id: str
    title: str
    source: str
    obligations: tuple[Obligation, ...]
    thresholds: Thresholds | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Contacts:
    """CT-1. None: not named yet, and the sentences say so."""

    security: str | None
    privacy: str | None


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    contacts: Contacts
    profile: str | None = None
    apps: tuple[str, ...] = ()
    subprocessors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """AP-2: a page of the platform."""

    title: str
    url: str


class RuleAt(NamedTuple):
    """A clock with the promise or obligation that it serves. ``regime`` is ``"policy"`` or a regime's id."""

    promise: str
    regime: str
    rule: ClockRule


NEVER = "never"


@dataclass(frozen=True, slots=True)
class FindingsRule:
    """Which findings of scans open a case: from this severity on (or never), on these branches."""

    opens_from: str = Severity.HIGH.value
    branches: tuple[str, ...] = ("main", "master")


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A whole document that passed every check. Equal when its bytes are (``digest``: SHA-256 of the UTF-8 text)."""

    schema: str
    version: int
    effective: date
    vendor: Vendor
    time: CalendarSpec
    targets: Mapping[str, Target]
    thresholds: Thresholds
    reminders: tuple[int, ...]
    escalation: tuple[Role, ...]
    severity_examples: Mapping[Severity, tuple[str, ...]]
    references: tuple[Reference, ...]
    promises: tuple[Promise, ...]
    regimes: tuple[Regime, ...]
    digest: str
    retention: Mapping[str, Target] = field(default_factory=dict)  # by kind of data, ``names.RETENTION``
    findings: FindingsRule = field(default_factory=FindingsRule)
    second_person: frozenset[str] = frozenset()  # kinds of letters to a reporter that somebody else reads first

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def calendar(self) -> Calendar:
        """The calendar in which the policy's business days are counted."""
        from forgeward.policy.calendar import calendar_for

        return calendar_for(self.time)

    def promise(self, id: str) -> Promise:
        """The promise with this id. Raises ``KeyError``: a valid policy has all of ``names.PROMISES``."""
        for promise in self.promises:
            if promise.id == id:
                return promise
        raise KeyError(id)

    def rules(self) -> Iterator[RuleAt]:
        """Every clock, the policy's own first, then each regime's."""
        for promise in self.promises:
            for rule in promise.clocks:
                yield RuleAt(promise.id, POLICY, rule)
        for regime in self.regimes:
            for obligation in regime.obligations:
                yield RuleAt(obligation.id, regime.id, obligation.clock)

    def regime(self, id: str) -> Regime:
        """The regime with this id. Raises ``KeyError``."""
        for regime in self.regimes:
            if regime.id == id:
                return regime
        raise KeyError(id)
