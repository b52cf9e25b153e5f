"""How each promise stands: kept, at risk, missed, unproven, not exercised or inherited (mission.md).

    policy + tallies of clocks + evidence + now ──standings──▶ Standing for every promise

What leads
- *missed*: a clock was missed within the period, or the latest look of a mechanism saw the promise broken.
- *unproven*: a check, duty or record has no evidence younger than the promise's ``max_age``.
- *at risk*: 80 % of a running clock's time, or of a piece of evidence's age, is gone.
- *not exercised*: only clocks and gates keep the promise, and no case came by within the period.
- *kept*: none of these. A promise with a fresh check beside an idle clock is kept, by the check.
- *inherited*: the platform alone keeps it. Beside other mechanisms what is inherited says nothing.

The worst leads, in this order. The period of a promise is its ``max_age``.
"""

from __future__ import annotations

import enum
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forgeward.policy.model import Mechanism, MechanismKind, Policy, Promise
from forgeward.policy.targets import Unit

RISKY_SHARE = 0.8
_PROVEN = frozenset({MechanismKind.CHECK, MechanismKind.DUTY, MechanismKind.RECORD})


class Level(enum.StrEnum):
    """The standings as scripts read them, the worst first."""

    MISSED = "missed"
    UNPROVEN = "unproven"
    AT_RISK = "at_risk"
    NOT_EXERCISED = "not_exercised"
    KEPT = "kept"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class Tally:
    """The clocks of one promise within its period: see ``period_start``.

    ``missed`` counts clocks that are overdue and still open, whenever that began; ``late_met`` those that were met
    after their time. ``running`` counts the open ones in time, paused ones too; ``most_used`` is the largest share
    (0.0…1.0) of its time that one of them has used.
    """

    met: int = 0
    missed: int = 0
    late_met: int = 0
    running: int = 0
    most_used: float = 0.0

    @property
    def any(self) -> bool:
        return bool(self.met or self.missed or self.late_met or self.running)

    @property
    def sentence(self) -> str:
        """What to say while none was missed: a clock that runs has shown nothing yet."""
        met = f"{self.met} met in time, " if self.met else ""
        running = f"{self.running} still running, " if self.running else ""
        return f"Clocks: {met}{running}none missed."


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was seen. ``of`` is the key of a mechanism (``check:intake_canary``, ``gate:assess``).

    ``holds`` is False where the look saw the promise broken. ``case`` is empty where no case is concerned.
    """

    promise: str
    of: str
    what: str
    at: datetime
    case: str = ""
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """One promise at one instant. ``evidence``: the newest of each mechanism, newest first. ``why``: one sentence."""

    id: str
    standing: Level
    why: str
    evidence: tuple[Evidence, ...]
    tally: Tally

    @property
    def counts(self) -> dict[str, int]:
        """The tally as scripts read it."""
        tally = self.tally
        return {"met": tally.met, "missed": tally.missed, "late_met": tally.late_met, "running": tally.running}


def period_start(promise: Promise, now: datetime) -> datetime:
    """The instant (UTC) from which cases count: ``max_age`` before ``now``, months as calendar months."""
    now, age = now.astimezone(UTC), promise.max_age
    if age.unit in {Unit.MONTHS, Unit.YEARS}:
        months = now.year * 12 + now.month - 1 - age.amount * (12 if age.unit is Unit.YEARS else 1)
        year, month = divmod(months, 12)
        return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
    return now - timedelta(seconds=age.seconds_hint)


def standings(
    policy: Policy, tallies: Mapping[str, Tally], evidence: Iterable[Evidence], now: datetime
) -> tuple[Standing, ...]:
    """Every promise, in the policy's order.

    ``tallies`` by promise id, a missing one is empty; ``evidence`` in any order, of any age: what is too old, or of a
    mechanism that the promise does not have, does not count.
    """
    newest: dict[tuple[str, str], Evidence] = {}
    for seen in evidence:
        key = (seen.promise, seen.of)
        if key not in newest or newest[key].at < seen.at:
            newest[key] = seen
    return tuple(
        _standing(
            policy,
            promise,
            tallies.get(promise.id, Tally()),
            {m.key: newest[promise.id, m.key] for m in promise.kept_by if (promise.id, m.key) in newest},
            now,
        )
        for promise in policy.promises
    )


def _standing(policy: Policy, promise: Promise, tally: Tally, seen: Mapping[str, Evidence], now: datetime) -> Standing:
    shown = tuple(sorted(seen.values(), key=lambda e: e.at, reverse=True))
    own = [mechanism for mechanism in promise.kept_by if mechanism.kind is not MechanismKind.INHERITED]
    if not own:
        return Standing(promise.id, Level.INHERITED, "The platform keeps it.", shown, tally)
    views = [_clocks_and_gates(policy, promise, own, tally, seen, now)]
    views += [_proven(policy, promise, m, seen.get(m.key), now) for m in own if m.kind in _PROVEN]
    level, why = min((view for view in views if view), key=lambda view: list(Level).index(view[0]))
    if level is Level.NOT_EXERCISED and any(m.kind in _PROVEN for m in own):
        level, why = next(view for view in views if view and view[0] is Level.KEPT)
    return Standing(promise.id, level, why, shown, tally)


def _clocks_and_gates(
    policy: Policy,
    promise: Promise,
    own: list[Mechanism],
    tally: Tally,
    seen: Mapping[str, Evidence],
    now: datetime,
) -> tuple[Level, str] | None:
    """The clocks and gates of a promise together: one case exercises them all."""
    gates = [m.key for m in own if m.kind is MechanismKind.GATE]
    if not gates and not promise.clocks:
        return None
    passed = [seen[key] for key in gates if key in seen and _share(policy, promise, seen[key], now) < 1]
    missed = tally.missed + tally.late_met
    if missed:
        return Level.MISSED, f"{missed} of {missed + tally.met} ended or overdue clocks missed their time."
    for broken in passed:
        if not broken.holds:
            return Level.MISSED, broken.what
    if tally.running and tally.most_used >= RISKY_SHARE:
        return Level.AT_RISK, "A running clock has used most of its time."
    if not tally.any and not passed:
        return Level.NOT_EXERCISED, f"No case within {promise.max_age}."
    return Level.KEPT, tally.sentence if tally.any else "Every step was passed as promised."


def _proven(
    policy: Policy, promise: Promise, mechanism: Mechanism, latest: Evidence | None, now: datetime
) -> tuple[Level, str]:
    """A check, duty or record by its latest evidence."""
    name = mechanism.key.replace(":", " ", 1)
    if latest is None:
        return Level.UNPROVEN, f"Nothing has been seen of the {name}."
    if not latest.holds:
        return Level.MISSED, latest.what  # also when it is old: nothing better has been seen since
    share = _share(policy, promise, latest, now)
    if share >= 1:
        return Level.UNPROVEN, f"Nothing has been seen of the {name} within {promise.max_age}."
    if share >= RISKY_SHARE:
        return Level.AT_RISK, f"The evidence of the {name} is ageing."
    return Level.KEPT, latest.what


def _share(policy: Policy, promise: Promise, seen: Evidence, now: datetime) -> float:
    """Which share of the evidence's life is gone; 1 and more: too old."""
    life = policy.calendar.due(seen.at, promise.max_age) - seen.at
    return (now - seen.at) / life
