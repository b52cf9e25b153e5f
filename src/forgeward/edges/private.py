"""Files that only their owner may read: 0600, whole or not at all, and refused when others can read them."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from forgeward.edges.refusals import refused
from forgeward.errors import HomeUnusable


def read_private(file: Path) -> bytes:
    """The file's content. Raises ``HomeUnusable`` where it is missing, or open to others."""
    require_private(file)
    with translated(file):
        return file.read_bytes()


def require_private(file: Path) -> None:
    """Raises ``HomeUnusable`` where others can read or write the file."""
    with translated(file):
        mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        raise HomeUnusable(
            f"{file} can be read or written by others (mode {mode:04o}).",
            next=f"Run chmod 600 {file}, and think about whom it was open to: such a key should be replaced.",
        )


def write_once(file: Path, content: bytes) -> None:
    """Creates the file with mode 0600, whole or not at all; leaves an existing one alone."""
    with translated(file), tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-") as new:  # mode 0600
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
        with suppress(FileExistsError):
            os.link(new.name, file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Has the disk take what changed among the folder's names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turns errors of the file system and of a key store into ``HomeUnusable`` sentences."""
    try:
        yield
    except FileNotFoundError:
        raise HomeUnusable(
            f"{file} is missing.", next="Run forgeward init, or restore the keys from a backup."
        ) from None
    except OSError as error:
        known = refused(error, file.parent)
        then = known.next if known else "Run as the owner of the home."
        raise HomeUnusable(f"{file} cannot be used: {error.strerror}.", next=then) from error
    except sqlite3.Error as error:
        known = refused(error, file.parent)
        then = known.next if known else "Restore it from its backup."
        raise HomeUnusable(f"The key store {file} cannot be used: {error}.", next=then) from error
