"""The list of cases: filters, saved views, and steps on many cases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from forgeward.desk.actions import bulk, views
from forgeward.desk.filters import Filters
from forgeward.desk.models import Entry, SavedView
from forgeward.desk.readers import cases, search
from forgeward.desk.readers.search import Cursor
from forgeward.errors import BadInput, NotAllowed, NotFound
from forgeward.respond.parse import parse
from tests.desk.readers.rows import many
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in

KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(house: House) -> House:
    """Cases of several kinds, severities, states, owners and deadlines; one restricted to Dele."""
    many(6, house.hannah.actor(), NOW - timedelta(days=6))
    story.fixing(house)
    story.incident(house)
    hidden = story.opened(house.hannah, NOW, title="Hidden")
    story.step(hidden, "restrict", house.dele, people=[f"person:{house.dele.pk}"])
    return house


FILTERS = [
    {},
    {"state": "open"},
    {"state": "received"},
    {"state": "closed"},
    {"kind": "incident"},
    {"kind": "vulnerability", "level": "high"},
    {"kind": "incident", "level": "low"},
    {"level": "none", "state": "open"},
    {"owner": "nobody"},
    {"due": "late"},
    {"due": "week", "kind": "event"},
    {"number": "fw-"},
    {"number": "FW-AAAAA", "state": "open"},
    {"number": "FW-ZZZZZZ"},
    {"number": "x"},
]


def fits(line: cases.CaseLine, asked: dict[str, str]) -> bool:
    """The same, asked of each case."""
    state = asked.get("state", "all")
    due = {"late": NOW, "week": NOW + timedelta(days=7)}.get(asked.get("due", ""))
    return all(
        (
            state == "all" or (line.closed_at is None if state == "open" else line.state == state),
            asked.get("kind", line.kind) == line.kind,
            asked.get("level", line.level or "none") == (line.level or "none"),
            asked.get("owner") != "nobody" or not line.owner,
            due is None or (line.next_due is not None and line.next_due < due),
            line.number.startswith(asked.get("number", "").upper()),
        )
    )


@pytest.mark.parametrize("asked", FILTERS, ids=lambda asked: "&".join(f"{k}={v}" for k, v in asked.items()) or "all")
def test_every_filter_finds_what_fits_in_pages_and_in_order(mixed: House, asked: dict[str, str]) -> None:
    """Two at a time by the cursor: the same as all cases asked one by one, no restricted one, deadlines ascending."""
    everything = cases.listing(mixed.ines, NOW, limit=1000).cases
    assert "Hidden" not in {line.title for line in everything}
    wanted = [line.number for line in everything if fits(line, asked)]
    found, after = list[str](), ""
    while True:
        page = cases.listing(mixed.ines, NOW, limit=2, after=after, **asked)
        found += [line.number for line in page.cases]
        after = page.after
        if not after:
            break
    assert found == wanted


def test_a_restricted_case_is_found_by_whom_it_names(mixed: House) -> None:
    """Also where filters are asked by combination; somebody without a role finds nothing at all."""
    names = [line.title for line in cases.listing(mixed.dele, NOW, kind="event", limit=1000).cases]
    assert "Hidden" in names
    assert search.found(mixed.nobody, Filters(), NOW, None, 10) == []


def test_me_is_who_looks(mixed: House) -> None:
    """The same address shows each person their own cases."""
    mine = cases.listing(mixed.tomasz, NOW, owner="me", state="open").cases
    assert {line.owner for line in mine} == {"Tomasz Bielak"}
    assert not cases.listing(mixed.dele, NOW, owner="me", state="open").cases
    assert "Tomasz Bielak" in signed_in(mixed.tomasz).get("/cases/?owner=me").content.decode()


@pytest.mark.parametrize(
    "query", ["owner=person:x", "owner=%27", "due=soon", "state=sad", "after=x.y", "owner=person:" + "9" * 30]
)
def test_words_that_no_case_has_are_refused(house: House, query: str) -> None:
    """A sentence and 400; never an error of the database."""
    assert signed_in(house.ines).get(f"/cases/?{query}").status_code == 400


def test_a_cursor_bounds_both_halves(house: House) -> None:
    """After an undated case only undated ones follow."""
    many(2, house.hannah.actor())
    assert search.found(house.ines, Filters(), NOW, Cursor(None, 1), 10) == []


# --- saved views -----------------------------------------------------------------------------------------------------


def test_a_view_keeps_allowed_parameters_only(house: House) -> None:
    """A name for a query; cursors, unknown words and empty ones are dropped, and the query has one order."""
    client = signed_in(house.hannah)
    sent = {
        "name": "  High   ones ",
        "severity": "high",
        "kind": "",
        "after": "1.1",
        "next": "//evil.example",
        "state": "all",
    }
    answer = client.post("/cases/views/", sent)
    assert answer["Location"] == "/cases/?state=all&severity=high"
    row = SavedView.objects.get()
    assert (row.name, row.query, row.shared) == ("High ones", "state=all&severity=high", False)
    assert "High ones" in client.get("/cases/").content.decode()
    assert "High ones" not in signed_in(house.ines).get("/cases/").content.decode()


def test_a_shared_view_is_everybodys_and_removed_by_its_maker_or_the_lead(house: House) -> None:
    """Others see it and may not take it away; an auditor keeps views of their own and shares none."""
    row = views.save(house.hannah, "Late ones", {"due": "late"}, NOW, shared=True)
    assert "shared by Hannah" in signed_in(house.tomasz).get("/cases/").content.decode()
    with pytest.raises(NotAllowed):
        views.remove(house.tomasz, row.pk)
    assert signed_in(house.tomasz).post(f"/cases/views/{row.pk}/remove/").status_code == 403
    assert views.remove(house.ines, row.pk) == "Late ones"
    own = views.save(house.ada, "Mine", {"state": "all"}, NOW)
    with pytest.raises(NotAllowed):
        views.save(house.ada, "Ours", {"state": "all"}, NOW, shared=True)
    with pytest.raises(NotFound):
        views.remove(house.ines, own.pk)
    with pytest.raises(NotAllowed):
        views.save(house.nobody, "Mine", {}, NOW)


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b", "a\u202eb"])
def test_a_view_has_a_name(house: House, name: str) -> None:
    """Short and printable."""
    with pytest.raises(BadInput):
        views.save(house.ines, name, {"state": "all"}, NOW)
    assert not SavedView.objects.exists()


def test_a_view_of_the_same_name_is_replaced(house: House) -> None:
    """Saving again mends it."""
    views.save(house.ines, "Mine", {"owner": "me"}, NOW)
    views.save(house.ines, "Mine", {"owner": "me", "state": "all"}, NOW)
    assert [row.query for row in SavedView.objects.all()] == ["state=all&owner=me"]


# --- many cases at once ----------------------------------------------------------------------------------------------


def outcomes(house: House, numbers: list[str], step: str, **values: object) -> dict[str, bulk.Outcome]:
    found = bulk.perform_each(numbers, parse(step, values), house.ines, KEY, NOW)
    return {each.number: each for each in found}


def test_each_case_is_decided_by_itself(house: House) -> None:
    """One is done, one lacks something, one is not there for the person: the last two hinder nobody."""
    older, good = story.opened(house.hannah, NOW - timedelta(hours=1)), story.opened(house.hannah)
    hidden = story.opened(house.hannah)
    story.step(hidden, "restrict", house.dele, people=[f"person:{house.dele.pk}"])
    found = outcomes(house, [older, good, hidden, "FW-NOTHIN"], "merge", into=older)
    assert [found[n].done for n in (good, older, hidden, "FW-NOTHIN")] == [True, False, False, False]
    assert found[hidden].missing[0].replace(hidden, "X") == found["FW-NOTHIN"].missing[0].replace("FW-NOTHIN", "X")


def test_the_same_form_sent_twice_does_nothing_twice(house: House) -> None:
    """A reload, a double click, a crash half way: what was done is told, what was not is done."""
    first, second = story.opened(house.hannah), story.opened(house.hannah)
    outcomes(house, [first], "note", text="Seen")
    entries = Entry.objects.count()
    found = outcomes(house, [first, second, first], "note", text="Seen")
    assert [found[n].again for n in (first, second)] == [True, False]
    assert Entry.objects.count() == entries + 1


def test_what_needs_a_second_person_waits(house: House) -> None:
    """Rejecting many is proposed for each."""
    numbers = [story.opened(house.hannah) for _ in range(2)]
    found = outcomes(house, numbers, "reject", **{"as": "spam", "reason": "The same advertisement"})
    assert all(each.done and each.waits for each in found.values())


@pytest.mark.parametrize("step", ["assess", "close", "approve", "ship", "reply"])
def test_judgements_are_not_for_many(house: House, step: str) -> None:
    """A step that says something about one case is refused as a whole."""
    number = story.opened(house.hannah)
    with pytest.raises(BadInput, match="for one case"):
        outcomes(house, [number], step)
    page = signed_in(house.ines).get(f"/cases/many/?step={step}&case={number}")
    assert page.status_code == 400


@pytest.mark.parametrize("key", ["", "x" * 41, "a b", "é!"])
def test_a_form_without_its_key_does_nothing(house: House, key: str) -> None:
    """Nor do no cases, or too many."""
    number = story.opened(house.hannah)
    with pytest.raises(BadInput):
        bulk.perform_each([number], parse("note", {"text": "x"}), house.ines, key, NOW)
    for numbers in ([], [f"FW-{i}" for i in range(bulk.MOST + 1)]):
        with pytest.raises(BadInput, match="chosen"):
            bulk.perform_each(numbers, parse("note", {"text": "x"}), house.ines, KEY, NOW)


def test_the_pages_of_many_cases(house: House) -> None:
    """From the list by ticks to the form, to what became of each; what is missing is asked for once."""
    client = signed_in(house.ines)
    numbers = [story.opened(house.hannah, title=f"Case <{i}>") for i in range(2)]
    assert client.get("/cases/").content.decode().count('name="case"') == 2
    form = client.get("/cases/many/", {"step": "handover", "case": numbers}).content.decode()
    assert form.count("checked") == 2
    assert "Case &lt;0&gt;" in form
    found = re.search(r'name="key" value="(\w+)"', form)
    assert found
    sent = {"step": "handover", "case": numbers, "key": found[1]}
    assert client.post("/cases/many/", sent).status_code == 422
    done = client.post("/cases/many/", {**sent, "owner": f"person:{house.tomasz.pk}"}).content.decode()
    assert "2 of 2 cases done" in done
    again = client.post("/cases/many/", {**sent, "owner": f"person:{house.tomasz.pk}"}).content.decode()
    assert again.count("nothing was done twice") == 2


def test_whoever_changes_nothing_is_offered_nothing(house: House) -> None:
    """An auditor sees no ticks, and is refused by address as well; so is a step that is not for one's role."""
    number = story.opened(house.hannah)
    auditor = signed_in(house.ada)
    assert 'name="case"' not in auditor.get("/cases/").content.decode()
    assert auditor.get(f"/cases/many/?step=note&case={number}").status_code == 400
    assert auditor.post("/cases/many/", {"step": "note", "case": number, "key": KEY, "text": "x"}).status_code == 400
    assert signed_in(house.hannah).get(f"/cases/many/?step=restrict&case={number}").status_code == 400


# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_can_be_switched_off_on_the_account_page(house: House) -> None:
    """Then no page loads the script; and on again."""
    client = signed_in(house.ines)
    assert "keys.js" in client.get("/cases/").content.decode()
    answer = client.post("/account/keys/", {"keys": "off"})
    assert answer.cookies["keys"].value == "off"
    assert "keys.js" not in client.get("/cases/").content.decode()
    assert "Switch the keys on" in client.get("/account/").content.decode()
    client.post("/account/keys/", {"keys": "on"})
    assert "keys.js" in client.get("/cases/").content.decode()
    assert "keys" not in client.post("/account/keys/", {"keys": "maybe"}).cookies
