"""People are added by those who may, with roles and an address; a one-time link lets one person in once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from forgeward.desk.actions import people
from forgeward.desk.models import Entry, Person, SignInLink
from forgeward.errors import BadInput, NotAllowed, NotFound
from forgeward.ledger.entry import decode
from forgeward.vocabulary import Role
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, SYSTEM, House, signed_in

DAY = timedelta(hours=24)


def test_who_is_added_is_on_record_without_name_or_address(house: House) -> None:
    """The ledger says which roles somebody was given, by number; names can be erased."""
    person = people.add_person(
        "Priya Raman", " Priya@Example.com ", [Role.SUPPORT, Role.ENGINEERING], house.ines.actor(), NOW
    )
    assert (person.email, person.name, person.has_usable_password()) == ("priya@example.com", "Priya Raman", False)
    entry = Entry.objects.order_by("-id")[0]
    assert decode(bytes(entry.body)).data == {"person": person.pk, "roles": ["engineering", "support"]}
    assert b"riya" not in bytes(entry.body)
    assert agrees(NOW)


@pytest.mark.parametrize(
    ("roles", "order"),
    [
        ([Role.ENGINEERING], 10),
        ([Role.LEAD], 30),
        ([Role.LEADERSHIP, Role.SUPPORT], 20),
        ([Role.AUDITOR, Role.LEADERSHIP], 40),
        ([Role.AUDITOR], 90),
    ],
)
def test_the_first_role_on_the_path_gives_the_place(house: House, roles: list[Role], order: int) -> None:
    assert people.add_person("Somebody", "somebody@example.com", roles, SYSTEM, NOW).path_order == order


@pytest.mark.parametrize("who", ["tomasz", "hannah", "ada", "nobody"])
def test_adding_people_is_for_lead_and_leadership(house: House, who: str) -> None:
    """Nobody else gives roles, least of all to themselves."""
    with untouched(), pytest.raises(NotAllowed):
        people.add_person("My Other Self", "self@example.com", [Role.LEAD], getattr(house, who).actor(), NOW)


@pytest.mark.parametrize(
    ("name", "email", "roles", "said"),
    [
        ("X", "not an address", [Role.SUPPORT], "not an e-mail address"),
        ("X", "", [Role.SUPPORT], "not an e-mail address"),
        ("X", "a@b\n.example", [Role.SUPPORT], "not an e-mail address"),
        ("X", "x@example.com", [], "at least one role"),
        ("X", "INES@example.com", [Role.SUPPORT], "here already"),
        ("X" * 201, "x@example.com", [Role.SUPPORT], "not a name"),
        ("X\0Y", "x@example.com", [Role.SUPPORT], "not a name"),
        ("X\nY", "x@example.com", [Role.SUPPORT], "not a name"),
    ],
)
def test_what_cannot_be_used_is_said(house: House, name: str, email: str, roles: list[Role], said: str) -> None:
    with untouched(), pytest.raises(BadInput, match=said):
        people.add_person(name, email, roles, house.ines.actor(), NOW)


def test_a_nameless_person_is_called_by_their_address(house: House) -> None:
    assert people.add_person("  ", "priya@example.com", [Role.SUPPORT], SYSTEM, NOW).name == "priya@example.com"


def test_a_link_lets_its_person_in_once(house: House) -> None:
    """The second use is refused with words that say what may have happened; only a hash is stored."""
    token = people.sign_in_link(house.hannah, NOW)
    assert token not in str(list(SignInLink.objects.values_list()))
    assert people.use_link(token, NOW + DAY / 2) == house.hannah
    with untouched(), pytest.raises(NotFound, match="used before"):
        people.use_link(token, NOW + DAY / 2)


@pytest.mark.parametrize(("after", "lets_in"), [(timedelta(), True), (DAY - timedelta(seconds=1), True), (DAY, False)])
def test_a_link_lives_for_a_day(house: House, after: timedelta, lets_in: bool) -> None:
    token = people.sign_in_link(house.hannah, NOW)
    if lets_in:
        assert people.use_link(token, NOW + after) == house.hannah
        return
    with untouched(), pytest.raises(NotFound):
        people.use_link(token, NOW + after)


def test_a_link_of_somebody_who_left_opens_nothing(house: House) -> None:
    token = people.sign_in_link(house.hannah, NOW)
    Person.objects.filter(pk=house.hannah.pk).update(is_active=False)
    with untouched(), pytest.raises(NotFound):
        people.use_link(token, NOW)


@pytest.mark.parametrize("token", ["", "x", "a" * 500, "ünïcode"])
def test_a_made_up_link_opens_nothing(house: House, token: str) -> None:
    people.sign_in_link(house.hannah, NOW)
    with untouched(), pytest.raises(NotFound):
        people.use_link(token, NOW)


def test_a_reset_ends_every_way_in_and_gives_one(house: House) -> None:
    """Sessions, factor, password and unused links end at once; the new link leads to enrolment; history says why."""
    old = people.sign_in_link(house.hannah, NOW)
    before = signed_in(house.hannah)
    assert before.get("/").status_code == 200
    token = people.reset(house.hannah, "New telephone", house.ines.actor(), NOW)
    assert "/sign-in/" in before.get("/")["Location"]
    assert not Authenticator.objects.filter(user=house.hannah).exists()
    assert not Person.objects.get(pk=house.hannah.pk).has_usable_password()
    with pytest.raises(NotFound):
        people.use_link(old, NOW)
    fresh = Client()
    fresh.post(f"/sign-in/once/{token}/")
    assert fresh.get("/")["Location"].startswith("/account/")
    entry = Entry.objects.order_by("-id")[0]
    assert (entry.kind, entry.actor) == ("person:reset", house.ines.actor().id)
    assert decode(bytes(entry.body)).data == {"person": house.hannah.pk}
    assert b"telephone" not in bytes(entry.body)
    assert agrees(NOW)


def test_a_reset_leaves_others_alone(house: House) -> None:
    """Somebody else's session and factor stay."""
    tomasz = signed_in(house.tomasz)
    people.reset(house.hannah, "New telephone", house.ines.actor(), NOW)
    assert tomasz.get("/").status_code == 200


def test_the_only_lead_may_reset_themselves_on_the_homes_machine(house: House) -> None:
    """Else a team would be locked out for good; history shows who did it for whom."""
    assert people.use_link(people.reset(house.ines, "Lost the key", house.ines.actor(), NOW), NOW) == house.ines


@pytest.mark.parametrize("who", ["tomasz", "hannah", "dele", "ada", "nobody"])
def test_a_reset_is_for_the_security_lead(house: House, who: str) -> None:
    """Neither Leadership, nor an auditor, nor an outsider takes over somebody's account."""
    with untouched(), pytest.raises(NotAllowed, match="the Security Lead"):
        people.reset(house.ines, "Trust me", getattr(house, who).actor(), NOW)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_reset_says_why(house: House, reason: str) -> None:
    with untouched(), pytest.raises(BadInput, match="needs a reason"):
        people.reset(house.hannah, reason, house.ines.actor(), NOW)


def test_who_was_switched_off_is_not_let_in_by_a_reset(house: House) -> None:
    Person.objects.filter(pk=house.hannah.pk).update(is_active=False)
    house.hannah.refresh_from_db()
    with untouched(), pytest.raises(BadInput, match="switched off"):
        people.reset(house.hannah, "New telephone", house.ines.actor(), NOW)
