"""The shapes of what is said about a person's data and about backups."""

from __future__ import annotations

from typing import Literal

import msgspec

from forgeward.desk.shapes import Shape


class Mention(msgspec.Struct):
    """A text that names the person: the case (empty: none) and the entry's number (0: a letter or a mail)."""

    case: str
    entry: int


class Erasure(Shape, kw_only=True):
    """``done`` is false for a dry run. ``subjects`` are the digests by which the ledger names the person.

    ``old_rows``: PostgreSQL tables in which a colleague's old row lies until their owner runs VACUUM FULL on them.
    """

    schema: Literal["forgeward/erasure/1"] = "forgeward/erasure/1"
    done: bool
    subjects: list[str]
    staff: bool
    cases: list[str]
    open_cases: list[str]
    texts: int
    mails: int
    files: int
    letters: int
    unsent: int
    mentions: list[Mention]
    kept: list[Mention]
    old_rows: list[str] = msgspec.field(default_factory=list)


class Export(Shape, kw_only=True):
    schema: Literal["forgeward/export/1"] = "forgeward/export/1"
    file: str
    cases: list[str]
    texts: int
    mails: int
    files: int
    letters: int


class Backup(Shape, kw_only=True):
    """Two files; ``expired`` are older backups of keys that were deleted. ``verified``: read back and audited."""

    schema: Literal["forgeward/backup/1"] = "forgeward/backup/1"
    data: str
    keys: str
    expired: list[str]
    verified: bool


class Restored(Shape, kw_only=True):
    """``replayed``: erasures that the backup did not know of. ``verified``: it was only tried, and nothing is left."""

    schema: Literal["forgeward/restored/1"] = "forgeward/restored/1"
    home: str
    made_at: str
    replayed: int
    entries: int
    verified: bool
