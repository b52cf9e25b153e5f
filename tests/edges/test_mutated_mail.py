"""Real mails and five thousand that were made to break a parser: each is read, or not parsed and says why."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from forgeward.edges.mail_limits import LIMITS
from forgeward.edges.mail_parser import Guard, ParserPool
from forgeward.respond.mail import NotParsed, Parsed, Reading
from tests.edges.mails import NO_REAL, REAL, mail
from tests.edges.mutations import CPYTHON, MUTATIONS, NO_CPYTHON, cpython_mails, mutated, real_mails

COUNT = 5_000
SLOW = 10.0  # seconds; the guard stops a mail after ten of processor time
pytestmark = pytest.mark.slow


class Watch(threading.Thread):
    """Looks at the pool's processes all the time, and knows the most memory (bytes) that any of them ever held."""

    def __init__(self, pool: ParserPool) -> None:
        super().__init__(daemon=True)
        self._pool, self._over = pool, threading.Event()
        self.most, self.looks = 0, 0

    def run(self) -> None:
        while not self._over.wait(0.005):
            for pid in self._pool.pids():
                for process in (pid, *_forks(pid)):
                    self.most = max(self.most, _high_water(process))
                    self.looks += 1

    def end(self) -> None:
        self._over.set()
        self.join()


def _forks(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _high_water(pid: int) -> int:
    """VmHWM of proc_pid_status(5): the peak of resident memory so far."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool() as shared:
        yield shared


def _is_answered(reading: Reading) -> bool:
    """Parsed with whole files, or not parsed with a sentence for people."""
    if isinstance(reading, Parsed):
        return len(reading.contents) == len(reading.mail.attachments)
    return bool(reading.reason.strip()) and reading.reason.isprintable()


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_all_real_mails_are_parsed(pool: ParserPool) -> None:
    """Signed, sealed and broken ones: none of them is left unread."""
    readings = dict(zip(real_mails(), pool.parse_many(real_mails().values()), strict=True))
    assert len(readings) >= 60
    assert [name for name, reading in readings.items() if not isinstance(reading, Parsed)] == []


@pytest.mark.skipif(not CPYTHON.is_dir(), reason=NO_CPYTHON)
def test_cpythons_test_mails_are_answered(pool: ParserPool) -> None:
    """The well-formed and the malformed ones of Python's own tests."""
    readings = dict(zip(cpython_mails(), pool.parse_many(cpython_mails().values()), strict=True))
    assert len(readings) >= 40
    assert all(_is_answered(reading) for reading in readings.values())
    unread = {name for name, reading in readings.items() if isinstance(reading, NotParsed)}
    assert unread == {"msg_19.txt"}, "it has no header"


def test_five_thousand_mutated_mails_are_answered(pool: ParserPool) -> None:
    """Each comes back as read or as not parsed with a sentence; no process dies of one; memory and time stay capped."""
    watch = Watch(pool)
    watch.start()
    names, slow, codes = list[str](), dict[str, float](), Counter[str]()

    def raws() -> Iterator[bytes]:
        for name, raw in mutated(COUNT):
            names.append(name)
            yield raw

    began = time.monotonic()
    for number, reading in enumerate(pool.parse_many(raws())):
        now = time.monotonic()
        assert _is_answered(reading), f"{names[number]}: {reading}"
        codes[reading.code if isinstance(reading, NotParsed) else "parsed"] += 1
        if now - began > SLOW:
            slow[names[number]] = now - began
        began = now
    watch.end()
    assert len(names) == sum(codes.values()) == COUNT
    assert {name.partition(": ")[2].partition(" + ")[0] for name in names} == {each.__name__ for each in MUTATIONS}
    assert codes["parsed"] > COUNT / 2, "most are still mails: the parser is tested, not only the limits before it"
    assert codes.keys() >= {"parsed", "headers", "too_deep", "too_many_parts", "not_mail"}
    assert (codes["crashed"], codes["memory"], codes["time"]) == (0, 0, 0), codes
    assert watch.looks > 1_000
    assert watch.most <= Guard().memory
    assert slow == {}
    assert isinstance(pool.parse(mail()), Parsed)


def test_a_hundred_megabytes_cost_no_memory(pool: ParserPool) -> None:
    """A mail of 100 MB is refused by its size, whatever is in it; the children stay as small as they were."""
    watch = Watch(pool)
    watch.start()
    reading = pool.parse(mail(b"x" * 100_000_000))
    watch.end()
    assert isinstance(reading, NotParsed)
    assert (reading.code, reading.head is not None) == ("too_large", True)
    assert f"{LIMITS.raw:,}" in reading.reason
    assert watch.most <= Guard().memory
