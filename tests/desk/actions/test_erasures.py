"""An erasure takes away what is a person's and what names them, once and for good; history agrees before and after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from forgeward.desk import programme
from forgeward.desk.actions import absences, erasures, people
from forgeward.desk.models import (
    AbsenceRow,
    CaseRow,
    Entry,
    Heartbeat,
    MessageRow,
    NoticeRow,
    Person,
    RawMail,
    SessionRow,
)
from forgeward.desk.programme import vault
from forgeward.desk.readers import case_page, notices
from forgeward.desk.readers import mail as mail_reader
from forgeward.desk.rows import entry_place
from forgeward.errors import AnswerIsNo, BadInput, KeyErased, NotAllowed, NotFound
from forgeward.ledger.entry import decode
from forgeward.vocabulary import Role
from tests.desk.post import Office, report
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.story import opened, reported, step

WHY = "Asked for it by mail"
HOUR = timedelta(hours=1)
_count = iter(range(1000))


def somebody() -> str:
    """A new address each time: what was erased stays erased, also in the next test."""
    return f"noor{next(_count)}@research.example"


def report_of(house: House, address: str, *, closed: bool = True) -> str:
    number = reported(house.hannah, reporter_name="Noor Haddad-Lund", reporter_address=address)
    if closed:
        said: dict[str, Any] = {"as": "spam", "reason": "Nothing of ours"}
        step(number, "reject", house.hannah, **said)
        step(number, "approve", house.tomasz, step="reject")
    return number


@pytest.fixture
def staff_again(house: House) -> Iterator[None]:
    """The next test's staff have the same numbers, and would be erased already."""
    yield
    programme.forget()
    with closing(sqlite3.connect(settings.HOME.keys / "subjects.sqlite3")) as store, store:
        store.execute("DELETE FROM erased WHERE subject LIKE 'person:%'")


def erase(house: House, named: str, **more: str) -> erasures.Plan:
    return erasures.erase(settings.HOME, named, more.pop("reason", WHY), house.ines.actor(), NOW + HOUR, **more)


def data_of_erasure() -> dict[str, object]:
    return dict(decode(bytes(Entry.objects.filter(kind=erasures.ERASED).latest("pk").body)).data)


def test_a_reporter_is_gone_and_history_agrees(house: House) -> None:
    """Nothing of them opens any more; the case shows when they were erased; the entry names nobody."""
    address = somebody()
    number = report_of(house, address)
    step(number, "note", house.hannah, text="Calls in the evening")
    assert agrees(NOW)
    done = erase(house, address)
    assert done.cases == (number,)
    page = case_page.case_page(number, house.ines, NOW + HOUR)
    assert page.reporter == "[erased on 2026-11-23]"
    assert "evening" not in str(page)
    assert "Haddad" not in str(page)
    assert data_of_erasure() == {
        "because": "request",
        "erased_at": "2026-11-23T11:20:00Z",
        "subjects": [erasures.digest(done.who.keys[0])],
        "parts": [],
    }
    assert agrees(NOW + HOUR)
    with pytest.raises(NotFound):
        erase(house, address)
    with pytest.raises(NotFound, match="was erased on"):
        erase(house, number)


def test_texts_that_name_them_go_alone(house: House) -> None:
    """In whatever case; other texts of that case stay, and so do the texts of another reporter."""
    address, other = somebody(), somebody()
    report_of(house, address)
    number = opened(house.hannah, title="Something else", text="Seen in the logs")
    step(number, "note", house.hannah, text="Ask noor HADDAD-LUND whether she saw it")
    step(number, "note", house.hannah, text=f"Or write to {address}")
    step(number, "note", house.hannah, text="The sky is clear")
    theirs = reported(house.hannah, reporter_address=other, text="Noor Haddad-Lund told me")
    done = erase(house, address)
    assert [(each.case, each.seq) for each in done.mentions] == [(number, 2), (number, 3)]
    assert [(each.case, each.seq) for each in done.kept] == [(theirs, 1)]
    page = str(case_page.case_page(number, house.ines, NOW + HOUR))
    assert "sky is clear" in page
    assert "Something else" in page
    assert "LUND" not in page
    assert address not in page
    assert agrees(NOW + HOUR)


def test_a_dry_run_only_shows(house: House) -> None:
    """It finds the same and writes nothing."""
    address = somebody()
    number = report_of(house, address, closed=False)
    with untouched():
        found = erasures.plan(settings.HOME, address, house.ines.actor())
    assert (found.cases, found.open_cases) == ((number,), (number,))
    assert erase(house, address, despite="The person is in danger").cases == found.cases


def test_what_is_needed_is_not_erased(house: House) -> None:
    """While a case is open, unless somebody decides otherwise; that reason is kept."""
    address = somebody()
    report_of(house, address, closed=False)
    with untouched(), pytest.raises(AnswerIsNo, match="still needed"):
        erase(house, address)
    erase(house, address, despite="The person is in danger")
    entry = Entry.objects.filter(kind=erasures.ERASED).latest("pk")
    place = entry_place("", 0, entry.kind, entry.at)
    values = [vault().open_entry(place, row.subject, bytes(row.blob)) for row in entry.sealed.all()]
    assert {"despite": "The person is in danger", "reason": WHY}.items() <= {
        name: value for each in values for name, (_, value) in each.items()
    }.items()


@pytest.mark.parametrize("who", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_only_the_lead_erases(house: House, who: str) -> None:
    """Not even to see what would go."""
    address = somebody()
    report_of(house, address)
    actor = getattr(house, who).actor()
    with untouched(), pytest.raises(NotAllowed):
        erasures.erase(settings.HOME, address, WHY, actor, NOW)
    with pytest.raises(NotAllowed):
        erasures.plan(settings.HOME, address, actor)


def test_a_restricted_case_keeps_the_lead_out(house: House) -> None:
    """Until they are named in it, which its history shows."""
    address = somebody()
    number = report_of(house, address)
    step(number, "restrict", house.dele, people=[f"person:{house.dele.pk}"])
    with untouched(), pytest.raises(NotAllowed, match="restricted"):
        erase(house, address)
    step(number, "restrict", house.ines, people=[f"person:{house.dele.pk}"])
    assert erase(house, address).cases == (number,)


@pytest.mark.parametrize("reason", ["", "  ", "Noor Haddad-Lund asked", "ADDRESS asked"])
def test_the_reason_names_nobody(house: House, reason: str) -> None:
    """It stays for ever, so it cannot hold what is to go."""
    address = somebody()
    report_of(house, address)
    with untouched(), pytest.raises(BadInput):
        erase(house, address, reason=reason.replace("ADDRESS", address.upper()))


@pytest.mark.parametrize(
    "odd", ["", "nobody@nowhere.example", "FW-222222", "person:99999999", "person:x", "../../keys", "%", "#"]
)
def test_who_is_not_here_is_not_found(house: House, odd: str) -> None:
    """And nothing is destroyed for a strange name."""
    with untouched(), pytest.raises(NotFound):
        erase(house, odd)


def test_mail_files_and_letters_go(post: Office, house: House) -> None:
    """Raw mail, what waits in the outbox, what lists show; the letter is settled and its case knows."""
    address = somebody()
    number = post.one(report(7, f"Noor Haddad-Lund <{address}>")).case or ""
    step(number, "acknowledge", house.hannah, post.now, text="Thank you")
    raw = RawMail.objects.latest("pk")
    assert (settings.HOME.raw / raw.name).exists()
    done = erase(house, address, despite="At once")
    assert (done.mails, done.letters, done.unsent) == (1, 2, 2)
    assert not (settings.HOME.raw / raw.name).exists()
    assert post.deliver() == []
    rows = NoticeRow.objects.filter(case__number=number)
    assert {(row.state, row.answer) for row in rows} == {("given_up", erasures.STOPPED)}
    assert {line.recipient for line in notices.lines(rows)} == {"[erased on 2026-11-23]"}
    assert mail_reader.one(house.ines, raw.pk).sender == "[erased on 2026-11-23]"
    assert "erased on 2026-11-23" in mail_reader.opened(settings.HOME, house.ines, raw.pk).unread
    with pytest.raises(KeyErased):
        mail_reader.raw(settings.HOME, house.ines, raw.pk)
    raw.refresh_from_db()
    assert (raw.sender_key, raw.content_key, raw.copy_key) == ("", "", "")
    assert not MessageRow.objects.exclude(thread_key="").exists()
    assert Entry.objects.filter(case__number=number, kind="case:notice_given_up").count() == 2
    assert agrees(post.now + HOUR)


def test_who_writes_again_is_somebody_new(post: Office, house: House) -> None:
    """A fresh key, a fresh case; nothing of before comes back."""
    address = somebody()
    first = post.one(report(1, f"Noor Haddad-Lund <{address}>")).case
    erase(house, address, despite="At once")
    post.pass_time(hours=2)
    assert post.one(report(1, f"Noor Haddad-Lund <{address}>")).new is False, "a mailbox that is read again"
    second = post.one(report(2, f"Noor Haddad-Lund <{address}>")).case
    assert second != first
    one, two = (CaseRow.objects.get(number=number).reporter for number in (first, second))
    assert two == f"{one}.1"
    assert case_page.case_page(second or "", house.ines, post.now).reporter == "Noor Haddad-Lund"
    again = erasures.erase(
        settings.HOME, address, WHY, house.ines.actor(), post.now + HOUR / 2, despite="At once, again"
    )
    assert again.cases == (second,)
    assert agrees(post.now + HOUR)


def test_work_goes_on_after_an_erasure(house: House) -> None:
    """Notes belong to the case from then on; nobody can be written to."""
    address = somebody()
    number = report_of(house, address, closed=False)
    erase(house, address, despite="At once")
    step(number, "note", house.hannah, NOW + 2 * HOUR, text="The weakness is real")
    assert "weakness is real" in str(case_page.case_page(number, house.ines, NOW + 2 * HOUR))
    with untouched(), pytest.raises(KeyErased):
        step(number, "acknowledge", house.hannah, NOW + 2 * HOUR, text="Thank you")


# --- staff -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("staff_again")
def test_a_member_of_staff_becomes_a_number(house: House) -> None:
    """Name, address and ways in go; roles and deeds stay, as the ledger has them."""
    number = report_of(house, somebody(), closed=False)
    step(number, "note", house.tomasz, text="Seen")
    people.sign_in_link(house.tomasz, NOW)
    done = erase(house, "tomasz@example.com")
    assert done.staff
    person = Person.objects.get(pk=house.tomasz.pk)
    assert (person.name, person.email) == ("[erased on 2026-11-23]", f"erased-{person.pk}@erased.invalid")
    assert not person.is_active
    assert not person.has_usable_password()
    assert not person.signinlink_set.exists()
    page = case_page.case_page(number, house.ines, NOW + HOUR)
    assert [item.actor for item in page.timeline][-1] == "[erased on 2026-11-23]"
    assert agrees(NOW + HOUR)


@pytest.mark.usefixtures("staff_again")
def test_the_last_lead_and_who_has_work_stay(house: House) -> None:
    """Somebody has to be there, and cases have to be looked after."""
    with untouched(), pytest.raises(AnswerIsNo, match="only Security Lead"):
        erase(house, "ines@example.com")
    number = report_of(house, somebody(), closed=False)
    step(number, "handover", house.ines, owner=f"person:{house.tomasz.pk}")
    with untouched(), pytest.raises(AnswerIsNo, match=number):
        erase(house, "tomasz@example.com")
    people.add_person("Second Lead", "second@example.com", [Role.LEAD], house.ines.actor(), NOW)
    assert erase(house, "ines@example.com").staff


# --- replayed, cut short ---------------------------------------------------------------------------------------------


def test_an_erasure_that_was_cut_short_is_finished(house: House) -> None:
    """The key is gone first; whoever starts next clears the rows and writes the entry, once."""
    address = somebody()
    number = report_of(house, address)
    who = CaseRow.objects.get(number=number).reporter
    vault().keys.destroy(who, NOW)
    assert erasures.settle(settings.HOME, NOW + HOUR) >= 1
    assert erasures.digest(who) in erasures.entered()
    entries = Entry.objects.count()
    assert erasures.settle(settings.HOME, NOW + HOUR) == 0
    Heartbeat.objects.filter(name="erasures").delete()
    assert erasures.settle(settings.HOME, NOW + HOUR) == 0
    assert Entry.objects.count() == entries
    assert data_of_erasure()["because"] == "replayed"
    assert agrees(NOW + HOUR)


def test_a_restored_home_forgets_mails_that_nobody_had_read(post: Office, house: House) -> None:
    """They lie under the home's key; those of people who were erased since go, all others are still read."""
    address = somebody()
    report_of(house, address)
    erase(house, address)
    theirs = post.store(report(3, f"Noor Haddad-Lund <{address}>"))
    other = post.store(report(4, f"Rita <{somebody()}>"))
    erasures.replay(settings.HOME, [], NOW + 2 * HOUR)
    for row in (theirs, other):
        row.refresh_from_db()
    assert (theirs.state, bytes(theirs.wrapped_key), bytes(theirs.way_blob)) == ("discarded", b"", b"")
    assert not (settings.HOME.raw / theirs.name).exists()
    assert other.state == "stored"
    assert mail_reader.one(house.ines, theirs.pk).sender == "[deleted]"


def test_an_erased_colleague_leaves_neither_absence_nor_session(house: House) -> None:
    """When they were away, and who stood in, was sealed under their key; the rows go as well, and the audit agrees."""
    number = 9_000_001  # a key of no other test's person: what was erased stays erased
    gone = Person.objects.create_user("gone@example.com", id=number, name="Gwen Gone", added_at=NOW)
    signed_in(gone).get("/account/")
    absences.enter(gone, NOW.date(), NOW.date(), house.dele, house.ines.actor(), NOW)
    assert SessionRow.objects.filter(person=gone).exists()
    erase(house, gone.email)
    assert not AbsenceRow.objects.exists()
    assert not SessionRow.objects.filter(person=gone).exists()
    assert agrees(NOW + 2 * HOUR)
