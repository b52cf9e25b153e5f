"""Clocks that pass a mark are told to the next person on the path, once; nobody else learns of a restricted case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forgeward.desk.actions import absences, escalation, people, write
from forgeward.desk.models import CaseRow, ClockRow, Entry, NoticeRow, Person
from forgeward.desk.programme import vault
from forgeward.desk.rows import PERSON_OFF
from forgeward.errors import ClockWentBack
from forgeward.vocabulary import Change, Role
from tests.desk.tables import agrees, case_of, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import ASSESSMENT, opened, step

HOUR = timedelta(hours=1)
HALF, MOST, DUE = NOW + 12 * HOUR, NOW + timedelta(hours=19, minutes=12), NOW + 24 * HOUR


def wake_all(at: datetime, owner: str = "test") -> int:
    """What the worker does at ``at``; returns how many reminders went out."""
    sent = 0
    while numbers := escalation.claim(owner, at):
        sent += sum(escalation.wake(number, owner, at) for number in numbers)
    return sent


def told(number: str) -> list[tuple[str, int, str]]:
    """Promise, share and first name of who was told, in order; a dash where nobody was."""
    names = {f"person:{p.pk}": p.email.partition("@")[0] for p in Person.objects.all()}
    return [(e.promise, e.percent, names.get(e.to, "-")) for e in case_of(number).escalations]


def letters(number: str) -> list[dict[str, Any]]:
    rows = NoticeRow.objects.filter(case__number=number, kind="reminder").order_by("id")
    return [vault().open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) or {} for row in rows]


# --- the path --------------------------------------------------------------------------------------------------------


def test_owner_lead_and_leadership_are_told_at_their_marks(house: House) -> None:
    """IR-5 of an owned case: the owner at half, the Lead at 80 %, Leadership when the time is over."""
    number = opened(house.hannah)
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    for at in (HALF, MOST, DUE):
        wake_all(at)
    ir5 = [(percent, who) for promise, percent, who in told(number) if promise == "IR-5"]
    assert ir5 == [(50, "tomasz"), (80, "ines"), (100, "dele")]
    assert agrees(DUE)


def test_a_reminder_says_number_promise_and_instant_only(house: House) -> None:
    """A mailbox is no place for an unpublished weakness: neither title nor text of the case is in it."""
    number = opened(house.hannah, title="Export reads any note", text="asApp() in the resolver")
    wake_all(HALF)
    (letter,) = letters(number)
    assert letter["to"] == "ines@example.com"
    assert letter["subject"] == f"{number}: IR-5 is due Tue 24 Nov, 10:20"
    assert "Export" not in letter["body"]
    assert "resolver" not in letter["body"]


def _without(house: House, names: Iterable[str]) -> None:
    """These have left. The only Lead cannot be switched off, so it is written and entered as if they could."""
    for name in names:
        person = getattr(house, name)
        person.is_active = False
        person.save()
        with write.inside() as cursor:
            write.record(cursor, Change(PERSON_OFF, data={"person": person.pk}), "system:test", NOW)


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ([], ["ines", "ines", "dele"]),  # nobody owns it: the policy's path begins with the Lead
        (["ines"], ["tomasz", "tomasz", "dele"]),
        (["dele"], ["ines", "ines", "ines"]),
        (["ines", "dele"], ["tomasz", "tomasz", "tomasz"]),
        (["ines", "tomasz"], ["dele", "dele", "dele"]),
        (["ines", "tomasz", "dele"], ["hannah", "hannah", "hannah"]),  # Support is on no path, but works here
        (["ines", "tomasz", "dele", "hannah"], ["-", "-", "-"]),  # an auditor is not asked to act
    ],
)
def test_where_a_role_is_held_by_nobody_the_next_of_the_path_is_told(
    house: House, gone: list[str], expected: list[str]
) -> None:
    """The path of the policy decides who stands in; that nobody was left is on record as well."""
    number = opened(house.hannah)
    _without(house, gone)
    for at in (HALF, MOST, DUE):
        wake_all(at)
    assert [who for promise, _, who in told(number) if promise == "IR-5"] == expected
    assert len(letters(number)) == sum(who != "-" for _, _, who in told(number))
    assert agrees(DUE)


def test_an_owner_who_left_is_not_told(house: House) -> None:
    number = opened(house.hannah)
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    _without(house, ["tomasz"])
    wake_all(HALF)
    assert told(number) == [("IR-5", 50, "ines")]


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        ({}, ["tomasz", "ines", "dele"]),
        ({"tomasz": "hannah"}, ["hannah", "ines", "dele"]),  # the owner's stand-in, whatever their role
        ({"tomasz": ""}, ["ines", "ines", "dele"]),  # without a stand-in the next on the path
        ({"ines": "tomasz"}, ["tomasz", "tomasz", "dele"]),
        ({"tomasz": "ines", "ines": "hannah"}, ["hannah", "hannah", "dele"]),  # the stand-in is away as well
        (
            {"tomasz": "ines", "ines": "tomasz"},
            ["dele", "dele", "dele"],
        ),  # they stand in for each other: neither is here
        (
            {"tomasz": "", "ines": "", "dele": "", "hannah": ""},
            ["tomasz", "ines", "dele"],
        ),  # all away: as if nobody were
    ],
)
def test_for_who_is_away_their_stand_in_is_told(house: House, away: dict[str, str], expected: list[str]) -> None:
    """O-1: the path goes by who is here on that day."""
    number = opened(house.hannah)
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    for name, stand_in in away.items():
        person, other = getattr(house, name), getattr(house, stand_in) if stand_in else None
        absences.enter(person, NOW.date(), NOW.date() + timedelta(days=3), other, person.actor(), NOW)
    for at in (HALF, MOST, DUE):
        wake_all(at)
    assert [who for promise, _, who in told(number) if promise == "IR-5"] == expected
    assert agrees(DUE)


def test_an_absence_counts_on_its_days_only(house: House) -> None:
    """Before it and after it the person is asked as ever; the days are those of the policy's zone."""
    for first, last in ((1, 2), (30, 40)):
        day = NOW.date()
        absences.enter(
            house.ines, day + timedelta(days=first), day + timedelta(days=last), house.hannah, house.ines.actor(), NOW
        )
    number = opened(house.hannah)
    wake_all(HALF)
    assert told(number) == [("IR-5", 50, "ines")]
    wake_all(MOST)
    assert ("IR-5", 80, "hannah") in told(number), "since midnight in London she is away"


def test_a_stand_in_who_cannot_act_is_passed_over(house: House) -> None:
    """Switched off, or only an auditor by now: the path goes on."""
    day = NOW.date()
    absences.enter(house.ines, day, day, house.hannah, house.ines.actor(), NOW)
    people.change_roles(house.hannah, [Role.AUDITOR], house.ines.actor(), NOW)
    number = opened(house.tomasz)
    wake_all(HALF)
    assert told(number) == [("IR-5", 50, "tomasz")]


def test_a_stand_in_is_not_told_of_a_restricted_case_that_does_not_name_them(house: House) -> None:
    """Standing in opens no case."""
    number = opened(house.hannah)
    step(number, "restrict", house.ines, people=[f"person:{house.dele.pk}"])
    day = NOW.date()
    absences.enter(house.ines, day, day, house.tomasz, house.ines.actor(), NOW)
    wake_all(HALF)
    assert told(number) == [("IR-5", 50, "dele")]


@pytest.mark.parametrize(
    ("named", "by", "expected"),
    [
        ("tomasz", "dele", ["tomasz", "tomasz", "dele"]),  # the Lead is not named: others of the path stand in
        ("hannah", "dele", ["dele", "dele", "dele"]),
        ("hannah", "ines", ["ines", "ines", "ines"]),
        ("ada", "ines", ["ines", "ines", "ines"]),  # an auditor may see it, and is not asked to act
    ],
)
def test_of_a_restricted_case_only_those_are_told_whom_it_names(
    house: House, named: str, by: str, expected: list[str]
) -> None:
    """Whatever the path says: a reminder tells that a case is there, and which promise is late."""
    number = opened(house.hannah)
    step(number, "handover", house.ines, owner=f"person:{house.hannah.pk}")
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    step(number, "restrict", getattr(house, by), people=[f"person:{getattr(house, named).pk}"])
    for at in (HALF, MOST, DUE):
        wake_all(at)
    assert [who for promise, _, who in told(number) if promise == "IR-5"] == expected


# --- nobody confirms -------------------------------------------------------------------------------------------------


def test_a_reminder_that_nobody_confirms_goes_one_up(house: House) -> None:
    """O-1: four business hours after the owner was told the Lead is, then Leadership, and there it ends."""
    number = opened(house.hannah)
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    step(number, "assess", house.tomasz, NOW, **ASSESSMENT | {"vector": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"})
    while (wakes := CaseRow.objects.get(number=number).wake_at) and wakes < datetime(2026, 11, 26, 17, 30, tzinfo=UTC):
        wake_all(wakes)
    found = [(e.promise, e.to, e.at) for e in case_of(number).escalations]
    assert found == [
        ("VM-3", f"person:{house.tomasz.pk}", datetime(2026, 11, 25, 14, 35, tzinfo=UTC)),
        ("O-1", f"person:{house.ines.pk}", datetime(2026, 11, 26, 10, 5, tzinfo=UTC)),
        ("O-1", f"person:{house.dele.pk}", datetime(2026, 11, 26, 14, 5, tzinfo=UTC)),
    ]
    wake_all(datetime(2026, 11, 27, 9, tzinfo=UTC))
    assert len(case_of(number).escalations) == 3, "above Leadership there is nobody to ask"
    assert agrees(datetime(2026, 11, 27, 9, tzinfo=UTC))


def test_who_confirms_stops_the_path(house: House) -> None:
    """The Lead says “seen” within the four business hours: nobody above is asked for this reminder."""
    number = opened(house.hannah)
    at = NOW + timedelta(hours=23)
    wake_all(at)
    step(number, "seen", house.ines, at + HOUR)
    escalated = ClockRow.objects.filter(case__number=number, promise="O-1")
    assert {clock.state for clock in escalated} == {"met"}
    wake_all(DUE)
    assert ("O-1", 100, "dele") not in told(number)
    assert agrees(DUE)


def test_acting_on_the_case_confirms_for_oneself(house: House) -> None:
    """Whoever was told and then does something on the case has seen it."""
    number = opened(house.hannah)
    wake_all(HALF)
    step(number, "note", house.hannah, HALF + HOUR, text="Not the one who was told")
    assert [e.confirmed_at for e in case_of(number).escalations] == [None]
    step(number, "note", house.ines, HALF + 2 * HOUR, text="On it")
    assert [e.confirmed_at for e in case_of(number).escalations] == [HALF + 2 * HOUR]


# --- leases ----------------------------------------------------------------------------------------------------------


def test_a_case_is_claimed_by_one_and_again_when_the_lease_is_over(house: House) -> None:
    """Two workers never wake one case; what a killed one held is taken after a minute, and reminded of once."""
    number = opened(house.hannah)
    assert escalation.claim("killed", HALF) == [number]
    for at in (HALF, HALF + timedelta(seconds=60)):
        assert escalation.claim("other", at) == []
    late = HALF + timedelta(seconds=61)
    assert escalation.claim("other", late) == [number]
    with untouched():
        assert escalation.wake(number, "killed", late) == 0, "it woke up again, but its lease is gone"
    assert escalation.wake(number, "other", late) == 1
    assert escalation.claim("other", late) == []
    assert wake_all(late) == 0
    assert len(letters(number)) == 1


def test_a_wake_up_that_fails_is_undone_and_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reminder, letter, clocks and lease are one transaction: dying at its end sends nothing and loses nothing."""
    number = opened(house.hannah)
    assert escalation.claim("test", HALF) == [number]

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(escalation, "_settle", dies)
        with untouched(), pytest.raises(KeyboardInterrupt):
            escalation.wake(number, "test", HALF)
    assert wake_all(HALF + timedelta(seconds=61)) == 1


def test_only_cases_that_are_due_are_claimed(house: House) -> None:
    """The earliest first, at most as many as asked for, none before its instant, none that is closed."""
    first, second = opened(house.hannah), opened(house.hannah, NOW + HOUR)
    merged = opened(house.hannah, NOW + HOUR)
    step(merged, "merge", house.hannah, NOW + HOUR, into=first)
    assert escalation.claim("test", HALF - timedelta(seconds=1)) == []
    assert escalation.claim("test", HALF + 2 * HOUR, limit=1) == [first]
    assert escalation.claim("test", HALF + 2 * HOUR) == [second]


def test_what_was_done_while_the_worker_asked_the_time_counts(house: House) -> None:
    """Somebody acts between the worker's look at its watch and the wake-up: the rows show what they did."""
    number = opened(house.hannah)
    escalation.claim("test", HALF)
    step(number, "assess", house.tomasz, HALF + timedelta(seconds=3), **ASSESSMENT)
    escalation.wake(number, "test", HALF)
    clock = ClockRow.objects.get(case__number=number, promise="IR-5")
    assert (clock.state, clock.met) == ("met", HALF + timedelta(seconds=3))
    assert agrees(HALF + HOUR)


def test_a_worker_whose_clock_went_back_wakes_nothing(house: House) -> None:
    number = opened(house.hannah)
    escalation.claim("test", HALF)
    step(number, "note", house.tomasz, HALF + HOUR, text="Meanwhile")
    with untouched(), pytest.raises(ClockWentBack):
        escalation.wake(number, "test", HALF)


def test_marks_that_passed_together_give_one_reminder_for_each_clock(house: House) -> None:
    """After an outage of days each clock reminds once, of the gravest share."""
    number = opened(house.hannah, reporter_address="noor@example.net")
    wake_all(NOW + timedelta(days=30))
    again = [(promise, percent) for promise, percent, _ in told(number)]
    assert sorted(again) == [("IR-4", 100), ("IR-5", 100), ("VM-3", 100)]
    assert Entry.objects.filter(case__number=number, kind="case:escalated").count() == len(again)
    assert agrees(NOW + timedelta(days=30))
