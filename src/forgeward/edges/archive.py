"""A backup as one file: a tar whose first member says what it is and whose last one has the SHA-256 of every other.

    about.json · members, in any order · manifest.json

Nothing of it is believed before all of it was read: names must fit the few that a home has, members are plain files,
each digest must be the one in the manifest. Only its owner may read the file (0600); it takes its place when complete.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from forgeward.edges.home import translated
from forgeward.edges.private import sync_folder
from forgeward.errors import BadInput, VerificationFailed

ABOUT, MANIFEST = "about.json", "manifest.json"
SCHEMA = "forgeward/archive/1"
_CHUNK = 1 << 20
_LARGEST_TEXT = 64 << 20  # bytes of about.json and manifest.json
_NAMES = re.compile(
    r"forgeward\.sqlite3|tables/[a-z0-9_]{1,63}|raw/[0-9a-f]{32}|files/[0-9a-f]{40}"
    r"|policy\.yaml|letters\.yaml|settings\.toml|home\.json"
    r"|keys/(?:home\.key|ledger\.key(?:\.next)?|subjects\.sqlite3|openpgp/own/[0-9A-Fa-f]{1,80}\.key"
    r"|openpgp/people/[0-9a-f]{1,40}(?:\.[0-9]{1,6})?\.keys)"
)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is. ``kind`` is ``data`` or ``keys``; ``home`` tells homes apart; instants are RFC 3339."""

    schema: str = SCHEMA
    kind: str
    made_at: str
    home: str
    database: str = ""
    migrations: list[str] = []
    columns: dict[str, list[str]] = {}


class Writer:
    """Adds members; see `writing`."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}

    def add(self, name: str, file: Path) -> bool:
        """Adds a file's bytes as they are now; False where it is gone. Raises ``BadInput`` for a name of no home."""
        _require_name(name)
        try:
            opened = file.open("rb")
        except FileNotFoundError:
            return False
        with opened:
            self._put(name, opened, os.fstat(opened.fileno()).st_size)
        return True

    def text(self, name: str, value: object) -> None:
        """Adds a value as JSON."""
        content = msgspec.json.encode(value)
        self._put(name, io.BytesIO(content), len(content))

    def finish(self) -> None:
        """Adds the manifest."""
        self.text(MANIFEST, dict(self._digests))

    def _put(self, name: str, stream: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        counted = _Hashing(stream)
        self._tar.addfile(entry, counted)
        self._digests[name] = counted.digest.hexdigest()


class _Hashing:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.digest.update(chunk)
        return chunk


@contextmanager
def writing(file: Path, about: About) -> Iterator[Writer]:
    """A new archive at ``file``, whole or not at all. Raises ``BadInput`` where one is there, ``HomeUnusable``."""
    fresh = file.with_name(f".{file.name}.new")
    with translated(file.parent):
        if file.exists():
            raise BadInput(f"{file} is there already.", next="Name another folder, or wait a second.")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:  # noqa: PTH123 - opened by descriptor, for its mode
                with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    writer = Writer(tar)
                    writer.text(ABOUT, about)
                    yield writer
                    writer.finish()
                out.flush()
                os.fsync(out.fileno())
            fresh.rename(file)
            sync_folder(file.parent)
        finally:
            fresh.unlink(missing_ok=True)


def about(file: Path) -> About:
    """What the archive says it is. Raises ``BadInput`` for anything else than a backup of ours."""
    with _reading(file) as tar:
        first = tar.next()
        if first is None or first.name != ABOUT or not first.isreg() or first.size > _LARGEST_TEXT:
            raise _no_backup(file)
        content = tar.extractfile(first)
        try:
            found = msgspec.json.decode(content.read() if content else b"", type=About)
        except msgspec.DecodeError:
            raise _no_backup(file) from None
    if found.schema != SCHEMA:
        raise BadInput(f"{file} is a backup of another form, {found.schema}.", next="Install the version that made it.")
    return found


def check(file: Path) -> dict[str, str]:
    """Reads everything; returns SHA-256 (hex) by name. Raises ``VerificationFailed`` for what is not as it was made."""
    digests: dict[str, str] = {}
    listed: dict[str, str] | None = None
    with _reading(file) as tar:
        for entry in tar:
            if listed is not None or not entry.isreg() or entry.name in digests:
                raise _damaged(file, f"“{entry.name[:80]}” does not belong into it")
            if entry.name == MANIFEST and entry.size <= _LARGEST_TEXT:
                listed = _manifest(file, tar, entry)
                continue
            if entry.name != ABOUT and not _NAMES.fullmatch(entry.name):
                raise _damaged(file, f"“{entry.name[:80]}” is no name of a home's file")
            digests[entry.name] = _digest(tar, entry)
    if listed is None:
        raise _damaged(file, "its end is missing")
    for name in listed.keys() ^ digests.keys():
        raise _damaged(file, f"“{name[:80]}” is {'missing' if name in listed else 'not listed'}")
    for name, digest in digests.items():
        if listed[name] != digest:
            raise _damaged(file, f"“{name}” has other bytes")
    return digests


def sha256(file: Path) -> str:
    """The whole file's digest (hex)."""
    with translated(file.parent), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def extract(file: Path, folder: Path) -> None:
    """Writes every member below ``folder`` (0600, folders 0700). Only for a file that passed `check`."""
    with _reading(file) as tar, translated(folder):
        for entry in tar:
            if entry.name in {ABOUT, MANIFEST}:
                continue
            _require_name(entry.name)
            to = folder / entry.name
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = tar.extractfile(entry)
            with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:  # noqa: PTH123 - as above
                while content and (chunk := content.read(_CHUNK)):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())


@contextmanager
def _reading(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r:") as tar:
            yield tar
    except FileNotFoundError:
        raise BadInput(f"There is no file {file}.", next="Name a backup.") from None
    except IsADirectoryError:
        raise BadInput(f"{file} is a folder.", next="Name a backup.") from None
    except (tarfile.TarError, EOFError) as problem:
        raise _damaged(file, str(problem)) from None


def _digest(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    digest, content = hashlib.sha256(), tar.extractfile(entry)
    while content and (chunk := content.read(_CHUNK)):
        digest.update(chunk)
    return digest.hexdigest()


def _manifest(file: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> dict[str, str]:
    content = tar.extractfile(entry)
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(content.read() if content else b"", type=dict[str, str])
    raise _damaged(file, "its manifest does not read")


def _require_name(name: str) -> None:
    if not _NAMES.fullmatch(name):
        raise BadInput(f"“{name[:80]}” is no name of a home's file.", next="Look at what lies in the home.")


def _no_backup(file: Path) -> BadInput:
    return BadInput(f"{file} is no backup of Forgeward.", next="Name a file that `forgeward backup` made.")


def _damaged(file: Path, why: str) -> VerificationFailed:
    return VerificationFailed(f"{file} is not as it was made: {why}.", next="Take another copy of it.")
