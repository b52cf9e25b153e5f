"""What only shows across entries: a promise without its mechanism, a figure in prose, High slower than Medium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from forgeward.errors import BadInput
from forgeward.policy import names
from forgeward.policy.model import OWN_DATE, POLICY, ClockRule, Duty, Promise, Record
from forgeward.policy.parse_fields import did_you_mean
from forgeward.policy.parse_policy import Draft
from forgeward.policy.parse_yaml import Report
from forgeward.policy.targets import Unit
from forgeward.policy.template import plain_text, references
from forgeward.vocabulary import Fact, Severity

_COUNT = r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirty|sixty|ninety)"
_SPAN = re.compile(
    rf"\b{_COUNT}[ -]?(?:(?:business|working|calendar)[ -])?(?:(?:second|minute|hour|day|week|month|year)s?|[hdw])\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?!\w)")
# Numbers that name something: a law, a standard, a section.
_NAMES = re.compile(
    r"\b(?:Articles?|Art\.|Regulation \(EU\)|Directive \(EU\)|RFC|ISO|CVSS|TLS|[Ss]ections?) [\d(][\d()./]*"
)


def lint(draft: Draft, report: Report) -> None:
    """Reports what is wrong across the entries of a draft that was read as far as it goes."""
    _completeness(draft, report)
    for promise in draft.promises:
        _mechanisms(promise, draft, report)
        _sentence(promise.id, promise.sentence, _counted(promise), draft, report)
        if promise.title and (span := _SPAN.search(promise.title)):
            report.add(promise.line, f"The title of {promise.id} says “{span[0]}”: figures belong into the sentence.")
    for regime in draft.regimes:
        for obligation in regime.obligations:
            _clock(obligation.id, obligation.clock, report, regime=regime.id)
            _sentence(obligation.id, obligation.sentence, _figure_of(obligation.clock), draft, report)
    _order(draft, report)
    _figures(draft, report)
    _lists(draft, report)


def _completeness(draft: Draft, report: Report) -> None:
    present = {promise.id for promise in draft.promises}
    for id in names.PROMISES if present else ():
        if id not in present:
            report.add(draft.lines["promises"], f"The promise {id} is missing.")
    for promise in draft.promises:
        if promise.id in draft.broken:
            continue
        needs = names.PROMISES[promise.id]
        has = {mechanism.kind for mechanism in promise.kept_by}
        for kind in sorted(needs.kinds - has):
            report.add(promise.line, f"{promise.id} must be kept by a {kind}; under kept_by there is none.")
        pairs = {(rule.starts, rule.stops) for rule in promise.clocks}
        for starts, stops in needs.clocks:
            if (starts, stops) not in pairs and promise.clocks:
                report.add(promise.line, f"{promise.id} must have a clock from {starts} to {stops}.")


def _mechanisms(promise: Promise, draft: Draft, report: Report) -> None:
    seen: set[str] = set()
    for mechanism in promise.kept_by:
        if mechanism.key in seen:
            report.add(promise.line, f"{promise.id} names {mechanism.key.replace(':', ' ')} twice.")
        seen.add(mechanism.key)
        if isinstance(mechanism, ClockRule):
            _clock(promise.id, mechanism, report)
        if isinstance(mechanism, Duty) and mechanism.every.seconds_hint > promise.max_age.seconds_hint:
            report.add(
                mechanism.line,
                f"{promise.id} is done every {mechanism.every}, but its evidence counts for {promise.max_age} only.",
            )
    named = {record.name for record in promise.kept_by if isinstance(record, Record)}
    if "platform_references" in named and not draft.references:
        report.add(promise.line, f"{promise.id} shows the platform's pages: list them under references.")


def _clock(id: str, rule: ClockRule, report: Report, regime: str = POLICY) -> None:
    def add(what: str) -> None:
        report.add(rule.line, f"{id}: {what}")

    if rule.starts == rule.stops:
        add("a clock cannot start and stop at the same fact.")
    if rule.pauses and regime != POLICY:
        add(f"a clock of “{regime}” never pauses.")
    elif rule.pauses and rule.stops not in names.PAUSABLE:
        add(f"a clock to {rule.stops} does not wait for the reporter, so it cannot pause.")
    if rule.repeats is not None and rule.repeats != rule.stops:
        add(f"a clock that repeats starts again at what stops it: {rule.stops}.")
    if (rule.until is None) != (rule.repeats is None):
        add("“repeats” and “until” go together.")
    if (rule.within == OWN_DATE) != (rule.stops in names.OWN_DATED):
        own = (
            "has a date of its own: write “within: own”" if rule.stops in names.OWN_DATED else "has no date of its own"
        )
        add(f"what is counted to {rule.stops} {own}.")
    levels = names.LEVELS.get(id)
    if levels and rule.severity != levels:
        add(f"its clock runs for {', '.join(sorted(levels))}, as the promise says.")


def _counted(promise: Promise) -> dict[str, int]:
    """The figures that the promise's mechanisms count, with their lines."""
    counted: dict[str, int] = {}
    for mechanism in promise.kept_by:
        if isinstance(mechanism, ClockRule):
            counted.update(_figure_of(mechanism))
        elif isinstance(mechanism, Duty):
            counted[mechanism.within] = mechanism.line
            if mechanism.triggered:
                counted[mechanism.triggered] = mechanism.line
    return counted


def _figure_of(rule: ClockRule) -> dict[str, int]:
    return {} if rule.within == OWN_DATE else {rule.within: rule.line}


def _sentence(id: str, sentence: str, counted: dict[str, int], draft: Draft, report: Report) -> None:
    line = draft.lines[f"{id}.sentence"]
    if not sentence:
        return
    try:
        said = references(sentence)
    except BadInput as error:
        report.add(line, f"{id}: {error} {error.next}")
        return
    known = _known(draft)
    for name in said:
        if name not in known and draft.figures.lines:
            report.add(line, f"{id}: nothing is called “{name}”.{did_you_mean(name, known)}")
    figures = {name.removeprefix("targets.") for name in said if name.startswith("targets.") and name in known}
    if id not in draft.broken:
        for name in sorted(figures - counted.keys()):
            report.add(line, f"{id}: the sentence says “{name}”, but none of its mechanisms counts it.")
    for name in sorted(counted.keys() - figures):
        report.add(counted[name], f"{id}: its mechanism counts “{name}”, but the sentence does not say it.")
    for number in _by_hand(sentence, clocked=bool(counted)):
        report.add(line, f"{id}: “{number}” is written by hand; refer to a figure like {{{{ targets.… }}}}.")


def _by_hand(sentence: str, *, clocked: bool) -> Iterator[str]:
    """Figures that somebody wrote into the sentence: lengths of time, and any number where a clock runs."""
    text = _NAMES.sub("", plain_text(sentence))
    spans = [match[0] for match in _SPAN.finditer(text)]
    yield from spans
    if clocked:
        yield from (match[0] for match in _NUMBER.finditer(_SPAN.sub("", text)))


def _known(draft: Draft) -> set[str]:
    targets = {f"targets.{name}" for name in draft.figures.lines}
    thresholds = {f"thresholds.{level}" for level in ("critical", "high", "medium")}
    return {*targets, *thresholds, "reminders", "contacts.security", "contacts.privacy", "vendor.name"}


def _rules(draft: Draft) -> Iterator[tuple[str, ClockRule]]:
    for promise in draft.promises:
        yield from ((POLICY, rule) for rule in promise.clocks)
    for regime in draft.regimes:
        yield from ((regime.id, obligation.clock) for obligation in regime.obligations)


def _order(draft: Draft, report: Report) -> None:
    """A graver severity is never slower, and a plan never later than what it plans."""
    by_level: dict[tuple[str, Fact, Fact], dict[Severity, str]] = {}
    for regime, rule in _rules(draft):
        levels = [level for level in Severity if level.value in rule.severity]
        for level in levels if rule.target is not None else []:
            by_level.setdefault((regime, rule.starts, rule.stops), {})[level] = rule.within
    for figures in by_level.values():
        ranked = [(level, figures[level]) for level in Severity if level in figures]
        for (graver, quick), (lesser, slow) in pairwise(ranked):
            why = f"{graver} would be slower than {lesser}"
            _not_after(draft, quick, slow, why, report)
    for (regime, starts, stops), figures in by_level.items():
        deploys = by_level.get((regime, starts, Fact.SHIPPED), {}) if stops is Fact.PLANNED else {}
        for level, plan in figures.items():
            if level in deploys:
                _not_after(draft, plan, deploys[level], "the plan would be later than the deployment", report)


def _not_after(draft: Draft, first: str, second: str, why: str, report: Report) -> None:
    a, b = draft.figures.targets[first], draft.figures.targets[second]
    if Unit.MAINTENANCE not in {a.unit, b.unit} and a.seconds_hint > b.seconds_hint:
        report.add(draft.figures.lines[first], f"“{first}” is {a}, but “{second}” is {b}: {why}.")


def _figures(draft: Draft, report: Report) -> None:
    said: set[str] = set()
    sentences = [p.sentence for p in draft.promises] + [o.sentence for r in draft.regimes for o in r.obligations]
    for sentence in sentences:
        try:
            said.update(references(sentence))
        except BadInput:
            return  # reported with its sentence; which figures it would have used is unknown
    for name, line in draft.figures.lines.items():
        if name not in draft.figures.counted and f"targets.{name}" not in said:
            report.add(line, f"The figure “{name}” is used by no promise.")


def _lists(draft: Draft, report: Report) -> None:
    reminders = draft.reminders
    if list(reminders) != sorted(set(reminders)) or any(percent > 100 for percent in reminders):
        report.add(draft.lines["reminders"], "Reminders are shares of the time in per cent, ascending, up to 100.")
    if len(set(draft.escalation)) != len(draft.escalation) or not draft.escalation:
        report.add(draft.lines["escalation"], "The escalation path names at least one role, each once.")
    for level, examples in draft.severity_examples.items():
        if not examples:
            report.add(draft.lines["severity_examples"], f"AP-1 gives at least one example of {level}.")
