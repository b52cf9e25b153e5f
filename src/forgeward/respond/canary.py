"""The test mail that proves intake (IR-2, VM-1, CT-1): what it says, when the next is due, when its silence is a fault.

A canary carries a token that only this home can make, so nobody can have a report taken for one.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

RETRY = timedelta(hours=1)  # after a test mail that did not arrive: so that recovery is seen soon


def token(number: int, key: bytes) -> str:
    """The token of the canary ``number``: its number and 80 bits of HMAC-SHA-256."""
    mac = hmac.digest(key, f"forgeward canary\0{number}".encode(), "sha256")
    return f"{number}.{base64.b32encode(mac[:10]).decode().lower()}"


def number_of(text: str, key: bytes) -> int | None:
    """The number of the canary that carries this token; None for a token that we did not make."""
    number = text.strip().partition(".")[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 12):
        return None
    return int(number) if hmac.compare_digest(text.strip().encode(), token(int(number), key).encode()) else None


def letter(address: str) -> tuple[str, str]:
    """Subject and text of a canary."""
    text = (
        f"This is a test mail. Forgeward sends it to {address} to see that reports arrive.\n"
        "It is taken in by itself; nobody needs to do anything about it.\n"
    )
    return "Test of this mailbox", text


class Look(msgspec.Struct, frozen=True):
    """The latest canary of one address."""

    address: str
    sent_at: datetime
    arrived_at: datetime | None = None
    failed_at: datetime | None = None


def due(look: Look | None, every: timedelta, now: datetime) -> bool:
    """Whether the address needs its next canary."""
    if look is None:
        return True
    return now - look.sent_at >= (min(RETRY, every) if look.failed_at and not look.arrived_at else every)


def overdue(look: Look, patience: timedelta, now: datetime) -> bool:
    """Whether the canary should have arrived by now, and nobody has said so yet."""
    return look.arrived_at is None and look.failed_at is None and now - look.sent_at >= patience


class Verdict(msgspec.Struct, frozen=True):
    """What a check saw: ``mechanism`` is its key in the policy, ``what`` a sentence."""

    mechanism: str
    ok: bool
    what: str


def verdicts(
    looks: Mapping[str, Look], checks: Mapping[str, Collection[str]], mailboxes: Collection[str]
) -> list[Verdict]:
    """What the latest canaries say about each check (mechanism → the addresses that it speaks of).

    A check whose addresses are not all taken in here, or have not all been looked at, says nothing: it stays unproven.
    """
    found = []
    for mechanism, addresses in checks.items():
        if not addresses or not set(addresses) <= set(mailboxes):
            continue
        seen = [looks[address] for address in sorted(addresses) if address in looks]
        silent = [look for look in seen if look.failed_at and not look.arrived_at]
        if silent:
            found.append(Verdict(mechanism, False, f"The test mail to {_listed(silent)} did not arrive."))
        elif len(seen) == len(set(addresses)) and all(look.arrived_at for look in seen):
            found.append(Verdict(mechanism, True, f"The test mail to {_listed(seen)} arrived."))
    return found


def _listed(looks: Sequence[Look]) -> str:
    names = [look.address for look in looks]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
