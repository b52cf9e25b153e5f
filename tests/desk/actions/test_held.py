"""What a person decides about mails that opened nothing by themselves."""

from __future__ import annotations

import pytest
from django.conf import settings

from forgeward.desk.actions import held
from forgeward.desk.models import CaseRow, Entry, MessageRow, RawMail
from forgeward.desk.programme import vault
from forgeward.desk.readers import mail as reader
from forgeward.errors import BadInput, Conflict, NotAllowed, NotFound, StepRefused
from tests.desk.post import Office, answer, report
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import House
from tests.desk.web.story import step

STRANGER = "Noor <noor@example.net>"


@pytest.fixture
def waiting(post: Office) -> tuple[str, int]:
    """A stranger answered our letter: the case, and the held mail."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    post.one(answer(receipt, 2, STRANGER, body="I found the same."))
    return number, RawMail.objects.get(state="held").pk


def test_a_held_mail_joins_and_its_sender_takes_part(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """By the person's name in the history; the sender's next mail joins by itself."""
    number, pk = waiting
    taken = held.join(post.home, pk, house.hannah.actor(), post.clock)
    assert (taken.joined, taken.state) == (number, "parsed")
    entry = Entry.objects.filter(kind="case:joined").get()
    assert entry.actor == f"person:{house.hannah.pk}"
    row = RawMail.objects.get(pk=pk)
    assert (row.state, row.decided_by, row.decided_at) == ("parsed", house.hannah, post.now)
    assert MessageRow.objects.filter(case__number=number, direction="in").count() == 2
    (receipt,) = [mail for mail in post.sent if mail["To"] == "rita@example.org"]
    assert post.one(answer(receipt, 3, STRANGER, body="And more.")).joined == number
    assert agrees(post.now)


def test_replies_still_go_to_the_reporter(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """Who joined by a decision is heard, not written to."""
    number, pk = waiting
    held.join(post.home, pk, house.hannah.actor(), post.clock)
    step(number, "acknowledge", house.hannah, post.now, text="Thank you.")
    (letter,) = post.deliver()
    assert letter["To"] == "rita@example.org"
    assert letter["In-Reply-To"] == "<report-1@example.org>"


def test_a_held_mail_opens_a_case_of_its_own(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """With its sender as reporter, who is receipted."""
    number, pk = waiting
    taken = held.open_new(post.home, pk, house.tomasz.actor(), post.clock)
    assert taken.new
    assert taken.case != number
    assert [mail["To"] for mail in post.deliver()] == ["noor@example.net"]
    assert RawMail.objects.get(pk=pk).subject == vault().reporter("noor@example.net")
    assert agrees(post.now)


def test_a_discarded_mail_is_kept_with_the_reason(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """The reason is in the ledger, sealed; the mail stays readable."""
    _, pk = waiting
    with untouched(), pytest.raises(StepRefused):
        held.discard(post.home, pk, "  ", house.hannah.actor(), post.clock)
    assert held.discard(post.home, pk, "An\nadvertisement", house.hannah.actor(), post.clock).state == "discarded"
    entry = Entry.objects.get(kind="mail:discarded")
    assert entry.actor == f"person:{house.hannah.pk}"
    assert b"advertisement" not in bytes(entry.body)
    assert reader.opened(post.home, house.hannah, pk).text.startswith("I found the same.")
    assert reader.one(house.hannah, pk).reason == "An advertisement"
    assert agrees(post.now)


def test_it_is_decided_once(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """The second decision is told that there was one."""
    _, pk = waiting
    held.open_new(post.home, pk, house.hannah.actor(), post.clock)
    for again in (
        lambda: held.join(post.home, pk, house.hannah.actor(), post.clock),
        lambda: held.open_new(post.home, pk, house.hannah.actor(), post.clock),
        lambda: held.discard(post.home, pk, "x", house.hannah.actor(), post.clock),
    ):
        with untouched(), pytest.raises(Conflict):
            again()


def test_what_was_grouped_or_set_aside_can_be_a_case(post: Office, house: House) -> None:
    """A machine's judgement is no last word."""
    taken = post.take(*(report(n, "loud@example.org") for n in range(21)))
    assert taken[-1].state == "grouped"
    post.one(report(99, Auto_Submitted="auto-replied"))
    for row in RawMail.objects.filter(state__in=["grouped", "aside"]):
        assert held.open_new(post.home, row.pk, house.hannah.actor(), post.clock).new
    assert CaseRow.objects.count() == 22


def test_a_mail_that_points_nowhere_needs_a_case(post: Office, house: House) -> None:
    """It can still join one that the person names."""
    number = post.one(report(1)).case or ""
    post.one(report(2, Auto_Submitted="auto-replied"))
    pk = RawMail.objects.get(state="aside").pk
    with pytest.raises(BadInput):
        held.join(post.home, pk, house.hannah.actor(), post.clock)
    with pytest.raises(NotFound):
        held.join(post.home, pk, house.hannah.actor(), post.clock, "FW-222222")
    assert held.join(post.home, pk, house.hannah.actor(), post.clock, number).joined == number


@pytest.mark.parametrize("who", ["ada", "nobody"])
def test_auditors_and_strangers_decide_nothing(post: Office, house: House, waiting: tuple[str, int], who: str) -> None:
    """And nothing changes."""
    _, pk = waiting
    actor = getattr(house, who).actor()
    for deed in (
        lambda: held.join(post.home, pk, actor, post.clock),
        lambda: held.open_new(post.home, pk, actor, post.clock),
        lambda: held.discard(post.home, pk, "x", actor, post.clock),
    ):
        with untouched(), pytest.raises(NotAllowed):
            deed()


def test_mails_of_restricted_cases_are_seen_by_its_people(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """In the list, by number, and for deciding."""
    number, pk = waiting
    step(number, "restrict", house.ines, post.now, people=[f"person:{house.tomasz.pk}"])
    assert {line.pk for line in reader.page(house.tomasz).mails} >= {pk}
    assert reader.page(house.hannah).mails == ()
    assert (reader.waiting(house.tomasz, 10), reader.waiting(house.hannah, 10)) == (1, 0)
    with pytest.raises(NotFound):
        reader.one(house.hannah, pk)
    with pytest.raises(NotFound):
        held.join(post.home, pk, house.hannah.actor(), post.clock)
    assert reader.page(house.nobody).mails == ()


def test_the_list_shows_what_came(post: Office, house: House, waiting: tuple[str, int]) -> None:
    """Sender, subject, verdicts, mailbox; by state, by case, page by page."""
    number, pk = waiting
    line = reader.one(house.hannah, pk)
    assert (line.sender, line.subject, line.mailbox, line.case) == ("noor@example.net", "Re: it", "security", number)
    assert line.signals["dmarc"] == "pass"
    assert [found.pk for found in reader.page(house.hannah, state="held").mails] == [pk]
    first = reader.page(house.hannah, limit=1)
    second = reader.page(house.hannah, limit=1, before=first.before)
    assert {first.mails[0].pk, second.mails[0].pk} == {pk, pk - 1}
    assert second.before == ""
    with pytest.raises(BadInput):
        reader.page(house.hannah, state="lost")
    with pytest.raises(BadInput):
        reader.page(house.hannah, before="x")


def test_an_erased_mail_shows_that_it_is(post: Office, house: House) -> None:
    """The row stays, its words are gone."""
    post.one(report(1, "gone@example.org", Auto_Submitted="auto-replied"))
    row = RawMail.objects.get()
    vault().keys.destroy(row.subject, post.now)
    assert reader.one(house.hannah, row.pk).sender == "[erased on 2026-11-23]"
    assert "erased" in reader.opened(settings.HOME, house.hannah, row.pk).unread


def test_mailboxes_are_shown_as_they_are(post: Office) -> None:
    """Each of the settings, with its way and its last test mail."""
    found = {box.name: box for box in reader.boxes(post.home)}
    assert set(found) == {"security", "help", "privacy", "radar"}
    assert found["radar"].purpose == "app"
    assert found["security"].way == "files"
