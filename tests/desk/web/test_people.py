"""The room People: who sees what, each deed through the one action layer, empty states, hostile forms."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forgeward.desk.actions import absences, people
from forgeward.desk.models import AbsenceRow, ApiToken, Entry, Person, SignInLink
from forgeward.errors import AnswerIsNo, BadInput, NotAllowed, NotFound
from forgeward.vocabulary import Role
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, SYSTEM, House, signed_in
from tests.desk.web.test_fresh_proof import proved

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@pytest.fixture
def ines(house: House) -> Client:
    client = proved(signed_in(house.ines))
    client.get("/account/")
    return client


def kind() -> str:
    return Entry.objects.order_by("-id")[0].kind


# --- looking ---------------------------------------------------------------------------------------------------------


def test_the_list_says_roles_factor_and_absence(house: House, ines: Client) -> None:
    absences.enter(house.hannah, NOW.date(), NOW.date() + DAY, house.dele, house.hannah.actor(), NOW)
    page = ines.get("/people/").content.decode()
    for word in ("Ines Okafor", "Security Lead", "Engineering", "Auditor", "Dele Adeyemi stands in", "Last seen"):
        assert word in page
    assert page.count("Second factor</span>") == 1, "one of them has one"
    assert "5 people have no second factor yet" in page


@pytest.mark.parametrize("name", ["tomasz", "hannah", "dele", "ada"])
def test_others_see_who_is_who_and_no_buttons_that_are_not_theirs(house: House, name: str) -> None:
    client = signed_in(getattr(house, name))
    page = client.get("/people/").content.decode()
    assert "Ines Okafor" in page
    assert "Last seen" not in page
    assert ("Add somebody" in page) == (name == "dele")
    one = client.get(f"/people/{house.ines.pk}/").content.decode()
    for word in ("Change the roles", "Switch off", "let them in anew", "End all sessions"):
        assert word not in one
    assert ("Enter an absence" in one) == (name == "dele")


def test_people_are_for_people_with_a_role(house: House) -> None:
    client = signed_in(house.nobody)
    assert [client.get(path).status_code for path in ("/people/", f"/people/{house.ines.pk}/")] == [403, 403]


@pytest.mark.parametrize("pk", [0, 999_999, 2**62])
def test_nobody_has_this_number(ines: Client, pk: int) -> None:
    for path in ("", "roles/", "switch/", "reset/", "away/"):
        assert ines.get(f"/people/{pk}/{path}").status_code == 404, path


def test_who_is_alone_learns_the_next_step(house: House, ines: Client) -> None:
    """An empty state: one person cannot take the steps that need two."""
    others = Person.objects.exclude(pk=house.ines.pk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM desk_person_groups WHERE person_id <> %s", [house.ines.pk])
    others.delete()
    assert "You are alone here" in ines.get("/people/").content.decode()


def test_as_many_queries_for_five_as_for_fifty(house: House, ines: Client) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ines.get(path).status_code == 200
        return len(captured)

    paths = ("/people/", f"/people/{house.hannah.pk}/", "/people/tokens/", "/account/sessions/")
    few = [queries(path) for path in paths]
    for number in range(50):
        person = people.add_person(f"P {number}", f"p{number}@example.com", [Role.SUPPORT, Role.AUDITOR], SYSTEM, NOW)
        signed_in(person).get("/")
        absences.enter(person, NOW.date(), NOW.date(), house.hannah, SYSTEM, NOW)
    signed_in(house.hannah).get("/")
    assert [queries(path) for path in paths] == few


# --- doing -----------------------------------------------------------------------------------------------------------


def test_whoever_is_added_comes_in_by_a_link_that_is_shown_once(house: House, ines: Client) -> None:
    answer = ines.post("/people/add/", {"name": "Priya Raman", "email": "priya@example.com", "roles": ["support"]})
    link = re.search(r'id="link">http://testserver(/sign-in/once/\S+/)<', answer.content.decode())
    assert link
    assert "no-store" in answer["Cache-Control"]
    assert kind() == "person:added"
    assert "/sign-in/once/" not in ines.get("/people/").content.decode()
    browser = Client()
    assert browser.post(link[1])["Location"] == "/"
    assert browser.get("/")["Location"].startswith("/account/"), "and sets a second factor up first"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "X", "email": "x@example.com"}, "required"),
        ({"name": "X", "email": "no address", "roles": ["support"]}, "valid email"),
        ({"name": "X", "email": "INES@example.com", "roles": ["support"]}, "is here already"),
        ({"name": "X", "email": "x@example.com", "roles": ["owner"]}, "not one of the available choices"),
        ({"name": "X\nY", "email": "x@example.com", "roles": ["support"]}, "not a name"),
        ({"name": "X" * 201, "email": "x@example.com", "roles": ["support"]}, "at most 200"),
    ],
)
def test_what_cannot_be_used_comes_back_with_its_reason(ines: Client, form: dict[str, object], said: str) -> None:
    with untouched():
        answer = ines.post("/people/add/", form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{form["email"]}"' in answer.content.decode()


def test_extra_fields_change_nothing(house: House, ines: Client) -> None:
    """Mass assignment: a form takes what it shows; neither flags, nor another person, nor a place on the path."""
    more = {"is_superuser": "1", "password": "x", "path_order": "1", "pk": str(house.ines.pk), "added_at": "0"}
    ines.post("/people/add/", {"name": "P", "email": "p@example.com", "roles": ["support"], **more})
    added = Person.objects.get(email="p@example.com")
    assert (added.is_superuser, added.has_usable_password(), added.path_order) == (False, False, 20)
    hannah = signed_in(house.hannah)
    hannah.post(
        "/account/password/", {"oldpassword": "x", "role": "security_lead", "groups": "1", "email": "h@evil.example"}
    )
    form = {"first": "2026-11-24", "last": "2026-11-24", "person": house.ines.pk, "roles": "security_lead"}
    hannah.post(f"/people/{house.hannah.pk}/away/", form | {"is_superuser": "on"})
    found = Person.objects.get(pk=house.hannah.pk)
    assert (found.roles, found.email, found.is_superuser) == ({Role.SUPPORT}, "hannah@example.com", False)
    assert [row.person_id for row in AbsenceRow.objects.all()] == [house.hannah.pk]


def test_roles_change_and_history_says_so(house: House, ines: Client) -> None:
    ines.post(f"/people/{house.tomasz.pk}/roles/", {"roles": ["security_lead", "engineering"]})
    assert Person.objects.get(pk=house.tomasz.pk).roles == {Role.LEAD, Role.ENGINEERING}
    assert kind() == "person:roles"
    same = ines.post(f"/people/{house.tomasz.pk}/roles/", {"roles": ["engineering", "security_lead"]})
    assert same.status_code == 409
    assert agrees(NOW)


def test_the_last_security_lead_stays(house: House, ines: Client) -> None:
    """Neither their role nor their account goes while nobody else leads; with a second one both do."""
    alone = house.ines.pk
    for path, form in ((f"/people/{alone}/roles/", {"roles": ["support"]}), (f"/people/{alone}/switch/", {"on": "0"})):
        with untouched():
            answer = ines.post(path, form)
        assert answer.status_code == 409
        assert "only Security Lead" in answer.content.decode()
    people.change_roles(house.dele, [Role.LEAD, Role.LEADERSHIP], house.ines.actor(), NOW)
    people.switch(house.ines, False, house.dele.actor(), NOW)
    with pytest.raises(AnswerIsNo, match="only Security Lead"):
        people.change_roles(house.dele, [Role.LEADERSHIP], house.dele.actor(), NOW)
    assert agrees(NOW)


def test_switching_off_and_on(house: House, ines: Client) -> None:
    """Off: links end, tokens rest; on again: the person, with their roles; twice is told."""
    people.sign_in_link(house.hannah, NOW)
    path = f"/people/{house.hannah.pk}/switch/"
    assert "Switch Hannah Lindqvist off" in ines.get(path).content.decode()
    assert ines.post(path, {"on": "0"}).status_code == 302
    assert (kind(), SignInLink.objects.count()) == ("person:switched_off", 0)
    assert ines.post(path, {"on": "0"}).status_code == 409
    assert "Switched off" in ines.get("/people/").content.decode()
    assert ines.post(path, {"on": "1"}).status_code == 302
    assert kind() == "person:switched_on"
    assert Person.objects.get(pk=house.hannah.pk).roles == {Role.SUPPORT}
    assert ines.post(path, {"on": "1"}).status_code == 409
    assert agrees(NOW)


def test_a_reset_needs_its_reason(house: House, ines: Client) -> None:
    path = f"/people/{house.hannah.pk}/reset/"
    with untouched():
        assert ines.post(path, {"reason": ""}).status_code == 422
    answer = ines.post(path, {"reason": "I called her"})
    assert "/sign-in/once/" in answer.content.decode()
    assert kind() == "person:reset"


@pytest.mark.parametrize("action", ["change_roles", "switch"])
@pytest.mark.parametrize("name", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_roles_and_accounts_are_the_leads(house: House, name: str, action: str) -> None:
    """Leadership may add people, and changes nobody's roles, not even their own."""
    person = getattr(house, name)
    deed = {
        "switch": lambda: people.switch(house.hannah, False, person.actor(), NOW),
        "change_roles": lambda: people.change_roles(person, [Role.LEAD], person.actor(), NOW),
    }[action]
    with untouched(), pytest.raises(NotAllowed, match="the Security Lead"):
        deed()


# --- absence ---------------------------------------------------------------------------------------------------------


def test_an_absence_is_entered_by_oneself_and_ended(house: House) -> None:
    """History says who is away; the days and the stand-in are sealed under that person's key."""
    hannah = signed_in(house.hannah)
    page = hannah.get(f"/people/{house.hannah.pk}/away/").content.decode()
    assert "Dele Adeyemi" in page
    assert "Ada Auditor" not in page, "an auditor does not act on cases"
    form = {"first": "2026-11-24", "last": "2026-12-01", "stand_in": str(house.dele.pk)}
    assert hannah.post(f"/people/{house.hannah.pk}/away/", form).status_code == 302
    entry = Entry.objects.order_by("-id")[0]
    assert entry.kind == "person:away"
    assert b"2026-12" not in bytes(entry.body)
    assert "from 24 Nov until Tue 1 Dec, Dele Adeyemi stands in" in hannah.get("/people/").content.decode()
    assert agrees(NOW)
    assert hannah.post(f"/people/absences/{AbsenceRow.objects.get().pk}/end/").status_code == 302
    assert not AbsenceRow.objects.exists()
    assert hannah.post("/people/absences/1/end/").status_code == 404
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("first", "last", "stand_in", "said"),
    [
        ("2026-11-25", "2026-11-24", "", "ends after it begins"),
        ("2026-11-25", "2028-01-01", "", "within a year"),
        ("2026-11-01", "2026-11-22", "", "days are over"),
        ("2026-12-24", "2026-12-24", "", "away on some of these days"),
        ("2026-11-25", "2026-11-25", "999", "Select a valid choice"),
        ("soon", "2026-11-25", "", "valid date"),
        ("", "", "", "required"),
    ],
)
def test_an_absence_that_cannot_be(house: House, first: str, last: str, stand_in: str, said: str) -> None:
    absences.enter(house.hannah, NOW.date() + 30 * DAY, NOW.date() + 40 * DAY, None, house.hannah.actor(), NOW)
    hannah = signed_in(house.hannah)
    hannah.get("/account/")
    with untouched():
        answer = hannah.post(f"/people/{house.hannah.pk}/away/", {"first": first, "last": last, "stand_in": stand_in})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_the_last_day_is_part_of_it(house: House) -> None:
    """Midnights of the policy's zone: London in November is UTC."""
    row = absences.enter(house.hannah, NOW.date(), NOW.date(), None, house.hannah.actor(), NOW)
    assert (f"{row.begins_at:%d %H:%M}", f"{row.ends_at:%d %H:%M}") == ("23 00:00", "24 00:00")


@pytest.mark.parametrize("bad", ["hannah", "ada", "nobody"])
def test_who_cannot_stand_in(house: House, bad: str) -> None:
    """Oneself, an auditor, somebody without a role or who left."""
    with untouched(), pytest.raises(BadInput, match="cannot stand in"):
        absences.enter(house.hannah, NOW.date(), NOW.date(), getattr(house, bad), house.hannah.actor(), NOW)


@pytest.mark.parametrize(("name", "may"), [("ines", True), ("dele", True), ("tomasz", False), ("ada", False)])
def test_others_absences_are_for_lead_and_leadership(house: House, name: str, may: bool) -> None:
    actor, hannah = getattr(house, name).actor(), house.hannah
    if not may:
        with untouched(), pytest.raises(NotAllowed):
            absences.enter(hannah, NOW.date(), NOW.date(), None, actor, NOW)
        row = absences.enter(hannah, NOW.date(), NOW.date(), None, hannah.actor(), NOW)
        with untouched(), pytest.raises(NotAllowed):
            absences.end(row, actor, NOW)
        return
    row = absences.enter(hannah, NOW.date(), NOW.date(), None, actor, NOW)
    absences.end(row, actor, NOW)
    with untouched(), pytest.raises(NotFound):
        absences.end(row, actor, NOW)


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_my_tokens_are_made_listed_and_revoked(house: House, ines: Client) -> None:
    assert "Make the first token" in ines.get("/account/tokens/").content.decode()
    answer = ines.post("/account/tokens/make/", {"name": "CI", "scopes": ["cases:read", "admin"], "days": "30"})
    secret = re.search(r"fwt_\w{10}_\w+", answer.content.decode())
    assert secret
    caller = Client(headers={"Authorization": f"Bearer {secret[0]}"})
    assert caller.get("/api/v1/cases").status_code == 200
    page = ines.get("/account/tokens/").content.decode()
    assert "CI" in page
    assert secret[0] not in page
    assert ines.post(f"/account/tokens/{ApiToken.objects.get().ident}/revoke/").status_code == 302
    assert caller.get("/api/v1/cases").status_code == 401
    assert "Revoked" in ines.get("/account/tokens/").content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["cases:read"], "days": "30"},
        {"name": "CI", "days": "30"},
        {"name": "CI", "scopes": ["everything"], "days": "30"},
        {"name": "CI", "scopes": ["cases:read"], "days": "3650"},
        {"name": "CI\nX", "scopes": ["cases:read"], "days": "30"},
    ],
)
def test_a_token_that_cannot_be(ines: Client, form: dict[str, object]) -> None:
    with untouched():
        assert ines.post("/account/tokens/make/", form).status_code == 422


def test_an_auditor_is_offered_what_an_auditor_may(house: House) -> None:
    page = proved(signed_in(house.ada)).get("/account/tokens/make/").content.decode()
    assert 'value="cases:read"' in page
    assert 'value="cases:write"' not in page


def test_the_lead_sees_and_revokes_everybodys_tokens(house: House, ines: Client) -> None:
    tomasz = proved(signed_in(house.tomasz))
    tomasz.post("/account/tokens/make/", {"name": "Scan in CI", "scopes": ["cases:read"], "days": "7"})
    ident = ApiToken.objects.get().ident
    assert "Scan in CI" in ines.get("/people/tokens/").content.decode()
    assert signed_in(house.hannah).get("/people/tokens/").status_code == 403
    assert signed_in(house.hannah).post(f"/account/tokens/{ident}/revoke/").status_code == 404
    assert ines.post(f"/account/tokens/{ident}/revoke/", {"from": "all"})["Location"] == "/people/tokens/"
    assert ApiToken.objects.get().revoked_at == NOW


# --- hostile forms ---------------------------------------------------------------------------------------------------


def test_no_form_of_these_rooms_works_from_another_site(house: House) -> None:
    """Each POST without our token is refused before anything else is asked (CSRF)."""
    plain = proved(signed_in(house.ines))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = plain.cookies
    strict.get("/account/")
    hannah = house.hannah.pk
    paths = ["/people/add/", f"/people/{hannah}/roles/", f"/people/{hannah}/switch/", f"/people/{hannah}/reset/",
             f"/people/{hannah}/away/", f"/people/{hannah}/sessions/end/", "/people/absences/1/end/",
             "/account/sessions/end/", "/account/tokens/make/", "/account/tokens/x/revoke/", "/policy/adopt/",
             "/account/password/", "/account/confirm/", "/account/app/", "/sign-out/"]  # fmt: skip
    with untouched():
        for path in paths:
            answer = strict.post(path, {"on": "0", "roles": ["support"], "session": ""})
            assert answer.status_code == 403, path
            assert "Send the form again" in answer.content.decode(), path


def test_a_name_is_a_text_on_every_page(house: House, ines: Client) -> None:
    """Stored XSS: what stands in a name, a token's name or a browser's words is never markup."""
    evil = '<img src=x onerror=alert(1)>"'
    person = people.add_person(evil, "evil@example.com", [Role.SUPPORT], SYSTEM, NOW)
    browser = signed_in(person)
    browser.get("/", headers={"User-Agent": evil})
    absences.enter(house.hannah, NOW.date(), NOW.date(), person, house.hannah.actor(), NOW)
    ines.post("/account/tokens/make/", {"name": evil, "scopes": ["cases:read"], "days": "7"})
    for path in ("/people/", f"/people/{person.pk}/", f"/people/{person.pk}/roles/", f"/people/{house.hannah.pk}/",
                 f"/people/{house.hannah.pk}/away/", "/account/tokens/", "/people/tokens/"):  # fmt: skip
        assert "<img src=x" not in ines.get(path).content.decode(), path
