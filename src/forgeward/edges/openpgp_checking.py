"""Checks OpenPGP signatures: which certificate made each, and whether it proves anything today. Crypto child only.

pysequoia judges whether a signature fits; what it does not say, why one does not count, is found out here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pysequoia
from msgspec.structs import replace
from pysequoia.packet import HashAlgorithm, Packet, PacketPile, Tag

from forgeward.edges.openpgp_certificate import certificate, first_line
from forgeward.edges.openpgp_tasks import Found, Opened, Verify
from forgeward.respond.openpgp import Certificate

SIGNATURES = 10  # of one mail that are looked at
_WEAK = (HashAlgorithm.MD5, HashAlgorithm.SHA1, HashAlgorithm.RipeMD)


class Keys:
    """The certificates of one task, looked up by pysequoia, which says whose signatures it wants to check."""

    def __init__(self, raw: Iterable[bytes], now: datetime) -> None:
        self.all = [each for data in raw for each in pysequoia.Cert.split_bytes(data)]
        self.about = [certificate(each, packets_of(bytes(each))) for each in self.all]
        self.issuers: list[str] = []
        self.now = now

    def __call__(self, ids: list[str]) -> list[pysequoia.Cert]:
        self.issuers += [each.lower() for each in ids if each.lower() not in self.issuers]
        return self.all

    def of(self, issuer: str) -> Certificate | None:
        """The certificate that has this fingerprint or key ID among its keys."""
        wanted = issuer.lower()
        return next((one for one in self.about if any(key.endswith(wanted) for key in one.components)), None)


def packets_of(data: bytes) -> list[Packet]:
    """The packets, or none where pysequoia reads none, as of clear-signed text."""
    try:
        return list(PacketPile.from_bytes(data))
    except RuntimeError:
        return []


def literal(packets: list[Packet]) -> bytes | None:
    """The text of a message, where it holds exactly one."""
    found = [packet.literal_data for packet in packets if packet.tag == Tag.Literal]
    return found[0] if len(found) == 1 else None


def signed_text(message: bytes, keys: Keys) -> tuple[bytes | None, set[str]]:
    """What a signed message says, and by which certificates: (None, nobody) where no signature fits."""
    try:
        done = pysequoia.verify(bytes=message, store=keys)
    except RuntimeError:
        return None, set()
    return done.bytes, {each.certificate for each in done.valid_sigs}


def check(task: Verify) -> Opened:
    """Checks a detached signature, a signed message, or clear-signed text. RuntimeError where it is none of these."""
    keys = Keys(task.certificates, task.now)
    if task.signature:
        return Opened(task.data, "", _detached(task, keys))
    try:
        done = pysequoia.verify(bytes=task.data, store=keys)
        text, good = done.bytes, {each.certificate for each in done.valid_sigs}
    except RuntimeError as error:
        text, good = literal(packets_of(task.data)) or _clear_text(task.data), set()
        if not keys.issuers or text is None:
            raise RuntimeError(first_line(error)) from None
    return Opened(text or b"", "", judged(keys, packets_of(task.data), good))


def judged(keys: Keys, packets: list[Packet], good: set[str]) -> tuple[Found, ...]:
    """Each signature whose issuer pysequoia asked for; ``packets`` tell when it was made, where they are at hand."""
    made = {_issuer(packet): packet for packet in packets if packet.tag == Tag.Signature}
    issuers = list(dict.fromkeys([*made, *keys.issuers]))
    full = [one for one in issuers if one and not any(other != one and other.endswith(one) for other in issuers)]
    return tuple(_judged(keys, one, made.get(one), good) for one in full[:SIGNATURES])


def _detached(task: Verify, keys: Keys) -> tuple[Found, ...]:
    found = []
    packets = [packet for packet in PacketPile.from_bytes(task.signature) if packet.tag == Tag.Signature]
    for packet in packets[:SIGNATURES]:
        signature = pysequoia.Sig.from_bytes(bytes(packet))
        try:
            done = pysequoia.verify(bytes=task.data, store=keys, signature=signature)
            good = {each.certificate for each in done.valid_sigs}
        except RuntimeError:
            good = set()
        found.append(_judged(keys, _issuer(packet), packet, good))
    if not found:
        raise RuntimeError("Not a signature")
    return tuple(found)


def _issuer(packet: Packet) -> str:
    return (packet.issuer_fingerprint or packet.issuer_key_id or "").lower()


def _judged(keys: Keys, issuer: str, packet: Packet | None, good: set[str]) -> Found:
    """One signature. A key that has ended or was revoked by now proves nothing: its thief could date it back."""
    at, about = packet.signature_created if packet else None, keys.of(issuer) if issuer else None
    if about is None:
        return Found("unknown", issuer, at=at)
    found = Found("good", issuer, about.fingerprint, at=at, ended=about.expires)
    if about.revoked:
        return replace(found, state="revoked")
    if about.expired(keys.now):
        return replace(found, state="expired")
    return found if about.fingerprint in good else _not_good(found, about, packet)


def _not_good(found: Found, about: Certificate, packet: Packet | None) -> Found:
    if about.unusable:
        return replace(found, state="weak", why=about.unusable)
    if packet is not None and packet.hash_algorithm in _WEAK:
        return replace(found, state="weak", why="it uses a broken hash.")
    return replace(found, state="wrong")


def _clear_text(data: bytes) -> bytes | None:
    """The text of a clear-signed message whose signature is not good, dash-escapes undone (RFC 9580, 7.1)."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    try:
        start, end = lines.index(b"") + 1, lines.index(b"-----BEGIN PGP SIGNATURE-----")
    except ValueError:
        return None
    return b"\r\n".join(line.removeprefix(b"- ") for line in lines[start:end])
