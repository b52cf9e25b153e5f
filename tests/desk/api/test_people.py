"""People by calls: who is here, sessions that end, absences; what asks for a fresh proof is no call at all."""

from __future__ import annotations

from forgeward.desk.addresses import CALLS
from forgeward.desk.api.urls import api
from forgeward.desk.models import AbsenceRow, SessionRow
from forgeward.respond.access import TABLE
from tests.desk.api.house import caller
from tests.desk.web.house import House, signed_in

DAY = {"first": "2099-01-01", "last": "2099-01-02"}


def test_no_call_stands_for_what_asks_for_a_fresh_proof() -> None:
    """Neither policies are adopted nor people added, changed or erased by a token, whatever its scopes."""
    assert not {name for name, action in CALLS.items() if TABLE[action].fresh}
    paths = [path for path in api.get_openapi_schema(path_prefix="/api/v1/")["paths"] if "webhook" not in path]
    for word in ("adopt", "roles", "reset", "tokens", "rotate", "erase", "witness"):
        assert not [path for path in paths if word in path], word


def test_people_are_told_as_far_as_they_concern_the_caller(house: House) -> None:
    """Everybody sees roles and second factor; last seen and sessions the Lead, and each of themselves."""
    signed_in(house.hannah).get("/")
    lead = {each["email"]: each for each in caller(house.ines).get("/people").json()["people"]}
    ada = {each["email"]: each for each in caller(house.ada).get("/people").json()["people"]}
    hannah = "hannah@example.com"
    assert (lead[hannah]["second_factor"], lead[hannah]["sessions"]) == (True, 1)
    assert (ada[hannah]["second_factor"], ada[hannah]["sessions"], ada[hannah]["last_seen"]) == (True, None, None)
    assert ada["ada@example.com"]["sessions"] == 0


def test_the_lead_ends_sessions_by_call(house: House) -> None:
    browser = signed_in(house.hannah)
    browser.get("/")
    lead, path = caller(house.ines), f"/people/{house.hannah.pk}/sessions"
    (session,) = lead.get(path).json()["sessions"]
    assert lead.post(f"{path}/end", {"session": "0" * 40}).status_code == 404
    assert lead.post(f"{path}/end", {"session": session["id"]}).json()["ended"] == 1
    assert "/sign-in/" in browser.get("/")["Location"]
    assert lead.post(f"{path}/end").status_code == 404
    assert lead.get("/people/999999/sessions").status_code == 404


def test_nobody_else_sees_or_ends_them(house: House) -> None:
    signed_in(house.ines).get("/")
    for name in ("tomasz", "hannah", "dele", "ada"):
        program, path = caller(getattr(house, name)), f"/people/{house.ines.pk}/sessions"
        assert program.get(path).status_code == 403
        assert program.post(f"{path}/end").status_code == 403
    assert SessionRow.objects.filter(person=house.ines).exists()


def test_absences_are_entered_once_and_ended(house: House) -> None:
    """One's own by anybody who works here; unknown fields and people are refused; a key makes it happen once."""
    hannah, path = caller(house.hannah), f"/people/{house.hannah.pk}/absences"
    body = {**DAY, "stand_in": house.dele.pk}
    first = hannah.post(path, body, Idempotency_Key="once")
    assert first.status_code == 201
    assert hannah.post(path, body, Idempotency_Key="once").content == first.content
    (absence,) = first.json()["people"][0]["absences"]
    assert absence["stand_in"] == "Dele Adeyemi"
    assert absence["from"].startswith("2099-01-01")
    assert hannah.post(path, {**DAY, "person": 1}).status_code == 422
    assert hannah.post(path, {**DAY, "stand_in": 999_999}).status_code == 404
    assert caller(house.tomasz).post(path, DAY).status_code == 403
    assert caller(house.tomasz).post(f"/absences/{absence['id']}/end").status_code == 403
    assert caller(house.dele).post(f"/absences/{absence['id']}/end").json()["people"][0]["absences"] == []
    assert hannah.post(f"/absences/{absence['id']}/end").status_code == 404
    assert not AbsenceRow.objects.exists()
