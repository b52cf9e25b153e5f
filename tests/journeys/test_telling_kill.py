"""`kill -9` of the worker while it tells a webhook and a chat: nothing is lost, doubles have the same id.

Real processes, real servers on loopback: the endpoint answers 500, 429, hangs or drops the line before it takes what is
sent; apprise runs as it does in a home. Clocks and mails go on meanwhile, which the other kills show.
"""

from __future__ import annotations

import json
import random
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.edges.receiver import Receiver, garbage, receiving, says
from tests.journeys.processes import House, wait_until
from tests.journeys.programme import found

pytestmark = [pytest.mark.journey, pytest.mark.slow]

CASES, KILLS = 30, 12
SETTINGS = """
[outgoing]
private = ["127.0.0.1"]
timeout = 1

[chat]
quiet_from = "00:00"
quiet_until = "00:00"
hosts = ["127.0.0.1"]
timeout = 3

[[chat.room]]
name = "everybody"
url_file = "{address}"
roles = ["security_lead", "engineering", "support", "leadership"]
"""


def drops(connection: socket.socket) -> None:
    """Takes it, and is gone before it says so."""
    connection.close()


def told(receiver: Receiver) -> dict[str, set[str]]:
    """The ids under which each case was told."""
    found_: dict[str, set[str]] = {}
    for call in receiver.got:
        number = json.loads(call.body)["data"].get("case", "")
        found_.setdefault(number, set()).add(call.headers["webhook-id"])
    return found_


def test_nothing_is_lost_when_the_worker_is_killed(tmp_path: Path) -> None:
    """Thirty late cases, a dozen kills, an endpoint with faults: each is told, under one id, however often."""
    programme = found(tmp_path / "home")
    faults = (says(500), says(429, Retry_After="1"), drops, garbage, "hangs")
    answers = [answer for fault in faults for answer in (fault, says(200))]  # a row of faults makes long pauses
    with receiving(*answers) as endpoint, receiving(says(500), says(200)) as chat:
        address = tmp_path / "address"
        address.write_text(f"json://127.0.0.1:{chat.port}/room")
        address.chmod(0o600)
        programme.settings(SETTINGS.format(address=address))
        programme.do("webhook", "add", "Tracker", endpoint.url(), "--event", "case.received")
        house = House(programme)
        house.begin("worker")
        wait_until(lambda: programme.rows("SELECT name FROM desk_chatroomrow"), "the room is known")
        try:
            numbers = _arrive(house)
            wait_until(lambda: set(numbers) <= set(told(endpoint)), "each case is told", patience=180, pause=0.1)
            wait_until(lambda: house.one(WAITING) == 0, "each message is settled", patience=60, pause=0.1)
            wait_until(lambda: house.one(TAKEN) > 0, "the chat took a message", patience=60, pause=0.1)
            wait_until(lambda: house.one(SAID) == house.one(REMINDED), "each reminder is there", pause=0.1)
        finally:
            house.end()
        assert {len(ids) for ids in told(endpoint).values()} == {1}
        assert house.killed["worker"] == KILLS
        states = programme.rows("SELECT DISTINCT state FROM desk_deliveryrow")
        assert [tuple(row) for row in states] == [("delivered",)]
        names = [re.findall(r"msg_\\?\w{22}", call.body.decode()) for call in chat.got]
        assert names[0] == names[1] != []  # refused, then taken: the same message
    assert programme.do("chat", "list")["chats"][0]["problem"] == ""
    assert programme.do("audit")["ok"] is True


WAITING = "SELECT count(*) FROM desk_deliveryrow WHERE state = 'waiting'"
TAKEN = "SELECT count(*) FROM desk_chatrow WHERE state = 'taken'"
SAID = "SELECT count(*) FROM desk_chatrow"  # what was taken, and what waits for the next message
REMINDED = "SELECT count(*) FROM desk_entry WHERE kind = 'case:escalated'"


def _arrive(house: House) -> list[str]:
    """Cases that are late already come in one after the other; every now and then the worker is killed."""
    numbers, kills = [], sorted(random.sample(range(CASES), KILLS))
    reported = f"{datetime.now(UTC) - timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
    for n in range(CASES):
        words = ("--title", f"Alert {n}", "--text", "Something is odd.", "--reported-at", reported)
        numbers.append(house.programme.do("case", "open", *words)["id"])
        if n in kills:
            house.kill("worker")
    return numbers
