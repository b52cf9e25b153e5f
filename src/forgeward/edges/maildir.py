"""A folder that a mail server, or a script, drops mails into: Maildir's ``new`` and ``cur``.

A mail is taken from ``new``, kept durably, then moved to ``cur`` as seen, as a mail program would. One that lies in
``cur`` was taken. Who delivers writes to ``tmp`` and renames, so what stands in ``new`` is whole.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from forgeward.edges.mail_boxes import MAIL_LIMIT
from forgeward.errors import MailboxTrouble

_NO_MAIL = frozenset({errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO})  # taken, a link, a folder, a pipe


class Dropped(msgspec.Struct, frozen=True):
    """A mail in the folder. ``received_at`` is when it was written there (UTC); ``whole`` its size in bytes."""

    name: str
    raw: bytes
    received_at: datetime
    whole: int


def waiting(folder: Path) -> list[str]:
    """The names of mails that nobody took, in the order of their delivery. Raises ``MailboxTrouble``."""
    try:
        names = [each.name for each in os.scandir(folder / "new") if not each.name.startswith(".")]
    except OSError as error:
        raise MailboxTrouble(f"{folder} cannot be read: {error.strerror}.", next="It must be a Maildir.") from error
    return sorted(names)  # they begin with the instant of delivery


def take(folder: Path, names: Sequence[str]) -> Iterator[Dropped]:
    """These mails; one that somebody else took meanwhile is left out, and so is what is no regular file.

    Raises ``MailboxTrouble`` for what cannot be read, after all others.
    """
    unread: list[str] = []
    for name in names:
        try:
            with open(folder / "new" / name, "rb", opener=_plain) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    continue
                raw = file.read(MAIL_LIMIT)
        except OSError as error:
            if error.errno not in _NO_MAIL:
                unread.append(f"{folder / 'new' / name} cannot be read: {error.strerror}.")
            continue
        yield Dropped(name, raw, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size)
    if unread:
        raise MailboxTrouble(unread[0], next="Let this user read it, or move it away.")


def put_away(folder: Path, names: Sequence[str]) -> None:
    """Moves taken mails to ``cur``, marked as seen (``:2,S``)."""
    try:
        (folder / "cur").mkdir(mode=0o700, exist_ok=True)
        for name in names:
            seen = name if ":2," in name else f"{name}:2,S"
            try:
                (folder / "new" / name).rename(folder / "cur" / seen)
            except FileNotFoundError:
                continue
    except OSError as error:
        raise MailboxTrouble(f"Mails in {folder} cannot be moved to cur: {error.strerror}.") from error


def _plain(path: str, flags: int) -> int:
    """A link could lead anywhere and a pipe would hang us, so neither is opened."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
