"""How many mails a second the guarded children read, and what the guard costs.

The floor is the standard library's parser alone, in this process: structure only, no text, no checks, no guard.
"""

from __future__ import annotations

import base64
import random
import resource
from email import message_from_bytes
from time import perf_counter

from bench.report import Figure
from forgeward.edges.mail_parser import Guard, ParserPool
from forgeward.edges.mail_reading import read
from forgeward.respond.mail import Parsed

MAILS = 2_000
FRESH = 60  # mails that each get a process of their own
LARGE = 18_300_000  # bytes of a file that make a mail of 25 MB
WORDS = [
    "the",
    "invoke",
    "resolver",
    "of",
    "your",
    "app",
    "answers",
    "without",
    "asking",
    "whose",
    "site",
    "it",
    "is",
    "so",
    "anybody",
    "reads",
    "all",
    "boards",
]


def corpus(count: int) -> list[bytes]:
    """Reports as they come: plain, with an HTML alternative, with a screenshot; 2 to 60 KB, always the same."""
    chance = random.Random(7)
    return [_mail(chance, number) for number in range(count)]


def run() -> list[Figure]:
    """Mails a second through the pool, through one process per mail, and the largest mail's time and memory."""
    mails = corpus(MAILS)
    plain = _rate(mails, lambda: [message_from_bytes(raw) for raw in mails])
    here = _rate(mails, lambda: [read(raw) for raw in mails])
    with ParserPool() as pool:
        pool.parse(mails[0])
        pooled = _rate(mails, lambda: _all_parsed(list(pool.parse_many(mails))))
        one = _rate(mails[:500], lambda: _all_parsed([pool.parse(raw) for raw in mails[:500]]))
    with ParserPool(workers=2, spare=0, guard=Guard(mails=1)) as pool:
        fresh = _rate(mails[:FRESH], lambda: _all_parsed(list(pool.parse_many(mails[:FRESH]))))
    seconds, memory = _large()
    return [
        Figure("mail", "mails read through the pool, two at a time", _s(pooled), _s(plain), pooled / plain, "≥ 500/s"),
        Figure("mail", "mails read through the pool, one at a time", _s(one), _s(plain), one / plain),
        Figure("mail", "the same reading without a guard, in this process", _s(here), _s(plain), here / plain),
        Figure("mail", "one process for each mail", _s(fresh), _s(plain), fresh / plain),
        Figure("mail", "a mail of 25 MB", f"{seconds:.2f} s, {memory / 1e6:.0f} MB resident", goal="≤ 300 MB"),
    ]


def _rate(mails: list[bytes], work: object) -> float:
    """Mails a second of the best of three runs."""
    best = float("inf")
    for _ in range(3):
        began = perf_counter()
        work()  # type: ignore[operator]
        best = min(best, perf_counter() - began)
    return len(mails) / best


def _all_parsed(readings: list[object]) -> None:
    unread = [reading for reading in readings if not isinstance(reading, Parsed)]
    if unread:
        raise AssertionError(f"{len(unread)} mails of the corpus were not read: {unread[0]}")


def _large() -> tuple[float, int]:
    """Seconds for a mail of 25 MB, and the most memory (bytes) that any child of this process ever held."""
    raw = _multipart(
        [(b"text/plain", b"See the recording."), (b"video/mp4", base64.encodebytes(b"\1\2\3" * (LARGE // 3)))]
    )
    with ParserPool(workers=1, spare=0) as pool:
        pool.parse(corpus(1)[0])
        began = perf_counter()
        _all_parsed([pool.parse(raw)])
        seconds = perf_counter() - began
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _mail(chance: random.Random, number: int) -> bytes:
    text = " ".join(chance.choices(WORDS, k=chance.randint(80, 600))).encode()
    html = b"<html><body><p>" + text.replace(b" the ", b"</p><p>the ") + b"</p></body></html>"
    shot = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + chance.randbytes(chance.randint(4_000, 40_000)))
    parts = [(b"text/plain", text), (b"text/html", html), (b"image/png", shot)][: 1 + number % 3]
    return _multipart(parts)


def _multipart(parts: list[tuple[bytes, bytes]]) -> bytes:
    head = (
        b"Received: from mx.example.org by mx.example.com; Mon, 23 Nov 2026 10:20:00 +0000\r\n" * 3
        + b"From: =?utf-8?q?Rit=C3=A4?= <rita@example.org>\r\nTo: Security <security@example.com>\r\n"
        + b"Subject: =?utf-8?q?L=C3=BCcke_in_Field_Radar?=\r\nMessage-ID: <b@example.org>\r\nMIME-Version: 1.0\r\n"
        + b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a; b="
        + b"x" * 300
        + b"\r\n"
    )
    kind = b"alternative" if len(parts) == 2 else b"mixed"
    body = b""
    for media_type, content in parts:
        encoded = b"base64" if not media_type.startswith(b"text/") else b"8bit"
        fields = b"Content-Type: " + media_type + b"; charset=utf-8\r\nContent-Transfer-Encoding: " + encoded
        body += b"--b\r\n" + fields + b"\r\n\r\n" + content + b"\r\n"
    return head + b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + body + b"--b--\r\n"


def _s(rate: float) -> str:
    return f"{rate:,.0f}/s"
