"""Reads public and secret OpenPGP keys: whose they are, how long they live, what they are good for. Crypto child only.

pysequoia encrypts to expired and to revoked keys without a word, so what a key is good for is found out here and asked
of `Certificate` before each use.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pysequoia
from msgspec.structs import replace
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

from forgeward.respond.mail import one_line
from forgeward.respond.openpgp import Certificate

_KEYS = (Tag.PublicKey, Tag.PublicSubkey, Tag.SecretKey, Tag.SecretSubkey)
_SECRET = (Tag.SecretKey, Tag.SecretSubkey)
_BINDINGS = (SignatureType.SubkeyBinding, SignatureType.DirectKey, SignatureType.PositiveCertification)
_NAMES = 20
_COMPONENTS = 40


def certificate(key: pysequoia.Cert, packets: list[Packet]) -> Certificate:
    """What ``key``, made of ``packets``, is. Never raises for what a stranger's key may hold, panics apart."""
    about = Certificate(
        fingerprint=key.fingerprint,
        public=bytes(key),
        components=tuple(packet.fingerprint for packet in packets if packet.tag in _KEYS and packet.fingerprint)[
            :_COMPONENTS
        ],
        algorithm=_algorithm(packets[0]) if packets else "",
        created=packets[0].key_created if packets else None,
        revoked=key.is_revoked,
        secret=any(packet.tag in _SECRET for packet in packets),
    )
    try:
        names = tuple(one_line(str(each), 200) for each in key.user_ids[:_NAMES])
        expires = key.expiration
    except RuntimeError as error:
        return replace(about, unusable=first_line(error))
    sound = {str(each) for each in key.user_ids[:_NAMES]}
    addresses = (packet.user_id_email for packet in packets if packet.user_id and packet.user_id in sound)
    encrypts, until = _encryption(key, packets)
    return replace(
        about,
        names=names,
        addresses=tuple(dict.fromkeys(one_line(each, 320).lower() for each in addresses if each)),
        expires=expires,
        encrypts=encrypts,
        encrypts_until=until,
    )


def read(data: bytes, most: int) -> tuple[list[Certificate], int]:
    """The keys in ``data``, at most ``most``, and how many were left. Raises RuntimeError where it holds none."""
    packets = list(PacketPile.from_bytes(data))
    groups: list[list[Packet]] = []
    for packet in packets:
        if packet.tag in (Tag.PublicKey, Tag.SecretKey):
            groups.append([])
        if groups:
            groups[-1].append(packet)
    found = []
    for group in groups[:most]:
        try:
            found.append(certificate(_public(group), group))
        except RuntimeError:
            continue
    return found, len(groups) - len(found)


def first_line(error: BaseException) -> str:
    """A library's error as one clean line, without the backtrace that it may carry."""
    return one_line(str(error).partition("\n")[0], 200) or type(error).__name__


def _public(packets: list[Packet]) -> pysequoia.Cert:
    if any(packet.tag in _SECRET for packet in packets):
        return pysequoia.Tsk.from_packets(packets).extract_certificate()
    return pysequoia.Cert.from_packets(packets)


def _encryption(key: pysequoia.Cert, packets: list[Packet]) -> tuple[bool, datetime | None]:
    """Whether anything can be encrypted to it, and until when: what pysequoia picks for a message tells which part."""
    try:
        message = pysequoia.encrypt(bytes=b"", recipients=[key], armor=False)
    except RuntimeError:
        return False, None
    picked = recipients(list(PacketPile.from_bytes(message)))
    ends = [_end(packets, at) for at, packet in enumerate(packets) if packet.tag in _KEYS and _is_one(packet, picked)]
    dated = [end for end in ends if end is not None]
    return True, max(dated) if dated and len(dated) == len(ends) else None


def recipients(packets: list[Packet]) -> tuple[str, ...]:
    """Key IDs or fingerprints that a message is encrypted to (RFC 9580, 5.1.1 and 5.1.2)."""
    found = []
    for body in (packet.body for packet in packets if packet.tag == Tag.PKESK):
        if body[:1] == b"\x03":
            found.append(body[1:9].hex())
        elif body[:1] == b"\x06" and len(body) > 2:
            found.append(body[3 : 2 + body[1]].hex())
    return tuple(found[:_COMPONENTS])


def _is_one(packet: Packet, named: tuple[str, ...]) -> bool:
    fingerprint, key_id = (packet.fingerprint or "").lower(), (packet.key_id or "").lower()
    return bool({fingerprint, key_id} & {each.lower() for each in named} - {""})


def _end(packets: list[Packet], at: int) -> datetime | None:
    """When the key at this place ends, by the newest signature that binds it; None for never."""
    newest: tuple[datetime, timedelta | None] | None = None
    for packet in packets[at + 1 :]:
        if packet.tag in _KEYS:
            break
        made = packet.signature_created
        if packet.signature_type in _BINDINGS and made and (newest is None or made >= newest[0]):
            newest = made, packet.key_validity_period
    created = packets[at].key_created
    return created + newest[1] if newest and newest[1] and created else None


def _algorithm(packet: Packet) -> str:
    """“RSA 3072”, “EdDSA”: for people."""
    name = str(packet.key_algorithm).rpartition(".")[2]
    if not name.startswith("RSA"):
        return name
    bits = int.from_bytes(packet.body[6:8]) if packet.body[:1] in (b"\x03", b"\x04") else 0
    return f"RSA {bits}" if bits else "RSA"
