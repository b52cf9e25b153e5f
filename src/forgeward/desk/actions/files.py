"""Files that came with mails: content-addressed, encrypted under their owner's key, read back only as bytes.

The name is a keyed digest of owner and content, so that the same file of the same person lies there once; the key of
its bytes follows from the owner's data key and the name, so that erasing the person takes the file along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from forgeward.desk import kept, programme
from forgeward.desk.actions.stored import write_files
from forgeward.desk.models import AttachmentRow
from forgeward.edges.home import Home
from forgeward.edges.keys import encrypt
from forgeward.edges.mail_body import sniffed
from forgeward.respond import enclosure
from forgeward.respond.enclosure import Enclosure
from forgeward.respond.mail import Parsed


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
        if not (home.files / name).exists():
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
        if not (home.files / name).exists():
            fresh[name] = encrypt(kept.file_key(owner, name), content, name.encode())
    write_files(home.files, fresh)
    return tuple(found)


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
