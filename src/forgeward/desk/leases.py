"""Names for those who hold leases, and how others see that one of them died.

A lease ends by itself after a minute or two. Nobody has to wait for that where the kernel knows better: each process
that works for long holds a lock (flock(2)) on a file with its name, and loses it when it ends, however that is.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forgeward.edges.home import Home, translated


def process_name() -> str:
    """A name that no other process has, also not a later one with the same process id."""
    return f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(4)}"


@contextmanager
def living(home: Home) -> Iterator[str]:
    """A `process_name` that others can see is alive for as long as this lasts. Raises ``HomeUnusable``."""
    name = process_name()
    folder = _folder(home)
    fresh = folder / f".{name}"
    with translated(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with translated(folder):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fresh.rename(folder / name)  # only now does it have a name that `the_dead` looks at
        yield name
    finally:
        (folder / name).unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def the_dead(home: Home) -> Iterator[tuple[str, ...]]:
    """The names of processes that ended without a word, for whoever frees what they held; then they are forgotten.

    A name that nobody can be sure about (no file, no locks on this file system) is not among them.
    """
    held: dict[Path, int] = {}
    try:
        for file in _names(_folder(home)):
            descriptor = _locked(file)
            if descriptor is not None:
                held[file] = descriptor
        yield tuple(file.name for file in held)
        for file in held:
            file.unlink(missing_ok=True)
    finally:
        for descriptor in held.values():
            os.close(descriptor)


def _folder(home: Home) -> Path:
    return home.folder / "alive"


def _names(folder: Path) -> list[Path]:
    try:
        return [Path(each.path) for each in os.scandir(folder) if not each.name.startswith(".")]
    except FileNotFoundError:
        return []


def _locked(file: Path) -> int | None:
    """The file's descriptor where its process gave up the lock; None where it lives or cannot be asked."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
