"""The number of queries does not grow with the number of rows, on any list or page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forgeward.desk.readers import cases, notices, promised, rooms, standing, today
from forgeward.desk.readers.case_page import case_page
from tests.desk.readers.rows import many
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in

FEW, MANY = 10, 500

READERS: dict[str, Callable[[House], object]] = {
    "queue": lambda house: cases.queue(house.ines, NOW),
    "listing": lambda house: cases.listing(house.ines, NOW, state="open", kind="event", limit=100),
    "today": lambda house: today.today(house.ines, NOW),
    "standing": lambda house: standing.standing(NOW),
    "notices": lambda house: notices.latest(house.ines),
    "promised": lambda house: promised.clocks_of(house.ines, "IR-5"),
    "rooms": lambda house: rooms.counts(house.ines, 1000),
}
PATHS = ("/", "/cases/", "/promises/", "/promises/IR-5/", "/notices/")


def queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        run()
    return len(captured)


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@pytest.mark.slow
def test_readers_and_pages_ask_as_often_for_few_as_for_many(house: House, freeze: None) -> None:
    """10 cases and 500 cases: the same number of queries for each reader and each page."""
    client = signed_in(house.ines)
    many(FEW, house.hannah.actor())

    def count() -> dict[str, int]:
        client.get("/")  # caches of policies are filled by the first request of a process
        found = {name: queries(lambda read=read: read(house)) for name, read in READERS.items()}
        return found | {path: queries(lambda path=path: client.get(path)) for path in PATHS}

    few = count()
    from forgeward.desk import guards
    from forgeward.desk.models import CaseRow, ClockRow, Entry, NoticeRow, Pending, SealedValues

    guards.remove()
    for model in (ClockRow, NoticeRow, SealedValues, Pending):
        model.objects.all().delete()
    Entry.objects.filter(case__isnull=False).delete()
    CaseRow.objects.all().delete()
    many(MANY, house.hannah.actor())
    more = {name: (few[name], asked) for name, asked in count().items() if asked > few[name]}
    assert not more  # fewer is possible: a page that is full needs no look at cases without a clock
    assert max(few.values()) < 45


def test_a_long_case_asks_as_often_as_a_short_one(house: House) -> None:
    """Entries, messages and mails of one case are each read at once."""
    number = story.reported(house.hannah)
    short = queries(lambda: case_page(number, house.ines, NOW))
    for i in range(40):
        story.step(number, "note", house.tomasz if i % 2 else house.ines, text=f"Note {i}")
    assert queries(lambda: case_page(number, house.ines, NOW)) == short
    assert short < 20


@pytest.mark.slow
def test_no_page_of_a_list_is_large(house: House, freeze: None) -> None:
    """A list of the longest titles stays below 150 KB."""
    many(120, house.hannah.actor(), title="W" * 1000)
    client: Client = signed_in(house.ines)
    for path in PATHS:
        assert len(client.get(path).content) < 150_000, path
