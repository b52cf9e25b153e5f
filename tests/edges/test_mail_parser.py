"""The guard around the parser: children that die, hang or grow take one mail with them and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from forgeward.edges import mail_parser
from forgeward.edges.mail_limits import LIMITS
from forgeward.edges.mail_parser import Guard, ParserPool
from forgeward.errors import ParserUnavailable
from forgeward.respond.mail import NotParsed, Parsed
from tests.edges.mails import NO_REAL, REAL, file_part, mail, multipart, nested

BIG = multipart(b"\r\nhello", file_part(b"\x01\x02\x03" * 6_100_000))  # 25 MB on the wire
STARVING = mail(b"\r\n" * 12_000_000)  # twelve million lines do not fit into the child's memory


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool() as shared:
        yield shared


def _forks(pool: ParserPool) -> list[int]:
    """The processes that read: each child of the pool keeps one fork at work."""
    found: list[str] = []
    for pid in pool.pids():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(pid) for pid in found]


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _kill_at_work(pool: ParserPool, times: int) -> threading.Thread:
    """Kills, ``times`` times, whichever child has grown over 100 MB, as one does while it reads `BIG`."""

    def watch() -> None:
        killed: set[int] = set()
        until = time.monotonic() + 20
        while len(killed) < times and time.monotonic() < until:
            for pid in _forks(pool):
                if pid not in killed and _resident(pid) > 100_000_000:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_real_mails_come_back_in_order(pool: ParserPool) -> None:
    """Every real mail is read through the children, and the readings keep the order of the mails."""
    raws = [path.read_bytes() for path in sorted(REAL.rglob("*")) if path.suffix in {".eml", ".msg"}]
    one_by_one = [pool.parse(raw) for raw in raws]
    assert all(isinstance(reading, Parsed) for reading in one_by_one)
    assert list(pool.parse_many(raws)) == one_by_one


@pytest.mark.slow
def test_a_large_mail_fits(pool: ParserPool) -> None:
    """A mail of 25 MB is read within the child's 300 MB; its file comes back whole."""
    reading = pool.parse(BIG)
    assert isinstance(reading, Parsed)
    assert reading.mail.attachments[0].size == len(reading.contents[0]) == 18_300_000


@pytest.mark.slow
def test_memory_ends(pool: ParserPool) -> None:
    """A mail that needs more memory is not parsed, says so, still names its sender; the next mail is read."""
    reading, neighbour = pool.parse_many([STARVING, mail()])
    assert isinstance(reading, NotParsed)
    assert reading.code == "memory"
    assert reading.head is not None
    assert reading.head.sender.address == "rita@example.org"
    assert isinstance(neighbour, Parsed)


def test_too_large_is_never_read_whole(pool: ParserPool) -> None:
    """A mail of 100 MB is refused by its size; only its header goes to a child."""
    reading = pool.parse(mail(b"x" * 100_000_000))
    assert isinstance(reading, NotParsed)
    assert (reading.code, reading.head and reading.head.subject) == ("too_large", "A hole")
    assert f"{LIMITS.raw:,}" in reading.reason


@pytest.mark.slow
def test_processor_time_ends() -> None:
    """A mail that costs more processor time than a mail may is stopped by the kernel; the pool goes on."""
    costly = nested(199, lines=400_000)
    with ParserPool(workers=1, spare=1, guard=Guard(cpu_seconds=1)) as pool:
        begun = time.monotonic()
        reading = pool.parse(costly)
        assert isinstance(reading, NotParsed)
        assert (reading.code, reading.head and reading.head.subject) == ("time", "A hole")
        assert time.monotonic() - begun < 40
        assert isinstance(pool.parse(mail()), Parsed)


def test_waiting_ends() -> None:
    """A child that hangs without using time is given up after the wall-clock limit."""
    with ParserPool(workers=1, spare=0, guard=Guard(wall_seconds=0.5)) as pool:
        assert isinstance(pool.parse(mail()), Parsed)
        os.kill(_forks(pool)[0], signal.SIGSTOP)
        reading = pool.parse(mail())
        assert isinstance(reading, NotParsed)
        assert reading.code == "time"
        assert isinstance(pool.parse(mail()), Parsed)


@pytest.mark.slow
def test_a_killed_child_is_no_verdict_on_its_mail(pool: ParserPool) -> None:
    """A child killed while it reads is replaced, and its mail is read by another; neighbours notice nothing."""
    watcher = _kill_at_work(pool, times=1)
    readings = list(pool.parse_many([mail(), BIG, mail(), mail()]))
    watcher.join()
    assert all(isinstance(reading, Parsed) for reading in readings)


@pytest.mark.slow
def test_a_mail_that_kills_twice_is_not_parsed(pool: ParserPool) -> None:
    """Where a second child dies over the same mail, the mail is given up with a sentence; its header is told."""
    watcher = _kill_at_work(pool, times=2)
    first, reading, last = pool.parse_many([mail(), BIG, mail()])
    watcher.join()
    assert isinstance(reading, NotParsed)
    assert (reading.code, reading.head and reading.head.subject) == ("crashed", "A hole")
    assert "signal 9" in reading.reason
    assert isinstance(first, Parsed)
    assert isinstance(last, Parsed)


@pytest.mark.parametrize("which", [_forks, ParserPool.pids])
def test_idle_children_may_die(pool: ParserPool, which: Callable[[ParserPool], Iterable[int]]) -> None:
    """Children killed while they wait, or their forks, are replaced before a mail is given to them."""
    assert len(list(pool.parse_many([mail()] * 3))) == 3
    doomed = list(which(pool))
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert isinstance(pool.parse(mail()), Parsed)
    assert not set(doomed) & {*pool.pids(), *_forks(pool)}


def test_children_are_renewed_after_some_mails() -> None:
    """No fork serves for ever: after its share of mails another one does, and no mail falls between them."""
    with ParserPool(workers=2, spare=1, guard=Guard(mails=3)) as pool:
        seen = set()
        for reading in pool.parse_many(mail(b"%d" % number) for number in range(60)):
            assert isinstance(reading, Parsed)
            seen |= set(_forks(pool))
        assert len(seen) >= 15
        assert len(pool.pids()) == 3


def test_many_threads_share_a_pool(pool: ParserPool) -> None:
    """Readings go to whoever asked: no thread gets another's mail."""
    wrong: list[str] = []

    def ask(number: int) -> None:
        for turn in range(10):
            reading = pool.parse(mail(b"%d/%d" % (number, turn)))
            if not isinstance(reading, Parsed) or reading.mail.text != f"{number}/{turn}":
                wrong.append(f"{number}/{turn}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_starts_before_it_is_needed_and_nothing_stays() -> None:
    """A pool has no process until its first mail and none after it is closed; then it refuses with a sentence."""
    pool = ParserPool()
    assert pool.pids() == ()
    pool.parse(mail())
    assert len(pool.pids()) == 1
    pool.parse(mail())
    pids = [*pool.pids(), *_forks(pool)]
    assert len(pool.pids()) == 3
    pool.close()
    time.sleep(0.2)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(ParserUnavailable, match="closed"):
        pool.parse(mail())


def test_a_parser_that_cannot_start_is_not_the_mails_fault() -> None:
    """Where no child starts (here: within no time), an error says so; the mail is not called unreadable."""
    with ParserPool(workers=1, guard=Guard(start_seconds=0)) as pool, pytest.raises(ParserUnavailable) as told:
        pool.parse(mail())
    assert "doctor" in told.value.next


def test_confinement_is_told() -> None:
    """The sentence for `doctor` names network, files, privileges and memory."""
    sentence = mail_parser.confinement()
    assert all(word in sentence for word in ("network", "files", "privileges", "memory"))


def test_children_have_nothing(pool: ParserPool) -> None:
    """A child has an empty environment, its own session, no file beyond its pipes, and no working folder of ours."""
    pool.parse(mail())
    for pid in pool.pids():
        environment = Path(f"/proc/{pid}/environ").read_bytes().replace(b"\0", b" ")
        assert environment.split() == [b"LC_ALL=C.UTF-8"]
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) <= 5
        assert os.getsid(pid) == pid
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
