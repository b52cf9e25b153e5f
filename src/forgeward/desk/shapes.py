"""The JSON of commands and of the API: one struct per shape. Nothing here asks the database or needs Django.

``cli.shapes`` adds those of commands that know no desk; ``script/reference`` makes docs/reference/schemas of them all.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Shape(msgspec.Struct, kw_only=True):
    """Every JSON output names its schema first."""


class PolicyInForce(msgspec.Struct):
    version: int
    effective: str
    digest: str


class Init(Shape, kw_only=True):
    schema: Literal["forgeward/init/1"] = "forgeward/init/1"
    home: str
    policy: PolicyInForce
    lead: str


class Demo(Shape, kw_only=True):
    schema: Literal["forgeward/demo/1"] = "forgeward/demo/1"
    home: str
    cases: int


class Tick(Shape, kw_only=True):
    schema: Literal["forgeward/tick/1"] = "forgeward/tick/1"
    at: str
    woken: int
    reminded: int
    sent: int
    filed: int
    failed: int
    read: int
    sequenced: int
    problems: list[str] = []


class DoctorCheck(msgspec.Struct):
    name: str
    ok: bool
    what: str
    next: str


class Doctor(Shape, kw_only=True):
    schema: Literal["forgeward/doctor/1"] = "forgeward/doctor/1"
    checks: list[DoctorCheck]


class Difference(msgspec.Struct):
    where: str
    what: str


class Audit(Shape, kw_only=True):
    schema: Literal["forgeward/audit/1"] = "forgeward/audit/1"
    ok: bool
    entries: int
    cases: int
    problems: list[Difference]


class Received(msgspec.Struct):
    """One mail of an intake. ``held`` and ``not_parsed`` are sentences where they apply."""

    file: str
    case: str | None
    new: bool
    joined: str | None
    held: str | None
    not_parsed: str | None
    subject: str
    sender: str = msgspec.field(name="from")
    attachments: int = 0
    signals: dict[str, str] = {}
    state: str = ""


class Intake(Shape, kw_only=True):
    schema: Literal["forgeward/intake/1"] = "forgeward/intake/1"
    received: list[Received]


class HeldLine(msgspec.Struct):
    """A mail that waits for a decision. ``case`` is the one that it points at."""

    id: int
    at: str
    state: str
    reason: str
    case: str | None
    mailbox: str | None
    subject: str
    sender: str = msgspec.field(name="from")
    size: int = 0
    attachments: int = 0
    signals: dict[str, str] = {}


class Held(Shape, kw_only=True):
    schema: Literal["forgeward/held/1"] = "forgeward/held/1"
    mails: list[HeldLine]
    after: str | None = None


class SeverityShape(msgspec.Struct):
    level: str | None
    score: float | None
    vector: str | None
    context: list[str]


class ClockShape(msgspec.Struct):
    promise: str
    regime: str
    starts: str
    due: str
    met: str | None
    state: str
    subject: str = ""
    original_due: str | None = None
    leads: bool = False


class NextShape(msgspec.Struct):
    step: str
    missing: list[str]


class TimelineShape(msgspec.Struct):
    seq: int
    at: str
    actor: str
    change: str
    leaf: int | None
    what: str = ""


class Case(Shape, kw_only=True):
    schema: Literal["forgeward/case/1"] = "forgeward/case/1"
    id: str
    kind: str
    state: str
    title: str
    severity: SeverityShape
    clocks: list[ClockShape]
    next: list[NextShape]
    timeline: list[TimelineShape]
    owner: str | None = None
    exceptions: list[str] = []
    reporter_unverified: bool = False  # nothing proves that the first mail came from the address that answers go to


class CaseLine(msgspec.Struct):
    id: str
    kind: str
    state: str
    title: str
    level: str | None
    next_promise: str | None
    next_due: str | None


class Cases(Shape, kw_only=True):
    schema: Literal["forgeward/cases/1"] = "forgeward/cases/1"
    cases: list[CaseLine]
    after: str | None = None


class LackShape(msgspec.Struct):
    """One requirement of a step that is not met; ``what`` is a sentence for people."""

    step: str
    name: str
    promise: str
    what: str


class NextSteps(Shape, kw_only=True):
    schema: Literal["forgeward/next/1"] = "forgeward/next/1"
    id: str
    next: list[NextShape]
    lacks: list[LackShape] = []


class Done(Shape, kw_only=True):
    """A step was recorded."""

    schema: Literal["forgeward/done/1"] = "forgeward/done/1"
    id: str
    step: str
    state: str
    changes: list[str]
    next: list[NextShape]
    notices: list[dict[str, str]] = []
    waits_for: list[str] = []
    change: int = 0


class FileShape(msgspec.Struct):
    """A file of a message; ``id`` fetches it."""

    id: int
    name: str
    media_type: str
    size: int


class MessageShape(msgspec.Struct):
    """``direction``: in, out or note."""

    seq: int
    at: str
    direction: str
    author: str
    to: str
    subject: str
    text: str
    attachments: list[FileShape]


class Thread(Shape, kw_only=True):
    schema: Literal["forgeward/thread/1"] = "forgeward/thread/1"
    id: str
    messages: list[MessageShape]


class TextShape(msgspec.Struct):
    label: str
    text: str


class EntryShape(msgspec.Struct):
    """``leaf``: its place in the ledger once it has one; ``proven``: a signed checkpoint covers it."""

    seq: int
    at: str
    actor: str
    change: str
    what: str
    texts: list[TextShape]
    leaf: int | None
    proven: bool


class Entries(Shape, kw_only=True):
    schema: Literal["forgeward/entries/1"] = "forgeward/entries/1"
    id: str
    entries: list[EntryShape]


class NoticeLine(msgspec.Struct):
    key: str
    case: str | None
    kind: str
    to: str
    state: str
    attempts: int
    created: str
    settled: str | None
    answer: str


class Notices(Shape, kw_only=True):
    schema: Literal["forgeward/notices/1"] = "forgeward/notices/1"
    notices: list[NoticeLine]
    after: str | None = None


class MailFile(msgspec.Struct):
    name: str
    type: str
    size: int


class MailShown(Shape, kw_only=True):
    """One mail that came in. ``details`` say what is known of its sender; ``unread`` why it could not be read."""

    schema: Literal["forgeward/mail/1"] = "forgeward/mail/1"
    id: int
    at: str
    state: str
    reason: str
    case: str | None
    subject: str
    sender: str = msgspec.field(name="from")
    name: str = ""
    signals: dict[str, str] = {}
    details: list[str] = []
    defects: list[str] = []
    files: list[MailFile] = []
    text: str = ""
    unread: str = ""


class Evidence(msgspec.Struct):
    what: str
    at: str | None
    case: str | None


class StandingLine(msgspec.Struct):
    id: str
    standing: str
    why: str
    evidence: list[Evidence]
    counts: dict[str, int]


class StandingShape(Shape, kw_only=True):
    schema: Literal["forgeward/standing/1"] = "forgeward/standing/1"
    at: str
    promises: list[StandingLine]


class PolicyCheck(Shape, kw_only=True):
    schema: Literal["forgeward/policy-check/1"] = "forgeward/policy-check/1"
    ok: bool
    file: str
    problems: list[Difference]


class PolicyShow(Shape, kw_only=True):
    schema: Literal["forgeward/policy-show/1"] = "forgeward/policy-show/1"
    version: int
    effective: str
    digest: str
    vendor: str
    promises: list[dict[str, Any]]
    regimes: list[dict[str, Any]]


class PolicyDiff(Shape, kw_only=True):
    schema: Literal["forgeward/policy-diff/1"] = "forgeward/policy-diff/1"
    material: bool
    changes: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    text: str = ""


class PolicyStep(Shape, kw_only=True):
    """A proposal or an adoption."""

    schema: Literal["forgeward/policy-step/1"] = "forgeward/policy-step/1"
    step: str
    version: int
    digest: str
    effective: str
    reclocked: int = 0


class CheckpointShape(msgspec.Struct):
    origin: str
    size: int
    root: str


class LedgerCheckpoint(Shape, kw_only=True):
    schema: Literal["forgeward/checkpoint/1"] = "forgeward/checkpoint/1"
    checkpoint: CheckpointShape
    note: str


class LedgerKey(Shape, kw_only=True):
    schema: Literal["forgeward/key/1"] = "forgeward/key/1"
    key: str


class LedgerPack(Shape, kw_only=True):
    schema: Literal["forgeward/packed/1"] = "forgeward/packed/1"
    file: str
    entries: int
    bytes: int
    checkpoint: CheckpointShape


class VerifyProblem(msgspec.Struct):
    seq: int | None
    what: str


class Verify(Shape, kw_only=True):
    schema: Literal["forgeward/verify/1"] = "forgeward/verify/1"
    ok: bool
    signer: str
    entries: int
    checkpoint: CheckpointShape | None
    problems: list[VerifyProblem]
    newer_key: str = ""
    witnesses: list[str] = []


class LedgerReceipt(Shape, kw_only=True):
    schema: Literal["forgeward/ledger-receipt/1"] = "forgeward/ledger-receipt/1"
    case: str
    leaf: int
    proof: str


class LedgerRotation(Shape, kw_only=True):
    schema: Literal["forgeward/rotation/1"] = "forgeward/rotation/1"
    key: str
    size: int
    note: str


class LedgerCosigned(Shape, kw_only=True):
    schema: Literal["forgeward/cosigned/1"] = "forgeward/cosigned/1"
    size: int
    new: list[str]
    known: list[str]


class WitnessLine(msgspec.Struct):
    """``size``: of the largest checkpoint that they have co-signed."""

    name: str
    key: str
    size: int | None


class LedgerWitnesses(Shape, kw_only=True):
    schema: Literal["forgeward/witnesses/1"] = "forgeward/witnesses/1"
    witnesses: list[WitnessLine]


class TokenShape(msgspec.Struct):
    """A token without its secret. ``state``: works, ended, revoked, or gone with its person."""

    id: str
    name: str
    person: str
    scopes: list[str]
    made: str
    until: str
    used: str | None
    state: str


class Tokens(Shape, kw_only=True):
    schema: Literal["forgeward/tokens/1"] = "forgeward/tokens/1"
    tokens: list[TokenShape]


class TokenMade(Shape, kw_only=True):
    """A new token, in clear for the only time."""

    schema: Literal["forgeward/token/1"] = "forgeward/token/1"
    id: str
    token: str
    scopes: list[str]
    until: str


class MissingShape(msgspec.Struct):
    """One requirement that is not met; ``what`` is a sentence for people."""

    name: str
    promise: str
    what: str


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457, with the words of the command line: ``code``, ``next``, what is ``missing``, a document's problems."""

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    next: str = ""
    missing: list[MissingShape] = []
    problems: list[Difference] = []
