"""Where a mail domain publishes its users' OpenPGP keys (Web Key Directory, draft-koch-openpgp-webkey-service, 3.1)."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from forgeward.respond.dns import domain

_ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"  # z-base-32


def addresses(mail_address: str) -> tuple[str, ...]:
    """The web addresses to ask, the advanced one first; none where the mail address has no proper domain."""
    local, _, host = mail_address.strip().rpartition("@")
    where = domain(host)
    if not local or "." not in where:
        return ()
    hashed = z_base_32(hashlib.sha1(local.lower().encode(), usedforsecurity=False).digest())
    named = f"hu/{hashed}?l={quote(local, safe='')}"
    return (
        f"https://openpgpkey.{where}/.well-known/openpgpkey/{where}/{named}",
        f"https://{where}/.well-known/openpgpkey/{named}",
    )


def z_base_32(data: bytes) -> str:
    """Twenty bytes as thirty-two letters that people can tell apart (RFC 6189, 5.1.6)."""
    bits = int.from_bytes(data) << (-len(data) * 8 % 5)
    letters = -(-len(data) * 8 // 5)
    return "".join(_ALPHABET[bits >> (5 * i) & 31] for i in reversed(range(letters)))
