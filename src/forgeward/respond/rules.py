"""The clock rules of all adopted policies, compiled once: which figure was in force when, at which severity.

PolicyBook ──tables()──> one ``Line`` for each clock that any of its policies promised
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from forgeward.policy.book import PolicyBook
from forgeward.policy.calendar import Calendar
from forgeward.policy.clock import POLICY, Bound
from forgeward.policy.model import ClockRule, Policy, Thresholds
from forgeward.policy.targets import Target
from forgeward.respond.case import SeverityMark
from forgeward.vocabulary import Fact, Severity

Key: TypeAlias = tuple[str, str, Fact, Fact, Fact | None]
_LEVELS: tuple[Severity | None, ...] = (None, *Severity)


class Period(NamedTuple):
    """What a line says from ``since`` on: the figure at each level (None: before a confirmed severity)."""

    since: datetime
    bounds: dict[Severity | None, Bound | None]
    thresholds: Thresholds | None

    def at(self, mark: SeverityMark | None) -> Bound | None:
        """The figure at a severity. A regime with thresholds of its own reads the CVSS score by them."""
        if mark is None:
            return self.bounds[None]
        if self.thresholds is not None and mark.base >= 0:
            # Our surroundings may make it graver than the published base score, never milder, to somebody else.
            return self.bounds[self.thresholds.level(max(mark.base, mark.score) / 10)]
        return self.bounds[mark.level]


class Line(NamedTuple):
    """One clock through all policies. ``graded``: its figure depends on the severity.

    ``levels`` are those of the case at which it ever has one; a regime's own thresholds may make any of them count.
    ``name`` tells apart the clocks of one promise that has several (VM-7: ``planned``, ``shipped``); else it is empty.
    """

    promise: str
    regime: str
    name: str
    starts: Fact
    stops: Fact
    when: Fact | None
    repeats: Fact | None
    until: Fact | None
    pauses: bool
    extends: bool
    graded: bool
    levels: frozenset[Severity | None]
    periods: tuple[Period, ...]

    def period(self, at: datetime) -> Period:
        """What was in force at an instant; before the first policy, what the first one says."""
        found = self.periods[0]
        for later in self.periods[1:]:
            if later.since > at:
                break
            found = later
        return found

    def promised(self, at: datetime) -> bool:
        """Whether the policy in force at ``at`` has this clock at all."""
        return any(bound is not None for bound in self.period(at).bounds.values())


@lru_cache(maxsize=8)
def tables(book: PolicyBook) -> tuple[Line, ...]:
    """The lines of a book, the policy's own first, in the order of its promises."""
    found: dict[Key, dict[datetime, list[ClockRule]]] = {}
    for since, policy in book.adopted:
        for promise, regime, rule in policy.rules():
            key = (promise, regime, rule.starts, rule.stops, rule.when)
            found.setdefault(key, {}).setdefault(since, []).append(rule)
    lines = [_line(key, _name(key, found), rules, book) for key, rules in found.items()]
    return tuple(sorted(lines, key=lambda line: line.regime != POLICY))


def _name(key: Key, others: Iterable[Key]) -> str:
    promise, regime, starts, stops, when = key
    mine = [other for other in others if other[:2] == (promise, regime)]
    if len(mine) == 1:
        return ""
    if sum(other[3] is stops for other in mine) == 1:
        return stops.value
    return "-".join(fact.value for fact in (starts, when, stops) if fact is not None)


def _line(key: Key, name: str, rules: dict[datetime, list[ClockRule]], book: PolicyBook) -> Line:
    promise, regime, starts, stops, when = key
    newest = next(reversed(rules.values()))[-1]
    periods = tuple(
        Period(since, _bounds(rules.get(since, ()), policy), _thresholds(policy, regime))
        for since, policy in book.adopted
    )
    return Line(
        promise=promise,
        regime=regime,
        name=name,
        starts=starts,
        stops=stops,
        when=when,
        repeats=newest.repeats,
        until=newest.until,
        pauses=newest.pauses and regime == POLICY,
        extends=stops is Fact.SHIPPED and regime == POLICY,
        graded=any(len(set(map(id, period.bounds.values()))) > 1 for period in periods),
        levels=frozenset(
            level
            for period in periods
            for level in _LEVELS
            if period.bounds[level] is not None or (period.thresholds is not None and level is not None)
        ),
        periods=periods,
    )


def _bounds(rules: Iterable[ClockRule], policy: Policy) -> dict[Severity | None, Bound | None]:
    bounds: dict[Severity | None, Bound | None] = dict.fromkeys(_LEVELS)
    for rule in rules:
        bound = None if rule.target is None else _bound(rule.target, policy.calendar)
        for level in _LEVELS:
            if bounds[level] is None and rule.runs_for(level):
                bounds[level] = bound
    return bounds


@lru_cache(maxsize=256)
def _bound(target: Target, calendar: Calendar) -> Bound:
    """The same figure is the same object: a policy that leaves it alone begins nothing anew, so nobody is reminded."""
    return Bound(target, calendar)


def _thresholds(policy: Policy, regime: str) -> Thresholds | None:
    return next((r.thresholds for r in policy.regimes if r.id == regime), None)
