"""What a list costs does not grow with its rows: 10 cases with clocks, mails and notices beside 10,000."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from bench.many import multiply
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forgeward.desk.actions import sequence
from forgeward.desk.addresses import CALLS, PAGES
from forgeward.desk.api import house as api_house
from forgeward.desk.models import CaseRow, ClockRow, NoticeRow, Person, RawMail
from forgeward.desk.readers import cases, mail, notices, promised, rooms, standing, today
from forgeward.desk.web.urls import desk
from forgeward.respond.access import TABLE, Sight
from tests.desk.api.house import caller
from tests.desk.post import office, report
from tests.desk.readers.rows import many
from tests.desk.web.house import NOW, House, signed_in

FEW, MANY = 10, 10_000
MOST = 150_000  # bytes of a page
QUERIES = 45

READERS: Mapping[str, Callable[[Person], object]] = {
    "queue": lambda person: cases.queue(person, NOW),
    "listing": lambda person: cases.listing(person, NOW, state="open", kind="event", limit=1000),
    "nothing fits": lambda person: cases.listing(person, NOW, kind="incident", level="low"),
    "today": lambda person: today.today(person, NOW),
    "standing": lambda person: standing.standing(NOW),
    "notices": lambda person: notices.page(person, limit=1000),
    "mails": lambda person: mail.page(person, limit=1000),
    "promised": lambda person: promised.clocks_of(person, "IR-5"),
    "rooms": lambda person: rooms.counts(person, 1000),
}
# Beside the rooms as they open: lists that were asked for something.
NARROWED = (
    "/cases/?state=all",
    "/cases/?kind=incident&severity=low",
    "/cases/?number=FW-",
    "/promises/IR-4/",
    "/promises/IR-5/",
    "/notices/?state=waiting",
    "/mail/?state=parsed",
)
NO_ROOMS = frozenset({"/cases/many/"})  # it opens with chosen cases only
NO_LISTS = frozenset({"/api/v1/audit"})  # replays the whole history, and says so
WHOLE = ("/api/v1/cases?limit=1000&state=all&kind=event", "/api/v1/notices?limit=1000", "/api/v1/mails?limit=1000")


def pages() -> list[str]:
    """Every page without a number in its address, the account's and sign-in's left out: rooms and their lists."""
    rooms_ = [f"/{route.pattern}" for route in desk if not route.pattern.converters]
    return [*(path for path in rooms_ if path not in NO_ROOMS), *NARROWED]


def calls() -> list[str]:
    """Every GET of the API without a number in its address."""
    paths = json.loads(api_house.document())["paths"]
    return [path for path, deeds in paths.items() if "get" in deeds and "{" not in path and path not in NO_LISTS]


def queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        run()
    return len(captured)


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


def test_pages_and_calls_are_found() -> None:
    """The lists that are counted below are found by themselves: a new room cannot be forgotten."""
    assert {"/", "/cases/", "/promises/", "/mail/", "/notices/"} <= set(pages())
    assert {"/api/v1/cases", "/api/v1/notices", "/api/v1/mails", "/api/v1/people"} <= set(calls())
    assert {TABLE[action].sight for action in (*PAGES.values(), *CALLS.values())} <= set(Sight)


@pytest.mark.slow
def test_lists_ask_as_often_for_ten_as_for_ten_thousand(
    house: House, freeze: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every reader, page and call of the API: no more queries, and no page that grows beyond 150 KB."""
    many(FEW, house.hannah.actor())
    with office(monkeypatch) as post:
        post.take(*(report(i, f"noor{i}@research{i}.example") for i in range(3)))
    sequence.sign_checkpoint(NOW)
    client, program = signed_in(house.ines), caller(house.ines)
    weights: dict[str, int] = {}

    def look(path: str) -> None:
        answer = client.get(path)
        asks_anew = answer.status_code == 302 and answer["Location"].startswith("/account/confirm/")
        assert answer.status_code == 200 or asks_anew, path
        weights[path] = len(answer.content)

    def call(path: str) -> None:
        assert program.get(path.removeprefix("/api/v1")).status_code == 200, path

    def count() -> dict[str, int]:
        client.get("/")  # caches of policies are filled by the first request of a process
        found = {name: queries(lambda read=read: read(house.ines)) for name, read in READERS.items()}
        found |= {path: queries(lambda path=path: look(path)) for path in pages()}
        return found | {path: queries(lambda path=path: call(path)) for path in (*calls(), *WHOLE)}

    few = count()
    multiply(MANY)
    assert min(model.objects.count() for model in (CaseRow, ClockRow, NoticeRow)) >= MANY
    assert RawMail.objects.count() >= MANY / 5
    assert {name: (few[name], asked) for name, asked in count().items() if asked > few[name]} == {}
    assert {name: asked for name, asked in few.items() if asked > QUERIES} == {}
    assert {path: weight for path, weight in weights.items() if weight > MOST} == {}


@pytest.mark.slow
def test_no_page_of_a_list_is_large(house: House, freeze: None) -> None:
    """A list of the longest titles stays below 150 KB."""
    many(120, house.hannah.actor(), title="W" * 1000)
    client: Client = signed_in(house.ines)
    assert {path: size for path in pages() if (size := len(client.get(path).content)) > MOST} == {}
