"""OpenPGP in a mail: what it carries, what came of it, and the sentences that tell people.

    raw mail ─▶ Carried (RFC 3156, inline, Autocrypt, keys) ─▶ Seen (what crypto said) ─▶ verdict, words, merged

Pure: bytes are cut out by `edges.mail_pgp`, keys are used by `edges.openpgp_worker`. A signature proves who wrote only
where its key was agreed on with that sender: a key that comes along with a mail proves no more than the mail does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from forgeward.respond.mail import Address, Mail, Verdict, one_line

Form: TypeAlias = Literal["none", "encrypted", "signed", "inline_encrypted", "inline_signed"]
Origin: TypeAlias = Literal["attached", "autocrypt", "wkd", "hand"]
KeyState: TypeAlias = Literal["offered", "agreed", "expired", "revoked"]

Opening: TypeAlias = Literal[
    "none",  # nothing was encrypted
    "opened",
    "no_key",  # encrypted to a key that is not ours
    "own_expired",  # encrypted to a key of ours that may not be used any more
    "no_own_key",  # we have no key at all
    "password",
    "damaged",
    "altered",
    "outdated",  # without integrity protection
    "too_large",
    "failed",  # the library broke on it
]
Signature: TypeAlias = Literal[
    "none",
    "agreed",
    "offered",  # good, by a key that nobody agreed to use yet
    "unknown",  # by a key that we do not have
    "other_key",  # by a key that we do not have, though one was agreed on
    "expired",
    "revoked",
    "wrong",  # does not fit the text
    "weak",
    "failed",
]


class Autocrypt(msgspec.Struct, frozen=True):
    """The mail's one valid Autocrypt header (Autocrypt Level 1, 2.1): a key, and whose it says it is."""

    address: str
    key: bytes
    mutual: bool = False


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail carries. All bytes are as they came, only lines are ended by CRLF where a signature needs it.

    ``data`` is what is encrypted or signed, ``signature`` the detached one. ``whole`` is False where readable text
    stands beside it. ``charset`` belongs to inline text. ``keys`` are attached public keys. ``protected`` says that the
    header of the signed part, or of this entity where nothing is signed, repeats the mail's (RFC 9788, and its draft).
    """

    form: Form = "none"
    data: bytes = b""
    signature: bytes = b""
    charset: str = ""
    whole: bool = True
    keys: tuple[bytes, ...] = ()
    autocrypt: Autocrypt | None = None
    protected: bool = False


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A public key with its owner's names, read by the guarded child. Instants in UTC.

    ``addresses`` are those of its User IDs in small letters; ``components`` the fingerprints of all its keys.
    ``expires`` is the end of the whole, ``encrypts_until`` of the last key that can be encrypted to: None is never.
    ``unusable`` is a sentence where today's rules of strength refuse it.
    """

    fingerprint: str
    public: bytes
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    algorithm: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    encrypts: bool = False
    encrypts_until: datetime | None = None
    revoked: bool = False
    secret: bool = False
    locked: bool = False
    unusable: str = ""

    def expired(self, now: datetime) -> bool:
        """Whether it had ended by ``now``."""
        return self.expires is not None and self.expires <= now

    def hindrance(self, now: datetime) -> str:
        """Why nothing can be encrypted to it, as a sentence; empty where it can."""
        key = f"The key {shown(self.fingerprint)}"
        if self.unusable:
            return f"{key} cannot be used: {self.unusable}"
        if self.revoked:
            return f"{key} was revoked by its owner."
        if self.expires is not None and self.expires <= now:
            return f"{key} expired on {_day(self.expires)}."
        if not self.encrypts:
            return f"{key} has no part to encrypt to."
        if self.encrypts_until is not None and self.encrypts_until <= now:
            return f"The part of {key[4:]} to encrypt to expired on {_day(self.encrypts_until)}."
        return ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A correspondent's key as the keyring has it. It is used only once somebody agreed (``agreed_at``)."""

    certificate: Certificate
    origin: Origin
    offered_at: datetime
    agreed_at: datetime | None = None
    agreed_by: str = ""
    mutual: bool = False  # Autocrypt: the owner would rather have encrypted answers

    def state(self, now: datetime) -> KeyState:
        """What it is worth at ``now``."""
        if self.certificate.revoked:
            return "revoked"
        if self.certificate.expired(now):
            return "expired"
        return "agreed" if self.agreed_at else "offered"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What crypto said of one mail. ``key`` is the signer's fingerprint or key ID, ``own`` ours that opened it.

    ``at`` is when the signature says it was made. ``whole`` is False where other text stands beside what is protected.
    ``why`` completes what failed, in words.
    """

    opening: Opening = "none"
    signature: Signature = "none"
    whole: bool = True
    key: str = ""
    own: str = ""
    recipients: tuple[str, ...] = ()
    at: datetime | None = None
    ended: datetime | None = None
    why: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A key that a mail brought along and that names its sender: ours to use once somebody agrees."""

    certificate: Certificate
    origin: Origin
    mutual: bool = False


def shown(fingerprint: str) -> str:
    """A fingerprint or key ID in groups of four, as people compare them."""
    text = fingerprint.upper()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def verdict(seen: Seen) -> Verdict:
    """``pass`` only for a good signature over the whole mail by a key agreed on with its sender.

    ``fail`` where somebody signed, but not as agreed: a wrong, expired, revoked or other key. Else nothing is known.
    """
    if seen.signature == "agreed":
        return "pass" if seen.whole else "none"
    return "fail" if seen.signature in {"wrong", "expired", "revoked", "other_key"} else "none"


def words(seen: Seen, sender: Address) -> tuple[str, ...]:
    """What people are told about the mail's OpenPGP: first of the encryption, then of the signature."""
    told = [_opening_words(seen), _signature_words(seen, sender)]
    if not seen.whole and (seen.signature != "none" or seen.opening == "opened"):
        told.append("Only a part of the mail is protected; the rest may come from anybody.")
    return tuple(each for each in told if each)


def offer_words(offer: Offer, known: tuple[Known, ...], now: datetime) -> str:
    """One sentence on a key that a mail brought along."""
    key = f"The key {shown(offer.certificate.fingerprint)}"
    how = {"attached": "is attached", "autocrypt": "came in the mail's header (Autocrypt)"}.get(
        offer.origin, "was found"
    )
    same = [each for each in known if each.certificate.fingerprint == offer.certificate.fingerprint]
    if hindrance := offer.certificate.hindrance(now):
        return hindrance
    if same and same[0].agreed_at:
        return f"{key} {how}; it is the one agreed on."
    if any(each.agreed_at for each in known):
        return f"{key} {how}, but another one was agreed on. Ask the sender by another way before you use it."
    return f"{key} {how}. Answers can be encrypted to it once somebody agrees to use it."


def merged(outer: Mail, inner: Mail, seen: Seen, *, protected: bool) -> Mail:
    """The mail as it is to be read: who and when from outside, text and files from inside.

    The inner subject counts where the inner header is protected (RFC 9788, 4.3); the outer one is then a placeholder.
    Text beside a protected part is kept and marked, never mixed in.
    """
    defects = [*outer.defects, *(each for each in inner.defects if each not in outer.defects)]
    if protected and inner.sender.address and inner.sender.key != outer.sender.key:
        defects.append(f"Inside, it names another sender: {inner.sender.address}.")
    text = inner.text
    if not seen.whole and outer.text.strip() and outer.text.strip() not in inner.text:
        text = f"{inner.text}\n\n[Not protected by OpenPGP, from here on]\n\n{outer.text}"
    return msgspec.structs.replace(
        outer,
        subject=inner.subject if protected and inner.subject else outer.subject,
        text=text,
        text_from=inner.text_from,
        charset_note=inner.charset_note,
        attachments=inner.attachments,
        defects=tuple(defects),
    )


_OPENING = {
    "no_own_key": "It is encrypted, and we have no OpenPGP key to open it with.",
    "password": "It is encrypted with a password, not to a key of ours.",
    "damaged": "Its encrypted part is cut off or damaged; nothing of it can be read.",
    "altered": "Its encrypted part was altered on the way; nothing of it is shown.",
    "outdated": "It is encrypted without protection against alteration; nothing of it is shown.",
    "too_large": "Its encrypted part is larger, once opened, than a mail may be.",
}


def _opening_words(seen: Seen) -> str:
    if seen.opening == "none":
        return ""
    if seen.opening == "opened":
        return f"It was encrypted to our key {shown(seen.own)}."
    if seen.opening == "no_key":
        named = ", ".join(shown(each) for each in seen.recipients if each.strip("0"))
        return f"It is encrypted to a key that is not ours{f' ({named})' if named else ''}; nobody here can read it."
    if seen.opening == "own_expired":
        when = f" on {_day(seen.ended)}" if seen.ended else ""
        return f"It is encrypted to our key {shown(seen.own)}, which ended{when}; ask for it under our new one."
    return _OPENING.get(seen.opening) or f"It could not be decrypted: {seen.why or 'the OpenPGP library failed on it.'}"


def _signature_words(seen: Seen, sender: Address) -> str:
    key, who = shown(seen.key), one_line(sender.address, 200) or "its sender"
    when = f", {_day(seen.at)} {seen.at:%H:%M} UTC" if seen.at else ""
    ended = f" on {_day(seen.ended)}" if seen.ended else ""
    return {
        "none": "",
        "agreed": f"It is signed with the key agreed on with {who} ({key}{when}).",
        "offered": f"It is signed with the key {key} that {who} offered; nobody here has agreed to use that key yet.",
        "unknown": f"It is signed with a key that we do not have ({key}), so the signature proves nothing yet.",
        "other_key": f"It is signed with another key ({key}) than the one agreed on with {who}.",
        "expired": f"It is signed with the key {key}, which expired{ended}.",
        "revoked": f"It is signed with the key {key}, which its owner revoked.",
        "wrong": f"Its signature does not fit its text: it was altered, or is not by the key {key}.",
        "weak": f"Its signature is too weak to prove anything{f': {seen.why}' if seen.why else '.'}",
        "failed": f"Its signature could not be checked: {seen.why or 'the OpenPGP library failed on it.'}",
    }[seen.signature]
