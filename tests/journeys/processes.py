"""The processes that take mail in on a home, each of which a test may kill, and what the home's tables say."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.programme import Programme

PROCESSES = ("worker", "listener", "fetcher")
PATIENCE = 30.0  # seconds for anything that takes less than three


@dataclass
class House:
    """The processes on one home, and what its tables say."""

    programme: Programme
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    held: int = 0  # leases that killed processes left behind

    def begin(self, name: str) -> None:
        kept = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        environment = {**kept, **self.programme.environment, "FORGEWARD_HOME": str(self.programme.folder)}
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", _module(name)], env=environment, stderr=subprocess.DEVNULL
        )

    def kill(self, name: str) -> None:
        """`kill -9` of a process that lives, confirmed; it is begun again at once, as ``forgeward up`` would."""
        if name == "parser":
            self._kill_parser()
        else:
            process = self.running[name]
            assert process.poll() is None, f"the {name} ended by itself with {process.returncode}"
            process.kill()
            assert process.wait() == -signal.SIGKILL
            if name == "worker":
                self.held += self.one("SELECT count(*) FROM desk_rawmail WHERE lease_owner <> '' AND state = 'stored'")
                self.held += self.one("SELECT count(*) FROM desk_noticerow WHERE lease_owner <> ''")
            self.begin(name)
        self.killed[name] += 1

    def _kill_parser(self) -> None:
        """One of the worker's children, or one of their forks, whoever of them lives."""
        wait_until(lambda: below(self.running["worker"].pid), "the worker has a parser")
        pid = random.choice(below(self.running["worker"].pid))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not lives(pid), "the parser died")

    def one(self, statement: str) -> int:
        return int(self.programme.rows(statement)[0][0])

    def unread(self) -> int:
        return self.one("SELECT count(*) FROM desk_rawmail WHERE state = 'stored'")

    def unsent(self) -> int:
        return self.one("SELECT count(*) FROM desk_noticerow WHERE state = 'waiting'")

    def came_to(self, mailbox: str) -> int:
        return self.one(f"SELECT count(*) FROM desk_rawmail WHERE mailbox = '{mailbox}'")  # noqa: S608 - a constant

    def end(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(20)


def below(pid: int) -> list[int]:
    """Every living process that this one started, and that those started (proc(5))."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *below(child)] if lives(child) else []
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(done: Callable[[], object], what: str, patience: float = PATIENCE, pause: float = 0.005) -> None:
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, f"not within {patience:g} s: {what}"
        time.sleep(pause)


def _module(name: str) -> str:
    return "forgeward.desk.worker" + ("" if name == "worker" else f".{name}")
