"""Webhooks by the API: the same as on the page, with the secret in the answer that made it."""

from __future__ import annotations

from forgeward.desk.actions import sequence
from forgeward.desk.models import DeliveryRow, WebhookRow
from tests.desk.api.house import caller
from tests.desk.web.house import House

NEW = {"name": "Tracker", "url": "https://hooks.example.com/fw", "events": ["case.received"]}


def test_an_endpoint_by_the_api(house: House) -> None:
    """Entered once under a key, listed without secret, tried, given a new secret, taken away."""
    lead = caller(house.ines)
    made = lead.post("/webhooks", NEW, Idempotency_Key="one")
    again = lead.post("/webhooks", NEW, Idempotency_Key="one")
    assert made.status_code == 201
    assert again.content == made.content
    assert WebhookRow.objects.count() == 1
    ident, secret = made.json()["webhook"]["id"], made.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret not in lead.get("/webhooks").content.decode()
    assert lead.post(f"/webhooks/{ident}/test").status_code == 202
    (message,) = lead.get(f"/webhooks/{ident}/deliveries").json()["deliveries"]
    assert (message["event"], message["state"], message["case"]) == ("test", "waiting", None)
    assert lead.post(f"/webhooks/{ident}/rotate").json()["secret"] not in {secret, ""}
    assert lead.post(f"/webhooks/{ident}/rotate").status_code == 409
    assert lead.post(f"/webhooks/{ident}/replay").status_code == 409
    DeliveryRow.objects.update(state="given_up")
    assert lead.post(f"/webhooks/{ident}/replay", {"id": message["id"]}).json()["again"] == 1
    assert lead.post(f"/webhooks/{ident}/remove").json()["webhooks"][0]["removed"]
    assert lead.post(f"/webhooks/{ident}/remove").status_code == 404
    sequence.number()


def test_what_does_not_fit_is_refused(house: House) -> None:
    """Unknown fields, events and states, addresses that are none."""
    lead = caller(house.ines)
    for wrong in ({"secret": "x"}, {"events": ["x"]}, {"events": []}, {"url": "http://a.example/"}, {"name": ""}):
        assert lead.post("/webhooks", {**NEW, **wrong}).status_code == 422, wrong
    assert lead.get("/webhooks/nothing/deliveries").status_code == 404
    ident = lead.post("/webhooks", NEW).json()["webhook"]["id"]
    assert lead.get(f"/webhooks/{ident}/deliveries?state=x").status_code == 422
    assert lead.post(f"/webhooks/{ident}/replay", {"since": "soon"}).status_code == 422
