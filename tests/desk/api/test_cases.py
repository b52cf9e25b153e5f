"""Cases over the API: the same shapes, steps and refusals as by command."""

from __future__ import annotations

import json

import msgspec
import pytest
from django.conf import settings

from forgeward.desk import shapes
from forgeward.desk.models import CaseRow, Entry
from tests.desk.api.house import caller
from tests.desk.tables import agrees, untouched
from tests.desk.web import story
from tests.desk.web.house import House


@pytest.fixture
def number(house: House) -> str:
    return story.reported(house.hannah, settings.HOME.now())


def test_a_case_is_shown_as_the_command_shows_it(house: House, number: str) -> None:
    """The body is forgeward/case/1; the ETag is the number of its entries."""
    answer = caller(house.ines, "cases:read").get(f"/cases/{number}")
    assert answer.status_code == 200
    shape = msgspec.json.decode(answer.content, type=shapes.Case)
    assert (shape.schema, shape.id, shape.state) == ("forgeward/case/1", number, "received")
    assert answer["ETag"] == f'"{CaseRow.objects.get(number=number).version}"'


def test_a_case_is_opened_and_worked_on(house: House) -> None:
    """Open, acknowledge, assess, read: states, clocks, entries and thread follow."""
    hannah, tomasz = caller(house.hannah), caller(house.tomasz)
    made = hannah.post(
        "/cases", {"title": "Export reads any note", "text": "As the app", "reporter_address": "n@e.net"}
    )
    assert made.status_code == 201
    number = made.json()["id"]
    assert made["Location"] == f"/api/v1/cases/{number}"
    said = hannah.post(f"/cases/{number}/acknowledge", {"text": "Thank you."})
    assert (said.status_code, said.json()["step"]) == (200, "acknowledge")
    assert [notice["to"] for notice in said.json()["notices"]] == ["n@e.net"]
    assessed = tomasz.post(f"/cases/{number}/assess", story.ASSESSMENT)
    assert assessed.json()["state"] == "assessed"
    assert tomasz.get(f"/cases/{number}/next").json()["next"][0]["step"]
    thread = tomasz.get(f"/cases/{number}/thread").json()["messages"]
    assert [m["text"] for m in thread] == ["As the app", "Thank you."]
    entries = tomasz.get(f"/cases/{number}/entries").json()["entries"]
    assert next(e["change"] for e in entries) == "case:received"
    assert tomasz.get("/notices").json()["notices"][0]["case"] == number
    assert agrees(settings.HOME.now())


def test_what_a_step_lacks_is_said_as_by_command(house: House, number: str) -> None:
    """422 with the sentences and the list `missing` of the command line; nothing is written."""
    tomasz = caller(house.tomasz)
    with untouched_cases():
        answer = tomasz.post(f"/cases/{number}/assess", {"scope": "All"})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "step_refused"
    assert {"impact", "affected", "exploitability"} <= {lack["name"] for lack in problem["missing"]}
    assert problem["detail"].startswith("“assess” was not recorded. Missing:")


def untouched_cases():
    """Calls note a token's use and pace; history and cases stay."""
    from contextlib import contextmanager

    @contextmanager
    def watch():
        before = Entry.objects.count(), list(CaseRow.objects.values_list("pk", "version"))
        yield
        assert (Entry.objects.count(), list(CaseRow.objects.values_list("pk", "version"))) == before

    return watch()


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"text": "x", "restricted": True}, 422, "has no field “restricted”"),
        ({"text": "x", "at": "2020-01-01T00:00:00Z"}, 422, "has no field"),
        ({"text": ["x"]}, 422, "is a text"),
        ({"text": 7}, 422, "does not fit"),
        ({"text": None}, 422, "does not fit"),
        ({"text": {"a": 1}}, 422, "does not fit"),
        ([], 422, "does not fit"),
        ({"text": "a\x00b"}, 422, "NUL"),
        ({"text": "x" * 100_001}, 422, "characters long"),
    ],
)
def test_a_body_that_does_not_fit(house: House, number: str, body: object, status: int, word: str) -> None:
    """Unknown fields, other types, NUL, lengths: refused by name, nothing is written."""
    hannah = caller(house.hannah)
    with untouched_cases():
        answer = hannah.post(f"/cases/{number}/note", body)
    assert answer.status_code == status
    assert word in answer.json()["detail"]


@pytest.mark.parametrize("raw", [b" ", b"{", b"\xff\xfe", b'{"text": "\\ud800"}', b"[" * 100_000, b'{"text": NaN}'])
def test_what_is_no_json(house: House, number: str, raw: bytes) -> None:
    """400, whatever breaks in it; never a 500."""
    answer = caller(house.hannah).send(f"/cases/{number}/note", raw, "application/json")
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_taken(house: House, number: str, kind: str) -> None:
    """A form of another site cannot be a call, even if it could have the token."""
    answer = caller(house.hannah).send(f"/cases/{number}/note", b'{"text": "x"}', kind)
    assert answer.status_code == 415


def test_if_match_keeps_what_was_not_seen(house: House, number: str) -> None:
    """412 when somebody acted since; with the new ETag, `*`, or one of a list, it is done."""
    hannah = caller(house.hannah)
    tag = hannah.get(f"/cases/{number}")["ETag"]
    story.step(number, "note", house.tomasz, settings.HOME.now(), text="Meanwhile")
    with untouched_cases():
        answer = hannah.post(f"/cases/{number}/note", {"text": "x"}, If_Match=tag)
    assert (answer.status_code, answer.json()["code"]) == (412, "outdated")
    for match in (hannah.get(f"/cases/{number}")["ETag"], "*", None):
        tag = match or f'"0", {hannah.get(f"/cases/{number}")["ETag"]}'
        assert hannah.post(f"/cases/{number}/note", {"text": "x"}, If_Match=tag).status_code == 200
    assert hannah.post(f"/cases/{number}/note", {"text": "x"}, If_Match="W/" + tag).status_code == 412


def test_pages_follow_each_other(house: House) -> None:
    """Key-set: `after` and the Link header lead through all cases, none twice, also when some come in between."""
    numbers = {story.opened(house.hannah, settings.HOME.now()) for _ in range(7)}
    ines, seen, path = caller(house.ines), [], "/cases?limit=3"
    while path:
        answer = ines.get(path)
        seen += [each["id"] for each in answer.json()["cases"]]
        link = answer.get("Link", "")
        path = link.partition(">")[0].removeprefix("</api/v1") if link else ""
    assert sorted(seen) == sorted(numbers)


@pytest.mark.parametrize(
    "query", ["state=nonsense", "kind=x", "level=x", "after=x", "limit=0", "limit=1001", "limit=x", "colour=red",
              "after=" + "9" * 30 + ".1", "number=%00"],
)  # fmt: skip
def test_queries_that_mean_nothing_are_refused(house: House, query: str) -> None:
    """By name, as a problem; an unknown query is no silent “all”."""
    answer = caller(house.ines).get(f"/cases?{query}")
    assert answer.status_code in {400, 422}
    assert json.loads(answer.content)["detail"]


def test_filters_are_those_of_the_page(house: House, number: str) -> None:
    """State, kind, severity, beginning of a number."""
    ines = caller(house.ines)
    for query, found in (
        ("state=received", 1), ("state=closed", 0), ("kind=event", 1), ("kind=incident", 0), ("level=none", 1),
        ("level=high", 0), (f"number={number[:5].lower()}", 1), ("state=open", 1),
    ):  # fmt: skip
        assert len(ines.get(f"/cases?{query}").json()["cases"]) == found, query


def test_untouched_is_about_every_table(house: House, number: str) -> None:
    """Looking writes nothing but the token's use and pace."""
    ines = caller(house.ines)
    ines.get("/cases")
    with untouched_cases():
        for path in ("/cases", f"/cases/{number}", f"/cases/{number}/next", f"/cases/{number}/thread", "/notices"):
            assert ines.get(path).status_code == 200
    assert untouched is not None
