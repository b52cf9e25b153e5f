"""A home on another machine, over its ``/api/v1``: TLS is verified, the token goes to that one address only.

A call that was lost on the way is sent again with the same Idempotency-Key, so it is done once.
"""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from forgeward import errors
from forgeward.errors import BadInput, ForgewardError, Lack, PolicyInvalid, Problem, ServerTrouble, StepRefused

T = TypeVar("T")
TRIES = 3
PATIENCE = 60.0  # seconds for one try; a pack or an audit takes a while
LONGEST_WAIT = 30.0
PREFIX = "/api/v1"


class Server:
    """The other machine. ``url`` is what ``--server`` said, ``token`` what ``FORGEWARD_TOKEN`` holds."""

    def __init__(self, url: str, token: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        base, loopback = _checked(url)
        if not token.startswith("fwt_") or not token.isascii() or not token.isprintable():
            raise BadInput(
                "A server asks for a token.",
                next="Put one into FORGEWARD_TOKEN; `forgeward token make` makes it there.",
            )
        self.url = base
        self._client = httpx2.Client(
            base_url=base + PREFIX,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json, */*"},
            timeout=PATIENCE,
            follow_redirects=False,  # nobody else is shown the token
            trust_env=not loopback,
            transport=transport,
        )

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: TracebackType | type[BaseException] | BaseException | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def get(self, path: str, shape: type[T], /, **query: Any) -> T:
        """What is there, as a shape. Empty queries are left away. Raises as the command would, or ``ServerTrouble``."""
        return self._decode(self.fetch(path, **query), shape)

    def fetch(self, path: str, /, **query: Any) -> bytes:
        """What is there, as bytes."""
        return self._send("GET", path, params={name: value for name, value in query.items() if value not in ("", None)})

    def post(self, path: str, kind: type[T], body: Mapping[str, Any] | None = None) -> T:
        """Does something, once. Raises as the command would, or ``ServerTrouble``."""
        return self._decode(self.submit(path, body), kind)

    def submit(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Does something, once, and gives the answer's bytes."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self._send("POST", path, content=msgspec.json.encode(dict(body or {})), headers=headers)

    def upload(self, path: str, raw: bytes, media_type: str, shape: type[T], /, **query: Any) -> T:
        """Hands bytes over; those which are known already change nothing."""
        headers = {"Content-Type": media_type}
        return self._decode(self._send("POST", path, content=raw, headers=headers, params=query), shape)

    def _decode(self, content: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError:
            raise ServerTrouble(
                f"{self.url} does not answer like a Forgeward desk of this version.", next="Check the address."
            ) from None

    def _send(self, method: str, path: str, **more: Any) -> bytes:
        for left in reversed(range(TRIES)):
            try:
                response = self._client.request(method, path, **more)
            except httpx2.TransportError as problem:
                if left and not isinstance(problem, httpx2.ConnectError):
                    continue
                raise ServerTrouble(f"{self.url} cannot be reached: {problem}.", next="Check the address.") from None
            wait = _wait(response)
            if left and wait is not None:
                time.sleep(wait)
                continue
            if response.status_code < 300:
                return response.content
            raise self._refusal(response)
        raise AssertionError("the last try answers or raises")

    def _refusal(self, response: httpx2.Response) -> ForgewardError:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind != "application/problem+json":
            return ServerTrouble(
                f"{self.url} answered {response.status_code} and is no Forgeward desk, or one that is broken.",
                next="Check the address; the desk listens on 8710 unless it was told otherwise.",
            )
        return refusal(self._decode(response.content, dict[str, Any]))


def _checked(url: str) -> tuple[str, bool]:
    """The address without a path, and whether it is this machine. Raises ``BadInput``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    loopback = host == "localhost" or _is_loopback(host)
    plain = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
    if not host or not plain or parts.scheme not in {"https", "http"}:
        raise BadInput(f"“{url}” is not a server's address.", next="Write it like https://desk.example.com.")
    if parts.scheme == "http" and not loopback:
        raise BadInput(
            "A token does not go over the network in the clear.",
            next=f"Use https://{host}, or ask on the server itself.",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else ""), loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wait(response: httpx2.Response) -> float | None:
    """Seconds until it is worth another try; None where it is not."""
    after = response.headers.get("Retry-After", "")
    if response.status_code == 429 and after.isdecimal() and float(after) <= LONGEST_WAIT:
        return float(after)
    return None


def refusal(problem: Mapping[str, Any]) -> ForgewardError:
    """The error that the other machine raised, as if it had been raised here: same words, same exit code."""
    code, detail, advice = (str(problem.get(name, "")) for name in ("code", "detail", "next"))
    if code == StepRefused.code:
        lacks = [Lack(str(m["name"]), str(m["promise"]), str(m["what"])) for m in problem.get("missing", ())]
        return StepRefused("", lacks, why=detail, next=advice)
    if code == PolicyInvalid.code:
        return PolicyInvalid(
            [Problem(str(p["where"]), str(p["what"])) for p in problem.get("problems", ())], next=advice
        )
    error = ForgewardError(detail, next=advice)
    error.code = code or error.code
    error.exit_code = _EXIT_CODES.get(code, ForgewardError.exit_code)
    return error


def _family(kind: type[ForgewardError]) -> dict[str, int]:
    found = {kind.code: kind.exit_code}
    for child in kind.__subclasses__():
        found |= _family(child)
    return found


_EXIT_CODES = _family(errors.ForgewardError)
