"""One fact of the history as bytes: canonical JSON that never changes and never names a person.

The bytes of an entry are its identity: the tree hashes them, packs carry them, nobody re-creates them to verify. They
are JSON with sorted keys, no blanks, no floats (the part of RFC 8785 that needs no number formatting)::

    {"at":"2026-11-23T10:20:00Z","case":"FW-7Q3KXM","data":{"level":"high"},"kind":"case:assessed",
     "sealed":{"scope":"9f86d0…"},"seq":3,"v":1}

``seq`` counts the entries of one case from 1 without a gap; an entry that belongs to no case has ``case`` "" and
``seq`` 0. Texts that may name somebody stand in ``sealed`` as digests with a salt of their own (`seal_digest`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec

from forgeward.errors import BadInput
from forgeward.ledger.hashing import Beginning
from forgeward.vocabulary import Plain

MAX_ENTRY = 65_535
"""Bytes. What the uint16 length of a C2SP tlog-tiles entry bundle can say."""

MIN_SALT, MAX_SALT = 16, 255
"""Bytes. 128 bits, so that a short text cannot be found by trying."""

POLICY_ADOPTED = "policy:adopted"
"""Kind of the entry that puts a policy in force; its ``data["digest"]`` is the SHA-256 (hex) of the file's bytes."""

_MAX_INT = 2**53 - 1  # RFC 7493: every JSON reader holds these exactly
_SEALS = {length: Beginning(b"forgeward/seal/1%c" % length) for length in range(MIN_SALT, MAX_SALT + 1)}
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KIND = re.compile(r"[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*){1,2}")
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")  # ASCII: code units and code points sort alike
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Entry(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An entry as read back. ``at`` is UTC; ``sealed`` maps a field's name to the hex digest of its text."""

    at: datetime
    case: str
    data: dict[str, Plain]
    kind: str
    sealed: dict[str, str]
    seq: Annotated[int, msgspec.Meta(ge=0, le=_MAX_INT)]
    v: Literal[1]


_ENCODER = msgspec.json.Encoder(order="deterministic")  # sorts dictionaries; the fields of ``Entry`` stand sorted
_DECODER = msgspec.json.Decoder(Entry)


def encode(
    *,
    at: datetime,
    case: str,
    seq: int,
    kind: str,
    data: Mapping[str, Plain] | None = None,
    sealed: Mapping[str, str] | None = None,
) -> bytes:
    """The canonical bytes of one entry, at most ``MAX_ENTRY`` of them.

    ``at`` is an aware instant (to the microsecond), ``kind`` is ``subject:thing``, ``sealed`` holds digests made by
    `seal_digest`. Raises ``BadInput`` for a naive instant, a float, an unsafe integer, a name or digest that is not
    of its form, a ``seq`` that does not fit the case, and for too many bytes.
    """
    if at.tzinfo is None:
        raise BadInput(f"The instant {at} of a ledger entry has no zone.", next="Pass an aware datetime.")
    plain = {_name(name): _plain(name, value) for name, value in data.items()} if data else {}
    digests = {_name(name): _digest(name, value) for name, value in sealed.items()} if sealed else {}
    _check_place(case, seq, kind)
    entry = Entry(at.astimezone(UTC), case, plain, kind, digests, seq, 1)
    try:
        encoded = _ENCODER.encode(entry)
    except UnicodeEncodeError:
        raise _not_unicode(f"A value of the entry “{kind}”") from None
    if len(encoded) > MAX_ENTRY:
        raise BadInput(
            f"The entry “{kind}” would have {len(encoded):,} bytes; a ledger entry holds {MAX_ENTRY:,}.",
            next="Put long texts into sealed fields; the ledger keeps only their digests.",
        )
    return encoded


def decode(encoded: bytes) -> Entry:
    """Reads an entry back. Raises ``BadInput`` for anything that `encode` would not have written byte for byte."""
    if len(encoded) > MAX_ENTRY:
        raise _not_canonical(f"it has {len(encoded):,} bytes")
    try:
        entry = _DECODER.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_canonical(str(error)) from None
    if _ENCODER.encode(entry) != encoded:
        raise _not_canonical("its bytes are not in canonical form")
    _check_read(entry)
    return entry


def decode_lines(chunk: bytes) -> list[Entry]:
    """Reads many entries, each ended by a newline; ``b"".join`` of what `encode` gave plus newlines.

    Much faster than one by one. Raises ``BadInput`` as `decode` does, without saying which entry it was; whether the
    numbers fit the cases is left to the caller, who counts them anyway.
    """
    if len(chunk) > MAX_ENTRY and len(max(chunk.split(b"\n"), key=len)) > MAX_ENTRY:
        raise _not_canonical(f"it has more than {MAX_ENTRY:,} bytes")
    try:
        entries = _DECODER.decode_lines(chunk)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_canonical(str(error)) from None
    if _ENCODER.encode_lines(entries) != chunk:
        raise _not_canonical("its bytes are not in canonical form")
    if any([entry.at.tzinfo is not UTC for entry in entries]):  # noqa: C419 - a list is twice as fast here
        raise _not_canonical("its instant is not in UTC")
    return entries


def seal_digest(salt: bytes, value: str) -> str:
    """The hex digest that stands in a leaf for a text.

    It is SHA-256("forgeward/seal/1" ‖ length of the salt as one byte ‖ salt ‖ text in UTF-8). ``salt`` is 16 to 255
    random bytes, fresh for every field of every entry, so that equal texts give different digests and a destroyed
    salt leaves nothing to try guesses against. Raises ``BadInput`` for a salt of another length.
    """
    return seal_digests([Salted(salt, value)])[0]


class HasSalt(Protocol):
    """A text with its salt."""

    @property
    def salt(self) -> bytes: ...

    @property
    def value(self) -> str: ...


class Salted(NamedTuple):
    """A text with its salt, and nothing else."""

    salt: bytes
    value: str


def seal_digests(texts: Sequence[HasSalt]) -> list[str]:
    """`seal_digest` for many, fastest where all salts have one length."""
    lengths = {len(text.salt) for text in texts}
    if len(lengths) > 1:
        return [seal_digest(text.salt, text.value) for text in texts]
    try:
        beginning = _SEALS[lengths.pop()] if lengths else _SEALS[MIN_SALT]
        return beginning.hexdigests([text.salt + text.value.encode() for text in texts])
    except KeyError as error:
        raise BadInput(f"A salt of {error} bytes does not hide a text.", next="Use 16 random bytes a field.") from None
    except UnicodeEncodeError:
        raise _not_unicode("A text to be sealed") from None


def _check_place(case: str, seq: int, kind: str) -> None:
    if not _known(_KIND, kind):
        raise BadInput(f"“{kind}” is not the kind of an entry.", next="Write it as subject:thing in small letters.")
    if case and not _CASE.fullmatch(case):
        raise BadInput(f"“{case}” is not the id of a case.", next="Ids look like FW-7Q3KXM.")
    if not (0 < seq <= _MAX_INT if case else seq == 0):
        raise BadInput(
            f"Entry number {seq} does not fit the case “{case}”.",
            next="Entries of a case count from 1; an entry of no case has number 0.",
        )


def _check_read(entry: Entry) -> None:
    if entry.at.tzinfo is not UTC:
        raise _not_canonical("its instant is not in UTC")
    if (entry.seq == 0) is not (entry.case == ""):
        raise _not_canonical(f"number {entry.seq} does not fit the case “{entry.case}”")


@lru_cache(maxsize=4096)
def _known(pattern: re.Pattern[str], text: str) -> bool:
    """Kinds and names are few and come again and again."""
    return pattern.fullmatch(text) is not None


def _name(name: str) -> str:
    if not _known(_NAME, name):
        raise BadInput(f"“{name}” is not the name of a field.", next="Use small letters, digits, “_”, “-” and “.”.")
    return name


def _digest(name: str, value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise BadInput(f"The sealed field “{name}” is not a digest.", next="Make it with seal_digest(salt, value).")
    return value


def _plain(name: str, value: Plain | Sequence[str]) -> Plain:
    if value is None or isinstance(value, str | bool):
        return str.__str__(value) if isinstance(value, str) else value  # subclasses of str encode as plain text
    if isinstance(value, int) and -_MAX_INT <= value <= _MAX_INT:
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return [str.__str__(item) for item in value]
    raise BadInput(
        f"The field “{name}” of a ledger entry holds {value!r:.60}.",
        next="Use text, whole numbers up to 2^53, true, false, null or a list of texts; write other numbers as text.",
    )


def _not_unicode(what: str) -> BadInput:
    return BadInput(
        f"{what} is not valid Unicode (it holds half of a surrogate pair).",
        next="Replace what cannot be encoded before it is recorded.",
    )


def _not_canonical(why: str) -> BadInput:
    return BadInput(f"This is not a ledger entry: {why}.", next="Entries are read as they were written, byte for byte.")
