"""From the tree of a document to its types. What goes across entries is ``parse_lint``'s business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from forgeward.errors import BadInput
from forgeward.policy import names
from forgeward.policy.calendar import CalendarSpec
from forgeward.policy.model import (
    NEVER,
    Contacts,
    FindingsRule,
    Obligation,
    Policy,
    Promise,
    Reference,
    Regime,
    Thresholds,
    Vendor,
)
from forgeward.policy.parse_fields import Reader, did_you_mean, one_of
from forgeward.policy.parse_mechanisms import Figures, read_clock, read_mechanisms
from forgeward.policy.parse_time import read_time
from forgeward.policy.parse_values import address, day, link, score, whole
from forgeward.policy.parse_yaml import Fields, Node, Report
from forgeward.policy.retention import read_retention
from forgeward.policy.targets import Target, Unit, parse_target
from forgeward.vocabulary import Role, Severity

SCHEMA = "forgeward/policy/1"
_TOP = (
    "schema",
    "version",
    "effective",
    "vendor",
    "time",
    "targets",
    "thresholds",
    "reminders",
    "escalation",
    "letters",
    "findings",
    "retention",
    "severity_examples",
    "references",
    "promises",
    "regimes",
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REGIME_ID = re.compile(r"[a-z][a-z0-9-]*")
_OBLIGATION_ID = re.compile(r"[A-Z][A-Za-z0-9-]*")


@dataclass(slots=True)
class Draft:
    """What could be read so far; ``lines`` says where. ``policy()`` is only for a draft without problems."""

    lines: dict[str, int] = field(default_factory=dict)
    version: int | None = None
    effective: date | None = None
    vendor: Vendor | None = None
    time: CalendarSpec | None = None
    figures: Figures = field(default_factory=Figures)
    thresholds: Thresholds | None = None
    reminders: tuple[int, ...] = ()
    escalation: tuple[Role, ...] = ()
    second_person: frozenset[str] = frozenset()
    findings: FindingsRule = field(default_factory=FindingsRule)
    retention: Mapping[str, Target] = field(default_factory=dict)
    severity_examples: dict[Severity, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    promises: list[Promise] = field(default_factory=list)
    regimes: list[Regime] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # promises with an entry that could not be read

    def policy(self, digest: str) -> Policy:
        """The finished policy, its promises in the order of ``names.PROMISES``."""
        if not (self.version and self.effective and self.vendor and self.time and self.thresholds):
            raise BadInput("The draft is not complete.", next="Look at the problems that were reported.")
        order = {id: place for place, id in enumerate(names.PROMISES)}
        return Policy(
            schema=SCHEMA,
            version=self.version,
            effective=self.effective,
            vendor=self.vendor,
            time=self.time,
            targets=self.figures.targets,
            thresholds=self.thresholds,
            reminders=self.reminders,
            escalation=self.escalation,
            severity_examples=self.severity_examples,
            references=self.references,
            promises=tuple(sorted(self.promises, key=lambda promise: order[promise.id])),
            regimes=tuple(self.regimes),
            digest=digest,
            findings=self.findings,
            retention=self.retention,
            second_person=self.second_person,
        )


def read_draft(tree: Fields, report: Report) -> Draft:
    """Everything that can be read, with a problem for everything that cannot."""
    top = Reader(tree, "the policy", _TOP, report)
    draft = Draft(lines={key: top.at(key) for key in _TOP})
    top.parsed("schema", one_of({SCHEMA}, "a schema that this version reads"))
    draft.version = top.parsed("version", whole)
    draft.effective = top.parsed("effective", day)
    draft.vendor = _vendor(top)
    draft.time = read_time(top)
    _targets(top, draft.figures)
    draft.thresholds = _thresholds(top)
    draft.reminders = top.listed("reminders", whole)
    draft.escalation = tuple(Role(role) for role in top.listed("escalation", one_of(set(Role), "a role")))
    draft.second_person = _letters(top)
    draft.findings = _findings(top)
    draft.retention = read_retention(top)
    _examples(top, draft)
    draft.references = _references(top)
    for node in top.items("promises"):
        _promise(node, draft, report)
    for node in top.items("regimes", required=False):
        _regime(node, draft, report)
    return draft


def _vendor(top: Reader) -> Vendor | None:
    vendor = top.inner("vendor", ("name", "profile", "apps", "subprocessors", "contacts"))
    if vendor is None:
        return None
    name = vendor.text("name")
    profile = vendor.parsed("profile", link, required=False)
    apps = vendor.listed("apps", str, required=False)
    subprocessors = vendor.listed("subprocessors", str, required=False)
    contacts = vendor.inner("contacts", ("security", "privacy"))
    if contacts is None or name is None:
        return None
    named = Contacts(
        contacts.parsed("security", address, required=False), contacts.parsed("privacy", address, required=False)
    )
    return Vendor(name, named, profile, apps, subprocessors)


def _targets(top: Reader, figures: Figures) -> None:
    def walk(line: int, name: str, node: Node) -> None:
        if isinstance(node, Fields):
            for key, (key_line, value) in node.entries.items():
                walk(key_line, f"{name}.{key}", value)
            return
        text = top.scalar(node, f"The figure “{name}”")
        target = None if text is None else top.attempt(line, text, parse_target)
        figures.lines[name] = line
        if target is not None:
            figures.targets[name] = target
        if not all(_NAME.fullmatch(part) for part in name.split(".")):
            top.report.add(line, f"“{name}” is no name for a figure: use small letters, digits and _.")

    for line, name, node in top.pairs("targets"):
        walk(line, name, node)


def _thresholds(top: Reader, *, required: bool = True) -> Thresholds | None:
    reader = top.inner("thresholds", ("critical", "high", "medium"), required=required)
    if reader is None:
        return None
    critical, high, medium = (reader.parsed(level, score) for level in ("critical", "high", "medium"))
    if critical is None or high is None or medium is None:
        return None
    if not critical > high > medium:
        reader.report.add(reader.line, f"Thresholds must fall: critical {critical}, high {high}, medium {medium}.")
    return Thresholds(critical, high, medium)


def _letters(top: Reader) -> frozenset[str]:
    reader = top.inner("letters", ("second_person",), required=False)
    if reader is None:
        return frozenset()
    return frozenset(reader.listed("second_person", one_of(set(names.LETTERS), "a kind of letter")))


def _findings(top: Reader) -> FindingsRule:
    reader = top.inner("findings", ("opens_from", "branches"), required=False)
    if reader is None:
        return FindingsRule()
    opens_from = reader.parsed("opens_from", one_of({*Severity, NEVER}, "a severity, or never"))
    branches = reader.listed("branches", _branch)
    return FindingsRule(str(opens_from or FindingsRule().opens_from), branches)


def _branch(text: str) -> str:
    if not text.isprintable() or not 0 < len(text) <= 120:
        raise BadInput("A branch has a name of up to 120 characters.", next="Write it as git does: main.")
    return text


def _examples(top: Reader, draft: Draft) -> None:
    reader = top.inner("severity_examples", tuple(Severity))
    if reader is not None:
        draft.severity_examples = {level: reader.listed(level, str) for level in Severity}


def _references(top: Reader) -> tuple[Reference, ...]:
    found = []
    for node in top.items("references"):
        reader = Reader(node, "a reference", ("title", "url"), top.report)
        title, url = reader.text("title"), reader.parsed("url", link)
        if title and url:
            found.append(Reference(title, url))
    return tuple(found)


def _promise(node: Node, draft: Draft, report: Report) -> None:
    reader = Reader(node, "a promise", ("id", "title", "sentence", "kept_by", "shown", "max_age"), report)
    id = reader.text("id")
    if id is None:
        return
    reader.where = id
    if id not in names.PROMISES:
        report.add(reader.at("id"), f"There is no promise “{id}”.{did_you_mean(id, names.PROMISES)}")
        return
    if any(known.id == id for known in draft.promises):
        report.add(reader.at("id"), f"{id} stands twice.")
        return
    kept_by, whole_list = read_mechanisms(reader, draft.figures)
    title, sentence = reader.text("title"), reader.text("sentence")
    shown = reader.parsed("shown", one_of({"public", "staff"}, "an audience"))
    max_age = reader.parsed("max_age", _age)
    if not whole_list:
        draft.broken.add(id)
    draft.lines[f"{id}.sentence"] = reader.at("sentence")
    draft.promises.append(
        Promise(
            id=id,
            section=names.PROMISES[id].section,
            title=title or "",
            sentence=sentence or "",
            kept_by=kept_by,
            shown="staff" if shown == "staff" else "public",
            max_age=max_age or Target(1, Unit.YEARS),
            line=reader.at("id"),
        )
    )


def _age(text: str) -> Target:
    target = parse_target(text)
    if target.unit.business or target.unit is Unit.MAINTENANCE:
        raise BadInput(f"“{text}” is no age.", next="Count an age in hours, days, weeks, months or years.")
    return target


def _regime(node: Node, draft: Draft, report: Report) -> None:
    reader = Reader(node, "a regime", ("id", "title", "source", "thresholds", "obligations"), report)
    id, title, source = reader.text("id"), reader.text("title"), reader.text("source")
    thresholds = _thresholds(reader, required=False)
    obligations = tuple(
        obligation
        for entry in reader.items("obligations")
        if (obligation := _obligation(entry, draft, report)) is not None
    )
    if id is None:
        return
    if not _REGIME_ID.fullmatch(id) or id == "policy" or any(known.id == id for known in draft.regimes):
        report.add(reader.at("id"), f"“{id}” cannot be a regime's id: small letters, each once, not “policy”.")
    draft.regimes.append(Regime(id, title or "", source or "", obligations, thresholds, reader.at("id")))


def _obligation(node: Node, draft: Draft, report: Report) -> Obligation | None:
    reader = Reader(node, "an obligation", ("id", "sentence", "clock"), report)
    id, sentence = reader.text("id"), reader.text("sentence")
    clock = reader.node("clock")
    rule = None if clock is None else read_clock(clock, draft.figures, report)
    if id is None or rule is None:
        return None
    taken = id in names.PROMISES or f"{id}.sentence" in draft.lines
    if taken or not _OBLIGATION_ID.fullmatch(id):
        report.add(reader.at("id"), f"“{id}” cannot be an obligation's id: it is taken, or not like CRA-1.")
    draft.lines[f"{id}.sentence"] = reader.at("sentence")
    return Obligation(id, sentence or "", rule, reader.at("id"))
