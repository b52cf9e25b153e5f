"""One case, whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forgeward.desk import programme
from forgeward.desk.actions import escalation, sequence
from forgeward.desk.models import CaseRow, NoticeRow
from forgeward.desk.readers.case_page import case_page
from forgeward.errors import NotFound
from tests.desk.web import story
from tests.desk.web.house import NOW, House


def test_clocks_are_as_of_now_not_as_of_the_last_write(house: House) -> None:
    """A clock whose time ran out a second ago is late at once, before any worker looked."""
    number = story.reported(house.hannah)
    due = next(c.due for c in case_page(number, house.ines, NOW).clocks if c.promise == "IR-5")
    assert due is not None
    before = case_page(number, house.ines, due)
    after = case_page(number, house.ines, due + timedelta(seconds=1))
    assert [next(c.late for c in page.clocks if c.promise == "IR-5") for page in (before, after)] == [False, True]


def test_the_nearest_open_clock_leads(house: House) -> None:
    """One clock leads, of whatever regime; the list is by due date, what ended comes last."""
    number = story.fixing(house)
    page = case_page(number, house.ines, NOW)
    assert [clock.promise for clock in page.clocks if clock.leads] == ["VM-6"]
    assert page.clocks[0].leads
    assert [clock.open for clock in page.clocks] == sorted((clock.open for clock in page.clocks), reverse=True)
    assert page.clocks[0].figure == "14 days"
    assert not page.clocks[0].business
    acknowledged = next(clock for clock in page.clocks if clock.promise == "IR-4")
    assert (acknowledged.figure, acknowledged.business, acknowledged.title) == ("2 business days", True, "Acknowledge")


def test_two_clocks_of_one_promise_have_their_own_titles(house: House) -> None:
    """VM-7 plans and fixes: each says which it is."""
    number = story.reported(house.hannah, NOW - timedelta(days=3))
    at = NOW - timedelta(days=2)
    story.step(
        number, "assess", house.tomasz, at, **{**story.ASSESSMENT, "vector": "", "severity": "medium", "reason": "x"}
    )
    story.step(number, "confirm", house.tomasz, at, environment="dev", reproduction="Steps", versions="1.0")
    page = case_page(number, house.ines, NOW)
    titles = {clock.title: clock.figure for clock in page.clocks if clock.promise == "VM-7"}
    assert titles == {"Plan the fix": "30 days", "Fix in production": "60 days"}


def test_the_timeline_names_people_and_leaves(house: House) -> None:
    """Every entry once, in order, with words, actor and place in the ledger once it has one."""
    number = story.fixing(house)
    page = case_page(number, house.ines, NOW)
    assert [item.seq for item in page.timeline] == list(range(1, CaseRow.objects.get().version + 1))
    assert {item.leaf for item in page.timeline} == {None}
    assert page.timeline[0].words == "Report opened by hand"
    assert page.timeline[0].actor == "Hannah Lindqvist"
    sequence.number()
    numbered = case_page(number, house.ines, NOW).timeline
    assert all(item.leaf is not None and not item.proven for item in numbered)
    sequence.sign_checkpoint(NOW)
    assert all(item.proven for item in case_page(number, house.ines, NOW).timeline)


def test_what_met_a_clock_is_marked_and_nothing_else_of_that_instant(house: House) -> None:
    """Confirming makes an event a vulnerability in the same instant; only the confirmation kept VM-3."""
    number = story.fixing(house)
    met = {item.kind: item.met for item in case_page(number, house.ines, NOW).timeline if item.met}
    assert met == {
        "case:notice_accepted": ("IR-4",),
        "case:assessed": ("IR-5",),
        "case:confirmed": ("VM-3",),
        "case:contained": ("IR-7",),
    }


def test_erased_texts_leave_the_history_readable(house: House) -> None:
    """The reporter's words are gone, the case's are there, what happened stays."""
    number = story.reported(house.hannah, reporter_address="erased@example.net")  # keys outlive the test
    row = CaseRow.objects.get()
    programme.vault().keys.destroy(row.reporter, NOW)
    page = case_page(number, house.ines, NOW)
    assert page.reporter == "[erased on 2026-11-23]"
    assert page.title == "Export reads any note by its id"
    assert page.timeline[0].words == "Report opened by hand"
    programme.vault().keys.destroy(f"case:{number}", NOW)
    page = case_page(number, house.ines, NOW)
    assert page.title == "[erased on 2026-11-23]"
    assert page.thread[0].text == "[erased on 2026-11-23]"
    assert len(page.timeline) == row.version


def test_the_thread_holds_what_was_written_and_its_fate(house: House) -> None:
    """Theirs, ours and notes, in order; ours with what the mail server said."""
    page = case_page(story.fixing(house), house.ines, NOW)
    assert [(m.direction, m.author) for m in page.thread] == [
        ("in", "Noor Haddad"),
        ("out", "Hannah Lindqvist"),
        ("note", "Tomasz Bielak"),
    ]
    assert [m.to for m in page.thread] == ["", "Noor Haddad", ""]
    assert [(fate.state, fate.count) for fate in page.thread[1].fate] == [("accepted", 1)]
    assert [line.recipient for line in page.notices if line.kind == "acknowledgement"] == ["noor@example.net"]


def test_next_steps_say_what_is_missing(house: House) -> None:
    """What `case next` prints and the gate shows: the step, and each requirement by its option's name."""
    page = case_page(story.fixing(house), house.ines, NOW)
    assert page.next[0].step == "fix"
    assert {lack.name for lack in page.next[0].missing} >= {"cause", "patch", "regression_test"}
    assert page.next[-1].step == "close"


def test_facts_are_what_the_steps_recorded(house: House) -> None:
    """Labels of the forms, words for choices, names for people."""
    page = case_page(story.fixing(house), house.ines, NOW)
    facts = {group.step: dict(group.rows) for group in page.facts}
    assert facts["assess"]["Scope"] == "Note bodies in export"
    assert facts["contain"]["How"] == "Function switched off"
    assert page.severity.level == "high"
    assert page.severity.score == page.severity.base == 7.7


def test_stages_follow_the_kind(house: House) -> None:
    """Without a reporter nobody is acknowledged; only what is urgent must be contained; one stage is now."""
    page = case_page(story.fixing(house), house.ines, NOW)
    assert [stage.name for stage in page.stages if stage.at] == ["Acknowledged", "Assessed", "Confirmed", "Contained"]
    assert [stage.name for stage in page.stages if stage.now] == ["Fix written"]
    page = case_page(story.opened(house.hannah), house.ines, NOW)
    assert [stage.name for stage in page.stages] == ["Assessed", "Closed"]
    assert [stage.now for stage in page.stages] == [True, False]


def test_a_case_that_is_not_there_and_one_that_is_hidden_are_the_same(house: House) -> None:
    """The error does not tell one from the other."""
    number = story.opened(house.hannah)
    story.step(number, "restrict", house.ines, people=[f"person:{house.ines.pk}"])
    errors = []
    for wanted in ("FW-NONE22", number):
        with pytest.raises(NotFound) as caught:
            case_page(wanted, house.tomasz, NOW)
        errors.append(str(caught.value).replace(wanted, "?"))
    assert errors[0] == errors[1]


def test_an_extension_keeps_the_old_date(house: House) -> None:
    """VM-9: the new date counts, the old one stays visible."""
    number = story.fixing(house)
    story.step(number, "extend", house.tomasz, until="2026-12-20", control="Flag", reason="Train", told="By mail")
    story.step(number, "approve", house.ines, step="extend")
    clock = next(c for c in case_page(number, house.ines, NOW).clocks if c.promise == "VM-6")
    assert clock.original_due == NOW - timedelta(days=5) + timedelta(hours=5, days=14)
    assert clock.due is not None
    assert clock.due > clock.original_due


def test_a_notice_to_many_is_counted_not_listed(house: House) -> None:
    """A notice to customers goes to them, not to the reporter; its fate is figures, its recipients stand elsewhere."""
    number = story.incident(house)
    sent = {"happened": "A digest went to the wrong site.", "scope": "Page titles", "versions": "4.2.0"}
    sent |= {"customer_action": "Nothing", "fix_time": "Fixed in 4.2.1"}
    recipients = "\n".join(f"admin{i}@example.net" for i in range(30))
    story.step(number, "notify", house.hannah, audience="customers", stage="first", recipients=recipients, **sent)
    message = case_page(number, house.ines, NOW).thread[-1]
    assert message.to == "Customers"
    assert [(fate.state, fate.count) for fate in message.fate] == [("waiting", 30)]
    assert "admin1@" not in message.text
    assert "A digest went to the wrong site." in message.text


def test_a_case_of_which_somebody_was_reminded_opens(house: House) -> None:
    """A reminder goes out beside the letters of the case; each letter's fate is still its own."""
    number = story.reported(house.hannah)
    story.step(number, "acknowledge", house.hannah, text="Thank you")
    half = NOW + timedelta(hours=12)
    assert sum(escalation.wake(each, "test", half) for each in escalation.claim("test", half)) == 1
    assert NoticeRow.objects.filter(kind="reminder").exists()
    (letter,) = [item for item in case_page(number, house.ines, half).thread if item.fate]
    assert [fate.state for fate in letter.fate] == ["waiting"]
