"""Writes files that must be whole or absent, and that must still be there after the power went."""

from __future__ import annotations

import os
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Replaces ``file`` atomically, with mode 0600, and has the disk take it. Raises OSError; leaves no half of it."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(descriptor)
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    beside = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(beside)
    finally:
        os.close(beside)
