"""Steps that are thought out before the database is locked: what happens meanwhile is neither lost nor overlooked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from forgeward.desk.actions import cases, escalation, reclock, write
from forgeward.desk.models import CaseRow, Entry
from forgeward.respond.parse import parse
from tests.desk.policy_texts import adopt, changed
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, House, build
from tests.desk.web.story import opened, step

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def team(transactional_db: None) -> Iterator[House]:
    """The house outside of a transaction: only there steps are prepared ahead."""
    return build()


def meanwhile(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], Any]) -> list[bool]:
    """Does ``deed`` once, between thinking and writing; tells for each attempt whether it was written as prepared."""
    found: list[bool] = []
    made, as_read = write.make_entry, write.update_as_read

    def make(*given: Any) -> write.Ready:
        monkeypatch.setattr(write, "make_entry", made)
        deed()
        return made(*given)

    def update(*given: Any) -> bool:
        found.append(as_read(*given))
        return found[-1]

    monkeypatch.setattr(write, "make_entry", make)
    monkeypatch.setattr(write, "update_as_read", update)
    return found


def note(number: str, house: House) -> cases.Performed:
    return cases.perform(number, parse("note", {"text": "Seen again."}), house.ines.actor(), LATER)


def kinds(number: str) -> list[str]:
    return list(Entry.objects.filter(case__number=number).order_by("seq").values_list("kind", flat=True))


def test_a_step_is_written_as_it_was_prepared(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing happened meanwhile: one entry more, and all tables follow from history."""
    number = opened(team.ines)
    prepared = meanwhile(monkeypatch, lambda: None)
    done = note(number, team)
    assert prepared == [True]
    assert (done.case.seq, kinds(number)) == (2, ["case:received", "case:noted"])
    assert agrees(LATER)


def test_what_somebody_else_wrote_meanwhile_stays(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step is thought out anew, on the case as it is then."""
    number = opened(team.ines)
    prepared = meanwhile(monkeypatch, lambda: _other(number, team))
    assert note(number, team).case.seq == 3
    assert prepared == [False]
    assert kinds(number) == ["case:received", "case:noted", "case:noted"]
    assert agrees(LATER)


def _other(number: str, house: House) -> None:
    with write.inside() as cursor:
        cases.perform_in(cursor, number, parse("note", {"text": "First."}), house.tomasz.actor(), NOW)


def test_a_policy_adopted_meanwhile_counts(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks are those of the new policy, although the step was thought out under the old one."""
    number = opened(team.ines)

    def deed() -> None:
        adopt(changed(2, ("assess: 24 hours", "assess: 12 hours")), team.ines.actor(), NOW + timedelta(minutes=1))
        reclock.open_cases(NOW + timedelta(minutes=1), lambda _done, _total: None)

    prepared = meanwhile(monkeypatch, deed)
    note(number, team)
    assert prepared == [False]
    assert agrees(LATER)


def test_a_wake_up_meanwhile_is_kept(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to when reminders were looked at decides what is owed, so it is looked at again."""
    number = opened(team.ines)
    CaseRow.objects.filter(number=number).update(wake_at=NOW)

    def deed() -> None:
        assert escalation.claim("w", NOW + timedelta(minutes=1)) == [number]
        escalation.wake(number, "w", NOW + timedelta(minutes=1))

    prepared = meanwhile(monkeypatch, deed)
    note(number, team)
    assert prepared == [False]
    assert agrees(LATER)


def test_clocks_that_were_moved_meanwhile_are_looked_at_again(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As re-clocking does, without an entry: what is due next is written by who saw it last."""
    number = opened(team.ines)
    moved = CaseRow.objects.filter(number=number)
    prepared = meanwhile(monkeypatch, lambda: moved.update(next_due=LATER, next_promise="IR-4"))
    note(number, team)
    assert prepared == [False]
    assert agrees(LATER)


def test_a_step_with_letters_is_done_under_the_lock(team: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reaches beyond its case is one transaction from the first look on."""
    prepared = meanwhile(monkeypatch, lambda: None)
    number = opened(team.hannah, reporter_address="noor@example.net")
    step(number, "acknowledge", team.hannah, LATER, text="Thank you.")
    assert prepared == []
    assert kinds(number)[0] == "case:received"
    assert len(kinds(number)) > 1
