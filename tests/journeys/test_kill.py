"""Processes die at any moment (kill -9): no mail, step, reminder or receipt is lost, and none happens twice."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programme import OFFLINE, Programme, Sink, found, free_port, mail_server, mail_settings

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif("FORGEWARD_TEST_DATABASE" in os.environ, reason="counts in the file that SQLite keeps"),
]
WORKER_KILLS, CHILD_KILLS = 20, 10
PATIENCE = 60  # seconds for a process to begin or end, however busy the machine
LONGEST = 600  # seconds for all


def environment(programme: Programme) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **programme.environment, "FORGEWARD_HOME": str(programme.folder)}


def begin(programme: Programme, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *words], env=environment(programme), **options)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@contextmanager
def supervised(programme: Programme) -> Iterator[tuple[int, int]]:
    """``forgeward up``, asked to stop at the end; gives its process id and port."""
    port = free_port()
    process = begin(
        programme, "forgeward.cli", "up", "--port", str(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid, port
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def children(pid: int) -> list[int]:
    """The processes that this one started (proc(5))."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def rows(programme: Programme, statement: str) -> list[Any]:
    with closing(sqlite3.connect(programme.folder / "forgeward.sqlite3", timeout=20)) as db:
        return db.execute(statement).fetchall()


def waited(what: str, holds: Callable[[], bool]) -> None:
    """Waits until it holds. Fails by name when that takes longer than any machine needs."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"{what}: not within {PATIENCE} s"
        time.sleep(0.05)


def at_work(programme: Programme, pid: int) -> bool:
    """Whether a worker has begun its rounds: from then on the others see that it is alive (desk.leases)."""
    return any(file.name.split(":")[-2:-1] == [str(pid)] for file in (programme.folder / "alive").iterdir())


def answers(port: int) -> bool:
    """Whether the desk takes calls."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def kill_around(programme: Programme, up: int, port: int) -> None:
    """Kills twenty workers in the midst of their rounds, and ten children of ``up``, of which it starts others.

    Only a kill that hit counts: the worker had begun and was alive until then; the child was alive, and the desk
    answered just before, where the child is the desk.
    """
    for turn in range(WORKER_KILLS):
        worker = begin(programme, "forgeward.desk.worker", stderr=subprocess.DEVNULL)
        try:
            waited("a worker's first round", lambda pid=worker.pid: at_work(programme, pid))  # type: ignore[misc]
            time.sleep(random.uniform(0, 1))
            assert worker.poll() is None, "a worker ended by itself"
        finally:
            kill(worker)
        assert worker.returncode == -signal.SIGKILL
        if turn % 2:
            _kill_child(programme, up, port)


def _kill_child(programme: Programme, up: int, port: int) -> None:
    """Kills one of the two, once both are there and at work; at the end it is gone."""
    waited("the desk", lambda: answers(port))
    waited("the worker of up", lambda: any(at_work(programme, pid) for pid in children(up)))
    child = random.choice(children(up))
    os.kill(child, signal.SIGKILL)
    waited("the end of a child", lambda: child not in children(up))


def settle(programme: Programme) -> None:
    """What killed processes had leased is free (their leases are over), and the worker does what is left."""
    with closing(sqlite3.connect(programme.folder / "forgeward.sqlite3", timeout=20)) as db, db:
        for table in ("desk_caserow", "desk_noticerow", "desk_rawmail"):
            db.execute(f"UPDATE {table} SET lease_until = 1 WHERE lease_until IS NOT NULL")  # noqa: S608 - constants
    for _ in range(3):
        programme.do("tick")


def test_thirty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """While mails arrive and people work, workers and the children of ``up`` are killed; then everything is counted."""
    programme = found(tmp_path / "home")
    with mail_server() as (sink, port):
        programme.settings(mail_settings(port) + OFFLINE)
        with supervised(programme) as (up, address):
            waited("the first round", (programme.folder / "alive").exists)
            stream = begin(
                programme, "tests.desk.deeds", str(programme.folder), "stream", str(LONGEST),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            kill_around(programme, up, address)
            assert stream.poll() is None, "all kills fell into the work"
            out, _ = stream.communicate(timeout=PATIENCE)
            assert stream.returncode == 0
        settle(programme)
    done = json.loads(out)
    _each_mail_is_one_case(programme, done)
    _each_reminder_was_sent_once(programme, done)
    _each_letter_went_out_under_one_id(programme, sink)
    _each_step_is_there_once(programme, done)
    assert programme.run("audit", "--json").json["problems"] == []
    _the_ledger_proves_all(programme, tmp_path)


def _each_mail_is_one_case(programme: Programme, done: dict[str, Any]) -> None:
    kept, late = done["kept"], len(done["late"])
    titles = Counter(case["title"] for case in programme.do("case", "list", "--limit", "1000")["cases"])
    assert titles == Counter([*(f"Report {i}" for i in range(kept)), *(f"Late {i}" for i in range(late))])
    assert rows(programme, "SELECT state, count(*) FROM desk_rawmail GROUP BY state") == [("parsed", kept)]
    assert rows(programme, "SELECT count(*) FROM desk_messagerow WHERE direction = 'in'") == [(kept,)]


def _each_reminder_was_sent_once(programme: Programme, done: dict[str, Any]) -> None:
    """A report that was entered after 30 hours has missed its 24: Leadership is told, once."""
    told = rows(
        programme,
        "SELECT c.number, count(*) FROM desk_entry e JOIN desk_caserow c ON c.id = e.case_id"
        " WHERE e.kind = 'case:escalated' GROUP BY c.number",
    )
    assert dict(told) == dict.fromkeys(done["late"], 1)
    assert rows(programme, "SELECT count(*) FROM desk_noticerow WHERE kind = 'reminder'") == [(len(told),)]


def _each_letter_went_out_under_one_id(programme: Programme, sink: Sink) -> None:
    """At least once; every copy of a letter has the same Message-ID, and its case's history says once that it left."""
    letters = rows(programme, "SELECT key, state FROM desk_noticerow")
    assert {state for _, state in letters} == {"accepted"}
    to_reporters = [(to, mail["Message-ID"]) for to, mail in sink.mails if to.startswith("reporter")]
    receipts = rows(programme, "SELECT count(*) FROM desk_noticerow WHERE kind = 'receipt'")[0][0]
    answers = rows(programme, "SELECT count(*) FROM desk_noticerow WHERE kind = 'acknowledgement'")[0][0]
    assert len(set(to_reporters)) == receipts + answers
    assert max(Counter(to for to, _ in set(to_reporters)).values()) == 2, "a receipt and an acknowledgement"
    accepted = rows(programme, "SELECT count(*) FROM desk_entry WHERE kind = 'case:notice_accepted'")[0][0]
    assert accepted == receipts + answers
    copies = sum(Counter(to_reporters).values()) - len(set(to_reporters))
    assert copies <= WORKER_KILLS + CHILD_KILLS, "only who dies between the server's word and our record sends again"


def _each_step_is_there_once(programme: Programme, done: dict[str, Any]) -> None:
    notes = rows(
        programme,
        "SELECT c.number, count(*) FROM desk_entry e JOIN desk_caserow c ON c.id = e.case_id"
        " WHERE e.kind = 'case:noted' GROUP BY c.number",
    )
    assert dict(notes) == Counter(done["noted"])
    answered = rows(
        programme,
        "SELECT c.number FROM desk_clockrow k JOIN desk_caserow c ON c.id = k.case_id"
        " WHERE k.promise = 'IR-4' AND k.state = 'met'",
    )
    assert {number for (number,) in answered} == set(done["acknowledged"])
    assert rows(programme, "SELECT count(*) FROM desk_pending") == [(0,)]


def _the_ledger_proves_all(programme: Programme, folder: Path) -> None:
    pack, key = folder / "all.pack", folder / "vendor.key"
    programme.do("ledger", "pack", "--out", str(pack))
    key.write_text(programme.run("ledger", "key").out)
    verified = programme.do("ledger", "verify", str(pack), "--key", str(key))
    assert verified["ok"]
    assert verified["entries"] == rows(programme, "SELECT count(*) FROM desk_entry")[0][0]
