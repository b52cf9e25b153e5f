"""From the bytes of a mail to `respond.mail.Mail`. Runs in the guarded child, never in a process that holds secrets.

bytes → refusal? (mail_limits) → email.parser → header (mail_header) + body (mail_body) → Parsed
             └───────────────────────── head only ────────────────────────────────────→ NotParsed
"""

from __future__ import annotations

import re
from email import policy
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from forgeward.edges import mail_header as fields
from forgeward.edges.mail_body import Body, collect, joined_text, numbered
from forgeward.edges.mail_limits import LIMITS, Limits, header_end, refusal
from forgeward.edges.mail_nested import forwarded_by, report_of
from forgeward.respond.mail import Address, Attachment, Automatic, Mail, NotParsed, Parsed, Reading, one_line

_CHUNK = 64 * 2**10  # the parser widens each chunk to four bytes a character
_DEFECTS_LIMIT = 20
_KNOWN_FIELDS = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "mime-version",
    "content-type",
)
_REPORT_TYPE = re.compile(r"""report-type\s*=\s*["']?([\w-]{1,60})""", re.IGNORECASE)
_DEFECTS = {
    "NoBoundaryInMultipartDefect": "A multipart names no boundary.",
    "StartBoundaryNotFoundDefect": "A multipart's first boundary is missing.",
    "CloseBoundaryNotFoundDefect": "A multipart is not closed; the mail may be cut off.",
    "FirstHeaderLineIsContinuationDefect": "The header begins with a continuation line.",
    "MisplacedEnvelopeHeaderDefect": "A “From ” line stands inside the header.",
    "MissingHeaderBodySeparatorDefect": "No blank line parts header and body.",
    "MultipartInvariantViolationDefect": "A multipart has no parts.",
    "InvalidMultipartContentTransferEncodingDefect": "A multipart claims to be encoded.",
    "InvalidBase64PaddingDefect": "Base64 data lacks its padding.",
    "InvalidBase64CharactersDefect": "Base64 data holds foreign characters.",
    "InvalidBase64LengthDefect": "Base64 data has an impossible length.",
}


class _Policy(policy.Compat32):
    """Gives header fields with their 8-bit bytes as text; the standard one answers question marks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return fields.eight_bit(value)


class _Part(Message):
    """A part whose nested messages stay closed: message/rfc822 is a file like any other, byte for byte as it came.

    The standard parser would open it, re-serialise it, and recurse.
    """

    def get_param(self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True) -> Any:
        """A parameter, or ``failobj`` where its RFC 2231 pieces make the standard library raise TypeError.

        A charset is always one word: the standard library decodes with whatever stands there, also with a tuple.
        """
        try:
            found = super().get_param(param, failobj, header, unquote)
        except (TypeError, ValueError):
            return failobj
        if param != "charset":
            return found
        word = found[2] if isinstance(found, tuple) else found
        return failobj if isinstance(word, str) and "\0" in word else word

    def get_filename(self, failobj: Any = None) -> Any:
        """The file's name, or ``failobj`` where its RFC 2231 charset is none."""
        try:
            return super().get_filename(failobj)
        except (TypeError, ValueError, LookupError):
            return failobj

    def get_boundary(self, failobj: Any = None) -> Any:
        """The boundary, or ``failobj`` where its RFC 2231 charset is none."""
        try:
            return super().get_boundary(failobj)
        except (TypeError, ValueError, LookupError):
            return failobj

    def get_content_maintype(self) -> str:
        main = super().get_content_maintype()
        return "application" if main == "message" else main

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return "application/x-delivery-status" if kind == "message/delivery-status" else kind


def read(raw: bytes, limits: Limits = LIMITS, *, head_only: bool = False) -> Reading:
    """Reads one mail. ``head_only`` looks at the header alone and answers NotParsed with what it gave.

    May raise MemoryError, RecursionError or anything that the standard parser raises: `mail_worker` turns these into
    NotParsed.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if head_only:
        return NotParsed("Only its header was read.", "crashed", _head(raw, limits))
    if refused := refusal(raw, limits):
        head = None if refused.code == "not_mail" else _head(raw, limits)
        return NotParsed(refused.sentence, refused.code, head)
    message = _parse(raw)
    if not any(name in message for name in _KNOWN_FIELDS):
        return NotParsed("It has no header of a mail.", "not_mail")
    body = collect(message)
    attachments = tuple(numbered(body.files))
    return Parsed(_mail(message, body, attachments, limits), tuple(content for _, content in body.files))


def _parse(raw: bytes) -> Message:
    parser = BytesFeedParser(_Part, policy=_Policy())
    for start in range(0, len(raw), _CHUNK):
        parser.feed(raw[start : start + _CHUNK])
    return parser.close()


def _head(raw: bytes, limits: Limits) -> Mail | None:
    block = raw[: header_end(raw, limits.header)]
    message = BytesHeaderParser(_Part, policy=_Policy()).parsebytes(block)
    return _mail(message, Body(), (), limits) if any(name in message for name in _KNOWN_FIELDS) else None


def _mail(message: Message, body: Body, attachments: tuple[Attachment, ...], limits: Limits) -> Mail:
    text, kind, cut = joined_text(body, limits.text)
    sender, one_sender, sender_defects = _sender(message)
    defects = [*sender_defects, *_defects(message)]
    if cut:
        defects.append("Its text is longer; only the beginning is shown.")
    automatic = _automatic(message)
    undelivered, returned = report_of(automatic, sender, body.files, text)
    return Mail(
        sender=sender,
        one_sender=one_sender,
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        in_reply_to=next(iter(_ids(message, "In-Reply-To")), ""),
        references=_ids(message, "References"),
        reply_to=_people(message, "Reply-To"),
        to=_people(message, "To"),
        cc=_people(message, "Cc"),
        delivered_to=_delivered_to(message),
        subject=fields.unstructured(next(iter(fields.values(message, "Subject")), "")),
        date=fields.value(message, "Date")[:100],
        text=text,
        text_from=kind,
        charset_note=next(iter(body.charset_notes), ""),
        attachments=attachments,
        automatic=automatic,
        defects=tuple(dict.fromkeys(defects))[:_DEFECTS_LIMIT],
        original=forwarded_by(message, body.files, text),
        undelivered=undelivered,
        returned=returned,
        language=fields.value(message, "Content-Language")[:100],
        accepts=fields.value(message, "Accept-Language")[:200],
    )


def _sender(message: Message) -> tuple[Address, bool, list[str]]:
    """Whom the mail names as its sender, whether that is exactly one address, and what is wrong with it.

    Two From fields, or two addresses in one, let a verifier and a reader see different people (RFC 7489, 6.6.1).
    """
    texts = fields.values(message, "From")
    found, sound = fields.addresses(texts)
    usable = [each for each in found if each.address]
    sender = usable[0] if usable else found[0] if found else Address("")
    defects = []
    if not usable:
        defects.append("It names no sender that could be answered.")
    if len(texts) > 1 or len(usable) > 1:
        defects.append("It names more than one sender.")
    if not sound:
        defects.append("Its From field is malformed.")
    return sender, not defects, defects


def _ids(message: Message, name: str) -> tuple[str, ...]:
    return fields.message_ids(fields.values(message, name))


def _people(message: Message, name: str) -> tuple[Address, ...]:
    return tuple(each for each in fields.addresses(fields.values(message, name))[0] if each.address)


def _delivered_to(message: Message) -> tuple[str, ...]:
    names = ("Delivered-To", "X-Original-To", "Envelope-To")
    return tuple(dict.fromkeys(each.address for name in names for each in _people(message, name)))


def _automatic(message: Message) -> Automatic:
    replies = (fields.value(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    return Automatic(
        auto_submitted=fields.value(message, "Auto-Submitted")[:200].lower(),
        precedence=fields.value(message, "Precedence")[:50].lower(),
        list_id=fields.value(message, "List-Id")[:200],
        list_unsubscribe="List-Unsubscribe" in message,
        null_return_path=fields.value(message, "Return-Path").replace(" ", "") == "<>",
        suppress=fields.value(message, "X-Auto-Response-Suppress")[:200],
        autoreply=next((reply for reply in replies if reply), "")[:200],
        report_type=_report_type(message),
        loops=tuple(one_line(loop, 320) for loop in fields.values(message, "X-Loop")[:10]),
        canary=fields.value(message, "X-Forgeward-Canary")[:200],
        hops=len(fields.values(message, "Received")),
    )


def _report_type(message: Message) -> str:
    """RFC 6522: what a multipart/report reports; ``unnamed`` where it does not say, empty where it is none."""
    if message.get_content_type() != "multipart/report":
        return ""
    named = _REPORT_TYPE.search(fields.value(message, "Content-Type"))
    return named[1].lower() if named else "unnamed"


def _defects(message: Message) -> list[str]:
    """Sentences for what the standard parser noticed in any part."""
    names = dict.fromkeys(type(defect).__name__ for part in message.walk() for defect in part.defects)
    return [_DEFECTS.get(name, f"The parser noticed: {name.removesuffix('Defect')}.") for name in names]
