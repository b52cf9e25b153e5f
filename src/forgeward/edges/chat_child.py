"""The process that sends one message by apprise and ends: ``python -m forgeward.edges.chat_child``.

Reads an ``Order`` from standard input, writes a ``Report`` to standard output, and nothing else anywhere. Before
apprise is loaded, look-ups, connections and requests of this process are bounded; that is why it is a process.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any

import msgspec

from forgeward.edges.chat import Order, Report
from forgeward.edges.outgoing import is_allowed
from forgeward.edges.outgoing_settings import Outgoing, networks


class _Seen:
    """What the requests of this process came to."""

    status = 0
    after = 0
    forbidden = False


def main() -> None:
    """One order, one report."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints goes where nobody looks
    _bound_network(order)
    taken = _sent(order)
    report = Report(taken and not _Seen.forbidden, _Seen.status, _Seen.after, _Seen.forbidden)
    os.write(out, msgspec.json.encode(report))


def _sent(order: Order) -> bool:
    import apprise

    _bound_requests(order.seconds + 5)  # the timer below is first
    asset = apprise.AppriseAsset(app_id="Forgeward", app_desc="Forgeward", plugin_paths=[], secure_logging=True)
    to = apprise.Apprise(asset=asset)
    if not to.add(order.url):
        return False
    signal.setitimer(signal.ITIMER_REAL, order.seconds)  # where a library waits without an end, the process ends
    return bool(to.notify(body=order.body, title=order.title, body_format=apprise.NotifyFormat.TEXT))


def _bound_network(order: Order) -> None:
    """Look-ups of permitted hosts only; connections to addresses that are public or permitted only."""
    permitted = networks(Outgoing(private=order.private))
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if not any(name == each or (each.startswith(".") and name.endswith(each)) for each in order.hosts):
            _Seen.forbidden = True
            raise socket.gaierror
        return look_up(host, *rest, **more)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family not in {socket.AF_INET, socket.AF_INET6} or not is_allowed(str(address[0]), permitted):
            _Seen.forbidden = True
            raise PermissionError
        connect(self, address)

    socket.getaddrinfo = guarded_look_up
    socket.socket.connect = guarded_connect  # type: ignore[assignment, method-assign]
    socket.socket.connect_ex = _no_connect_ex  # type: ignore[assignment, method-assign]


def _no_connect_ex(self: socket.socket, address: Any) -> int:
    raise PermissionError


def _bound_requests(seconds: float) -> None:
    """No redirects, TLS verified, a time-out for each step, no proxies; the last status is remembered."""
    import requests

    request = requests.Session.request

    def bounded(self: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
        self.trust_env = False
        bounds = {"allow_redirects": False, "verify": True, "timeout": seconds, "stream": True}
        answer = request(self, method, url, **{**more, **bounds})
        _Seen.status, after = answer.status_code, answer.headers.get("Retry-After", "")
        _Seen.after = int(after) if after.isdecimal() and len(after) < 8 else 0
        answer._content = answer.raw.read(65536, decode_content=True) or b""  # a body without an end ends here
        return answer

    requests.Session.request = bounded  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    main()
