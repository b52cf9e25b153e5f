"""Who sees which page: anonymous, without a factor, each role, auditors, and people whom a case does not concern."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from forgeward.desk.actions import sequence
from forgeward.desk.web import middleware, urls
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in

PAGES = ("/", "/cases/", "/cases/?state=all", "/cases/new/", "/promises/", "/promises/IR-4/", "/notices/", "/account/")
ROLES = ("ines", "tomasz", "hannah", "dele", "ada", "nobody")


@pytest.fixture
def number(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    freeze(monkeypatch)
    return story.fixing(house)


def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are seen at the instant of the mocks: Monday 23 November 2026, 10:20 London."""
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PAGES)
def test_every_role_opens_every_room(house: House, number: str, role: str, path: str) -> None:
    """No page fails for a role; an auditor opens no case, an account without a role no room but its own."""
    page = signed_in(getattr(house, role)).get(path)
    closed = 404 if path == "/notices/" else 403
    shut = (role == "nobody" and path != "/account/") or (role == "ada" and path == "/cases/new/")
    assert page.status_code == (closed if shut else 200)
    assert ("Export reads any note" in page.content.decode()) == (role != "nobody" and path in WITH_CASE)


WITH_CASE = ("/", "/cases/", "/cases/?state=all", "/promises/IR-4/")


@pytest.mark.parametrize("role", ROLES)
def test_a_case_is_for_those_with_a_role(house: House, number: str, role: str) -> None:
    """An account without a role sees no case, and is not told that there is one."""
    client = signed_in(getattr(house, role))
    expected = 404 if role == "nobody" else 200
    assert client.get(f"/cases/{number}/").status_code == expected
    assert client.get(f"/cases/{number}/entries/1/").status_code == expected
    assert client.get(f"/cases/{number}/do/note/").status_code == expected


@pytest.mark.parametrize("role", ROLES)
def test_a_restricted_case_is_for_the_people_it_names(house: House, number: str, role: str) -> None:
    """Others get the same 404 as for a case that does not exist, on every address below it and in every list."""
    story.step(number, "restrict", house.dele, people=[f"person:{house.tomasz.pk}"])
    client = signed_in(getattr(house, role))
    named = role in {"tomasz", "dele"}
    for path in (f"/cases/{number}/", f"/cases/{number}/entries/1/", f"/cases/{number}/do/note/"):
        page = client.get(path)
        assert page.status_code == (200 if named else 404), path
    for path in WITH_CASE:
        assert ("Export reads any note" in client.get(path).content.decode()) == named, path
    assert (number in client.get("/notices/").content.decode()) == named
    for path in ("/", "/promises/", "/promises/IR-6/"):
        assert named or number not in client.get(path).content.decode(), path


def test_the_lead_may_open_a_restricted_case_to_others_unseen(house: House, number: str) -> None:
    """A restricted case is not lost with the people it names; its title stays hidden from the lead meanwhile."""
    story.step(number, "restrict", house.dele, people=[f"person:{house.hannah.pk}"])
    client = signed_in(house.ines)
    page = client.get(f"/cases/{number}/do/restrict/").content.decode()
    assert "A restricted case" in page
    assert "Export reads" not in page
    assert client.post(f"/cases/{number}/do/restrict/", {"lift": "yes"}).status_code == 302
    assert client.get(f"/cases/{number}/").status_code == 200


@pytest.mark.parametrize("step", ["note", "assess", "acknowledge", "close", "handover", "restrict", "approve"])
def test_auditors_only_read(house: House, number: str, step: str) -> None:
    """The form says for whom it is; sending it changes nothing."""
    client = signed_in(house.ada)
    assert "Not for your role" in client.get(f"/cases/{number}/do/{step}/").content.decode()
    page = client.post(f"/cases/{number}/do/{step}/", {"text": "x", "reason": "x", "step": "assess"})
    assert page.status_code == 403
    assert "An auditor may not do" in page.content.decode()
    assert "composer" not in client.get(f"/cases/{number}/").content.decode()
    assert client.post("/cases/new/", {"title": "x", "text": "x"}).status_code == 403


def test_every_address_is_closed_until_it_is_named(house: House) -> None:
    """Whatever is added to the urls needs a session and a factor, unless the middleware names it (deny by default)."""
    names = {pattern.name for pattern in urls.urlpatterns}
    assert names >= middleware.OPEN | middleware.TO_ENROL | middleware.TO_CONFIRM
    assert names - middleware.OPEN - middleware.TO_ENROL == {
        "today", "cases", "new_case", "case", "step", "entry", "promises", "promise", "notices", "notice",
        "mail", "one_mail", "raw_mail", "decide_mail", "file", "letter", "waiting_letter",
        "mail_file", "release_notice", "webhooks", "webhook", "webhook_deed",
        "many_cases", "views", "remove_view", "keys", "calculate",
        "adopt_policy", "own_sessions", "end_own_sessions", "own_tokens", "make_token",
        "revoke_token", "people", "person", "add_person", "change_roles", "switch_person", "reset_person",
        "end_sessions", "away", "back", "all_tokens", "scans", "one_scan",
        "mfa_deactivate_totp", "mfa_list_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn",
    }  # fmt: skip
    pages = (each for each in get_resolver().url_patterns if isinstance(each, URLPattern))  # the API has its own door
    for pattern in pages:
        path = "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<(str|slug):\w+>", "FW-AAAAAA", str(pattern.pattern)))
        if pattern.name not in middleware.OPEN:
            assert Client().get(path)["Location"].startswith("/sign-in/"), path


def test_today_shows_late_next_and_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late things first with their why, then what runs, then what waits for the reporter; one mark a day each."""
    from datetime import timedelta

    freeze(monkeypatch)
    late = story.reported(house.hannah, NOW - timedelta(days=6), title="Nobody answered this")
    waiting = story.fixing(house)
    story.step(waiting, "pause", house.tomasz, reason="A browser trace was asked for.")
    page = signed_in(house.ines).get("/").content.decode()
    assert "Monday 23 November" in page
    assert "business hours until 17:30" in page
    assert page.index('id="late"') < page.index('id="due"') < page.index('id="waiting"')
    assert f"{late} Acknowledge: Nobody answered this" in page
    assert "2 business days from Tue 17 Nov, 10:20. Nobody has taken the case yet." in page
    assert "Paused" in page
    assert page.count("not a business day") == 4
    assert "Outgoing mail is written to files:</strong> set [mail] in settings.toml" in page
    assert "63 promises" in page


def test_an_empty_home_teaches_the_first_step(house: House) -> None:
    """Nothing is blank: each empty room says what would be there and how it comes about."""
    client = signed_in(house.ines)
    assert "No clock runs" in client.get("/").content.decode()
    assert "forgeward intake mail FILE" in client.get("/cases/").content.decode()
    assert "Nothing was sent yet" in client.get("/notices/").content.decode()
    assert "No case has run a clock" in client.get("/promises/IR-4/").content.decode()


def test_a_case_page_tells_the_whole_story(house: House, number: str) -> None:
    """Header, stages, clocks of all regimes, gate, thread, history with proof, facts."""
    story.step(number, "regime", house.dele, which="cra_exploited", applies="no", reason="No sign of exploitation.")
    sequence.sign_checkpoint(NOW)
    page = signed_in(house.ines).get(f"/cases/{number}/").content.decode()
    for words in (
        "Export reads any note by its id", "High", "Vulnerability", "Owner: Tomasz Bielak", "leads",
        "VM-6 · Policy, 14 days", "Next step: record the fix", "of 9 are there", "Regression test",
        "Noor Haddad", "Thank you. You hear from us by Thursday.", "internal note",
        "Assessed High, CVSS 7.7", "in time for IR-4", "Proof: </span>leaf", "Handed over to Tomasz Bielak",
        "EU CRA Art. 14, exploited vulnerability does not apply: No sign of exploitation.",
        "By any signed-in user", "site dev-42, made for this", "Function switched off",
    ):  # fmt: skip
        assert words in page, words


def test_addresses_of_cases_do_not_mind_small_letters(house: House, number: str) -> None:
    """A number read over the telephone and typed in small letters is found."""
    assert signed_in(house.ines).get(f"/cases/{number.lower()}/").status_code == 200


def test_an_entry_shows_what_was_written_and_its_proof(house: House, number: str) -> None:
    """Every change has an address of its own, with its texts and its leaf."""
    client = signed_in(house.ada)
    page = client.get(f"/cases/{number}/entries/1/").content.decode()
    assert "The export resolver reads notes as the app." in page
    assert "The sequencer has not numbered this change yet" in page
    sequence.sign_checkpoint(NOW)
    assert "covered by a signed checkpoint" in client.get(f"/cases/{number}/entries/1/").content.decode()
    assert client.get(f"/cases/{number}/entries/999/").status_code == 404


def test_lists_filter_by_their_address(house: House, number: str) -> None:
    """The address is the view; what no case has is refused in a sentence."""
    story.opened(house.hannah, title="Errors since the release", kind="event")
    client = signed_in(house.ines)

    def shown(query: str) -> set[str]:
        page = client.get(f"/cases/?{query}").content.decode()
        return {title for title in ("Export reads any note", "Errors since the release") if title in page}

    assert shown("") == {"Export reads any note", "Errors since the release"}
    assert shown("kind=event") == {"Errors since the release"}
    assert shown("kind=vulnerability") == {"Export reads any note"}
    assert shown("severity=high") == {"Export reads any note"}
    assert shown("severity=none") == {"Errors since the release"}
    assert shown("state=received") == {"Errors since the release"}
    assert shown(f"number={number[:6].lower()}") == {"Export reads any note"}
    assert shown("state=closed") == set()
    refused = client.get("/cases/?state=nonsense")
    assert refused.status_code == 400
    assert "is no state of a case" in refused.content.decode()
    assert client.get("/cases/?after=x").status_code == 400


def test_promises_filter_by_standing(house: House, number: str) -> None:
    """Each figure of the tally leads to its promises; the sentences carry the policy's figures."""
    client = signed_in(house.ines)
    page = client.get("/promises/").content.decode()
    assert page.count('class="promise"') == 63
    assert '<em class="fig">2 business days</em>' in page
    only = client.get("/promises/?standing=kept").content.decode()
    assert 0 < only.count('class="promise"') < 63
    assert 'id="IR-4"' in only
    assert client.get("/promises/?standing=nonsense").status_code == 400


def test_a_promise_says_how_it_is_kept(house: House, number: str) -> None:
    """Mechanism in words, evidence, the cases' clocks; an obligation of a regime has its page as well."""
    client = signed_in(house.ines)
    page = client.get("/promises/IR-4/").content.decode()
    assert "Acknowledge within 2 business days, counted from the arrival of a report from outside." in page
    assert number in page
    assert "In time" in page
    assert "Inherited" in client.get("/promises/TC-5/").content.decode()
    from forgeward.desk import programme

    regime = programme.policies().latest.regimes[0]
    assert regime.title in client.get(f"/promises/{regime.obligations[0].id}/").content.decode()
    assert client.get("/promises/XX-9/").status_code == 404


def test_notices_show_each_mail_and_its_fate(house: House, number: str) -> None:
    """To whom, in which state, with the server's word; one can be read."""
    client = signed_in(house.hannah)
    page = client.get("/notices/").content.decode()
    assert "noor@example.net" in page
    address = re.search(r'href="(/notices/\d+/)"', page).group(1)
    assert "Thank you" in client.get(address).content.decode() or "arrived" in client.get(address).content.decode()
    assert client.get("/notices/99999/").status_code == 404
    assert client.get("/notices/?state=waiting").status_code == 200
    assert client.get("/notices/?state=nonsense").status_code == 400
    assert client.get("/notices/?before=x").status_code == 400
    assert signed_in(house.nobody).get(address).status_code == 404


def test_reminders_do_not_fill_the_history(house: House, number: str) -> None:
    """They are left out and counted; one link shows every change, page by page."""
    from forgeward.desk.actions import cases
    from forgeward.respond.signals import Escalate
    from forgeward.vocabulary import Actor

    for _ in range(70):
        cases.perform(
            number, Escalate(promise="VM-6", percent=50, to=f"person:{house.ines.pk}"), Actor("system:w"), NOW
        )
    client = signed_in(house.ines)
    page = client.get(f"/cases/{number}/").content.decode()
    assert "Reminder: 50" not in page
    assert "70 reminders are left out" in page
    whole = client.get(f"/cases/{number}/?history=all").content.decode()
    assert whole.count("Reminder: 50 % of VM-6 is used") == 60
    earlier = re.search(r'href="(\?before=\d+&amp;history=all)#history"', whole).group(1).replace("&amp;", "&")
    rest = client.get(f"/cases/{number}/{earlier}").content.decode()
    assert rest.count("Reminder: 50 % of VM-6 is used") == 10
    assert "Report opened by hand" in rest
    assert client.get(f"/cases/{number}/?before=x&history=nonsense").status_code == 200
