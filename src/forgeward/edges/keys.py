"""Keys: what signs the ledger, what opens personal data, and how the latter is destroyed.

    KEYS/                   0700
      ledger.key            0600  the ledger's Ed25519 key, or the command that signs with it (see ``edges.signers``)
      home.key              0600  32 bytes; wraps every key below
      subjects.sqlite3      0600  one data key for each subject, wrapped by the home key

A subject is ``case:ID``, ``reporter:UUID``, ``person:N`` or ``webhook:ID``. Whatever belongs to it is sealed with its
data key (AES-256-GCM), so destroying that one key erases the subject from database, files and backups.
A case's texts lie under a key for each place, so that one text which names somebody can go and the others stay
(``edges.puncture``). Subjects' keys are backed up apart from the database, and for days only.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
import string
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from forgeward.edges import puncture
from forgeward.edges.private import read_private, require_private, translated, write_once
from forgeward.edges.signers import LedgerKey
from forgeward.errors import BadInput, HomeUnusable, KeyErased, NotFound, VerificationFailed
from forgeward.ledger.checkpoint import Signer, VerifierKey
from forgeward.vocabulary import rfc3339

KEY_SIZE = 32
CACHED_KEYS = 4096
_NONCE_SIZE = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits, for at most 2^32 texts a key
_SEALED = b"\x01"  # the format of what `encrypt` gives: 0x01 ‖ nonce ‖ ciphertext and tag
PART = "#"
_TREES = "case:"
_KINDS = frozenset({"case", "reporter", "person", "webhook"})
_LEAF = 8  # hex digits of a leaf's number
_BATCH = 500  # below SQLite's limit of parameters in every build

_TABLES = """
CREATE TABLE IF NOT EXISTS subject_key (subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL UNIQUE, at TEXT NOT NULL)
    STRICT;
"""


def encrypt(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Seals bytes with AES-256-GCM under a fresh nonce; ``aad`` names the place that they belong to."""
    return _encrypt(AESGCM(key), plaintext, aad)


def decrypt(key: bytes, blob: bytes, aad: bytes) -> bytes:
    """Opens what `encrypt` gave. Raises ``VerificationFailed`` for another key, another place or altered bytes."""
    return _decrypt(AESGCM(key), blob, aad)


class Keys:
    """The keys of one home. Nothing is read before it is needed; safe for threads, forks and several processes.

    Raises ``HomeUnusable`` where a key is missing, damaged or readable by others.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = LedgerKey(folder)
        self._home: AESGCM | None = None
        self._keying = b""
        self._store: SubjectKeys | None = None
        self._inherited: SubjectKeys | None = None
        self._lock = threading.Lock()

    def create(self, ledger_name: str = "") -> None:
        """Makes the folder and every key that is not there yet.

        ``ledger_name`` is the ledger's origin in checkpoints, without blanks and “+”, best a host and path that the
        vendor owns; without one it is ``forgeward/`` and eight random hex digits.
        """
        with translated(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        name = ledger_name or f"forgeward/{secrets.token_hex(4)}"
        self.ledger.create(name)
        write_once(self._home_file, secrets.token_bytes(KEY_SIZE))
        self._subjects()

    def close(self) -> None:
        """Closes the key store and forgets every key that was read."""
        with self._lock:
            if self._store:
                self._store.close()
            self._store = self._home = None
            self._keying = b""

    def __enter__(self) -> Keys:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def verifier_key(self) -> VerifierKey:
        """The ledger's public key; its text is what `forgeward ledger key` prints."""
        return self.note_signer().key

    def note_signer(self) -> Signer:
        """Signs with the key that the ledger's file holds."""
        return self.ledger.signer()

    def data_key(self, subject: str) -> bytes:
        """The subject's data key, made if it has none. Raises ``KeyErased`` once it was destroyed."""
        return self.data_keys([subject])[subject]

    def data_keys(self, subjects: Iterable[str]) -> dict[str, bytes]:
        """`data_key` for many; the missing ones are made in one transaction."""
        found = self._subjects().keys(dict.fromkeys(subjects), create=True)
        return {subject: _key_at(subject, material, b"") for subject, material in found.items()}

    def seal(self, subject: str, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypts under the subject's data key; ``aad`` names its place (b"FW-7Q3KXM:3:scope") and opens it."""
        material = self._subjects().keys([subject], create=True)[subject]
        return encrypt(_key_at(subject, material, aad), plaintext, aad)

    def open(self, subject: str, blob: bytes, aad: bytes) -> bytes:
        """Decrypts what `seal` gave. Raises ``KeyErased``, ``NotFound`` (no such key) or ``VerificationFailed``."""
        material = self._subjects().keys([subject], create=False)[subject]
        return decrypt(_key_at(subject, material, aad), blob, aad)

    def destroy(self, subject: str, at: datetime) -> bool:
        """Overwrites and deletes the subject's data key for ever; False where that had been done before.

        The subject never gets a key again, also not in a key store restored from a backup once `erased` is replayed.
        A part that `part` named is a subject here too: then only that place of the case goes.
        """
        return self.destroy_all({subject: rfc3339(at)}) > 0

    def destroy_all(self, subjects: Mapping[str, str]) -> int:
        """`destroy` for many subjects and parts with their instants (RFC 3339); returns how many were new."""
        return self._subjects().destroy(subjects)

    def erased(self) -> dict[str, str]:
        """Which subjects and parts were erased, and when (RFC 3339): the list to replay on a restored backup."""
        return self._subjects().erased()

    def erased_at(self, subject: str) -> str:
        """When the subject or part was erased (RFC 3339), or an empty text. Cheap: asked for every action."""
        return self._subjects().erased_at(subject)

    def known(self) -> Iterator[str]:
        """Every subject that has a key."""
        return self._subjects().known()

    def has(self, subject: str) -> bool:
        """Whether the subject has a key."""
        return self._subjects().has(subject)

    def new_data_key(self) -> tuple[bytes, bytes]:
        """A data key for one raw mail whose sender is not known yet, and the same wrapped by the home key."""
        key = secrets.token_bytes(KEY_SIZE)
        return key, _encrypt(self._home_key(), key, _wrapping(""))

    def rewrap(self, wrapped: bytes, subject: str, name: str = "") -> bytes:
        """The data key wrapped by the subject's key instead of the home key; the caller deletes the first wrapping.

        ``name`` says of what, so that of a case's things one can be erased alone (`wrapping`).
        """
        return self.seal(subject, self.unwrap(wrapped), wrapping(subject, name))

    def unwrap(self, wrapped: bytes, subject: str = "", name: str = "") -> bytes:
        """The data key that `new_data_key` (no subject) or `rewrap` wrapped. Raises as `open` does."""
        if not subject:
            return _decrypt(self._home_key(), wrapped, _wrapping(""))
        return self.open(subject, wrapped, wrapping(subject, name))

    def keyed(self, label: str, data: bytes) -> str:
        """A digest that only this home can make (HMAC-SHA-256, hex): finds a thing again without storing it.

        The key is derived from the home key (NIST SP 800-108, one block), which itself only wraps.
        """
        self._home_key()
        return hmac.digest(self._keying, label.encode() + b"\0" + data, "sha256").hex()

    def reporter(self, address: str) -> str:
        """The subject of an outside person: a keyed digest of the address, the same for each of their mails.

        Who writes again after an erasure is a new subject: the old key never comes back.
        """
        return self.reporters(address)[-1]

    def reporters(self, address: str) -> tuple[str, ...]:
        """Every subject that the address had, the erased ones first, the present one last."""
        named = "reporter:" + self.keyed("reporter", address.strip().lower().encode())[:24]
        found = [named]
        while self._subjects().erased_at(found[-1]):
            found.append(f"{named}.{len(found)}")
        return tuple(found)

    @property
    def _home_file(self) -> Path:
        return self.folder / "home.key"

    def _home_key(self) -> AESGCM:
        if self._home is None:
            key = read_private(self._home_file)
            if len(key) != KEY_SIZE:
                raise HomeUnusable(
                    f"{self._home_file} has {len(key)} bytes, not 32.", next="Restore it from its backup."
                )
            self._keying = hmac.digest(key, b"forgeward/keyed/1", "sha256")
            self._home = AESGCM(key)
        return self._home

    def _subjects(self) -> SubjectKeys:
        home = self._home_key()
        with self._lock:
            if self._store is None or self._store.pid != os.getpid():
                # SQLite forbids that a connection crosses a fork, even to be closed: the child keeps it unused.
                self._inherited = self._store
                self._store = SubjectKeys(self.folder / "subjects.sqlite3", home)
            return self._store


class SubjectKeys:
    """The key store: SQLite, one row a subject, a cache in front that other processes' erasures empty."""

    def __init__(self, file: Path, home: AESGCM) -> None:
        self.pid = os.getpid()
        self._file = file
        self._home = home
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._seen = (0, 0)  # the store's data_version, and the last erasure known of
        self._lock = threading.RLock()
        if not file.exists():
            write_once(file, b"")
        require_private(file)
        with translated(file):
            self._db = sqlite3.connect(file, timeout=20, isolation_level=None, check_same_thread=False)
            for pragma in ("busy_timeout=20000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        """Closes the connection and forgets the cached keys."""
        with self._lock:
            self._cache.clear()
            self._db.close()

    def keys(self, subjects: Iterable[str], *, create: bool) -> dict[str, bytes]:
        """Data keys by subject. Raises ``KeyErased`` for an erased one, ``NotFound`` for a missing one not created."""
        with self._lock, translated(self._file):
            self._notice_erasures()
            wanted = list(subjects)
            found = {subject: self._cache[subject] for subject in wanted if subject in self._cache}
            missing = [subject for subject in wanted if subject not in found]
            if missing:
                found |= self._read(missing)
                missing = [subject for subject in missing if subject not in found]
            if missing:
                self._refuse_erased(missing)
                if not create:
                    raise NotFound(f"There is no key of {missing[0]}.", next="Restore the key store from its backup.")
                found |= self._make(missing)
            self._remember(found)
            return found

    def destroy(self, subjects: Mapping[str, str]) -> int:
        """Overwrites wrapped keys, deletes their rows and empties the write-ahead log; a part only takes its place out.

        ``subjects`` maps subjects and parts to instants. Returns how many had not been erased before.
        """
        for subject in subjects:
            _check_subject(subject)
        new = 0
        with self._lock, translated(self._file):
            with self._writing():
                for subject, at in subjects.items():
                    whole, mark, _ = subject.partition(PART)
                    if not mark:
                        self._overwrite(subject)
                    new += self._db.execute(
                        "INSERT INTO erased (subject, at) VALUES (?, ?) ON CONFLICT DO NOTHING", (subject, at)
                    ).rowcount
                    self._cache.pop(whole, None)
                self._puncture(subject for subject in subjects if PART in subject)
            self._empty_log()
        return new

    def _overwrite(self, subject: str) -> None:
        self._db.execute("UPDATE subject_key SET wrapped = randomblob(length(wrapped)) WHERE subject = ?", (subject,))
        self._db.execute("DELETE FROM subject_key WHERE subject = ?", (subject,))

    def _puncture(self, parts: Iterable[str]) -> None:
        leaves: dict[str, list[int]] = {}
        for part in parts:
            subject, _, leaf = part.partition(PART)
            leaves.setdefault(subject, []).append(int(leaf, 16))
        for subject, material in self._read(list(leaves)).items():
            left = puncture.puncture(material, leaves[subject])
            self._overwrite(subject)
            self._db.execute(
                "INSERT INTO subject_key (subject, wrapped) VALUES (?, ?)",
                (subject, _encrypt(self._home, left, _wrapping(subject))),
            )

    def known(self) -> Iterator[str]:
        """Every subject that has a key."""
        with self._lock, translated(self._file):
            rows = self._db.execute("SELECT subject FROM subject_key ORDER BY subject").fetchall()
        return (subject for (subject,) in rows)

    def has(self, subject: str) -> bool:
        """Whether the subject has a key."""
        with self._lock, translated(self._file):
            return self._db.execute("SELECT 1 FROM subject_key WHERE subject = ?", (subject,)).fetchone() is not None

    def erased(self) -> dict[str, str]:
        """Erased subjects with the instant of their erasure, the oldest first."""
        with self._lock, translated(self._file):
            return dict(self._db.execute("SELECT subject, at FROM erased ORDER BY id"))

    def erased_at(self, subject: str) -> str:
        """When the subject's key was destroyed; an empty text where it was not."""
        with self._lock, translated(self._file):
            row = self._db.execute("SELECT at FROM erased WHERE subject = ?", (subject,)).fetchone()
        return str(row[0]) if row else ""

    def _read(self, subjects: list[str]) -> dict[str, bytes]:
        keys: dict[str, bytes] = {}
        for start in range(0, len(subjects), _BATCH):
            part = subjects[start : start + _BATCH]
            rows = self._db.execute(
                f"SELECT subject, wrapped FROM subject_key WHERE subject IN ({','.join('?' * len(part))})",  # noqa: S608 - only question marks
                part,
            )
            keys |= {subject: _decrypt(self._home, wrapped, _wrapping(subject)) for subject, wrapped in rows}
        return keys

    def _make(self, subjects: list[str]) -> dict[str, bytes]:
        for subject in subjects:
            _check_subject(subject)
        made = {subject: secrets.token_bytes(KEY_SIZE) for subject in subjects}
        with self._writing():
            self._refuse_erased(subjects)
            self._db.executemany(
                "INSERT INTO subject_key (subject, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(subject, _encrypt(self._home, key, _wrapping(subject))) for subject, key in made.items()],
            )
            # Another process may have been first: what is stored counts, not what was made.
            return self._read(subjects)

    def _refuse_erased(self, subjects: list[str]) -> None:
        for subject in subjects:
            row = self._db.execute("SELECT at FROM erased WHERE subject = ?", (subject,)).fetchone()
            if row:
                raise KeyErased(
                    f"The key of {subject} was destroyed at {row[0]}; what it sealed is gone.",
                    next="Nothing can bring it back; the ledger keeps only the digests.",
                )

    def _notice_erasures(self) -> None:
        """Empties the cache of what other processes erased; costs a look at the store's version."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen[0]:
            return
        last = self._seen[1]
        for number, subject in self._db.execute("SELECT id, subject FROM erased WHERE id > ? ORDER BY id", (last,)):
            self._cache.pop(subject.partition(PART)[0], None)
            last = number
        self._seen = (version, last)

    def _remember(self, keys: Mapping[str, bytes]) -> None:
        for subject, key in keys.items():
            self._cache[subject] = key
            self._cache.move_to_end(subject)
        while len(self._cache) > CACHED_KEYS:
            self._cache.popitem(last=False)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _empty_log(self) -> None:
        busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise HomeUnusable(
                f"{self._file} is being read; the destroyed key still stands in its write-ahead log.",
                next="Erase again: it only empties the log.",
            )


def _encrypt(cipher: AESGCM, plaintext: bytes, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE_SIZE)
    return _SEALED + nonce + cipher.encrypt(nonce, plaintext, aad)


def _decrypt(cipher: AESGCM, blob: bytes, aad: bytes) -> bytes:
    if blob[:1] == _SEALED:
        with suppress(InvalidTag, ValueError):
            return cipher.decrypt(blob[1 : 1 + _NONCE_SIZE], blob[1 + _NONCE_SIZE :], aad)
    raise VerificationFailed(
        "A sealed value does not open: it was altered, or belongs to another key or place.",
        next="Run forgeward audit; restore what it names from a backup.",
    )


def wrapping(subject: str, name: str) -> bytes:
    """The place of a wrapped data key under its subject."""
    return _wrapping(subject) + (b"\n" + name.encode() if name else b"")


def _wrapping(subject: str) -> bytes:
    return b"forgeward/data-key/1\n" + subject.encode()


def part(subject: str, place: bytes) -> str:
    """The name of one place of a case, for `Keys.destroy`: what was sealed with this ``aad``."""
    return f"{subject}{PART}{puncture.leaf_of(place):08x}"


def _key_at(subject: str, material: bytes, place: bytes) -> bytes:
    """The key for one place: the subject's own, or, of a case, the place's. Raises ``KeyErased``."""
    if not subject.startswith(_TREES):
        return material
    try:
        return puncture.key_at(material, puncture.leaf_of(place))
    except puncture.Punctured:
        raise KeyErased(
            f"A text of {subject.partition(':')[2]} was erased, since it named a person who was.",
            next="Nothing can bring it back; the ledger keeps only the digest.",
        ) from None


def _check_subject(subject: str) -> None:
    whole, mark, leaf = subject.partition(PART)
    if mark and not (whole.startswith(_TREES) and len(leaf) == _LEAF and set(leaf) <= set(string.hexdigits)):
        raise BadInput(f"“{subject:.80}” is no part of a case.", next="Name it as `part` does.")
    kind, _, name = whole.partition(":")
    if kind not in _KINDS or not name or len(subject) > 200 or not name.isprintable():
        raise BadInput(
            f"“{subject:.80}” is not a subject.", next="Write case:ID, reporter:UUID, person:N or webhook:ID."
        )
