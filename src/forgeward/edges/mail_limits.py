"""What is checked in a mail's bytes before a parser may see them.

Python's ``email`` package takes time that grows with the square of nesting, parameters and parts: 500,000 empty parts
burn seconds, one header of 300,000 parameters burns hours. Counting is linear, so it comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

import msgspec

from forgeward.respond.mail import NotParsedCode

_BLANK_LINE = re.compile(rb"\r?\n\r?\n|\r\r")
_END_OF_FIELD = re.compile(rb"\r\n(?![ \t])|\r(?![\n \t])|\n(?![ \t])")
_DASHES = re.compile(rb"[\r\n]--([^\r\n]*)")
_OUTLOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Limits(msgspec.Struct, frozen=True):
    """What a mail may have. Sizes in bytes, ``text`` in characters."""

    raw: int = 40 * 2**20
    header: int = 256 * 2**10
    header_lines: int = 2_000
    content_field: int = 16 * 2**10  # one Content-Type or Content-Disposition field, folded lines included
    multiparts: int = 200
    parts: int = 1_000
    text: int = 1_000_000


LIMITS = Limits()


class Refusal(msgspec.Struct, frozen=True):
    """Why a mail is not given to the parser: a stable code and a sentence."""

    code: NotParsedCode
    sentence: str


def refusal(raw: bytes, limits: Limits = LIMITS) -> Refusal | None:
    """The first limit that ``raw`` breaks, or None. Linear in the number of bytes."""
    if not raw.strip(b"\r\n\t \0"):
        return Refusal("not_mail", "It is empty.")
    if raw.startswith(_OUTLOOK):
        return Refusal("not_mail", "It is an Outlook .msg file, not a mail as it was sent. Save it as .eml.")
    if len(raw) > limits.raw:
        return Refusal("too_large", f"It has {len(raw):,} bytes; mails up to {limits.raw:,} are parsed.")
    return _header_refusal(raw, limits) or _parts_refusal(raw, limits)


def header_end(raw: bytes, most: int) -> int:
    """Where the header block ends, looked for in the first ``most`` bytes; ``most`` where no blank line comes."""
    found = _BLANK_LINE.search(raw, 0, most)
    return found.end() if found else min(len(raw), most)


def _header_refusal(raw: bytes, limits: Limits) -> Refusal | None:
    end = header_end(raw, limits.header + 1)
    if end > limits.header:
        return Refusal("headers", f"Its header is longer than {limits.header:,} bytes.")
    lines = raw.count(b"\n", 0, end)
    if lines > limits.header_lines:
        return Refusal("headers", f"Its header has {lines:,} lines; up to {limits.header_lines:,} are read.")
    return None


def _parts_refusal(raw: bytes, limits: Limits) -> Refusal | None:
    multiparts: list[bytes] = []
    for field in _content_fields(raw, limits.content_field):
        if len(field) > limits.content_field:
            return Refusal("headers", f"A Content- field is longer than {limits.content_field:,} bytes.")
        if field.partition(b":")[2].lstrip().startswith((b"multipart", b'"multipart')):
            multiparts.append(field)
    if len(multiparts) > limits.multiparts:
        return Refusal("too_deep", f"It declares {len(multiparts):,} multiparts; up to {limits.multiparts} are read.")
    if raw.count(b"\n--") + raw.count(b"\r--") <= limits.parts:
        return None
    parts = _count_parts(raw, multiparts)
    if parts > limits.parts:
        return Refusal("too_many_parts", f"It has {parts:,} parts; up to {limits.parts:,} are read.")
    return None


def _content_fields(raw: bytes, most: int) -> Iterator[bytes]:
    """Each Content-Type and Content-Disposition field in lower case, wherever in the mail, cut past ``most`` bytes."""
    lowered = raw.lower()
    for name in (b"content-type:", b"content-disposition:"):
        at = lowered.find(name)
        while at >= 0:
            if at == 0 or lowered[at - 1] in b"\r\n":
                end = _END_OF_FIELD.search(lowered, at, at + most + 1)
                yield lowered[at : end.start() if end else at + most + 1]
            at = lowered.find(name, at + 1)


def _count_parts(raw: bytes, multiparts: list[bytes]) -> int:
    """Lines that open or close a part of any declared boundary (RFC 2046, 5.1.1)."""
    declared = {boundary for field in multiparts if (boundary := _boundary(field))}
    count = 0
    for line in _DASHES.finditer(raw):
        text = line[1].rstrip().lower()
        count += text in declared or text.removesuffix(b"--") in declared
    return count


def _boundary(field: bytes) -> bytes:
    holder = Message()
    holder["Content-Type"] = " ".join(field.decode("latin-1").partition(":")[2].split())
    try:
        return (holder.get_boundary() or "").encode("latin-1", "replace")
    except (ValueError, LookupError, AttributeError, TypeError):  # malformed RFC 2231 pieces: no boundary to count
        return b""
