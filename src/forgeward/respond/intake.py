"""What to do with a mail that came in: is a machine talking, may a receipt go out, which case does it belong to?

    mail ─ automatic ─ receipt_allowed
         └ tagged_cases, thread_ids → (the desk looks these up) → joins → Joins | Held | None: a new case

Pure: counts, keys and what is known come in as arguments. A subject never decides anything.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.mail import Address, Mail, one_line

_MOST_HOPS = 100  # RFC 5321, section 6.3: more Received lines than that are a loop
# RFC 3834, section 2, names MAILER-DAEMON, owner-… and …-request; the others are what the world uses besides.
_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|listserv|majordomo|bounces?|no-?_?reply|do-?not-?reply|null|devnull)"
    r"(?:[+=._-].*)?|owner-.*|.*-(?:request|bounces?|owner)|.*[._-]no-?reply",
    re.IGNORECASE,
)
_TAG = re.compile(r"\+(fw-[0-9a-z]{4,12})\.([a-z2-7]{16})$")


class Machine(enum.StrEnum):
    """Why a mail counts as automatic; the value is a sentence for people."""

    LOOP = "It is one of our own mails coming back."
    CANARY = "It calls itself a test of the mailbox."
    HOPS = "It went through more than a hundred servers."
    BOUNCE = "Its return path is empty, as a bounce's is."
    REPORT = "It is a report by a mail server."
    AUTO_SUBMITTED = "It says that a machine sent it."
    AUTOREPLY = "It is an automatic reply."
    BULK = "It says that it is bulk mail."
    LIST = "It comes from a mailing list."
    NO_REPLY = "Its sender takes no replies."


class SentReceipts(msgspec.Struct, frozen=True):
    """How many receipts went out in the last hour: to this sender, and in all."""

    to_sender: int
    in_total: int


class ReceiptLimits(msgspec.Struct, frozen=True):
    """How many receipts may go out in an hour."""

    to_sender: int = 3
    in_total: int = 100


RECEIPT_LIMITS = ReceiptLimits()


class ReceiptDecision(msgspec.Struct, frozen=True):
    """Whether an automatic receipt goes out; ``reason`` is a sentence where it does not."""

    allowed: bool
    reason: str = ""


class Thread(msgspec.Struct, frozen=True):
    """A case's conversation: its number, and the addresses (`Address.key`) of those who take part from outside."""

    case: str
    participants: frozenset[str]


class Known(msgspec.Struct, frozen=True):
    """What the desk found: threads by the case numbers of `tagged_cases`, and by the Message-IDs of `thread_ids`."""

    by_tag: Mapping[str, Thread] = {}
    by_message: Mapping[str, Thread] = {}


class Joins(msgspec.Struct, frozen=True):
    """The mail belongs to this case. ``by_machine``: an out-of-office note, say, which is nobody's answer."""

    case: str
    by: Literal["tag", "message_id", "ticket"]
    by_machine: bool = False


class Held(msgspec.Struct, frozen=True):
    """The mail points at this case, but a person decides; ``reason`` is a sentence."""

    case: str
    reason: str


Joining: TypeAlias = Joins | Held | None


def digest(raw: bytes, key: bytes = b"") -> str:
    """Hex digest of the raw bytes: the same mail a second time is the same case. Keyed (HMAC-SHA-256) where stored."""
    return hmac.digest(key, raw, "sha256").hex() if key else hashlib.sha256(raw).hexdigest()


def content_digest(mail: Mail) -> str:
    """Hex digest of what a mail says: subject, text and files. Two mails with the same one say the same."""
    parts = (" ".join(mail.subject.split()), mail.text.strip(), *(file.sha256 for file in mail.attachments))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def title(subject: str, limit: int = 120) -> str:
    """A case's title from a subject line: one clean line of at most ``limit`` characters, never empty."""
    return one_line(" ".join(one_line(subject).split()), limit) or "(no subject)"


def automatic(mail: Mail, own: Collection[str] = ()) -> Machine | None:
    """Why a machine seems to have sent this, or None. ``own`` are the addresses that we send from.

    RFC 3834, section 2, and what mail programs do besides. It never says that a mail is worthless: alerts and
    Atlassian's notifications are automatic too, and become cases; they only get no receipt.
    """
    seen, ours = mail.automatic, {address.casefold() for address in own}
    submitted = seen.auto_submitted.partition(";")[0].strip()
    looped = mail.sender.key in ours or any(loop.casefold().strip(" <>") in ours for loop in seen.loops)
    reasons = (
        (bool(seen.canary), Machine.CANARY),
        (looped, Machine.LOOP),
        (seen.hops > _MOST_HOPS, Machine.HOPS),
        (bool(seen.report_type), Machine.REPORT),
        (seen.null_return_path, Machine.BOUNCE),
        (submitted not in {"", "no"}, Machine.AUTO_SUBMITTED),
        (bool(seen.autoreply) or seen.precedence == "auto_reply", Machine.AUTOREPLY),
        (seen.precedence in {"bulk", "junk"}, Machine.BULK),
        (bool(seen.list_id) or seen.list_unsubscribe or seen.precedence == "list", Machine.LIST),
        (_MACHINES.fullmatch(mail.sender.address.rpartition("@")[0]) is not None, Machine.NO_REPLY),
    )
    return next((machine for holds, machine in reasons if holds), None)


def receipt_allowed(
    mail: Mail, sent: SentReceipts, limits: ReceiptLimits = RECEIPT_LIMITS, own: Collection[str] = ()
) -> ReceiptDecision:
    """Whether this mail may be answered by a machine: to one plain sender, who is a person, and within the limits."""
    machine = automatic(mail, own)
    if not mail.sender.address or not mail.one_sender:
        return ReceiptDecision(False, "It does not name one sender who could be answered.")
    if machine is not None:
        return ReceiptDecision(False, str(machine))
    if mail.automatic.suppress and mail.automatic.suppress.casefold() != "none":
        return ReceiptDecision(False, "It asks for no automatic reply.")
    if sent.to_sender >= limits.to_sender:
        return ReceiptDecision(False, f"Its sender had {sent.to_sender} receipts within the hour.")
    if sent.in_total >= limits.in_total:
        return ReceiptDecision(False, f"{sent.in_total} receipts went out within the hour, as many as are allowed.")
    return ReceiptDecision(True)


def address_tag(case: str, key: bytes) -> str:
    """The signed part that goes behind ``+`` in a reply address: case number and 80 bits of HMAC-SHA-256 over it.

    In small letters, since some mail systems fold the local part.
    """
    mac = hmac.digest(key, b"forgeward address tag\0" + case.upper().encode(), "sha256")
    return f"{case.lower()}.{base64.b32encode(mac[:10]).decode().lower()}"


def tagged_address(address: str, case: str, key: bytes) -> str:
    """``security@example.org`` as ``security+fw-7q3kxm.…@example.org`` (RFC 5233's subaddress)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{address_tag(case, key)}@{domain}"


def tagged_cases(mail: Mail, key: bytes) -> tuple[str, ...]:
    """Case numbers whose signed tag stands in an address that the mail went to. Forged tags are not among them."""
    found = []
    for address in (*(each.address for each in (*mail.to, *mail.cc)), *mail.delivered_to):
        tag = _TAG.search(address.rpartition("@")[0].lower())
        if tag and hmac.compare_digest(tag[0][1:], address_tag(tag[1], key)):
            found.append(tag[1].upper())
    return tuple(dict.fromkeys(found))


def thread_ids(mail: Mail) -> tuple[str, ...]:
    """Message-IDs that the mail answers (RFC 5322, 3.6.4), the nearest first: for looking up our own mails."""
    return tuple(dict.fromkeys(each for each in (mail.in_reply_to, *reversed(mail.references)) if each))


def joins(mail: Mail, known: Known, *, proof_needed: bool = False) -> Joining:
    """Which case a mail belongs to: `Joins`, `Held` for a person's decision, or None for a new case.

    Only a participant's mail joins, and only where nothing is `doubted` about whose it is.
    """
    by_tag = [known.by_tag[case] for case in known.by_tag]
    by_message = [known.by_message[each] for each in thread_ids(mail) if each in known.by_message]
    threads = [*by_tag, *by_message]
    if not threads:
        return None
    thread = threads[0]
    if len({each.case for each in threads}) > 1:
        return Held(thread.case, "It answers mails of more than one case.")
    if not mail.one_sender:
        return Held(thread.case, "It does not name one sender.")
    if mail.sender.key not in thread.participants:
        return Held(thread.case, f"{_shown(mail.sender)} takes no part in this case so far.")
    if doubt := doubted(mail, proof_needed=proof_needed):
        return Held(thread.case, doubt)
    return Joins(thread.case, "tag" if by_tag else "message_id", automatic(mail) is not None)


def proven(mail: Mail) -> bool:
    """Whether it is known who sent it: DMARC or OpenPGP passed, and no signature speaks against it."""
    return mail.signals.openpgp == "pass" or (mail.signals.dmarc == "pass" and mail.signals.openpgp != "fail")


def doubted(mail: Mail, *, proof_needed: bool) -> str:
    """Why its sender's name does not suffice, as a sentence; empty where it does.

    A signature that does not fit, or is not by the agreed key, weighs more than what the domain says: whoever holds the
    mail account has the domain's word, but not the key. Without ``proof_needed`` only what speaks against it counts.
    """
    if proven(mail):
        return ""
    signals, sender = mail.signals, _shown(mail.sender)
    if signals.openpgp == "fail":
        return f"Its OpenPGP signature is not one that was agreed on with {sender}."
    if signals.dmarc == "fail":
        return f"It is not from the domain of {sender}, or was changed on its way (DMARC)."
    if not proof_needed:
        return ""
    why = signals.details[0] if signals.details else ""
    return f"Nothing proves that it comes from {sender}. {why}".strip()


def _shown(sender: Address) -> str:
    return sender.address or "Its sender"
