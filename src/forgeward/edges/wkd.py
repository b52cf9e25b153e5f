"""Fetches a key from a Web Key Directory: off unless settings.toml switches it on, since it tells a stranger's server
that we look somebody up.

The address is resolved once, refused where it is not public, and that very address is connected to; certificates are
verified; redirects are not followed; what comes back is bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from forgeward.respond.openpgp_wkd import addresses

MOST = 256 * 1024  # bytes of a key
SECONDS = 10.0  # for both addresses together
_CHUNK = 16 * 1024


class Wkd:
    """Looks keys up. ``lookup`` gives a host's addresses; ``private`` permits those inside our own network."""

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        port: int = 443,
        lookup: Callable[[str], Sequence[str]] | None = None,
        *,
        private: bool = False,
    ) -> None:
        self._context = context or ssl.create_default_context()
        self._port, self._lookup, self._private = port, lookup or _lookup, private

    def find(self, mail_address: str) -> bytes | None:
        """The key that the domain publishes for the address, as it came; None where there is none to be had."""
        until = time.monotonic() + SECONDS
        for address in addresses(mail_address):
            try:
                found = self._fetch(address, until)
            except (OSError, http.client.HTTPException, ValueError):  # no such host, no certificate, no answer: no key
                continue
            if found:
                return found
        return None

    def _fetch(self, address: str, until: float) -> bytes | None:
        parts = urlsplit(address)
        host = parts.hostname or ""
        connection = http.client.HTTPSConnection(host, self._port, timeout=_left(until), context=self._context)
        connection.sock = self._context.wrap_socket(self._connected(host, until), server_hostname=host)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers={"Accept": "application/octet-stream"})
            response = connection.getresponse()
            return _read(response, until) if response.status == http.HTTPStatus.OK else None
        finally:
            connection.close()

    def _connected(self, host: str, until: float) -> socket.socket:
        """A connection to the first public address of the host. Raises OSError where it has none."""
        for address in self._lookup(host):
            if self._private or ipaddress.ip_address(address).is_global:
                return socket.create_connection((address, self._port), timeout=_left(until))
        raise OSError(f"{host} has no public address")


def _lookup(host: str) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(response: http.client.HTTPResponse, until: float) -> bytes | None:
    content = b""
    while chunk := response.read(_CHUNK):
        content += chunk
        if len(content) > MOST:
            return None
        _left(until)
    return content
