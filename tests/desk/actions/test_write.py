"""What one action writes is one transaction, history only goes forward, and nothing is written twice."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from forgeward.desk.actions import cases, write
from forgeward.desk.actions.write import Letter
from forgeward.desk.models import CaseRow, ClockRow, Entry, NoticeRow, Pending, SealedValues
from forgeward.desk.programme import policies
from forgeward.errors import ClockWentBack, Conflict
from forgeward.respond.clocks import clocks
from forgeward.respond.parse import parse
from forgeward.vocabulary import Change, Sealed
from tests.desk.tables import agrees, case_of, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, reported, step

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [(-3600, -3600), (0, 0), (1, 0), (5, 0), (5.000001, None), (6, None), (86_400 * 365, None)],
)
def test_history_only_goes_forward(behind: float, expected: float | None) -> None:
    """A lag of some seconds is evened out; a clock that was set back further is refused with both instants."""
    now = NOW - timedelta(seconds=behind)
    if expected is not None:
        assert write.require_forward(now, NOW) == NOW - timedelta(seconds=expected)
        return
    with pytest.raises(ClockWentBack, match="2026-11-23 10:20:00Z") as refusal:
        write.require_forward(now, NOW)
    assert "Set the clock right" in refusal.value.next


@pytest.mark.parametrize("late", [timedelta(hours=1), timedelta(seconds=6)])
def test_every_kind_of_entry_is_refused_before_the_newest_one(house: House, late: timedelta) -> None:
    """A new case, a step of a case and an entry of the programme are all held against what is there."""
    number, back = opened(house.ines), NOW - late
    with untouched():
        with pytest.raises(ClockWentBack):
            opened(house.ines, back)
        with pytest.raises(ClockWentBack):
            step(number, "note", house.ines, back, text="Too early")
        with pytest.raises(ClockWentBack), write.inside() as cursor:
            write.record(cursor, Change("test:told"), "system:test", back)


def test_a_lagging_clock_takes_the_instant_of_the_newest_entry(house: House) -> None:
    """Within the tolerance work goes on, and instants do not go back."""
    number = opened(house.ines)
    step(number, "note", house.ines, NOW - 2 * SECOND, text="A moment early")
    later = opened(house.ines, NOW - 3 * SECOND)
    assert [e.at for e in Entry.objects.filter(case__isnull=False)] == [NOW] * 3
    assert case_of(later).opened == NOW
    assert agrees(NOW)


def test_numbers_tell_nothing_and_are_read_over_the_telephone() -> None:
    """Six signs without look-alikes, random, in the form that options take."""
    drawn = {write.new_number() for _ in range(300)}
    assert len(drawn) == 300
    assert all(re.fullmatch(r"FW-[2-9A-HJKMNP-TV-Z]{6}", number) for number in drawn)
    for number in drawn:
        parse("merge", {"into": number})


def test_what_fails_inside_leaves_nothing(house: House) -> None:
    """Entry, sealed values, queue and letter go together, or none of them does."""
    number = opened(house.ines)
    row = CaseRow.objects.get(number=number)

    def all_but_the_end() -> None:
        with write.inside() as cursor:
            place = write.place_of(row.pk, number, "")
            write.write_entry(cursor, place, 2, NOW, Change("case:noted", {}, {"text": Sealed("Found")}), "person:1")
            write.write_letters(cursor, row.pk, [Letter("k:0", "k", "notice", "case:" + number, {"to": "a@b.c"})], NOW)
            assert Entry.objects.filter(case=row).count() == 2
            raise KeyboardInterrupt

    with untouched(), pytest.raises(KeyboardInterrupt):
        all_but_the_end()


def test_an_entry_waits_for_its_place_and_its_texts_are_sealed(house: House) -> None:
    """The row, the texts under their owners' keys and the queue; no text and no person in the leaf's bytes."""
    number = reported(house.ines, title="Secret title", text="Secret text")
    entry = Entry.objects.get(case__number=number)
    assert Pending.objects.filter(entry=entry).exists()
    subjects = set(SealedValues.objects.filter(entry=entry).values_list("subject", flat=True))
    assert {subject.partition(":")[0] for subject in subjects} == {"case", "reporter"}
    for secret in (b"Secret", b"Noor", b"noor@example.net", b"person:", b"reporter:"):
        assert secret not in bytes(entry.body)
        for blob in SealedValues.objects.values_list("blob", flat=True):
            assert secret not in bytes(blob)


def test_a_case_that_somebody_else_wrote_is_a_conflict(house: House) -> None:
    """The version that was read must still stand: an update is lost loudly."""
    number = opened(house.ines)
    with write.inside() as cursor:
        before = write.read_case(cursor, number)
    assert before
    step(number, "note", house.ines, text="Meanwhile")
    with untouched(), pytest.raises(Conflict), write.inside() as cursor:
        write.update_case(cursor, before, _columns(number))


def _columns(number: str) -> list[Any]:
    case, book = case_of(number), policies()
    return cases.columns(case, cases.overview(case, book, NOW))


def test_clocks_are_touched_only_where_they_differ(house: House) -> None:
    """Rows that stay keep their key, changed ones are changed in place, those that are gone go."""
    number = reported(house.ines)
    pk = CaseRow.objects.get(number=number).pk
    before = {row.promise: row.pk for row in ClockRow.objects.filter(case=pk)}
    found = list(clocks(case_of(number), policies(), NOW + timedelta(days=30)))
    with write.inside() as cursor:
        write.write_clocks(cursor, pk, found)
        rows = {row.promise: row for row in ClockRow.objects.filter(case=pk)}
        assert {promise: row.pk for promise, row in rows.items()} == before
        assert {row.state for row in rows.values()} == {"missed"}
        write.write_clocks(cursor, pk, found[1:])
    assert ClockRow.objects.filter(case=pk).count() == len(found) - 1


def test_a_letter_is_queued_once(house: House) -> None:
    """The same key again changes nothing, whatever the letter says."""
    with write.inside() as cursor:
        for text in ("first", "second"):
            write.write_letters(cursor, None, [Letter("x:0", "x", "notice", "case:programme", {"body": text})], NOW)
    assert NoticeRow.objects.count() == 1


def test_entries_of_the_programme_are_not_numbered(house: House) -> None:
    """People and policies stand in the same ledger, in no case's stream."""
    kinds = list(Entry.objects.filter(case=None).values_list("kind", "seq"))
    assert ("policy:adopted", 0) in kinds
    assert {seq for _, seq in kinds} == {0}


@pytest.mark.parametrize("at", [NOW, NOW + timedelta(days=400)])
def test_a_programme_entry_at_the_newest_instant_or_later_is_taken(house: House, at: datetime) -> None:
    with write.inside() as cursor:
        key = write.record(cursor, Change("test:told"), "system:test", at)
    assert Entry.objects.get(pk=key).at == at
