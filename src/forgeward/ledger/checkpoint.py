"""Checkpoints: the ledger's size and root, signed, as text that tools of other houses read.

    forgeward.example/ledger
    1234
    mVpQ…=

    — forgeward.example/ledger Az3grl…

The first three lines are a C2SP tlog-checkpoint, the whole is a C2SP signed note; Go's ``sumdb/note`` and ``tlog`` open
it. Signatures by keys that nobody here knows are ignored, as the standard asks: witnesses may add theirs.

Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.tree import EMPTY_ROOT, HASH_SIZE

ED25519 = 1
COSIGNATURE = 4
MAX_NOTE = 1_000_000
"""Bytes; Go's reader has the same limit."""
MAX_SIGNATURES = 100

_SIGNATURE_LINE = "— "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name. Its text is ``name+hash+base64(type ‖ key)``, the hash four bytes in hex."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise BadInput(f"“{self.name}” cannot name a key.", next="Use a name without blanks and “+”.")
        if len(self.public) != 32 or self.kind not in {ED25519, COSIGNATURE}:
            raise BadInput(
                "This is not an Ed25519 public key.", next="It has 32 bytes, and type 1 (or 4 for witnesses)."
            )

    @property
    def hash(self) -> bytes:
        """Four bytes that tell keys of one name apart: of SHA-256(name ‖ "\\n" ‖ type ‖ key)."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.kind, self.public)).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{_b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Reads the text form. Raises ``BadInput`` where it is malformed or its hash is not the key's."""
        name, _, rest = text.strip().partition("+")
        key_hash, _, encoded = rest.partition("+")
        data = _unb64(encoded)
        if data is None or len(data) != 33:
            raise BadInput(
                f"“{text.strip():.80}” is not a verifier key.",
                next="It looks like name+1a2b3c4d+ATo…=; forgeward ledger key prints it.",
            )
        key = cls(name, data[1:], data[0])
        if key.hash.hex() != key_hash:
            raise BadInput(
                f"The verifier key of “{name}” is damaged: its hash is {key.hash.hex()}, not {key_hash:.16}.",
                next="Copy the whole line again from where it is published.",
            )
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether ``signature`` (without the key's hash) is this key's over the note's text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            message, signature = _cosigned(int.from_bytes(signature[:8], "big"), text), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs notes. ``sign`` maps a message to 64 bytes of Ed25519 signature; the private key may live anywhere."""

    key: VerifierKey
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, the hash of the key, and the rest."""

    name: str
    key_hash: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_SIGNATURE_LINE}{self.name} {_b64(self.key_hash + self.value)}\n"


def cosign(text: str, witness: Signer, stamp: int) -> Signature:
    """A witness's line under a checkpoint: that it was consistent with all that the witness had seen.

    ``witness.key`` is of kind `COSIGNATURE`, ``stamp`` in seconds since 1970 (c2sp.org/tlog-cosignature).
    """
    value = stamp.to_bytes(8, "big") + witness.sign(_cosigned(stamp, text))
    return Signature(witness.key.name, witness.key.hash, value)


def _cosigned(stamp: int, text: str) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (stamp, text.encode())


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ended by a newline, with the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    @classmethod
    def parse(cls, note: str | bytes) -> Note:
        """Splits a signed note; verifies nothing. Raises ``BadInput`` unless the form is exactly the standard's."""
        text, signatures = _split(_read(note))
        return cls(text, tuple(map(_signature, signatures)))

    def signed_by(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Those of ``keys`` that signed the text; lines of other keys are ignored.

        Raises ``VerificationFailed`` where a line claims one of the keys and is not its signature.
        """
        good = []
        for key in keys:
            claimed = [s for s in self.signatures if (s.name, s.key_hash) == (key.name, key.hash)]
            if any(not key.verifies(self.text, s.value) for s in claimed):
                raise VerificationFailed(
                    f"The signature of “{key.name}” does not fit the text above it.",
                    next="The text or the signature was altered; fetch it again from its source.",
                )
            if claimed:
                good.append(key)
        return tuple(good)


def sign_note(text: str, *signers: Signer) -> str:
    """A signed note over ``text`` (ends with a newline, no other control character)."""
    if not text.endswith("\n") or not _is_text(text):
        raise BadInput(
            "This text cannot be signed as a note.", next="End it with a newline; no other control characters."
        )
    return str(Note(text, tuple(Signature(s.key.name, s.key.hash, s.sign(text.encode())) for s in signers)))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its name, how many entries, the root over them; further lines are kept as they came."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), _b64(self.root), *self.extensions))

    @classmethod
    def parse_unverified(cls, text: str) -> Checkpoint:
        """Reads a note's text without looking at signatures. Raises ``BadInput`` unless it is a checkpoint."""
        lines = text.removesuffix("\n").split("\n")
        origin, size, encoded = lines[:3] if len(lines) >= 3 else ("", "", "")
        extensions = lines[3:]
        root = _unb64(encoded)
        if not origin or not _SIZE.fullmatch(size) or root is None or len(root) != HASH_SIZE or "" in extensions:
            raise BadInput("This is not a checkpoint.", next="Its lines are origin, size in decimal, root in base64.")
        if size == "0" and root != EMPTY_ROOT:
            raise BadInput(
                "The checkpoint of an empty log has another root than an empty tree.", next="Fetch it again."
            )
        return cls(origin, int(size), root, tuple(extensions))


def sign(checkpoint: Checkpoint, *signers: Signer) -> str:
    """The signed note of a checkpoint. The first signer is the log's own: its name is the origin."""
    if not signers or signers[0].key.name != checkpoint.origin:
        raise BadInput(
            f"The log “{checkpoint.origin}” can only be signed by the key of that name.",
            next="Use the ledger's own key first, witnesses after it.",
        )
    return sign_note(str(checkpoint), *signers)


def verify(note: str | bytes, key: VerifierKey, *witnesses: VerifierKey, origin: str | None = None) -> Checkpoint:
    """The checkpoint in ``note`` if the log's ``key`` signed it, and every one of ``witnesses`` too.

    ``origin`` is the name that the log must have; by default the key's. Raises ``BadInput`` for what is no checkpoint,
    ``VerificationFailed`` for another log's, an unsigned or a wrongly signed one.
    """
    parsed = Note.parse(note)
    checkpoint = Checkpoint.parse_unverified(parsed.text)
    expected = key.name if origin is None else origin
    if checkpoint.origin != expected:
        raise VerificationFailed(
            f"This checkpoint is of the log “{checkpoint.origin}”, not of “{expected}”.",
            next="Use the verifier key of that log, or the checkpoint of this one.",
        )
    good = parsed.signed_by((key, *witnesses))
    for wanted in (key, *witnesses):
        if wanted not in good:
            raise VerificationFailed(
                f"This checkpoint is not signed by “{wanted.name}” (key {wanted.hash.hex()}).",
                next="Ask for one that is, or check that you have the current verifier key.",
            )
    return checkpoint


def add_signatures(note: str | bytes, *signatures: Signature) -> str:
    """The note with further signature lines (of witnesses); a line that is there already is not doubled."""
    parsed = Note.parse(note)
    new = tuple(s for s in dict.fromkeys(signatures) if s not in parsed.signatures)
    return str(Note(parsed.text, parsed.signatures + new))


def _split(note: str) -> tuple[str, list[str]]:
    text, blank, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() != "" or not lines or len(lines) > MAX_SIGNATURES:
        raise BadInput("This is not a signed note.", next="It is a text, a blank line and signature lines, “— name …”.")
    return text + "\n", lines


def _read(note: str | bytes) -> str:
    try:
        text = note.decode() if isinstance(note, bytes) else note
        too_long = len(text.encode()) > MAX_NOTE
    except UnicodeError:
        raise BadInput("This is not a signed note: it is not UTF-8.", next="Fetch it again.") from None
    if too_long or not _is_text(text):
        raise BadInput("This is not a signed note: it is too long or has control characters.", next="Fetch it again.")
    return text


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_SIGNATURE_LINE).partition(" ")
    data = _unb64(encoded)
    if not line.startswith(_SIGNATURE_LINE) or not _is_name(name) or data is None or len(data) < 5:
        raise BadInput("This is not a signed note: a signature line is malformed.", next="Fetch the note again.")
    return Signature(name, data[:4], data[4:])


def _is_text(text: str) -> bool:
    return all(char >= " " or char == "\n" for char in text)


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and _is_text(name) and not any(char.isspace() for char in name)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes | None:
    """Standard base64 in its one canonical spelling, else nothing."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _b64(data) == text else None
