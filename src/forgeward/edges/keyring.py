"""The OpenPGP keyring: our own secret keys, and the certificates of those who write to us. Outside the database.

    HOME/keys/openpgp/            0700
      own/FINGERPRINT.key         0600  a secret key of ours, under a data key that the home key wraps
      people/DIGEST.keys          0600  a correspondent's certificates with what was agreed on, under their data key

DIGEST is the keyed digest of the address, so the folder's names say nothing; the content goes with the person when
their data key is destroyed. Certificates are stored as the crypto child read them; nothing here looks into one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from forgeward.edges import durable
from forgeward.edges.home import translated
from forgeward.edges.keys import Keys, decrypt, encrypt
from forgeward.errors import BadInput, HomeUnusable, KeyErased, NotFound
from forgeward.respond.openpgp import Certificate, Known, Origin, shown

KEYS_OF_ONE = 8  # certificates kept for one address; offers beyond them push out older offers


class Own(msgspec.Struct, frozen=True):
    """A secret key of ours."""

    certificate: Certificate
    secret: bytes
    added_at: datetime


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    """A file of ``own``: the data key as the home key wraps it, and what it opens."""

    wrapped: bytes
    blob: bytes


class Keyring:
    """One home's OpenPGP keys. Safe for several processes: writers hold a lock, readers see whole files.

    Raises ``HomeUnusable`` where the folder cannot be used.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._own, self._people, self._lock = folder / "own", folder / "people", folder / "lock"
        self._folder, self._keys = folder, keys

    def own(self) -> tuple[Own, ...]:
        """Our secret keys, the newest first."""
        if not self._own.is_dir():
            return ()
        with translated(self._own):
            found = [self._read_own(file) for file in sorted(self._own.glob("*.key"))]
        return tuple(sorted(found, key=lambda each: each.added_at, reverse=True))

    def signing(self, now: datetime) -> Own | None:
        """The newest key of ours that can be used at ``now``."""
        return next((each for each in self.own() if not each.certificate.hindrance(now)), None)

    def add_own(self, certificate: Certificate, secret: bytes, at: datetime) -> Own:
        """Keeps a secret key; the same one again is only kept anew. Raises ``BadInput`` for one with a password."""
        if certificate.locked or not certificate.secret:
            raise BadInput(
                f"The key {shown(certificate.fingerprint)} cannot sign here: "
                f"{'a password locks it' if certificate.locked else 'it has no secret part'}.",
                next="Give a secret key without a password; the home folder protects it.",
            )
        own = Own(certificate, secret, at)
        key, wrapped = self._keys.new_data_key()
        blob = encrypt(key, msgspec.msgpack.encode(own), _own_place(certificate.fingerprint))
        with self._writing():
            durable.write(self._own / f"{certificate.fingerprint}.key", msgspec.msgpack.encode(_Sealed(wrapped, blob)))
        return own

    def known(self, address: str) -> tuple[Known, ...]:
        """What we have of a correspondent, newest first; nothing once they were erased."""
        subject = self._keys.reporter(address)
        file = self._file(subject)
        if not file.exists():
            return ()
        with translated(file):
            blob = file.read_bytes()
        try:
            return msgspec.msgpack.decode(self._keys.open(subject, blob, _place(subject)), type=tuple[Known, ...])
        except KeyErased:
            return ()

    def usable(self, address: str, now: datetime) -> Known | None:
        """The key that was agreed on last and that can be encrypted to at ``now``."""
        agreed = [each for each in self.known(address) if each.agreed_at and not each.certificate.hindrance(now)]
        return max(agreed, key=lambda each: each.agreed_at or each.offered_at, default=None)

    def offer(
        self, address: str, certificate: Certificate, origin: Origin, at: datetime, *, mutual: bool = False
    ) -> Known:
        """Keeps a certificate that reached us; one that is here already takes the new form and keeps its state.

        Offers beyond `KEYS_OF_ONE` push out the oldest offers; what was agreed on is never pushed out.
        """
        with self._writing():
            before = {each.certificate.fingerprint: each for each in self.known(address)}
            old = before.pop(certificate.fingerprint, None)
            fresh = Known(certificate=certificate, origin=origin, offered_at=at, mutual=mutual)
            if old is not None:
                fresh = msgspec.structs.replace(old, certificate=certificate, mutual=mutual or old.mutual)
            offers = [each for each in before.values() if each.agreed_at is None]
            agreed = [each for each in before.values() if each.agreed_at]
            kept = sorted(offers, key=lambda each: each.offered_at, reverse=True)
            self._put(address, (fresh, *agreed, *kept)[: max(KEYS_OF_ONE, 1 + len(agreed))])
        return fresh

    def agree(self, address: str, fingerprint: str, by: str, at: datetime) -> Known:
        """Records that ``by`` agreed to use this key for the address. Raises ``NotFound``, ``BadInput`` if it ended."""
        with self._writing():
            known = self._one(address, fingerprint)
            if known.state(at) in {"expired", "revoked"} or known.certificate.unusable:
                raise BadInput(known.certificate.hindrance(at), next="Ask its owner for a key that is in use.")
            return self._replace(address, msgspec.structs.replace(known, agreed_at=at, agreed_by=by))

    def withdraw(self, address: str, fingerprint: str) -> Known:
        """Takes an agreement back: the key is an offer again. Raises ``NotFound``."""
        with self._writing():
            known = self._one(address, fingerprint)
            return self._replace(address, msgspec.structs.replace(known, agreed_at=None, agreed_by=""))

    def forget(self, address: str) -> bool:
        """Deletes what we have of a correspondent, also what an erasure made unreadable; False where nothing was."""
        files = [self._file(subject) for subject in self._keys.reporters(address)]
        with self._writing():
            existing = [file for file in files if file.exists()]
            for file in existing:
                file.unlink()
        return bool(existing)

    def _one(self, address: str, fingerprint: str) -> Known:
        wanted = "".join(fingerprint.split()).lower()
        for known in self.known(address):
            if known.certificate.fingerprint == wanted:
                return known
        raise NotFound(f"No key {shown(wanted)} of {address} is here.", next="See `forgeward mail key show ADDRESS`.")

    def _replace(self, address: str, fresh: Known) -> Known:
        same = fresh.certificate.fingerprint
        self._put(
            address,
            tuple(fresh if each.certificate.fingerprint == same else each for each in self.known(address)),
        )
        return fresh

    def _put(self, address: str, known: tuple[Known, ...]) -> None:
        subject = self._keys.reporter(address)
        durable.write(self._file(subject), self._keys.seal(subject, msgspec.msgpack.encode(known), _place(subject)))

    def _file(self, subject: str) -> Path:
        return self._people / f"{subject.partition(':')[2]}.keys"

    def _read_own(self, file: Path) -> Own:
        if file.stat().st_mode & 0o077:
            raise HomeUnusable(
                f"{file} can be read or written by others.",
                next=f"Run chmod 600 {file}, and think about whom it was open to: such a key should be replaced.",
            )
        sealed = msgspec.msgpack.decode(file.read_bytes(), type=_Sealed)
        content = decrypt(self._keys.unwrap(sealed.wrapped), sealed.blob, _own_place(file.stem))
        return msgspec.msgpack.decode(content, type=Own)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with translated(self._folder):
            for folder in (self._folder, self._own, self._people):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)


def _place(subject: str) -> bytes:
    return b"openpgp/people\n" + subject.encode()


def _own_place(fingerprint: str) -> bytes:
    return b"openpgp/own\n" + fingerprint.encode()
