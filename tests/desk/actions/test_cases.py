"""A step is done wholly or not at all, by somebody who may, on a case that they may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forgeward.desk.actions import cases
from forgeward.desk.models import CaseRow, CaseViewer, ClockRow, Entry, NoticeRow, Person, SealedValues
from forgeward.desk.programme import vault
from forgeward.errors import (
    BadInput,
    ClockWentBack,
    ForgewardError,
    KeyErased,
    NotAllowed,
    NotFound,
    StepRefused,
    VectorInvalid,
)
from forgeward.respond.commands import Command
from forgeward.respond.parse import STEPS, parse
from forgeward.respond.signals import Accepted, Escalate, GaveUp, Join
from forgeward.vocabulary import Actor
from tests.desk.tables import agrees, case_of, untouched
from tests.desk.web.house import NOW, SYSTEM, House
from tests.desk.web.story import ASSESSMENT, accepted, fixing, opened, reported, step

HOUR = timedelta(hours=1)


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_new_case_is_in_every_table(house: House) -> None:
    """Row, first entry, clocks and sealed texts agree; the newest deadline leads."""
    number = reported(house.hannah)
    row = CaseRow.objects.get(number=number)
    assert (row.kind, row.state, row.version, row.restricted) == ("event", "received", 1, False)
    assert (row.next_promise, row.next_due) == ("IR-5", NOW + timedelta(hours=24))
    assert row.reporter == vault().reporter("noor@example.net")
    assert {c.promise for c in ClockRow.objects.filter(case=row)} == {"IR-4", "IR-5", "VM-3"}
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("who", "may"), [("ines", 1), ("tomasz", 1), ("hannah", 1), ("dele", 1), ("ada", 0), ("nobody", 0)]
)
def test_auditors_and_strangers_open_nothing(house: House, who: str, may: int) -> None:
    """Whoever works here may open a case; an auditor and somebody without a role may not."""
    person: Person = getattr(house, who)
    if may:
        assert opened(person)
        return
    with untouched(), pytest.raises(NotAllowed):
        opened(person)


@pytest.mark.parametrize("values", [{"title": ""}, {"text": ""}, {"reported_at": NOW + HOUR}, {"kind": "disaster"}])
def test_a_case_that_lacks_something_is_not_opened(house: House, values: dict[str, Any]) -> None:
    with untouched(), pytest.raises((StepRefused, BadInput)):
        opened(house.ines, **values)


# --- refusals write nothing ------------------------------------------------------------------------------------------

Deed = Callable[[House, str], object]
REFUSED: dict[str, tuple[type[ForgewardError], Deed]] = {
    "no such case": (NotFound, lambda h, n: step("FW-222222", "note", h.ines, text="x")),
    "fields are missing": (StepRefused, lambda h, n: step(n, "assess", h.ines, scope="Notes")),
    "a vector that is none": (VectorInvalid, lambda h, n: step(n, "assess", h.ines, **ASSESSMENT | {"vector": "AV:N"})),
    "out of order": (StepRefused, lambda h, n: step(n, "ship", h.ines, version="1.0.0")),
    "another role's step": (NotAllowed, lambda h, n: step(n, "assess", h.hannah, **ASSESSMENT)),
    "an auditor": (NotAllowed, lambda h, n: step(n, "note", h.ada, text="x")),
    "somebody without a role": (NotAllowed, lambda h, n: step(n, "note", h.nobody, text="x")),
    "a system that may not": (NotAllowed, lambda h, n: cases.perform(n, parse("note", {"text": "x"}), SYSTEM, NOW)),
    "the system's word by a person": (
        NotAllowed,
        lambda h, n: cases.perform(n, Accepted(notice=1), h.ines.actor(), NOW),
    ),
    "a notice that is none": (
        NotFound,
        lambda h, n: cases.perform(n, Accepted(notice=1), Actor("system:outbox"), NOW),
    ),
    "an owner who does not work here": (StepRefused, lambda h, n: step(n, "handover", h.ines, owner="person:99999999")),
    "merging into itself": (BadInput, lambda h, n: step(n, "merge", h.ines, into=n)),
    "nothing waits for approval": (StepRefused, lambda h, n: step(n, "approve", h.ines, step="close")),
    "before the newest entry": (ClockWentBack, lambda h, n: step(n, "note", h.ines, NOW - HOUR, text="x")),
    "text that no column holds": (BadInput, lambda h, n: step(n, "note", h.ines, text="a\0b")),
    "restricted to strangers": (StepRefused, lambda h, n: step(n, "restrict", h.ines, people=["person:99999999"])),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_step_writes_nothing(house: House, why: str) -> None:
    """No entry, no sealed text, no queue, no letter, no clock: every table is as it was."""
    number = reported(house.ines)
    expected, deed = REFUSED[why]
    with untouched(), pytest.raises(expected):
        deed(house, number)


def test_a_failing_follow_up_undoes_the_step_before_it(house: House) -> None:
    """Merging writes both cases or none: here the other one refuses after the first was written."""
    older, newer = opened(house.ines), opened(house.ines, NOW + HOUR)
    step(newer, "assess", house.tomasz, NOW + HOUR, **ASSESSMENT)
    with untouched(), pytest.raises(StepRefused, match="graver"):
        step(newer, "merge", house.tomasz, NOW + 2 * HOUR, into=older)
    with untouched(), pytest.raises(NotFound, match="FW-222222"):
        step(newer, "merge", house.tomasz, NOW + 2 * HOUR, into="FW-222222")


def test_a_letter_that_cannot_be_sealed_undoes_the_step(house: House) -> None:
    """To a reporter who was erased nothing can be written, and nothing says that it was."""
    number = reported(house.hannah, reporter_address="forgotten@example.net")
    vault().keys.destroy(CaseRow.objects.get(number=number).reporter, NOW)
    with untouched(), pytest.raises(KeyErased):
        step(number, "acknowledge", house.hannah, text="Thank you")


# --- restricted cases ------------------------------------------------------------------------------------------------


def _restricted(house: House) -> str:
    """A case that only Tomasz and Dele may see."""
    number = reported(house.tomasz)
    step(number, "restrict", house.dele, people=[f"person:{house.tomasz.pk}"])
    return number


def test_no_step_passes_somebody_whom_a_restricted_case_does_not_name(house: House) -> None:
    """The action itself refuses every step, before it says what is missing; the Lead may only restrict anew."""
    number = _restricted(house)
    with untouched():
        for name in STEPS:
            for person in (house.hannah, house.ines, house.ada, house.nobody):
                if (name, person) != ("restrict", house.ines):
                    with pytest.raises((NotAllowed, NotFound)):
                        cases.perform(number, parse(name, {}), person.actor(), NOW)


def test_those_whom_it_names_work_on_it_and_so_does_the_system(house: House) -> None:
    """The named people's steps, a mail that joins, a reminder."""
    number = _restricted(house)
    step(number, "note", house.tomasz, text="Seen")
    step(number, "note", house.dele, text="Seen")
    cases.perform(number, Join(text="More"), Actor("system:intake"), NOW)
    cases.perform(number, Escalate(promise="IR-5", to=f"person:{house.tomasz.pk}"), Actor("system:worker"), NOW)
    assert agrees(NOW)


def test_who_may_see_is_a_row_for_each_that_the_case_names(house: House) -> None:
    """The table that readers ask follows every change of the restriction, also its end."""
    number = _restricted(house)

    def named() -> set[int]:
        return set(CaseViewer.objects.filter(case__number=number).values_list("person_id", flat=True))

    assert named() == {house.tomasz.pk, house.dele.pk}
    step(number, "restrict", house.ines, people=[f"person:{house.hannah.pk}"])
    assert named() == {house.hannah.pk, house.ines.pk}
    with untouched(), pytest.raises(NotFound):
        step(number, "note", house.tomasz, text="No longer")
    step(number, "restrict", house.ines, lift=True)
    assert named() == set()
    assert not CaseRow.objects.get(number=number).restricted
    assert agrees(NOW)


def test_nobody_merges_into_a_case_that_is_closed_to_them(house: House) -> None:
    """Not even as the other side of a step on a case of their own."""
    secret, mine = _restricted(house), opened(house.hannah, NOW + HOUR)
    with untouched(), pytest.raises(NotFound):
        step(mine, "merge", house.hannah, NOW + 2 * HOUR, into=secret)
    step(mine, "merge", house.tomasz, NOW + 2 * HOUR, into=secret)
    assert agrees(NOW + 2 * HOUR)


# --- merging ---------------------------------------------------------------------------------------------------------


def test_a_merger_is_written_to_both_cases_at_once(house: House) -> None:
    """The duplicate closes, the older one takes its number, with one instant and one actor."""
    older, newer = reported(house.hannah), opened(house.hannah, NOW + HOUR, text="Its reporter wrote twice")
    step(newer, "merge", house.hannah, NOW + 2 * HOUR, into=older)
    assert (case_of(newer).merged_into, case_of(newer).state) == (older, "closed")
    assert case_of(older).absorbed == (newer,)
    last = [
        Entry.objects.filter(case__number=n).order_by("-seq").values_list("kind", "at", "actor")[0]
        for n in (newer, older)
    ]
    assert last == [
        ("case:merged", NOW + 2 * HOUR, f"person:{house.hannah.pk}"),
        ("case:absorbed", NOW + 2 * HOUR, f"person:{house.hannah.pk}"),
    ]
    assert CaseRow.objects.get(number=newer).wake_at is None
    assert agrees(NOW + 2 * HOUR)


# --- what goes out ---------------------------------------------------------------------------------------------------


def test_a_notice_is_one_letter_for_each_recipient(house: House) -> None:
    """Each address once, in order, sealed: a letter's row shows nobody's address."""
    number = reported(house.hannah)
    step(number, "convert", house.ines, to="incident", reason="Notes were read")
    step(number, "assess", house.ines, **ASSESSMENT)
    step(number, "material", house.dele, decision="yes", reason="Customers' notes")
    addresses = ["a@one.example", "b@two.example", "A@one.example"]
    parts = dict.fromkeys(("happened", "scope", "versions", "customer_action", "fix_time"), "as known")
    done = step(number, "notify", house.hannah, audience="customers", stage="first", recipients=addresses, **parts)
    rows = list(NoticeRow.objects.filter(notice=done.notices[0]).order_by("key"))
    read = [vault().open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) for row in rows]
    assert [(letter or {})["to"] for letter in read] == ["A@one.example", "b@two.example"]
    assert [(letter or {})["position"] for letter in read] == [0, 1]
    assert all(b"example" not in bytes(row.blob) for row in rows)
    assert agrees(NOW)


def test_a_first_notice_goes_to_an_address_once(house: House) -> None:
    """However it is written; customers who are found later get theirs, and whom a mail did not reach gets another."""
    number = reported(house.hannah)
    step(number, "convert", house.ines, to="incident", reason="Notes were read")
    step(number, "assess", house.ines, **ASSESSMENT)
    step(number, "material", house.dele, decision="yes", reason="Customers' notes")
    parts = dict.fromkeys(("happened", "scope", "versions", "customer_action", "fix_time"), "as known")

    def notify(stage: str, *recipients: str, audience: str = "customers") -> cases.Performed:
        return step(number, "notify", house.hannah, audience=audience, stage=stage, recipients=recipients, **parts)

    first = notify("first", "a@one.example", "b@two.example")
    for again in (("a@one.example",), ("c@three.example", "B@TWO.example")):
        with untouched(), pytest.raises(StepRefused, match=f"went out before to {again[-1]}"):
            notify("first", *again)
    notify("first", "c@three.example")
    notify("update", "a@one.example", "b@two.example", "c@three.example")
    notify("first", "a@one.example", audience="atlassian")
    gone = GaveUp(notice=int(first.notices[0].rpartition(":")[2]), recipients=(0,))
    cases.perform(number, gone, SYSTEM, NOW)
    notify("first", "a@one.example")
    with untouched(), pytest.raises(StepRefused, match=r"before to a@one\.example, b@two\.example"):
        notify("first", "a@one.example", "b@two.example")
    assert agrees(NOW)


def test_words_to_the_reporter_are_sealed_with_the_reporters_key(house: House) -> None:
    """When the reporter is erased, what was written to them goes as well."""
    number = reported(house.hannah)
    done = step(number, "acknowledge", house.hannah, text="Thank you, Noor")
    who = CaseRow.objects.get(number=number).reporter
    assert set(NoticeRow.objects.values_list("subject", flat=True)) == {who}
    last = Entry.objects.filter(case__number=number).order_by("-seq")[0]
    assert set(SealedValues.objects.filter(entry=last).values_list("subject", flat=True)) == {who, f"case:{number}"}
    assert done.notices == (f"{number}:{last.seq}",)


def test_the_mail_servers_word_counts_once(house: House) -> None:
    """The outbox reports at least once; the second time nothing is written."""
    number = reported(house.hannah)
    done = step(number, "acknowledge", house.hannah, NOW + HOUR, text="Thank you")
    accepted(number, done, NOW + 2 * HOUR)
    clock = ClockRow.objects.get(case__number=number, promise="IR-4")
    assert (clock.state, clock.met) == ("met", NOW + 2 * HOUR)
    entries = Entry.objects.count()
    accepted(number, done, NOW + 3 * HOUR)
    assert (Entry.objects.count(), case_of(number).facts) == (entries, case_of(number).facts)
    assert agrees(NOW + 3 * HOUR)


# --- a whole story, and wake-ups -------------------------------------------------------------------------------------


def test_a_long_story_agrees_with_its_history(house: House) -> None:
    """Eight steps of three people: entries are numbered without a gap, and the audit finds nothing."""
    number = fixing(house)
    seqs = list(Entry.objects.filter(case__number=number).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("when", "wakes"),
    [
        (timedelta(hours=11), timedelta(hours=12)),  # before the first mark of IR-5: that mark
        (timedelta(hours=12), timedelta(hours=12)),  # the mark has passed and nobody has looked: at once
        (timedelta(hours=13), timedelta(hours=13)),
        (timedelta(hours=25), timedelta(hours=25)),  # the last mark too, after which none would come
    ],
)
def test_who_acts_before_the_worker_looked_does_not_silence_a_reminder(
    house: House, when: timedelta, wakes: timedelta
) -> None:
    """A passed mark that nobody was reminded of wakes the case now, whatever step came in between."""
    number = opened(house.ines)
    step(number, "note", house.ines, NOW + when, text="Still looking")
    assert CaseRow.objects.get(number=number).wake_at == NOW + wakes


@pytest.mark.parametrize(("ago", "wakes"), [(1, NOW + 11 * HOUR), (12, NOW), (30, NOW)])
def test_a_report_that_was_entered_late_reminds_at_once(house: House, ago: int, wakes: object) -> None:
    """Marks that passed before the case was opened are owed from its opening on."""
    number = opened(house.ines, reported_at=NOW - ago * HOUR)
    assert CaseRow.objects.get(number=number).wake_at == wakes


def test_a_severity_that_is_raised_late_reminds_at_once(house: House) -> None:
    """More than half of a Critical's seven days are gone when it is found to be one: that is told now."""
    number = fixing(house)
    at = NOW - timedelta(hours=1)
    graver = ASSESSMENT | {"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
    row = CaseRow.objects.filter(number=number)
    row.update(reminded_at=NOW - timedelta(hours=2))  # as the worker leaves it, who looked all the time
    step(number, "assess", house.tomasz, at, **graver)
    assert row.get().wake_at == at


@pytest.mark.parametrize("command", [parse("note", {"text": "x"}), parse("seen", {})])
def test_opening_takes_no_other_command(house: House, command: Command) -> None:
    """A case begins with its receipt and nothing else."""
    with untouched(), pytest.raises(AssertionError):
        cases.open_case(command, house.ines.actor(), NOW)
