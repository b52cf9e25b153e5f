"""Mutations of a mail's header (`mutations`): fields, addresses, encoded words, parameters, identities."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Sequence

_BLANK = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^[^\s:]+:[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE)
CHARSETS = (
    b"utf-7",
    b"utf-16",
    b"idna",
    b"punycode",
    b"rot13",
    b"hex",
    b"zlib",
    b"unicode_escape",
    b"undefined",
    b"raw_unicode_escape",
    b"x-unknown",
    b"iso-2022-jp",
    b"hz",
    b"gb18030",
    b"cp65001",
    b"\xff",
    b"../../etc",
    b"mbcs",
    b"utf-8\0",
    b"us-ascii" * 500,
)


def split(raw: bytes) -> tuple[list[bytes], bytes]:
    found = _BLANK.search(raw)
    head, body = (raw[: found.start()] + b"\r\n", raw[found.end() :]) if found else (raw, b"")
    return _FIELD.findall(head), body


def joined(fields: Sequence[bytes], body: bytes) -> bytes:
    return b"".join(fields) + b"\r\n" + body


def _with(raw: bytes, chance: random.Random, *added: bytes) -> bytes:
    """The mail with more fields, somewhere in its header."""
    fields, body = split(raw)
    for field in added:
        fields.insert(chance.randint(0, len(fields)), field + b"\r\n")
    return joined(fields, body)


def instead(raw: bytes, name: bytes, field: bytes) -> bytes:
    """The mail with one field in place of all of that name."""
    fields, body = split(raw)
    return joined(
        [*(each for each in fields if not each.lower().startswith(name.lower() + b":")), field + b"\r\n"], body
    )


def fields_shuffled(raw: bytes, chance: random.Random) -> bytes:
    fields, body = split(raw)
    chance.shuffle(fields)
    return joined(fields[: chance.randint(0, len(fields))], body)


def fields_doubled(raw: bytes, chance: random.Random) -> bytes:
    fields, body = split(raw)
    return joined(fields * chance.choice((2, 3, 40)), body)


def fields_glued(raw: bytes, chance: random.Random) -> bytes:
    """The value of one field behind the name of another."""
    fields, body = split(raw)
    names, values = [f.partition(b":")[0] for f in fields], [f.partition(b":")[2] for f in fields]
    chance.shuffle(values)
    return joined([name + b":" + value for name, value in zip(names, values, strict=True)], body)


def very_many_fields(raw: bytes, chance: random.Random) -> bytes:
    count = chance.choice((500, 1_999, 2_001, 30_000))
    return _with(raw, chance, b"\r\n".join(b"X-%d: y" % n for n in range(count)))


def a_long_field(raw: bytes, chance: random.Random) -> bytes:
    name = chance.choice((b"Subject", b"From", b"To", b"References", b"Received", b"Content-Type", b"DKIM-Signature"))
    return instead(raw, name, name + b": " + chance.choice((b"x", b"a@b, ", b"<", b"(", b"=?utf-8?q?=41?= ")) * 60_000)


def a_folded_field(raw: bytes, chance: random.Random) -> bytes:
    return _with(
        raw, chance, b"Subject: x" + chance.choice((b"\r\n ", b"\r\n\t", b"\n ", b"\r ")) * chance.choice((5, 1_500))
    )


def line_ends_in_from(raw: bytes, chance: random.Random) -> bytes:
    """CR and LF where one address should be: plain, and hidden in encoded words."""
    hidden = chance.choice(
        (
            b"a@b\rBcc: c@d",
            b"a@b\nBcc: c@d",
            b"=?utf-8?q?=0D=0ABcc:=20c@d?= <a@b>",
            b'"a\r\n b" <a@b>',
            b"=?utf-8?b?DQpCY2M6IGNAZA==?= <a@b>",
            b'"x\\\r" <a@b>',
            b"a@b\x0bc\x0c\x85d",
            b"<a\r\n\r\n@b>",
        )
    )
    return instead(raw, b"From", b"From: " + hidden)


def odd_senders(raw: bytes, chance: random.Random) -> bytes:
    nasty = chance.choice(
        (
            b"",
            b"<>",
            b"@",
            b"a@b@c <d@e>",
            b"a@" + b"b." * 5_000,
            b'"' + b"\\" * 20_001,
            b"group: a@b, c@d;, e@f",
            b"(" * 5_000 + b"a@b" + b")" * 5_000,
            b", " * 20_000,
            b"a@b, " * 3_000,
            b"\xff\xfe@\xc3",
            b"undisclosed:;",
            b"=?utf-8?q?a=40evil.example=3E?= <a@b>",
            b"a@[127.0.0.1]",
            b"<@x,@y:a@b>",
            "näme <ä@ö.example>".encode(),
        )
    )
    return instead(raw, b"From", b"From: " + nasty)


def encoded_words(raw: bytes, chance: random.Random) -> bytes:
    """RFC 2047, abused: unknown and codec-like charsets, cut ones, ones in ones, thousands."""
    word = chance.choice(
        (
            b"=?%s?q?=41=ff?=" % chance.choice(CHARSETS),
            b"=?%s?b?gYGB?=" % chance.choice(CHARSETS),
            b"=?utf-8?b?A?=",
            b"=?utf-8?q?=?=",
            b"=?=?utf-8?q?=?utf-8?q?a?=?=",
            b"=?utf-8?x?a?=",
            b"=?utf-8*en?q?=zz?=",
            b"=?" * 3_000,
            b"=?utf-8?b?" + base64.b64encode(b"x" * 40_000) + b"?=",
            b"=?utf-8?q?" + b"=" * 9_000 + b"?=",
            b"=?u?q?a?= " * 3_000,
        )
    )
    return instead(raw, b"Subject", b"Subject: " + word)


def parameters(raw: bytes, chance: random.Random) -> bytes:
    """RFC 2231, abused: gaps, pieces without end, lies about the charset, the same name in both ways."""
    made = chance.choice(
        (
            b"; name*0*=utf-8''%41; name*2=c; name=d",
            b"; name*=x-unknown''%ff%00%0d%0a",
            b"; name*=''",
            b"; name*='''",
            b"".join(b"; name*%d=a" % n for n in range(900)),
            b"; name*99999999999999999999=a",
            b"; name*0=a; name*0=b",
            b"; name*00=a; name*01*=b; name*-1=c",
            b"; boundary*0=q; boundary*1*=%71",
            b'; boundary="q\xff\x00"; boundary=r',
            b'; name="' + b'\\"' * 4_000,
            b";" * 9_000,
            b"; =a; b=; c",
            b"; charset*0=utf; charset*1=-8",
            b"; name=../../../x",
            b"; name*=utf-8''" + b"%2e%2e%2f" * 600,
        )
    )
    kind = chance.choice(
        (b"text/plain", b"multipart/mixed", b"application/zip", b"/", b"", b"multipart", b"message/rfc822")
    )
    return instead(raw, b"Content-Type", b"Content-Type: " + kind + made)


def identities(raw: bytes, chance: random.Random) -> bytes:
    ids = chance.choice(
        (b"<a@b> " * 9_000, b"<" * 9_000, b"a@b", b"<>", b"<a b@c>", b"<\xff@b>", b"<a@b", b"<x@" + b"y" * 900 + b">")
    )
    return instead(
        raw,
        chance.choice((b"Message-ID", b"References", b"In-Reply-To")),
        chance.choice((b"Message-ID", b"References")) + b": " + ids,
    )


def dates(raw: bytes, chance: random.Random) -> bytes:
    return instead(
        raw,
        b"Date",
        b"Date: "
        + chance.choice((b"Mon, 99 Foo 99999 99:99:99 +9999", b"-1", b"\xff", b"1 Jan 0001 00:00:00 -9999", b"")),
    )


def machine_words(raw: bytes, chance: random.Random) -> bytes:
    made = chance.choice(
        (
            b"Auto-Submitted: auto-replied\0",
            b"List-Id: <" + b"x" * 900,
            b"Return-Path: <>",
            b"Precedence: bulk\r\nPrecedence: list",
            b"X-Loop: a\r\n" * 300 + b"X-Loop: b",
            b"X-Forgeward-Canary: 1.1.1",
            b"Auto-Submitted: " + b"a;" * 3_000,
        )
    )
    return _with(raw, chance, made)


def signatures(raw: bytes, chance: random.Random) -> bytes:
    """DKIM and ARC fields as nobody would write them."""
    made = chance.choice(
        (
            b"DKIM-Signature: v=1; d=a.example; s=b; h=" + b"from:" * 3_000 + b"; bh=; b=",
            b"DKIM-Signature: " + b"b=;" * 2_000,
            b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=b; l=99999999999999; h=from; bh=AAAA; b=AAAA",
            b"\r\n".join(b"ARC-Seal: i=%d; cv=pass; d=a.example; s=b; b=AAAA" % n for n in range(60)),
            b"ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Authentication-Results: i=1",
            b"DKIM-Signature: d=\xff\0; s=..; b=;",
        )
    )
    return _with(raw, chance, made)
