"""What every guarded child process does: load what its work needs, fork, lock the fork up, answer frames.

The process itself only loads and forks; each fork locks itself up (`confine`), reads pieces of work from standard
input, one frame each, and answers each with a frame. After its share it makes room for a fresh fork, which costs
milliseconds where a fresh Python costs a tenth of a second. When a piece of work breaks the fork, this process ends in
the same way, and `guarded` sees how.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import allow_cpu, confine

Answer: TypeAlias = Callable[[int, bytes], bytes]

HELLO, DONE = 0, 1  # kinds of frames from a child: the first once, the second for each piece of work
_RENEW = 75  # exit code: served its share


def main(answer: Answer, warm_up: Callable[[], object]) -> None:
    """Keeps one fork at work until standard input closes.

    The command line holds bytes of memory, seconds of processor and of the wall clock for each piece of work, and how
    many pieces a fork does. ``answer`` gets a frame's kind and bytes and must not raise what the bytes could cause.
    """
    memory, cpu_seconds, wall_seconds, share = (int(argument) for argument in sys.argv[1:5])
    requests, answers = _own_pipes()
    warm_up()
    gc.freeze()

    def work(greeting: bool) -> int:
        held = confine(memory)
        if greeting:
            frames.send(answers, HELLO, msgspec.msgpack.encode(held))
        return _serve(answer, requests, answers, cpu_seconds, wall_seconds, share)

    code = _in_fork(lambda: work(greeting=True))
    while code == _RENEW:
        code = _in_fork(lambda: work(greeting=False))
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _in_fork(work: Callable[[], int]) -> int:
    """Runs ``work`` in a fork and answers its exit code, negative for a signal. SIGTERM ends the fork first.

    A fork that outlived this process would be left to an init that, in a container, may not reap.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    fork = os.fork()
    if not fork:
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            code = work()
        finally:
            os._exit(code)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(fork, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return code


def _serve(answer: Answer, requests: int, answers: int, cpu_seconds: int, wall_seconds: int, share: int) -> int:
    """Does pieces of work; answers `_RENEW` after ``share`` of them, 0 when standard input closes."""
    for _ in range(share):
        frame = frames.receive(requests)
        if frame is None:
            return 0
        allow_cpu(cpu_seconds)
        signal.alarm(wall_seconds)  # ends this process even when the parent is gone
        frames.send(answers, DONE, answer(*frame))
        signal.alarm(0)
    return _RENEW


def _own_pipes() -> tuple[int, int]:
    """Moves the pipes away from standard input and output, so that no stray print can look like an answer."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.close(nothing)
    return requests, answers
