"""What strangers write, and what browsers are told: stored XSS, CSP, CSRF, mass assignment, caches, duplicate ids."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from django.test import Client

from forgeward.desk.models import CaseRow, NoticeRow
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.story import HOSTILE

PATHS = ("/", "/cases/", "/cases/?state=all", "/promises/", "/promises/IR-4/", "/notices/", "/cases/new/", "/account/")


class Tags(HTMLParser):
    """What a browser would make of a page: its elements, inline handlers, ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script" and "src" not in found and found.get("type") != "application/json":
            self.inline.append(tag)
        if tag == "style" or "style" in found:
            self.inline.append(f"{tag} style")
        self.inline += [name for name in found if name.startswith("on")]
        if found.get("id"):
            self.ids[str(found["id"])] += 1
        if tag == "a":
            self.links.append(str(found.get("href")))


@pytest.fixture
def pages(house: House, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every page of a desk whose every text is hostile, as the lead sees it."""
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)
    number = story.reported(house.hannah, title=HOSTILE, text=f"{HOSTILE}\nhttps://evil.example/ <a href=//evil>x</a>",
                            reporter_name=HOSTILE)  # fmt: skip
    story.step(number, "acknowledge", house.hannah, text=HOSTILE, subject=HOSTILE)
    story.step(number, "note", house.tomasz, text=HOSTILE)
    texts = dict.fromkeys(("scope", "impact", "affected", "exploitability", "reason"), HOSTILE)
    story.step(number, "assess", house.tomasz, vector=story.ASSESSMENT["vector"], **texts)
    story.step(number, "act", house.ines, title=HOSTILE, owner=f"person:{house.tomasz.pk}", due="2026-12-01")
    house.tomasz.name = HOSTILE
    house.tomasz.save()
    client = signed_in(house.ines)
    mail = NoticeRow.objects.filter(case__number=number).order_by("-pk").first()
    paths = [*PATHS, f"/cases/{number}/", f"/notices/{mail.pk}/", f"/cases/{number}/do/handover/"]
    paths += [f"/cases/{number}/entries/{seq}/" for seq in range(1, CaseRow.objects.get().version + 1)]
    found = {path: client.get(path).content.decode() for path in paths}
    found["refused"] = client.post(f"/cases/{number}/do/contain/", {"how": "", "detail": HOSTILE}).content.decode()
    return found


def test_hostile_texts_stay_texts(pages: dict[str, str]) -> None:
    """No title, mail, name or reason becomes an element, a handler, a link or a template."""
    for path, page in pages.items():
        tags = Tags(page)
        assert not tags.inline, path
        assert not [link for link in tags.links if "evil" in link or link.startswith("javascript")], path
        assert "<script>alert" not in page, path
        assert "{{ 7" in page or HOSTILE[:8] not in page, path
    assert sum("&lt;script&gt;alert(1)" in page for page in pages.values()) >= 8


def test_mail_texts_have_no_links(pages: dict[str, str]) -> None:
    """What a stranger wrote is plain text: an address in it cannot be clicked by accident."""
    shown = [page for page in pages.values() if "https://evil.example/" in page]
    assert shown
    for page in shown:
        assert not [link for link in Tags(page).links if "evil" in link]


def test_ids_are_unique(pages: dict[str, str]) -> None:
    """Labels, marks and anchors each point at one element."""
    for path, page in pages.items():
        twice = [name for name, count in Tags(page).ids.items() if count > 1]
        assert not twice, (path, twice)


def test_every_page_carries_the_policy_of_content(house: House) -> None:
    """CSP from nothing upwards, no framing, no sniffing, no caching of what staff see; errors and sign-in too."""
    client = signed_in(house.ines)
    for page in (*(client.get(path) for path in PATHS), client.get("/nothing/"), Client().get("/sign-in/")):
        policy = dict(part.strip().partition(" ")[::2] for part in page["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["Referrer-Policy"] == "same-origin"
        assert "no-store" in page["Cache-Control"]


def test_cookies_are_kept_from_scripts_and_other_sites(house: House) -> None:
    """HttpOnly and SameSite on the session and on the token of forms."""
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"login": "ines@example.com", "password": "a long enough password"})
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


@pytest.mark.parametrize("path", ["/cases/new/", "/cases/{}/do/note/", "/cases/{}/do/close/", "/sign-out/"])
def test_forms_of_other_sites_do_nothing(house: House, path: str) -> None:
    """Without our token a POST is refused before anything is read (CSRF)."""
    number = story.opened(house.hannah)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(house.ines).cookies
    before = CaseRow.objects.get().version
    page = strict.post(path.format(number), {"title": "x", "text": "x"})
    assert page.status_code == 403
    assert "Send the form again" in page.content.decode()
    assert CaseRow.objects.get().version == before
    assert strict.get("/account/").status_code == 200


def test_a_form_sets_only_what_it_shows(house: House) -> None:
    """Fields that the system fills (the number, the receipt) cannot be sent along (mass assignment)."""
    client = signed_in(house.ines)
    sent = {"title": "x", "text": "y", "number": "FW-MINE22", "receipt": "yes", "signals": "dkim:pass", "owner": "1"}
    number = client.post("/cases/new/", sent)["Location"].split("/")[2]
    assert number != "FW-MINE22"
    page = client.get(f"/cases/{number}/").content.decode()
    assert "dkim:pass" not in page
    assert not NoticeRow.objects.exists()


def test_a_link_cannot_write_for_somebody(house: House) -> None:
    """An address may choose a value, never fill in a text that somebody then sends as their own."""
    number = story.reported(house.hannah)
    page = signed_in(house.hannah).get(f"/cases/{number}/do/acknowledge/?text=Pay+here&subject=Pay").content.decode()
    assert "Pay" not in page.split("<main")[1]
    chosen = signed_in(house.ines).get("/cases/new/?kind=incident&title=Pay").content.decode()
    assert 'value="incident" selected' in chosen
    assert "Pay" not in chosen.split("<main")[1]


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_pages_take_no_other_methods(house: House, method: str) -> None:
    """What is for reading is only read; steps are posted."""
    client = signed_in(house.ines)
    number = story.opened(house.hannah)
    for path in ("/", "/cases/", f"/cases/{number}/", "/promises/", "/notices/", f"/cases/{number}/do/note/"):
        assert getattr(client, method)(path).status_code == 405, path
    assert client.post("/cases/").status_code == 405
    assert client.post(f"/cases/{number}/").status_code == 405


def test_the_size_of_pages_is_bounded(house: House) -> None:
    """A mail of 90,000 signs and a long history do not make a page of more than 150 KB."""
    number = story.reported(house.hannah, text="<&>" * 30_000)
    for _ in range(70):
        story.step(number, "note", house.tomasz, text="<&>" * 3_000)
    page = signed_in(house.ines).get(f"/cases/{number}/")
    assert len(page.content) < 150_000
    assert "earlier messages stand" in page.content.decode()
    assert re.search(r"Read the remaining \d+ characters", page.content.decode())
