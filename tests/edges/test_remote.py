"""A home on another machine: where the token goes, what is sent again, how its refusals come back."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest

from forgeward.edges.remote import Server, refusal
from forgeward.errors import (
    AnswerIsNo,
    BadInput,
    ForgewardError,
    NotFound,
    PolicyInvalid,
    ServerTrouble,
    StepRefused,
)

TOKEN = "fwt_0123456789_" + "x" * 49


def server(answer: Callable[[httpx2.Request], httpx2.Response], url: str = "https://desk.example.com") -> Server:
    return Server(url, TOKEN, transport=httpx2.MockTransport(answer))


@pytest.mark.parametrize("url", ["https://desk.example.com", "https://desk.example.com:8443/", "http://localhost:8710",
                                 "http://127.0.0.1:8710", "http://[::1]:8710"])  # fmt: skip
def test_addresses_that_a_token_may_go_to(url: str) -> None:
    """TLS anywhere, plain only on this machine."""
    assert server(lambda request: httpx2.Response(200), url).url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://desk.example.com", "http://10.0.0.1", "http://localhost.example.com", "ftp://desk",
            "desk.example.com", "https://", "", "https://user:word@desk.example.com", "https://desk.example.com/api", "https://desk?x=1",
            "http://127.0.0.1.example.com", "https://[::1", "https://desk:99999999"],
)  # fmt: skip
def test_addresses_that_it_may_not_go_to(url: str) -> None:
    """Nothing in the clear over a network; no address that hides another."""
    with pytest.raises(BadInput):
        server(lambda request: httpx2.Response(200), url)


@pytest.mark.parametrize("token", ["", "secret", "fwt_é", "fwt_a\nb"])
def test_without_a_token_nothing_is_asked(token: str) -> None:
    """The sentence says where it is made."""
    with pytest.raises(BadInput, match="asks for a token"):
        Server("https://desk.example.com", token)


def test_the_token_follows_no_redirect() -> None:
    """Who answers with another address does not get it sent there."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(302, headers={"Location": "https://evil.example/"})

    with pytest.raises(ServerTrouble):
        server(answer).get("/cases", dict)
    assert asked == ["https://desk.example.com/api/v1/cases"]


def test_what_was_lost_on_the_way_is_sent_again_under_one_key() -> None:
    """The same Idempotency-Key for each try, another one for another call."""
    keys: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(200, json={})

    desk = server(answer)
    desk.post("/cases", dict)
    assert len(keys) == 3
    assert len(set(keys)) == 1
    desk.post("/cases", dict)
    assert len(set(keys)) == 2


def test_it_waits_as_long_as_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After; not for ever."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    answers = [httpx2.Response(429, headers={"Retry-After": "2"}), httpx2.Response(200, json={})]
    assert server(lambda request: answers.pop(0)).get("/cases", dict) == {}
    assert slept == [2.0]
    long = httpx2.Response(429, headers={"Retry-After": "999", "Content-Type": "application/problem+json"},
                           content=b'{"code": "too_fast", "detail": "d", "next": "n"}')  # fmt: skip
    with pytest.raises(ForgewardError, match="d"):
        server(lambda request: long).get("/cases", dict)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(200, b"<html>", "text/html"), (500, b"oops", "text/plain"), (404, b"<html>", "text/html"), (200, b"[1]", "a/b")],
)
def test_what_is_no_desk_is_named_so(status: int, body: bytes, kind: str) -> None:
    """A sentence with the address, never a trace."""
    with pytest.raises(ServerTrouble, match=r"https://desk.example.com"):
        server(lambda request: httpx2.Response(status, content=body, headers={"Content-Type": kind})).get("/x", dict)


def test_refusals_come_back_as_they_were_raised() -> None:
    """Words, lists and exit codes are those of the command on the home's own machine."""
    lack = {"name": "scope", "promise": "IR-5", "what": "Scope: which part."}
    said = refusal({"code": "step_refused", "detail": "“assess” was not …", "next": "n", "missing": [lack]})
    assert isinstance(said, StepRefused)
    assert (str(said), said.missing[0].name, said.exit_code) == ("“assess” was not …", "scope", 1)
    wrong = refusal({"code": "policy_invalid", "detail": "x", "problems": [{"where": "p:1", "what": "no"}]})
    assert isinstance(wrong, PolicyInvalid)
    assert [str(p) for p in wrong.problems] == ["p:1: no"]
    for kind in (NotFound, BadInput, AnswerIsNo):
        error = refusal(json.loads(json.dumps({"code": kind.code, "detail": "d", "next": "n"})))
        assert (error.code, str(error), error.next, error.exit_code) == (kind.code, "d", "n", kind.exit_code)
    assert refusal({"code": "of a later version", "detail": "d"}).exit_code == 2
