"""What one reporter holds in hands: first a promise that their report will be in the ledger, then the proof that it is.

A promise is a note signed when the receipt goes out, before the report has its place in the tree::

    forgeward/promise/1
    vendor.example/ledger
    mVpQ…=                       the leaf hash of the entry that records the report
    2026-11-24T10:20:00Z         the instant after which every checkpoint covers it

    — vendor.example/ledger …

A proof is a C2SP tlog-proof: checkpoint, leaf index and inclusion path. Its ``extra`` holds the entry's bytes, the
reporter's own text with its salt, and the rotations of the ledger's key.

Source: c2sp.org/tlog-proof. What ``extra`` holds is believed only as far as the proof, or a signature in it, reaches.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

from forgeward.errors import BadInput, ForgewardError, VerificationFailed
from forgeward.ledger.checkpoint import Checkpoint, Note, Signer, VerifierKey, sign_note
from forgeward.ledger.entry import Entry, decode, seal_digest
from forgeward.ledger.faults import Fault, Report
from forgeward.ledger.pack import Scope
from forgeward.ledger.tree import HASH_SIZE, leaf_hash, verify_inclusion
from forgeward.ledger.trust import Trust
from forgeward.vocabulary import parse_instant, rfc3339

HEADER = "c2sp.org/tlog-proof@v1"
PROMISE: Final = "forgeward/promise/1"
RECEIPT: Final = "forgeward/receipt/1"
MAX_PROOF = 8 << 20
"""Bytes: a report's whole text may be in it."""

_MAX_PATH = 63


class Extra(msgspec.Struct, frozen=True, rename={"schema_": "schema"}, forbid_unknown_fields=True):
    """What goes with a proof: the entry, (field, salt, text) of what its reader may see, rotations of the key."""

    entry: str
    opened: tuple[tuple[str, bytes, str], ...]
    rotations: tuple[str, ...]
    schema_: Literal["forgeward/receipt/1"]


_ENCODER = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Proof:
    """A tlog-proof: the tree of ``checkpoint`` (a signed note) has a leaf at ``index`` that ``path`` leads up from."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {_b64(self.extra)}\n" if self.extra else ""
        return (
            f"{HEADER}\n{extra}index {self.index}\n"
            + "".join(f"{_b64(h)}\n" for h in self.path)
            + f"\n{self.checkpoint}"
        )

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Reads the text form. Raises ``BadInput`` unless it is exactly the standard's."""
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        extra = b""
        if len(lines) > 1 and lines[1].startswith("extra "):
            extra = _unb64(lines.pop(1).removeprefix("extra "))
        number = lines[1].removeprefix("index ") if len(lines) > 1 else ""
        if not blank or lines[0] != HEADER or not (number.isascii() and number.isdigit()) or len(lines) > 2 + _MAX_PATH:
            raise _no_proof()
        proof = cls(int(number[:19]), tuple(map(_unb64, lines[2:])), checkpoint, extra)
        if str(proof) != text or any(len(value) != HASH_SIZE for value in proof.path):
            raise _no_proof()
        return proof


def receipt_extra(entry: bytes, opened: Sequence[tuple[str, bytes, str]], rotations: Sequence[str]) -> bytes:
    """``extra`` of a reporter's proof, canonical; ``opened`` has field, salt and text."""
    return _ENCODER.encode(Extra(entry.decode(), tuple(opened), tuple(rotations), RECEIPT))


@dataclass(frozen=True, slots=True)
class Promise:
    """That the leaf with this hash will be in every tree of ``origin`` that is signed after ``by``."""

    origin: str
    leaf: bytes
    by: datetime

    def __str__(self) -> str:
        return f"{PROMISE}\n{self.origin}\n{_b64(self.leaf)}\n{rfc3339(self.by)}\n"

    def sign(self, signer: Signer) -> str:
        """The note that the reporter gets."""
        return sign_note(str(self), signer)

    @classmethod
    def parse_unverified(cls, text: str) -> Promise:
        """Reads a note's text. Raises ``BadInput`` where it is no promise."""
        lines = text.split("\n")
        if len(lines) != 5 or lines[0] != PROMISE:
            raise BadInput("This is not a promise of a ledger.", next="Name the file that came with the receipt.")
        promise = cls(lines[1], _unb64(lines[2]), parse_instant(lines[3]))
        if str(promise) != text:
            raise BadInput("This promise of a ledger is not in its one form.", next="Fetch it again.")
        return promise


def is_proof(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a proof or a promise rather than a pack."""
    return head.startswith((HEADER.encode() + b"\n", PROMISE.encode() + b"\n"))


def verify_proof(
    text: str,
    *,
    key: str | None = None,
    witnesses: Sequence[str] = (),
    since: str | None = None,
    promise: str | None = None,
) -> Report:
    """Verifies a proof; a promise given with it must be of the same leaf.

    A promise alone is never ok: it proves nothing yet. Raises ``BadInput`` for a key or witness that cannot be read;
    what the file holds ends in the report.
    """
    known = VerifierKey.parse(key) if key else None
    watching = tuple(map(VerifierKey.parse, witnesses))
    faults: list[Fault] = []
    trust = Trust(known, lambda what: faults.append(Fault(None, what)))
    checkpoint, entry = None, None
    try:
        if text.startswith(PROMISE):
            _tell_promise(text, trust)
        else:
            checkpoint, entry = _verify(Proof.parse(text), trust, watching, since, promise)
    except ForgewardError as error:
        trust.fault(str(error))
    scope = Scope("case", entry.case) if entry and entry.case else None
    ok = trust.known_signer and not faults and entry is not None
    signer: Literal["known", "unknown"] = "known" if trust.known_signer else "unknown"
    return Report(
        ok, signer, int(entry is not None), checkpoint, scope, tuple(faults), trust.newer_key, trust.witnessed
    )


def _verify(
    proof: Proof, trust: Trust, witnesses: Sequence[VerifierKey], since: str | None, promise: str | None
) -> tuple[Checkpoint, Entry]:
    extra = _extra(proof.extra)
    checkpoint_note = Note.parse(proof.checkpoint)
    checkpoint = Checkpoint.parse_unverified(checkpoint_note.text)
    trust.follow(extra.rotations, ())
    trust.require_checkpoint(checkpoint_note, checkpoint, witnesses)
    encoded = extra.entry.encode()
    if not verify_inclusion(leaf_hash(encoded), proof.index, checkpoint.size, proof.path, checkpoint.root):
        trust.fault(f"the entry is not leaf {proof.index} of the tree that the checkpoint signs")
    entry = decode(encoded)
    for name, salt, value in extra.opened:
        if entry.sealed.get(name) != seal_digest(salt, value):
            trust.fault(f"the text “{name}” is not the one that was sealed")
    if since is not None:
        _hold_against(Note.parse(since), checkpoint, trust)
    if promise is not None:
        _require_kept(promise, encoded, trust)
    return checkpoint, entry


def _hold_against(older: Note, checkpoint: Checkpoint, trust: Trust) -> None:
    """One leaf's proof shows no consistency between trees: only the very same checkpoint can be compared."""
    held = Checkpoint.parse_unverified(older.text)
    trust.require_older(older, held)
    if held != checkpoint:
        trust.fault(f"a proof of one entry cannot show the tree at size {held.size}; ask for a pack that extends it")


def _require_kept(promise: str, encoded: bytes, trust: Trust) -> None:
    note = Note.parse(promise)
    found = Promise.parse_unverified(note.text)
    trust.require_any(note, "the promise")
    if found.leaf != leaf_hash(encoded):
        trust.fault("the promise was of another entry than this one")


def _tell_promise(text: str, trust: Trust) -> None:
    note = Note.parse(text)
    promise = Promise.parse_unverified(note.text)
    trust.require_any(note, "the promise")
    trust.fault(
        f"this is a promise, not a proof: leaf hash {promise.leaf.hex()} is to be in every tree of {promise.origin} "
        f"that is signed after {rfc3339(promise.by)}; ask the vendor for the proof"
    )


def _extra(data: bytes) -> Extra:
    try:
        extra = msgspec.json.decode(data, type=Extra)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise VerificationFailed("The proof does not hold the entry that it is of.", next="Ask for it again.") from None
    if _ENCODER.encode(extra) != data:
        raise VerificationFailed("What goes with the proof is not canonical.", next="Ask for it again.")
    return extra


def _no_proof() -> BadInput:
    return BadInput("This is not a proof of an entry.", next="Its first line is c2sp.org/tlog-proof@v1.")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _no_proof() from None
