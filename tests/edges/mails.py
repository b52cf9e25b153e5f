"""Mails for tests: plain ones, hostile ones, and the folder of real ones."""

from __future__ import annotations

import base64
from pathlib import Path

REAL = Path(__file__).parents[3] / "shared" / "data" / "mail"
NO_REAL = f"there are no mails in {REAL.parent.parent.name}/data/mail beside the project"

HEAD = b"From: Rita <rita@example.org>\r\nTo: security@example.com\r\nSubject: A hole\r\nMIME-Version: 1.0\r\n"


def mail(body: bytes = b"It is open.\r\n", *fields: bytes) -> bytes:
    """A mail by Rita with more header fields and a body."""
    return HEAD + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def multipart(*parts: bytes, subtype: bytes = b"mixed", boundary: bytes = b"q") -> bytes:
    """A multipart mail by Rita; each part brings its own fields, a blank line and a body."""
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return mail(inner + b"--" + boundary + b"--\r\n", b"Content-Type: multipart/" + subtype + b"; boundary=" + boundary)


def file_part(content: bytes, name: str = "a.bin", media_type: str = "application/octet-stream") -> bytes:
    """A part with an attached file in base64."""
    head = (
        f'Content-Type: {media_type}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def nested(depth: int, lines: int = 0) -> bytes:
    """Multiparts in multiparts, ``depth`` deep, with ``lines`` of text innermost."""
    levels = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
    return HEAD + b"".join(levels) + b"\r\n" + b"a line of text\r\n" * lines
