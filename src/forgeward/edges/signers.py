"""The key that signs the ledger: in a file of its own (0600), or held elsewhere and asked by a command.

    keys/ledger.key       PRIVATE+KEY+name+hash+base64     an Ed25519 key as a signed-note private key, or
                          SIGNER+name+hash+base64          the verifier key of one that a command signs with,
                          ["/usr/local/bin/sign", "…"]     and the command
    keys/ledger.key.next  the same, for the key that a rotation is bringing in

A signer command gets the message on standard input and prints the 64 bytes of the Ed25519 signature in base64. It is
started without a shell and with a scrubbed environment; what it prints is checked before it is used. No private key
ever stands in the database.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forgeward.edges.private import read_private, sync_folder, translated, write_once
from forgeward.errors import BadInput, HomeUnusable, SignerFailed
from forgeward.ledger.checkpoint import ED25519, Signer, VerifierKey

SEED_SIZE = 32
TIMEOUT = 30
"""Seconds that a signer command may take: some ask a person to touch a token."""

_PRIVATE = "PRIVATE+KEY+"
_COMMAND = "SIGNER+"


class LedgerKey:
    """The file of the key in turn, and beside it the one that a rotation brings in."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.key"
        self._next = folder / "ledger.key.next"

    def create(self, name: str) -> None:
        """Makes a key in a file, unless there is one."""
        write_once(self._file, _private_text(name, secrets.token_bytes(SEED_SIZE)).encode())

    def signer(self) -> Signer:
        """Signs with the key in turn. Raises ``HomeUnusable`` where the file is missing, damaged or open to others."""
        return _read(self._file)

    def prepare(self, command: Sequence[str] = (), key: str = "") -> Signer:
        """The key that comes next: a fresh one in a file, or the verifier key ``key`` that ``command`` signs with.

        What an earlier, unfinished rotation left is used again. Raises ``BadInput`` for a command without its key,
        ``SignerFailed`` where it does not sign.
        """
        if bool(command) is not bool(key):
            raise BadInput("A signer command goes with its verifier key.", next="Name both, or neither.")
        if command:
            text = _command_text(VerifierKey.parse(key), command)
            if self._next.exists() and self._next.read_text() != text:
                self._next.unlink()
        else:
            text = _private_text(self.signer().key.name, secrets.token_bytes(SEED_SIZE))
        write_once(self._next, text.encode())
        return _read(self._next)

    def forget_next(self) -> None:
        """Drops a key that no rotation brought in."""
        self._next.unlink(missing_ok=True)

    def settle(self, wanted: VerifierKey) -> Signer:
        """The signer of the key that history says is in turn; finishes a rotation that was cut short.

        Raises ``HomeUnusable`` where neither file holds that key.
        """
        signer = self.signer()
        if signer.key == wanted:
            return signer
        if self._next.exists():
            coming = _read(self._next)
            if coming.key == wanted:
                with translated(self._next):
                    self._next.replace(self._file)  # the old private key is gone by this
                sync_folder(self._file.parent)
                return coming
        raise HomeUnusable(
            f"{self._file} holds the key {signer.key.hash.hex()}, but {wanted.hash.hex()} signs this ledger now.",
            next="Restore the newest backup of the keys folder.",
        )


def _read(file: Path) -> Signer:
    text = read_private(file).decode("utf-8", "replace")
    if text.startswith(_COMMAND):
        return _command_signer(file, text)
    name, seed = _parse_private(file, text.strip())
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return Signer(VerifierKey(name, private.public_key().public_bytes_raw()), private.sign)


def _private_text(name: str, seed: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key_hash = VerifierKey(name, public).hash.hex()
    return f"{_PRIVATE}{name}+{key_hash}+{base64.b64encode(bytes([ED25519]) + seed).decode('ascii')}\n"


def _parse_private(file: Path, text: str) -> tuple[str, bytes]:
    """Name and seed of a signed-note private key. Raises ``HomeUnusable`` where the text is not one, or damaged."""
    name, _, rest = text.removeprefix(_PRIVATE).partition("+")
    try:
        data = base64.b64decode(rest.partition("+")[2], validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 1 + SEED_SIZE or _private_text(name, data[1:]).strip() != text:
        raise HomeUnusable(
            f"{file} does not hold a ledger key, or is damaged.",
            next="Restore it from its backup; it is one line that begins with PRIVATE+KEY+.",
        )
    return name, data[1:]


def _command_text(key: VerifierKey, command: Sequence[str]) -> str:
    if key.kind != ED25519 or not Path(command[0]).is_absolute():
        raise BadInput(
            "A signer command is an absolute path with its arguments, and signs with an Ed25519 key.",
            next="Write it like /usr/local/bin/sign-ledger --slot 9c.",
        )
    return f"{_COMMAND}{key}\n{msgspec.json.encode(list(command)).decode()}\n"


def _command_signer(file: Path, text: str) -> Signer:
    first, _, rest = text.partition("\n")
    try:
        key = VerifierKey.parse(first.removeprefix(_COMMAND))
        command = msgspec.json.decode(rest, type=list[str])
        damaged = _command_text(key, command) != text
    except (BadInput, msgspec.DecodeError, IndexError):
        damaged = True
    if damaged:
        raise HomeUnusable(
            f"{file} does not name a signer command with its key, or is damaged.", next="Restore it from its backup."
        )
    return Signer(key, lambda message: _ask(key, command, message))


def _ask(key: VerifierKey, command: list[str], message: bytes) -> bytes:
    name = command[0]
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
            command,
            input=message,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        raise SignerFailed(f"{name} did not sign within {TIMEOUT} s.", next="See whether it waits for you.") from None
    except OSError as error:
        raise SignerFailed(f"{name} cannot be run: {error.strerror}.", next="Install it, or mend ledger.key.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:200]
        raise SignerFailed(f"{name} did not sign (exit {done.returncode}): {said}", next="Mend it, then do it again.")
    try:
        signature = base64.b64decode(done.stdout.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (binascii.Error, ValueError, InvalidSignature):
        raise SignerFailed(
            f"What {name} printed is not a signature by the key {key.hash.hex()}.",
            next="It prints 64 bytes in base64, made with the key of ledger.key.",
        ) from None
    return signature
