"""OpenPGP for mails that come and go: the side that holds the keyring and asks the crypto children.

    opened = openpgp.open(raw, reading, now)   # decrypted, checked; opened.reading is what people read
    outgoing = openpgp.protect(mail, now)      # signed, and encrypted where a key was agreed on

Nothing hostile is read in this process: entities are cut out and parsed by the mail parser's children, decrypted and
checked by children of `openpgp_worker`, which get the keys of one task and end after it.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Literal, Self, TypeAlias

import msgspec

from forgeward.edges import openpgp_incoming, openpgp_mime
from forgeward.edges.keyring import Keyring, Own
from forgeward.edges.mail_out import Outgoing
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp_children import Children
from forgeward.edges.openpgp_incoming import OpenedMail
from forgeward.edges.openpgp_tasks import Certificates, Generate, Made, Merge, Refused, Seal, Sign
from forgeward.errors import KeyUnusable
from forgeward.respond import openpgp as rules
from forgeward.respond.mail import Parsed
from forgeward.respond.openpgp import Certificate, Known, Offer

Encryption: TypeAlias = Literal["agreed", "required", "never"]

_YEAR = 365 * 24 * 60 * 60  # seconds


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that goes out. ``words`` says to people how it is protected, or why it is not."""

    mail: Outgoing
    signed: bool
    encrypted: bool
    words: str


class OpenPgp:
    """One home's OpenPGP. Safe to share between threads, not across a fork; children start with the first task."""

    def __init__(self, keyring: Keyring, parsers: ParserPool, children: Children | None = None) -> None:
        self.keyring = keyring
        self._parsers = parsers
        self._children = children or Children()
        self._closes = children is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the crypto children that it started; those that it was given, and the parsers, stay their owner's."""
        if self._closes:
            self._children.close()

    # --- mails that come in ------------------------------------------------------------------------------------------

    def open(self, raw: bytes, reading: Parsed, now: datetime) -> OpenedMail:
        """Decrypts and checks what ``raw`` carries; ``reading`` is what the parser made of it, ``now`` our receipt.

        Whatever is wrong with the mail becomes a sentence. Raises ParserUnavailable where no child can be started, and
        ``HomeUnusable`` where the keyring cannot be read.
        """
        return openpgp_incoming.open_mail(self._children, self._parsers, self.keyring, raw, reading, now)

    def remember(self, opened: OpenedMail, now: datetime) -> tuple[Known, ...]:
        """Keeps the keys that a mail brought along as offers of its sender. They are used once somebody agrees."""
        address = opened.reading.mail.sender.address
        return tuple(self.learn(address, offer, now) for offer in opened.offers)

    def learn(self, address: str, offer: Offer, now: datetime) -> Known:
        """Keeps one key for an address; what we have of the same key is merged with it, so revocations arrive."""
        fresh = offer.certificate
        for known in self.keyring.known(address):
            if known.certificate.fingerprint == fresh.fingerprint and known.certificate.public != fresh.public:
                merged = self._children.do(Merge(known.certificate.public, fresh.public, now))
                if isinstance(merged, Certificates) and merged.certificates:
                    fresh = merged.certificates[0]
        return self.keyring.offer(address, fresh, offer.origin, now, mutual=offer.mutual)

    def inspect(self, data: bytes, now: datetime, most: int = 5) -> tuple[Certificate, ...]:
        """The keys in some bytes; none where there are none that can be read."""
        return self._children.inspect(data, now, most)

    # --- mails that go out -------------------------------------------------------------------------------------------

    def protect(self, mail: Outgoing, now: datetime, encryption: Encryption = "agreed") -> Protected:
        """Signs a composed mail, and encrypts it where a usable key was agreed on with its recipient.

        ``required``: it must be encrypted, so ``KeyUnusable`` says what hinders. Without a key of our own the mail
        goes as it is, and ``words`` says so.
        """
        own = self.keyring.signing(now)
        known = self.keyring.usable(mail.to, now) if encryption != "never" else None
        if encryption == "required" and (known is None or own is None):
            raise KeyUnusable(self._hindrance(mail.to, own, now), next="Agree on a key, or send it in the clear.")
        if own is None:
            return Protected(mail=mail, signed=False, encrypted=False, words="It is not signed: we have no usable key.")
        if known is None:
            raw = self._signed(mail.raw, own)
            words = f"Signed with our key {rules.shown(own.certificate.fingerprint)}; not encrypted."
        else:
            raw = self._sealed(mail.raw, own, known, now)
            words = f"Signed, and encrypted to the key {rules.shown(known.certificate.fingerprint)}."
        raw = openpgp_mime.with_field(raw, self._autocrypt(mail, own))
        sealed = msgspec.structs.replace(mail, raw=raw)
        return Protected(mail=sealed, signed=True, encrypted=known is not None, words=words)

    def _signed(self, raw: bytes, own: Own) -> bytes:
        entity = openpgp_mime.payload(raw, hidden=False)
        made = self._made(Sign(entity, own.secret))
        return openpgp_mime.signed(raw, entity, made.data, made.hash, _boundary())

    def _sealed(self, raw: bytes, own: Own, known: Known, now: datetime) -> bytes:
        entity = openpgp_mime.payload(raw, hidden=True)
        made = self._made(Seal(entity, own.secret, (known.certificate.public,), now))
        return openpgp_mime.encrypted(raw, made.data, _boundary())

    def _hindrance(self, address: str, own: Own | None, now: datetime) -> str:
        if own is None:
            return "We have no OpenPGP key that can sign."
        agreed = [each for each in self.keyring.known(address) if each.agreed_at]
        ended = (each.certificate.hindrance(now) for each in agreed)
        return next((each for each in ended if each), f"No key was agreed on with {address}.")

    @staticmethod
    def _autocrypt(mail: Outgoing, own: Own) -> bytes:
        sender = openpgp_mime.sender(mail.raw)
        return openpgp_mime.autocrypt(sender, own.certificate.public) if sender in own.certificate.addresses else b""

    # --- our own keys ------------------------------------------------------------------------------------------------

    def generate(self, name: str, addresses: tuple[str, ...], now: datetime, years: int = 3) -> Own:
        """Makes a key of our own for these addresses. ``years`` is how long it lives, 0 for ever."""
        user_ids = tuple(f"{name} <{address}>" if name else f"<{address}>" for address in addresses)
        made = self._made(Generate(user_ids, years * _YEAR, now))
        if made.certificate is None:
            raise KeyUnusable("The OpenPGP process made no key.", next="Try again; see `forgeward doctor`.")
        return self.keyring.add_own(made.certificate, made.data, now)

    def import_own(self, data: bytes, now: datetime) -> Own:
        """Keeps a secret key that was made elsewhere. Raises ``KeyUnusable`` where it cannot be used."""
        found = [each for each in self.inspect(data, now) if each.secret]
        if len(found) != 1:
            raise KeyUnusable(
                f"The file holds {len(found) or 'no'} secret keys that can be read.",
                next="Export one secret key, like gpg --armor --export-secret-keys ADDRESS.",
            )
        if hindrance := found[0].hindrance(now):
            raise KeyUnusable(hindrance, next="Import a key that is in use, or make a new one.")
        return self.keyring.add_own(found[0], data, now)

    def _made(self, task: Seal | Sign | Generate) -> Made:
        result = self._children.do(task)
        if isinstance(result, Made):
            return result
        why = result.sentence if isinstance(result, Refused) else "The OpenPGP process gave another answer."
        raise KeyUnusable(why, next="See `forgeward mail key show`, and agree on a key that is in use.")


def _boundary() -> str:
    return f"forgeward-{secrets.token_hex(16)}"
