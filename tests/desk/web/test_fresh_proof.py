"""What changes roles, ways in, tokens or the policy in force asks anew who it is, within ten minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.test import Client

from forgeward.desk.actions import policies
from forgeward.desk.addresses import PAGES
from forgeward.desk.models import ApiToken, Person, PolicyVersion, SessionRow
from forgeward.policy.defaults import default_policy_text
from forgeward.respond.access import FRESH_MINUTES, TABLE
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, PASSWORD, House, demo, signed_in
from tests.desk.web.test_sign_in import code, sign_in

MINUTES = FRESH_MINUTES * 60


def proved(client: Client, ago: float = 0.0) -> Client:
    """The same browser, which showed its factor so many seconds ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - ago, "type": "totp"}]
    session.save()
    return client


@pytest.fixture(autouse=True)
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@pytest.fixture
def proposed(house: House) -> PolicyVersion:
    text = default_policy_text("Lattice & Loom", date(2026, 12, 1), "Europe/London").replace(
        "version: 1", "version: 2", 1
    )
    return policies.propose(text, house.ines.actor(), NOW)


Deed = tuple[str, dict[str, object], Callable[[House], bool]]


def deeds(house: House, proposed: PolicyVersion) -> dict[str, Deed]:
    """Each page of a grave action: its address, what its form sends, and how one sees that it was done."""
    hannah = house.hannah.pk
    return {
        "add_person": ("/people/add/", {"name": "Priya", "email": "priya@example.com", "roles": ["support"]},
                       lambda _: Person.objects.filter(email="priya@example.com").exists()),
        "change_roles": (f"/people/{hannah}/roles/", {"roles": ["engineering"]},
                         lambda house: [*Person.objects.get(pk=house.hannah.pk).roles] == ["engineering"]),
        "switch_person": (f"/people/{hannah}/switch/", {"on": "0"},
                          lambda house: not Person.objects.get(pk=house.hannah.pk).is_active),
        "reset_person": (f"/people/{hannah}/reset/", {"reason": "New telephone"},
                         lambda house: not Person.objects.get(pk=house.hannah.pk).has_usable_password()),
        "make_token": ("/account/tokens/make/", {"name": "CI", "scopes": ["cases:read"], "days": "30"},
                       lambda _: ApiToken.objects.exists()),
        "adopt_policy": ("/policy/adopt/", {"digest": proposed.digest},
                         lambda _: PolicyVersion.objects.get(pk=proposed.pk).adopted_at is not None),
    }  # fmt: skip


GRAVE = sorted(name for name, action in PAGES.items() if TABLE[action].fresh)


@pytest.mark.parametrize("page", GRAVE)
def test_each_grave_page_asks_anew_and_then_does_it(house: House, proposed: PolicyVersion, page: str) -> None:
    """An old proof leads to the second factor, for looking and for sending; nothing is kept of what was sent."""
    path, form, is_done = deeds(house, proposed)[page]
    client = signed_in(house.ines)
    client.get("/")
    with untouched():
        for answer in (client.get(path), client.post(path, form)):
            assert answer["Location"] == f"/account/confirm/code/?{urlencode({'next': path})}"
    assert not any("priya" in row.session_data for row in SessionRow.objects.all())
    assert not is_done(house)
    back = client.post(f"/account/confirm/code/?next={path}", {"code": code()})
    assert back["Location"] == path
    assert client.get(path).status_code == 200
    assert client.post(path, form).status_code in {200, 302}
    assert is_done(house)
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("ago", "asks"), [(0, False), (MINUTES - 30, False), (MINUTES + 1, True), (10 * MINUTES, True)]
)
def test_a_proof_is_fresh_for_ten_minutes(house: House, ago: float, asks: bool) -> None:
    client = proved(signed_in(house.ines), ago)
    assert (client.get("/people/add/").status_code == 302) == asks


def test_what_asks_for_no_fresh_proof_goes_on(house: House) -> None:
    """Reading, ending sessions and revoking only close doors; an hour later they need no code."""
    client = proved(signed_in(house.ines), 3600)
    for path in (
        "/people/",
        f"/people/{house.hannah.pk}/",
        "/account/tokens/",
        "/people/tokens/",
        "/account/sessions/",
    ):
        assert client.get(path).status_code == 200, path


def test_a_passkey_is_asked_for_where_there_is_no_code(house: House) -> None:
    """The strongest proof that the person has; a password does not stand in for it here."""
    client = signed_in(house.ines)
    Authenticator.objects.filter(user=house.ines).delete()
    Authenticator.objects.create(
        user=house.ines, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}}
    )
    assert client.get("/people/add/")["Location"].startswith("/account/confirm/passkey/")


def test_a_demo_home_asks_for_the_password(demo_house: House, client: Client) -> None:
    """There is no factor to ask for; who came by link and has no password is asked for nothing."""
    sign_in(client, demo_house.ines)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": 0.0}]
    session.save()
    assert client.get("/people/add/")["Location"].startswith("/account/confirm/?")
    assert client.post("/account/confirm/?next=/people/add/", {"password": "wrong"}).status_code == 200
    assert client.get("/people/add/").status_code == 302
    assert client.post("/account/confirm/?next=/people/add/", {"password": PASSWORD})["Location"] == "/people/add/"
    assert client.get("/people/add/").status_code == 200
    demo(False)


@pytest.mark.parametrize("role", ["tomasz", "hannah", "dele", "ada", "nobody"])
@pytest.mark.parametrize("page", GRAVE)
def test_a_fresh_proof_gives_nobody_a_role(house: House, proposed: PolicyVersion, page: str, role: str) -> None:
    """Who may not, may not with a proof either, and is told so instead of being asked for one."""
    path, form, is_done = deeds(house, proposed)[page]
    allowed = {"add_person": {"dele"}, "adopt_policy": {"dele"}, "make_token": {"tomasz", "hannah", "dele", "ada"}}
    client = proved(signed_in(getattr(house, role)))
    if role in allowed.get(page, set()):
        assert client.get(path).status_code == 200
        return
    assert client.get(path).status_code == 403
    assert client.post(path, form).status_code == 403
    assert not is_done(house)


def test_another_document_is_not_adopted_by_mistake(house: House, proposed: PolicyVersion) -> None:
    """The form says which one was read; one that was proposed meanwhile is refused."""
    client = proved(signed_in(house.dele))
    assert 'href="/policy/adopt/"' in client.get("/promises/").content.decode()
    assert 'href="/policy/adopt/"' not in signed_in(house.hannah).get("/promises/").content.decode()
    page = client.get("/policy/adopt/").content.decode()
    assert "Put version 2 in force" in page
    assert proposed.digest in page
    answer = client.post("/policy/adopt/", {"digest": "0" * 64})
    assert answer.status_code == 409
    assert "Another document was proposed meanwhile" in answer.content.decode()
    proposed.delete()
    assert "Nothing is proposed" in client.get("/policy/adopt/").content.decode()


def test_ending_others_sessions_needs_the_lead_and_no_fresh_proof(house: House) -> None:
    """In an emergency a door is closed at once."""
    client = proved(signed_in(house.ines), 3600)
    hannah = signed_in(house.hannah)
    assert hannah.get("/").status_code == 200
    assert client.post(f"/people/{house.hannah.pk}/sessions/end/").status_code == 302
    assert hannah.get("/").status_code == 302
    assert SessionRow.objects.filter(person=house.hannah).count() == 0
