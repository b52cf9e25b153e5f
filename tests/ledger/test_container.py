"""A pack's container is a ZIP that every tool opens, and has one spelling."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger import container
from forgeward.ledger.container import Member, Reader, Writer

CONTENTS = {"checkpoint": b"text\n", "entries/00000.jsonl": b"x" * 200_000, "empty": b""}


def written(contents: dict[str, bytes] = CONTENTS) -> bytes:
    out = io.BytesIO()
    writer = Writer(out)
    for name, content in contents.items():
        writer.add(name, content)
    writer.close()
    return out.getvalue()


def read(packed: bytes) -> tuple[dict[str, bytes], list[str]]:
    complaints: list[str] = []
    reader = Reader(io.BytesIO(packed), complaints.append)
    return {name: reader.read(name, 1 << 20) for name in reader.members}, complaints


def test_every_tool_opens_it() -> None:
    """Python's zipfile finds the same members, intact, as plain files of 1980."""
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == CONTENTS
        for info in archive.infolist():
            assert (info.compress_type, info.date_time, info.extra) == (0, (1980, 1, 1, 0, 0, 0), b"")
            assert info.external_attr >> 16 == 0o100644


def test_what_is_written_is_read() -> None:
    """Members come back whole, and nothing is complained about."""
    assert read(written()) == (CONTENTS, [])
    assert written() == written()


def test_an_empty_container_is_read() -> None:
    """It has no members; that it is no pack is for others to say."""
    assert read(written({})) == ({}, [])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed + b"\x00",
        lambda packed: b"\x00" + packed,
        lambda packed: packed[:-1],
        lambda packed: packed[:-2] + b"\x01\x00" + b"c",
        lambda packed: packed[:20],
        lambda packed: b"",
        lambda packed: b"not a zip file at all, but long enough for an end record",
        lambda packed: packed + packed,
        lambda packed: packed.replace(b"PK\x01\x02", b"PK\x01\x03"),
        lambda packed: packed[:-10] + b"\xff\xff\xff\xff" + packed[-6:],
        lambda packed: packed[:-12] + b"\xff\xff" + packed[-10:],
    ],
)
def test_other_bytes_are_refused(spoil) -> None:
    """Bytes before, after or in the directory: there is one canonical file, and this is not it."""
    with pytest.raises(VerificationFailed, match="not a pack"):
        read(spoil(written()))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_another_tool_packed_is_refused(compression: int) -> None:
    """The same members with other dates, sizes or flags are another file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in CONTENTS.items():
            archive.writestr(name, content)
    with pytest.raises(VerificationFailed):
        read(out.getvalue())


def test_a_name_that_stands_twice_is_refused() -> None:
    """Else two tools could read two different members."""
    out = io.BytesIO()
    writer = Writer(out)
    writer.add("seal", b"one")
    writer.add("seal", b"two")
    writer.close()
    with pytest.raises(VerificationFailed, match="twice"):
        read(out.getvalue())


def test_an_altered_member_is_named_and_the_others_are_read() -> None:
    """Content and local headers are complained about; the reading goes on."""
    packed = written()
    for where in (packed.index(b"text") + 1, 5):
        spoilt = bytearray(packed)
        spoilt[where] ^= 1
        contents, complaints = read(bytes(spoilt))
        assert complaints == ["checkpoint was altered after the pack was sealed"]
        assert contents["entries/00000.jsonl"] == CONTENTS["entries/00000.jsonl"]


def test_a_member_that_is_too_long_is_not_read() -> None:
    """A hostile size takes no memory."""
    complaints: list[str] = []
    reader = Reader(io.BytesIO(written()), complaints.append)
    assert reader.read("entries/00000.jsonl", 1_000) == b""
    assert complaints == ["entries/00000.jsonl has 200,000 bytes; 1,000 are allowed"]


def test_chunks_hold_whole_lines() -> None:
    """Lines are not cut, whatever their length against the block; none longer than the limit is collected."""
    lines = [b"%d" % n * (n % 50 + 1) for n in range(20_000)]
    complaints: list[str] = []
    reader = Reader(io.BytesIO(written({"lines": b"\n".join(lines) + b"\n"})), complaints.append)
    chunks = list(reader.chunks("lines", 10_000))
    assert len(chunks) > 3
    assert all(chunk.endswith(b"\n") for chunk in chunks)
    assert b"".join(chunks)[:-1].split(b"\n") == lines
    reader = Reader(io.BytesIO(written({"long": b"x" * 500_000, "open": b"a\nb"})), complaints.append)
    assert list(reader.chunks("long", 100_000)) == []
    assert list(reader.chunks("open", 100_000)) == [b"a\n", b"b\n"]
    assert complaints == ["long has a line of more than 100,000 bytes", "open does not end with a newline"]


def test_zip64_stands_where_an_offset_needs_it(tmp_path: Path) -> None:
    """Beyond 4 GiB (a sparse file of 5) other tools find the members, and our reader the same."""
    members, offset = [], 0
    for name, size in (("a", 0xFFFF_FFF0), ("b", 1 << 30), ("c", 3)):
        members.append(Member(name, size, 0, offset))
        offset = members[-1].end
    file = tmp_path / "large"
    with file.open("wb") as out:
        for member in members:
            out.seek(member.offset)
            out.write(container.local_header(member))
        out.seek(offset)
        out.write(container.directory(members))
    with zipfile.ZipFile(file) as archive:
        assert [(i.filename, i.file_size, i.header_offset) for i in archive.infolist()] == [
            (m.name, m.size, m.offset) for m in members
        ]
    with file.open("rb") as packed:
        assert list(Reader(packed, print).members.values()) == members
    with file.open("r+b") as packed:
        packed.seek(-42, 2)
        packed.write(b"\x01")
        with pytest.raises(VerificationFailed):
            Reader(packed, print)


def test_a_member_of_4_gib_is_not_written() -> None:
    """Parts are small; a single document of that size is refused before anything is written."""

    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 32

    with pytest.raises(BadInput):
        Writer(io.BytesIO()).add("huge", Huge())
