"""What the parent asks of a crypto child, and what it gets back: the frames' contents, as msgpack.

Keys travel with each task, since the child has no files; a fork does one task and ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.openpgp import Certificate

TASK = 0  # the one kind of frame to the child

SignatureState: TypeAlias = Literal["good", "expired", "revoked", "wrong", "weak", "unknown"]
RefusalCode: TypeAlias = Literal[
    "no_key", "password", "damaged", "altered", "outdated", "too_large", "panicked", "key", "failed"
]


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Decrypt ``data`` with any of our secret keys ``own``, and check signatures inside by ``certificates``."""

    data: bytes
    own: tuple[bytes, ...]
    certificates: tuple[bytes, ...]
    now: datetime
    most: int


class Verify(msgspec.Struct, frozen=True, tag="verify"):
    """Check the detached ``signature`` over ``data``; or, without one, the signed message or clear-signed text."""

    data: bytes
    signature: bytes
    certificates: tuple[bytes, ...]
    now: datetime


class Inspect(msgspec.Struct, frozen=True, tag="inspect"):
    """Read the keys in ``data`` (binary or armoured, several in a row), at most ``most`` of them."""

    data: bytes
    now: datetime
    most: int = 5


class Merge(msgspec.Struct, frozen=True, tag="merge"):
    """Join what two copies of one public key say: longer lives, revocations."""

    old: bytes
    new: bytes
    now: datetime


class Seal(msgspec.Struct, frozen=True, tag="seal"):
    """Sign ``data`` with our secret key and encrypt it to the certificates."""

    data: bytes
    own: bytes
    certificates: tuple[bytes, ...]
    now: datetime


class Sign(msgspec.Struct, frozen=True, tag="sign"):
    """Make a detached signature over ``data``."""

    data: bytes
    own: bytes


class Generate(msgspec.Struct, frozen=True, tag="generate"):
    """Make a secret key of our own. ``seconds`` is how long it lives, 0 for ever."""

    user_ids: tuple[str, ...]
    seconds: int
    now: datetime


Task: TypeAlias = Open | Verify | Inspect | Merge | Seal | Sign | Generate


class Found(msgspec.Struct, frozen=True):
    """One signature. ``certificate`` is empty where none of ours fits ``issuer`` (a fingerprint or key ID)."""

    state: SignatureState
    issuer: str = ""
    certificate: str = ""
    at: datetime | None = None
    ended: datetime | None = None
    why: str = ""


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """What was inside. ``own`` is the fingerprint of our key, empty where nothing was encrypted (only signed)."""

    data: bytes
    own: str = ""
    signatures: tuple[Found, ...] = ()


class Certificates(msgspec.Struct, frozen=True, tag="certificates"):
    """Keys that were read; ``left`` says how many more there were, or could not be read."""

    certificates: tuple[Certificate, ...] = ()
    left: int = 0


class Made(msgspec.Struct, frozen=True, tag="made"):
    """Armoured output of `Seal` and `Sign` (``hash`` is micalg's value), or a secret key with its certificate."""

    data: bytes
    hash: str = ""
    certificate: Certificate | None = None


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It could not be done. ``recipients`` are the key IDs that a message is encrypted to."""

    code: RefusalCode
    sentence: str
    recipients: tuple[str, ...] = ()


Result: TypeAlias = Opened | Certificates | Made | Refused
