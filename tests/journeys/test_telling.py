"""A webhook's life by the command line, on the home and over the network, with a real receiver."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path

import pytest

from tests.edges.receiver import receiving, says
from tests.journeys.browser import running
from tests.journeys.programme import Programme, found, free_port

pytestmark = [pytest.mark.journey, pytest.mark.slow]
SETTINGS = '[outgoing]\nprivate = ["127.0.0.1"]\ntimeout = 2\n'


@pytest.fixture
def programme(tmp_path: Path) -> Programme:
    home = found(tmp_path / "home")
    home.settings(SETTINGS)
    return home


def test_a_webhook_from_its_first_day_to_its_last(programme: Programme) -> None:
    """Entered, tried, told of a case by a round of the worker, failing, sent again, given a new secret, taken away."""
    with receiving(says(200), says(200), says(410), says(200)) as there:
        made = programme.do("webhook", "add", "Tracker", there.url(), "--event", "case.received")
        ident = made["webhook"]["id"]
        assert programme.do("webhook", "test", ident)["deliveries"][0]["state"] == "delivered"
        first = programme.do("case", "open", "--title", "Odd exports", "--text", "Something is odd.")["id"]
        programme.do("tick")
        second = programme.do("case", "open", "--title", "Odder exports", "--text", "Something is odd.")["id"]
        programme.do("tick")
        log = programme.do("webhook", "log", ident)["deliveries"]
        assert [(d["case"], d["state"]) for d in log[:2]] == [(second, "given_up"), (first, "delivered")]
        assert programme.do("webhook", "replay", ident)["again"] == 1
        programme.do("tick")
        assert {d["state"] for d in programme.do("webhook", "log", ident)["deliveries"]} == {"delivered"}
        assert programme.do("webhook", "rotate", ident)["secret"] != made["secret"]
        assert programme.do("webhook", "list")["webhooks"][0]["host"] == f"127.0.0.1:{there.port}"
        assert programme.do("webhook", "remove", ident)["webhooks"][0]["removed"]
        assert programme.do("webhook", "list")["webhooks"] == []
    call = there.got[1]
    signed = b".".join([call.headers["webhook-id"].encode(), call.headers["webhook-timestamp"].encode(), call.body])
    digest = hmac.digest(base64.b64decode(made["secret"].removeprefix("whsec_")), signed, "sha256")
    assert call.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert there.got[2].headers["webhook-id"] == there.got[3].headers["webhook-id"]
    assert b"Odd" not in b"".join(each.body for each in there.got)


def test_others_are_refused_and_told_whom_to_ask(programme: Programme) -> None:
    """By role, by address, by event."""
    deed = ("webhook", "add", "Tracker", "https://hooks.example.com/", "--event", "case.received")
    assert "Security Lead" in programme.refusal(*deed, code="not_allowed", who="hannah")["message"]
    for url, event in (("http://hooks.example.com/", "case.received"), ("https://hooks.example.com/", "case.eaten")):
        programme.refusal("webhook", "add", "Tracker", url, "--event", event, code="bad_input")
    programme.refusal("webhook", "test", "nothing", code="not_found")
    programme.refusal("chat", "test", "nothing", code="not_found")


def test_the_same_over_the_network(programme: Programme) -> None:
    """--server does what the home does; what is queued there is sent by its worker."""
    token = programme.do("token", "make", "Ops", "--scope", "admin")["token"]
    with receiving(says(200)) as there, running(programme, free_port()) as base:
        far = ("--server", base, "webhook")
        programme.environment["FORGEWARD_TOKEN"] = token
        ident = programme.do(*far, "add", "Tracker", there.url(), "--event", "case.closed")["webhook"]["id"]
        assert programme.do(*far, "test", ident)["deliveries"][0]["state"] == "waiting"
        for _ in range(200):
            log = programme.do(*far, "log", ident)["deliveries"]
            if log[0]["state"] != "waiting":
                break
        assert log[0]["state"] == "delivered"
        assert programme.do(*far, "rotate", ident)["secret"].startswith("whsec_")
        assert programme.do(*far, "list")["webhooks"][0]["id"] == ident
        assert programme.do(*far, "remove", ident)["webhooks"][0]["removed"]
