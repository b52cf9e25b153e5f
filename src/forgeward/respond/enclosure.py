"""Files that go along with a letter: which, how many, how large, and the line that binds each to history.

The line stands sealed in the case's change, so that its salted digest in the ledger fixes the very bytes that were sent
and no leaf holds a content address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from forgeward.errors import BadInput
from forgeward.respond.mail import one_line

MOST = 10  # files of one letter
LARGEST = 10 * 2**20  # bytes of all of them: with base64 and the mail around it, less than most servers' 20 MB
NAME = 150  # characters
_LINE = re.compile(
    r"(?P<sha256>[0-9a-f]{64}) (?P<size>\d{1,12}) (?P<type>[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}) (?P<name>.+)"
)


class Enclosure(msgspec.Struct, frozen=True):
    """One file: its name, its type as its first bytes show it, its size in bytes and the SHA-256 of its content."""

    name: str
    media_type: str
    size: int
    sha256: str

    @property
    def line(self) -> str:
        return f"{self.sha256} {self.size} {self.media_type} {self.name}"


def read_line(line: str) -> Enclosure:
    """What ``Enclosure.line`` wrote. Raises ``BadInput``."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadInput("A file's line does not read as one.", next="Attach the file again.")
    return Enclosure(found["name"], found["type"], int(found["size"]), found["sha256"])


def plain_name(written: str) -> str:
    """A name without folders, controls and directional overrides, never empty."""
    last = re.split(r"[/\\]", written)[-1]
    return one_line(last, NAME).strip(". ") or "file"


def check(sizes: Sequence[int]) -> None:
    """Raises ``BadInput`` for too many files, too many bytes, or an empty file."""
    if len(sizes) > MOST:
        raise BadInput(f"{len(sizes)} files are too many for one letter.", next=f"Send at most {MOST}.")
    if sum(sizes) > LARGEST:
        raise BadInput(
            f"The files have {sum(sizes) / 2**20:.1f} MB together.",
            next=f"Send at most {LARGEST // 2**20} MB; many mail servers take no more.",
        )
    if 0 in sizes:
        raise BadInput("One of the files is empty.", next="Look at it, then attach it again.")
