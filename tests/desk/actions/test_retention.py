"""What the policy keeps no longer goes, when its time is over and not before; the ledger says how much."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from forgeward.desk.actions import erasures, people, retention
from forgeward.desk.models import AttachmentRow, CanaryRow, CaseRow, Entry, RawMail, SessionRow, SignInLink
from forgeward.desk.readers import case_page
from forgeward.desk.readers import mail as mail_reader
from forgeward.errors import KeyErased
from forgeward.ledger.entry import decode
from tests.desk.post import Office, report
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, reported, step

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
MIXED = 'multipart/mixed; boundary="cut"'
BODY = (
    "--cut\r\nContent-Type: text/plain\r\n\r\nIt reads any note.\r\n"
    '--cut\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nTwice.\r\n--cut--'
)
_count = iter(range(1000))


def somebody() -> str:
    return f"kept{next(_count)}@research.example"


def closed(house: House, number: str, at: datetime) -> str:
    said: dict[str, Any] = {"as": "spam", "reason": "Nothing of ours"}
    step(number, "reject", house.hannah, at, **said)
    step(number, "approve", house.tomasz, at, step="reject")
    return number


def enforced(now: datetime) -> dict[str, int]:
    return dict(retention.enforce(settings.HOME, now))


def test_a_fresh_home_keeps_everything(post: Office, house: House) -> None:
    """Nothing is old, nothing is written."""
    post.one(report())
    with untouched():
        assert enforced(NOW + DAY) == {}


def test_mails_of_no_case_go_after_ninety_days(post: Office, house: House) -> None:
    """Bytes and what lists show; the row stays, so that the same mail is not taken in again."""
    raw = report(1, somebody(), Auto_Submitted="auto-replied")
    assert post.one(raw).state == "aside"
    row = RawMail.objects.get()
    assert enforced(post.now + 89 * DAY) == {}
    assert enforced(post.now + 91 * DAY) == {"unfiled_mail": 1}
    assert enforced(post.now + 91 * DAY) == {}
    assert not (settings.HOME.raw / row.name).exists()
    assert mail_reader.one(house.ines, row.pk).sender == "[deleted]"
    assert "[deleted]" in mail_reader.opened(settings.HOME, house.ines, row.pk).unread
    with pytest.raises(KeyErased):
        mail_reader.raw(settings.HOME, house.ines, row.pk)
    assert post.one(raw).state == "aside"
    assert RawMail.objects.count() == 1
    data = decode(bytes(Entry.objects.get(kind=retention.ENFORCED).body)).data
    assert (data["kind"], data["count"]) == ("unfiled_mail", 1)


def test_mails_and_files_of_a_case_count_from_its_closing(post: Office, house: House) -> None:
    """An open case keeps everything; of a closed one the thread stays after a year, and the reporter three."""
    address = somebody()
    number = post.one(report(1, f"Noor Haddad <{address}>", body=BODY, Content_Type=MIXED)).case or ""
    assert enforced(post.now + 3 * YEAR) == {}
    end = post.now + 3 * YEAR
    closed(house, number, end)
    assert enforced(end + YEAR - DAY) == {}
    assert enforced(end + YEAR + 2 * DAY) == {"case_mail": 1, "files": 1}
    assert list(settings.HOME.raw.iterdir()) == list(settings.HOME.files.iterdir()) == []
    assert not AttachmentRow.objects.exists()
    page = case_page.case_page(number, house.ines, end + YEAR + 2 * DAY)
    assert "It reads any note." in page.thread[0].text
    assert enforced(end + 3 * YEAR + 2 * DAY) == {"reporters": 1}
    assert case_page.case_page(number, house.ines, end + 4 * YEAR).reporter.startswith("[erased on ")
    assert Entry.objects.filter(kind=erasures.ERASED).count() == 1
    assert agrees(end + 4 * YEAR)


def test_a_reporter_with_a_younger_case_stays(house: House) -> None:
    """Their last one counts, open or closed."""
    address = somebody()
    old = closed(house, reported(house.hannah, reporter_address=address), NOW)
    young = reported(house.hannah, NOW + 2 * YEAR, reporter_address=address)
    assert "reporters" not in enforced(NOW + 4 * YEAR)
    closed(house, young, NOW + 4 * YEAR)
    assert "reporters" not in enforced(NOW + 5 * YEAR)
    assert enforced(NOW + 7 * YEAR + 3 * DAY)["reporters"] == 1
    assert {row.reporter for row in CaseRow.objects.filter(number__in=[old, young])} == {
        CaseRow.objects.get(number=old).reporter
    }


def test_cases_without_reporter_stay_as_they_are(house: House) -> None:
    """There is nobody to forget."""
    number = closed(house, opened(house.hannah, text="Errors in the night"), NOW)
    assert enforced(NOW + 9 * YEAR) == {}
    assert "Errors in the night" in str(case_page.case_page(number, house.ines, NOW + 9 * YEAR))


def test_sessions_links_and_test_mails(house: House) -> None:
    """What ended goes; the last test mail of an address stays."""
    people.sign_in_link(house.ines, NOW)
    SessionRow.objects.create(session_key="a" * 32, session_data="x", expire_date=NOW, began_at=NOW)
    for days in range(3):
        CanaryRow.objects.create(address="security@example.com", sent_at=NOW + days * DAY)
    assert enforced(NOW + 5 * DAY) == {}
    assert enforced(NOW + 120 * DAY) == {"test_mails": 2, "sessions": 2}
    assert not SessionRow.objects.exists()
    assert not SignInLink.objects.exists()
    assert CanaryRow.objects.get().sent_at == NOW + 2 * DAY


def test_the_worker_looks_once_an_hour(post: Office, house: House) -> None:
    """And again at once while something is left."""
    post.one(report(1, somebody(), Auto_Submitted="auto-replied"))
    late = post.now + 91 * DAY
    retention.look_after(settings.HOME, late - 5 * DAY)
    retention.look_after(settings.HOME, late - 5 * DAY + timedelta(minutes=59))
    assert not Entry.objects.filter(kind=retention.ENFORCED).exists()
    retention.look_after(settings.HOME, late)
    assert Entry.objects.filter(kind=retention.ENFORCED).count() == 1
