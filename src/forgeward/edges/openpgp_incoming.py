"""A mail with OpenPGP on its way in: opened layer by layer, checked, and put together for people.

    Carried ─▶ Open or Verify in a crypto child ─▶ the entity inside, parsed in a parser child ─▶ merged mail, Signals

A mail is hostile until the end: what it decrypts to is parsed in the same guarded way as the mail itself.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from forgeward.edges.keyring import Keyring, Own
from forgeward.edges.mail_limits import LIMITS
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp_children import Children
from forgeward.edges.openpgp_tasks import Found, Open, Opened, Refused, Result, Verify
from forgeward.respond import openpgp as rules
from forgeward.respond.mail import Mail, Parsed
from forgeward.respond.openpgp import Carried, Offer, Opening, Origin, Seen, Signature

_UNSEEN = "It seems to carry OpenPGP, but what it carries could not be taken apart."
# What a mail with OpenPGP in it holds somewhere; the last two are armour at the start of a base64 body.
_SIGNS = re.compile(rb"-----BEGIN PGP |pgp-|^autocrypt:|^LS0tLS1CRUdJTiBQR1A", re.IGNORECASE | re.MULTILINE)
# Of several signatures on one mail the first of these tells.
_RANK: tuple[Signature, ...] = (
    "agreed", "offered", "expired", "revoked", "wrong", "other_key", "weak", "unknown",
)  # fmt: skip


class OpenedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail after OpenPGP. ``reading.mail.signals`` has the verdict and sentences; ``offers`` are keys it brought."""

    reading: Parsed
    seen: Seen = Seen()
    offers: tuple[Offer, ...] = ()


def open_mail(
    children: Children, parsers: ParserPool, keyring: Keyring, raw: bytes, reading: Parsed, now: datetime
) -> OpenedMail:
    """Decrypts and checks what ``raw`` carries; see `openpgp.OpenPgp.open`."""
    if not _may_carry(raw, reading):
        return OpenedMail(reading=reading)
    carried = parsers.carried(raw)
    if carried is None:
        return OpenedMail(reading=_told(reading, Seen(), (_UNSEEN,)))
    return _Opening(children, parsers, keyring, reading, now).run(carried)


class _Opening:
    """One mail on its way through: what is known of its sender, and what each layer gave."""

    def __init__(
        self, children: Children, parsers: ParserPool, keyring: Keyring, reading: Parsed, now: datetime
    ) -> None:
        self._children, self._parsers, self._keyring = children, parsers, keyring
        self._reading, self._now = reading, now
        sender = reading.mail.sender.address if reading.mail.one_sender else ""
        self._sender = sender.lower()
        self._known = keyring.known(sender) if sender else ()
        self._offers: list[Offer] = []

    def run(self, carried: Carried) -> OpenedMail:
        """Opens the outer layer, then what it holds."""
        self._take_offers(carried)
        if carried.form in {"encrypted", "inline_encrypted"}:
            return self._encrypted(carried)
        if carried.form in {"signed", "inline_signed"}:
            return self._signed(carried)
        return self._done(Seen(), self._reading)

    def _encrypted(self, carried: Carried) -> OpenedMail:
        own = self._keyring.own()
        result = self._opened(carried, own)
        if not isinstance(result, Opened):
            return self._done(self._not_opened(result, own, carried.whole), self._reading)
        entity = result.data if carried.form == "encrypted" else _as_text(result.data, carried.charset)
        inner = self._parsers.carried(entity) or Carried()
        if self._take_offers(inner) and any(found.state == "unknown" for found in result.signatures):
            # the key that made the signature lay inside
            result = again if isinstance(again := self._opened(carried, own), Opened) else result
        seen = Seen(opening="opened" if result.own else "none", own=result.own, whole=carried.whole)
        seen = self._seen(result, seen)
        if inner.form == "signed" and inner.whole and seen.signature == "none":  # signed, then encrypted: RFC 3156, 6.1
            checked = self._children.do(Verify(inner.data, inner.signature, self._certificates(), self._now))
            seen, entity = self._seen(checked, seen), inner.data
        return self._read(entity, seen, protected=inner.protected)

    def _opened(self, carried: Carried, own: tuple[Own, ...]) -> Result:
        secret = tuple(each.secret for each in own)
        return self._children.do(Open(carried.data, secret, self._certificates(), self._now, LIMITS.raw))

    def _signed(self, carried: Carried) -> OpenedMail:
        result = self._children.do(Verify(carried.data, carried.signature, self._certificates(), self._now))
        seen = self._seen(result, Seen(whole=carried.whole))
        if carried.form == "signed":
            return self._read(carried.data, seen, protected=carried.protected)
        if not isinstance(result, Opened):
            return self._done(seen, self._reading)
        return self._read(_as_text(result.data, carried.charset), seen, protected=False)

    def _take_offers(self, carried: Carried) -> bool:
        """Takes keys that came along, where they name the sender. Whether there were new ones."""
        before = len(self._offers)
        found: list[tuple[Origin, bytes, bool]] = [("attached", data, False) for data in carried.keys]
        if carried.autocrypt and carried.autocrypt.address == self._sender:
            found.append(("autocrypt", carried.autocrypt.key, carried.autocrypt.mutual))
        for origin, data, mutual in found if self._sender else ():
            for certificate in self._children.inspect(data, self._now):
                known = {each.certificate.fingerprint for each in self._offers}
                if self._sender in certificate.addresses and certificate.fingerprint not in known:
                    self._offers.append(Offer(certificate=certificate, origin=origin, mutual=mutual))
        return len(self._offers) > before

    def _certificates(self) -> tuple[bytes, ...]:
        public = [each.certificate.public for each in self._known]
        return tuple(dict.fromkeys([*public, *(offer.certificate.public for offer in self._offers)]))

    def _seen(self, result: Result, seen: Seen) -> Seen:
        """What the signatures of a layer say, the one that tells most."""
        if isinstance(result, Refused):
            return msgspec.structs.replace(seen, signature="failed", why=result.sentence)
        if not isinstance(result, Opened) or not result.signatures:
            return seen
        ranked = sorted(((self._signature(found), found) for found in result.signatures), key=_rank)
        signature, found = ranked[0]
        return msgspec.structs.replace(
            seen,
            signature=signature,
            key=found.certificate or found.issuer,
            at=found.at,
            ended=found.ended,
            why=found.why,
        )

    def _signature(self, found: Found) -> Signature:
        agreed = {each.certificate.fingerprint for each in self._known if each.agreed_at}
        if found.state == "good":
            return "agreed" if found.certificate in agreed else "other_key" if agreed else "offered"
        if found.state == "unknown":
            return "other_key" if agreed else "unknown"
        return found.state

    def _not_opened(self, result: Result, own: tuple[Own, ...], whole: bool) -> Seen:
        if not isinstance(result, Refused):
            return Seen(opening="failed", whole=whole)
        named = {each.lower() for each in result.recipients}
        ours = [one for one in own if any(part.endswith(key) for part in one.certificate.components for key in named)]
        opening: Opening = _OPENINGS.get(result.code, "failed")
        if opening == "no_key":
            opening = "own_expired" if ours else "no_key" if own else "no_own_key"
        ended = ours[0].certificate if ours else None
        return Seen(
            opening=opening,
            whole=whole,
            recipients=result.recipients,
            own=ended.fingerprint if ended else "",
            ended=ended.expires if ended else None,
            why=result.sentence,
        )

    def _read(self, entity: bytes, seen: Seen, *, protected: bool) -> OpenedMail:
        """Reads what was inside, and puts it where the sealed form stood."""
        inner = self._parsers.parse(entity)
        if not isinstance(inner, Parsed) and inner.code == "not_mail":  # text that is no MIME entity
            inner = self._parsers.parse(_as_text(entity, ""))
        if not isinstance(inner, Parsed):
            failed = msgspec.structs.replace(self._reading.mail, defects=(*self._reading.mail.defects, inner.reason))
            return self._done(seen, msgspec.structs.replace(self._reading, mail=failed))
        mail = rules.merged(self._reading.mail, inner.mail, seen, protected=protected)
        return self._done(seen, Parsed(mail, inner.contents))

    def _done(self, seen: Seen, reading: Parsed) -> OpenedMail:
        told = [*rules.words(seen, reading.mail.sender)]
        told += [rules.offer_words(offer, self._known, self._now) for offer in self._offers]
        return OpenedMail(reading=_told(reading, seen, tuple(told)), seen=seen, offers=tuple(self._offers))


def _told(reading: Parsed, seen: Seen, sentences: tuple[str, ...]) -> Parsed:
    """The reading with what OpenPGP says of it among its signals."""
    before = reading.mail.signals
    signals = msgspec.structs.replace(before, openpgp=rules.verdict(seen), details=(*before.details, *sentences))
    mail: Mail = msgspec.structs.replace(reading.mail, signals=signals)
    return msgspec.structs.replace(reading, mail=mail)


_OPENINGS: dict[str, Opening] = {
    "no_key": "no_key",
    "password": "password",
    "damaged": "damaged",
    "altered": "altered",
    "outdated": "outdated",
    "too_large": "too_large",
}


def _rank(found: tuple[Signature, Found]) -> int:
    return _RANK.index(found[0])


def _may_carry(raw: bytes, reading: Parsed) -> bool:
    """Whether it is worth a look: nearly every mail without OpenPGP is told by one search."""
    if _SIGNS.search(raw) or "-----BEGIN PGP " in reading.mail.text:
        return True
    return any(each.sniffed_type.startswith("application/pgp-") for each in reading.mail.attachments)


def _as_text(content: bytes, charset: str) -> bytes:
    """Text as a MIME entity. Inline OpenPGP is UTF-8 unless its part said otherwise (RFC 9580, 6.2.2.4)."""
    named = charset if re.fullmatch(r"[A-Za-z0-9_.:-]{1,60}", charset) else "utf-8"
    return f"Content-Type: text/plain; charset={named}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + content
