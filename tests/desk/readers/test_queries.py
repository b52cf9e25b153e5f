"""The number of queries of a case does not grow with what happened in it. For lists: test_many_rows.py."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from forgeward.desk.readers.case_page import case_page
from tests.desk.web import story
from tests.desk.web.house import NOW, House


def queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        run()
    return len(captured)


def test_a_long_case_asks_as_often_as_a_short_one(house: House) -> None:
    """Entries, messages and mails of one case are each read at once."""
    number = story.reported(house.hannah)
    short = queries(lambda: case_page(number, house.ines, NOW))
    for i in range(40):
        story.step(number, "note", house.tomasz if i % 2 else house.ines, text=f"Note {i}")
    assert queries(lambda: case_page(number, house.ines, NOW)) == short
    assert short < 20
