"""An endpoint's address and secrets, which stand in no table in clear.

Secrets are derived from the endpoint's key in the home's key store and its generation; the address is sealed, since
whoever knows it can often post there.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from forgeward.desk import programme
from forgeward.desk.models import WebhookRow


def prepare(ident: str) -> None:
    """Makes the endpoint's key: a commit of its own, to be done before the database is locked."""
    programme.vault().keys.data_key(_subject(ident))


def sealed_url(ident: str, url: str) -> bytes:
    """What the row keeps of an address."""
    return programme.vault().seal_json(_subject(ident), _place(ident), {"url": url})


def url_of(row: WebhookRow) -> str:
    """Its address; empty once it was taken away. Raises ``VerificationFailed`` for another endpoint's."""
    if not row.blob:
        return ""
    found = programme.vault().open_json(_subject(row.ident), _place(row.ident), bytes(row.blob))
    return str(found["url"]) if found else ""


def secret(row: WebhookRow, generation: int) -> bytes:
    """One of an endpoint's secrets (32 bytes)."""
    key = programme.vault().keys.data_key(_subject(row.ident))
    return hmac.digest(key, f"forgeward/webhook/1\n{generation}".encode(), "sha256")


def secrets_at(row: WebhookRow, now: datetime) -> list[bytes]:
    """What signs at ``now``: the newest secret, and the one before while it overlaps."""
    both = row.overlap_until is not None and now < row.overlap_until
    return [secret(row, n) for n in ([row.generation, row.generation - 1] if both else [row.generation])]


def _subject(ident: str) -> str:
    return f"webhook:{ident}"


def _place(ident: str) -> str:
    return f"webhook:{ident}:address"
