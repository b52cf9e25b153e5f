"""Raw mails from where they lie: one file, standard input, an mbox, a Maildir, a folder of .eml files.

Everything is yielded in a fixed order, one mail at a time; what cannot be read is yielded as an `Unreadable` with a
sentence, and the rest goes on. Nothing is parsed here but the lines that part an mbox.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

MAIL_LIMIT = 256 * 2**20  # bytes of one mail; larger ones are named, not taken
_SUFFIXES = frozenset({".eml", ".msg", ".mail", ".mbox", ".mbx"})
# mboxrd's separator: “From sender Sat Jan  3 01:05:34 1996”, after a blank line. Prose that begins with “From ” has
# no time of day and no year, so it stays where it is.
_SEPARATOR = re.compile(rb"From \S.*[ :]\d\d:\d\d.*\b\d{4}\b")
_SEPARATOR_LIMIT = 512  # bytes; the pattern is quadratic in them
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
_PIECE = 2**20  # bytes of one line that are read at once
_QUOTED = re.compile(rb">+From ")


class RawMail(msgspec.Struct, frozen=True):
    """A mail as it lay there. ``name`` says where: a path, ``-`` for standard input, ``PATH:3`` for an mbox's third."""

    name: str
    raw: bytes


class Unreadable(msgspec.Struct, frozen=True):
    """Something that could not be taken; ``reason`` is a sentence."""

    name: str
    reason: str


Source: TypeAlias = RawMail | Unreadable


def read_sources(names: Iterable[str | Path], stdin: BinaryIO | None = None) -> Iterator[Source]:
    """All mails of the named files and folders; ``-`` is standard input. Files are read when reached."""
    for name in names:
        if str(name) == "-":
            yield from _guarded("-", stdin or sys.stdin.buffer)
            continue
        path = Path(name)
        try:
            if path.is_dir():
                yield from _folder(path)
            else:
                yield from _file(path)
        except OSError as problem:
            yield Unreadable(_shown(name), f"It cannot be read: {problem.strerror or problem}.")


def _folder(folder: Path) -> Iterator[Source]:
    """A Maildir's ``cur`` and ``new`` (never ``tmp``: still being written), else the mail files right in it."""
    boxes = [folder / box for box in ("cur", "new") if (folder / box).is_dir()]
    if boxes:
        found = [each for box in boxes for each in box.iterdir() if not each.name.startswith(".")]
        for path in sorted(found, key=lambda each: each.name):  # names begin with the time of delivery
            yield from _regular(path)
        return
    shown = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    mails = [each for each in shown if each.suffix.lower() in _SUFFIXES]
    for path in mails:
        yield from _regular(path)
    if others := [each.name for each in shown if each not in set(mails)]:
        listed = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        yield Unreadable(
            _shown(folder), f"{len(others)} in it were left alone, since they are not named .eml: {listed}."
        )


def _regular(path: Path) -> Iterator[Source]:
    """A file found in a folder: a pipe or a device there could hang the reader, so only regular files are opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            yield Unreadable(_shown(path), "It is not a regular file.")
            return
        yield from _file(path)
    except OSError as problem:
        yield Unreadable(_shown(path), f"It cannot be read: {problem.strerror or problem}.")


def _file(path: Path) -> Iterator[Source]:
    with path.open("rb") as stream:
        yield from _guarded(_shown(path), stream)


def _guarded(name: str, stream: BinaryIO) -> Iterator[Source]:
    first = stream.readline(MAIL_LIMIT + 1)
    if _is_separator(first):
        yield from _mbox(name, stream)
        return
    raw = first + stream.read(MAIL_LIMIT + 1 - len(first))
    yield _limited(name, raw)


def _mbox(name: str, stream: BinaryIO) -> Iterator[Source]:
    """The mails behind the first separator line, which has been read. ``>From`` loses one ``>`` (mboxrd)."""
    number, lines, size = 1, list[bytes](), 0
    for line, begins in _parted(stream):
        if begins:
            yield _one_of(name, number, lines, size)
            number, lines, size = number + 1, [], 0
            continue
        size += len(line)
        if size <= MAIL_LIMIT:
            lines.append(line)
        else:
            lines.clear()
    yield _one_of(name, number, lines, size)


def _parted(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Each line, unquoted, and whether it is a separator: after a blank line and before a header field."""
    at_start, after_blank, held = True, False, b""
    while line := stream.readline(_PIECE):
        if held:
            yield held, _FIELD.match(line) is not None
            held = b""
        if at_start and after_blank and _is_separator(line):
            held = line
            after_blank = False
            continue
        yield (line[1:] if at_start and _QUOTED.match(line) else line), False
        after_blank = at_start and not line.strip(b"\r\n")
        at_start = line.endswith(b"\n")
    if held:
        yield held, False


def _is_separator(line: bytes) -> bool:
    return len(line) < _SEPARATOR_LIMIT and _SEPARATOR.match(line) is not None


def _one_of(name: str, number: int, lines: list[bytes], size: int) -> Source:
    """The blank line before the next separator belongs to the mbox, not to the mail."""
    if size > MAIL_LIMIT:
        return _too_large(f"{name}:{number}")
    if len(lines) > 1 and not lines[-1].strip(b"\r\n"):
        lines.pop()
    return _limited(f"{name}:{number}", b"".join(lines))


def _limited(name: str, raw: bytes) -> Source:
    if len(raw) > MAIL_LIMIT:
        return _too_large(name)
    return RawMail(name, raw) if raw.strip() else Unreadable(name, "It is empty.")


def _too_large(name: str) -> Unreadable:
    return Unreadable(name, f"It is larger than {MAIL_LIMIT // 2**20} MB; send it in by another way.")


def _shown(path: str | Path) -> str:
    """A path as text that can be stored: names on disk need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")
