"""Two processes serve one home: what one counts or ends, the other knows at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.journeys.programme import Programme, found, free_port

pytestmark = [pytest.mark.journey, pytest.mark.slow]
LEAD = "ines@lattice-loom.example"
SLOWED = "Too many failed attempts"
LIMIT = 5  # failed sign-ins that allauth bears in five minutes


class Browser:
    """Cookies and forms, without following where an answer leads."""

    def __init__(self) -> None:
        self.jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay())

    def get(self, url: str) -> tuple[int, str]:
        return self._send(urllib.request.Request(url))

    def post(self, url: str, **form: str) -> tuple[int, str]:
        """Fetches the form first, for its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(url)[1])
        assert token, url
        body = urlencode({"csrfmiddlewaretoken": token[1], **form}).encode()
        return self._send(urllib.request.Request(url, body))

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode() + str(answer.headers.get("Location", ""))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@contextmanager
def desk(programme: Programme) -> Iterator[str]:
    """One process that serves the home, as ``up`` starts it."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    environment |= programme.environment | {"FORGEWARD_HOME": str(programme.folder)}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
               "--workers", "1", "--no-ws", "--log-level", "warning", "forgeward.desk.wsgi:application"]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert process.poll() is None, "the desk ended"
            try:
                Browser().get(f"http://127.0.0.1:{port}/sign-in/")
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Programme, str, str]]:
    programme = found(tmp_path / "home")
    with ExitStack() as stack:
        yield programme, stack.enter_context(desk(programme)), stack.enter_context(desk(programme))


def guess(base: str) -> str:
    return Browser().post(f"{base}/sign-in/", login=LEAD, password="a wrong long password")[1]


def test_failed_sign_ins_of_both_are_counted_together(desks: tuple[Programme, str, str]) -> None:
    """Who guesses at two doors is slowed down as at one: five tries in all, whichever process answers."""
    _, one, two = desks
    answers = [guess(base) for base in (one, two) * LIMIT]
    assert [SLOWED in answer for answer in answers] == [False] * LIMIT + [True] * LIMIT


def test_the_pace_of_a_token_is_counted_together(desks: tuple[Programme, str, str]) -> None:
    """The API's limit is of the token, not of a process: no more calls pass at two than its burst and its refill."""
    programme, one, two = desks
    token = programme.do("token", "make", "Both", "--scope", "people:read")["token"]
    codes = []
    began = time.monotonic()
    for base in (one, two) * 120:
        request = urllib.request.Request(f"{base}/api/v1/people", headers={"Authorization": f"Bearer {token}"})
        codes.append(Browser()._send(request)[0])
    allowed = 120 + 10 * (time.monotonic() - began) + 1  # a burst of 120, and 600 a minute
    assert codes.count(200) <= allowed
    assert set(codes) <= {200, 429}
    assert codes[:100] == [200] * 100


def test_a_session_that_ends_at_one_is_over_at_the_other(desks: tuple[Programme, str, str]) -> None:
    """Ended by command, in a third process: both desks ask for sign-in with the next request."""
    programme, one, two = desks
    browser = Browser()
    link = programme.run("people", "link", LEAD).out.strip().rstrip("/").rpartition("/")[2]
    assert browser.post(f"{one}/sign-in/once/{link}/")[0] == 302
    assert [browser.get(f"{base}/account/")[0] for base in (one, two)] == [200, 200]
    assert programme.do("people", "end", LEAD)["ended"] == 1
    answers = [browser.get(f"{base}/account/") for base in (two, one)]
    assert all(code == 302 and "/sign-in/" in where for code, where in answers)
