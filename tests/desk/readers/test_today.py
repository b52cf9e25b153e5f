"""What is due, late and waiting, from all cases that a person may see."""

from __future__ import annotations

from datetime import timedelta

from forgeward.desk import programme
from forgeward.desk.actions import escalation
from forgeward.desk.models import CaseRow, RawMail
from forgeward.desk.readers.clocks import folded, views
from forgeward.desk.readers.today import today
from forgeward.desk.rows import decode_case
from forgeward.vocabulary import Fact
from tests.desk.readers.rows import many
from tests.desk.web import story
from tests.desk.web.house import NOW, House


def test_clocks_are_in_order_of_their_due_dates(house: House) -> None:
    """Across cases: the nearest first, late ones apart."""
    many(20, house.hannah.actor())
    found = today(house.ines, NOW)
    dues = [due.clock.due for due in found.due]
    assert dues == sorted(dues)
    assert all(due.clock.due <= NOW for due in found.late)
    assert not found.more


def test_only_so_many_cases_are_looked_at(house: House) -> None:
    """On a large home the first cases hold the nearest clocks; the page says that there are more."""
    many(70, house.hannah.actor())
    assert today(house.ines, NOW).more


def test_others_cases_are_not_mine_to_see(house: House) -> None:
    """A restricted case gives no deadline to those it does not name; an account without a role has none at all."""
    number = story.reported(house.hannah)
    assert today(house.tomasz, NOW).due
    story.step(number, "restrict", house.ines, people=[f"person:{house.hannah.pk}"])
    assert not today(house.tomasz, NOW).due
    assert today(house.hannah, NOW).due
    assert not today(house.nobody, NOW).due


def test_paused_clocks_wait_apart(house: House) -> None:
    """A case that waits for its reporter is not late, and is not forgotten."""
    number = story.fixing(house)
    story.step(number, "pause", house.tomasz, reason="Asked for a trace.")
    found = today(house.ines, NOW)
    assert {due.clock.promise for due in found.paused} == {"VM-6"}
    assert not [due for due in found.due if due.clock.promise == "VM-6"]


def test_reminders_are_one_line(house: House) -> None:
    """Each unanswered reminder starts a clock (O-1); many of them are told as one, and never hide the rest."""
    number = story.reported(house.hannah, NOW - timedelta(days=4))
    for hours in (20, 40, 60, 80):
        at = NOW - timedelta(days=4) + timedelta(hours=hours)
        CaseRow.objects.filter(number=number).update(wake_at=at)
        for claimed in escalation.claim("test", at):
            escalation.wake(claimed, "test", at)
    case = decode_case(bytes(CaseRow.objects.get().state_json))
    every = views(case, programme.policies(), NOW)
    reminders = [clock for clock in every if clock.stops is Fact.ESCALATION_CONFIRMED and clock.open]
    assert len(reminders) > 1
    shown = [clock for clock in folded(every) if clock.promise == "O-1"]
    assert len(shown) == 1
    assert shown[0].title == f"Confirm {len(reminders)} reminders"
    assert shown[0].due == min(clock.due for clock in reminders if clock.due)
    assert {c.promise for c in every if c.promise != "O-1"} == {c.promise for c in folded(every) if c.promise != "O-1"}


def test_ages_count_open_vulnerabilities_with_a_severity(house: House) -> None:
    """Events and unassessed cases have no promised time to compare with."""
    number = story.fixing(house)
    story.reported(house.hannah)
    assert [(aged.number, aged.level) for aged in today(house.ines, NOW).aged] == [(number, "high")]


def test_held_mail_is_shown_to_who_may_take_it_in(house: House) -> None:
    """A mail that is in no case is not out of sight; auditors take no mail in, restricted cases stay unnamed."""
    number = story.opened(house.hannah)
    case = CaseRow.objects.get()
    for i, points_at in enumerate((None, case)):
        RawMail.objects.create(
            name=f"m{i}", fingerprint=f"f{i}", source="box", size=1, received_at=NOW, wrapped_key=b"", state="held",
            reason="It answers a thread of somebody else.", case=points_at,
        )  # fmt: skip
    assert [mail.case for mail in today(house.hannah, NOW).held] == [number, ""]
    assert today(house.ada, NOW).held == ()
    story.step(number, "restrict", house.ines, people=[f"person:{house.ines.pk}"])
    assert [mail.case for mail in today(house.hannah, NOW).held] == [""]
