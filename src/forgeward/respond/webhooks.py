"""Webhooks out, the pure part: which facts are told, in which words, signed how, and when it is tried again.

    change of a case ─▶ event_of ─▶ payload (number, event, time, link) ─▶ signed (HMAC-SHA-256 over id, time and body)
    answer ─▶ fate: delivered, or once more after a pause, or given up

The form is Standard Webhooks 1.0 (github.com/standard-webhooks). A payload never holds a text of a case; of a
restricted case it holds number and link, also where the case was restricted after it happened.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from forgeward.errors import BadInput
from forgeward.vocabulary import rfc3339

_EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "case:received": ("case.received", "A case was opened"),
    "case:joined": ("case.joined", "Something new came in about it"),
    "case:acknowledgement": ("case.acknowledged", "A person answered the reporter"),
    "case:assessed": ("case.assessed", "It was assessed"),
    "case:adjusted": ("case.adjusted", "Its severity was set anew"),
    "case:converted": ("case.converted", "It became an event, a vulnerability or an incident"),
    "case:confirmed": ("case.confirmed", "The vulnerability was confirmed"),
    "case:judged": ("case.judged", "It was decided whether it is material"),
    "case:contained": ("case.contained", "It was contained"),
    "case:planned": ("case.planned", "A release was planned for its fix"),
    "case:fixed": ("case.fixed", "It was fixed"),
    "case:shipped": ("case.shipped", "Production has the fix"),
    "case:recovered": ("case.recovered", "Operation is back to normal"),
    "case:notified": ("case.notified", "A notice went out"),
    "case:notice_given_up": ("case.notice_failed", "A letter could not be delivered"),
    "case:escalated": ("case.escalated", "A clock passed a mark, and somebody was reminded"),
    "case:extended": ("case.extended", "A deadline was extended"),
    "case:paused": ("case.paused", "It waits for the reporter"),
    "case:resumed": ("case.resumed", "It waits no more"),
    "case:handed_over": ("case.handed_over", "Somebody else has it now"),
    "case:closed": ("case.closed", "It was closed"),
    "case:rejected": ("case.rejected", "It was rejected"),
    "case:merged": ("case.merged", "It was merged into another case"),
    "case:reopened": ("case.reopened", "It was opened again"),
    "case:reviewed": ("case.reviewed", "Its review was signed"),
    "case:action_agreed": ("case.action_agreed", "An action was agreed on"),
    "case:action_verified": ("case.action_verified", "An action was verified"),
}
EVENTS: Final[Mapping[str, str]] = MappingProxyType(dict(_EVENTS.values()))
"""What an endpoint can be told of, with what it means. What is not named here is told to nobody."""

TEST: Final = "test"
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=4)
KEPT_UP = timedelta(days=3)
"""How long one message is tried."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest signs too."""
LONGEST_URL = 500
_SECRET = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives to secrets


class Message(msgspec.Struct, frozen=True):
    """One event of one case, or a test (``event`` is ``test``, ``number`` empty). ``id`` stays through every try."""

    id: str
    event: str
    at: datetime
    number: str = ""
    link: str = ""
    restricted: bool = False


class Reply(msgspec.Struct, frozen=True):
    """What became of one try. ``status`` is HTTP's, 0 where there was no answer; ``words`` are ours, never theirs."""

    status: int
    words: str
    retry_after: timedelta | None = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class Fate(msgspec.Struct, frozen=True):
    """What a message is after a try; ``rest_until``: before that instant its endpoint is left alone."""

    state: Literal["delivered", "waiting", "given_up"]
    rest_until: datetime | None = None


def event_of(kind: str) -> str:
    """The event that a change of this kind is told as; empty for what is told to nobody."""
    return _EVENTS[kind][0] if kind in _EVENTS else ""


def payload(message: Message) -> bytes:
    """The body: JSON in UTF-8, the same bytes for the same facts."""
    data = {"case": message.number, "link": message.link} if message.number else {}
    if message.restricted:
        return msgspec.json.encode({"type": "case", "data": data})
    return msgspec.json.encode({"type": message.event, "timestamp": rfc3339(message.at), "data": data})


def shown_secret(secret: bytes) -> str:
    """A secret as people carry it over: ``whsec_`` and base64."""
    return _SECRET + base64.b64encode(secret).decode()


def signed(message_id: str, body: bytes, now: datetime, secrets: Sequence[bytes]) -> dict[str, str]:
    """The three headers of Standard Webhooks; one signature for each secret, so that receivers change over at ease."""
    stamp = str(int(now.timestamp()))
    content = b".".join([message_id.encode(), stamp.encode(), body])
    digests = (hmac.digest(secret, content, "sha256") for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def fate(reply: Reply, fails: int, began: datetime, now: datetime, jitter: float) -> Fate:
    """What follows from a try at ``now`` of a message that waits since ``began``.

    ``fails``: how many tries in a row its endpoint failed before this one; ``jitter`` in [0, 1).
    """
    if reply.good:
        return Fate("delivered")
    if reply.status == 410:  # Gone: by the standard, the receiver wants no more of it
        return Fate("given_up")
    pause = min(FIRST_PAUSE * 4 ** min(fails, 12), LONGEST_PAUSE) * (0.8 + 0.4 * jitter)
    asked = min(reply.retry_after or timedelta(0), KEPT_UP)
    rest = now + max(pause, asked)
    return Fate("given_up" if now - began >= KEPT_UP else "waiting", rest)


def require_events(wanted: Sequence[str]) -> list[str]:
    """The events in order, each once. Raises ``BadInput`` for none, or one that there is not."""
    if unknown := sorted(set(wanted) - set(EVENTS)):
        raise BadInput(f"There is no event “{unknown[0][:40]}”.", next=f"Choose from: {', '.join(EVENTS)}.")
    if not wanted:
        raise BadInput("A webhook is told of something.", next=f"Name an event: {', '.join(EVENTS)}.")
    return [event for event in EVENTS if event in set(wanted)]


def require_url(url: str) -> str:
    """The address as it is called. Raises ``BadInput`` for one that is none, or that carries a password."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = url.strip().isascii() and url.strip().isprintable() and " " not in url.strip()
    if not host or not plain or len(url.strip()) > LONGEST_URL or parts.scheme not in {"https", "http"}:
        raise BadInput("This is not an address.", next="Write it like https://hooks.example.com/forgeward.")
    if parts.username or parts.password or parts.fragment:
        raise BadInput(
            "An address with a user, a password or a # is not called.",
            next="Leave them away: our signature shows who calls.",
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise BadInput("Case numbers do not go over the network in the clear.", next=f"Use https://{host}.")
    return url.strip()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
