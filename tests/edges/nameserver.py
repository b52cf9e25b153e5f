"""An authoritative name server on loopback, for what must go through the real resolver: TXT records and addresses."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Hosts: TypeAlias = Mapping[str, Callable[[], list[str]]]
_PIECE = 255  # bytes of one character-string (RFC 1035, 3.3)


@contextlib.contextmanager
def serving(records: Mapping[str, str], asked: list[str] | None = None, hosts: Hosts | None = None) -> Iterator[int]:
    """Answers with these TXT records, NXDOMAIN for every other name; yields the UDP port. ``asked`` gets each name.

    ``hosts`` gives a name's IPv4 addresses, asked anew for each query, so that they may change (DNS rebinding).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, records, asked, hosts or {}), daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.sendto(b"", server.getsockname())  # what ends it
            thread.join(5)


def _serve(server: socket.socket, records: Mapping[str, str], asked: list[str] | None, hosts: Hosts) -> None:
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
        if name in hosts:
            if dns.rdatatype.to_text(question.rdtype) == "A":
                answer.answer.append(dns.rrset.from_text(question.name, 0, "IN", "A", *hosts[name]()))
        elif text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif dns.rdatatype.to_text(question.rdtype) == "TXT":
            pieces = " ".join(f'"{text[i : i + _PIECE]}"' for i in range(0, len(text), _PIECE))
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", pieces))
        server.sendto(answer.to_wire(), client)
