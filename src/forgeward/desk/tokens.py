"""What a token looks like, and how it is known again. Nothing here asks the database.

fwt_4kQ9zZ1bXw_…43 signs of secret……6 signs of checksum
└┬┘ └───┬────┘
 │      the public beginning: how the token is called in lists and in history
 what secret scanners look for; the checksum (CRC-32) tells them a token from a likeness
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

SIGNS = string.digits + string.ascii_uppercase + string.ascii_lowercase
IDENT, SECRET, CHECK = 10, 43, 6  # 62^43 > 2^256
_FORM = re.compile(rf"fwt_([0-9A-Za-z]{{{IDENT}}})_([0-9A-Za-z]{{{SECRET}}})([0-9A-Za-z]{{{CHECK}}})")
UNKNOWN = hashlib.sha256(b"forgeward no such token").hexdigest()


@dataclass(frozen=True, slots=True)
class Token:
    """A token in clear. Shown once; what stays is ``ident`` and ``digest``."""

    ident: str
    secret: str

    def __str__(self) -> str:
        return f"fwt_{self.ident}_{self.secret}{_checksum(self.ident, self.secret)}"

    def __repr__(self) -> str:
        return f"Token({self.ident})"

    @property
    def digest(self) -> str:
        """SHA-256, in hex. No slow hash is needed: nobody guesses 256 random bits."""
        return hashlib.sha256(f"forgeward token\0{self.ident}\0{self.secret}".encode()).hexdigest()

    def is_of(self, digest: str) -> bool:
        """Whether the digest is this token's, in a time that tells nothing."""
        return hmac.compare_digest(self.digest, digest)


def fresh() -> Token:
    """A new token with 256 random bits."""
    return Token(_random(IDENT), _random(SECRET))


def read(text: str) -> Token | None:
    """The token that ``str`` wrote; None for anything else, also for a typing slip that the checksum shows."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    ident, secret, check = found.groups()
    return Token(ident, secret) if check == _checksum(ident, secret) else None


def _random(length: int) -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(length))


def _checksum(ident: str, secret: str) -> str:
    number, found = zlib.crc32(f"{ident}_{secret}".encode()), ""
    for _ in range(CHECK):
        number, place = divmod(number, len(SIGNS))
        found = SIGNS[place] + found
    return found
