"""What another policy would move is told before it is adopted, and only about cases that one may see."""

from __future__ import annotations

from datetime import timedelta

from forgeward.desk.actions import reclock
from forgeward.desk.models import ClockRow, Person
from forgeward.desk.readers import moves
from forgeward.policy.document import load
from tests.desk.policy_texts import adopt, changed
from tests.desk.tables import untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import fixing, opened, reported, step

HIGH = ("    high: 14 days\n", "    high: 9 days\n")
LATER = NOW + timedelta(hours=1)
LOOSER = ("acknowledge: 2 business days", "acknowledge: 3 business days")


def _moves(text: str, person: Person) -> list[tuple[str, str, str, timedelta | None]]:
    """Case, promise, turn, and by how much, as the reader tells it."""
    found = [(m.case, m.move) for m in moves.moves(load(text), person, LATER)]
    return [
        (case, move.promise, move.turn.value, move.after - move.before if move.after and move.before else None)
        for case, move in found
    ]


def test_each_open_clock_that_moves_is_named_with_its_turn(house: House) -> None:
    """A fix that is due five days earlier, an answer a day later; nothing else, and nothing is written."""
    high, new = fixing(house), reported(house.hannah)
    with untouched():
        found = _moves(changed(2, HIGH, LOOSER), house.ines)
    assert found == [
        (high, "VM-6", "tighter", timedelta(days=-5)),
        (new, "IR-4", "looser", timedelta(days=1)),
    ]


def test_adopting_moves_exactly_what_was_told(house: House) -> None:
    """The rows after adoption and re-clocking are due when the reader said that they would be."""
    fixing(house)
    reported(house.hannah)
    text = changed(2, HIGH, LOOSER)
    told = {(m.case, m.move.promise): m.move.after for m in moves.moves(load(text), house.ines, LATER)}
    before = {(c.case.number, c.promise): c.due for c in ClockRow.objects.select_related("case")}
    adopt(text, house.ines.actor(), LATER)
    reclock.open_cases(LATER, lambda _done, _total: None)
    after = {(c.case.number, c.promise): c.due for c in ClockRow.objects.select_related("case")}
    assert {key: due for key, due in after.items() if due != before[key]} == told


def test_a_policy_of_a_later_date_moves_them_as_well(house: House) -> None:
    """PR-3 wants material changes announced before they begin, so this is the usual case."""
    number = fixing(house)
    later = changed(2, HIGH, ("effective: 2026-01-01", "effective: 2026-11-25"))
    assert _moves(later, house.ines) == [(number, "VM-6", "tighter", timedelta(days=-5))]


def test_the_same_figures_move_nothing(house: House) -> None:
    fixing(house)
    reported(house.hannah)
    assert _moves(changed(2), house.ines) == []


def test_closed_cases_and_met_clocks_do_not_move(house: House) -> None:
    """What is over is judged by the policy of its time."""
    older, newer = opened(house.ines, reporter_address="noor@example.net"), opened(house.ines)
    step(newer, "merge", house.ines, into=older)
    assert {case for case, *_ in _moves(changed(2, LOOSER), house.ines)} == {older}


def test_a_restricted_case_is_told_to_those_whom_it_names(house: House) -> None:
    """Its number and promises are nobody else's business, and an outsider learns of none."""
    number = reported(house.hannah)
    step(number, "restrict", house.dele, people=[f"person:{house.hannah.pk}"])
    people = (house.ines, house.hannah, house.dele, house.ada, house.nobody)
    assert [len(_moves(changed(2, LOOSER), person)) for person in people] == [0, 1, 1, 0, 0]
