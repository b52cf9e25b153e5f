"""The promises: each sentence with its figures, what keeps it, how it stands and what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from forgeward.desk import programme
from forgeward.desk.models import Person
from forgeward.desk.readers import promised, words
from forgeward.desk.readers import standing as reader
from forgeward.desk.readers.promised import CaseClock
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views import errors
from forgeward.desk.web.views.today import TallyLine, tally
from forgeward.errors import BadInput
from forgeward.policy import names
from forgeward.policy.model import (
    Check,
    ClockRule,
    Duty,
    Gate,
    Inherited,
    Mechanism,
    Obligation,
    Policy,
    Promise,
    Record,
    Regime,
)
from forgeward.policy.render import long_date, sentence_html
from forgeward.policy.standing import Level, Standing
from forgeward.respond.access import Answer, ask

STATES = {
    "running": ("Runs", "run", "is-run"),
    "paused": ("Paused", "pause", "is-off"),
    "met": ("In time", "kept", "is-kept"),
    "missed": ("Late", "missed", "is-missed"),
    "late_met": ("Done late", "missed", "is-missed"),
}
KIND_WORDS = {"clock": "Clock", "check": "Check", "gate": "Gate", "duty": "Duty", "record": "Record"}


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise in the list."""

    id: str
    title: str
    sentence: SafeString
    kept_by: str
    standing: str
    why: str
    seen: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the policy with its promises, and how many of them are kept."""

    key: str
    title: str
    rows: tuple[PromiseRow, ...]
    kept: int
    all: int


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    now = programme.home().now()
    policy = programme.policies().at(now)
    view = lens(now)
    standings = reader.standing(now)
    wanted = request.GET.get("standing", "")
    if wanted and wanted not in set(Level):
        problem = BadInput(f"“{wanted[:40]}” is no standing.", next=f"Choose one of: {', '.join(Level)}.")
        return errors.refused(request, problem, 400)
    every = {s.id: _row(policy, policy.promise(s.id), s, view) for s in standings}
    shown: dict[str, Any] = {
        "may_adopt": ask("policy.adopt", cast(Person, request.user).actor()) is Answer.YES,
        "room": "promises",
        "version": policy.version,
        "since": long_date(policy.effective),
        "all": len(standings),
        "tally": _counted(tally(standings)),
        "wanted": wanted,
        "map": tuple(_sections(policy, every, "")),
        "sections": tuple(s for s in _sections(policy, every, wanted) if s.rows),
    }
    return render(request, "promises.html", shown)


def _counted(lines: Sequence[TallyLine]) -> tuple[TallyLine, ...]:
    return tuple(line for line in lines if line.count)


def _sections(policy: Policy, every: dict[str, PromiseRow], wanted: str) -> Iterator[Section]:
    for key, title in names.SECTIONS.items():
        mine = [every[promise.id] for promise in policy.promises if promise.section == key]
        rows = tuple(row for row in mine if not wanted or row.standing == wanted)
        yield Section(key, title, rows, sum(row.standing == Level.KEPT for row in mine), len(mine))


def _row(policy: Policy, promise: Promise, standing: Standing, view: Lens) -> PromiseRow:
    newest = standing.evidence[0] if standing.evidence else None
    return PromiseRow(
        id=promise.id,
        title=promise.title,
        sentence=_html(policy, promise),
        kept_by=", ".join(dict.fromkeys(m.kind.value for m in promise.kept_by)),
        standing=standing.standing.value,
        why=standing.why if standing.standing is not Level.KEPT else "",
        seen=_seen(standing),
        seen_at=view.day(newest.at) if newest else "",
    )


def _html(policy: Policy, said: Promise | Obligation) -> SafeString:
    return mark_safe(sentence_html(policy, said))  # noqa: S308 - policy.render escapes every text


def _seen(standing: Standing) -> str:
    """What shows it, with its counts: never a percentage."""
    counts = standing.tally
    ended = counts.met + counts.late_met + counts.missed
    parts = [f"{counts.met} of {ended} in time"] if ended else []
    parts += [f"{counts.running} running"] if counts.running else []
    if parts:
        return ", ".join(parts)
    return standing.evidence[0].what if standing.evidence else "Nothing seen yet"


@dataclass(frozen=True, slots=True)
class Keeper:
    """One mechanism in words: what it is, what it asks for, what was seen of it last."""

    kind: str
    words: str
    reference: str
    seen: str
    seen_at: str
    case: str


@require_safe
def promise(request: HttpRequest, promise_id: str) -> HttpResponse:
    now = programme.home().now()
    policy = programme.policies().at(now)
    view = lens(now)
    said, regime = _find(policy, promise_id)
    standing = next((s for s in reader.standing(now) if s.id == said.id), None) if regime is None else None
    shown: dict[str, Any] = {
        "room": "promises",
        "id": said.id,
        "title": said.title if isinstance(said, Promise) else regime.title if regime else "",
        "sentence": _html(policy, said),
        "section": names.SECTIONS[said.section] if isinstance(said, Promise) else "",
        "regime": regime,
        "standing": standing,
        "seen": _seen(standing) if standing else "",
        "max_age": str(said.max_age) if isinstance(said, Promise) else "",
        "public": isinstance(said, Promise) and said.shown == "public",
        "keepers": tuple(_keepers(said, standing, view)),
        "clocks": [_clock(clock, view) for clock in promised.clocks_of(cast(Person, request.user), said.id)],
        "zone": view.zone_words,
    }
    return render(request, "promise.html", shown)


def _find(policy: Policy, id: str) -> tuple[Promise | Obligation, Regime | None]:
    """The promise, or the obligation with its regime. 404 for neither."""
    for promise in policy.promises:
        if promise.id == id:
            return promise, None
    for regime in policy.regimes:
        for obligation in regime.obligations:
            if obligation.id == id:
                return obligation, regime
    raise Http404


def _keepers(said: Promise | Obligation, standing: Standing | None, view: Lens) -> Iterator[Keeper]:
    mechanisms: tuple[Mechanism, ...] = said.kept_by if isinstance(said, Promise) else (said.clock,)
    for mechanism in mechanisms:
        seen = next((e for e in standing.evidence if e.of == mechanism.key), None) if standing else None
        yield Keeper(
            kind=KIND_WORDS.get(mechanism.kind.value, "Inherited"),
            words=_in_words(mechanism),
            reference=mechanism.reference if isinstance(mechanism, Inherited) else "",
            seen=seen.what if seen else "" if isinstance(mechanism, ClockRule | Inherited) else "Not seen yet",
            seen_at=view.at(seen.at) if seen else "",
            case=seen.case if seen else "",
        )


def _in_words(mechanism: Mechanism) -> str:
    match mechanism:
        case ClockRule():
            return _clock_words(mechanism)
        case Check():
            return f"A program looks: {names.CHECKS[mechanism.name]}"
        case Gate():
            return f"The step “{words.step(mechanism.step)}” asks: {names.STEPS[mechanism.step]}"
        case Duty():
            return f"{mechanism.title}, every {mechanism.every}, by {words.ROLES[mechanism.owner]}"
        case Record():
            return f"A register: {names.RECORDS[mechanism.name]}"
        case Inherited():
            return mechanism.what


def _clock_words(rule: ClockRule) -> str:
    figure = f"within {rule.target}" if rule.target else "by its own date"
    levels = [level for level in rule.severity if level != "unset"]
    scope = f" Only for {' and '.join(level.capitalize() for level in sorted(levels))}." if levels else ""
    pauses = " Pauses while the reporter is awaited." if rule.pauses else ""
    again = " Starts anew with each update." if rule.repeats else ""
    since = words.STARTS.get(rule.starts, rule.starts.value)
    return f"{words.CLOCKS.get(rule.stops, rule.stops.value)} {figure}, counted from {since}.{scope}{pauses}{again}"


@dataclass(frozen=True, slots=True)
class ClockRowLine:
    """One case's clock in words."""

    clock: CaseClock
    state: str
    mark: str
    css: str
    due: str
    met: str
    starts: str


def _clock(clock: CaseClock, view: Lens) -> ClockRowLine:
    state = "missed" if clock.state == "running" and clock.due and clock.due < view.now else clock.state
    word, shape, css = STATES[state]
    return ClockRowLine(
        clock=clock,
        state=word,
        mark=shape,
        css=css,
        due=view.at(clock.due) if clock.due else "",
        met=view.at(clock.met) if clock.met else "",
        starts=view.at(clock.starts),
    )
