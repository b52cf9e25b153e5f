"""Submissions of the web form and tickets of AMS become cases as mails do: kept first, filed once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from forgeward.desk.actions import reports
from forgeward.desk.models import CaseRow, ClockRow, RawMail
from forgeward.errors import BadInput
from forgeward.vocabulary import Fact
from tests.desk.post import Office, report
from tests.desk.tables import agrees, case_of

FORM = {
    "subject": "Anybody reads notes",
    "text": "Open /notes/2.",
    "name": "Noor Haddad",
    "email": "noor@example.org",
    "app": "Field Radar",
    "disclosure": "2027-02-01",
    "browser": "Firefox 140",
    "steps": ["one", "two"],
}
ISSUE = {
    "key": "AMS-4711",
    "fields": {
        "summary": "Stored XSS in Field Radar",
        "description": {
            "type": "doc",
            "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "A script runs."}]},
                {"type": "paragraph", "content": [{"type": "inlineCard", "attrs": {"url": "https://x.example/1"}}]},
            ],
        },
        "created": "2026-11-20T09:15:00.000+0000",
        "priority": {"name": "High"},
        "labels": ["xss", "cloud"],
        "customfield_10042": {"odd": True},
    },
}  # fmt: skip


def form(post: Office, **changed: object) -> reports.Taken:
    return reports.take_form(post.home, json.dumps(FORM | changed).encode(), "form.json", post.clock)


def ams(post: Office, document: object) -> list[reports.Taken]:
    return reports.take_ams(post.home, json.dumps(document).encode(), "AMS.json", post.clock)


def test_a_submission_opens_a_case(post: Office) -> None:
    """Source form, the app, the reporter with a receipt, their own date; what is not known stands in the text."""
    taken = form(post)
    case = case_of(taken.case or "")
    assert (case.source, case.apps, case.reporter) == ("form", ("field-radar",), True)
    assert case.disclosures[0].until == datetime(2027, 2, 1, 23, 59, 59, tzinfo=UTC)
    assert [mail["To"] for mail in post.deliver()] == ["noor@example.org"]
    assert form(post).new is False
    assert CaseRow.objects.count() == 1
    assert agrees(post.now)


@pytest.mark.parametrize(
    ("changed", "reporter"), [({"email": "", "name": ""}, False), ({"email": "not an address"}, True)]
)
def test_nobody_needs_to_give_an_address(post: Office, changed: dict[str, str], reporter: bool) -> None:
    """An anonymous report is a report."""
    taken = form(post, **changed)
    assert taken.new
    assert case_of(taken.case or "").reporter is reporter


@pytest.mark.parametrize("raw", [b"", b"x", b"[]", b"{}", b'{"name": "x"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_submission_says_so(post: Office, raw: bytes) -> None:
    """A sentence, and nothing is stored."""
    with pytest.raises(BadInput):
        reports.take_form(post.home, raw, "x", post.clock)
    assert not RawMail.objects.exists()


def test_a_ticket_counts_from_its_creation(post: Office) -> None:
    """The Marketplace's clock from AMS, ours from when we learned of it; no reporter; once."""
    (taken,) = ams(post, ISSUE)
    case = case_of(taken.case or "")
    assert case.source == "ams"
    assert case.facts[Fact.AMS_REPORTED] == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert case.facts[Fact.RECEIVED] == post.now
    assert not case.reporter
    assert ClockRow.objects.filter(case__number=taken.case, regime="marketplace").exists()
    assert ams(post, ISSUE)[0].case == taken.case
    assert CaseRow.objects.count() == 1
    assert agrees(post.now)


def test_a_ticket_that_changed_joins_its_case(post: Office) -> None:
    """Also when a mail tells of it."""
    (first,) = ams(post, ISSUE)
    post.pass_time(hours=1)
    later = {"key": "AMS-4711", "fields": ISSUE["fields"] | {"status": {"name": "In progress"}}}  # type: ignore[operator]
    assert ams(post, later)[0].joined == first.case
    assert post.one(report(1, "jira@am.atlassian.com", subject="(AMS-4711) commented")).joined == first.case


def test_a_search_result_holds_many(post: Office) -> None:
    """Each issue is a case of its own."""
    issues = [{"key": f"AMS-{n}", "fields": {"summary": f"Hole {n}"}} for n in range(5)]
    assert [taken.new for taken in ams(post, {"issues": issues, "total": 5})] == [True] * 5
    assert [taken.new for taken in ams(post, issues)] == [False] * 5


def test_a_creation_in_the_future_is_not_believed(post: Office) -> None:
    """The clock starts when we learned of it then."""
    odd = {"key": "AMS-1", "fields": {"summary": "x", "created": (post.now + timedelta(days=1)).isoformat()}}
    assert case_of(ams(post, odd)[0].case or "").facts[Fact.AMS_REPORTED] == post.now


def test_a_notification_mail_is_a_ticket_when_a_person_says_so(post: Office) -> None:
    """Whoever sent it on; a later mail about the same key joins, unproven too, since a person handed it over."""
    post.proven = False
    raw = report(1, "hannah@lattice-loom.example", subject="Fwd: [JIRA] (AMS-9) Broken access control")
    (taken,) = reports.take_ams(post.home, raw, "ams.eml", post.clock)
    assert case_of(taken.case or "").source == "ams"
    more = report(2, "hannah@lattice-loom.example", subject="Fwd: (AMS-9) was commented", body="more")
    assert reports.take_ams(post.home, more, "ams2.eml", post.clock)[0].joined == taken.case


@pytest.mark.parametrize("document", [{}, [], {"issues": []}, {"key": "AMS-1"}, {"fields": {}}, [1], {"issues": [{}]}])
def test_what_is_no_ticket_says_so(post: Office, document: object) -> None:
    """A sentence, and nothing is stored."""
    with pytest.raises(BadInput):
        ams(post, document)
    assert not RawMail.objects.exists()
