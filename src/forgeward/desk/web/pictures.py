"""Pictures made on the server: places in per cent, colours by class, a sentence for who cannot see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from forgeward.desk.readers.today import Aged, Due
from forgeward.desk.web.see import ClockLine, Tone, clock_line
from forgeward.desk.web.times import DAY, Lens
from forgeward.policy.model import Policy
from forgeward.policy.targets import Unit
from forgeward.vocabulary import Severity

STRIP_DAYS = 14
MOST_PIPS = 6
LABEL_GAP = 22.0  # per cent of the axis that a date needs on a phone


# --- all clocks of a case on one axis --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One clock's row: where its bar begins, how wide it is, how much is spent, where it is due; all in per cent."""

    line: ClockLine
    start: str
    width: str
    spent: str
    due: str
    was_due: str


@dataclass(frozen=True, slots=True)
class Label:
    """A date under the axis."""

    at: str
    anchor: str
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Rows and dates; ``now`` is empty where every clock has ended."""

    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    now: str


def axis(lines: Sequence[ClockLine], view: Lens) -> Axis | None:
    """All regimes' clocks on one axis, or None without clocks."""
    drawn = [line for line in lines if line.clock.due is not None]
    if not drawn:
        return None
    running = any(line.clock.open for line in drawn)
    instants = [view.now] if running else []
    for line in drawn:
        clock = line.clock
        instants += [i for i in (clock.starts, clock.due, clock.met, clock.original_due) if i is not None]
    begin, end = min(instants), max(instants)
    place = _Place(begin, max((end - begin).total_seconds(), 1.0))
    bars = tuple(_bar(line, place, view.now) for line in drawn)
    return Axis(bars, _labels(drawn, place, view, running=running), place(view.now) if running else "")


@dataclass(frozen=True, slots=True)
class _Place:
    begin: datetime
    seconds: float

    def share(self, instant: datetime) -> float:
        return 100 * (instant - self.begin).total_seconds() / self.seconds

    def __call__(self, instant: datetime) -> str:
        return f"{self.share(instant):.1f}%"


def _bar(line: ClockLine, place: _Place, now: datetime) -> Bar:
    clock = line.clock
    due = clock.due or now
    until = clock.met or (now if clock.open else due)
    last = max(due, until)
    return Bar(
        line=line,
        start=place(clock.starts),
        width=f"{place.share(last) - place.share(clock.starts):.1f}%",
        spent=f"{max(place.share(until) - place.share(clock.starts), 0.4):.1f}%",
        due=place(due),
        was_due=place(clock.original_due) if clock.original_due else "",
    )


def _labels(drawn: Sequence[ClockLine], place: _Place, view: Lens, *, running: bool) -> tuple[Label, ...]:
    """Now first, then begin and end, then due dates, as far as they do not touch."""
    wanted: list[tuple[datetime, bool]] = [(view.now, True)] if running else []
    dues = sorted({line.clock.due for line in drawn if line.clock.due})
    wanted += [(place.begin, False), (dues[-1], False), *((due, False) for due in dues)]
    placed: list[tuple[float, Label]] = []
    for instant, strong in wanted:
        at = place.share(instant)
        if any(abs(at - other) < LABEL_GAP for other, _ in placed):
            continue
        anchor = "start" if at < LABEL_GAP / 3 else "end" if at > 100 - LABEL_GAP / 3 else "middle"
        placed.append((at, Label(place(instant), anchor, "now" if strong else view.day(instant), strong)))
    return tuple(label for _, label in sorted(placed, key=lambda pair: pair[0]))


# --- the next 14 days ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pip:
    """One deadline in a day of the strip."""

    tone: Tone
    words: str
    number: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip; ``more`` deadlines did not fit."""

    weekday: str
    number: int
    today: bool
    closed: bool
    pips: tuple[Pip, ...]
    more: int


def strip(late: Iterable[Due], due: Iterable[Due], view: Lens) -> tuple[Day, ...]:
    """Fourteen days from today, one mark for each deadline; what is late stands under today."""
    by_day: dict[date, list[Pip]] = {}
    for entry in late:
        by_day.setdefault(view.today, []).append(_pip(entry, view))
    for entry in due:
        if entry.clock.due is not None:
            by_day.setdefault(view.local(entry.clock.due).date(), []).append(_pip(entry, view))
    return tuple(_day(view.today + timedelta(days=ahead), by_day, view) for ahead in range(STRIP_DAYS))


def _pip(entry: Due, view: Lens) -> Pip:
    line = clock_line(entry.clock, view)
    when = "Late" if entry.clock.late else view.clock(entry.clock.due or view.now)
    return Pip(line.tone, f"{when}: {entry.clock.title}, {entry.case.number}", entry.case.number)


def _day(day: date, by_day: Mapping[date, list[Pip]], view: Lens) -> Day:
    pips = by_day.get(day, [])
    fits = len(pips) if len(pips) <= MOST_PIPS else MOST_PIPS - 1
    return Day(
        f"{day:%a}",
        day.day,
        day == view.today,
        not view.calendar.open_windows(day),
        tuple(pips[:fits]),
        len(pips) - fits,
    )


# --- open vulnerabilities by age -------------------------------------------------------------------------------------

LEFT, WIDTH, ROW, TOP = 56, 216, 34, 12


@dataclass(frozen=True, slots=True)
class Mark:
    """One case on the chart, at ``x``; ``late``: beyond its promise."""

    x: float
    late: bool


@dataclass(frozen=True, slots=True)
class Level:
    """One severity's line: marks from a zero line, the promise as a dashed line where it is a number of days."""

    word: str
    y: int
    base: float
    marks: tuple[Mark, ...]
    limit: float | None
    limit_words: str
    limit_x: float
    limit_anchor: str


@dataclass(frozen=True, slots=True)
class Ages:
    """The chart; ``sentence`` says the same in words."""

    levels: tuple[Level, ...]
    height: int
    ticks: tuple[tuple[float, str, str], ...]
    sentence: str
    cases: int


def ages(aged: Sequence[Aged], policy: Policy, view: Lens) -> Ages | None:
    """Open vulnerabilities by age in days, one row for each severity that has any; None without any."""
    by_level: dict[Severity, list[float]] = {}
    for case in aged:
        days = (view.now - case.since).total_seconds() / DAY
        by_level.setdefault(Severity(case.level), []).append(days)
    if not by_level:
        return None
    limits = {level: limit_days(policy, level) for level in by_level}
    longest = max(*(max(days) for days in by_level.values()), *(limit or 0 for limit in limits.values()), 14.0)
    scale = (WIDTH - 12) / (longest * 1.05)
    shown = [level for level in Severity if level in by_level]
    rows = tuple(_level(level, i, by_level[level], limits[level], scale) for i, level in enumerate(shown))
    half = _round(longest / 2)
    ticks = ((float(LEFT), "0", "start"), (LEFT + half * scale, str(half), "middle"), _end_tick(half * 2, scale))
    words = "; ".join(_said(level, by_level[level], limits[level]) for level in shown)
    return Ages(rows, ROW * len(rows) + 30, ticks, f"Open vulnerabilities: {words}.", len(aged))


def limit_days(policy: Policy, level: Severity) -> float | None:
    """In how many days a vulnerability of this level is promised to be fixed; None for a maintenance date."""
    target = policy.targets.get(f"fix.{level.value}")
    if target is None or target.unit is Unit.MAINTENANCE:
        return None
    return target.seconds_hint / DAY


def _level(level: Severity, row: int, days: list[float], limit: float | None, scale: float) -> Level:
    line = None if limit is None else round(LEFT + limit * scale, 1) + 0.5
    fits = line is None or line < LEFT + WIDTH - 36
    return Level(
        word=level.value.capitalize(),
        y=ROW * row + TOP,
        base=ROW * row + 30.5,
        marks=tuple(Mark(round(LEFT + d * scale, 1), limit is not None and d > limit) for d in sorted(days)),
        limit=line,
        limit_words="" if limit is None else f"{limit:.0f} d",
        limit_x=0 if line is None else line + 4 if fits else line - 4,
        limit_anchor="start" if fits else "end",
    )


def _end_tick(days: int, scale: float) -> tuple[float, str, str]:
    x = LEFT + days * scale
    return (x, f"{days} days", "middle") if x < LEFT + WIDTH - 24 else (float(LEFT + WIDTH), f"{days} days", "end")


def _round(days: float) -> int:
    step = 5 if days < 40 else 10
    return max(step, int(days // step) * step)


def _said(level: Severity, days: list[float], limit: float | None) -> str:
    past = sum(1 for d in days if limit is not None and d > limit)
    beyond = f", {past} past the promised {limit:.0f} days" if past else ""
    return f"{level.value.capitalize()} {len(days)}, up to {max(days):.0f} days old{beyond}"
