"""Mails and files as they lie in the home, encrypted: how they are opened again, by actions and readers alike."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from forgeward.desk import programme
from forgeward.desk.models import AttachmentRow, RawMail
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import decrypt, encrypt
from forgeward.errors import KeyErased


def raw_bytes(home: Home, row: RawMail) -> bytes:
    """The mail as received. Raises ``KeyErased`` once its person was erased, ``HomeUnusable`` without its file."""
    key = data_key(row)  # first: an erased mail has no file any more either
    with translated(home.raw / row.name):
        blob = (home.raw / row.name).read_bytes()
    return decrypt(key, blob, row.name.encode())


def data_key(row: RawMail) -> bytes:
    """The mail's own data key. Raises ``KeyErased``, also for a mail whose time was over."""
    if not row.wrapped_key:
        raise KeyErased(
            "This mail was deleted when the time to keep it was over.", next="What the case needs of it stands there."
        )
    return programme.vault().keys.unwrap(bytes(row.wrapped_key), row.subject, row.name)


def seal(name: str, what: str, value: object, key: bytes) -> bytes:
    """Seals a value beside the mail ``name``, under its data key: erasing the person takes it along."""
    return encrypt(key, msgspec.msgpack.encode(value), _place(name, what))


def unseal(row: RawMail, what: str, blob: bytes | memoryview) -> dict[str, Any]:
    """What `seal` sealed; empty where nothing was. Raises ``KeyErased``."""
    if not blob:
        return {}
    return msgspec.msgpack.decode(decrypt(data_key(row), bytes(blob), _place(row.name, what)), type=dict[str, Any])


def _place(name: str, what: str) -> bytes:
    return f"{name}:{what}".encode()


def file_name(owner: str, sha256: str) -> str:
    """Where a file of ``owner`` (a key subject) lies: a keyed digest of owner and content."""
    return programme.vault().keys.keyed("attachment", f"{owner}\0{sha256}".encode())[:40]


def file_key(owner: str, name: str) -> bytes:
    """The key of a file's bytes: it follows from the owner's data key, so that erasing the owner takes it along."""
    return hmac.digest(programme.vault().keys.data_key(owner), b"forgeward attachment\0" + name.encode(), "sha256")


def file_bytes(home: Home, row: AttachmentRow) -> bytes:
    """The file's bytes. Raises ``KeyErased`` once its owner was erased, ``HomeUnusable`` where it is missing."""
    return named_bytes(home, row.message.subject, row.name)


def named_bytes(home: Home, owner: str, name: str) -> bytes:
    """The bytes of a file by the owner's key subject and the name under which it lies. Raises as `file_bytes` does."""
    key = file_key(owner, name)
    with translated(home.files / name):
        blob = (home.files / name).read_bytes()
    return decrypt(key, blob, name.encode())
