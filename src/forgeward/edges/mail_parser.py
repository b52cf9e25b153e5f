"""The guarded parser: hostile mails are read in child processes that have nothing to lose.

    with ParserPool() as pool:
        reading = pool.parse(raw)                 # Parsed or NotParsed, always
        for reading in pool.parse_many(raws): …   # in order, both workers busy

Children wait warm before they are needed (two for work and a spare), with an empty environment, no open files, in a
session of their own; each locks itself up (`confine`) before it reads. One that dies, hangs or grows takes its mail
with it and nothing else, and is replaced; after a hundred mails each renews itself anyway.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import Confinement
from forgeward.edges.mail_limits import LIMITS, header_end
from forgeward.edges.mail_worker import HEAD, WHOLE
from forgeward.errors import ParserUnavailable
from forgeward.respond.mail import NotParsed, Parsed, Reading

_ANSWER_LIMIT = LIMITS.raw + 16 * 2**20
_STARTS_TRIED = 3
_ENDING_SECONDS = 2.0


class Guard(msgspec.Struct, frozen=True):
    """How far one child may go: bytes of memory, seconds per mail, mails before it is renewed."""

    memory: int = 300_000_000
    cpu_seconds: int = 10
    wall_seconds: float = 30.0
    start_seconds: float = 30.0
    mails: int = 100


class _Died(Exception):  # noqa: N818 - an event inside the pool, caught there
    """The child ended while it had the mail; ``how`` completes “the parser's process …”."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class _Child:
    """One process of `mail_worker` with its pipes."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.confinement: Confinement | None = None
        limits = (guard.memory, guard.cpu_seconds, int(guard.wall_seconds) + 5, guard.mails)
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-I", "-B", "-m", "forgeward.edges.mail_worker", *map(str, limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise ParserUnavailable("The mail parser got no pipes.")
        self._to, self._from = self._process.stdin, self._process.stdout
        self.pid = self._process.pid
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self._from.fileno(), False)

    def greet(self) -> None:
        """Waits until the child is locked up and warm. Raises ParserUnavailable."""
        if self.confinement is not None:
            return
        try:
            _, body = frames.receive_by(self._from.fileno(), time.monotonic() + self._guard.start_seconds, 65_536)
            self.confinement = msgspec.msgpack.decode(body, type=Confinement)
        except frames.Late:
            self.stop()
            raise ParserUnavailable(
                f"The mail parser did not start within {self._guard.start_seconds:g} seconds."
            ) from None
        except (frames.Gone, msgspec.MsgspecError):
            raise ParserUnavailable(f"The mail parser did not start: its process {self._ending()}.") from None

    def ask(self, kind: int, raw: bytes) -> Reading:
        """Has one mail read. Raises ``_Died`` where the process broke, ``frames.Late`` where it had to be stopped."""
        deadline = time.monotonic() + self._guard.wall_seconds
        try:
            frames.send_by(self._to.fileno(), kind, raw, deadline)
            _, body = frames.receive_by(self._from.fileno(), deadline, _ANSWER_LIMIT)
            return _checked(msgspec.msgpack.decode(body, type=Reading))
        except frames.Gone:
            how = self._ending()
            if self._process.returncode in {-signal.SIGXCPU, -signal.SIGALRM}:
                raise frames.Late from None
            raise _Died(how) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.stop()
            raise _Died("answered nonsense") from None

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Asks the process to end its fork and itself; its pipes stay for whoever waits on them."""
        self._process.terminate()

    def stop(self) -> None:
        """Ends the process for good and frees its pipes."""
        self.end()
        try:
            self._process.wait(timeout=_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._to.close()
        self._from.close()

    def _ending(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        code = self._process.poll()
        self.stop()
        if code is None:
            return "did not answer"
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


class ParserPool:
    """A pool of guarded children; safe to share between threads, not across a fork. Starts on first use.

    ``workers`` mails are read at a time, ``spare`` processes wait warm for one that falls.
    """

    def __init__(self, workers: int = 2, spare: int = 1, guard: Guard | None = None) -> None:
        self._guard = guard or Guard()
        self._workers, self._spare = workers, spare
        self._free = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: deque[_Child] = deque()  # warm ones to the right, fresh ones to the left
        self._busy: set[_Child] = set()
        self._closed = False
        self._taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all children. A closed pool cannot be used again."""
        with self._lock:
            self._closed = True
            waiting, working = list(self._idle), list(self._busy)
            self._idle.clear()
        for child in (*waiting, *working):  # whoever waits for an answer frees its child's pipes
            child.end()
        for child in waiting:
            child.stop()

    def parse(self, raw: bytes) -> Reading:
        """Reads one mail: `Parsed`, or `NotParsed` with the reason and what its header gave.

        Raises ParserUnavailable only where no child can be started; that says nothing about the mail.
        """
        reading = self._parse_whole(raw)
        if isinstance(reading, Parsed) or reading.head is not None or reading.code == "not_mail":
            return reading
        try:
            header = self._ask(HEAD, raw[: header_end(raw, LIMITS.header)])
        except (_Died, frames.Late):
            return reading
        return msgspec.structs.replace(reading, head=header.head if isinstance(header, NotParsed) else header.mail)

    def parse_many(self, raws: Iterable[bytes]) -> Iterator[Reading]:
        """Reads many mails, all workers at once, and yields the readings in the order of ``raws``.

        At most three mails per worker are held ahead of the reader.
        """
        with ThreadPoolExecutor(self._workers, thread_name_prefix="mail-parser") as threads:
            waiting: deque[Future[Reading]] = deque()
            try:
                for raw in raws:
                    waiting.append(threads.submit(self.parse, raw))
                    if len(waiting) >= 3 * self._workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for left in waiting:
                    left.cancel()

    def confinement(self) -> Confinement:
        """How well a child is locked up on this machine; its ``str`` is a sentence for ``doctor``."""
        child = self._take()
        try:
            return child.confinement or Confinement()
        finally:
            self._give_back(child)

    def pids(self) -> tuple[int, ...]:
        """The process ids of all children, at work or waiting."""
        with self._lock:
            return tuple(child.pid for child in (*self._busy, *self._idle))

    def _parse_whole(self, raw: bytes) -> Reading:
        if len(raw) > LIMITS.raw:
            return NotParsed(f"It has {len(raw):,} bytes; mails up to {LIMITS.raw:,} are parsed.", "too_large")
        how = ""
        for _ in range(2):  # a process can be killed for reasons that are not the mail's
            try:
                return self._ask(WHOLE, raw)
            except frames.Late:
                return NotParsed("Reading it took too long and was stopped.", "time")
            except _Died as died:
                how = died.how
        return NotParsed(f"The parser's process {how} twice while reading it.", "crashed")

    def _ask(self, kind: int, raw: bytes) -> Reading:
        child = self._take()
        keep = False
        try:
            reading = child.ask(kind, raw)
            keep = not (isinstance(reading, NotParsed) and reading.code == "memory")
            return reading
        finally:
            self._give_back(child, keep=keep)

    def _take(self) -> _Child:
        """A greeted child for the calling thread alone. Waits while all workers are busy."""
        self._free.acquire()
        try:
            for _ in range(_STARTS_TRIED - 1):
                with contextlib.suppress(ParserUnavailable):
                    return self._greeted()
            return self._greeted()
        except BaseException:
            self._free.release()
            raise

    def _greeted(self) -> _Child:
        child = self._next()
        try:
            child.greet()
        except ParserUnavailable:
            self._drop(child)
            raise
        return child

    def _next(self) -> _Child:
        with self._lock:
            if self._closed:
                raise ParserUnavailable("The mail parser is closed.", next="Open a new pool.")
            for dead in [child for child in self._idle if not child.alive]:
                self._idle.remove(dead)
                dead.stop()
            self._taken += 1
            wanted = self._workers + self._spare if self._taken > 1 else 1  # one mail alone needs no pool
            while len(self._idle) + len(self._busy) < wanted:
                self._idle.appendleft(_Child(self._guard))
            child = self._idle.pop()
            self._busy.add(child)
            return child

    def _give_back(self, child: _Child, *, keep: bool = True) -> None:
        try:
            if keep and child.alive:
                with self._lock:
                    self._busy.discard(child)
                    if not self._closed:
                        self._idle.append(child)
                        return
            self._drop(child)
        finally:
            self._free.release()

    def _drop(self, child: _Child) -> None:
        child.stop()
        with self._lock:
            self._busy.discard(child)
            if not self._closed:
                self._idle.appendleft(_Child(self._guard))


def _checked(reading: Reading) -> Reading:
    """Believes the child nothing that can be checked: each content must be what its attachment says."""
    if isinstance(reading, Parsed):
        named = [(attachment.size, attachment.sha256) for attachment in reading.mail.attachments]
        found = [(len(content), hashlib.sha256(content).hexdigest()) for content in reading.contents]
        if named != found:
            raise msgspec.ValidationError("attachments and contents differ")
    return reading


def confinement() -> str:
    """One sentence on how well the parser is locked up here, for ``doctor``. Starts one child for it."""
    with ParserPool(workers=1, spare=0) as pool:
        return str(pool.confinement())
