"""Each step as a form: made from its command, refused with everything kept, done once."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from forgeward.desk.models import CaseRow, Entry, NoticeRow
from forgeward.respond.parse import STEPS, specs
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@pytest.fixture
def number(house: House) -> str:
    return story.reported(house.hannah)


def field(page: str, name: str) -> str:
    """The HTML of one field, up to the next."""
    return re.split(r'<(?:div|fieldset) class="field"', page.split(f'name="{name}"')[1])[0]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_its_form(house: House, number: str, step: str) -> None:
    """Each field of the command is there with label, hint and promise, and nothing else."""
    page = signed_in(house.ines).get(f"/cases/{number}/do/{step}/").content.decode()
    shown = set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page.split('class="form"')[1]))
    assert shown == {spec.name for spec in specs(step)} | {"csrfmiddlewaretoken"}
    for spec in specs(step):
        assert spec.title in page.replace("&#x27;", "'")
        assert not spec.promise or f">{spec.promise}<" in page


def test_unknown_steps_do_not_exist(house: House, number: str) -> None:
    """Neither do signals: nobody may tell by form that a mail server accepted something."""
    client = signed_in(house.ines)
    for step in ("nonsense", "accepted", "receive", "escalate"):
        assert client.get(f"/cases/{number}/do/{step}/").status_code == 404
        assert client.post(f"/cases/{number}/do/{step}/").status_code == 404


def test_a_refused_step_keeps_what_was_typed(house: House, number: str) -> None:
    """422: each missing field is marked by its sentence, everything typed is still there, nothing was changed."""
    before = Entry.objects.count()
    sent = {"scope": "The <export> resolver", "impact": "Reading", "affected": "", "severity": "high"}
    response = signed_in(house.tomasz).post(f"/cases/{number}/do/assess/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Not recorded: 3 fields need a look" in page
    assert "The &lt;export&gt; resolver" in page
    assert ">\nReading</textarea>" in page
    assert '<option value="high" selected>' in page
    for name in ("affected", "exploitability", "reason"):
        assert 'aria-invalid="true"' in field(page, name), name
        assert f'id="f-{name}-e"' in field(page, name), name
        assert f'<a href="#f-{name}">' in page
    assert 'aria-invalid="true"' not in field(page, "scope")
    assert Entry.objects.count() == before


def test_a_wrong_vector_is_told_at_its_field(house: House, number: str) -> None:
    """The error names what is wrong with the vector, at the vector."""
    sent = {**story.ASSESSMENT, "vector": "CVSS:3.1/AV:N/AC:L"}
    response = signed_in(house.tomasz).post(f"/cases/{number}/do/assess/", sent)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in field(response.content.decode(), "vector")


def test_a_step_out_of_order_says_so(house: House, number: str) -> None:
    """Closing what was not even assessed lists all that stands in its way."""
    sent = {"resolution": "no_issue", "summary": "Nothing found."}
    response = signed_in(house.ines).post(f"/cases/{number}/do/close/", sent)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not CaseRow.objects.get().closed_at


def test_an_over_long_line_is_refused_in_a_sentence(house: House, number: str) -> None:
    """A subject of 2,000 signs is not cut silently."""
    sent = {"text": "Thank you.", "subject": "x" * 2_000}
    response = signed_in(house.hannah).post(f"/cases/{number}/do/acknowledge/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "2000 characters long" in field(page, "subject")


def test_doing_a_step_leads_back_to_the_case(house: House, number: str) -> None:
    """302, a message, and the change at the top of the history."""
    client = signed_in(house.tomasz)
    response = client.post(f"/cases/{number}/do/assess/", story.ASSESSMENT)
    assert response["Location"] == f"/cases/{number}/"
    page = client.get(f"/cases/{number}/").content.decode()
    assert "Recorded: assess the case." in page
    assert "Assessed High, CVSS 7.7" in page
    assert "Recorded:" not in client.get(f"/cases/{number}/").content.decode()


def test_the_composer_acknowledges_first_and_replies_then(house: House, number: str) -> None:
    """One box: the first answer is the acknowledgement, the next a reply; the other button keeps an internal note."""
    client = signed_in(house.hannah)
    page = client.get(f"/cases/{number}/").content.decode()
    assert f'action="/cases/{number}/do/acknowledge/"' in page
    assert "Your first answer to Noor Haddad" in page
    client.post(f"/cases/{number}/do/acknowledge/", {"text": "Thank you, Noor."})
    page = client.get(f"/cases/{number}/").content.decode()
    assert f'action="/cases/{number}/do/reply/"' in page
    assert "Thank you, Noor." in page
    assert "Waits" in page
    client.post(f"/cases/{number}/do/note/", {"text": "Between ourselves."})
    assert "internal note" in client.get(f"/cases/{number}/").content.decode()
    assert NoticeRow.objects.filter(kind="acknowledgement", state="waiting").count() == 1


def test_who_may_not_answer_gets_the_note_only(house: House, number: str) -> None:
    """Leadership does not write to reporters; the composer offers what it may do."""
    page = signed_in(house.dele).get(f"/cases/{number}/").content.decode()
    assert f'action="/cases/{number}/do/note/"' in page
    assert "do/acknowledge/" not in page.split("composer")[1].split("</form>")[0]


def test_a_second_person_agrees_on_a_page(house: House) -> None:
    """“Nothing to contain” waits, is shown as waiting, and is agreed to by somebody else; its proposer cannot."""
    number = story.reported(house.hannah)
    story.step(number, "assess", house.tomasz, **story.ASSESSMENT)
    client = signed_in(house.tomasz)
    client.post(f"/cases/{number}/do/contain/", {"nothing": "Only readers with access were concerned."})
    page = client.get(f"/cases/{number}/").content.decode()
    assert "It takes effect when a second person agrees." in page
    assert "Contain it: proposed by Tomasz Bielak, waits for a second person." in page
    assert client.post(f"/cases/{number}/do/approve/", {"step": "contain"}).status_code in (403, 422)
    other = signed_in(house.ines)
    page = other.get(f"/cases/{number}/do/approve/?step=contain").content.decode()
    assert '<option value="contain" selected>' in page
    assert other.post(f"/cases/{number}/do/approve/", {"step": "contain"}).status_code == 302
    assert "Nothing to contain" in other.get(f"/cases/{number}/").content.decode()


def test_broken_glass_is_shown_plainly(house: House) -> None:
    """A step taken alone stands as an exception on top of the case, with its reason, until somebody reviewed it."""
    number = story.reported(house.hannah)
    story.step(number, "assess", house.tomasz, **story.ASSESSMENT)
    sent = {"nothing": "Only readers.", "break_glass": "It is three in the morning."}
    assert signed_in(house.tomasz).post(f"/cases/{number}/do/contain/", sent).status_code == 302
    page = signed_in(house.ines).get(f"/cases/{number}/").content.decode()
    assert "Contain it: Tomasz Bielak broke the glass (not reviewed yet). It is three in the morning." in page
    story.step(number, "review_glass", house.ines, finding="It was right.")
    page = signed_in(house.dele).get(f"/cases/{number}/").content.decode()
    assert "broke the glass (reviewed by Ines Okafor)" in page


def test_dates_and_minutes_are_the_policys(house: House) -> None:
    """A date is the end of that day in London; a minute typed in a browser is London's too."""
    number = story.fixing(house)
    client = signed_in(house.tomasz)
    sent = {"until": "2026-12-20", "control": "Flag off", "reason": "Release train", "told": "By mail to the reporter"}
    client.post(f"/cases/{number}/do/extend/", sent)
    story.step(number, "approve", house.ines, step="extend")
    page = client.get(f"/cases/{number}/").content.decode()
    assert "20 Dec 2026, 23:59" in page
    assert 'class="tick was"' in page  # the first date stays visible
    sent = {
        "title": "By telephone",
        "text": "…",
        "reporter_address": "a@example.net",
        "reported_at": "2026-11-23T08:15",
    }
    case = signed_in(house.hannah).post("/cases/new/", sent)["Location"]
    assert "tomorrow, 17:30" in client.get(case).content.decode()  # before opening: Monday counts as the first day


def test_people_are_chosen_by_name(house: House, number: str) -> None:
    """Nobody types an id: handing over and restricting offer the team."""
    client = signed_in(house.ines)
    page = client.get(f"/cases/{number}/do/handover/").content.decode()
    assert f'<option value="person:{house.tomasz.pk}">Tomasz Bielak</option>' in page
    client.post(f"/cases/{number}/do/handover/", {"owner": f"person:{house.tomasz.pk}"})
    assert "Owner: Tomasz Bielak" in client.get(f"/cases/{number}/").content.decode()
    sent = {"people": [f"person:{house.tomasz.pk}", f"person:{house.hannah.pk}"]}
    client.post(f"/cases/{number}/do/restrict/", sent)
    page = client.get(f"/cases/{number}/").content.decode()
    assert "Restricted to" in page
    assert "Tomasz Bielak" in page.split("Restricted to")[1][:200]


def test_a_conflict_keeps_the_text_too(house: House, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 where somebody else changed the case at the same moment; the answer is not lost."""
    from forgeward.desk.actions import cases
    from forgeward.errors import Conflict

    def beaten(*_: object) -> None:
        raise Conflict("Somebody else changed this case at the same moment.", next="Look at it again, then decide.")

    monkeypatch.setattr(cases, "perform", beaten)
    response = signed_in(house.hannah).post(f"/cases/{number}/do/acknowledge/", {"text": "My long answer."})
    assert response.status_code == 409
    assert "My long answer." in response.content.decode()
    assert "Look at it again" in response.content.decode()


def test_a_case_by_hand_and_an_event(house: House) -> None:
    """Both are the same form; the event begins as an event. What is missing is told."""
    client = signed_in(house.hannah)
    page = client.get("/cases/new/?kind=event").content.decode()
    assert "Record an event" in page
    assert '<option value="event" selected>' in page
    assert client.post("/cases/new/", {"title": "Only a title"}).status_code == 422
    response = client.post("/cases/new/?kind=event", {"title": "Errors rise", "text": "Since 09:00.", "kind": "event"})
    page = client.get(response["Location"]).content.decode()
    assert "is open." in page
    assert "Errors rise" in page


def test_a_full_disk_is_a_sentence(house: House, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with what to do; never half a step."""
    from forgeward.desk.actions import cases
    from forgeward.errors import ClockWentBack

    def back(*_: object) -> None:
        raise ClockWentBack("This machine's clock says yesterday.", next="Set the clock right.")

    monkeypatch.setattr(cases, "perform", back)
    monkeypatch.setattr(cases, "open_case", back)
    client: Client = signed_in(house.hannah)
    for path in (f"/cases/{number}/do/note/", "/cases/new/"):
        response = client.post(path, {"text": "x", "title": "x"})
        assert response.status_code == 503
        assert "Set the clock right." in response.content.decode()


def test_a_closed_case_can_only_be_opened_again(house: House) -> None:
    """Nothing else is offered, and the page says how it ended."""
    number = story.opened(house.hannah)
    story.step(number, "assess", house.tomasz, **{**story.ASSESSMENT, "vector": "", "severity": "low", "reason": "x"})
    story.step(number, "reject", house.tomasz, **{"as": "false_positive", "reason": "Works as meant."})
    if CaseRow.objects.get().closed_at is None:
        story.step(number, "approve", house.ines, step="reject")
    page = signed_in(house.ines).get(f"/cases/{number}/").content.decode()
    assert "Closed: false positive" in page
    assert "do/reopen/" in page
    assert "do/assess/" not in page
    assert "Hand over" not in page
