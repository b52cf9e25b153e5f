"""Entries: one spelling, nothing personal, nothing that other readers would read differently."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.ledger import entry
from forgeward.vocabulary import Severity

AT = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
VALUES = st.one_of(TEXTS, st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.none(), st.lists(TEXTS, max_size=4))


def encode(**changed: object) -> bytes:
    fields = {"at": AT, "case": "FW-7Q3KXM", "seq": 3, "kind": "case:assessed"} | changed
    return entry.encode(**fields)  # type: ignore[arg-type]


def test_the_bytes_are_those_of_the_documentation() -> None:
    """Sorted keys, no blanks, UTC: the bytes never change between versions."""
    encoded = encode(data={"level": "high", "affected": ["1.2"], "score": 9}, sealed={"scope": "0" * 64})
    assert encoded == (
        b'{"at":"2026-11-23T10:20:00Z","case":"FW-7Q3KXM","data":{"affected":["1.2"],"level":"high","score":9},'
        b'"kind":"case:assessed","sealed":{"scope":"' + b"0" * 64 + b'"},"seq":3,"v":1}'
    )


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.datetimes(timezones=st.just(UTC)))
def test_what_is_encoded_is_read_back_and_encodes_the_same(data: dict[str, entry.Plain], at: datetime) -> None:
    """decode is the inverse of encode, whatever the values."""
    encoded = encode(data=data, at=at)
    read = entry.decode(encoded)
    assert read.data == data
    assert read.at == at
    assert encode(data=read.data, at=read.at) == encoded
    assert entry.decode_lines(encoded + b"\n" + encoded + b"\n") == [read, read]


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_json_reader_reads_the_same_values(data: dict[str, entry.Plain]) -> None:
    """The bytes are plain JSON; Python's own reader gives the same."""
    assert json.loads(encode(data=data))["data"] == data


def test_an_instant_is_written_in_utc_whatever_its_zone() -> None:
    """Two spellings of one instant give one entry."""
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert encode(at=there) == encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the case
        {"kind": "assessed"},
        {"kind": "Case:Assessed"},
        {"case": "FW 7Q"},
        {"case": ""},
        {"seq": 0},
        {"seq": -1},
        {"case": "", "seq": 1},
        {"data": {"score": 9.8}},
        {"data": {"n": 2**53}},
        {"data": {"nested": {"a": 1}}},
        {"data": {"list": [1]}},
        {"data": {"Name": "x"}},
        {"data": {"é": "x"}},
        {"data": {"text": "\ud800"}},
        {"data": {"text": "x" * entry.MAX_ENTRY}},
        {"sealed": {"scope": "not a digest"}},
        {"sealed": {"scope": "A" * 64}},
    ],
)
def test_what_is_not_an_entry_is_refused(changed: dict[str, object]) -> None:
    """Each refusal is a sentence with what to do."""
    with pytest.raises(BadInput) as refused:
        encode(**changed)
    assert refused.value.next


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"at"', b'{ "at"'),
        (b'"seq":3', b'"seq":3.0'),
        (b'"seq":3', b'"seq":0'),
        (b'"seq":3', b'"seq":-3'),
        (b'"seq":3', b'"seq":3,"seq":3'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"x":1'),
        (b"10:20:00Z", b"10:20:00.000000Z"),
        (b"10:20:00Z", b"11:20:00+01:00"),
        (b'"level":"high"', b'"level":"hi\\u0067h"'),
        (b'"level":"high"', b'"level":"high","aa":"b"'),
        (b'"level":"high"', b'"level":1.5'),
        (b'"level":"high"', b'"level":"hi\xffgh"'),
        (b'"v":1}', b'"v":1'),
        (b'"v":1}', b'"v":1}\n'),
    ],
)
def test_bytes_that_encode_would_not_have_written_are_refused(old: bytes, new: bytes) -> None:
    """There is one spelling of every entry; all others are refused, alone and in bulk."""
    encoded = encode(data={"level": "high"}, sealed={"scope": "0" * 64})
    assert old in encoded
    changed = encoded.replace(old, new)
    with pytest.raises(BadInput):
        entry.decode(changed)
    if b'"seq":0' not in new:  # in bulk the caller counts
        with pytest.raises(BadInput):
            entry.decode_lines(changed + b"\n")


def test_an_entry_that_is_too_long_is_refused_when_read() -> None:
    """Memory is bounded by the longest entry."""
    encoded = encode(data={"text": "x" * 60_000}).replace(b"xxx", b"yyyyyy")
    with pytest.raises(BadInput):
        entry.decode(encoded)
    with pytest.raises(BadInput):
        entry.decode_lines(encoded + b"\n")


def test_the_sealed_digest_is_that_of_the_documentation() -> None:
    """SHA-256 of domain, length of the salt, salt, text: outsiders can compute it."""
    salt = bytes(range(16))
    assert entry.seal_digest(salt, "Zoë") == sha256(b"forgeward/seal/1\x10" + salt + "Zoë".encode()).hexdigest()


def test_equal_texts_with_other_salts_have_other_digests() -> None:
    """Nobody can see that two entries hold the same text, nor move bytes between salt and text."""
    digests = [entry.seal_digest(bytes([n]) * 16, "yes") for n in range(8)]
    digests += [entry.seal_digest(b"\x00" * 16 + b"y", "es"), entry.seal_digest(b"\x00" * 16, "es")]
    assert len(set(digests)) == len(digests)


def test_texts_of_other_types_are_plain_text() -> None:
    """Enumerations and marked-up strings are written as what they say."""

    class Marked(str):
        def __str__(self) -> str:
            return "other"

    assert encode(data={"level": Severity.HIGH, "seen": (Marked("a"),)}) == encode(
        data={"level": "high", "seen": ["a"]}
    )
    assert encode(data={"level": Marked("high")}) == encode(data={"level": "high"})


def test_half_a_surrogate_pair_is_not_sealed() -> None:
    """It has no UTF-8, so nobody could compute the digest."""
    with pytest.raises(BadInput, match="Unicode"):
        entry.seal_digest(bytes(16), "\ud800")


@pytest.mark.parametrize("length", [0, 15, 256])
def test_a_salt_of_the_wrong_length_is_refused(length: int) -> None:
    """Less than 128 bits would not hide a short text."""
    with pytest.raises(BadInput):
        entry.seal_digest(bytes(length), "text")
