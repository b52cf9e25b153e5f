"""Bad connections on purpose: a proxy that cuts, stalls or drips, and a server that says nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Wire:
    """What happens to the bytes that the server sends: after ``cut`` of them the connection ends, after ``stall`` it
    goes silent, after ``drip`` one byte comes every ``pause`` seconds. None: never. Counts over all connections.
    """

    cut: int | None = None
    stall: int | None = None
    drip: int | None = None
    pause: float = 0.2
    passed: int = 0
    connections: int = 0
    open: list[socket.socket] = field(default_factory=list)

    def mend(self) -> None:
        """From now on nothing goes wrong."""
        self.cut = self.stall = self.drip = None


@contextlib.contextmanager
def between(port: int, wire: Wire) -> Iterator[int]:
    """A proxy before a server on loopback; yields its port."""
    server = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                near, _ = server.accept()
                far = socket.create_connection(("127.0.0.1", port))
            except OSError:
                return
            wire.connections += 1
            wire.open += [near, far]
            for each in ((near, far, None), (far, near, wire)):
                threads.append(threading.Thread(target=_pump, args=each, daemon=True))
                threads[-1].start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield int(server.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for each in wire.open:
            _end(each)
        for thread in threads:
            thread.join(2)


def _pump(source: socket.socket, target: socket.socket, wire: Wire | None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            if wire is None:
                target.sendall(data)
            elif not _spoiled(data, target, wire):
                break
    _end(source)
    _end(target)


def _spoiled(data: bytes, target: socket.socket, wire: Wire) -> bool:
    """Passes the bytes on as the wire lets them; False where it is cut."""
    while data:
        left = None if wire.cut is None else wire.cut - wire.passed
        if left is not None and left <= 0:
            return False
        while wire.stall is not None and wire.passed >= wire.stall:
            time.sleep(0.05)
        slow = wire.drip is not None and wire.passed >= wire.drip
        piece = data[:1] if slow else data[:left]
        if slow:
            time.sleep(wire.pause)
        target.sendall(piece)
        wire.passed += len(piece)
        data = data[len(piece) :]
    return True


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
