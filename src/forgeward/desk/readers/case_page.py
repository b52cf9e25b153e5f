"""One case, whole: what happened, what is due by which promise, what the next step lacks, what was written.

row ─▶ Case ─▶ clocks, next steps, progress                     (pure, from the folded state)
entries + sealed texts + leaves ─▶ timeline, thread, facts      (one query each, whatever their number)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import programme
from forgeward.desk.models import AttachmentRow, CaseRow, CheckpointRow, Entry, Person
from forgeward.desk.readers import clocks, notices, people, progress, senders, texts, words
from forgeward.desk.readers.clocks import ClockView
from forgeward.desk.readers.notices import Fate, NoticeLine
from forgeward.desk.readers.progress import Stage
from forgeward.desk.readers.sight import visible_to
from forgeward.desk.rows import decode_case
from forgeward.errors import NotFound
from forgeward.ledger import entry as ledger_entry
from forgeward.respond.case import Case
from forgeward.respond.decision import Context, Member
from forgeward.respond.parse import specs
from forgeward.respond.severity import ContextMetric as Metric
from forgeward.respond.severity import parse_context
from forgeward.respond.steps import NextStep, next_steps

THREAD = frozenset(
    {"case:received", "case:joined", "case:acknowledgement", "case:reply", "case:notified", "case:noted"}
)
MOST_NOTICES = 200
BESIDE_THE_TEXT = frozenset({"Recipients", "Subject"})  # of a notice: they stand in its head and its fate
LETTERS = frozenset({"acknowledge", "reply"})
OUR_WORDS = frozenset({"case:acknowledgement", "case:reply", "case:notified"})
# What a step said, shown beside the case while it is the latest word.
FACTS: Mapping[str, tuple[str, str]] = {
    "assess": ("First assessment", "IR-5"),
    "confirm": ("Reproduced", "VM-3"),
    "contain": ("Containment", "IR-7"),
    "material": ("Material or not", "IR-11"),
    "plan": ("Planned fix", "VM-7"),
    "extend": ("More time", "VM-9"),
    "fix": ("Fix", "IR-9"),
    "eradicate": ("Eradication", "IR-9"),
    "ship": ("Release", "VM-5"),
    "recover": ("Recovery", "IR-10"),
    "credit": ("Credit", "VM-11"),
    "review": ("Review", "IR-14"),
    "close": ("Closing", "IR-7"),
    "reject": ("Rejected", "IR-7"),
}


@dataclass(frozen=True, slots=True)
class SeverityView:
    """The confirmed severity; ``level`` is empty before an assessment. Scores are floats for people, 0.0 to 10.0."""

    level: str = ""
    score: float | None = None
    base: float | None = None
    vector: str = ""
    context: tuple[str, ...] = ()
    by_hand: bool = False
    approver: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One change. ``words`` say what happened, ``texts`` what was written with it (label, text).

    ``leaf`` is its place in the ledger, None until it is numbered; ``proven``: a signed checkpoint covers it.
    ``met``: clocks that it stopped in time.
    """

    seq: int
    at: datetime
    actor: str
    kind: str
    words: str
    texts: tuple[tuple[str, str], ...]
    leaf: int | None
    proven: bool
    met: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; it is shown as text at most, on a page of its own."""

    pk: int
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the thread. ``direction`` is in, out or note; ``to`` whom ours went, ``fate`` what became.

    ``signals`` are the verdicts on its sender, ``told`` says in sentences what they mean. ``waits``: the step of a
    letter that a second person has not read yet. ``failed``: the sending that did not reach everybody.
    """

    seq: int
    at: datetime
    direction: str
    author: str
    to: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...]
    signals: tuple[str, ...]
    fate: tuple[Fate, ...]
    told: tuple[str, ...] = ()
    waits: str = ""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class FactGroup:
    """What one step recorded: rows of (label, text)."""

    step: str
    title: str
    promise: str
    at: datetime
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ActionView:
    """IR-15: something agreed, with its date."""

    id: str
    title: str
    owner: str
    due: datetime
    verified_at: datetime | None
    verified_by: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that a page or ``case show`` says about one case.

    ``answers_to`` is the address of the first mail, where replies go; ``unverified``: nothing proves that it is theirs.
    """

    pk: int
    number: str
    kind: str
    state: str
    title: str
    severity: SeverityView
    owner: str
    restricted: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    resolution: str
    merged_into: str
    reporter: str
    answers_to: str
    unverified: bool
    paused: bool
    clocks: tuple[ClockView, ...]
    next: tuple[NextStep, ...]
    stages: tuple[Stage, ...]
    timeline: tuple[TimelineItem, ...]
    thread: tuple[Message, ...]
    notices: tuple[NoticeLine, ...]
    facts: tuple[FactGroup, ...]
    actions: tuple[ActionView, ...]
    exceptions: tuple[str, ...]
    waiting: tuple[str, ...]
    regimes: tuple[str, ...]


def case_page(number: str, person: Person, now: datetime) -> CasePage:
    """The case as the person may see it. Raises ``NotFound`` for an unknown case and for one that they may not see."""
    row = visible_to(person).filter(number=number).first()
    if row is None:
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`, or Cases on the desk.")
    return _Reading(row, person, now).page()


def context_for(person: Person, now: datetime) -> Context:
    """What the pure core needs to say what this person may do: roles, team, policies."""
    team = tuple(
        Member(f"person:{member.pk}", member.roles, member.is_active)
        for member in Person.objects.prefetch_related("groups")
    )
    return Context(person.actor(), team, programme.policies(), now)


class _Reading:
    """One reading of one case: each table is asked once, then everything is made from what was read."""

    def __init__(self, row: CaseRow, person: Person, now: datetime) -> None:
        self.row, self.person, self.now = row, person, now
        self.case: Case = decode_case(bytes(row.state_json))
        self.erased = programme.vault().erased_word(row.reporter)
        self.entries = list(
            Entry.objects.filter(case=row)
            .order_by("seq")
            .values_list("seq", "at", "kind", "actor", "body", "leaf__index")
        )
        self.data = {seq: _plain(bytes(body)) for seq, _, _, _, body, _ in self.entries}
        self.kinds = {seq: kind for seq, _, kind, _, _, _ in self.entries}
        self.texts = texts.of_case(row.pk, row.number)
        self.notices = notices.of_case(row.pk, MOST_NOTICES)
        self.signed = CheckpointRow.objects.order_by("-size").values_list("size", flat=True).first() or 0
        self.names = people.names(self._actors())

    def _actors(self) -> Iterator[str]:
        case = self.case
        yield from (actor for _, _, _, actor, _, _ in self.entries)
        yield from (case.owner, case.fix_author, *case.people)
        yield from (name for action in case.actions for name in (action.owner, action.verified_by))
        yield from (name for glass in case.glass for name in (glass.by, glass.reviewed_by))
        yield from (mark.approver for mark in case.severity_history)
        yield from (proposal.by for proposal in case.proposals)
        yield from (str(value) for data in self.data.values() for value in data.values() if _is_person(value))

    def page(self) -> CasePage:
        case, row = self.case, self.row
        found = clocks.views(case, programme.policies(), self.now)
        first = self.texts.get(case.title.seq, {})
        return CasePage(
            pk=row.pk,
            number=row.number,
            kind=row.kind,
            state=row.state,
            title=first.get("title", self.erased),
            severity=self._severity(),
            owner=self._name(case.owner),
            restricted=tuple(self._name(one) for one in case.people),
            opened_at=case.opened,
            closed_at=case.closed,
            resolution=case.resolution,
            merged_into=case.merged_into,
            reporter=self._reporter() if case.reporter else "",
            answers_to=self.texts.get(1, {}).get("reporter_address", "") if case.reporter else "",
            unverified=senders.unverified(case),
            paused=case.paused,
            clocks=found,
            next=next_steps(case, context_for(self.person, self.now)),
            stages=progress.stages(case),
            timeline=tuple(self._timeline(found)),
            thread=tuple(self._thread()),
            notices=self.notices,
            facts=tuple(self._facts()),
            actions=tuple(self._actions()),
            exceptions=tuple(self._exceptions()),
            waiting=tuple(self._waiting()),
            regimes=tuple(self._regimes()),
        )

    def _name(self, actor: str) -> str:
        return self.names.get(actor, actor) if actor else ""

    def _reporter(self) -> str:
        found = self.texts.get(1, {})
        return found.get("reporter_name") or found.get("reporter_address") or self.erased

    def _severity(self) -> SeverityView:
        mark = self.case.severity
        if mark is None:
            return SeverityView()
        reasons = _reasons(self.texts.get(mark.seq, {}).get("context", ""))
        return SeverityView(
            level=mark.level.value,
            score=mark.score / 10 if mark.score >= 0 else None,
            base=mark.base / 10 if mark.base >= 0 else None,
            vector=mark.vector,
            context=tuple(f"{metric}={reasons[metric]}" if metric in reasons else metric for metric in mark.metrics),
            by_hand=mark.by == "hand",
            approver=self._name(mark.approver),
            at=mark.at,
        )

    # --- history -----------------------------------------------------------------------------------------------------

    def _timeline(self, found: tuple[ClockView, ...]) -> Iterator[TimelineItem]:
        stopped = [clock for clock in found if clock.met is not None and clock.missed_at is None and clock.stops]
        for seq, at, kind, actor, _, leaf in self.entries:
            yield TimelineItem(
                seq=seq,
                at=at,
                actor=self._name(actor),
                kind=kind,
                words=words.change(kind, self._worded(seq)),
                texts=self._labelled(seq, kind),
                leaf=leaf,
                proven=leaf is not None and leaf < self.signed,
                met=tuple(dict.fromkeys(c.promise for c in stopped if c.met == at and _stops(kind, c))),
            )

    def _worded(self, seq: int) -> dict[str, object]:
        data = dict(self.data[seq])
        if isinstance(notice := data.get("notice", data.get("letter")), int):
            data["of"] = words.MESSAGES.get(self.kinds.get(notice, ""), "message")
        if _is_person(data.get("owner")):
            data["owner_name"] = self._name(str(data["owner"]))
        return data

    def _labelled(self, seq: int, kind: str) -> tuple[tuple[str, str], ...]:
        """What was written with a change, under the labels of its form."""
        written = self.texts.get(seq, {})
        labels = words.labels(kind, str(self.data[seq].get("proposed_step", "")))
        return tuple((label, written[name]) for name, label in labels.items() if written.get(name))

    def _thread(self) -> Iterator[Message]:
        files, told, sent = self._files(), senders.told(self.row.pk), self._sent()
        for seq, at, kind, actor, _, _ in self.entries:
            if kind in {"case:proposed", "case:approved"}:
                yield from self._read_by_two(seq, at, kind, actor, files, sent)
            if kind not in THREAD:
                continue
            written = self.texts.get(seq, {})
            theirs = kind in {"case:received", "case:joined"}
            outside = theirs and self.case.reporter
            yield Message(
                seq=seq,
                at=at,
                direction="note" if kind == "case:noted" else "in" if theirs else "out",
                author=self._reporter() if outside else self._name(actor),
                to=self._to(seq, kind),
                subject=written.get("subject") or written.get("title") or "",
                text=written.get("text") or _joined(self._labelled(seq, kind)) or self.erased,
                attachments=files.get(seq, ()),
                signals=tuple(str(signal) for signal in _items(self.data[seq].get("signals"))),
                fate=sent.get(seq, ((), 0))[0] if kind in OUR_WORDS else (),
                failed=sent.get(seq, ((), 0))[1] if kind in OUR_WORDS else 0,
                told=told.get(seq, ()) if theirs else (),
            )

    def _sent(self) -> Mapping[int, tuple[tuple[Fate, ...], int]]:
        again = {seq: int(str(self.data[seq]["letter"])) for seq, kind in self.kinds.items() if kind == "case:resent"}
        return notices.sendings(self.row.pk, self.case, again, {line.notice: line.answer for line in self.notices})

    def _read_by_two(
        self,
        seq: int,
        at: datetime,
        kind: str,
        actor: str,
        files: Mapping[int, tuple[Attachment, ...]],
        sent: Mapping[int, tuple[tuple[Fate, ...], int]],
    ) -> Iterator[Message]:
        """A letter that waits for its second person, or that went with their word; its words stand in the proposal."""
        data, waits, place = self.data[seq], "", seq
        if kind == "case:approved":
            if data.get("step") not in LETTERS:
                return
            place, actor = int(str(data["proposal"])), str(data["proposed_by"])
        elif any(proposal.seq == seq and proposal.step in LETTERS for proposal in self.case.proposals):
            waits = str(data["proposed_step"])
        else:
            return
        written = self.texts.get(place, {})
        fate, failed = sent.get(seq, ((), 0))
        yield Message(
            seq=place,
            at=at,
            direction="out",
            author=self._name(actor),
            to=self._reporter(),
            subject=written.get("subject", ""),
            text=written.get("text", self.erased),
            attachments=files.get(place, ()),
            signals=(),
            fate=fate,
            waits=waits,
            failed=failed,
        )

    def _to(self, seq: int, kind: str) -> str:
        if kind not in OUR_WORDS:
            return ""
        audience = str(self.data[seq].get("audience", "reporter"))
        return self._reporter() if audience == "reporter" else words.capital(words.choice(audience))

    def _files(self) -> dict[int, tuple[Attachment, ...]]:
        vault = programme.vault()
        found: dict[int, list[Attachment]] = {}
        rows = AttachmentRow.objects.filter(message__case=self.row).select_related("message").order_by("pk")
        for row in rows:
            label = vault.open_json(row.message.subject, f"file:{row.name}", bytes(row.label_blob)) or {}
            shown = Attachment(
                row.pk, str(label.get("label", vault.erased_word(row.message.subject))), row.media_type, row.size
            )
            found.setdefault(row.message.entry_seq or 1, []).append(shown)
        return {seq: tuple(files) for seq, files in found.items()}

    # --- what holds now ----------------------------------------------------------------------------------------------

    def _facts(self) -> Iterator[FactGroup]:
        at = {seq: instant for seq, instant, _, _, _, _ in self.entries}
        for step, (title, promise) in FACTS.items():
            seqs = [seq for key, seq in self.case.texts.items() if key.startswith(f"{step}.") and seq in at]
            if seqs:
                rows = tuple(self._rows(step, max(seqs)))
                yield FactGroup(step, title, promise, at[max(seqs)], rows)

    def _rows(self, step: str, seq: int) -> Iterator[tuple[str, str]]:
        written, data = self.texts.get(seq, {}), self.data.get(seq, {})
        for spec in specs(step):
            if spec.name in {"context", "vector", "severity", "sign", "break_glass"}:
                continue
            value = written.get(spec.name) or data.get(spec.name)
            if value:
                yield spec.title, self._shown(spec.kind, value)

    def _shown(self, kind: str, value: object) -> str:
        if _is_person(value):
            return self._name(str(value))
        if kind == "date":
            return words.instant(str(value), programme.policies().at(self.now).calendar.spec.zone)
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return words.capital(words.choice(str(value))) if kind == "choice" else str(value)

    def _actions(self) -> Iterator[ActionView]:
        for action in self.case.actions:
            title = self.texts.get(action.seq, {}).get("title", self.erased)
            yield ActionView(
                action.id,
                title,
                self._name(action.owner),
                action.due,
                action.verified_at,
                self._name(action.verified_by),
            )

    def _exceptions(self) -> Iterator[str]:
        for exemption in self.case.exemptions:
            yield f"{words.step(exemption.step)}: nobody else could agree, since the team has one person."
        for glass in self.case.glass:
            reason = self.texts.get(glass.seq, {}).get("break_glass", "")
            review = f"reviewed by {self._name(glass.reviewed_by)}" if glass.reviewed_at else "not reviewed yet"
            yield f"{words.step(glass.step)}: {self._name(glass.by)} broke the glass ({review}). {reason}".strip()

    def _waiting(self) -> Iterator[str]:
        for proposal in self.case.proposals:
            yield f"{words.step(proposal.step)}: proposed by {self._name(proposal.by)}, waits for a second person."

    def _regimes(self) -> Iterator[str]:
        for decision in self.case.regimes:
            reason = self.texts.get(decision.seq, {}).get("reason", "")
            applies = "applies" if decision.applies else "does not apply"
            yield f"{words.choice(decision.which)} {applies}: {reason}".rstrip(": ")


def _plain(body: bytes) -> dict[str, object]:
    """An entry's plain data, and the names of its sealed texts under ``sealed``."""
    read = ledger_entry.decode(body)
    return {**read.data, "sealed": tuple(read.sealed)}


def _stops(kind: str, clock: ClockView) -> bool:
    """Whether this kind of change is one that stops the clock, and not another of the same instant."""
    return clock.stops is not None and (
        kind == "case:approved" or kind in words.STOPPED_BY.get(clock.stops, frozenset())
    )


def _is_person(value: object) -> bool:
    return isinstance(value, str) and value.startswith("person:")


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _joined(labelled: tuple[tuple[str, str], ...]) -> str:
    return "\n\n".join(f"{label}\n{text}" for label, text in labelled if label not in BESIDE_THE_TEXT)


def _reasons(written: str) -> dict[str, str]:
    found: tuple[Metric, ...] = parse_context(written.splitlines())
    return {metric.metric: metric.reason for metric in found}
