"""DKIM signatures (RFC 6376, 8301, 8463) of a raw mail, with the keys handed in. Runs in the guarded child.

    header fields ─▶ signatures (at most five) ─▶ names to look up ·········▶ records ─▶ a state for each signature

Every pass over the text is linear, and the text is hashed once for each way of canonicalising it: common libraries take
quadratic time on long runs of blanks, ask the DNS by themselves, and pass signatures that leave the From field out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from forgeward.edges.mail_limits import LIMITS, header_end
from forgeward.respond.authenticity import DkimResult, DkimState
from forgeward.respond.dns import Answer, domain

Tags: TypeAlias = dict[str, str]
Field: TypeAlias = tuple[bytes, bytes]  # name in small letters, and the whole field with its name, without its line end

SIGNATURES = 5  # of one mail that are looked at
LEAST_BITS, MOST_BITS = 1024, 8192  # RFC 8301, 3.2; larger keys only cost time
_SIGNED_FIELDS = 200  # names in h=
_LATE = 36_000  # seconds by which clocks may differ
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_B_VALUE = re.compile(rb"((?:\A[^:]*:|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_BLANKS = re.compile(rb"[ \t]{2,}|\t")  # what is not one space already


class Message(msgspec.Struct):
    """A raw mail taken apart: header fields as they stand, and the body with its lines ended by CRLF."""

    fields: list[Field]
    body: bytes
    hashes: dict[tuple[bool, str], bytes] = {}

    def body_hash(self, relaxed: bool, algorithm: str) -> bytes:
        """The digest of the canonical body (RFC 6376, 3.4.3 and 3.4.4)."""
        if (relaxed, algorithm) not in self.hashes:
            body = relaxed_body(self.body) if relaxed else simple_body(self.body)
            self.hashes[relaxed, algorithm] = hashlib.new(algorithm, body, usedforsecurity=False).digest()
        return self.hashes[relaxed, algorithm]


class Key(msgspec.Struct, frozen=True):
    """A published key (RFC 6376, 3.6.1). ``strict``: it signs for its own domain only, not for subdomains."""

    kind: str
    data: bytes
    hashes: tuple[str, ...] = ()
    strict: bool = False


class Broken(Exception):  # noqa: N818 - a state of the signature, caught where it is judged
    """Why a signature does not count."""

    def __init__(self, state: DkimState) -> None:
        super().__init__(state)
        self.state = state


def message(raw: bytes) -> Message:
    """Takes a raw mail apart. Lines may be ended by LF alone, as a Maildir has them."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    end = header_end(raw, LIMITS.header)
    header, body = _lines(raw[:end]), _lines(raw[end:])
    fields: list[Field] = []
    for line in header.rstrip(b"\r\n").split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            name, before = fields[-1]
            fields[-1] = name, before + b"\r\n" + line
        elif b":" in line:
            fields.append((line.partition(b":")[0].rstrip().lower(), line))
    return Message(fields, body)


def tags(field: bytes) -> Tags:
    """The tag list of a field or a record (RFC 6376, 3.2). Raises ValueError where it is none, or names a tag twice."""
    found: Tags = {}
    for piece in field.decode("utf-8", "replace").split(";"):
        name, equals, value = piece.partition("=")
        if not piece.strip():
            continue
        if not equals or not _TAG.fullmatch(name.strip()) or name.strip() in found:
            raise ValueError(piece[:40])
        found[name.strip()] = value.strip()
    return found


def signature_fields(mail: Message) -> list[bytes]:
    """The DKIM-Signature fields, from the top."""
    return [field for name, field in mail.fields if name == b"dkim-signature"]


def key_name(found: Tags) -> str:
    """Where the key of a signature stands; empty where the signature does not say it properly."""
    selector, signer = domain(found.get("s", "")), domain(found.get("d", ""))
    return domain(f"{selector}._domainkey.{signer}") if selector and signer else ""


def names(mail: Message) -> tuple[str, ...]:
    """The names of the keys of the first few signatures."""
    wanted = (key_name(soft_tags(field)) for field in signature_fields(mail)[:SIGNATURES])
    return tuple(dict.fromkeys(name for name in wanted if name))


def check(mail: Message, records: Mapping[str, Answer], at: float) -> tuple[DkimResult, ...]:
    """Each DKIM signature's state. ``at`` is when the mail came, in epoch seconds."""
    fields = signature_fields(mail)
    results = [_checked(mail, field, records, at) for field in fields[:SIGNATURES]]
    return (*results, *(DkimResult("skipped") for _ in fields[SIGNATURES:][:1]))


def soft_tags(field: bytes) -> Tags:
    """The tags of a whole field; none where they do not read."""
    try:
        return tags(field.partition(b":")[2])
    except ValueError:
        return {}


def _checked(mail: Message, field: bytes, records: Mapping[str, Answer], at: float) -> DkimResult:
    found = soft_tags(field)
    result = DkimResult("malformed", domain(found.get("d", "")), found.get("s", "")[:63])
    try:
        _well_formed(mail, found, at)
        key = find_key(records.get(key_name(found)))
        _fits_key(found, key)
        bits = verify(mail, field, found, key, signed_names(found))
    except Broken as broken:
        return msgspec.structs.replace(result, state=broken.state)
    if "l" in found and int(found["l"]) < len(_canonical_body(mail, found)):
        return msgspec.structs.replace(result, state="partial", bits=bits)
    weak = 0 < bits < LEAST_BITS or _hash(found) == "sha1"
    return msgspec.structs.replace(result, state="weak" if weak else "pass", bits=bits)


def _well_formed(mail: Message, found: Tags, at: float) -> None:
    """RFC 6376, 6.1.1; and one From field, since of two a reader may see the other one (8.15)."""
    signer = domain(found.get("d", ""))
    identity = domain(found.get("i", "").rpartition("@")[2]) if "i" in found else signer
    sound = (
        sum(name == b"from" for name, _ in mail.fields) == 1
        and found.get("v") == "1"
        and {"a", "b", "bh", "d", "h", "s"} <= found.keys()
        and bool(signer)
        and (identity == signer or identity.endswith(f".{signer}"))
        and b"from" in signed_names(found)
        and "dns/txt" in found.get("q", "dns/txt")
        and found.get("l", "0").isdecimal()
        and len(found.get("l", "0")) < 12
        and all(found.get(tag, "0").isdecimal() and len(found.get(tag, "0")) < 15 for tag in "tx")
    )
    if not sound or ("t" in found and int(found["t"]) > at + _LATE):
        raise Broken("malformed")
    if "x" in found and int(found["x"]) < at - _LATE:
        raise Broken("expired")


def signed_names(found: Tags) -> list[bytes]:
    """The names in h=, in small letters."""
    return [each.strip().lower().encode("utf-8", "replace") for each in found.get("h", "").split(":")][:_SIGNED_FIELDS]


def find_key(answer: Answer | None) -> Key:
    """The key in what the DNS says. Raises `Broken` where there is none that serves."""
    if answer is None or answer.state == "failed":
        raise Broken("unanswered")
    keys = [key for key in map(_key, answer.records) if key is not None]
    if not keys:
        raise Broken("no_key" if not answer.records else "bad_key")
    if not keys[0].data:
        raise Broken("no_key")  # revoked: RFC 6376, 3.6.1
    return keys[0]


def _key(record: str) -> Key | None:
    try:
        found = tags(record.encode("utf-8", "replace"))
        if found.get("v", "DKIM1") != "DKIM1" or "p" not in found:
            return None
        if not {"*", "email"} & {each.strip() for each in found.get("s", "*").split(":")}:
            return None
        data = base64.b64decode("".join(found["p"].split()), validate=True)
    except (ValueError, binascii.Error):
        return None
    hashes = tuple(each.strip() for each in found["h"].split(":")) if "h" in found else ()
    strict = "s" in {each.strip() for each in found.get("t", "").split(":")}
    return Key(found.get("k", "rsa"), data, hashes, strict)


def _fits_key(found: Tags, key: Key) -> None:
    kind, _, algorithm = found["a"].partition("-")
    if kind != key.kind or algorithm not in {"sha256", "sha1"} or (key.hashes and algorithm not in key.hashes):
        raise Broken("bad_key" if kind in {"rsa", "ed25519"} else "malformed")
    if key.strict and "i" in found and domain(found["i"].rpartition("@")[2]) != domain(found["d"]):
        raise Broken("bad_key")


def verify(mail: Message, field: bytes, found: Tags, key: Key, signed: list[bytes]) -> int:
    """Checks body hash and signature (RFC 6376, 6.1.3). Answers the bits of an RSA key, 0 for Ed25519.

    Raises `Broken`.
    """
    head_relaxed, body_relaxed = _canonicalisation(found.get("c", "simple/simple"))
    if "l" in found:
        beginning = _canonical_body(mail, found)[: int(found["l"])]
        body = hashlib.new(_hash(found), beginning, usedforsecurity=False).digest()
    else:
        body = mail.body_hash(body_relaxed, _hash(found))
    if decoded(found["bh"]) != body:
        raise Broken("altered")
    chosen = [canonical(each, relaxed=head_relaxed) + b"\r\n" for each in select(mail.fields, signed)]
    own = canonical(without_signature(field), relaxed=head_relaxed)
    return check_signature(key, _hash(found), b"".join(chosen) + own, decoded(found["b"]))


def check_signature(key: Key, algorithm: str, data: bytes, signature: bytes) -> int:
    """Raises `Broken` where the signature over ``data`` does not fit the key. Answers an RSA key's bits, else 0."""
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    try:
        if key.kind == "ed25519":
            Ed25519PublicKey.from_public_bytes(key.data).verify(signature, digest)  # over the digest: RFC 8463, 3
            return 0
        public = load_der_public_key(key.data)
        if not isinstance(public, rsa.RSAPublicKey) or public.key_size > MOST_BITS:
            raise Broken("bad_key")
        hashing = SHA1() if algorithm == "sha1" else SHA256()  # noqa: S303 - told as weak
        public.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashing))
    except InvalidSignature:
        raise Broken("wrong") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Broken("bad_key") from None
    return public.key_size


def select(fields: list[Field], signed: list[bytes]) -> list[bytes]:
    """The fields that were signed, from the bottom for each name (RFC 6376, 5.4.2); missing ones are nothing."""
    left: dict[bytes, list[bytes]] = {}
    for name, field in fields:
        left.setdefault(name, []).append(field)
    return [left[name].pop() for name in signed if left.get(name)]


def canonical(field: bytes, *, relaxed: bool) -> bytes:
    """A header field in its canonical form, without the last line end (RFC 6376, 3.4.1 and 3.4.2)."""
    if not relaxed:
        return field
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def simple_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.3: one line end at the end, whatever there was."""
    return body[: _last(body)] + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4: runs of blanks are one, none stand at a line's end, no empty lines at the end."""
    squeezed = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    cut = squeezed[: _last(squeezed)]
    return cut + b"\r\n" if cut else b""


def _last(body: bytes) -> int:
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return end


def _canonical_body(mail: Message, found: Tags) -> bytes:
    _, relaxed = _canonicalisation(found.get("c", "simple/simple"))
    return relaxed_body(mail.body) if relaxed else simple_body(mail.body)


def _canonicalisation(text: str) -> tuple[bool, bool]:
    head, _, body = text.partition("/")
    if {head, body or "simple"} - {"simple", "relaxed"}:
        raise Broken("malformed")
    return head == "relaxed", body == "relaxed"


def _hash(found: Tags) -> Literal["sha256", "sha1"]:
    return "sha1" if found["a"].endswith("-sha1") else "sha256"


def without_signature(field: bytes) -> bytes:
    """A signature field with its b= emptied, as it was when it was signed (RFC 6376, 3.7)."""
    return _B_VALUE.sub(rb"\1", field, count=1)


def decoded(text: str) -> bytes:
    """Base64 with blanks in it. Raises `Broken`."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise Broken("malformed") from None


def _lines(data: bytes) -> bytes:
    """Lines ended by CRLF; what was so already stays the same bytes."""
    return data if data.count(b"\n") == data.count(b"\r\n") else re.sub(rb"\r?\n", b"\r\n", data)
