"""Guarded children: processes with nothing to lose, which do what hostile bytes could break.

    pool = ChildPool("forgeward.edges.mail_worker", "mail parser")
    pool.ask(kind, body, most, decode)      # the decoded answer; Died or frames.Late where the child broke

Children wait warm before they are needed, with an empty environment, no open files, in a session of their own; each
locks itself up (`confine`) before it works. One that dies, hangs or grows takes its piece of work with it and nothing
else, and is replaced.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self, TypeVar

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import Confinement
from forgeward.errors import ParserUnavailable

_T = TypeVar("_T")
_STARTS_TRIED = 3
_ENDING_SECONDS = 2.0


class Guard(msgspec.Struct, frozen=True):
    """How far one child may go: bytes of memory, seconds for each piece of work, pieces before it is renewed."""

    memory: int = 300_000_000
    cpu_seconds: int = 10
    wall_seconds: float = 30.0
    start_seconds: float = 30.0
    mails: int = 100


class Died(Exception):  # noqa: N818 - an event inside a pool, caught by its owner
    """The child ended while it worked; ``how`` completes “its process …”, ``signal`` is what ended it, or 0."""

    def __init__(self, how: str, signal: int = 0) -> None:
        super().__init__(how)
        self.how = how
        self.signal = signal


class Child:
    """One process of a worker module with its pipes. ``name`` is what sentences call it."""

    def __init__(self, module: str, name: str, guard: Guard) -> None:
        self._guard, self._name = guard, name
        self.confinement: Confinement | None = None
        limits = (guard.memory, guard.cpu_seconds, int(guard.wall_seconds) + 5, guard.mails)
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-I", "-B", "-m", module, *map(str, limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise ParserUnavailable(f"The {name} got no pipes.")
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
                f"The {self._name} did not start within {self._guard.start_seconds:g} seconds."
            ) from None
        except (frames.Gone, msgspec.MsgspecError):
            raise ParserUnavailable(f"The {self._name} did not start: its process {self._ending()}.") from None

    def ask(self, kind: int, body: bytes, most: int, decode: Callable[[bytes], _T]) -> _T:
        """Has one piece of work done, with an answer of at most ``most`` bytes.

        Raises ``Died`` where the process broke or answered nonsense, ``frames.Late`` where it had to be stopped.
        """
        deadline = time.monotonic() + self._guard.wall_seconds
        try:
            frames.send_by(self._to.fileno(), kind, body, deadline)
            _, answer = frames.receive_by(self._from.fileno(), deadline, most)
            return decode(answer)
        except frames.Gone:
            how = self._ending()
            ended_by = -min(0, self._process.returncode or 0)
            if ended_by in {signal.SIGXCPU, signal.SIGALRM}:
                raise frames.Late from None
            raise Died(how, ended_by) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.stop()
            raise Died("answered nonsense") from None

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


class ChildPool:
    """A pool of guarded children; safe to share between threads, not across a fork. Starts on first use.

    ``workers`` pieces of work are done at a time, ``spare`` processes wait warm for one that falls.
    """

    def __init__(self, module: str, name: str, workers: int, spare: int, guard: Guard) -> None:
        self._module, self._name, self._guard = module, name, guard
        self._workers, self._spare = workers, spare
        self._free = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: deque[Child] = deque()  # warm ones to the right, fresh ones to the left
        self._busy: set[Child] = set()
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

    def ask(
        self,
        kind: int,
        body: bytes,
        most: int,
        decode: Callable[[bytes], _T],
        spent: Callable[[_T], bool] | None = None,
    ) -> _T:
        """Has one piece of work done by a free child. ``spent`` says of an answer that the child must be replaced.

        Raises as `Child.ask` does, and ParserUnavailable where no child can be started.
        """
        child = self._take()
        keep = False
        try:
            answer = child.ask(kind, body, most, decode)
            keep = spent is None or not spent(answer)
            return answer
        finally:
            self._give_back(child, keep=keep)

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

    def _take(self) -> Child:
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

    def _greeted(self) -> Child:
        child = self._next()
        try:
            child.greet()
        except ParserUnavailable:
            self._drop(child)
            raise
        return child

    def _next(self) -> Child:
        with self._lock:
            if self._closed:
                raise ParserUnavailable(f"The {self._name} is closed.", next="Open a new pool.")
            for dead in [child for child in self._idle if not child.alive]:
                self._idle.remove(dead)
                dead.stop()
            self._taken += 1
            wanted = self._workers + self._spare if self._taken > 1 else 1  # one piece of work alone needs no pool
            while len(self._idle) + len(self._busy) < wanted:
                self._idle.appendleft(self._new())
            child = self._idle.pop()
            self._busy.add(child)
            return child

    def _new(self) -> Child:
        return Child(self._module, self._name, self._guard)

    def _give_back(self, child: Child, *, keep: bool = True) -> None:
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

    def _drop(self, child: Child) -> None:
        child.stop()
        with self._lock:
            self._busy.discard(child)
            if not self._closed:
                self._idle.appendleft(self._new())
