"""The body of a parsed message: which parts are its text, which are files, and what the files really are."""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import re
from collections.abc import Iterator
from email.message import Message

import msgspec

from forgeward.edges.mail_charset import body_text
from forgeward.edges.mail_header import unstructured
from forgeward.edges.mail_html import text_of
from forgeward.respond.mail import Attachment, TextFrom, one_line

_TEXT_BYTES = 4 * 2**20  # of one text part; the rest of it is only in the stored raw mail
_FILE_NAME_LIMIT = 150

# First bytes, in the order in which they are tried. Archives are named, never opened.
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"-----BEGIN PGP MESSAGE-----", "application/pgp-encrypted"),
    (b"-----BEGIN PGP SIGNATURE-----", "application/pgp-signature"),
    (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "application/pgp-keys"),
    (b"{\\rtf", "application/rtf"),
)
_MARKUP = re.compile(rb"<(?:!doctype html|html|head|body|script|svg|\?xml)", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class Body(msgspec.Struct):
    """What was collected: texts as (kind, text), files with their bytes, notes on character sets."""

    texts: list[tuple[str, str]] = []
    files: list[tuple[Attachment, bytes]] = []
    charset_notes: list[str] = []
    cut: bool = False

    def take(self, other: Body, *, texts: bool) -> None:
        """Adds what ``other`` collected; its files always, its texts where wanted."""
        self.files += other.files
        if texts:
            self.texts += other.texts
            self.charset_notes += other.charset_notes
            self.cut = self.cut or other.cut


def collect(part: Message) -> Body:
    """Walks the parts below ``part``, at most as deep as `mail_limits` lets multiparts nest."""
    body = Body()
    if part.is_multipart():
        children = [collect(child) for child in part.get_payload() if isinstance(child, Message)]
        chosen = _best(children) if part.get_content_subtype() == "alternative" else None
        for child in children:
            body.take(child, texts=chosen is None or child is chosen)
    elif _is_text(part):
        _take_text(part, body)
    else:
        content = _content(part)
        body.files.append((_attachment(part, content), content))
    return body


def joined_text(body: Body, limit: int) -> tuple[str, TextFrom, bool]:
    """All texts as one, what they were made from, and whether something was cut off."""
    texts = [(kind, text) for kind, text in body.texts if text.strip()]
    whole = "\n\n".join(text.strip("\n") for _, text in texts)
    kinds = {kind for kind, _ in texts}
    kind: TextFrom = "plain" if "plain" in kinds else "html" if kinds else "none"
    return whole[:limit], kind, body.cut or len(whole) > limit


def numbered(files: list[tuple[Attachment, bytes]]) -> Iterator[Attachment]:
    """The attachments, with a name for each that has none."""
    for number, (attachment, _) in enumerate(files, 1):
        yield attachment if attachment.name else msgspec.structs.replace(attachment, name=f"part-{number}")


def sniffed(content: bytes) -> str:
    """The media type that the first bytes show; ``text/plain`` for readable text, else ``application/octet-stream``."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, media_type in _MAGIC:
        if content.startswith(magic) or (magic.startswith(b"-----") and start.startswith(magic)):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    if _BINARY.search(start):
        return "application/octet-stream"
    if markup := _MARKUP.search(start[:512]):
        name = markup[0].lower()
        return "image/svg+xml" if b"<svg" in start.lower() else "text/xml" if name == b"<?xml" else "text/html"
    return "text/plain"


def file_name(raw_name: str) -> str:
    """A name without folders, controls and directional overrides; empty where nothing is left."""
    last = re.split(r"[/\\]", unstructured(raw_name, 1000))[-1]
    name = one_line(last.strip(" ."), _FILE_NAME_LIMIT)
    return "" if name in {"…", ""} else name


def _best(children: list[Body]) -> Body | None:
    """Of alternatives (RFC 2046, 5.1.4) the first that has plain text, else the last that has any."""
    readable = [child for child in children if any(text.strip() for _, text in child.texts)]
    plain = [child for child in readable if any(kind == "plain" for kind, _ in child.texts)]
    return plain[0] if plain else readable[-1] if readable else None


def _is_text(part: Message) -> bool:
    if part.get_content_type() not in {"text/plain", "text/html"}:
        return False
    return part.get_content_disposition() != "attachment" and not part.get_filename()


def _take_text(part: Message, body: Body) -> None:
    content = _content(part)
    text, note = body_text(content[:_TEXT_BYTES], str(part.get_content_charset("")))
    kind = part.get_content_subtype()
    body.texts.append((kind, text_of(text) if kind == "html" else text))
    body.cut = body.cut or len(content) > _TEXT_BYTES
    if note and not body.cut:
        body.charset_notes.append(note)


def _content(part: Message) -> bytes:
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        # A third of the memory that get_payload(decode=True) takes. A ValueError is broken base64, or a charset like
        # idna that 8-bit data within it cannot be decoded with.
        with contextlib.suppress(ValueError):
            return binascii.a2b_base64(str(part.get_payload()).encode("ascii", "ignore"))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _attachment(part: Message, content: bytes) -> Attachment:
    return Attachment(
        name=file_name(part.get_filename() or ""),
        declared_type=one_line(part.get_content_type(), 100),
        sniffed_type=sniffed(content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        inline=part.get_content_disposition() == "inline",
        content_id=one_line(str(part.get("Content-ID", "")), 250),
    )
