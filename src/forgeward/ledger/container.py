"""The one way in which a pack may be a ZIP file: every byte follows from the members' names and contents.

Members are stored (not compressed), one after the other from the first byte on, without extra fields, comments, gaps or
varying dates. A reader rebuilds headers and directory from what it found and refuses a file that has other bytes.
Zip64 stands only where an offset or a count does not fit without it.

Source: APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16, 4.5.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from forgeward.errors import BadInput, VerificationFailed

BLOCK = 1 << 15
"""Bytes that are read at once: a hundred entries or so, which decode fastest while they fit the processor's cache."""

MAX_DIRECTORY = 8 << 20
"""Bytes of directory that a reader takes into memory: room for packs of about 150 million entries."""

_LIMIT_32 = 0xFFFF_FFFF
_LIMIT_16 = 0xFFFF
_DATE = 0x0021  # 1 January 1980, the first that the format can say
_MADE_BY = 3 << 8 | 20  # Unix
_MODE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_OFFSET64 = struct.Struct("<2HQ")


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside: ``size`` in bytes, CRC-32, and where its local header begins."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def start(self) -> int:
        """Where the content begins."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where the next member begins."""
        return self.start + self.size


def local_header(member: Member) -> bytes:
    """The bytes before a member's content."""
    name = member.name.encode("ascii")
    fields = (b"PK\x03\x04", _version(member), 0, 0, 0, _DATE, member.crc, member.size, member.size, len(name), 0)
    return _LOCAL.pack(*fields) + name


def directory(members: Sequence[Member]) -> bytes:
    """The bytes after the last member: directory, Zip64 end where needed, end record."""
    start = members[-1].end if members else 0
    entries = b"".join(map(_central, members))
    end = b""
    if len(members) >= _LIMIT_16 or start >= _LIMIT_32:
        count = len(members)
        end = _END64.pack(b"PK\x06\x06", 44, _MADE_BY, 45, 0, 0, count, count, len(entries), start)
        end += _LOCATOR.pack(b"PK\x06\x07", 0, start + len(entries), 1)
    count = min(len(members), _LIMIT_16)
    end += _END.pack(b"PK\x05\x06", 0, 0, count, count, len(entries), min(start, _LIMIT_32), 0)
    return entries + end


class Writer:
    """Writes members one after the other; needs no seeking, so ``out`` may be a pipe."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._members: list[Member] = []

    def add(self, name: str, content: bytes) -> None:
        """Appends one member of less than 4 GiB."""
        if len(content) >= _LIMIT_32:
            raise BadInput(f"{name} would have {len(content):,} bytes.", next="Pack a shorter period.")
        offset = self._members[-1].end if self._members else 0
        member = Member(name, len(content), zlib.crc32(content), offset)
        self._out.write(local_header(member))
        self._out.write(content)
        self._members.append(member)

    def close(self) -> None:
        """Writes the directory. The stream stays open."""
        self._out.write(directory(self._members))


class Reader:
    """Reads members of a canonical container from a seekable stream.

    Raises ``VerificationFailed`` at once for a file whose directory has other bytes than it should. What is wrong with
    a single member goes to ``complain`` and the reading goes on, so that a verifier can name everything.
    """

    def __init__(self, file: BinaryIO, complain: Callable[[str], None]) -> None:
        self._file = file
        self._complain = complain
        self.digests: Mapping[str, str] = {}
        """SHA-256 (hex) that members must have, once a manifest has told."""
        self.members = {member.name: member for member in _read_directory(file, file.seek(0, 2))}

    def read(self, name: str, limit: int) -> bytes:
        """A member's whole content; nothing, with a complaint, when it is longer than ``limit`` bytes."""
        member = self.members[name]
        if member.size > limit:
            self._complain(f"{name} has {member.size:,} bytes; {limit:,} are allowed")
            return b""
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A member's content in pieces of `BLOCK` bytes; complains at the end if header, CRC-32 or SHA-256 differ."""
        member = self.members[name]
        header = local_header(member)
        self._file.seek(member.offset)
        intact = self._file.read(len(header)) == header
        crc, position = 0, member.start
        wanted, digest = self.digests.get(name), sha256()
        while position < member.end:
            self._file.seek(position)
            block = self._file.read(min(BLOCK, member.end - position))
            if not block:
                break
            crc, position = zlib.crc32(block, crc), position + len(block)
            if wanted:
                digest.update(block)
            yield block
        if not intact or crc != member.crc or wanted not in {None, digest.hexdigest()}:
            self._complain(f"{name} was altered after the pack was sealed")

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """A member of lines, in pieces of whole lines, about `BLOCK` bytes each.

        Complains about a last line without newline (and gives it one), and stops at a line longer than ``limit`` bytes.
        """
        rest = b""
        for block in self.blocks(name):
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block
            if len(rest) > limit:
                self._complain(f"{name} has a line of more than {limit:,} bytes")
                return
        if rest:
            self._complain(f"{name} does not end with a newline")
            yield rest + b"\n"


def _version(member: Member) -> int:
    return 45 if member.offset >= _LIMIT_32 else 10


def _central(member: Member) -> bytes:
    name = member.name.encode("ascii")
    extra = _OFFSET64.pack(1, 8, member.offset) if member.offset >= _LIMIT_32 else b""
    sizes = (member.crc, member.size, member.size, len(name), len(extra), 0, 0, 0, _MODE)
    fields = (b"PK\x01\x02", _MADE_BY, _version(member), 0, 0, 0, _DATE, *sizes, min(member.offset, _LIMIT_32))
    return _CENTRAL.pack(*fields) + name + extra


def _read_directory(file: BinaryIO, length: int) -> list[Member]:
    start = _directory_start(file, length)
    if not 0 <= start <= length - _END.size or length - start > MAX_DIRECTORY:
        raise _refused("its directory is not where it should be")
    file.seek(start)
    tail = file.read(length - start)
    members = _parse(tail)
    if directory(members) != tail or (members[-1].end if members else 0) != start:
        raise _refused("its directory is not canonical")
    if len({member.name for member in members}) != len(members):
        raise _refused("it holds one name twice")
    return members


def _directory_start(file: BinaryIO, length: int) -> int:
    if length < _END.size:
        raise _refused("it is too short")
    file.seek(length - _END.size)
    fields = _END.unpack(file.read(_END.size))
    if fields[0] != b"PK\x05\x06":
        raise _refused("it does not end as a ZIP file without comment does")
    if fields[3] != _LIMIT_16 and fields[6] != _LIMIT_32:
        return int(fields[6])
    file.seek(max(0, length - _END.size - _LOCATOR.size - _END64.size))
    record = file.read(_END64.size)
    if len(record) != _END64.size or record[:4] != b"PK\x06\x06":
        raise _refused("its Zip64 record is missing")
    return int(_END64.unpack(record)[9])


def _parse(tail: bytes) -> list[Member]:
    """Members from the directory's records; whatever is odd shows when the bytes are rebuilt."""
    members, position, offset = list[Member](), 0, 0
    while tail[position : position + 4] == b"PK\x01\x02" and position + _CENTRAL.size <= len(tail):
        fields = _CENTRAL.unpack_from(tail, position)
        position += _CENTRAL.size
        try:
            name = tail[position : position + fields[10]].decode("ascii")
        except UnicodeDecodeError:
            raise _refused("a name in it is not ASCII") from None
        member = Member(name, fields[8], fields[7], offset)
        position, offset = position + fields[10] + fields[11], member.end
        members.append(member)
    return members


def _refused(why: str) -> VerificationFailed:
    return VerificationFailed(
        f"This file is not a pack: {why}.", next="Use the file as it was written; fetch it again from its source."
    )
