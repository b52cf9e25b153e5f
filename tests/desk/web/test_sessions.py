"""Sessions: each person sees and ends their own, the Security Lead everybody's; what is ended is over at once."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from forgeward.desk.actions import people, sessions
from forgeward.desk.models import Entry, Person, SessionRow
from forgeward.desk.readers import colleagues
from forgeward.desk.readers.devices import device
from forgeward.desk.sessions import digest
from forgeward.errors import NotAllowed, NotFound
from forgeward.ledger.entry import decode
from tests.desk.tables import agrees, everything, untouched
from tests.desk.web.house import NOW, PASSWORD, House, signed_in
from tests.desk.web.test_sign_in import sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


def used(person: Person, agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
    """A browser with a session that was used once."""
    client = signed_in(person)
    client.defaults.update({"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address})
    assert client.get("/").status_code == 200
    return client


def key_of(client: Client) -> str:
    return digest(client.cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("", "Another program"),
        ("<script>alert(1)</script>", "Another program"),
        ("curl/8.11 Linux", "Another program on Linux"),
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/131.0", "Edge on Windows"),
        (CHROME + " OPR/115.0", "Opera on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18.1 Safari/605", "Safari on macOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 CriOS/131 Safari/604",
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/131.0 Mobile Safari/537", "Chrome on Android"),
    ],
)
def test_a_device_in_words(agent: str, words: str) -> None:
    """Our own words only: nothing that a browser says of itself is shown as it is."""
    assert device(agent) == words


def test_own_sessions_with_device_address_and_time(house: House) -> None:
    """All of one's own, this one marked, nobody else's."""
    one, _ = used(house.ines), used(house.ines, CHROME, "2001:db8::9")
    used(house.hannah, address="203.0.113.5")
    page = one.get("/account/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Chrome on Windows" in page
    assert "198.51.100.7" in page
    assert "2001:db8::9" in page
    assert "203.0.113.5" not in page
    assert page.count("This one") == 1


def test_a_session_that_is_ended_is_over_with_its_next_request(house: House) -> None:
    """The row is the session: no process keeps a copy, so all of them ask for sign-in at once."""
    here, there = used(house.ines), used(house.ines, CHROME)
    assert here.post("/account/sessions/end/", {"session": key_of(there)})["Location"] == "/account/sessions/"
    assert "/sign-in/" in there.get("/")["Location"]
    assert here.get("/").status_code == 200
    entry = Entry.objects.order_by("-id")[0]
    assert (entry.kind, entry.actor) == ("person:sessions_ended", house.ines.actor().id)
    assert decode(bytes(entry.body)).data == {"person": house.ines.pk, "sessions": 1}
    assert agrees(NOW)


def test_all_others_end_and_this_one_stays(house: House) -> None:
    here, others = used(house.ines), [used(house.ines, CHROME) for _ in range(3)]
    here.post("/account/sessions/end/")
    assert here.get("/").status_code == 200
    assert [each.get("/").status_code for each in others] == [302] * 3


def test_nobody_ends_a_session_of_others_by_its_name(house: House) -> None:
    """The own page's form ends one's own only, whatever key is sent; the answer does not say whether it exists."""
    hannah, tomasz = used(house.hannah), used(house.tomasz)
    answers = [tomasz.post("/account/sessions/end/", {"session": key}) for key in (key_of(hannah), "0" * 40)]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert hannah.get("/").status_code == 200


@pytest.mark.parametrize("name", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_others_sessions_are_for_the_security_lead(house: House, name: str) -> None:
    """Neither seen nor ended: addresses and hours are nobody else's business."""
    used(house.ines)
    person = getattr(house, name)
    client = signed_in(person)
    client.get("/account/")
    with untouched(), pytest.raises(NotAllowed, match="the Security Lead"):
        sessions.end(house.ines, None, person.actor(), NOW)
    assert client.post(f"/people/{house.ines.pk}/sessions/end/").status_code == 403
    assert colleagues.sessions(person, house.ines.pk) == ()
    page = client.get(f"/people/{house.ines.pk}/").content.decode()
    assert "198.51.100.7" not in page
    assert "Last seen" not in page


def test_the_lead_sees_and_ends_others_sessions(house: House) -> None:
    hannah, ines = used(house.hannah), used(house.ines)
    page = ines.get(f"/people/{house.hannah.pk}/").content.decode()
    assert "Firefox on Linux" in page
    assert ines.post(f"/people/{house.hannah.pk}/sessions/end/", {"session": key_of(hannah)}).status_code == 302
    assert "/sign-in/" in hannah.get("/")["Location"]
    with untouched(), pytest.raises(NotFound):
        sessions.end(house.hannah, None, house.ines.actor(), NOW)


def test_a_reset_and_switching_off_end_sessions_at_once(house: House) -> None:
    """Not only by the changed password: the rows are gone."""
    hannah, tomasz = used(house.hannah), used(house.tomasz)
    people.reset(house.hannah, "New telephone", house.ines.actor(), NOW)
    people.switch(house.tomasz, False, house.ines.actor(), NOW)
    assert not SessionRow.objects.filter(person__in=[house.hannah, house.tomasz]).exists()
    assert [each.get("/").status_code for each in (hannah, tomasz)] == [302, 302]
    people.switch(house.tomasz, True, house.ines.actor(), NOW)
    assert tomasz.get("/").status_code == 302, "what ended stays ended"


def test_a_new_password_ends_the_others_and_keeps_this_ones_story(house: House) -> None:
    here, there = used(house.ines), used(house.ines, CHROME)
    began = SessionRow.objects.get(pk=key_of(here)).began_at
    form = {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"}
    assert here.post("/account/password/", form).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    (row,) = SessionRow.objects.filter(person=house.ines)
    assert (row.pk, row.began_at, row.address) == (key_of(here), began, "198.51.100.7")


def test_the_database_holds_no_key_of_a_session(house: House) -> None:
    """Whoever reads it or a backup signs in as nobody: the cookie's value is nowhere, its digest opens nothing."""
    client = used(house.ines)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key not in repr(everything())
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key_of(client)
    assert thief.get("/").status_code == 302


def test_a_planted_key_is_not_the_sessions_after_sign_in(demo_house: House, client: Client) -> None:
    """Session fixation: neither an unknown key nor one of an anonymous session survives a sign-in."""
    for planted in ("k" * 32, _anonymous(client)):
        browser = Client()
        browser.cookies[settings.SESSION_COOKIE_NAME] = planted
        sign_in(browser, demo_house.ines)
        assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = planted
        assert thief.get("/account/").status_code == 302


def _anonymous(client: Client) -> str:
    session = client.session
    session["planted"] = "1"
    session.save()
    return str(session.session_key)


def test_seen_is_noted_once_a_minute_and_when_the_place_changes(house: House) -> None:
    """Reading pages does not mean writing each time."""
    client = used(house.ines)

    def writes() -> int:
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            client.get("/account/sessions/")
        return sum(query["sql"].startswith("UPDATE") for query in captured)

    SessionRow.objects.filter(pk=key_of(client)).update(seen_at=settings.HOME.now())
    assert writes() == 0
    client.defaults["REMOTE_ADDR"] = "192.0.2.44"
    assert [writes(), writes()] == [1, 0]


@pytest.mark.parametrize("agent", ["x" * 5000, "a\x00b\x1b[31m", "Fire\u202efox", ""])
def test_what_a_browser_says_of_itself_is_stored_short_and_printable(house: House, agent: str) -> None:
    used(house.ines, agent)
    stored = SessionRow.objects.get(person=house.ines).agent
    assert len(stored) <= 300
    assert stored.isprintable()
