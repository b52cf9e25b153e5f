"""A mailbox full of mail, and processes that are killed while they empty it: how soon do they go on?

What is compared with is the start of two processes that load the same programs on the same machine and do nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.edges.dovecot import MAIL_USER, Dovecot
from tests.journeys.processes import House, wait_until
from tests.journeys.programme import found

_SETTINGS = """
[[mailbox]]
name = "security"
address = "security@lattice-loom.example"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "security"
password_file = "{password}"
poll = 0.2
timeout = 10

[dns]
off = true

[canary]
on = false
"""
_BARE = """
import sys
from pathlib import Path
from forgeward.desk.setup import open_home
from forgeward.edges.home import Home
from forgeward.edges.mail_parser import ParserPool
open_home(Home(Path(sys.argv[1])))
from forgeward.desk.actions import mailboxes
from forgeward.desk.worker import rounds
"""
_MORE = "It is so on every site that we tried.\r\n" * 40


@dataclass(frozen=True)
class Emptied:
    """Seconds: all in all; of each bare start; from each restart to the next mail that was kept, and was filed."""

    seconds: float
    start: tuple[float, ...]
    kept: tuple[float, ...]
    filed: tuple[float, ...]
    leased: int  # mails that the killed worker had in its hands, over all kills


def empty(server: Dovecot, folder: Path, mails: int, kills: int) -> tuple[House, Emptied]:
    """Empties a mailbox of ``mails`` reports while fetcher and worker are killed together ``kills`` times."""
    fill(server, mails)
    programme = found(folder, team=False)
    programme.settings(_SETTINGS.format(imap=server.imap, password=server.folder / "password"))
    house, bare, kept, filed, leased = House(programme), list[float](), list[float](), list[float](), 0
    began = time.monotonic()
    try:
        _begin(house)
        for kill in range(1, kills + 1):
            share = kill * mails // (kills + 1)
            if kill < kills:  # while the fetcher fetches; the last time, while the worker reads
                wait_until(lambda: _kept(house) >= share, "mails are kept", 180)  # noqa: B023 - called at once
            else:
                _wait(lambda: _filed(house) >= mails // 2, "mails are filed")
            leased += _kill(house)
            bare.append(_bare_start(house))
            before = _kept(house), _filed(house)
            again = time.monotonic()
            _begin(house)
            if before[0] < mails:
                _wait(lambda: _kept(house) > before[0], "a mail is kept")  # noqa: B023 - likewise
                kept.append(time.monotonic() - again)
            _wait(lambda: _filed(house) > before[1], "a mail is filed")  # noqa: B023 - likewise
            filed.append(time.monotonic() - again)
        _wait(lambda: _filed(house) == mails, "all mails are filed")
        seconds = time.monotonic() - began - sum(bare)
        _wait(lambda: server.count("Forgeward") == mails, "all mails are put away")
    finally:
        house.end()
    return house, Emptied(seconds, tuple(bare), tuple(kept), tuple(filed), leased)


def fill(server: Dovecot, mails: int) -> None:
    """Puts reports of as many senders into the mailbox's folder, as a mail server delivers into a Maildir."""
    server.deliver(_report(0))  # makes the folder, with the rights that the server wants
    new = server.folder / "mail" / "security" / "Maildir" / "new"
    for number in range(1, mails):
        file = new / f"1795467394.M{number:06}P1.test"
        file.write_bytes(_report(number))
        if os.getuid() == 0:
            shutil.chown(file, MAIL_USER, MAIL_USER)


def _report(number: int) -> bytes:
    return (
        f"From: Reporter {number} <reporter{number}@example.org>\r\nTo: security@lattice-loom.example\r\n"
        f"Subject: Report {number}\r\nMessage-ID: <report-{number}@example.org>\r\n\r\n"
        f"The export of Field Notes reads any note, case {number}.\r\n{_MORE}"
    ).encode()


def _begin(house: House) -> None:
    for name in ("fetcher", "worker"):
        house.begin(name)


def _kill(house: House) -> int:
    """`kill -9` of both. Returns how many mails the worker had in its hands."""
    for name in ("fetcher", "worker"):
        house.running[name].kill()
        house.running[name].wait()
    return house.one("SELECT count(*) FROM desk_rawmail WHERE lease_owner <> '' AND state = 'stored'")


def _bare_start(house: House) -> float:
    command = [sys.executable, "-c", _BARE, str(house.programme.folder)]
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    began = time.monotonic()
    both = [subprocess.Popen(command, env={**environment, **house.programme.environment}) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    return time.monotonic() - began


def _wait(done: Callable[[], object], what: str) -> None:
    wait_until(done, what, patience=180, pause=0.03)


def _kept(house: House) -> int:
    return house.one("SELECT count(*) FROM desk_rawmail")


def _filed(house: House) -> int:
    return house.one("SELECT count(*) FROM desk_rawmail WHERE state <> 'stored'")
