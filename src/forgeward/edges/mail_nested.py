"""What stands inside a mail about another mail: the report of a bounce, the first sender of a forwarded one.

Runs in the guarded child. Attached messages stay closed; only the lines of their header are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message

from forgeward.edges import mail_header as fields
from forgeward.edges.mail_charset import decoded
from forgeward.respond.bounce import by_daemon, read_status, returned_ids
from forgeward.respond.forwarded import original_in
from forgeward.respond.mail import Address, Attachment, Automatic, Undelivered

_STATUS = frozenset({"application/x-delivery-status", "message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_LOOKED_AT = 64 * 2**10  # bytes of an attached message, more than its header needs
_FROM = "from:"

Files = Iterable[tuple[Attachment, bytes]]


def report_of(
    automatic: Automatic, sender: Address, files: Files, text: str
) -> tuple[tuple[Undelivered, ...], tuple[str, ...]]:
    """What a bounce says (RFC 3464) and the Message-IDs that it names; two empty tuples for every other mail."""
    daemon = by_daemon(sender)
    if automatic.report_type != "delivery-status" and not daemon:
        return (), ()
    kept = [(attachment.declared_type, _text(content)) for attachment, content in files]
    status = tuple(each for kind, part in kept if kind in _STATUS for each in read_status(part))
    found = returned_ids(part for kind, part in kept if kind in _RETURNED)
    return status, found or returned_ids([text, *(part for _, part in kept)], anywhere=True)


def forwarded_by(message: Message, files: Files, text: str) -> Address | None:
    """Whom a forwarded mail names as its first sender: an attached message, a rewritten From, or a printed header."""
    for attachment, content in files:
        if attachment.declared_type == "message/rfc822" and (sender := _sender_in(_text(content))):
            return sender
    rewritten, _ = fields.addresses(fields.values(message, "X-Original-From"))
    named = next((each for each in rewritten if each.address), None)
    return named or original_in(text)


def _sender_in(text: str) -> Address | None:
    """The From of an attached message; folded lines are joined as RFC 5322, 2.2.3 says."""
    value, inside = "", False
    for line in text.splitlines()[:2_000]:
        if not line.strip():
            break
        if line[0] in " \t":
            value += " " + line.strip() if inside else ""
            continue
        inside = not value and line.lower().startswith(_FROM)
        value = line[len(_FROM) :] if inside else value
    found, _ = fields.addresses([value]) if value else ((), True)
    return next((each for each in found if each.address), None)


def _text(content: bytes) -> str:
    return decoded(content[:_LOOKED_AT], "utf-8")[0]
