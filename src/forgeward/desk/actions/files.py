"""Files that came with mails: content-addressed, encrypted under their owner's key, read back only as bytes.

The name is a keyed digest of owner and content, so that the same file of the same person lies there once; the key of
its bytes follows from the owner's data key and the name, so that erasing the person takes the file along.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from forgeward.desk import programme
from forgeward.desk.actions.stored import write_files
from forgeward.desk.models import AttachmentRow
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import decrypt, encrypt
from forgeward.respond.mail import Attachment, Parsed


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
        name = _name(attachment, owner)
        found.append(Kept(name, attachment.name, attachment.sniffed_type[:120], attachment.size))
        if not (home.files / name).exists():
            fresh[name] = encrypt(_key(owner, name), content, name.encode())
    write_files(home.files, fresh)
    return tuple(found)


def attach(message: int, owner: str, kept: Iterable[Kept]) -> None:
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
        for file in kept
    )


def read(home: Home, row: AttachmentRow) -> bytes:
    """The file's bytes. Raises ``KeyErased`` once its owner was erased, ``HomeUnusable`` where it is missing."""
    key = _key(row.message.subject, row.name)
    with translated(home.files / row.name):
        blob = (home.files / row.name).read_bytes()
    return decrypt(key, blob, row.name.encode())


def _name(attachment: Attachment, owner: str) -> str:
    return programme.vault().keys.keyed("attachment", f"{owner}\0{attachment.sha256}".encode())[:40]


def _key(owner: str, name: str) -> bytes:
    return hmac.digest(programme.vault().keys.data_key(owner), b"forgeward attachment\0" + name.encode(), "sha256")
