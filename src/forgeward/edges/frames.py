"""Messages over a pipe between a process and its guarded child: one byte of kind, four of length, then the bytes.

The child's side blocks. The parent's side never waits past a deadline (``time.monotonic()`` seconds): whoever is on
the other end may have been taken over by the bytes that it reads.
"""

from __future__ import annotations

import os
import select
import struct
import time

_HEAD = struct.Struct(">BI")


class Gone(Exception):  # noqa: N818 - an event of the wire
    """The other side closed its end, or sent what is not a frame."""


class Late(Exception):  # noqa: N818 - an event of the wire
    """The deadline passed."""


def receive(fd: int) -> tuple[int, bytes] | None:
    """The next frame as (kind, bytes), waiting as long as it takes; None when the other side has closed."""
    head = _blocking(fd, _HEAD.size)
    if head is None:
        return None
    kind, length = _HEAD.unpack(head)
    body = _blocking(fd, length)
    return None if body is None else (kind, body)


def send(fd: int, kind: int, body: bytes) -> None:
    """Writes one frame, waiting as long as it takes."""
    for piece in (_HEAD.pack(kind, len(body)), body):
        view = memoryview(piece)
        while view:
            view = view[os.write(fd, view) :]


def receive_by(fd: int, deadline: float, most: int) -> tuple[int, bytes]:
    """The next frame, of at most ``most`` bytes, from a non-blocking ``fd``. Raises ``Gone`` or ``Late``."""
    kind, length = _HEAD.unpack(_timed(fd, _HEAD.size, deadline))
    if length > most:
        raise Gone
    return kind, _timed(fd, length, deadline)


def send_by(fd: int, kind: int, body: bytes, deadline: float) -> None:
    """Writes one frame to a non-blocking ``fd``. Raises ``Gone`` or ``Late``."""
    for piece in (_HEAD.pack(kind, len(body)), body):
        view = memoryview(piece)
        while view:
            _wait(fd, select.POLLOUT, deadline)
            try:
                view = view[os.write(fd, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Gone from None


def _blocking(fd: int, size: int) -> bytes | None:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = os.readv(fd, [view])
        if not got:
            return None
        view = view[got:]
    return bytes(data)


def _timed(fd: int, size: int, deadline: float) -> bytes:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        _wait(fd, select.POLLIN, deadline)
        try:
            got = os.readv(fd, [view])
        except BlockingIOError:
            continue
        if not got:
            raise Gone
        view = view[got:]
    return bytes(data)


def _wait(fd: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise Late
