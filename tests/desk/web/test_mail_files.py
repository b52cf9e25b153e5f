"""Files of mails that wait, who vouches for a sender, what is counted, and held letters: for each role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forgeward.desk.models import Entry, NoticeRow, RawMail
from tests.desk.post import Office, answer, office, report
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.story import step
from tests.desk.web.test_hostile import Tags

ROLES = ("ines", "tomasz", "hannah", "dele", "ada", "nobody")
PARTS = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nSee \u202eexe.\r\n'
    '--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="<script>alert(1)</script>.html"\r\n'
    "\r\n<script>alert(1)</script> a\u202ebc\r\n"
    '--b\r\nContent-Disposition: attachment; filename="../../x.zip"\r\n\r\nPK\x03\x04zip\r\n--b--\r\n'
)


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    with office(monkeypatch) as here:
        yield here


@pytest.fixture
def held(post: Office) -> tuple[str, int]:
    """A case, and a stranger's answer with files, which is held."""
    number = post.one(report()).case or ""
    (receipt,) = post.deliver()
    raw = answer(receipt, 2, "Mallory <mallory@example.net>").decode()
    head = raw.partition("\r\n\r\n")[0]
    post.one(f"{head}\r\n{PARTS}".encode())
    return number, RawMail.objects.get(state="held").pk


def test_a_file_is_looked_at_before_anything_is_decided(house: House, held: tuple[str, int]) -> None:
    """As text, what cannot be seen made visible; an archive is named and never unpacked; the rest is a download."""
    client, pk = signed_in(house.hannah), held[1]
    page = client.get(f"/mail/{pk}/").content.decode()
    assert "Who vouches for the sender" in page
    assert "an archive, never unpacked here" in page
    assert "See [U+202E]exe." in page
    assert f"/mail/{pk}/files/2/" in page
    shown = client.get(f"/mail/{pk}/files/1/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; a[U+202E]bc" in shown
    assert Tags(page).inline == Tags(shown).inline == []
    assert "This is an archive" in client.get(f"/mail/{pk}/files/2/").content.decode()
    taken = client.get(f"/mail/{pk}/files/2/?download")
    assert taken.content.startswith(b"PK\x03\x04")
    assert taken["Content-Type"] == "application/octet-stream"
    assert taken["Content-Disposition"] == 'attachment; filename="x.zip"'
    assert taken["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in taken["Content-Security-Policy"]
    assert client.get(f"/mail/{pk}/files/3/").status_code == 404
    assert client.get(f"/mail/{pk}/files/0/").status_code == 404
    assert client.get("/mail/999999999/files/1/").status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_files_are_for_those_who_see_the_mail(house: House, held: tuple[str, int], role: str) -> None:
    """Without a role nothing is there; of a restricted case, for nobody whom it does not name."""
    number, pk = held
    client = signed_in(getattr(house, role))
    addresses = (f"/mail/{pk}/", f"/mail/{pk}/files/1/", f"/mail/{pk}/files/1/?download", f"/mail/{pk}/raw/")
    for path in addresses:
        assert client.get(path).status_code == (404 if role == "nobody" else 200), path
    step(number, "restrict", house.ines, NOW, people=[f"person:{house.tomasz.pk}"])
    for path in addresses:
        assert client.get(path).status_code == (200 if role in {"ines", "tomasz"} else 404), path


def test_what_waits_is_counted(house: House, held: tuple[str, int]) -> None:
    """By state, each a link; nothing of a case that is closed to the person."""
    client = signed_in(house.hannah)
    assert '<a href="?state=held"><b class="num">1</b>' in client.get("/mail/").content.decode()
    step(held[0], "restrict", house.ines, NOW, people=[f"person:{house.tomasz.pk}"])
    assert 'href="?state=held"' not in client.get("/mail/").content.decode()


@pytest.fixture
def letter(house: House, post: Office) -> int:
    """A reply that is held since it may not go in the clear."""
    number = post.one(report()).case or ""
    step(number, "acknowledge", house.hannah, NOW, text="Thank you.")
    row = NoticeRow.objects.get(kind="acknowledgement")
    NoticeRow.objects.filter(pk=row.pk).update(state="held", try_at=None)
    return row.pk


@pytest.mark.parametrize("role", ROLES)
def test_a_held_letter_goes_by_a_persons_word(house: House, letter: int, role: str) -> None:
    """With a reason, by those who may write to the reporter; recorded; once."""
    client = signed_in(getattr(house, role))
    writes = role in {"ines", "tomasz", "hannah"}
    page = client.get(f"/notices/{letter}/")
    assert page.status_code == (404 if role == "nobody" else 200)
    assert ("Let it go unencrypted" in page.content.decode()) == writes
    address = f"/notices/{letter}/release/"
    if not writes:
        assert client.post(address, {"reason": "x"}).status_code == (404 if role == "nobody" else 403)
        assert NoticeRow.objects.get(pk=letter).state == "held"
        return
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "Asked for by phone"}).status_code == 302
    assert NoticeRow.objects.get(pk=letter).state == "waiting"
    assert Entry.objects.filter(kind="mail:sent_in_clear").count() == 1
    assert client.post(address, {"reason": "again"}).status_code == 409
