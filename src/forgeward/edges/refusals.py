"""Sentences for what a database or a disk refuses, where a library raised an error of its own."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import NamedTuple

from forgeward.errors import BadInput, ForgewardError, HomeUnusable

NO_ROOM = 1024 * 1024  # bytes; with less than this free a database cannot even open its log
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class Refusal(NamedTuple):
    """An error that carries one of these words, in lower case, and what it means to a person."""

    signs: tuple[str, ...]
    kind: type[ForgewardError]
    what: str
    next: str


FULL = Refusal(
    ("database or disk is full",),
    HomeUnusable,
    "The disk is full; what was being done was undone as a whole.",
    "Free some space, then do it again.",
)
REFUSALS = (
    FULL,
    Refusal(
        ("disk i/o error",),
        HomeUnusable,
        "The disk does not read or write as it should.",
        "Look into the system's log, and keep a backup at hand.",
    ),
    Refusal(
        ("database is locked",),
        HomeUnusable,
        "Another process held the database for more than 20 seconds.",
        "Do it again; `forgeward doctor` names who runs.",
    ),
    Refusal(
        ("readonly database", "unable to open database"),
        HomeUnusable,
        "The home's database cannot be written by this user.",
        "Run as the home's owner.",
    ),
    Refusal(
        ("file is not a database", "malformed"),
        HomeUnusable,
        "The home's database is damaged.",
        "Keep the folder as it is and restore a backup beside it.",
    ),
    Refusal(
        ("value too long for type", "cannot contain nul"),
        BadInput,
        "A text is too long, or holds a NUL character.",
        "Shorten it, then do it again.",
    ),
    Refusal(
        ("connection is bad", "connection failed", "connection timeout expired"),
        HomeUnusable,
        "The database server cannot be reached, or does not let this user in.",
        "Check [database] in settings.toml, and that the server runs; then do it again.",
    ),
    Refusal(
        ("permission denied for",),
        HomeUnusable,
        "The database role may not do that.",
        "See docs/how-to/postgresql.md: the owner's role changes tables.",
    ),
)


def refused(problem: Exception, folder: Path) -> ForgewardError | None:
    """The sentence for a library's error about the home in ``folder``; None for one that is not known."""
    text = str(problem).lower()
    found = next((one for one in REFUSALS if any(sign in text for sign in one.signs)), None)
    if getattr(problem, "errno", None) in _NO_SPACE or (found is not None and _full(found, folder)):
        found = FULL
    return found.kind(found.what, next=found.next) if found else None


def _full(found: Refusal, folder: Path) -> bool:
    """Whether SQLite's complaint about the disk is only its way to say that there is no room."""
    return "disk i/o error" in found.signs and shutil.disk_usage(folder).free < NO_ROOM
