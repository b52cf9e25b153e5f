"""Cuts out of a raw mail what OpenPGP needs, byte for byte. Runs in the guarded child.

The standard parser cannot give a part back as it came, and a signature is over exactly that: so the multipart's slices
are taken from the raw bytes (RFC 2046, 5.1.1), and only header blocks are parsed.

    multipart/encrypted, multipart/signed (RFC 3156) · armour in a text part (inline) · application/pgp-keys, Autocrypt
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser

import msgspec

from forgeward.edges.mail_limits import LIMITS, header_end
from forgeward.respond.openpgp import Autocrypt, Carried, Form

KEY_BYTES = 256 * 2**10  # of one public key: large ones, with hundreds of certifications, have half of it
KEYS = 5  # keys of one mail that are looked at
_PARTS = 50  # of one multipart
_DEPTH = 4  # lists and gateways wrap a signed part once or twice

_LINE_END = re.compile(rb"\r\n|\r|\n")
_ARMOUR = re.compile(rb"^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE|PUBLIC KEY BLOCK)-----[ \t]*\r?$", re.MULTILINE)
_ARMOUR_END = {
    b"MESSAGE": b"-----END PGP MESSAGE-----",
    b"SIGNED MESSAGE": b"-----END PGP SIGNATURE-----",
    b"PUBLIC KEY BLOCK": b"-----END PGP PUBLIC KEY BLOCK-----",
}
_FORMS: dict[bytes, Form] = {b"MESSAGE": "inline_encrypted", b"SIGNED MESSAGE": "inline_signed"}
_ADDRESS = re.compile(r"[^\s@;=]{1,64}@[^\s@;=]{1,255}")


class _Entity(msgspec.Struct):
    """A header block, parsed, and the body behind it."""

    header: Message
    raw: bytes
    body: bytes

    @property
    def type(self) -> str:
        return self.header.get_content_type()

    def param(self, name: str) -> str:
        """A parameter of Content-Type in its own case; empty where there is none that can be read."""
        with contextlib.suppress(TypeError, ValueError):  # RFC 2231 pieces that do not fit together
            found = self.header.get_param(name)
            return found if isinstance(found, str) else ""
        return ""

    def content(self) -> bytes:
        """The body without its transfer encoding."""
        self.header.set_payload(self.body.decode("latin-1"))
        encoding = str(self.header.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding not in {"base64", "quoted-printable"}:
            return self.body
        decoded = self.header.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""


def carried(raw: bytes) -> Carried:
    """What the mail, or an entity out of one, carries. May raise what the standard parser raises on hostile bytes."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    top = _entity(raw)
    found = _mime(top, whole=True, depth=0) or _inline(top) or Carried(protected=_is_protected(top))
    return msgspec.structs.replace(found, keys=tuple(_keys(top, 0))[:KEYS], autocrypt=_autocrypt(top.header))


def _entity(raw: bytes) -> _Entity:
    blank = re.match(rb"\r?\n", raw)  # a part may have no header at all
    end = blank.end() if blank else header_end(raw, LIMITS.header)
    return _Entity(BytesHeaderParser().parsebytes(raw[:end]), raw, raw[end:])


def _children(entity: _Entity) -> list[_Entity]:
    """The parts of a multipart, as they came; none where it names no boundary."""
    boundary = entity.param("boundary").rstrip()
    if entity.header.get_content_maintype() != "multipart" or not 0 < len(boundary) <= 200:
        return []
    line = rb"(?:\A|\r?\n|\r)--" + re.escape(boundary.encode("latin-1", "replace")) + rb"(--)?[ \t]*(?=[\r\n]|\Z)"
    parts: list[_Entity] = []
    start = -1
    for found in re.finditer(line, entity.body):
        if start >= 0:
            parts.append(_entity(_without_line_end(entity.body[start : found.start()])))
        if found[1] or len(parts) >= _PARTS:
            return parts
        start = found.end()
    if start >= 0:
        parts.append(_entity(_without_line_end(entity.body[start:])))
    return parts


def _without_line_end(part: bytes) -> bytes:
    """What follows the line end that closes the boundary's own line."""
    return part.removeprefix(b"\r").removeprefix(b"\n")


def _mime(entity: _Entity, *, whole: bool, depth: int) -> Carried | None:
    """RFC 3156, 4 and 5; a wrapper around it is looked through, but then it is not the whole mail any more."""
    parts = _children(entity)
    if encrypted := _encrypted(entity, parts):
        return Carried(form="encrypted", data=encrypted, whole=whole)
    if entity.type == "multipart/signed" and len(parts) == 2 and _holds(parts[1], "pgp-signature", b"SIGNATURE"):
        signed = _LINE_END.sub(b"\r\n", parts[0].raw)
        signature = parts[1].content()
        return Carried(form="signed", data=signed, signature=signature, whole=whole, protected=_is_protected(parts[0]))
    if depth < _DEPTH and entity.type not in {"multipart/alternative", "multipart/signed"}:
        for part in parts:
            if found := _mime(part, whole=False, depth=depth + 1):
                return found
    return None


def _encrypted(entity: _Entity, parts: list[_Entity]) -> bytes:
    """The ciphertext; also of the multipart/mixed that some gateways turn multipart/encrypted into."""
    if entity.type not in {"multipart/encrypted", "multipart/mixed"}:
        return b""
    full = [part for part in parts if part.type != "text/plain" or part.body.strip()]
    if len(full) != 2 or not full[0].type.endswith("/pgp-encrypted"):
        return b""
    return full[1].content()


def _holds(part: _Entity, subtype: str, armour: bytes) -> bool:
    return part.type.endswith(f"/{subtype}") or b"-----BEGIN PGP " + armour in part.body


def _inline(top: _Entity) -> Carried | None:
    """Armour inside the first text part: the way before RFC 3156, still in use."""
    part = _first_text(top, 0)
    if part is None:
        return None
    text = part.content()
    begin = _ARMOUR.search(text)
    if begin is None or begin[1] not in _FORMS:
        return None
    at = text.find(_ARMOUR_END[begin[1]], begin.end())
    end = at + len(_ARMOUR_END[begin[1]]) if at >= 0 else len(text)
    beside = text[: begin.start()].strip() or text[end:].strip()
    return Carried(
        form=_FORMS[begin[1]],
        data=text[begin.start() : end] + b"\r\n",
        charset=part.param("charset")[:60],
        whole=not beside and part is top,
    )


def _first_text(entity: _Entity, depth: int) -> _Entity | None:
    if entity.type == "text/plain":
        return entity
    if depth < _DEPTH:
        for part in _children(entity):
            if found := _first_text(part, depth + 1):
                return found
    return None


def _keys(entity: _Entity, depth: int) -> Iterator[bytes]:
    """Public keys: application/pgp-keys (RFC 3156, 7), and blocks in attached or plain text."""
    if entity.header.get_content_maintype() == "multipart":
        for part in _children(entity) if depth < _DEPTH else ():
            yield from _keys(part, depth + 1)
    elif entity.type == "application/pgp-keys":
        if 0 < len(content := entity.content()) <= KEY_BYTES:
            yield content
    elif entity.type in {"text/plain", "application/octet-stream"} and b"PUBLIC KEY BLOCK" in entity.content():
        yield from _blocks(entity.content())


def _blocks(text: bytes) -> Iterator[bytes]:
    for begin in _ARMOUR.finditer(text):
        ending = _ARMOUR_END[begin[1]]
        at = text.find(ending, begin.end(), begin.end() + KEY_BYTES)
        if begin[1] == b"PUBLIC KEY BLOCK" and at >= 0:
            yield text[begin.start() : at + len(ending)] + b"\n"


def _autocrypt(header: Message) -> Autocrypt | None:
    """The one valid Autocrypt header; two valid ones are none, and an unknown critical attribute spoils it."""
    found = [each for each in map(_one_autocrypt, header.get_all("Autocrypt", [])[:5]) if each]
    return found[0] if len(found) == 1 else None


def _one_autocrypt(value: str) -> Autocrypt | None:
    fields: dict[str, str] = {}
    for piece in str(value).split(";"):
        name, _, content = piece.partition("=")
        fields[name.strip().lower()] = "".join(content.split())
    fields.pop("", None)
    known = {"addr", "keydata", "prefer-encrypt"}
    if any(name not in known and not name.startswith("_") for name in fields):
        return None
    address = fields.get("addr", "").lower()
    try:
        key = base64.b64decode(fields.get("keydata", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not key or len(key) > KEY_BYTES or not _ADDRESS.fullmatch(address):
        return None
    return Autocrypt(address, key, fields.get("prefer-encrypt") == "mutual")


def _is_protected(entity: _Entity) -> bool:
    return entity.param("hp").lower() in {"clear", "cipher"} or entity.param("protected-headers").lower() == "v1"
