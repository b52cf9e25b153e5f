"""The nightly audit: once a night, by one process, and what it finds is told once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from forgeward.desk import guards
from forgeward.desk.actions import audits
from forgeward.desk.models import CaseRow, Entry, EvidenceRow, NoticeRow
from forgeward.desk.readers import audit, doctor
from forgeward.desk.worker import auditor
from forgeward.desk.worker.rounds import one_round
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import fixing, opened, step

NIGHT = NOW.replace(hour=2, minute=31) + timedelta(days=1)
DAY = timedelta(days=1)


def looked(at: datetime, owner: str = "auditor of the test") -> bool:
    return auditor.look_after(settings.HOME, lambda: at, owner)


def looks() -> list[tuple[bool, datetime]]:
    rows = EvidenceRow.objects.filter(mechanism=audits.CHECK).order_by("pk")
    return list(rows.values_list("ok", "at"))


def alarms() -> list[CaseRow]:
    return list(CaseRow.objects.filter(number__in=NoticeRow.objects.filter(kind="alarm").values("case__number")))


def test_it_is_done_once_a_night_and_seen(house: House) -> None:
    """Not before its time, then once; its result is evidence, the doctor's word, and leaves no difference itself."""
    opened(house.ines)
    assert not looked(NIGHT - timedelta(minutes=2))
    assert [looked(NIGHT), looked(NIGHT + timedelta(hours=20)), looked(NIGHT + DAY)] == [True, False, True]
    assert looks() == [(True, NIGHT), (True, NIGHT + DAY)]
    finding = doctor._audit(NIGHT + DAY)
    assert finding.ok
    assert "agree with their history" in finding.what
    assert agrees(NIGHT + DAY)


def test_what_was_slept_through_is_made_up_for(house: House) -> None:
    """Whenever the worker runs again, once for all the nights that passed."""
    opened(house.ines)
    late = NIGHT + 5 * DAY + timedelta(hours=9)
    assert [looked(NIGHT), looked(late), looked(late)] == [True, True, False]
    assert not doctor._audit(late + timedelta(days=3)).ok


def test_two_processes_do_it_once(house: House) -> None:
    """Who comes second finds the lease; a lease that ran out is nobody's."""
    opened(house.ines)
    assert audits.claim("first", NIGHT)
    with untouched():
        assert not looked(NIGHT)
    assert looked(NIGHT + audits.LEASE + timedelta(seconds=1))


def test_one_that_is_cut_short_leaves_it_to_the_next(house: House) -> None:
    """Told to end, it writes nothing and holds nothing."""
    opened(house.ines)
    with pytest.raises(auditor.Stopped):
        auditor.look_after(settings.HOME, lambda: NIGHT, "one", lambda: True)
    assert looks() == []
    assert looked(NIGHT)


def test_a_difference_is_one_event_however_many_nights_it_lasts(house: House) -> None:
    """It says what differs, alarms the Security Lead, and fails the check; when it is gone the event says that too."""
    number = fixing(house)
    CaseRow.objects.filter(number=number).update(level="low")
    assert [looked(NIGHT + n * DAY) for n in range(3)] == [True] * 3
    [event] = alarms()
    assert (event.kind, event.closed_at) == ("event", None)
    assert [ok for ok, _ in looks()] == [False] * 3
    found = doctor._audit(NIGHT + 2 * DAY)
    assert not found.ok
    assert f"{number}: the row's level is 'low'" in found.what
    entries = Entry.objects.filter(case=event).count()
    CaseRow.objects.filter(number=number).update(level="high")
    assert [looked(NIGHT + n * DAY) for n in (3, 4)] == [True, True]
    assert Entry.objects.filter(case=event).count() == entries + 1
    assert [ok for ok, _ in looks()][3:] == [True, True]


def test_another_difference_is_said_on_the_open_event(house: House) -> None:
    """No second event while somebody works on the first; a new one once that was closed."""
    number = fixing(house)
    CaseRow.objects.filter(number=number).update(level="low")
    looked(NIGHT)
    [event] = alarms()
    CaseRow.objects.filter(number=number).update(level="low", kind="event")
    looked(NIGHT + DAY)
    assert [row.number for row in alarms()] == [event.number]
    said = {"as": "false_positive", "reason": "A restored table, put right by hand."}
    step(event.number, "reject", house.ines, NIGHT + DAY, **said)
    if CaseRow.objects.get(pk=event.pk).closed_at is None:
        step(event.number, "approve", house.tomasz, NIGHT + DAY, step="reject")
    assert CaseRow.objects.get(pk=event.pk).closed_at
    looked(NIGHT + 2 * DAY)
    assert [row.number for row in alarms()] == [event.number], "what a person has closed is not opened every night"
    CaseRow.objects.filter(number=number).update(state="closed")
    looked(NIGHT + 3 * DAY)
    assert len(alarms()) == 2


def test_tick_does_it_for_who_has_no_worker(house: House) -> None:
    """A round that is asked to; the worker has a thread for it instead."""
    opened(house.ines)
    for asked in (False, True):
        done = one_round(settings.HOME, lambda: NIGHT, "worker of the test", audits=asked)
        assert done.problems == {}
        assert len(looks()) == asked


def test_its_memory_is_bounded_where_all_is_changed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many differences are named, then that there are more."""
    monkeypatch.setattr(audit, "KEPT", 3)
    fixing(house)
    guards.remove()
    Entry.objects.update(kind="case:noted")
    problems = audit.examine(NIGHT, lambda _done, _total: None).problems
    assert len(problems) == 4
    assert "more differences" in problems[-1].what
