"""The webhooks' pages: for the Security Lead, without scripts, each secret once."""

from __future__ import annotations

import re

import pytest

from forgeward.desk.actions import deliveries, sequence, webhooks
from forgeward.desk.models import DeliveryRow, WebhookRow
from forgeward.respond.webhooks import EVENTS, Reply
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in
from tests.desk.web.test_pages import freeze

OTHERS = ("tomasz", "hannah", "dele", "ada", "nobody")
FORM = {"name": "Tracker", "url": "https://hooks.example.com/fw?key=abc", "events": ["case.received", "case.closed"]}


@pytest.fixture
def hook(house: House, monkeypatch: pytest.MonkeyPatch) -> WebhookRow:
    freeze(monkeypatch)
    return webhooks.add(FORM["name"], FORM["url"], FORM["events"], house.ines.actor(), NOW).row  # type: ignore[arg-type]


def test_an_endpoint_is_entered_and_its_secret_shown_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with the secret is kept by no browser, and no later page has it; of the address the host is shown."""
    freeze(monkeypatch)
    lead = signed_in(house.ines)
    assert "Nobody is told yet" in lead.get("/webhooks/").content.decode()
    page = lead.post("/webhooks/", FORM)
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())
    assert "no-store" in page["Cache-Control"]
    ident = WebhookRow.objects.get().ident
    for path in ("/webhooks/", f"/webhooks/{ident}/"):
        later = lead.get(path).content.decode()
        assert "Tracker" in later
        assert "hooks.example.com" in later
        assert secret not in later
        assert "key=abc" not in later


@pytest.mark.parametrize("name", OTHERS)
def test_others_see_nothing_of_it(house: House, hook: WebhookRow, name: str) -> None:
    """No line in the menu, no page, no deed."""
    client = signed_in(getattr(house, name))
    assert "/webhooks/" not in client.get("/account/").content.decode()
    for path in ("/webhooks/", f"/webhooks/{hook.ident}/", "/webhooks/nothing/"):
        assert client.get(path).status_code in {403, 404}
        assert "Tracker" not in client.get(path).content.decode()
    for deed in ("test", "replay", "rotate", "remove"):
        assert client.post(f"/webhooks/{hook.ident}/{deed}/").status_code in {403, 404}
    assert client.post("/webhooks/", FORM).status_code in {403, 404}
    assert (WebhookRow.objects.count(), DeliveryRow.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    "wrong", [{"url": "http://hooks.example.com/"}, {"url": "x"}, {"events": []}, {"events": ["x"]}, {"name": " "}]
)
def test_a_refused_form_comes_back_as_it_was_typed(house: House, wrong: dict[str, object]) -> None:
    """With what is wrong, and nothing stored."""
    page = signed_in(house.ines).post("/webhooks/", {**FORM, "name": 'A "b" <i>', **wrong})
    assert page.status_code == 422
    assert "Not done." in page.content.decode()
    assert "<i>" not in page.content.decode()
    assert not WebhookRow.objects.exists()


def test_the_log_says_what_was_answered_and_sends_again(house: House, hook: WebhookRow) -> None:
    """What was given up can be sent again from the page; a restricted case is in no log of whom it does not name."""
    number, secret = story.reported(house.hannah), story.reported(house.hannah)
    story.step(secret, "restrict", house.dele, people=[f"person:{house.tomasz.pk}"])
    sequence.number()
    deliveries.spread()
    from django.conf import settings

    gone = Reply(410, "Answered 410.")
    deliveries.deliver(settings.HOME, lambda: NOW, owner="test", post=lambda *_: gone)
    lead = signed_in(house.ines)
    page = lead.get(f"/webhooks/{hook.ident}/?state=given_up").content.decode()
    assert number in page
    assert secret not in page
    assert "Answered 410." in page
    assert EVENTS["case.received"] in page
    (key,) = re.findall(r'name="message" value="(msg_\w{22})"', page)
    assert lead.post(f"/webhooks/{hook.ident}/replay/", {"message": key}).status_code == 302
    assert DeliveryRow.objects.get(state="waiting").key == key
    assert lead.post(f"/webhooks/{hook.ident}/replay/").status_code == 302
    assert DeliveryRow.objects.filter(state="waiting").count() == 2
    assert "Messages that wait again: 1." in lead.get(f"/webhooks/{hook.ident}/").content.decode()


def test_deeds_of_the_page(house: House, hook: WebhookRow) -> None:
    """Test, new secret, a second one too early, taking it away; what is not there is not there."""
    lead = signed_in(house.ines)
    assert lead.post(f"/webhooks/{hook.ident}/test/").status_code == 302
    assert DeliveryRow.objects.get().event == "test"
    assert "whsec_" in lead.post(f"/webhooks/{hook.ident}/rotate/").content.decode()
    assert "changed already" in lead.post(f"/webhooks/{hook.ident}/rotate/", follow=True).content.decode()
    assert "Its log stays" in lead.post(f"/webhooks/{hook.ident}/remove/", follow=True).content.decode()
    for path in (f"/webhooks/{hook.ident}/test/", f"/webhooks/{hook.ident}/eat/", "/webhooks/nothing/remove/"):
        assert lead.post(path).status_code == 404
    assert lead.get(f"/webhooks/{hook.ident}/test/").status_code == 405
    assert lead.get(f"/webhooks/{hook.ident}/?before=x").status_code == 400
