"""Reads what keeps a promise: the entries of ``kept_by``, and a regime's clocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from forgeward.policy import names
from forgeward.policy.model import OWN_DATE, UNSET, Check, ClockRule, Duty, Gate, Inherited, Mechanism, Record
from forgeward.policy.parse_fields import Reader, one_of
from forgeward.policy.parse_values import link
from forgeward.policy.parse_yaml import Fields, Node, Report
from forgeward.policy.targets import Target
from forgeward.vocabulary import Fact, Role, Severity

_KINDS = ("clock", "check", "gate", "duty", "record", "inherited")
_CLOCK = ("from", "to", "within", "severity", "when", "pauses", "repeats", "until")
_DUTY = ("name", "title", "every", "owner", "triggers", "triggered_within")
_FACTS = frozenset(Fact)
_LEVELS = frozenset({UNSET, *Severity})


@dataclass(slots=True)
class Figures:
    """The document's figures by dotted name, where each stands, and which a mechanism counts."""

    targets: dict[str, Target] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)


def read_mechanisms(promise: Reader, figures: Figures) -> tuple[tuple[Mechanism, ...], bool]:
    """What keeps the promise, and whether every entry could be read."""
    nodes = promise.items("kept_by", required=False)
    read = [_mechanism(node, figures, promise.report) for node in nodes]
    found = tuple(mechanism for mechanism in read if mechanism is not None)
    if not nodes:
        promise.report.add(promise.at("kept_by"), f"Nothing keeps {promise.where}: name a mechanism under kept_by.")
    return found, bool(nodes) and len(found) == len(read)


def _mechanism(node: Node, figures: Figures, report: Report) -> Mechanism | None:
    reader = Reader(node, "kept_by", _KINDS, report)
    kinds = [kind for kind in _KINDS if isinstance(node, Fields) and kind in node.entries]
    if len(kinds) != 1:
        if isinstance(node, Fields) and (kinds or not node.entries):
            report.add(node.line, f"An entry of kept_by is one of {', '.join(_KINDS)}.")
        return None
    kind = kinds[0]
    value = reader.node(kind)
    if value is None:
        return None
    if kind == "clock":
        return read_clock(value, figures, report)
    if kind == "duty":
        return _duty(value, figures, report)
    if kind == "inherited":
        return _inherited(value, report)
    return _named(kind, reader)


def _named(kind: str, reader: Reader) -> Mechanism | None:
    if kind == "gate":
        step = reader.parsed(kind, one_of(names.STEPS, "a step"))
        return Gate(step) if step else None
    if kind == "check":
        check = reader.parsed(kind, one_of(names.CHECKS, "a check"))
        return Check(check) if check else None
    record = reader.parsed(kind, one_of(names.RECORDS, "a record"))
    return Record(record) if record else None


def read_clock(node: Node, figures: Figures, report: Report) -> ClockRule | None:
    """A clock, or None after reporting. Facts, severities and the figure must be known."""
    reader = Reader(node, "a clock", _CLOCK, report)
    fact = one_of(_FACTS, "a fact that a clock can count from or to")
    starts, stops = reader.parsed("from", fact), reader.parsed("to", fact)
    when, repeats, until = (reader.parsed(key, fact, required=False) for key in ("when", "repeats", "until"))
    severity = frozenset(reader.listed("severity", one_of(_LEVELS, "a severity"), required=False))
    pauses = reader.parsed("pauses", one_of({"true", "false"}, "true or false"), required=False)
    within, target = _figure(reader, "within", figures)
    if starts is None or stops is None or not within:
        return None
    return ClockRule(
        starts=Fact(starts),
        stops=Fact(stops),
        within=within,
        target=target,
        severity=severity,
        when=Fact(when) if when else None,
        pauses=pauses == "true",
        repeats=Fact(repeats) if repeats else None,
        until=Fact(until) if until else None,
        line=node.line,
    )


def _figure(reader: Reader, key: str, figures: Figures, *, required: bool = True) -> tuple[str, Target | None]:
    """The name of a figure and its value; an empty name after reporting. ``own`` has no value."""
    if not figures.lines:
        return "", None  # the whole section is missing, which was said once
    known = figures.lines.keys() | ({OWN_DATE} if key == "within" else set())
    name = reader.parsed(key, one_of(known, "a figure under targets"), required=required)
    if name is None:
        return "", None
    figures.counted.add(name)
    if name != OWN_DATE and name not in figures.targets:
        return "", None  # its value was reported where it stands
    return name, figures.targets.get(name)


def _duty(node: Node, figures: Figures, report: Report) -> Duty | None:
    reader = Reader(node, "a duty", _DUTY, report)
    name, title = reader.text("name"), reader.text("title")
    owner = reader.parsed("owner", one_of(set(Role), "a role"))
    within, every = _figure(reader, "every", figures)
    triggers = reader.listed("triggers", one_of(names.TRIGGERS, "a trigger"), required=False)
    triggered, triggered_within = _figure(reader, "triggered_within", figures, required=False)
    if bool(triggers) != (reader.node("triggered_within", required=False) is not None):
        report.add(reader.line, "“triggers” and “triggered_within” go together.")
    if name is None or title is None or owner is None or every is None:
        return None
    return Duty(name, title, within, every, Role(owner), triggers, triggered, triggered_within, node.line)


def _inherited(node: Node, report: Report) -> Inherited | None:
    reader = Reader(node, "“inherited”", ("what", "reference"), report)
    what, reference = reader.text("what"), reader.parsed("reference", link)
    return Inherited(what, reference) if what and reference else None
