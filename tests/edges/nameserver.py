"""An authoritative name server on loopback, for what must go through the real resolver: one table of TXT records."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_PIECE = 255  # bytes of one character-string (RFC 1035, 3.3)


@contextlib.contextmanager
def serving(records: Mapping[str, str], asked: list[str] | None = None) -> Iterator[int]:
    """Answers with these TXT records, NXDOMAIN for every other name; yields the UDP port. ``asked`` gets each name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, records, asked), daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.sendto(b"", server.getsockname())  # what ends it
            thread.join(5)


def _serve(server: socket.socket, records: Mapping[str, str], asked: list[str] | None) -> None:
    while True:
        data, client = server.recvfrom(4096)
        if not data:
            return
        query = dns.message.from_wire(data)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        if asked is not None:
            asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        text = records.get(name)
        if text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif dns.rdatatype.to_text(question.rdtype) == "TXT":
            pieces = " ".join(f'"{text[i : i + _PIECE]}"' for i in range(0, len(text), _PIECE))
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", pieces))
        server.sendto(answer.to_wire(), client)
