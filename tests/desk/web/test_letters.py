"""Letters to a reporter on the desk: begun with a template, looked at, read by two, with files; and their fate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from forgeward.desk import programme
from forgeward.desk.models import AttachmentRow, CaseRow, Entry, MessageRow, NoticeRow
from forgeward.edges.home import Home
from forgeward.respond.enclosure import LARGEST
from tests.desk.post import Office, bounce, office, report
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.story import HOSTILE, step
from tests.desk.web.test_hostile import Tags

ROLES = ("ines", "tomasz", "hannah", "dele", "ada", "nobody")
REFUSAL = {"kind": "not_a_vulnerability", "text": "It is meant to be so.", "subject": "Your report"}


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    with office(monkeypatch) as here:
        yield here


@pytest.fixture
def number(post: Office) -> str:
    """A case by mail, its receipt gone."""
    found = post.one(report(Content_Language="de-AT")).case or ""
    post.deliver()
    return found


@pytest.fixture
def answered(post: Office, house: House, number: str) -> str:
    """A case whose report was acknowledged."""
    step(number, "acknowledge", house.hannah, NOW, text="Thank you.")
    post.deliver()
    return number


def fields_of(page: str) -> dict[str, str | list[str]]:
    """What the page's form would send, hidden fields and texts alike."""
    form = page[page.index("<main") :].rsplit("<form", maxsplit=1)[-1]
    sent: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        held = sent.get(name)
        sent[name] = [*([held] if isinstance(held, str) else held), unescape(value)] if held else unescape(value)
    for name, value in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        sent[name] = unescape(value)
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def test_a_template_fills_the_form_in_the_reporters_language(house: House, number: str) -> None:
    """Chosen by a link, so it works without scripts; the mail's Content-Language says German; English by choice."""
    client = signed_in(house.hannah)
    page = client.get(f"/cases/{number}/letter/?template=acknowledge").content.decode()
    assert "vielen Dank für Ihren Bericht" in page
    assert f"er hat die Nummer {number}" in page
    assert "Hannah" in page
    assert '<option value="de" selected>German' in page
    english = client.get(f"/cases/{number}/letter/?template=acknowledge.en").content.decode()
    assert "thank you for your report" in english
    assert "There is no template" in client.get(f"/cases/{number}/letter/?template=nothing").content.decode()
    assert Tags(page).inline == []


def test_a_link_never_writes(house: House, number: str) -> None:
    """What an address carries besides the template's name is not read into the letter."""
    page = signed_in(house.hannah).get(f"/cases/{number}/letter/?text=Pay+here&subject=Pay&files=x").content.decode()
    assert "Pay" not in page.split("<main")[1]


def test_what_is_shown_is_what_leaves(house: House, post: Office, number: str) -> None:
    """From, To, Subject, text, files and protection as composed; nothing goes before “send”, then just that goes."""
    client = signed_in(house.hannah)
    typed = {"text": "Hello\n\n<b>we</b> look into it.", "subject": "Your report", "deed": "preview", "language": "en"}
    file = SimpleUploadedFile("trace\u202etxt.exe", b"GET /notes/2", "text/html")
    page = client.post(f"/cases/{number}/letter/", {**typed, "files": file}).content.decode()
    for words in (
        "The letter as it leaves", "rita@example.org", "security@lattice-loom.example", "Your report",
        "&lt;b&gt;we&lt;/b&gt; look into it.", "tracetxt.exe, text/plain", "neither signed nor encrypted",
    ):  # fmt: skip
        assert words in page, words
    assert Tags(page).inline == []
    assert not NoticeRow.objects.filter(kind="acknowledgement").exists()
    done = client.post(f"/cases/{number}/letter/", {**fields_of(page), "deed": "send"})
    assert done.status_code == 302
    (sent,) = post.deliver()
    assert (sent["Subject"], sent["To"]) == ("Your report", "rita@example.org")
    body, attached = sent.iter_parts()
    assert body["Content-Language"] == "en"
    assert "<b>we</b> look into it." in body.get_content()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("tracetxt.exe", b"GET /notes/2")


def test_files_are_bound_to_history_and_sealed(house: House, post: Office, number: str, tmp_path: object) -> None:
    """The digest stands sealed in the change, the bytes encrypted under the reporter's key; no leaf holds either."""
    client, content = signed_in(house.hannah), b"The very bytes that were sent, and no others." * 10
    sent = {"text": "Look.", "deed": "send", "files": SimpleUploadedFile("a.bin", content)}
    assert client.post(f"/cases/{number}/letter/", sent).status_code == 302
    row = AttachmentRow.objects.select_related("message").get()
    entry = Entry.objects.get(case__number=number, kind="case:acknowledgement")
    assert (row.message.direction, row.message.entry_seq) == ("out", entry.seq)
    assert row.message.subject.startswith("reporter:")
    lying = (programme.home().files / row.name).read_bytes()
    assert content[:20] not in lying
    body = bytes(entry.body)
    assert b'"files"' in body
    assert b"a.bin" not in body
    page = client.get(f"/cases/{number}/").content.decode()
    assert f"/files/{row.pk}/" in page
    assert client.get(f"/files/{row.pk}/?download").content == content


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("a.bin", b"x" * (LARGEST + 1))], "10 MB together"),
        ([(f"{n}.txt", b"x") for n in range(11)], "10 files"),
        ([("a", b"x" * (LARGEST // 2 + 1)), ("b", b"x" * (LARGEST // 2 + 1))], "10 MB together"),
        ([("empty.txt", b"")], "empty"),
    ],
)
def test_too_much_is_refused_and_the_words_are_kept(
    house: House, number: str, files: list[tuple[str, bytes]], said: str
) -> None:
    """Size, number, emptiness: nothing is sent, what was typed comes back."""
    sent = {"text": "My long words", "deed": "send", "files": [SimpleUploadedFile(*each) for each in files]}
    page = signed_in(house.hannah).post(f"/cases/{number}/letter/", sent)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert "My long words" in page.content.decode()
    assert not MessageRow.objects.filter(direction="out").exists()


def test_a_file_of_another_case_cannot_be_taken_along(house: House, post: Office, number: str) -> None:
    """Signed lines are for one case, and nobody can write one."""
    client = signed_in(house.hannah)
    sent = {"text": "x", "deed": "preview", "files": SimpleUploadedFile("a.txt", b"abc")}
    kept = fields_of(client.post(f"/cases/{number}/letter/", sent).content.decode())["kept"]
    other = post.one(report(7, "Max <max@example.org>")).case
    for token in (kept, "made up", ""):
        page = client.post(f"/cases/{other}/letter/", {"text": "x", "deed": "send", "kept": token})
        assert page.status_code == 422
        assert "Attach it again" in page.content.decode()


def test_a_letter_with_a_gap_does_not_go(house: House, answered: str) -> None:
    """What only a person can write is named."""
    client = signed_in(house.hannah)
    page = client.get(f"/cases/{answered}/letter/?template=fixed.en").content.decode()
    assert "gaps are</strong> left" in page or "left for you to write" in page
    refused = client.post(f"/cases/{answered}/letter/", {**fields_of(page), "deed": "send"})
    assert refused.status_code == 422
    assert "still to be written: the day on which production had the fix" in refused.content.decode()


def test_a_refusal_is_read_by_two(house: House, post: Office, answered: str) -> None:
    """It waits; its writer cannot agree; what changed is agreed to anew; it goes with the second person's word."""
    hannah, tomasz = signed_in(house.hannah), signed_in(house.tomasz)
    address = f"/cases/{answered}/letter/"
    preview = hannah.post(address, {**REFUSAL, "deed": "preview"}).content.decode()
    assert "A second person reads it first" in preview
    assert hannah.post(address, {**REFUSAL, "deed": "send"}).status_code == 302
    assert post.deliver() == []
    seq = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    assert f"{address}{seq}/" in hannah.get(f"/cases/{answered}/").content.decode()
    agree = {"step": "reply", "proposal": str(seq)}
    assert "You wrote it" in hannah.get(f"{address}{seq}/").content.decode()
    assert hannah.post(f"/cases/{answered}/do/approve/", agree).status_code == 422
    assert "It is meant to be so." in hannah.get(f"{address}?change={seq}").content.decode()
    hannah.post(address, {**REFUSAL, "text": "It is meant to be so, since 2024.", "deed": "send"})
    assert tomasz.get(f"{address}{seq}/").status_code == 404
    assert tomasz.post(f"/cases/{answered}/do/approve/", agree).status_code == 422
    assert post.deliver() == []
    later = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    page = tomasz.get(f"{address}{later}/").content.decode()
    assert "since 2024." in page
    assert "Agree and send it" in page
    assert tomasz.post(f"/cases/{answered}/do/approve/", {**agree, "proposal": str(later)}).status_code == 302
    (sent,) = post.deliver()
    assert "since 2024." in sent.get_content()
    shown = tomasz.get(f"/cases/{answered}/").content.decode()
    assert "Accepted" in shown.split("since 2024.")[1].split("</article>")[0]


def test_breaking_the_glass_sends_at_once_and_is_recorded(house: House, post: Office, answered: str) -> None:
    """With its reason; somebody else reviews it."""
    sent = {**REFUSAL, "deed": "send", "break_glass": "The reporter publishes in an hour."}
    signed_in(house.hannah).post(f"/cases/{answered}/letter/", sent)
    (mail,) = post.deliver()
    assert "meant to be so" in mail.get_content()
    page = signed_in(house.ines).get(f"/cases/{answered}/").content.decode()
    assert "broke the glass (not reviewed yet). The reporter publishes in an hour." in page


def test_the_fate_of_a_letter_is_told(house: House, post: Office, answered: str) -> None:
    """Waiting with its next try, the server's words, a bounce with its words; sent again by a recorded press."""
    client = signed_in(house.hannah)
    step(answered, "reply", house.hannah, NOW, text="The first question.")
    (mail,) = post.deliver()
    page = client.get(f"/cases/{answered}/").content.decode()
    assert "250 taken as" in page
    assert "Send again" not in page
    post.one(bounce(mail))
    page = client.get(f"/cases/{answered}/").content.decode()
    assert "Came back" in page
    assert "550 5.1.1 nobody here" in page
    letter = re.search(r'name="letter" value="(\d+)"', page)
    assert letter
    assert client.post(f"/cases/{answered}/do/resend/", {"letter": letter[1]}).status_code == 302
    (again,) = post.deliver()
    assert again.get_content() == mail.get_content()
    assert again["Message-ID"] != mail["Message-ID"]
    page = client.get(f"/cases/{answered}/").content.decode()
    assert "Sent again: accepted" in page
    assert "Send again" not in page
    assert Entry.objects.filter(case__number=answered, kind="case:resent").count() == 1


def test_a_letter_that_waits_says_until_when(house: House, post: Office, answered: str) -> None:
    """With the words of the server that did not take it, and the instant of the next try."""
    step(answered, "reply", house.hannah, NOW, text="A question.")
    NoticeRow.objects.filter(kind="reply").update(attempts=1, answer="451 try later", try_at=NOW + timedelta(minutes=9))
    page = signed_in(house.hannah).get(f"/cases/{answered}/").content.decode()
    assert "451 try later Next try" in page


@pytest.mark.parametrize("role", ROLES)
def test_each_role_at_each_address(house: House, post: Office, answered: str, role: str) -> None:
    """Support and Engineering write, everybody who works agrees, an auditor looks, without a role it is not there."""
    step(answered, "reply", house.ines, NOW, **REFUSAL)
    seq = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    client = signed_in(getattr(house, role))
    seen = 404 if role == "nobody" else 200
    assert client.get(f"/cases/{answered}/letter/").status_code == seen
    assert client.get(f"/cases/{answered}/letter/{seq}/").status_code == seen
    writes = {"nobody": 404, "ada": 403, "dele": 403}.get(role, 200)
    assert client.post(f"/cases/{answered}/letter/", {"text": "x", "deed": "preview"}).status_code == writes
    agree = {"step": "reply", "proposal": str(seq)}
    agreed = {"nobody": 404, "ada": 403, "ines": 422}.get(role, 302)
    assert client.post(f"/cases/{answered}/do/approve/", agree).status_code == agreed


@pytest.mark.parametrize("role", ROLES)
def test_a_restricted_case_hides_its_letters(house: House, post: Office, answered: str, role: str) -> None:
    """Every address of it is a 404 for those whom it does not name; what they send changes nothing."""
    file = {"text": "x", "deed": "send", "files": SimpleUploadedFile("a.txt", b"abc")}
    writer = signed_in(house.hannah)
    writer.post(f"/cases/{answered}/letter/", file)
    step(answered, "reply", house.ines, NOW, **REFUSAL)
    seq = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    step(answered, "restrict", house.ines, NOW, people=[f"person:{house.tomasz.pk}"])
    client = writer if role == "hannah" else signed_in(getattr(house, role))
    named = role in {"ines", "tomasz"}
    attached = AttachmentRow.objects.get()
    before = Entry.objects.count()
    for path in (f"/cases/{answered}/letter/", f"/cases/{answered}/letter/{seq}/", f"/files/{attached.pk}/"):
        assert client.get(path).status_code == (200 if named else 404), path
    if not named:
        assert client.get(f"/files/{attached.pk}/?download").status_code == 404
        assert client.post(f"/cases/{answered}/letter/", {"text": "x", "deed": "send"}).status_code == 404
        assert client.post(f"/cases/{answered}/do/resend/", {"letter": "3"}).status_code == 404
        assert Entry.objects.count() == before


def test_hostile_words_stay_words(house: House, post: Office, answered: str) -> None:
    """In the form, in the look, in the waiting letter and in its files' names."""
    client = signed_in(house.hannah)
    file = SimpleUploadedFile(f"{HOSTILE}.txt", HOSTILE.encode())
    sent = {"text": HOSTILE, "subject": HOSTILE, "kind": "out_of_scope", "files": file}
    for deed in ("edit", "preview", "send"):
        file.seek(0)
        page = client.post(f"/cases/{answered}/letter/", {**sent, "deed": deed})
        if deed != "send":
            assert Tags(page.content.decode()).inline == []
            assert "<script>alert" not in page.content.decode()
    seq = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    for path in (f"/cases/{answered}/letter/{seq}/", f"/cases/{answered}/letter/?change={seq}", f"/cases/{answered}/"):
        page = client.get(path)
        assert Tags(page.content.decode()).inline == [], path
        assert "<script>alert" not in page.content.decode()


def test_letters_need_our_token(house: House, number: str) -> None:
    """Another site's form sends nothing (CSRF), files or not."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(house.hannah).cookies
    sent = {"text": "x", "deed": "send", "files": SimpleUploadedFile("a.txt", b"abc")}
    assert strict.post(f"/cases/{number}/letter/", sent).status_code == 403
    assert not NoticeRow.objects.filter(kind="acknowledgement").exists()


def test_a_home_has_letters_of_its_own(house: House, number: str) -> None:
    """letters.yaml replaces by name and language, and what is wrong with it is said."""
    home: Home = programme.home()
    head = "schema: forgeward/letters/1\nversion: 4\nletters:\n"
    own = head + "  - {name: acknowledge, kind: acknowledge, language: de, title: Kurz, text: Danke}\n"
    home.letters_file.write_text(own)
    try:
        client = signed_in(house.hannah)
        page = client.get(f"/cases/{number}/letter/?template=acknowledge").content.decode()
        assert "Kurz (German)" in page
        assert "acknowledge/de/4" in page
        home.letters_file.write_text(own.replace("Danke", "'{{ nobody }}'"))
        broken = client.get(f"/cases/{number}/letter/?template=acknowledge")
        assert "letters.yaml:4: Nothing is called “nobody”" in broken.content.decode()
        assert "vielen Dank für Ihren Bericht" in broken.content.decode()
        assert client.get(f"/cases/{number}/").status_code == 200
    finally:
        home.letters_file.unlink()


def test_nobody_to_write_to(house: House, post: Office) -> None:
    """A case without a reporter says so."""
    from tests.desk.web.story import opened

    found = opened(house.hannah)
    assert "Nobody to write to" in signed_in(house.hannah).get(f"/cases/{found}/letter/").content.decode()


def test_what_is_gone_is_told_and_not_a_broken_page(house: House, post: Office, answered: str) -> None:
    """A letter that is none, one that somebody agreed to meanwhile, one whose reporter was erased."""
    client = signed_in(house.tomasz)
    gone = client.post(f"/cases/{answered}/do/resend/", {"letter": "999"})
    assert gone.status_code == 409
    assert "is no letter" in gone.content.decode()
    step(answered, "reply", house.ines, NOW, **REFUSAL)
    seq = Entry.objects.filter(case__number=answered, kind="case:proposed").latest("seq").seq
    reporter = CaseRow.objects.get(number=answered).reporter
    programme.vault().keys.destroy(reporter, NOW)
    page = client.get(f"/cases/{answered}/letter/{seq}/")
    assert page.status_code == 200
    assert "It cannot go as it is" in page.content.decode()
    assert client.post(f"/cases/{answered}/do/approve/", {"step": "reply", "proposal": str(seq)}).status_code == 409
    assert client.get(f"/cases/{answered}/").status_code == 200
