"""Wraps our own composed mails in PGP/MIME (RFC 3156), with the header protected inside (RFC 9788 and its draft).

Only bytes that `mail_out.compose` made come here: well-formed, ASCII, lines ended by CRLF.
"""

from __future__ import annotations

import base64
import textwrap
from email.utils import parseaddr

HIDDEN_SUBJECT = "[...]"  # RFC 9788, 3.2.1: what stands outside instead of the subject
AUTOCRYPT_BYTES = 10_000  # Autocrypt Level 1, 2.1.1: larger keys do not belong into a header

_INNER = ("content-", "mime-version")
_LINE = 76


def split(raw: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    """A composed mail as its own header fields, the fields that describe the body, and the body."""
    header, _, body = raw.partition(b"\r\n\r\n")
    fields: list[bytes] = []
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    about_body = [field for field in fields if field.decode("ascii").lower().startswith(_INNER)]
    return [field for field in fields if field not in about_body], about_body, body


def payload(raw: bytes, *, hidden: bool) -> bytes:
    """The entity to be signed, or signed and encrypted: body, its fields, and a copy of the mail's header.

    ``hidden``: it will be encrypted, so what stands outside is recorded too (HP-Outer, RFC 9788, 2.2).
    """
    own, about_body, body = split(raw)
    lines = [_marked(field, hidden=hidden) for field in about_body if not field.lower().startswith(b"mime-version")]
    lines += own
    if hidden:
        lines += [b"HP-Outer: " + field for field in hide(own)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def hide(own: list[bytes]) -> list[bytes]:
    """The mail's header fields as they stand outside an encryption: without the subject."""
    placeholder = b"Subject: " + HIDDEN_SUBJECT.encode()
    return [placeholder if field.lower().startswith(b"subject:") else field for field in own]


def encrypted(raw: bytes, armoured_message: bytes, boundary: str) -> bytes:
    """multipart/encrypted around the armoured message (RFC 3156, 4)."""
    kind = f'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="{boundary}"'
    parts = (
        b"Content-Type: application/pgp-encrypted\r\nContent-Description: PGP/MIME version identification\r\n\r\n"
        b"Version: 1\r\n",
        b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n'
        b'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n' + _lines(armoured_message),
    )
    return _wrapped(hide(split(raw)[0]), kind, boundary, parts)


def signed(raw: bytes, entity: bytes, armoured_signature: bytes, micalg: str, boundary: str) -> bytes:
    """multipart/signed: the entity exactly as it was signed, and the signature (RFC 3156, 5)."""
    kind = f'multipart/signed; micalg={micalg}; protocol="application/pgp-signature"; boundary="{boundary}"'
    head = (
        b'Content-Type: application/pgp-signature; name="signature.asc"\r\nContent-Description: OpenPGP signature\r\n'
        b'Content-Disposition: attachment; filename="signature.asc"\r\n\r\n'
    )
    return _wrapped(split(raw)[0], kind, boundary, (entity, head + _lines(armoured_signature)))


def autocrypt(address: str, public: bytes) -> bytes:
    """The header field that offers our key (Autocrypt Level 1, 2.1); empty where the key is too large for one."""
    if len(public) > AUTOCRYPT_BYTES:
        return b""
    data = textwrap.fill(base64.b64encode(public).decode(), _LINE, initial_indent=" ", subsequent_indent=" ")
    return f"Autocrypt: addr={address}; prefer-encrypt=mutual; keydata=\r\n".encode() + data.replace(
        "\n", "\r\n"
    ).encode("ascii")


def sender(raw: bytes) -> str:
    """The address after From, in small letters: a receipt has no envelope sender that could tell."""
    line = next((field for field in split(raw)[0] if field.lower().startswith(b"from:")), b"")
    return parseaddr(line.partition(b":")[2].decode("ascii"))[1].lower()


def with_field(raw: bytes, field: bytes) -> bytes:
    """The mail with one more header field at the end of its header."""
    header, _, body = raw.partition(b"\r\n\r\n")
    return header + b"\r\n" + field + b"\r\n\r\n" + body if field else raw


def armoured(data: bytes, kind: str = "PUBLIC KEY BLOCK") -> str:
    """ASCII armour without the optional checksum (RFC 9580, 6.1)."""
    lines = textwrap.fill(base64.b64encode(data).decode(), 64)
    return f"-----BEGIN PGP {kind}-----\n\n{lines}\n-----END PGP {kind}-----\n"


def _marked(field: bytes, *, hidden: bool) -> bytes:
    """Content-Type with the parameters that say what the header around it is (RFC 9788, 2.1; draft, 3.1)."""
    if not field.lower().startswith(b"content-type:"):
        return field
    return field + b';\r\n hp="%s"; protected-headers="v1"' % (b"cipher" if hidden else b"clear")


def _wrapped(own: list[bytes], kind: str, boundary: str, parts: tuple[bytes, bytes]) -> bytes:
    dashes = f"--{boundary}".encode("ascii")
    header = [*own, b"MIME-Version: 1.0", b"Content-Type: " + kind.encode("ascii").replace(b"; ", b";\r\n ")]
    pieces = [b"\r\n".join(header), b"", *(dashes + b"\r\n" + part for part in parts), dashes + b"--", b""]
    return b"\r\n".join(pieces)


def _lines(armour: bytes) -> bytes:
    return armour.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
