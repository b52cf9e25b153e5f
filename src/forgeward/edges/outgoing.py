"""Calls to addresses that people entered: one POST, to no place inside our own network, within a bounded time (SSRF).

    host ─▶ resolved once ─▶ each address public, or permitted by settings ─▶ that very address connected to
         ─▶ TLS verified for the host's name ─▶ status line and headers ─▶ closed

What a name server says later changes nothing, since nothing asks again (DNS rebinding). Redirects are not followed, the
body of an answer is never read, proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import httpcore2

from forgeward import __version__
from forgeward.edges.dns import DnsResolver
from forgeward.edges.mail_settings import Dns
from forgeward.edges.outgoing_settings import Network, Outgoing, networks
from forgeward.errors import BadInput
from forgeward.respond.dns import Question
from forgeward.respond.webhooks import Reply

Lookup: TypeAlias = Callable[[str], Sequence[str]]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_MOST_ADDRESSES = 4  # of one host that are tried
_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291, 2.4: all of IPv6 that is given out; site-local is not
_GONE = (  # what `is_global` of older Pythons still holds for the world's
    ipaddress.ip_network("192.88.99.0/24"),  # RFC 7526: relays of 6to4
    ipaddress.ip_network("3fff::/20"),  # RFC 9637: for documentation
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class Forbidden(Exception):  # noqa: N818 - it is caught here, and told as a reply
    """The host has no address that may be called."""


def is_allowed(text: str, permitted: Sequence[Network]) -> bool:
    """Whether an address may be called: a public one, or one of a permitted network, however it is written."""
    try:
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in permitted):
        return True
    if address.is_multicast or address.is_reserved or any(address in network for network in _GONE):
        return False
    return address.is_global and (address.version == 4 or address in _UNICAST)


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only carries it (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def lookup_by(settings: Dns) -> Lookup:
    """The machine's own way to find addresses, or the name servers that settings name."""
    if not settings.servers:
        return _system_lookup
    resolver = DnsResolver(settings)
    return lambda host: [record for kind in ("A", "AAAA") for record in resolver.resolve(Question(host, kind)).records]


def _system_lookup(host: str) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Caller:
    """Calls addresses by one home's settings. Safe for threads: each call has a connection of its own."""

    def __init__(self, settings: Outgoing, lookup: Lookup = _system_lookup) -> None:
        self._seconds, self._lookup = settings.timeout, lookup
        self._permitted = networks(settings)
        self._context = ssl.create_default_context()
        if settings.ca_file:
            try:
                self._context.load_verify_locations(settings.ca_file)
            except OSError as problem:
                raise BadInput(
                    f"outgoing.ca_file cannot be read: {problem.strerror or problem}.", next="Name a PEM file."
                ) from None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Sends it and says what became of it; whatever goes wrong is a reply too. Lasts ``timeout`` at most."""
        way = _Pinned(self._lookup, self._permitted, time.monotonic() + self._seconds)
        sent = {"User-Agent": f"Forgeward/{__version__}", "Content-Type": "application/json", **headers}
        try:
            with (
                httpcore2.ConnectionPool(ssl_context=self._context, network_backend=way) as pool,
                pool.stream("POST", url, headers=list(sent.items()), content=body) as response,
            ):
                return _read(response)
        except Forbidden as problem:
            return Reply(0, str(problem))
        except (httpcore2.TimeoutException, TimeoutError):
            return Reply(0, f"No answer within {self._seconds:g} seconds.")
        except (httpcore2.NetworkError, OSError) as problem:
            return Reply(0, f"Not reached: {_reason(problem)}.")
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError):
            return Reply(0, "What answers there does not speak HTTP.")


def _read(response: httpcore2.Response) -> Reply:
    status = response.status
    if 300 <= status < 400:
        return Reply(status, f"Answered {status}: redirects are not followed. Enter the address that it leads to.")
    after = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"").decode("latin-1")
    wait = timedelta(seconds=int(after)) if after.isdecimal() and len(after) < 8 else None
    return Reply(status, f"Answered {status}.", wait if status in {429, 503} else None)


def _reason(problem: Exception) -> str:
    found: BaseException | None = problem
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"its certificate is not valid ({found.verify_message})"
        if isinstance(found, ssl.SSLError):
            return "no TLS connection"
        if isinstance(found, socket.gaierror):
            return "there is no such host"
        found = found.__cause__ or found.__context__
    return "the connection failed"


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the address that was checked, and lets no step last beyond ``until`` (monotonic seconds)."""

    def __init__(self, lookup: Lookup, permitted: Sequence[Network], until: float) -> None:
        self._lookup, self._permitted, self._until = lookup, permitted, until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        name = host.strip("[]")
        found = [name] if _is_address(name) else list(dict.fromkeys(self._lookup(name)))
        if not found:
            raise socket.gaierror
        # One address inside our network is reason enough to call none: no honest host has both.
        if not all(is_allowed(each, self._permitted) for each in found):
            raise Forbidden(
                "Its address lies inside a private network that [outgoing] of settings.toml does not permit."
            )
        problem: Exception = httpcore2.ConnectError()
        for address in found[:_MOST_ADDRESSES]:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    address, port, _left(self._until), local_address, socket_options
                )
            except httpcore2.ConnectError as refused:
                problem = refused
            else:
                return _Bounded(stream, self._until)
        raise problem


class _Bounded(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
