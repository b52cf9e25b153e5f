"""Storms: the same mail, one sender, loops with machines. No storm of cases or receipts; nothing is dropped."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from forgeward.desk.actions import facts
from forgeward.desk.models import CaseRow, Entry, NoticeRow, RawMail
from tests.desk.post import Office, answer, report

MANY = 500
ROWS = 10_000


def _by_another_way(number: int) -> bytes:
    """The same mail, with other bytes: each server on its way adds a line of its own."""
    return f"Received: from a by b{number}; Mon, 23 Nov 2026 10:00:00 +0000\r\n".encode() + report()


def _receipts() -> int:
    return NoticeRow.objects.filter(kind="receipt").count()


def _filled(post: Office, state: str) -> None:
    """Ten thousand more rows like the last one of that state, as a storm would have left them."""
    row = RawMail.objects.filter(state=state).latest("pk")
    own = {"id", "name", "fingerprint"}
    columns = ", ".join(c.column for c in RawMail._meta.concrete_fields if c.column not in own)
    fill = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
        " INSERT INTO desk_rawmail (name, fingerprint, COLUMNS)"
        " SELECT 'n' || n.i, 'f' || n.i, COLUMNS FROM desk_rawmail, n WHERE desk_rawmail.id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(fill.replace("COLUMNS", columns), [ROWS, row.pk])


@pytest.mark.slow
def test_the_same_mail_500_times_is_one_case(post: Office) -> None:
    """One case, one receipt; each copy is kept, grouped and counted: the history says so at 1, 10 and 100."""
    taken = post.take(*(_by_another_way(n) for n in range(MANY)))
    assert [each.new for each in taken].count(True) == 1
    assert {each.state for each in taken[1:]} == {"grouped"}
    assert {each.case for each in taken} == {taken[0].case}
    assert RawMail.objects.count() == MANY
    assert Entry.objects.filter(kind="case:grouped").count() == 3
    assert _receipts() == len(post.deliver()) == 1


@pytest.mark.slow
def test_one_sender_500_times_is_twenty_cases(post: Office) -> None:
    """Twenty a day, three receipts an hour; the others are with the last case, for a person to open."""
    taken = post.take(*(report(n) for n in range(MANY)))
    assert CaseRow.objects.count() == [each.new for each in taken].count(True) == 20
    assert RawMail.objects.filter(state="grouped").count() == MANY - 20
    assert _receipts() == len(post.deliver()) == 3


@pytest.mark.parametrize("storm", ["copies", "sender"])
def test_the_ten_thousandth_costs_what_the_hundredth_did(post: Office, storm: str) -> None:
    """The same number of queries, and none of them reads the storm: what is asked is found by an index."""

    def mails(start: int) -> list[bytes]:
        return [_by_another_way(n) if storm == "copies" else report(n) for n in range(start, start + 30)]

    post.take(*mails(0))
    with CaptureQueriesContext(connection) as before:
        post.take(*mails(100))
    _filled(post, "grouped")
    with CaptureQueriesContext(connection) as after:
        taken = post.take(*mails(200))
    assert {each.state for each in taken} == {"grouped"}
    assert len(after) <= len(before) + 2, "two for the milestone that the ten thousand reach"
    assert CaseRow.objects.count() == (1 if storm == "copies" else 20)


def test_what_is_asked_of_each_mail_is_found_by_an_index(post: Office) -> None:
    """SQLite takes a partial index only where the query repeats its condition."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides by its statistics, which a test's few rows do not make")
    queries = {"raw_copy": facts._COPY, "raw_content_opened": facts._OF_CONTENT, "raw_sender_opened": facts._OF_SENDER}
    for index, query in queries.items():
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + query, ["x"] * query.count("%s"))
            plan = " ".join(str(line) for line in cursor.fetchall())
        assert f"USING INDEX {index}" in plan, plan
        assert "SCAN" not in plan


def _out_of_office(letter: EmailMessage, number: int, **fields: object) -> bytes:
    return answer(letter, number, subject="Out of office", body="I am away.", **fields)


def test_an_out_of_office_loop_ends_at_once(post: Office) -> None:
    """Our receipt, its automatic answer: that joins and is answered by nobody, however often it comes."""
    post.one(report())
    (receipt,) = post.deliver()
    for number in range(2, 62):
        post.one(_out_of_office(receipt, number, Auto_Submitted="auto-replied", Return_Path="<>"))
        assert post.deliver() == []
    states = [row.state for row in RawMail.objects.order_by("pk")]
    assert states.count("parsed") <= 51, "the report and fifty answers; then they are grouped"
    assert states[-1] == "grouped"
    assert CaseRow.objects.count() == _receipts() == 1


def test_a_robot_that_names_itself_nowhere_is_outlasted(post: Office) -> None:
    """It answers each of our letters with a new mail, as people would: three receipts, then silence."""
    post.one(report(0, "robot@example.org"))
    letters, number = post.deliver(), 0
    while letters:
        number += 1
        assert number < 20, "the loop goes on"
        post.one(report(number, "robot@example.org", subject="Thank you for your mail", body=f"Ticket {number}"))
        letters = post.deliver()
    assert _receipts() == 3
    for further in range(100, 160):
        post.one(report(further, "robot@example.org", subject="Thank you for your mail", body=f"Ticket {further}"))
    assert post.deliver() == []
    assert CaseRow.objects.count() == 20


def test_a_list_that_sends_us_our_own_words_opens_nothing(post: Office) -> None:
    """A list that we are on gives our receipt back, as from us or with our mark: it is set aside, a hundred times."""
    post.one(report(0, List_Id="<sec.example.org>"))
    assert post.deliver() == [], "a list gets no receipt in the first place"
    for number in range(1, 100):
        ours = report(number, "security@lattice-loom.example", List_Id="<sec.example.org>")
        assert post.one(ours).state == "aside"
    assert CaseRow.objects.count() == 1
    assert _receipts() == 0
