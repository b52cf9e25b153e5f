"""An HTTP receiver on loopback with faults: what it was sent, and what it answers to each call."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Answer: TypeAlias = Callable[[socket.socket], None]


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer; headers by their name with underscores."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines])
    return lambda connection: connection.sendall(head.encode() + b"\r\n\r\n" + body)


def garbage(connection: socket.socket) -> None:
    """No HTTP."""
    connection.sendall(b"\x16\x03\x01 220 mail ready\r\n\r\n")


@dataclass
class Received:
    """One call."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answers`` are used in turn, the last one again and again; ``hung`` ends those that never answer."""

    answers: list[Answer]
    port: int = 0
    got: list[Received] = field(default_factory=list)
    connections: int = 0
    hung: threading.Event = field(default_factory=threading.Event)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Its address under a name."""
        return f"{scheme}://{host}:{self.port}/hook"

    def hangs(self, connection: socket.socket) -> None:
        """Never answers."""
        self.hung.wait(30)

    def drips(self, connection: socket.socket) -> None:
        """One header line after the other, without an end."""
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self.hung.wait(0.05):
            connection.sendall(b"X-More: 1\r\n")

    def floods(self, connection: socket.socket) -> None:
        """A good head, and a body without an end."""
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.hung.is_set():
            connection.sendall(b"x" * 65536)


@contextlib.contextmanager
def receiving(*answers: Answer | str, certificate: Path | None = None) -> Iterator[Receiver]:
    """A receiver that runs meanwhile. A text names one of its own faults: ``hangs``, ``drips``, ``floods``."""
    found = Receiver([])
    found.answers = [getattr(found, each) if isinstance(each, str) else each for each in answers or (says(200),)]
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        found.port = server.getsockname()[1]
        threading.Thread(target=_accept, args=(server, found, context), daemon=True).start()
        try:
            yield found
        finally:
            found.hung.set()
            server.shutdown(socket.SHUT_RDWR)  # or the thread that accepts keeps the door open


def _accept(server: socket.socket, found: Receiver, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        found.connections += 1
        threading.Thread(target=_serve, args=(connection, found, context), daemon=True).start()


def _serve(connection: socket.socket, found: Receiver, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(30)
        talk = context.wrap_socket(connection, server_side=True) if context else connection
        with talk:
            raw = b""
            while b"\r\n\r\n" not in raw:
                piece = talk.recv(65536)
                if not piece:
                    return
                raw += piece
            head, _, body = raw.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            while len(body) < int(headers.get("content-length", 0)):
                body += talk.recv(65536)
            answer = found.answers[min(len(found.got), len(found.answers) - 1)]
            found.got.append(Received(first.split(" ")[1], headers, body))
            answer(talk)
