"""The parser's child process: ``python -m forgeward.edges.mail_worker MEMORY CPU WALL``, started by `mail_parser`.

It locks itself up first (`confine`), says how well, then reads mails from standard input until that closes. Each frame
is answered by one frame; a mail that breaks the parser is answered with NotParsed, one that breaks the process is
noticed by the parent.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

import msgspec

from forgeward.edges import frames
from forgeward.edges.confine import allow_cpu, confine
from forgeward.edges.mail_reading import read
from forgeward.respond.mail import NotParsed, Reading

WHOLE, HEAD = 0, 1  # kinds of frames to the child
HELLO, READING = 0, 1  # kinds of frames from it, always in this order

_WARM_UP = (
    b"From: =?utf-8?q?W=C3=A4rm?= <a@example.org>\r\nTo: b@example.org\r\nSubject: =?utf-8?b?w6Q=?=\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
    b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>x\r\n--b--\r\n"
)


def main(memory: int, cpu_seconds: int, wall_seconds: int) -> None:
    """Serves until standard input closes. ``memory`` in bytes; both times are per mail."""
    requests, answers = _own_pipes()
    read(_WARM_UP)
    gc.freeze()
    frames.send(answers, HELLO, msgspec.msgpack.encode(confine(memory)))
    while (frame := frames.receive(requests)) is not None:
        allow_cpu(cpu_seconds)
        signal.alarm(wall_seconds)  # ends this process even when the parent is gone
        kind, raw = frame
        frames.send(answers, READING, answer(raw, head_only=kind == HEAD))
        signal.alarm(0)


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
    main(*(int(argument) for argument in sys.argv[1:4]))
