"""The number of queries of a list does not grow with its rows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.desk.api.house import Caller, caller
from tests.desk.readers.rows import many
from tests.desk.web.house import NOW, House

LISTS = ("/cases?limit=1000", "/cases?limit=1000&state=all&kind=event", "/notices?limit=1000", "/mails?limit=1000",
         "/people", "/policy/standing", "/policy")  # fmt: skip


def queries(program: Caller, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert program.get(path).status_code == 200
    return len(captured)


@pytest.mark.slow
def test_lists_ask_as_often_for_ten_as_for_a_thousand(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases, mails, people and standing, asked for 1,000 rows at once: a constant, below 30."""
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    program = caller(house.ines)
    many(10, house.hannah.actor())
    few = {path: queries(program, path) for path in LISTS}
    from forgeward.desk import guards
    from forgeward.desk.models import CaseRow, ClockRow, Entry, NoticeRow, Pending, SealedValues

    guards.remove()
    for model in (ClockRow, NoticeRow, SealedValues, Pending):
        model.objects.all().delete()
    Entry.objects.filter(case__isnull=False).delete()
    CaseRow.objects.all().delete()
    many(1000, house.hannah.actor())
    assert len(program.get(LISTS[0]).json()["cases"]) == 1000
    more = {path: (few[path], queries(program, path)) for path in LISTS}
    assert {path: pair for path, pair in more.items() if pair[1] > pair[0]} == {}
    assert max(few.values()) < 30
