"""Two policies side by side, in words: what became tighter or looser, what is new or gone, what must be announced.

What is material (PR-3: to be announced before it takes effect)
- anything looser: a longer figure, a clock for fewer severities, one that may now pause, a lower reach of a threshold,
  a mechanism, trigger, promise or regime that is gone, evidence that may be older;
- a figure counted in another way (business days for days), since it is looser for some reports though not for all;
- what the policy covers and who handles data: apps, sub-processors, the vendor, contacts, and the sentences of
  ``S-1`` and ``O-3``, which say just that;
- showing less to the public;
- zone, opening hours and holiday regions, since every figure in business time moves with them.
Not material: other wording, tighter figures, new mechanisms, examples and references, roles that are asked or do the
work, and the upkeep of the calendar (closed days, half days, maintenance dates), which the policy foresees. A person
may announce these too; the comparison only says what must be announced.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from forgeward.policy import names
from forgeward.policy.clock import Clock, Course, evaluate
from forgeward.policy.model import NEVER, ClockRule, Duty, Mechanism, Obligation, Policy, Promise, Regime, Thresholds
from forgeward.policy.targets import Target, Unit
from forgeward.vocabulary import Severity

SAYS_THE_SCOPE = frozenset({"S-1", "O-3"})


class Turn(enum.StrEnum):
    """What a change does to a promise."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    OTHERWISE = "otherwise"  # counted or kept in another way; neither for every case
    NEW = "new"
    GONE = "gone"
    WORDING = "wording"


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. ``about``: a promise's or obligation's id, or a section of the document. ``words``: a sentence."""

    about: str
    turn: Turn
    words: str
    material: bool

    def shape(self) -> dict[str, str | bool]:
        """As JSON has it."""
        return {"about": self.about, "turn": self.turn.value, "words": self.words, "material": self.material}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference, promises first, in the policy's order."""

    changes: tuple[Difference, ...]

    @property
    def material(self) -> bool:
        """Whether one of the differences must be announced."""
        return any(change.material for change in self.changes)

    def text(self) -> str:
        """One line for each change, and at the end what must be announced; as ``policy diff`` prints it."""
        if not self.changes:
            return "The two policies promise the same."
        lines = [f"{c.about}: {c.turn}{', material' if c.material else ''}. {c.words}" for c in self.changes]
        last = "Material: announce it before it takes effect (PR-3)." if self.material else "Nothing of it is material."
        return "\n".join([*lines, last])


def compare(a: Policy, b: Policy) -> Comparison:
    """What changes when ``b`` follows ``a``."""
    return Comparison((*_promises(a, b), *_regimes(a, b), *_frame(a, b)))


# --- which open cases move ---


@dataclass(frozen=True, slots=True)
class Move:
    """A clock that is open and whose due instant changes. None: no clock before, or none after."""

    promise: str
    regime: str
    subject: str
    before: datetime | None
    after: datetime | None

    @property
    def turn(self) -> Turn:
        if self.before is None:
            return Turn.NEW
        if self.after is None:
            return Turn.GONE
        return Turn.TIGHTER if self.after < self.before else Turn.LOOSER


def moves(before: Iterable[Course], after: Iterable[Course], now: datetime) -> tuple[Move, ...]:
    """One case's courses under the old and under the new policy: which open clocks are due at another instant.

    Courses are told apart by promise, regime and subject. What was met, missed or dropped does not move.
    """
    old, new = _open_clocks(before, now), _open_clocks(after, now)
    found = []
    for key in {**old, **new}:
        was, becomes = old.get(key), new.get(key)
        if was != becomes:
            found.append(Move(*key, before=was, after=becomes))
    return tuple(found)


def _open_clocks(courses: Iterable[Course], now: datetime) -> dict[tuple[str, str, str], datetime | None]:
    clocks: list[Clock] = [evaluate(course, now) for course in courses]
    return {
        (clock.promise, clock.regime, clock.subject): clock.due
        for clock in clocks
        if clock.open and clock.due is not None and clock.missed_at is None
    }


# --- promises ---


def _promises(a: Policy, b: Policy) -> Iterator[Difference]:
    old, new = {p.id: p for p in a.promises}, {p.id: p for p in b.promises}
    for id in {**old, **new}:
        if id not in new:
            yield Difference(id, Turn.GONE, f"“{old[id].title}” is no longer promised.", material=True)
        elif id not in old:
            yield Difference(id, Turn.NEW, f"“{new[id].title}” is promised.", material=False)
        else:
            yield from _promise(old[id], new[id])


def _promise(old: Promise, new: Promise) -> Iterator[Difference]:
    if (old.title, old.sentence) != (new.title, new.sentence):
        yield Difference(old.id, Turn.WORDING, "It is said in other words.", material=old.id in SAYS_THE_SCOPE)
    yield from _mechanisms(old.id, old.kept_by, new.kept_by)
    yield from _length(old.id, "The evidence counts for", old.max_age, new.max_age)
    if old.shown != new.shown:
        turn = Turn.LOOSER if new.shown == "staff" else Turn.TIGHTER
        words = "It is no longer shown to the public." if new.shown == "staff" else "It is now shown to the public."
        yield Difference(old.id, turn, words, material=turn is Turn.LOOSER)


def _mechanisms(id: str, old: tuple[Mechanism, ...], new: tuple[Mechanism, ...]) -> Iterator[Difference]:
    matched = _matched(old, new)
    for mechanism in old:
        if mechanism.key not in matched:
            yield Difference(id, Turn.GONE, f"No longer kept by the {_named(mechanism)}.", material=True)
            continue
        became = matched[mechanism.key]
        if isinstance(mechanism, ClockRule) and isinstance(became, ClockRule):
            yield from _clock(id, mechanism, became)
        elif isinstance(mechanism, Duty) and isinstance(became, Duty):
            yield from _duty(id, mechanism, became)
        elif mechanism != became:
            yield Difference(id, Turn.WORDING, f"The {_named(mechanism)} is described otherwise.", material=False)
    known = {mechanism.key for mechanism in matched.values()}
    for mechanism in new:
        if mechanism.key not in known:
            yield Difference(id, Turn.NEW, f"Also kept by the {_named(mechanism)}.", material=False)


def _matched(old: tuple[Mechanism, ...], new: tuple[Mechanism, ...]) -> dict[str, Mechanism]:
    """Old key to new mechanism: by key, and clocks whose figure got another name by their facts."""
    by_key = {mechanism.key: mechanism for mechanism in new}
    matched = {m.key: by_key.pop(m.key) for m in old if m.key in by_key}
    for mechanism in old:
        if isinstance(mechanism, ClockRule) and mechanism.key not in matched:
            facts = (mechanism.starts, mechanism.stops, mechanism.severity)
            for other in by_key.values():
                if isinstance(other, ClockRule) and (other.starts, other.stops, other.severity) == facts:
                    matched[mechanism.key] = by_key.pop(other.key)
                    break
    return matched


def _named(mechanism: Mechanism) -> str:
    if isinstance(mechanism, ClockRule):
        return f"clock from {mechanism.starts} to {mechanism.stops}"
    return mechanism.key.replace(":", " “", 1) + "”"


def _clock(id: str, old: ClockRule, new: ClockRule) -> Iterator[Difference]:
    if old.target and new.target:
        yield from _length(id, f"From {old.starts} to {old.stops} within", old.target, new.target)
    elif old.target or new.target:
        yield Difference(id, Turn.OTHERWISE, f"The {_named(old)} is counted otherwise.", material=True)
    before = (old.starts, old.stops, old.when, old.repeats, old.until)
    after = (new.starts, new.stops, new.when, new.repeats, new.until)
    if before != after:
        words = f"The {_named(old)} becomes a {_named(new)}, or runs on other conditions."
        yield Difference(id, Turn.OTHERWISE, words, material=True)
    if old.severity != new.severity:
        # No severity named means all of them.
        wider = not new.severity or (old.severity and new.severity > old.severity)
        turn = Turn.TIGHTER if wider else Turn.LOOSER
        words = f"The {_named(old)} runs for {_levels(new.severity)}; it ran for {_levels(old.severity)}."
        yield Difference(id, turn, words, material=turn is Turn.LOOSER)
    if old.pauses != new.pauses:
        words = f"The {_named(old)} {'may now' if new.pauses else 'can no longer'} pause for the reporter."
        yield Difference(id, Turn.LOOSER if new.pauses else Turn.TIGHTER, words, material=new.pauses)


def _levels(severity: frozenset[str]) -> str:
    return ", ".join(sorted(severity)) or "every severity"


def _duty(id: str, old: Duty, new: Duty) -> Iterator[Difference]:
    yield from _length(id, f"“{old.title}” at least every", old.every, new.every)
    if old.triggered_within and new.triggered_within:
        yield from _length(id, f"“{old.title}” after a trigger within", old.triggered_within, new.triggered_within)
    for trigger in sorted(set(old.triggers) - set(new.triggers)):
        yield Difference(id, Turn.LOOSER, f"“{old.title}” is no longer triggered by {trigger}.", material=True)
    for trigger in sorted(set(new.triggers) - set(old.triggers)):
        yield Difference(id, Turn.TIGHTER, f"“{old.title}” is now triggered by {trigger}.", material=False)
    if (old.title, old.owner) != (new.title, new.owner):
        yield Difference(id, Turn.WORDING, f"“{new.title}” is the work of {new.owner}.", material=False)


def _length(id: str, words: str, old: Target, new: Target) -> Iterator[Difference]:
    """A figure that changed: tighter, looser, or counted in another way."""
    if old == new:
        return
    said = f"{words} {new}; it was {old}."
    a, b = old.seconds_hint, new.seconds_hint
    # Open time can be stretched by any number of holidays, so it is never surely the shorter one.
    surely_tighter = _kind(new) == "calendar" and b <= _surely(old)
    if _kind(old) != _kind(new) and b <= a and not surely_tighter:
        yield Difference(id, Turn.OTHERWISE, said, material=True)
    elif a == b:
        yield Difference(id, Turn.WORDING, said, material=False)
    else:
        yield Difference(id, Turn.LOOSER if b > a else Turn.TIGHTER, said, material=b > a)


def _surely(target: Target) -> int:
    """The seconds that a figure gives even where it gives least: a last business day may be its opening hours only."""
    if target.unit is Unit.BUSINESS_DAYS:
        return (target.amount - 1) * 86_400
    if target.unit is Unit.BUSINESS_HOURS:
        return target.amount * 3_600
    return 0 if target.unit is Unit.MAINTENANCE else target.seconds_hint


def _kind(target: Target) -> str:
    return "maintenance" if target.unit is Unit.MAINTENANCE else "business" if target.unit.business else "calendar"


# --- regimes ---


def _regimes(a: Policy, b: Policy) -> Iterator[Difference]:
    old, new = {r.id: r for r in a.regimes}, {r.id: r for r in b.regimes}
    for id in {**old, **new}:
        if id not in new:
            yield Difference(id, Turn.GONE, f"“{old[id].title}” is no longer counted.", material=True)
        elif id not in old:
            yield Difference(id, Turn.NEW, f"“{new[id].title}” is counted too.", material=False)
        else:
            yield from _regime(old[id], new[id])


def _regime(old: Regime, new: Regime) -> Iterator[Difference]:
    if (old.title, old.source) != (new.title, new.source):
        yield Difference(old.id, Turn.WORDING, "Its title or source is written otherwise.", material=False)
    if (old.thresholds is None) != (new.thresholds is None):
        yield Difference(old.id, Turn.OTHERWISE, "Its levels begin at other scores.", material=True)
    elif old.thresholds and new.thresholds:
        yield from _thresholds(old.id, old.thresholds, new.thresholds)
    before, after = {o.id: o for o in old.obligations}, {o.id: o for o in new.obligations}
    for id in {**before, **after}:
        if id not in after:
            yield Difference(id, Turn.GONE, "This obligation is no longer counted.", material=True)
        elif id not in before:
            yield Difference(id, Turn.NEW, "This obligation is counted too.", material=False)
        else:
            yield from _obligation(before[id], after[id])


def _obligation(old: Obligation, new: Obligation) -> Iterator[Difference]:
    if old.sentence != new.sentence:
        yield Difference(old.id, Turn.WORDING, "It is said in other words.", material=False)
    yield from _clock(old.id, old.clock, new.clock)


# --- what stands around the promises ---


def _frame(a: Policy, b: Policy) -> Iterator[Difference]:
    yield from _vendor(a, b)
    yield from _thresholds("thresholds", a.thresholds, b.thresholds)
    yield from _reminders(a, b)
    if a.escalation != b.escalation:
        words = f"The path of escalation is {', '.join(b.escalation)}."
        yield Difference("escalation", Turn.OTHERWISE, words, material=False)
    yield from _letters(a, b)
    yield from _findings(a, b)
    yield from _retention(a, b)
    yield from _time(a, b)
    if a.severity_examples != b.severity_examples:
        yield Difference("severity_examples", Turn.WORDING, "The examples of severities changed.", material=False)
    if a.references != b.references:
        yield Difference("references", Turn.WORDING, "The platform's pages changed.", material=False)


def _vendor(a: Policy, b: Policy) -> Iterator[Difference]:
    old, new = a.vendor, b.vendor
    pairs: Mapping[str, tuple[object, object]] = {
        "name": (old.name, new.name),
        "profile": (old.profile, new.profile),
        "security contact": (old.contacts.security, new.contacts.security),
        "privacy contact": (old.contacts.privacy, new.contacts.privacy),
    }
    for what, (was, becomes) in pairs.items():
        if was != becomes:
            words = f"The {what} is {becomes or 'not named'}; it was {was or 'not named'}."
            yield Difference("vendor", Turn.OTHERWISE, words, material=True)
    yield from _members("The app", old.apps, new.apps, Turn.NEW, Turn.GONE)
    yield from _members("The sub-processor", old.subprocessors, new.subprocessors, Turn.LOOSER, Turn.TIGHTER)


def _members(noun: str, old: tuple[str, ...], new: tuple[str, ...], added: Turn, removed: Turn) -> Iterator[Difference]:
    for name in new:
        if name not in old:
            yield Difference("vendor", added, f"{noun} “{name}” is added.", material=True)
    for name in old:
        if name not in new:
            yield Difference("vendor", removed, f"{noun} “{name}” is taken away.", material=True)


def _thresholds(about: str, old: Thresholds, new: Thresholds) -> Iterator[Difference]:
    for level in ("critical", "high", "medium"):
        was, becomes = getattr(old, level), getattr(new, level)
        if was != becomes:
            words = f"{level.capitalize()} begins at {becomes}; it began at {was}."
            yield Difference(about, Turn.LOOSER if becomes > was else Turn.TIGHTER, words, material=becomes > was)


def _reminders(a: Policy, b: Policy) -> Iterator[Difference]:
    if a.reminders != b.reminders:
        fewer = not set(a.reminders) <= set(b.reminders)
        words = (
            f"People are asked at {', '.join(map(str, b.reminders))} %; it was {', '.join(map(str, a.reminders))} %."
        )
        yield Difference("reminders", Turn.LOOSER if fewer else Turn.TIGHTER, words, material=fewer)


def _letters(a: Policy, b: Policy) -> Iterator[Difference]:
    """Who reads a letter before it goes is a rule of the house: tighter or looser, but nothing to announce."""
    for kind in sorted(b.second_person - a.second_person):
        yield Difference("letters", Turn.TIGHTER, f"A second person reads “{kind}” before it goes.", material=False)
    for kind in sorted(a.second_person - b.second_person):
        yield Difference("letters", Turn.LOOSER, f"Nobody else reads “{kind}” before it goes.", material=False)


def _findings(a: Policy, b: Policy) -> Iterator[Difference]:
    """From where on a finding opens a case at once is a rule of the house: fewer cases are looser."""
    old, new = a.findings, b.findings
    if old.opens_from != new.opens_from:
        order = [*Severity, NEVER]  # the gravest first: what begins later in it opens more
        looser = new.opens_from == NEVER or (
            old.opens_from != NEVER and order.index(new.opens_from) < order.index(old.opens_from)
        )
        words = f"Findings open a case from {new.opens_from} on; it was {old.opens_from}."
        yield Difference("findings", Turn.LOOSER if looser else Turn.TIGHTER, words, material=False)
    if set(old.branches) != set(new.branches):
        fewer = not set(old.branches) <= set(new.branches)
        words = f"Findings open cases on {', '.join(new.branches) or 'no branch'}; it was {', '.join(old.branches)}."
        yield Difference("findings", Turn.LOOSER if fewer else Turn.TIGHTER, words, material=False)


def _retention(a: Policy, b: Policy) -> Iterator[Difference]:
    """Data that is kept for longer is a matter for those whom it is about; a shorter time is not."""
    for kind in names.RETENTION:
        was, becomes = a.retention.get(kind), b.retention.get(kind)
        if was == becomes:
            continue
        longer = becomes is None or (was is not None and becomes.seconds_hint > was.seconds_hint)
        words = f"“{kind}” is kept for {becomes or 'as long as nobody erases it'}; it was {was or 'without an end'}."
        yield Difference("retention", Turn.LOOSER if longer else Turn.TIGHTER, words, material=longer)


def _time(a: Policy, b: Policy) -> Iterator[Difference]:
    old, new = a.time, b.time
    if old.zone != new.zone:
        words = f"Business time is counted in {new.zone}; it was {old.zone}."
        yield Difference("time", Turn.OTHERWISE, words, material=True)
    if old.week != new.week:
        yield Difference("time", Turn.OTHERWISE, "The office opens at other hours.", material=True)
    if old.holidays != new.holidays:
        fewer = set(new.holidays) < set(old.holidays)
        words = f"Holidays are those of {', '.join(new.holidays) or 'no region'}."
        yield Difference("time", Turn.TIGHTER if fewer else Turn.LOOSER, words, material=not fewer)
    if old.maintenance != new.maintenance:
        words = f"Maintenance is on the {new.maintenance}; it was on the {old.maintenance}."
        yield Difference("time", Turn.OTHERWISE, words, material=True)
    upkeep = ("closed", "half_days", "maintenance_dates")
    if any(getattr(old, name) != getattr(new, name) for name in upkeep):
        yield Difference("time", Turn.WORDING, "Closed days, half days or maintenance dates changed.", material=False)
