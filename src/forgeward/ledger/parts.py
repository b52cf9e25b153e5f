"""Reads the entries of a pack part by part, and names what is wrong with them.

Parts follow each other but do not need each other, so a second process can read the later ones (`check_share`). It only
ever says that all is well with its share, and what the next reader has to know; where anything is odd it says nothing,
and the one who asked reads that share too, from its first line, and finds the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from forgeward.errors import VerificationFailed
from forgeward.ledger.align import Aligner, Placed, Verdict
from forgeward.ledger.climb import Run
from forgeward.ledger.container import Reader
from forgeward.ledger.content import Content, Counted
from forgeward.ledger.entry import MAX_ENTRY
from forgeward.ledger.pack import ENCODER, MAX_DISCLOSED, PART, Manifest, Opened, part_names
from forgeward.ledger.runs import Runs
from forgeward.ledger.tree import HASH_SIZE, leaf_hashes

MAX_SHORT = 2 * MAX_ENTRY  # bytes of an entry's line that is taken into memory to be named
MAX_RUNS = 64 << 20
MAX_MANIFEST = 4 << 20
_MAX_LINE = 6 * MAX_DISCLOSED + 1024  # every character of a text may be escaped as six bytes
_OPENED = msgspec.json.Decoder(Opened)
_SAID = {
    Verdict.ALTERED: "the entry was altered: it does not have the leaf hash that was signed",
    Verdict.MISSING: "the entry is missing",
    Verdict.EXTRA: "an entry that the ledger does not have stands before this one",
    Verdict.DOUBLED: "the entry stands twice",
    Verdict.MOVED: "the entry stands in the wrong place",
}


class Parts:
    """The parts from number ``first`` on. ``wrong`` are leaves whose hashes were found not to be those signed."""

    def __init__(
        self,
        reader: Reader,
        manifest: Manifest,
        runs: Runs,
        content: Content,
        fault: Callable[[int | None, str], None],
        complain: Callable[[str], None],
        *,
        first: int = 0,
        wrong: Sequence[Run] = (),
    ) -> None:
        self._reader, self._runs, self._content = reader, runs, content
        self._fault, self._complain, self._wrong = fault, complain, wrong
        self._aligner = Aligner(leaves(reader, manifest, first), first * PART)
        self.entries = 0

    @property
    def idle(self) -> bool:
        """Whether every line so far was decided."""
        return self._aligner.idle

    def read(self, number: int, *, last: bool) -> None:
        """The next part; with the ``last`` one, what never came is named."""
        entries, _, disclosed = part_names(number)
        content, aligner = self._content, self._aligner
        content.begin_part(self._opened(disclosed) if disclosed in self._reader.members else iter(()))
        for chunk in self._reader.chunks(entries, MAX_SHORT):
            lines = chunk.split(b"\n")
            lines.pop()  # what follows the last newline: nothing
            hashes = leaf_hashes(lines)
            at = aligner.match(hashes)
            if at is None:
                self._place(aligner.add(hashes, lines))
            else:
                content.check(self._runs.indexes(at, len(lines)), chunk)
                self.entries += len(lines)
        if last:
            self._place(aligner.finish())
        content.end_part()

    def _place(self, placed: Iterator[Placed]) -> None:
        for verdict, ordinal, line in placed:
            index = self._runs.index(ordinal)
            if verdict is Verdict.ALTERED and any(run.first <= index < run.end for run in self._wrong):
                self._fault(index, "the entry or its leaf hash was altered")
            elif verdict is not Verdict.RIGHT:
                self._fault(index, _SAID[verdict])
            if verdict in {Verdict.RIGHT, Verdict.MOVED}:
                self._content.check([index], line + b"\n")
                self.entries += 1

    def _opened(self, name: str) -> Iterator[list[Opened]]:
        for chunk in self._reader.chunks(name, _MAX_LINE):
            try:
                opened = _OPENED.decode_lines(chunk)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self._complain(f"{name} cannot be read: {error}")
                return
            if ENCODER.encode_lines(opened) != chunk:
                self._complain(f"{name} is not canonical")
            if opened:
                yield opened


def count(manifest: Manifest) -> int:
    """How many parts the pack has."""
    return -(-manifest.entries // PART)


def leaves(reader: Reader, manifest: Manifest, first: int = 0) -> Iterator[bytes]:
    """The leaf hashes of each part. Raises ``VerificationFailed`` for a part that has more or fewer."""
    for number in range(first, count(manifest)):
        name = part_names(number)[1]
        size = min(PART, manifest.entries - number * PART) * HASH_SIZE
        if reader.members[name].size != size:
            raise VerificationFailed(f"{name} has {reader.members[name].size:,} bytes, not {size:,}.")
        yield reader.read(name, size)


def read_runs(reader: Reader) -> Runs:
    """The pack's runs. Raises ``VerificationFailed`` where they do not read."""
    runs = Runs()
    if reader.members["runs.jsonl"].size > MAX_RUNS:
        raise VerificationFailed("runs.jsonl is too large to be read.")
    for chunk in reader.chunks("runs.jsonl", MAX_SHORT):
        runs.add(chunk)
    return runs


def check_share(file: Path, first: int) -> Counted | None:
    """All parts from ``first`` on, in a process of their own: what was counted where all is well, else None."""
    odd: list[object] = []

    def note(*what: object) -> None:
        odd.append(what)

    try:
        with file.open("rb") as opened:
            reader = Reader(opened, note)
            manifest = msgspec.json.decode(reader.read("manifest.json", MAX_MANIFEST), type=Manifest)
            reader.digests = {each.name: each.sha256 for each in manifest.files}
            content = Content(manifest.scope, note, later=True)
            parts = Parts(reader, manifest, read_runs(reader), content, note, note, first=first)
            for number in range(first, count(manifest)):
                parts.read(number, last=number == count(manifest) - 1)
                if odd:
                    return None
            return content.counted(parts.entries)
    except (OSError, VerificationFailed, msgspec.DecodeError, KeyError):
        return None  # whoever asked reads the share too, and tells
