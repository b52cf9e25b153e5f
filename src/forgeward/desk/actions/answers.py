"""Idempotency-Key: a call that is sent twice is done once, and answered alike (draft-ietf-httpapi-idempotency-key).

    claim ─▶ running: Conflict · other call: BadInput · known: the answer again
      └─▶ the work and its answer in one transaction ─▶ settled
          ended half-way: nothing was done, and the claim runs out

An answer may hold personal data, so it is sealed with a key that is made from the token's secret and the client's own
key: here nobody can read it, and it is dropped after a day.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from forgeward.desk.actions import write
from forgeward.desk.models.fields import to_micros
from forgeward.desk.tokens import Token
from forgeward.errors import BadInput, Conflict

KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)
NONCE = 12


class Answer(msgspec.Struct, frozen=True):
    """What a call answers: status, body, and the headers that belong to it."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Claim:
    """A call that this process does; nobody else does it before ``LEASE`` has passed."""

    token: int
    key: str
    owner: str
    sealing: bytes


def once(
    token: Token, pk: int, key: str, call: bytes, clock: Callable[[], datetime], work: Callable[[], Answer]
) -> Answer:
    """Does ``work`` in one transaction with the note of its answer, or gives the answer that it had.

    ``key`` is the client's; ``call`` are the bytes of method, address and body. Raises ``Conflict`` while the same call
    runs elsewhere, ``BadInput`` where the key was used for another call, and what ``work`` raises: then nothing was
    done, and the key may be used again.
    """
    sealing = hmac.digest(token.secret.encode(), b"forgeward answer\0" + key.encode(), "sha256")
    claim = Claim(pk, hashlib.sha256(key.encode()).hexdigest(), secrets.token_hex(16), sealing)
    known = _claim(claim, hashlib.sha256(call).hexdigest(), clock())
    if known is not None:
        return known
    try:
        with write.inside():
            answer = work()
            _settle(claim, answer, clock())
    except BaseException:
        _release(claim)
        raise
    return answer


def _claim(claim: Claim, call: str, now: datetime) -> Answer | None:
    at = to_micros(now)
    with write.inside() as cursor:
        cursor.execute("DELETE FROM desk_apianswer WHERE expires_at <= %s", [at])
        cursor.execute(
            "INSERT INTO desk_apianswer (token_id, key, call, owner, lease_until, status, sealed, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, 0, %s, %s) ON CONFLICT (token_id, key) DO UPDATE SET"
            " owner = excluded.owner, lease_until = excluded.lease_until"
            " WHERE desk_apianswer.status = 0 AND desk_apianswer.lease_until <= %s"
            " AND desk_apianswer.call = excluded.call RETURNING id",
            [claim.token, claim.key, call, claim.owner, to_micros(now + LEASE), b"", to_micros(now + KEPT), at],
        )
        if cursor.fetchone() is not None:
            return None
        cursor.execute(
            "SELECT call, status, sealed FROM desk_apianswer WHERE token_id = %s AND key = %s", [claim.token, claim.key]
        )
        found, status, sealed = cursor.fetchone()
    if found != call:
        raise BadInput("This Idempotency-Key was used for another call.", next="Take a new key for a new call.")
    if not status:
        raise Conflict("The same call is being done.", next="Ask again in a moment, with the same key.")
    return _open(claim, bytes(sealed))


def _open(claim: Claim, sealed: bytes) -> Answer:
    try:
        plain = AESGCM(claim.sealing).decrypt(sealed[:NONCE], sealed[NONCE:], claim.key.encode())
    except InvalidTag:
        raise Conflict("The answer to this call cannot be opened.", next="Look whether it was done.") from None
    return msgspec.json.decode(plain, type=Answer)


def _settle(claim: Claim, answer: Answer, now: datetime) -> None:
    nonce = secrets.token_bytes(NONCE)
    sealed = nonce + AESGCM(claim.sealing).encrypt(nonce, msgspec.json.encode(answer), claim.key.encode())
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_apianswer SET status = %s, sealed = %s, expires_at = %s"
            " WHERE token_id = %s AND key = %s AND owner = %s AND status = 0",
            [answer.status, sealed, to_micros(now + KEPT), claim.token, claim.key, claim.owner],
        )
        if cursor.rowcount != 1:  # it took longer than its lease and somebody else does it: undo
            raise Conflict("The same call is being done.", next="Ask again in a moment, with the same key.")


def _release(claim: Claim) -> None:
    with write.inside() as cursor:
        cursor.execute(
            "DELETE FROM desk_apianswer WHERE token_id = %s AND key = %s AND owner = %s AND status = 0",
            [claim.token, claim.key, claim.owner],
        )
