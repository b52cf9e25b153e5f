"""Lists by nearest deadline, paged by key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forgeward.desk.actions.filing import INTAKE
from forgeward.desk.models import CaseRow
from forgeward.desk.readers import cases
from forgeward.desk.readers.cases import Cursor
from forgeward.errors import BadInput
from tests.desk.readers.rows import many
from tests.desk.web import story
from tests.desk.web.house import NOW, House


def test_pages_follow_each_other_without_gap_or_repeat(house: House) -> None:
    """Walking by the cursor gives every case once, the nearest deadline first, those without a clock last."""
    many(25, house.hannah.actor())
    CaseRow.objects.filter(pk__in=CaseRow.objects.values("pk")[:7]).update(next_due=None)
    CaseRow.objects.filter(next_due__isnull=False).update(next_due=NOW)  # equal dates must not loop or skip
    seen, after = [], ""
    while True:
        page = cases.queue(house.ines, NOW, after=after, limit=4)
        seen += [line.pk for line in page.cases]
        after = page.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 25
    dated = [line.next_due is None for line in cases.queue(house.ines, NOW, limit=25).cases]
    assert dated == sorted(dated)


def test_a_case_that_comes_meanwhile_moves_no_page(house: House) -> None:
    """Unlike with an offset: what was shown is not shown again."""
    many(8, house.hannah.actor())
    first = cases.queue(house.ines, NOW, limit=4)
    story.opened(house.hannah, NOW, title="Earlier than all")
    CaseRow.objects.filter(pk=CaseRow.objects.last().pk).update(next_due=NOW - timedelta(days=3))
    second = cases.queue(house.ines, NOW, after=first.after, limit=10)
    assert not {line.pk for line in first.cases} & {line.pk for line in second.cases}
    assert len(second.cases) == 4


@pytest.mark.parametrize("text", ["x", "1.", ".1", "1.x", "9" * 40 + ".1", "-", "1.2.3", "é.1"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    """A sentence, not an error of the database."""
    with pytest.raises(BadInput):
        Cursor.read(text)


def test_a_cursor_reads_what_it_wrote() -> None:
    """With and without a date."""
    assert Cursor.read("") is None
    for cursor in (Cursor(NOW, 7), Cursor(None, 7)):
        assert Cursor.read(str(cursor)) == cursor


def test_titles_are_the_reporters_or_the_houses_own(house: House) -> None:
    """A title from a mail is sealed with its reporter's key, one given by the team with the case's; lists show both."""
    from forgeward.desk.actions import cases as actions
    from forgeward.respond.parse import parse

    fields = {"text": "See there.", "source": "mail", "reporter_address": "ada@research.example", "reported_at": NOW}
    actions.open_case(parse("receive", {**fields, "title": "From outside"}), INTAKE, NOW)
    story.opened(house.hannah, NOW, title="By telephone")
    assert {line.title for line in cases.queue(house.ines, NOW).cases} == {"From outside", "By telephone"}


def test_the_last_page_says_so(house: House) -> None:
    """No cursor where nothing follows, also when the page is exactly full."""
    many(4, house.hannah.actor())
    assert not cases.queue(house.ines, NOW, limit=4).after
    assert cases.queue(house.ines, NOW, limit=3).after


def test_a_line_says_what_a_list_needs(house: House) -> None:
    """Number, title, state, level, owner, next promise with its start."""
    number = story.fixing(house)
    (line,) = cases.queue(house.ada, NOW).cases
    assert (line.number, line.title) == (number, "Export reads any note by its id")
    assert (line.kind, line.state, line.level, line.owner) == ("vulnerability", "contained", "high", "Tomasz Bielak")
    assert line.next_promise == "VM-6"
    assert line.next_due == NOW - timedelta(days=5) + timedelta(hours=5, days=14)
    assert line.next_starts == NOW - timedelta(days=5) + timedelta(hours=5)


@pytest.mark.parametrize("wrong", [{"state": "x"}, {"kind": "x"}, {"level": "x"}])
def test_unknown_words_are_refused(house: House, wrong: dict[str, str]) -> None:
    """An empty list would look like an answer."""
    with pytest.raises(BadInput):
        cases.listing(house.ines, NOW, **wrong)


def test_closed_cases_are_out_of_the_queue(house: House) -> None:
    """The queue is what is to be done; the listing can show all."""
    many(3, house.hannah.actor())
    CaseRow.objects.filter(pk=CaseRow.objects.first().pk).update(closed_at=NOW, state="closed")
    assert len(cases.queue(house.ines, NOW).cases) == 2
    assert len(cases.listing(house.ines, NOW).cases) == 3
    assert len(cases.listing(house.ines, NOW, state="closed").cases) == 1
