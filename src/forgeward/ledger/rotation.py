"""A new key for the ledger, vouched for by the old one: a signed note that travels in every pack.

    forgeward/key-rotation/1
    vendor.example/ledger+1a2b3c4d+AT…=      the key that signed until now
    vendor.example/ledger+5e6f7a8b+AS…=      the key that signs from now on
    1234                                     the largest tree that the old key may have signed
    2026-11-23T10:20:00Z

    — vendor.example/ledger …                by the old key: it names its heir
    — vendor.example/ledger …                by the new key: somebody holds it

Each rotation is an entry of the ledger too (`ROTATED`, with the note's SHA-256), so that none can be made up later or
left out. Whoever knows any key of the chain can follow it to the others; a checkpoint counts only when it is signed by
the key whose turn it was at that size, so a replaced key that was stolen signs nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.checkpoint import ED25519, Note, Signer, VerifierKey, sign_note
from forgeward.vocabulary import parse_instant, rfc3339

TITLE = "forgeward/key-rotation/1"
ROTATED = "key:rotated"
"""Kind of the entry of a rotation; its ``data["digest"]`` is the SHA-256 (hex) of the note."""

MAX_ROTATIONS = 1_000


@dataclass(frozen=True, slots=True)
class Rotation:
    """From ``old`` to ``new``; trees larger than ``size`` are signed by ``new``. ``at`` is the vendor's word."""

    old: VerifierKey
    new: VerifierKey
    size: int
    at: datetime

    def __post_init__(self) -> None:
        if self.old.name != self.new.name or self.old == self.new or {self.old.kind, self.new.kind} != {ED25519}:
            raise BadInput(
                "A ledger's new key has the old one's name, and is another key.",
                next=f"Make an Ed25519 key named “{self.old.name}”.",
            )

    def __str__(self) -> str:
        return f"{TITLE}\n{self.old}\n{self.new}\n{self.size}\n{rfc3339(self.at)}\n"


def rotate(old: Signer, new: Signer, size: int, at: datetime) -> str:
    """The signed note by which ``new`` follows ``old``. Raises ``BadInput`` for keys that cannot follow each other."""
    return sign_note(str(Rotation(old.key, new.key, size, at)), old, new)


def note_digest(note: str) -> str:
    """SHA-256 in hex of a rotation's note: what its entry holds."""
    return sha256(note.encode()).hexdigest()


def read(note: str | bytes) -> Rotation:
    """The rotation in a note. Raises ``BadInput`` for what is none, ``VerificationFailed`` unless both keys signed."""
    parsed = Note.parse(note)
    lines = parsed.text.split("\n")
    if len(lines) != 6 or lines[0] != TITLE or not lines[3].isascii() or not lines[3].isdigit():
        raise BadInput("This is not a rotation of a ledger's key.", next="Fetch it again from its source.")
    rotation = Rotation(
        VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]), int(lines[3][:19]), parse_instant(lines[4])
    )
    if str(rotation) != parsed.text or len(parsed.signatures) != 2:
        raise BadInput("This rotation of a ledger's key is not in its one form.", next="Fetch it again.")
    if len(parsed.signed_by((rotation.old, rotation.new))) != 2:
        raise VerificationFailed(
            f"The rotation from key {rotation.old.hash.hex()} to {rotation.new.hash.hex()} is not signed by both.",
            next="Ask the vendor for the rotation as it was made.",
        )
    return rotation


@dataclass(frozen=True, slots=True)
class Chain:
    """A ledger's keys, the oldest first, and up to which size each of them but the last was in turn."""

    keys: tuple[VerifierKey, ...]
    limits: tuple[int, ...] = ()

    @classmethod
    def of(cls, key: VerifierKey, rotations: Iterable[Rotation] = ()) -> Chain:
        """The chain that these rotations make; ``key`` alone where there are none.

        Raises ``VerificationFailed`` where one does not follow from the one before, or sizes go back.
        """
        links = tuple(rotations)
        if not links:
            return cls((key,))
        for one, two in pairwise(links):
            if one.new != two.old or two.size < one.size:
                raise VerificationFailed(
                    f"The rotation to key {two.new.hash.hex()} does not follow the one to {one.new.hash.hex()}.",
                    next="Ask for a pack with every rotation, in order.",
                )
        keys = (links[0].old, *(link.new for link in links))
        if len(set(keys)) != len(keys):
            raise VerificationFailed("A key that was replaced comes back.", next="Ask the vendor which key is theirs.")
        return cls(keys, tuple(link.size for link in links))

    @property
    def newest(self) -> VerifierKey:
        """The key that signs now."""
        return self.keys[-1]

    def at(self, size: int) -> tuple[VerifierKey, ...]:
        """Whose turn it was at this size: one key, or two where one handed over to the other just there."""
        lows = (-1, *(limit - 1 for limit in self.limits))
        highs: Sequence[float] = (*self.limits, float("inf"))
        return tuple(key for key, low, high in zip(self.keys, lows, highs, strict=True) if low < size <= high)
