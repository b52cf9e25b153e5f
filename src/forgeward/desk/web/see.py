"""What pages make of what readers found: a clock in words and marks, relative time with the absolute beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import programme
from forgeward.desk.readers.clocks import ClockView
from forgeward.desk.web.times import Lens
from forgeward.policy.clock import ClockState


def lens(now: datetime) -> Lens:
    """Time as the policy in force at ``now`` counts it."""
    return Lens(now, programme.policies().at(now).calendar)


@dataclass(frozen=True, slots=True)
class Tone:
    """How a clock looks: the shape of its mark, the class of its colour, the class of its bar."""

    mark: str
    css: str
    bar: str


KEPT = Tone("kept", "is-kept", "k")
RISK = Tone("risk", "is-risk", "r")
MISSED = Tone("missed", "is-missed", "m")
RUNS = Tone("run", "is-run", "")
PAUSED = Tone("pause", "is-off", "")


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock in words. ``left`` is relative (“6 h 40 min left”), ``when`` absolute, ``iso`` for machines."""

    clock: ClockView
    tone: Tone
    left: str
    when: str
    iso: str

    @property
    def by(self) -> str:
        """“IR-4 · Policy, 2 business days”."""
        return f"{self.clock.promise} · {self.clock.regime_title}" + (
            f", {self.clock.figure}" if self.clock.figure else ""
        )


def tone_of(clock: ClockView) -> Tone:
    """The look of a clock: a miss shows as a miss, also when it was met later."""
    if clock.missed_at is not None:
        return MISSED
    if not clock.open:
        return KEPT
    if clock.state is ClockState.PAUSED:
        return PAUSED
    return RISK if clock.at_risk else RUNS


def clock_line(clock: ClockView, view: Lens) -> ClockLine:
    """The clock as it stands at the lens's now."""
    left, at = _words(clock, view)
    when = view.by(at) if clock.open else view.at(at)
    if clock.state is ClockState.PAUSED and clock.paused_since is not None:
        when = f"since {view.at(clock.paused_since)}"
    if clock.late:
        when = f"due {when}"
    return ClockLine(clock, tone_of(clock), left, when, at.isoformat())


def _words(clock: ClockView, view: Lens) -> tuple[str, datetime]:
    """What stands in colour, and the instant beside it."""
    due = clock.due or clock.starts
    if clock.late:
        missed = clock.missed_at or due
        return f"{view.length(missed, view.now, business=clock.business)} late", missed
    if clock.state is ClockState.PAUSED:
        return "Paused", due
    if clock.open:
        return f"{view.length(view.now, due, business=clock.business)} left", due
    if clock.met is None:
        return "Missed" if clock.missed_at else "Ended", clock.missed_at or due
    if clock.missed_at is not None:
        return f"{view.length(clock.missed_at, clock.met, business=clock.business)} late", clock.met
    return f"{view.length(clock.met, due, business=clock.business)} early", clock.met
