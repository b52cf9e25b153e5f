"""Files that came with mails: content-addressed, encrypted under their owner's key, read back only as bytes.

The name is a keyed digest of owner and content, so that the same file of the same person lies there once; the key of
its bytes follows from the owner's data key and the name, so that erasing the person takes the file along.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from forgeward.desk import kept, programme
from forgeward.desk.actions.stored import write_files
from forgeward.desk.models import AttachmentRow
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import encrypt
from forgeward.edges.mail_body import sniffed
from forgeward.respond import enclosure
from forgeward.respond.enclosure import Enclosure
from forgeward.respond.mail import Parsed

UNSENT = timedelta(days=2)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the home, and what its row says."""

    name: str
    label: str
    media_type: str
    size: int


def keep(home: Home, reading: Parsed, owner: str) -> tuple[Kept, ...]:
    """Keeps a mail's files for ``owner`` (a key subject); what lies there already is not written again."""
    found, fresh = [], {}
    for attachment, content in zip(reading.mail.attachments, reading.contents, strict=True):
        name = kept.file_name(owner, attachment.sha256)
        found.append(Kept(name, attachment.name, attachment.sniffed_type[:120], attachment.size))
        if not _still_there(home, name):
            fresh[name] = encrypt(kept.file_key(owner, name), content, name.encode())
    write_files(home.files, fresh)
    return tuple(found)


def keep_own(home: Home, owner: str, contents: Sequence[tuple[str, bytes]]) -> tuple[Enclosure, ...]:
    """Keeps what somebody here attaches to a letter, names and bytes given, sealed for ``owner`` (a key subject).

    A file that no letter takes in the end stays as unreadable to others as the rest. Raises ``BadInput`` for too many
    or too large ones, ``HomeUnusable``.
    """
    enclosure.check([len(content) for _, content in contents])
    home.require_space()
    found, fresh = [], {}
    for written, content in contents:
        digest = sha256(content).hexdigest()
        name = kept.file_name(owner, digest)
        found.append(Enclosure(enclosure.plain_name(written), sniffed(content), len(content), digest))
        if not _still_there(home, name):
            fresh[name] = encrypt(kept.file_key(owner, name), content, name.encode())
    write_files(home.files, fresh)
    return tuple(found)


def _still_there(home: Home, name: str) -> bool:
    """Whether the file lies there; it is young again then, so that no sweep takes it before its message is written."""
    try:
        os.utime(home.files / name)
    except FileNotFoundError:
        return False
    return True


def sweep(home: Home, now: datetime) -> int:
    """Deletes files that no message took within two days: of letters that were looked at and never sent.

    Not in a demo home, whose clock runs ahead of its files. Returns how many.
    """
    if home.is_demo:
        return 0
    before = (now - UNSENT).timestamp()
    with translated(home.files), os.scandir(home.files) as entries:
        old = [entry.name for entry in entries if entry.is_file() and entry.stat().st_mtime < before]
    gone = 0
    for batch in (old[start : start + BATCH] for start in range(0, len(old), BATCH)):
        known = set(AttachmentRow.objects.filter(name__in=batch).values_list("name", flat=True))
        for name in set(batch) - known:
            file = home.files / name
            with translated(file), contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime < before:  # it may have come again meanwhile
                    file.unlink()
                    gone += 1
    return gone


def attach(message: int, owner: str, found: Iterable[Kept]) -> None:
    """Rows for a message's files."""
    vault = programme.vault()
    AttachmentRow.objects.bulk_create(
        AttachmentRow(
            message_id=message,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            label_blob=vault.seal_json(owner, f"file:{file.name}", {"label": file.label, "type": file.media_type}),
        )
        for file in found
    )
