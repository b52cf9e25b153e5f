"""A mail as Forgeward knows it: frozen values, made by the guarded parser, read everywhere else.

Nothing in here is trusted. ``sender`` is what the mail says of itself, ``date`` is text that nobody counts from (clocks
start from our own receipt), and ``signals`` stay ``"none"`` until something verified them. Every text is free of NUL
and of lone surrogates; the one-line fields hold no control characters and no bidirectional overrides.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

Verdict: TypeAlias = Literal["pass", "fail", "none"]
TextFrom: TypeAlias = Literal["plain", "html", "none"]

NotParsedCode: TypeAlias = Literal[
    "too_large",  # more bytes than the parser takes
    "headers",  # too many header lines, or one too long
    "too_many_parts",
    "too_deep",  # multiparts or messages nested further than any mail program does
    "memory",
    "time",
    "crashed",  # the parser's process died
    "not_mail",  # no header at all, or another file format
]

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# Unicode's explicit directional formatting characters (UAX #9, section 2): they make "gpj.exe" read as "exe.jpg".
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def one_line(text: str, limit: int = 998) -> str:
    """``text`` without control characters, directional overrides and outer blanks, cut to ``limit`` characters.

    The default is the longest line of RFC 5322, section 2.1.1.
    """
    cleaned = _BIDI.sub("", _CONTROLS.sub(" ", text)).strip()
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1].rstrip() + "…"


class Address(msgspec.Struct, frozen=True):
    """An e-mail address with the name its owner gave it. ``address`` is empty where the header held none."""

    address: str
    name: str = ""

    @property
    def key(self) -> str:
        """For comparing: without regard to case, in the local part too (RFC 5321, 2.4 advises to rely on no case)."""
        return self.address.casefold()

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class Attachment(msgspec.Struct, frozen=True):
    """One attached file. Its bytes are kept apart: ``Parsed.contents`` holds them in the same order.

    ``name`` has no path and is never empty. ``declared_type`` is what the mail says, ``sniffed_type`` what the first
    bytes say. ``size`` is in bytes after decoding, ``sha256`` the hex digest of these bytes.
    """

    name: str
    declared_type: str
    sniffed_type: str
    size: int
    sha256: str
    inline: bool = False
    content_id: str = ""


class Automatic(msgspec.Struct, frozen=True):
    """What the header says of being sent by a machine (RFC 3834, 2919, 6522), each field as it stands there."""

    auto_submitted: str = ""
    precedence: str = ""
    list_id: str = ""
    list_unsubscribe: bool = False
    null_return_path: bool = False  # "Return-Path: <>", the mark of bounces (RFC 5321, 4.5.5)
    suppress: str = ""  # X-Auto-Response-Suppress
    autoreply: str = ""  # X-Autoreply, X-Autorespond: older autoresponders
    report_type: str = ""  # multipart/report's kind: delivery-status, disposition-notification, feedback-report
    loops: tuple[str, ...] = ()  # X-Loop, Delivered-To of forwarders apart
    canary: str = ""  # X-Forgeward-Canary: our own daily proof that intake works
    hops: int = 0  # Received lines (RFC 5321, 6.3: loops are seen by counting them)


class Signals(msgspec.Struct, frozen=True):
    """What was verified about the sender. ``"none"``: nothing was, so nothing may be concluded.

    ``details`` are sentences that say to people what the verdicts mean.
    """

    dkim: Verdict = "none"
    dmarc: Verdict = "none"
    openpgp: Verdict = "none"
    spf: Verdict = "none"
    arc: Verdict = "none"
    details: tuple[str, ...] = ()


class Undelivered(msgspec.Struct, frozen=True):
    """One recipient of a delivery report (RFC 3464, 2.3). ``status`` is like ``5.1.1``, ``words`` the server's own."""

    recipient: str
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str = ""
    words: str = ""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, read.

    ``text`` is the best plain text: the text parts, or what an HTML part shows (``text_from``). ``charset_note`` is a
    sentence where bytes did not fit the character set that the mail names. ``defects`` are sentences for people.
    ``original`` is whom a forwarded mail names as its first sender, for mailboxes that believe their forwarders.
    ``undelivered`` and ``returned`` (Message-IDs) are what a bounce says, empty for every other mail.
    """

    sender: Address
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()  # Delivered-To, X-Original-To, Envelope-To: claims, as all headers are
    subject: str = ""
    date: str = ""
    text: str = ""
    text_from: TextFrom = "none"
    charset_note: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic = Automatic()
    signals: Signals = Signals()
    defects: tuple[str, ...] = ()
    one_sender: bool = True  # False: several From headers or addresses, so that nobody can be taken for the sender
    original: Address | None = None
    undelivered: tuple[Undelivered, ...] = ()
    returned: tuple[str, ...] = ()
    language: str = ""  # Content-Language (RFC 3282), as it stands there
    accepts: str = ""  # Accept-Language: in which languages its sender wants to be answered (RFC 3282, 3)


class Parsed(msgspec.Struct, frozen=True, tag="parsed"):
    """The parser read it. ``contents[i]`` are the bytes of ``mail.attachments[i]``, decoded but never unpacked."""

    mail: Mail
    contents: tuple[bytes, ...] = ()


class NotParsed(msgspec.Struct, frozen=True, tag="not_parsed"):
    """The parser could not or would not read it; ``reason`` is a sentence for people.

    ``head`` is what the header alone still gave (no text, no attachments), or None where even that failed.
    """

    reason: str
    code: NotParsedCode
    head: Mail | None = None


Reading: TypeAlias = Parsed | NotParsed
