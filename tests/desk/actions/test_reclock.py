"""After a policy is adopted, every open case's rows are what computing them from scratch gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forgeward.desk.actions import escalation, reclock, write
from forgeward.desk.models import CaseRow, ClockRow, NoticeRow
from forgeward.desk.programme import policies
from forgeward.desk.rows import clocks_by_key, due_columns
from forgeward.policy.clock import nearest
from forgeward.respond.clocks import overview
from tests.desk.policy_texts import adopt, changed
from tests.desk.tables import agrees, case_of, everything, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import ASSESSMENT, accepted, fixing, opened, reported, step

TIGHTER = changed(
    2, ("    high: 14 days\n", "    high: 8 days\n"), ("acknowledge: 2 business days", "acknowledge: 1 business days")
)
HOUR = timedelta(hours=1)
LATER = NOW + HOUR


def _quiet(_done: int, _total: int) -> None:
    """No progress is shown."""


def _woken(at: datetime) -> None:
    """The worker looks, so that nothing is owed up to ``at``."""
    while numbers := escalation.claim("test", at):
        for number in numbers:
            escalation.wake(number, "test", at)


def _cases(house: House) -> list[str]:
    """Cases in several states: fixing, paused, acknowledged, just opened, assessed as Critical, restricted, closed."""
    numbers = [fixing(house)]
    paused = reported(house.hannah, NOW - 4 * HOUR)
    step(paused, "pause", house.hannah, NOW - 3 * HOUR, reason="A trace was asked for")
    answered = reported(house.hannah, NOW - 3 * HOUR)
    accepted(answered, step(answered, "acknowledge", house.hannah, NOW - 2 * HOUR, text="Thank you"), NOW - 2 * HOUR)
    critical = opened(house.ines, NOW - 2 * HOUR)
    graver = ASSESSMENT | {"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    step(critical, "assess", house.tomasz, NOW - HOUR, **graver)
    secret = opened(house.dele, NOW - HOUR)
    step(secret, "restrict", house.dele, NOW - HOUR, people=[f"person:{house.dele.pk}"])
    older, newer = opened(house.ines, NOW - HOUR), opened(house.ines, NOW)
    step(newer, "merge", house.ines, NOW, into=older)
    return [*numbers, paused, answered, critical, secret, older]


def _is_from_scratch(number: str, now: datetime) -> bool:
    row, book = CaseRow.objects.get(number=number), policies()
    view = overview(case_of(number), book, now, looked=row.reminded_at)
    with write.inside() as cursor:
        assert write.read_clocks(cursor, row.pk) == clocks_by_key(view.clocks)
        cursor.execute("SELECT next_due, next_promise, wake_at FROM desk_caserow WHERE id = %s", [row.pk])
        assert list(cursor.fetchone()) == due_columns(nearest(view.clocks), view.wake_at)
    return True


def test_re_clocking_gives_what_computing_from_scratch_gives(house: House) -> None:
    """Clocks, the next deadline and the wake-up of every open case; the closed one is left as it was."""
    numbers = _cases(house)
    closed = CaseRow.objects.filter(closed_at__isnull=False).values_list()
    before, seen = list(closed), list[tuple[int, int]]()
    adopt(TIGHTER, house.ines.actor(), LATER)
    assert reclock.open_cases(LATER, lambda done, total: seen.append((done, total))) == len(numbers)
    assert seen == [(len(numbers), len(numbers))]
    assert all(_is_from_scratch(number, LATER) for number in numbers)
    assert list(closed) == before
    assert agrees(LATER)


def test_the_new_figures_are_in_the_rows(house: House) -> None:
    """Eight days instead of fourteen, from the same start; a report's first answer a business day earlier."""
    numbers = _cases(house)
    adopt(TIGHTER, house.ines.actor(), LATER)
    reclock.open_cases(LATER, _quiet)
    fix = ClockRow.objects.get(case__number=numbers[0], promise="VM-6", regime="policy")
    assert fix.due == fix.starts + timedelta(days=8)
    assert fix.starts == NOW - timedelta(days=5) + 5 * HOUR
    answer = ClockRow.objects.get(case__number=numbers[1], promise="IR-4")
    assert answer.starts == NOW - 4 * HOUR == datetime(2026, 11, 23, 6, 20, tzinfo=UTC)
    assert answer.due == datetime(2026, 11, 23, 17, 30, tzinfo=UTC), (
        "before the opening: Monday itself is the first day"
    )


def test_a_case_that_changed_meanwhile_is_left_to_that_change(house: House) -> None:
    """What was computed from an older state is not written over what somebody did in between."""
    numbers = _cases(house)
    adopt(TIGHTER, house.ines.actor(), LATER)
    rows = reclock._read(0)
    computed = reclock._computed(rows, policies(), LATER)
    step(
        numbers[0],
        "assess",
        house.tomasz,
        LATER + HOUR,
        **ASSESSMENT | {"vector": "CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"},
    )
    mine = CaseRow.objects.filter(number=numbers[0])
    clocks = ClockRow.objects.filter(case__number=numbers[0]).order_by("id")
    before = list(mine.values_list()), list(clocks.values_list())
    reclock._write(rows, *computed)
    assert (list(mine.values_list()), list(clocks.values_list())) == before
    assert all(_is_from_scratch(number, LATER) for number in numbers[1:])
    assert agrees(LATER + HOUR)


def test_doing_it_again_writes_nothing(house: House) -> None:
    """Only what moved is written, so a second time changes no row but the mark that it was done."""
    _cases(house)
    adopt(TIGHTER, house.ines.actor(), LATER)
    reclock.open_cases(LATER, _quiet)
    before = everything()
    reclock.open_cases(LATER, _quiet)
    assert everything() == before


def test_figures_that_stay_remind_nobody_again(house: House) -> None:
    """A policy that changes another promise's figure sends no reminder for clocks that it leaves alone."""
    _cases(house)
    later = NOW + timedelta(hours=20)
    _woken(later)
    told = NoticeRow.objects.filter(kind="reminder").count()
    assert told
    adopt(changed(2, ("review: 10 business days", "review: 9 business days")), house.ines.actor(), later + HOUR / 60)
    reclock.open_cases(later + HOUR / 60, _quiet)
    _woken(later + HOUR / 30)
    assert NoticeRow.objects.filter(kind="reminder").count() == told


def test_a_tighter_figure_that_is_mostly_used_reminds_at_once(house: House) -> None:
    """Almost five of eight days are gone at the adoption: the case wakes then, not at the next mark."""
    number = fixing(house)
    _woken(NOW)
    adopt(TIGHTER, house.ines.actor(), LATER)
    reclock.open_cases(LATER, _quiet)
    assert CaseRow.objects.get(number=number).wake_at == LATER
    assert escalation.claim("test", LATER) == [number]
    assert escalation.wake(number, "test", LATER) == 1


def test_what_was_cut_short_is_known_as_not_done(house: House) -> None:
    """Adopting and re-clocking are two steps; between them the home knows that the second is owed."""
    adopt(TIGHTER, house.ines.actor(), LATER)
    assert not reclock.is_done()

    def killed(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    opened(house.ines, LATER)
    with pytest.raises(KeyboardInterrupt):
        reclock.open_cases(LATER, killed)
    assert not reclock.is_done()
    reclock.open_cases(LATER, _quiet)
    assert reclock.is_done()


def test_a_home_without_open_cases_is_done_at_once(house: House) -> None:
    assert reclock.open_cases(NOW, _quiet) == 0
    assert reclock.is_done()
    with untouched():
        reclock.open_cases(NOW, _quiet)
