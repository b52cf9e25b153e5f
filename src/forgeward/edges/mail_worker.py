"""The parser's child process, ``python -m forgeward.edges.mail_worker MEMORY CPU WALL MAILS``; `mail_parser` starts it.

The process itself only loads what reading needs, and forks; each fork locks itself up (`confine`), reads mails from
standard input, one frame each, and answers each with a frame. After MAILS mails it makes room for a fresh fork, which
costs milliseconds where a fresh Python costs a tenth of a second. A mail that breaks the parser is answered with
NotParsed; when one breaks the fork, this process ends in the same way, and `mail_parser` sees how.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import allow_cpu, confine
from forgeward.edges.mail_reading import read
from forgeward.respond.mail import NotParsed, Reading

WHOLE, HEAD = 0, 1  # kinds of frames to the child
HELLO, READING = 0, 1  # kinds of frames from it, always in this order
_RENEW = 75  # exit code: served its share

_WARM_UP = (
    b"From: =?utf-8?q?W=C3=A4rm?= <a@example.org>\r\nTo: b@example.org\r\nSubject: =?utf-8?b?w6Q=?=\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
    b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>x\r\n--b--\r\n"
)


def main(memory: int, cpu_seconds: int, wall_seconds: int, mails: int) -> None:
    """Keeps one fork at work until standard input closes. ``memory`` in bytes; both times are per mail."""
    requests, answers = _own_pipes()
    read(_WARM_UP)
    gc.freeze()

    def work(greeting: bool) -> int:
        held = confine(memory)
        if greeting:
            frames.send(answers, HELLO, msgspec.msgpack.encode(held))
        return _serve(requests, answers, cpu_seconds, wall_seconds, mails)

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


def _serve(requests: int, answers: int, cpu_seconds: int, wall_seconds: int, mails: int) -> int:
    """Reads mails; answers `_RENEW` after ``mails`` of them, 0 when standard input closes."""
    for _ in range(mails):
        frame = frames.receive(requests)
        if frame is None:
            return 0
        allow_cpu(cpu_seconds)
        signal.alarm(wall_seconds)  # ends this process even when the parent is gone
        kind, raw = frame
        frames.send(answers, READING, answer(raw, head_only=kind == HEAD))
        signal.alarm(0)
    return _RENEW


def answer(raw: bytes, *, head_only: bool) -> bytes:
    """The mail's `Reading` as msgpack; never raises what the mail could cause."""
    encode = msgspec.msgpack.encode
    try:
        return encode(read(raw, head_only=head_only))
    except MemoryError:
        failed: Reading = NotParsed("Reading it takes more memory than the parser has.", "memory")
    except RecursionError:
        failed = NotParsed("Its parts are nested too deep.", "too_deep")
    except Exception as error:  # noqa: BLE001 - the standard parser raises nearly anything on hostile bytes
        failed = NotParsed(f"The mail library failed on it ({type(error).__name__}).", "crashed")
    return encode(failed)


def _own_pipes() -> tuple[int, int]:
    """Moves the pipes away from standard input and output, so that no stray print can look like an answer."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    os.close(nothing)
    return requests, answers


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:5]))
