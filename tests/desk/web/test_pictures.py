"""Server-made pictures: places, colours by class, and a sentence for who cannot see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from forgeward.desk.readers.cases import CaseLine
from forgeward.desk.readers.clocks import ClockView
from forgeward.desk.readers.today import Aged, Due
from forgeward.desk.web.pictures import MOST_PIPS, ages, axis, strip
from forgeward.desk.web.see import clock_line
from forgeward.desk.web.times import Lens
from forgeward.policy.clock import ClockState
from forgeward.policy.defaults import example_policy_text
from forgeward.policy.document import load

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
POLICY = load(example_policy_text("almbase"))
VIEW = Lens(NOW, POLICY.calendar)
DAY = timedelta(days=1)
RUNNING = ClockView(
    promise="VM-6", regime="policy", subject="", starts=NOW - 4 * DAY, due=NOW + 6 * DAY, original_due=None, met=None,
    missed_at=None, state=ClockState.RUNNING, open=True, leads=True, title="Fix", figure="10 days", business=False,
    share=0.4, regime_title="Policy", paused_since=None, stops=None,
)  # fmt: skip
MET = replace(
    RUNNING, promise="IR-4", due=NOW - 2 * DAY, met=NOW - 3 * DAY, state=ClockState.MET, open=False, leads=False
)
LATE = replace(RUNNING, promise="IR-5", due=NOW - DAY, missed_at=NOW - DAY, state=ClockState.MISSED)
CASE = CaseLine(1, "FW-AAAAAA", "event", "received", "", "Title", "", False, NOW, None, None, "", None)


def share(text: str) -> float:
    return float(text.removesuffix("%"))


def test_all_clocks_share_one_axis() -> None:
    """From the earliest start to the latest due date, now among them."""
    drawn = axis([clock_line(c, VIEW) for c in (RUNNING, MET)], VIEW)
    assert drawn is not None
    first, second = drawn.bars
    assert (first.start, first.width, first.spent, first.due) == ("0.0%", "100.0%", "40.0%", "100.0%")
    assert (second.start, second.width, second.spent) == ("0.0%", "20.0%", "10.0%")
    assert drawn.now == "40.0%"
    assert [label.text for label in drawn.labels] == ["19 Nov", "now", "29 Nov"]


def test_labels_never_touch() -> None:
    """Dates that would lie on each other are left out, now never."""
    close = [replace(RUNNING, due=NOW + timedelta(hours=h)) for h in range(1, 30)]
    drawn = axis([clock_line(c, VIEW) for c in close], VIEW)
    assert drawn is not None
    places = [share(label.at) for label in drawn.labels]
    assert all(b - a >= 22 for a, b in pairwise(places))
    assert "now" in [label.text for label in drawn.labels]


def test_an_axis_of_ended_clocks_has_no_now() -> None:
    """A closed case's picture does not grow with every day."""
    drawn = axis([clock_line(MET, VIEW)], VIEW)
    assert drawn is not None
    assert not drawn.now
    assert axis([], VIEW) is None


def test_an_instant_alone_is_drawn() -> None:
    """Start, due and now at once divide nothing by zero."""
    drawn = axis([clock_line(replace(RUNNING, starts=NOW, due=NOW), VIEW)], VIEW)
    assert drawn is not None
    assert drawn.bars[0].start == "0.0%"


def test_each_tone_has_its_own_shape() -> None:
    """Shape, then word, then colour: greyscale print loses nothing."""
    risky = replace(RUNNING, share=0.9)
    paused = replace(RUNNING, state=ClockState.PAUSED, paused_since=NOW - DAY)
    late_met = replace(MET, missed_at=NOW - 4 * DAY)
    lines = [clock_line(c, VIEW) for c in (RUNNING, risky, LATE, MET, paused, late_met)]
    assert [line.tone.mark for line in lines] == ["run", "risk", "missed", "kept", "pause", "missed"]
    assert [line.left for line in lines] == ["6 d left", "6 d left", "24 h late", "24 h early", "Paused", "24 h late"]
    assert lines[2].when == "due Sun 22 Nov, 10:20"
    assert lines[4].when == "since Sun 22 Nov, 10:20"


def test_the_strip_has_fourteen_days_and_late_things_today() -> None:
    """Closed days are told; a day with many deadlines says how many more."""
    dues = [Due(CASE, replace(RUNNING, due=NOW + 2 * DAY)) for _ in range(9)]
    days = strip([Due(CASE, LATE)], [*dues, Due(CASE, replace(RUNNING, due=NOW + 30 * DAY))], VIEW)
    assert [day.number for day in days] == [*range(23, 31), *range(1, 7)]
    assert days[0].today
    assert days[0].pips[0].words == "Late: Fix, FW-AAAAAA"
    assert (len(days[2].pips), days[2].more) == (MOST_PIPS - 1, 9 - MOST_PIPS + 1)
    assert [day.closed for day in days] == [day.weekday in {"Sat", "Sun"} for day in days]
    assert sum(len(day.pips) for day in days) == MOST_PIPS  # what is due later is not in the strip


def test_ages_say_in_words_what_they_show() -> None:
    """One row for each level that has cases, the promise as a line, late ones marked; no percentage anywhere."""
    found = ages(
        [Aged("A", "high", NOW - 5 * DAY), Aged("B", "medium", NOW - 70 * DAY), Aged("C", "low", NOW - 71 * DAY)],
        POLICY,
        VIEW,
    )
    assert found is not None
    assert [level.word for level in found.levels] == ["High", "Medium", "Low"]
    assert [level.limit_words for level in found.levels] == ["14 d", "60 d", ""]
    assert [level.marks[0].late for level in found.levels] == [False, True, False]
    assert "Medium 1, up to 70 days old, 1 past the promised 60 days" in found.sentence
    assert all(56 <= mark.x <= 272 for level in found.levels for mark in level.marks)
    assert ages([], POLICY, VIEW) is None
