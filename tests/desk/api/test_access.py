"""The permission table at the API's door: each role and each step, on open and restricted cases, through real calls."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from forgeward.desk.addresses import CALLS
from forgeward.desk.api.urls import api
from forgeward.desk.models import CaseRow, Entry, RawMail
from forgeward.respond.access import TABLE, Answer, Scope, ask
from forgeward.respond.parse import STEPS
from tests.desk.api.house import Caller
from tests.desk.api.house import forged as caller
from tests.desk.web import story
from tests.desk.web.house import House, signed_in

PEOPLE = ("ines", "tomasz", "hannah", "dele", "ada", "nobody")
SECRET = "Zanzibar override"  # stands in a restricted case's title and text


def operations() -> dict[str, tuple[str, str]]:
    """Every operation's method and path, by its name."""
    found = {}
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for one in view.operations:
                found[str(one.operation_id)] = (one.methods[0], path)
    return found


def test_every_call_is_in_the_table_by_name() -> None:
    """The router's operations are the table's, no more and no fewer."""
    assert set(operations()) == set(CALLS)


@pytest.fixture
def secret(house: House) -> str:
    """A case that only Tomasz and Dele may see, with an entry, a mail in the outbox and an idempotent answer."""
    now = settings.HOME.now()
    number = story.reported(house.tomasz, now, title=SECRET, text=SECRET)
    story.step(number, "acknowledge", house.hannah, now, text=SECRET)
    story.step(number, "restrict", house.dele, now, people=[f"person:{house.tomasz.pk}"])
    return number


@pytest.mark.parametrize("name", PEOPLE)
def test_each_step_by_each_role_on_an_open_case(house: House, name: str) -> None:
    """403 where the table says no, 404 without a role; else the step itself answers (422: it lacks something)."""
    number = story.reported(house.hannah, settings.HOME.now())
    program, actor = caller(getattr(house, name)), getattr(house, name).actor()
    for step in STEPS:
        status = program.post(f"/cases/{number}/{step.replace('_', '-')}").status_code
        wanted = {Answer.YES: {200, 409, 422}, Answer.NO: {403}, Answer.UNSEEN: {403, 404}}[ask(step, actor)]
        assert status in wanted, step


@pytest.mark.parametrize("name", PEOPLE)
def test_each_step_by_each_role_on_a_restricted_case(house: House, secret: str, name: str) -> None:
    """To whom it does not name the case is not there, for every step and before anything else is said of it."""
    person = getattr(house, name)
    program, named = caller(person), name in {"tomasz", "dele"}
    version = CaseRow.objects.get(number=secret).version
    for step in STEPS:
        there = program.post(f"/cases/{secret}/{step.replace('_', '-')}", If_Match='"0"', Idempotency_Key=f"k-{step}")
        gone = program.post(f"/cases/FW-222222/{step.replace('_', '-')}", If_Match='"0"', Idempotency_Key=f"g-{step}")
        if not named and (name, step) != ("ines", "restrict"):
            assert there.status_code in {403, 404}, step
            assert there.status_code == gone.status_code, step
            assert there.content.replace(secret.encode(), b"N") == gone.content.replace(b"FW-222222", b"N"), step
        elif ask(step, person.actor(), [person.actor().id]) is Answer.YES and named:
            assert there.status_code in {412, 422}, step
    assert CaseRow.objects.get(number=secret).version == version


def reads(number: str, entry_mail: int) -> list[str]:
    """Every call that reads, filled in."""
    values = {"number": number, "key": str(entry_mail)}
    return [
        re.sub(r"{(\w+)}", lambda found: values[found[1]], path)
        for name, (method, path) in operations().items()
        if method == "GET" and name != "openapi"
    ]


@pytest.mark.parametrize("name", PEOPLE)
def test_no_call_tells_others_of_a_restricted_case(house: House, secret: str, name: str) -> None:
    """A crawl of every call that reads, with filters: neither number nor words of it for whom it does not name."""
    program, named = caller(getattr(house, name)), name in {"tomasz", "dele"}
    paths = [*reads(secret, 1), f"/cases?number={secret}&state=all", f"/notices?case={secret}", f"/mails?case={secret}"]
    paths += ["/cases?state=all", "/mails?state=parsed"]
    told = [path for path in paths if _tells(program, path, secret)]
    assert bool(told) == named, told
    for path in (f"/cases/{secret}", f"/cases/{secret}/thread", f"/cases/{secret}/entries", f"/cases/{secret}/next"):
        assert (program.get(path).status_code == 200) == named
    for path in (f"/cases/{secret}/pack", f"/cases/{secret}/receipt"):
        assert (program.post(path).status_code == 200) == named, path


def _tells(program: Caller, path: str, secret: str) -> bool:
    answer = program.get(path)
    said = answer.content.decode("utf-8", "replace") + repr(dict(answer.items()))
    echo = answer.status_code in {403, 404}  # an error may say again what was asked for
    return SECRET in said or (secret in said and not echo)


def test_an_audit_names_no_case_that_is_hidden(house: House, secret: str) -> None:
    """What differs is told to whoever may audit; which restricted case it is, to those whom the case names."""
    from forgeward.desk import guards

    guards.remove()
    CaseRow.objects.filter(number=secret).update(level="low")
    told = {name: caller(getattr(house, name)).get("/audit").json() for name in ("ines", "dele", "ada")}
    assert [found["ok"] for found in told.values()] == [False] * 3
    assert {name: secret in repr(found) for name, found in told.items()} == {"ines": False, "dele": True, "ada": False}
    assert "a restricted case" in repr(told["ada"])


def test_a_merger_tells_nothing_of_a_restricted_case(house: House, secret: str) -> None:
    """The other side of a step is as hidden as the case itself: the same answer as for a number that is not there."""
    mine = story.opened(house.hannah, settings.HOME.now())
    hannah = caller(house.hannah)
    there = hannah.post(f"/cases/{mine}/merge", {"into": secret})
    gone = hannah.post(f"/cases/{mine}/merge", {"into": "FW-222222"})
    assert there.status_code == gone.status_code == 404
    assert there.content.replace(secret.encode(), b"N") == gone.content.replace(b"FW-222222", b"N")


def test_a_stored_answer_is_not_given_to_somebody_who_may_not_see_the_case_any_more(house: House) -> None:
    """An Idempotency-Key opens nothing that is closed by now."""
    now = settings.HOME.now()
    number = story.opened(house.tomasz, now)
    hannah = caller(house.hannah)
    first = hannah.post(f"/cases/{number}/note", {"text": "x"}, Idempotency_Key="once")
    assert hannah.post(f"/cases/{number}/note", {"text": "x"}, Idempotency_Key="once").content == first.content
    story.step(number, "restrict", house.ines, settings.HOME.now(), people=[f"person:{house.tomasz.pk}"])
    assert hannah.post(f"/cases/{number}/note", {"text": "x"}, Idempotency_Key="once").status_code == 404


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"openapi"}))
def test_no_call_without_its_scope(house: House, name: str) -> None:
    """A token of the Security Lead that was made for everything but this is refused; without a token nobody passes."""
    method, path = operations()[name]
    scope = TABLE[CALLS[name]].scope
    path = re.sub(r"{\w+}", "1", path)
    others = [each.value for each in Scope if each is not scope]
    call = caller(house.ines, *others).client
    answer = call.get(f"/api/v1{path}") if method == "GET" else call.post(f"/api/v1{path}", {}, "application/json")
    assert answer.status_code == 403
    assert str(scope) in answer.json()["detail"]
    for client in (Client(), signed_in(house.ines), Client(headers={"Authorization": "Bearer fwt_x"})):
        call_ = client.get if method == "GET" else client.post
        answer = call_(f"/api/v1{path}")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"


def test_auditors_read_and_change_nothing(house: House) -> None:
    """Every call that is no read is refused to a token of an auditor, whatever its scopes say."""
    number = story.reported(house.hannah, settings.HOME.now())
    ada = caller(house.ada)
    before = Entry.objects.count(), RawMail.objects.count()
    for name, (method, path) in operations().items():
        if method == "GET" or not TABLE[CALLS[name]].changes:
            continue
        filled = path.replace("{number}", number).replace("{key}", "1")
        assert ada.post(filled).status_code == 403, name
    assert (Entry.objects.count(), RawMail.objects.count()) == before
