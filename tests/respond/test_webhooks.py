"""What a webhook says, how it is signed, and when it is tried again."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.respond.webhooks import (
    EVENTS,
    KEPT_UP,
    LONGEST_PAUSE,
    Message,
    Reply,
    event_of,
    fate,
    payload,
    require_events,
    require_url,
    shown_secret,
    signed,
)

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
LINK = "https://desk.example.com/cases/FW-7Q3KXM/"


def message(**values: object) -> Message:
    given_ = {"id": "msg_1", "event": "case.assessed", "at": NOW, "number": "FW-7Q3KXM", "link": LINK}
    return Message(**{**given_, **values})  # type: ignore[arg-type]


def test_a_payload_is_number_event_time_and_link() -> None:
    """The whole of it, as docs/reference/webhooks.md shows it."""
    assert json.loads(payload(message())) == {
        "type": "case.assessed",
        "timestamp": "2026-11-23T10:20:00Z",
        "data": {"case": "FW-7Q3KXM", "link": LINK},
    }


@given(st.sampled_from(sorted(EVENTS)), st.datetimes(timezones=st.just(UTC)))
def test_a_restricted_case_is_number_and_link(event: str, at: datetime) -> None:
    """Law: whatever happened and whenever, the body of a restricted case is the same."""
    told = payload(message(restricted=True, event=event, at=at))
    assert json.loads(told) == {"type": "case", "data": {"case": "FW-7Q3KXM", "link": LINK}}


def test_a_test_names_no_case() -> None:
    """There is nothing to tell."""
    assert json.loads(payload(message(event="test", number="", link="")))["data"] == {}


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the standard's own reference library: secret, id, time and body give this signature."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    found = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at, [secret])
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (found["webhook-id"], found["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_each_secret_signs_id_time_and_body(body: bytes, one: bytes, two: bytes) -> None:
    """Law: while two overlap, a receiver that has either accepts; no other body, id or time has these signatures."""
    found = signed("msg_1", body, NOW, [one, two])
    for secret, signature in zip([one, two], found["webhook-signature"].split(" "), strict=True):
        content = f"msg_1.{int(NOW.timestamp())}.".encode() + body
        assert signature == "v1," + base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
    assert signed("msg_1", body + b"x", NOW, [one]) != signed("msg_1", body, NOW, [one])


def test_a_secret_is_shown_with_its_prefix() -> None:
    """As Standard Webhooks' libraries take it."""
    assert shown_secret(b"\0" * 32) == "whsec_" + "A" * 43 + "="


@pytest.mark.parametrize(
    ("status", "fails", "waited", "state", "least"),
    [
        (200, 9, timedelta(days=9), "delivered", None),
        (500, 0, timedelta(0), "waiting", timedelta(seconds=4)),
        (0, 3, timedelta(0), "waiting", timedelta(seconds=256)),
        (404, 40, timedelta(hours=9), "waiting", LONGEST_PAUSE * 0.8),
        (302, 0, timedelta(0), "waiting", timedelta(seconds=4)),
        (500, 0, KEPT_UP, "given_up", timedelta(seconds=4)),
        (410, 0, timedelta(0), "given_up", None),
    ],
)
def test_what_follows_from_an_answer(
    status: int, fails: int, waited: timedelta, state: str, least: timedelta | None
) -> None:
    """Taken, once more after a growing pause, or given up after three days; Gone ends it at once."""
    found = fate(Reply(status, ""), fails, NOW - waited, NOW, 0.0)
    assert found.state == state
    assert found.rest_until == (None if least is None else NOW + least)


@given(
    st.integers(0, 10_000),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.timedeltas(min_value=timedelta(0))),
)
def test_a_pause_is_bounded_and_never_shorter_than_asked(fails: int, jitter: float, after: timedelta | None) -> None:
    """Law: at least what Retry-After asks for, within the time of a message; never over that and the longest pause."""
    rest = fate(Reply(429, "", after), fails, NOW, NOW, jitter).rest_until
    assert rest is not None
    assert rest - NOW >= min(after or timedelta(0), KEPT_UP)
    assert timedelta(seconds=4) <= rest - NOW <= max(KEPT_UP, LONGEST_PAUSE * 1.2)


def test_only_named_changes_are_told() -> None:
    """Notes, addresses and who may see a case are nobody's business."""
    for kind in ("case:noted", "case:restricted", "case:disclosure_set", "policy:adopted", "person:added", "x"):
        assert event_of(kind) == ""
    assert {event_of("case:received"), event_of("case:acknowledgement")} == {"case.received", "case.acknowledged"}


def test_events_are_put_in_order_and_known() -> None:
    """Each once, in the table's order; an unknown one is refused with those that there are."""
    assert require_events(["case.closed", "case.received", "case.closed"]) == ["case.received", "case.closed"]
    with pytest.raises(BadInput, match=r"case\.eaten"):
        require_events(["case.eaten"])
    with pytest.raises(BadInput, match="told of something"):
        require_events([])


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://a.example/", "file:///etc/passwd", "https://", "https://u:p@a.example/", "https://a.example/#x",
     "http://a.example/", "https://a.example/ b", "https://a.exämple/", "https://a.example:99999/", "https://[::1",
     "https://a.example/" + "x" * 600, "gopher://a", "https://a.example/\r\nX: 1", "http://10.0.0.1/"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    """Other schemes, passwords, plain http over the network, control characters."""
    with pytest.raises(BadInput):
        require_url(url)


def test_addresses_that_do() -> None:
    """https anywhere; http on this machine only, which settings must permit as well."""
    for url in ("https://hooks.example.com/a?b=c", "http://127.0.0.1:8080/x", "http://localhost/x"):
        assert require_url(f" {url} ") == url
