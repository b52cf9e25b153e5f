"""`kill -9` while 500 mails arrive by IMAP and LMTP: 500 cases, 500 receipts, nothing lost and nothing doubled.

The worker, its parsers, the listener and the fetcher die fifty times in all, each while there is work for it. Who hands
mail over does as a mail server does: what was not answered with 250 is handed over again. A receipt that left just
before its sender died leaves once more, under the same Message-ID; it counts once, as mail programs show it once.
"""

from __future__ import annotations

import queue
import random
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.edges import dovecot
from tests.edges.dovecot import Dovecot
from tests.journeys.processes import PATIENCE, PROCESSES, House, wait_until
from tests.journeys.programme import Sink, found, free_port, mail_server, mail_settings

pytestmark = [pytest.mark.journey, pytest.mark.slow, dovecot.needed]

MAILS = 500
KILLS = {"worker": 16, "parser": 14, "listener": 10, "fetcher": 10}
SETTINGS = """
[listener]
lmtp = "127.0.0.1:{lmtp}"

[[mailbox]]
name = "privacy"
address = "privacy@lattice-loom.example"
purpose = "privacy"

[[mailbox]]
name = "security"
address = "security@lattice-loom.example"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "security"
password_file = "{password}"
poll = 0.2
timeout = 5

[dns]
off = true  # example.org signs nothing, and a test asks nobody

[intake]
receipts_in_total = 1000  # in an hour; by default 100, and what is beyond gets a case but no receipt
"""


def mail(number: int) -> bytes:
    """A report of a sender of its own, with a text of its own: no limit of a storm concerns it."""
    return (
        f"From: Reporter {number} <reporter{number}@example.org>\r\nTo: security@lattice-loom.example\r\n"
        f"Subject: Report {number}\r\nMessage-ID: <report-{number}@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"The export of Field Notes reads any note, case {number}.\r\n--b\r\nContent-Type: text/plain\r\n"
        f'Content-Disposition: attachment; filename="steps.txt"\r\n\r\nStep {number}\r\n--b--\r\n'
    ).encode()


@dataclass
class Feeder:
    """Hands mails over one by one, as many as were allowed so far; a broken or refused one again until it is taken."""

    hand: Callable[[bytes], None]
    waiting: queue.Queue[bytes | None] = field(default_factory=queue.Queue)
    taken: int = 0
    broken: int = 0

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (raw := self.waiting.get()) is not None:
            while True:
                try:
                    self.hand(raw)
                    break
                except (OSError, smtplib.SMTPException):
                    self.broken += 1
                    time.sleep(0.05)
            self.taken += 1

    def end(self) -> None:
        self.waiting.put(None)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "not all mails were taken"


@dataclass
class Lmtp:
    """A mail server's side of LMTP; keeps its connection while that works."""

    port: int
    client: smtplib.LMTP | None = None

    def __call__(self, raw: bytes) -> None:
        try:
            if self.client is None:
                self.client = smtplib.LMTP(timeout=10)
                self.client.connect("127.0.0.1", self.port)
            self.client.sendmail("bounces@example.org", ["privacy@lattice-loom.example"], raw)
        except (OSError, smtplib.SMTPException):
            self.close()
            raise

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None


def plan() -> list[str]:
    names = [name for name, count in KILLS.items() for _ in range(count)]
    random.Random(3).shuffle(names)
    return names


def wait_for_work(house: House, name: str, turn: int) -> None:
    """Until the process has something in its hands: mails to read, letters to send, or what comes in just now."""
    if name in {"worker", "parser"}:
        sending = name == "worker" and turn % 2
        what = house.unsent if sending else house.unread
        wait_until(what, f"the {name} has work")
        time.sleep(random.uniform(0, 0.15))
    else:
        mailbox = "privacy" if name == "listener" else "security"  # the one by LMTP, the other by IMAP
        before = house.came_to(mailbox)
        wait_until(lambda: house.came_to(mailbox) > before, f"mails come to {mailbox}")
        time.sleep(random.uniform(0, 0.03))


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot.running() as running:
        yield running


def test_fifty_kills_while_500_mails_arrive(tmp_path: Path, server: Dovecot) -> None:
    """Every mail one case, every sender one receipt, the ledger without a gap."""
    programme, lmtp = found(tmp_path / "home", team=False), free_port()
    with ExitStack() as stack:
        sink, port = stack.enter_context(mail_server())
        more = SETTINGS.format(lmtp=lmtp, imap=server.imap, password=server.folder / "password")
        programme.settings(mail_settings(port) + more)
        house = House(programme)
        stack.callback(house.end)
        for name in PROCESSES:
            house.begin(name)
        client = stack.enter_context(closing(Lmtp(lmtp)))
        feeders = (Feeder(client), Feeder(server.deliver))
        _storm(house, feeders)
        for feeder in feeders:
            feeder.end()
        wait_until(lambda: house.one("SELECT count(*) FROM desk_rawmail") == MAILS, "all mails are kept", 60)
        wait_until(lambda: not house.unread() and not house.unsent(), "all mails are filed, all letters sent", 60)
        wait_until(lambda: not house.one("SELECT count(*) FROM desk_pending"), "all entries are numbered", 60)
    assert house.killed == KILLS
    assert house.held >= KILLS["worker"] / 2, "the worker was killed with work in its hands"
    assert feeders[0].broken >= KILLS["listener"] / 2, "the listener was killed while somebody spoke to it"
    _each_mail_is_one_case(house)
    _each_sender_has_one_receipt(house, sink)
    assert (server.count(), server.count("Forgeward")) == (0, MAILS // 2)
    assert programme.run("audit", "--json").json["problems"] == []


def _storm(house: House, feeders: tuple[Feeder, ...]) -> None:
    """Before each kill some mails are let go, so that they arrive while processes die."""
    mails = iter([mail(number) for number in range(MAILS)])
    each = MAILS // (len(plan()) * len(feeders))
    for turn, name in enumerate(plan()):
        for feeder in feeders:
            for _ in range(each):
                feeder.waiting.put(next(mails))
        wait_for_work(house, name, turn)
        house.kill(name)
    assert next(mails, None) is None


def _each_mail_is_one_case(house: House) -> None:
    listed = house.programme.do("case", "list", "--limit", "1000")["cases"]
    assert Counter(case["title"] for case in listed) == Counter(f"Report {number}" for number in range(MAILS))
    states = house.programme.rows("SELECT state, count(*), count(DISTINCT case_id) FROM desk_rawmail GROUP BY state")
    assert [tuple(row) for row in states] == [("parsed", MAILS, MAILS)]
    assert house.one("SELECT count(*) FROM desk_messagerow WHERE direction = 'in'") == MAILS
    assert house.one("SELECT count(*) FROM desk_attachmentrow") == MAILS


def _each_sender_has_one_receipt(house: House, sink: Sink) -> None:
    """One letter each in the tables; at the sink one Message-ID each, and no more copies than workers were killed."""
    letters = house.programme.rows(
        "SELECT state, count(*), count(DISTINCT key) FROM desk_noticerow WHERE kind = 'receipt' GROUP BY 1"
    )
    assert [tuple(row) for row in letters] == [("accepted", MAILS, MAILS)]
    receipts = [(to, letter["Message-ID"]) for to, letter in sink.mails if to.startswith("reporter")]
    assert Counter(to for to, _ in set(receipts)) == Counter(f"reporter{number}@example.org" for number in range(MAILS))
    assert len(receipts) - MAILS <= KILLS["worker"], "a worker dies between at most one letter and its record"
    assert house.one("SELECT count(*) FROM desk_entry WHERE kind = 'case:notice_accepted'") == MAILS
