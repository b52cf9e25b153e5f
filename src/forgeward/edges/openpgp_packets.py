"""Opens encrypted OpenPGP messages down to their packets, for what pysequoia 0.1 cannot. Runs in the crypto child only.

pysequoia decrypts a compressed message, which is what GnuPG makes of every one, but cannot check a signature inside it;
it knows no bzip2, and no key of ours that has expired. So the packets are brought to light here, with integrity checked
and a bound on what decompression gives, and handed back to pysequoia, which alone judges signatures.

Knows what such messages are made of: v4 keys (RSA; ECDH on Curve25519, P-256, P-384, P-521; X25519), AES, and integrity
protected data of version 1 (RFC 9580, 5.1, 5.13.1, 11.4). ``None`` is everything else.
"""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import hmac
import zlib
from collections.abc import Iterable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pysequoia.packet import Packet, PacketPile, Tag

_RSA, _RSA_ENCRYPT, _ECDH, _X25519 = 1, 2, 18, 25
_KEY_BYTES = {7: 16, 8: 24, 9: 32}  # AES-128, -192, -256 (RFC 9580, 9.3)
_HASHES = {8: "sha256", 9: "sha384", 10: "sha512"}
_CURVE25519 = bytes.fromhex("2b060104019755010501")
_CURVES: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("2a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("2b81040022"): ec.SECP384R1(),
    bytes.fromhex("2b81040023"): ec.SECP521R1(),
}
_BLOCK = 16
_MDC = b"\xd3\x14"
_COMPRESSED = 8
_SECRET_TAGS = (Tag.SecretKey, Tag.SecretSubkey)  # no set: they have no hash


class TooLarge(Exception):  # noqa: N818 - an event, told to people in the parent
    """Decompression gives more than a mail may have."""


class Altered(Exception):  # noqa: N818 - an event, told to people in the parent
    """The integrity check failed (RFC 9580, 5.13.1)."""


class _Reader:
    """Reads the fields of a packet's body. Raises IndexError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise IndexError
        self._at += size
        return self._data[self._at - size : self._at]

    def octet(self) -> int:
        return self.take(1)[0]

    def mpi(self) -> bytes:
        """A multiprecision integer, big-endian, without leading zeros (RFC 9580, 3.2)."""
        return self.take((int.from_bytes(self.take(2)) + 7) // 8)

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)


class _Private(Protocol):
    """A private key of one algorithm."""

    def session(self, fields: _Reader) -> bytes:
        """The padded session key out of a session-key packet's fields."""


class _Rsa:
    """RSAES-PKCS1-v1_5 (RFC 9580, 5.1.3)."""

    def __init__(self, public: _Reader, secret: _Reader) -> None:
        n, e = (int.from_bytes(public.mpi()) for _ in range(2))
        d, p, q, _ = (int.from_bytes(secret.mpi()) for _ in range(4))
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(e, n)
        )
        self._size = (n.bit_length() + 7) // 8
        self._key = numbers.private_key()

    def session(self, fields: _Reader) -> bytes:
        return self._key.decrypt(fields.mpi().rjust(self._size, b"\0"), padding.PKCS1v15())


class _Ecdh:
    """ECDH with the KDF and key wrap of RFC 9580, 11.5."""

    def __init__(self, public: _Reader, secret: _Reader, fingerprint: str) -> None:
        size = public.octet()
        self._oid = public.take(size)
        public.mpi()
        kdf = public.take(public.octet())
        self._hash, self._cipher = _HASHES[kdf[1]], kdf[2]
        self._parameters = (
            bytes([size]) + self._oid + bytes([_ECDH, 3]) + kdf + b"Anonymous Sender    " + bytes.fromhex(fingerprint)
        )
        self._secret = secret.mpi()

    def session(self, fields: _Reader) -> bytes:
        shared = self._shared(fields.mpi())
        wrapped = fields.take(fields.octet())
        digest = hashlib.new(self._hash, b"\0\0\0\1" + shared + self._parameters).digest()
        padded = aes_key_unwrap(digest[: _KEY_BYTES[self._cipher]], wrapped)
        if not 1 <= padded[-1] <= len(padded) or len(set(padded[-padded[-1] :])) != 1:
            raise InvalidUnwrap
        return padded[: -padded[-1]]

    def _shared(self, point: bytes) -> bytes:
        if self._oid == _CURVE25519:
            key = X25519PrivateKey.from_private_bytes(self._secret.rjust(32, b"\0")[::-1])
            return key.exchange(X25519PublicKey.from_public_bytes(point.removeprefix(b"\x40")))
        curve = _CURVES[self._oid]
        own = ec.derive_private_key(int.from_bytes(self._secret), curve)
        return own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, point))


class _X25519Key:
    """X25519 with HKDF-SHA256 and AES-128 key wrap (RFC 9580, 5.1.6)."""

    def __init__(self, public: _Reader, secret: _Reader) -> None:
        self._public = public.take(32)
        self._key = X25519PrivateKey.from_private_bytes(secret.take(32))

    def session(self, fields: _Reader) -> bytes:
        ephemeral = fields.take(32)
        shared = self._key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        wrapping = HKDF(SHA256(), 16, None, b"OpenPGP X25519").derive(ephemeral + self._public + shared)
        wrapped = fields.take(fields.octet())
        return wrapped[:1] + aes_key_unwrap(wrapping, wrapped[1:])  # the cipher stands in the clear before it


def packets_within(message: bytes, secrets: Iterable[bytes], most: int) -> bytes | None:
    """The packets inside an encrypted message, decompressed, opened with one of ``secrets`` (unlocked secret keys).

    ``message`` may be armoured. None where this module does not know its kind, or no key fits. Raises `Altered`, or
    `TooLarge` where more than ``most`` bytes come out; RuntimeError from pysequoia where no packets can be read.
    """
    packets = list(PacketPile.from_bytes(message))
    sealed = [packet.body for packet in packets if packet.tag == Tag.SEIP]
    if len(sealed) != 1 or sealed[0][:1] != b"\x01":
        return None
    bodies = [packet.body for packet in packets if packet.tag == Tag.PKESK]
    for secret in secrets:
        for key in PacketPile.from_bytes(secret):
            for body in bodies[:20]:
                if (opened := _session_key(body, key)) is not None:
                    return _decompressed(_opened(sealed[0][1:], opened), most)
    return None


def warm_up() -> None:
    """Has the library load what it loads late: a locked-up process may not."""
    own = X25519PrivateKey.generate()
    shared = own.exchange(own.public_key())
    aes_key_unwrap(shared, aes_key_wrap(shared, bytes(24)))
    HKDF(SHA256(), 16, None, b"").derive(shared)
    key = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - thrown away at once
    numbers = key.private_numbers()
    numbers.private_key().decrypt(key.public_key().encrypt(b"x", padding.PKCS1v15()), padding.PKCS1v15())
    curve = ec.SECP256R1()
    point = ec.derive_private_key(1, curve).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ec.derive_private_key(2, curve).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, point))
    with contextlib.suppress(Altered):
        _opened(bytes(64), shared)


def _session_key(body: bytes, key: Packet) -> bytes | None:
    """The session key, where the packet (version 3) is for ``key``, or does not say for whom it is."""
    if key.tag not in _SECRET_TAGS or body[:1] != b"\x03" or key.key_id is None:
        return None
    fields = _Reader(body[1:])
    wanted = fields.take(8).hex()
    if wanted not in {key.key_id.lower(), "0" * 16}:
        return None
    try:
        algorithm, private = fields.octet(), _private(key)
        if private is None or algorithm != key.body[5]:
            return None
        return _checked_key(private.session(fields), with_sum=algorithm != _X25519)
    except (IndexError, KeyError, ValueError, InvalidUnwrap):  # for another key, or of a kind that we do not know
        return None


def _private(key: Packet) -> _Private | None:
    """The private key of a secret-key packet of version 4 that no password locks (RFC 9580, 5.5.3)."""
    body = _Reader(key.body)
    if body.octet() != 4:
        return None
    body.take(4)
    algorithm = body.octet()
    public = _Reader(_public_fields(algorithm, body))
    if body.octet() != 0:  # a password or a smart card stands before it
        return None
    if algorithm in {_RSA, _RSA_ENCRYPT}:
        return _Rsa(public, body)
    if algorithm == _ECDH:
        return _Ecdh(public, body, key.fingerprint or "")
    return _X25519Key(public, body) if algorithm == _X25519 else None


def _public_fields(algorithm: int, body: _Reader) -> bytes:
    """The fields of the public key, which stand before the secret ones."""
    if algorithm in {_RSA, _RSA_ENCRYPT}:
        return b"".join(_as_mpi(body.mpi()) for _ in range(2))
    if algorithm == _X25519:
        return body.take(32)
    if algorithm != _ECDH:
        raise KeyError(algorithm)
    oid = body.take(body.octet())
    point, kdf = body.mpi(), body.take(body.octet())
    return bytes([len(oid)]) + oid + _as_mpi(point) + bytes([len(kdf)]) + kdf


def _as_mpi(value: bytes) -> bytes:
    return (len(value) * 8).to_bytes(2) + value


def _checked_key(padded: bytes, *, with_sum: bool) -> bytes | None:
    """The key behind the octet of its cipher, before its checksum (RFC 9580, 5.1.3)."""
    size = _KEY_BYTES.get(padded[0]) if padded else None
    if size is None:
        return None
    key = padded[1 : 1 + size]
    if len(key) != size or (with_sum and padded[1 + size :] != (sum(key) % 65_536).to_bytes(2)):
        return None
    return key


def _opened(ciphertext: bytes, key: bytes) -> bytes:
    """CFB with a zero IV, a random block and two repeated octets in front, SHA-1 behind (RFC 9580, 5.13.1).

    CFB's key stream is the encryption of the ciphertext, moved by a block: one call of ECB, one exclusive or.
    """
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the building block of CFB
    before = (bytes(_BLOCK) + ciphertext)[: -(-len(ciphertext) // _BLOCK) * _BLOCK]
    stream = (encryptor.update(before.ljust(-(-len(before) // _BLOCK) * _BLOCK, b"\0")))[: len(ciphertext)]
    plain = (int.from_bytes(ciphertext) ^ int.from_bytes(stream)).to_bytes(len(ciphertext))
    body, digest = plain[:-20], plain[-20:]
    if len(body) < _BLOCK + 4 or body[-2:] != _MDC:
        raise Altered
    if not hmac.compare_digest(hashlib.sha1(body, usedforsecurity=False).digest(), digest):
        raise Altered
    return body[_BLOCK + 2 : -2]


def _decompressed(packets: bytes, most: int) -> bytes:
    """What a compressed packet holds (RFC 9580, 5.6), or the packets as they are."""
    if not packets or _tag(packets[0]) != _COMPRESSED:
        return packets
    body = _body(packets)
    try:
        unpacked = _unpacked(body[:1], body[1:], most + 1)
    except (zlib.error, OSError):
        raise Altered from None
    if len(unpacked) > most:
        raise TooLarge
    return unpacked


def _unpacked(algorithm: bytes, data: bytes, most: int) -> bytes:
    """Raw deflate, zlib or bzip2 (RFC 9580, 9.4), at most ``most`` bytes of it."""
    if algorithm == b"\1":
        return zlib.decompressobj(-15).decompress(data, most)
    if algorithm == b"\2":
        return zlib.decompressobj().decompress(data, most)
    return bz2.BZ2Decompressor().decompress(data, most) if algorithm == b"\3" else data


def _tag(octet: int) -> int:
    return octet & 0x3F if octet & 0x40 else (octet >> 2) & 0x0F


def _body(packets: bytes) -> bytes:
    """The body of the first packet: new or old format, whole, partial or to the end (RFC 9580, 4.2)."""
    fields = _Reader(packets)
    first = fields.octet()
    if not first & 0x40:
        size = first & 3
        return fields.rest() if size == 3 else fields.take(int.from_bytes(fields.take(1 << size)))
    pieces = []
    while True:
        length = fields.octet()
        if 224 <= length < 255:
            pieces.append(fields.take(1 << (length & 0x1F)))
            continue
        if length >= 192:
            length = int.from_bytes(fields.take(4)) if length == 255 else ((length - 192) << 8) + fields.octet() + 192
        return b"".join((*pieces, fields.take(length)))
