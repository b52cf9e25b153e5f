"""Mails that somebody made in order to break a parser: real ones, changed with knowledge of their structure.

Everything is drawn from a seed, so that a mail that broke something can be made again by its number. A mutation gets a
mail and a source of chance, and answers another mail; what it answers need not be a mail any more.
"""

from __future__ import annotations

import base64
import random
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.edges import mutations_header as header
from tests.edges.mails import REAL, file_part, mail, multipart, nested
from tests.edges.mutations_header import CHARSETS, instead, joined, split

CPYTHON = next(iter(sorted(Path("/usr/lib").glob("python3.*/test/test_email/data"))), Path("/usr/lib/python3/none"))
NO_CPYTHON = "CPython's test mails are not installed (Debian: libpython3.*-testsuite); script/test installs them"

Mutation = Callable[[bytes, random.Random], bytes]
_ENCODINGS = (b"base64", b"quoted-printable", b"x-uuencode", b"uuencode", b"binary", b"8bit", b"gzip", b"", b"\0")
_NASTY = ("\u202e", "\ud7ff", "\ufeff", "\u0000", "\u2028", "\x1b[2J", "\U000e0041", "<script>", "%s{0}", "'; DROP--")


def real_mails() -> dict[str, bytes]:
    """The mails of the shared corpus by name; none where it is not there."""
    if not REAL.is_dir():
        return {}
    return {p.name: p.read_bytes() for p in sorted(REAL.rglob("*")) if p.suffix in {".eml", ".msg"}}


def cpython_mails() -> dict[str, bytes]:
    """CPython's own test mails, well-formed and not; none where the package is missing."""
    return {p.name: p.read_bytes() for p in sorted(CPYTHON.glob("msg_*.txt"))} if CPYTHON.is_dir() else {}


def seeds() -> list[bytes]:
    """What is mutated: everything real that is there, and a few plain mails, so that there is always something."""
    made = [
        mail(),
        multipart(b"\r\nhello", file_part(b"\x89PNG\r\n\x1a\n" + b"x" * 3_000, "shot.png", "image/png")),
        multipart(
            b"Content-Type: text/plain\r\n\r\nplain", b"Content-Type: text/html\r\n\r\n<p>html", subtype=b"alternative"
        ),
        multipart(b"\r\nsee below", b"Content-Type: message/rfc822\r\n\r\n" + mail()),
        multipart(
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
            file_part(b"not OpenPGP", "encrypted.asc"),
            subtype=b'encrypted; protocol="application/pgp-encrypted"',
        ),
        multipart(
            b"\r\nI am sorry",
            b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: failed",
            subtype=b"report; report-type=delivery-status",
        ),
    ]
    return [*real_mails().values(), *cpython_mails().values(), *made]


def mutated(count: int, seed: int = 20261123) -> Iterator[tuple[str, bytes]]:
    """``count`` mails, each with the names of what was done to it; most were changed once, some up to four times."""
    chance, ground = random.Random(seed), seeds()
    for number in range(count):
        raw, names = ground[number % len(ground)], []
        for turn in range(chance.choice((1, 1, 1, 2, 3, 4))):
            # each mutation begins a mail in turn; the costly ones are not piled upon each other
            kinds = MUTATIONS if not turn else CHEAP
            change = kinds[number % len(kinds)] if not turn else chance.choice(kinds)
            raw, names = change(raw, chance), [*names, change.__name__]
        yield f"{number}: {' + '.join(names)}", raw


# --- the body ---------------------------------------------------------------------------------------------------------


def boundaries(raw: bytes, chance: random.Random) -> bytes:
    """Other boundaries than the parts have: none, empty, a beginning of another, one with signs of patterns."""
    made = chance.choice(
        (
            b"",
            b"boundary=",
            b'boundary=""',
            b"boundary=b",
            b"boundary=" + b"x" * 3_000,
            b'boundary="--"',
            b'boundary="(.*"',
            b'boundary="\r\n q"',
        )
    )
    return instead(raw, b"Content-Type", b"Content-Type: multipart/mixed; " + made)


def boundary_lines(raw: bytes, chance: random.Random) -> bytes:
    """Lines that look like boundaries, thousands of them."""
    return multipart(
        chance.choice(
            (b"\r\n--q" * 900, b"\r\n--q--" * 900, b"\r\n--" * 30_000, b"\r\n--q\r\n" * 1_100, b"\n--q \t" * 900)
        )
    )


def transfer_encodings(raw: bytes, chance: random.Random) -> bytes:
    return instead(raw, b"Content-Transfer-Encoding", b"Content-Transfer-Encoding: " + chance.choice(_ENCODINGS))


def charset_lies(raw: bytes, chance: random.Random) -> bytes:
    return instead(
        raw,
        b"Content-Type",
        b"Content-Type: text/%s; charset=" % chance.choice((b"plain", b"html")) + chance.choice(CHARSETS),
    )


def broken_encoding(raw: bytes, chance: random.Random) -> bytes:
    body = chance.choice(
        (
            b"=",
            b"A===",
            b"\xff" * 300,
            b"=\r\n" * 3_000,
            b"=ZZ" * 900,
            b"begin 999 x\r\nM\xff\r\n",
            base64.b64encode(b"\0" * 900)[:-3],
        )
    )
    return mail(
        body,
        b"Content-Transfer-Encoding: " + chance.choice(_ENCODINGS),
        b"Content-Type: text/plain; charset=" + chance.choice(CHARSETS),
    )


def nestings(raw: bytes, chance: random.Random) -> bytes:
    """Multiparts in multiparts, and mails in mails, up to three thousand deep."""
    depth = chance.choice((3, 60, 199, 201, 3_000))
    if chance.random() < 0.5:
        return nested(depth, lines=chance.choice((0, 50)))
    return b"Content-Type: message/rfc822\r\n\r\n" * min(depth, 700) + raw


def mime_bomb(raw: bytes, chance: random.Random) -> bytes:
    """Very many parts, each nearly nothing."""
    return multipart(
        *[chance.choice((b"", b"\r\n", b"Content-Type: text/html\r\n\r\n<b>", file_part(b"x")))]
        * chance.choice((900, 1_100, 9_000))
    )


def zip_bomb(raw: bytes, chance: random.Random) -> bytes:
    """Eight megabytes of nothing in eight kilobytes, under the names of archives."""
    packed = zlib.compress(b"\0" * 8_000_000, 9)
    name, kind = chance.choice(
        (("a.zip", "application/zip"), ("a.gz", "application/gzip"), ("a.docx", "application/msword"))
    )
    return multipart(
        b"\r\nunpack me", file_part(chance.choice((b"PK\x03\x04", b"\x1f\x8b\x08", b"")) + packed, name, kind)
    )


def html_abuse(raw: bytes, chance: random.Random) -> bytes:
    html = chance.choice(
        (
            b"<div>" * 20_000,
            b"<" * 50_000,
            b"&" * 50_000,
            b"<a " + b"b='c' " * 9_000 + b">",
            b"<!--" * 9_000,
            b"&#99999999999;" * 900,
            b"<script>" + b"x" * 50_000,
            b"<style>" * 900,
            b"</p>" * 20_000,
            b"<![CDATA[" * 900,
            b"<table><tr><td>" * 3_000,
            b"<p\0>x",
        )
    )
    return mail(html, b"Content-Type: text/html; charset=utf-8")


def long_lines(raw: bytes, chance: random.Random) -> bytes:
    return raw + chance.choice((b"x", b" ", b"--", b">", b"\t=20")) * chance.choice((10_000, 400_000))


# --- bytes ------------------------------------------------------------------------------------------------------------


def nulls(raw: bytes, chance: random.Random) -> bytes:
    at = sorted(chance.randrange(len(raw) + 1) for _ in range(chance.choice((1, 20, 300))))
    return b"\0".join(raw[start:end] for start, end in zip([0, *at], [*at, len(raw)], strict=True))


def flipped(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw or b"x")
    for _ in range(chance.choice((1, 8, 200))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def spliced(raw: bytes, chance: random.Random) -> bytes:
    """The beginning of one mail and the end of another."""
    other = chance.choice(_ground())
    return raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]


def other_line_ends(raw: bytes, chance: random.Random) -> bytes:
    return re.sub(rb"\r\n|\r|\n", lambda _: chance.choice((b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r")), raw)


def beginnings(raw: bytes, chance: random.Random) -> bytes:
    return (
        chance.choice(
            (
                b"\xef\xbb\xbf",
                b"\r\n" * 90,
                b"From a@b Mon Jan  1 00:00:00 2026\r\n",
                b">From x\r\n",
                b" folded\r\n",
                b"\0",
                b"\xff\xfe",
            )
        )
        + raw
    )


def nasty_words(raw: bytes, chance: random.Random) -> bytes:
    word = "".join(chance.choices(_NASTY, k=5)).encode("utf-8", "surrogatepass")
    fields, body = split(raw)
    return joined(
        [f.rstrip(b"\r\n") + b" " + word + b"\r\n" if chance.random() < 0.3 else f for f in fields], word + body
    )


MUTATIONS: tuple[Mutation, ...] = (
    header.fields_shuffled,
    header.fields_doubled,
    header.fields_glued,
    header.very_many_fields,
    header.a_long_field,
    header.a_folded_field,
    header.line_ends_in_from,
    header.odd_senders,
    header.encoded_words,
    header.parameters,
    header.identities,
    header.dates,
    header.machine_words,
    header.signatures,
    boundaries,
    boundary_lines,
    transfer_encodings,
    charset_lies,
    broken_encoding,
    nestings,
    mime_bomb,
    zip_bomb,
    html_abuse,
    long_lines,
    nulls,
    flipped,
    cut,
    spliced,
    other_line_ends,
    beginnings,
    nasty_words,
)
CHEAP: tuple[Mutation, ...] = (
    header.fields_shuffled,
    header.fields_glued,
    header.a_folded_field,
    header.line_ends_in_from,
    header.odd_senders,
    header.encoded_words,
    header.parameters,
    header.identities,
    header.machine_words,
    header.signatures,
    boundaries,
    transfer_encodings,
    charset_lies,
    nulls,
    flipped,
    cut,
    other_line_ends,
    beginnings,
    nasty_words,
)
_cache: list[bytes] = []


def _ground() -> list[bytes]:
    if not _cache:
        _cache.extend(seeds())
    return _cache
