"""Incoming mail on the desk: what strangers wrote is shown and never run, and each decision is one press."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from forgeward.desk.models import AttachmentRow, CaseRow, RawMail
from tests.desk.post import Office, answer, office, report
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.story import HOSTILE, step
from tests.desk.web.test_hostile import Tags


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    with office(monkeypatch) as here:
        yield here


@pytest.fixture
def waiting(post: Office) -> tuple[str, int]:
    """A case, and a stranger's hostile answer that is held."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    post.one(answer(receipt, 2, "Mallory <mallory@example.net>", subject=HOSTILE, body=HOSTILE))
    return number, RawMail.objects.get(state="held").pk


def test_the_list_and_the_mail_are_shown_and_not_run(house: House, waiting: tuple[str, int]) -> None:
    """No inline script, no second id, every word as text."""
    client = signed_in(house.hannah)
    for path in ("/mail/", "/mail/?state=held", f"/mail/?case={waiting[0]}", f"/mail/{waiting[1]}/"):
        page = client.get(path)
        assert page.status_code == 200
        tags = Tags(page.content.decode())
        assert tags.inline == []
        assert [name for name, count in tags.ids.items() if count > 1] == []
        assert "mallory@example.net" in page.content.decode()
        assert "<img src=x" not in page.content.decode()


def test_the_menu_counts_what_waits(house: House, waiting: tuple[str, int]) -> None:
    """So that nobody forgets the held mails."""
    page = signed_in(house.hannah).get("/").content.decode()
    assert re.search(r'href="/mail/">Mail <span class="num">1</span>', page)


@pytest.mark.parametrize(("deed", "data"), [("join", {}), ("open", {}), ("discard", {"reason": "An advertisement"})])
def test_each_decision_is_one_press(house: House, waiting: tuple[str, int], deed: str, data: dict[str, str]) -> None:
    """And leads to what became of it; a second press is told that it was decided."""
    number, pk = waiting
    client = signed_in(house.hannah)
    fields = {"case": number} if deed == "join" else data
    done = client.post(f"/mail/{pk}/{deed}/", fields)
    assert done.status_code == 302
    now = RawMail.objects.select_related("case").get(pk=pk)
    assert done["Location"] == ("/mail/" if deed == "discard" else f"/cases/{now.case.number}/")  # type: ignore[union-attr]
    assert client.post(f"/mail/{pk}/{deed}/", fields).status_code == 409


def test_what_is_refused_keeps_what_was_typed(house: House, waiting: tuple[str, int]) -> None:
    """No reason, no such case: a sentence beside the mail."""
    _, pk = waiting
    client = signed_in(house.hannah)
    page = client.post(f"/mail/{pk}/discard/", {"reason": " "})
    assert page.status_code == 422
    assert "why this mail asks for nothing" in page.content.decode()
    page = client.post(f"/mail/{pk}/join/", {"case": "FW-222222"})
    assert page.status_code == 422
    assert "There is no case FW-222222" in page.content.decode()
    assert RawMail.objects.get(pk=pk).state == "held"
    assert client.get(f"/mail/{pk}/join/").status_code == 405
    assert client.post(f"/mail/{pk}/burn/").status_code == 404
    assert client.post("/mail/999999999/join/").status_code == 404


@pytest.mark.parametrize(
    ("who", "list_status", "mail_status", "deed"), [("ada", 200, 200, 403), ("nobody", 404, 404, 404)]
)
def test_who_may_decide(
    house: House, waiting: tuple[str, int], who: str, list_status: int, mail_status: int, deed: int
) -> None:
    """An auditor looks, an account without a role sees nothing."""
    _, pk = waiting
    client = signed_in(getattr(house, who))
    assert client.get("/mail/").status_code == list_status
    assert client.get(f"/mail/{pk}/").status_code == mail_status
    assert client.get(f"/mail/{pk}/raw/").status_code == mail_status
    assert client.post(f"/mail/{pk}/open/").status_code == deed


def test_mails_of_restricted_cases_are_hidden(house: House, waiting: tuple[str, int]) -> None:
    """From everybody whom the case does not name."""
    number, pk = waiting
    step(number, "restrict", house.ines, NOW, people=[f"person:{house.tomasz.pk}"])
    client = signed_in(house.hannah)
    assert "mallory" not in client.get("/mail/").content.decode()
    assert client.get(f"/mail/{pk}/").status_code == 404
    assert client.post(f"/mail/{pk}/open/").status_code == 404
    assert signed_in(house.tomasz).get(f"/mail/{pk}/").status_code == 200


def test_a_mail_as_received_is_only_a_download(house: House, waiting: tuple[str, int]) -> None:
    """Byte for byte, as an opaque type."""
    _, pk = waiting
    page = signed_in(house.hannah).get(f"/mail/{pk}/raw/")
    assert page["Content-Type"] == "application/octet-stream"
    assert page["Content-Disposition"].startswith("attachment;")
    assert page["X-Content-Type-Options"] == "nosniff"
    assert b"Mallory" in page.content


FILES = (
    b"From: Rita <rita@example.org>\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the files.\r\n"
    b'--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename="a\\"\xc3\xa4.html"\r\n\r\n'
    b"<script>alert(1)</script>\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=x.zip\r\n\r\n"
    b"PK\x03\x04zip\r\n--b--\r\n"
)


def test_files_are_shown_as_text_or_not_at_all(house: House, post: Office) -> None:
    """Markup as its own text; an archive is named and never opened; both can be taken away as opaque bytes."""
    number = post.one(FILES).case
    client = signed_in(house.hannah)
    page, archive = AttachmentRow.objects.order_by("pk")
    assert f"/files/{page.pk}/" in client.get(f"/cases/{number}/").content.decode()
    shown = client.get(f"/files/{page.pk}/").content.decode()
    assert "&lt;script&gt;" in shown
    assert Tags(shown).inline == []
    assert "never unpacked" in client.get(f"/files/{archive.pk}/").content.decode()
    for row in (page, archive):
        taken = client.get(f"/files/{row.pk}/?download")
        assert taken["Content-Type"] == "application/octet-stream"
        assert taken["Content-Disposition"].isascii()
        assert '"' not in taken["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')
        assert "sandbox" in taken["Content-Security-Policy"]
    assert signed_in(house.nobody).get(f"/files/{page.pk}/").status_code == 404
    step(number or "", "restrict", house.ines, NOW, people=[f"person:{house.tomasz.pk}"])
    assert client.get(f"/files/{page.pk}/").status_code == 404


def test_the_list_costs_the_same_for_many(house: House, post: Office, django_assert_max_num_queries: object) -> None:
    """Queries do not grow with the rows; pages follow each other."""
    post.take(*(report(n, f"r{n}@example.org") for n in range(60)))
    client = signed_in(house.hannah)
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        page = client.get("/mail/").content.decode()
    assert page.count("<tr role=") >= 51
    older = re.search(r'href="\?([^"]+)">Older', page)
    assert older
    assert client.get("/mail/?" + older[1].replace("&amp;", "&")).content.decode().count("one_mail") == 0
    assert CaseRow.objects.count() == 60


@pytest.mark.parametrize("query", ["state=lost", "before=x", "case=%00", "before=-1"])
def test_a_wrong_address_says_so(house: House, query: str) -> None:
    """Without a traceback."""
    assert signed_in(house.hannah).get(f"/mail/?{query}").status_code in {200, 400}
