"""Verifies a pack without the house that wrote it: no database, no network, memory that does not grow with the pack.

1. The file is the one canonical container of its members (`container`).
2. The seal is signed, the manifest is the sealed one, the members are those that it and the format ask for.
3. The checkpoint is signed by the same ledger and says what the manifest says.
4. Leaf hashes, cover and windows climb to the checkpoint's root, and pass an older checkpoint's root on the way.
5. Every entry has its leaf hash; lines that are altered, missing, extra, doubled or out of place are named.
6. Every entry is canonical; the entries of a case are numbered without a gap; the scope is what it says.
7. Every disclosed text, with its salt, gives the digest that stands in its entry.
8. The policies are those that the packed entries put in force.

Everything that is wrong becomes a `Fault`; only a file or a key that cannot be read at all is an error.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.align import Aligner, Placed, Verdict
from forgeward.ledger.checkpoint import Checkpoint, Note, VerifierKey
from forgeward.ledger.climb import Climb, Run
from forgeward.ledger.container import Reader
from forgeward.ledger.content import Content
from forgeward.ledger.entry import MAX_ENTRY
from forgeward.ledger.pack import ENCODER, MAX_DISCLOSED, PART, Manifest, Opened, Scope, part_names, seal_text
from forgeward.ledger.tree import HASH_SIZE

MAX_FAULTS = 10_000
_MAX_SMALL = 1 << 20
_MAX_SHORT = 2 * MAX_ENTRY  # bytes of an entry's line that is taken into memory to be named
_MAX_MANIFEST = 4 << 20
_MAX_RUNS = 64 << 20
_MAX_LINE = 6 * MAX_DISCLOSED + 1024  # every character of a text may be escaped as six bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: ``seq`` is the leaf index of the entry, None where it is not about one entry."""

    seq: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. ``ok`` needs a signer that the caller knows and no fault at all."""

    ok: bool
    signer: Literal["known", "unknown"]
    entries: int
    checkpoint: Checkpoint | None
    scope: Scope | None
    problems: tuple[Fault, ...]


def verify(
    file: BinaryIO | Path,
    *,
    key: str | None = None,
    since: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Verifies the pack in ``file`` (a path or a seekable stream).

    ``key`` is the text of the ledger's verifier key, from a source that is not the pack; without it nothing can be
    ok. ``since`` is an older checkpoint (signed note) that the pack's must extend. ``progress`` is called with the
    entries verified so far and their number. Raises ``BadInput`` for a file, key or older checkpoint that cannot be
    read; whatever the file holds ends in the report.
    """
    known = VerifierKey.parse(key) if key else None
    older = Checkpoint.parse_unverified(Note.parse(since).text) if since else None
    if isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                return verify(opened, key=key, since=since, progress=progress)
        except OSError as error:
            raise BadInput(f"{file} cannot be read: {error.strerror}.", next="Name a pack that you may read.") from None
    verification = _Verification(known, progress or (lambda done, total: None))
    try:
        verification.run(file, older, since)
    except VerificationFailed as error:
        verification.fault(None, str(error))
    return verification.report()


class _Verification:
    """One run: collects faults while the steps go on as far as they can."""

    def __init__(self, known: VerifierKey | None, progress: Callable[[int, int], None]) -> None:
        self._known = known
        self._progress = progress
        self._faults: list[Fault] = []
        self._more = 0
        self._complaints: set[str] = set()
        self._signed = known is not None
        self._wrong: list[Run] = []
        self._entries = 0
        self._checkpoint: Checkpoint | None = None
        self._scope: Scope | None = None

    def fault(self, seq: int | None, what: str) -> None:
        """Notes what is wrong; beyond `MAX_FAULTS` only their number."""
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(Fault(seq, what))
        else:
            self._more += 1

    def report(self) -> Report:
        """What was found."""
        if self._more:
            self._faults.append(Fault(None, f"{self._more:,} more problems are not listed"))
        faults = tuple(self._faults)
        signer: Literal["known", "unknown"] = "known" if self._signed else "unknown"
        return Report(self._signed and not faults, signer, self._entries, self._checkpoint, self._scope, faults)

    def run(self, file: BinaryIO, older: Checkpoint | None, since: str | None) -> None:
        """The steps of the module's docstring."""
        reader = Reader(file, self._complain)
        manifest = self._read_manifest(reader)
        checkpoint = self._read_checkpoint(reader, manifest)
        runs = self._read_runs(reader, manifest)
        mark = self._older_size(older, since, checkpoint)
        marked = self._climb(reader, manifest, checkpoint, runs, mark)
        if older and mark and marked != older.root:
            self._refuse_history(older, marked)
        content = Content(manifest.scope, self.fault)
        self._read_entries(reader, manifest, runs, content)
        self._read_files(reader, manifest, content.policies)

    def _complain(self, what: str) -> None:
        if what not in self._complaints:
            self._complaints.add(what)
            self.fault(None, what)

    def _read_manifest(self, reader: Reader) -> Manifest:
        if not {"manifest.json", "seal", "checkpoint"} <= reader.members.keys():
            raise VerificationFailed("This ZIP file is not a pack: it has no manifest, seal or checkpoint.")
        encoded, sealed = reader.read("manifest.json", _MAX_MANIFEST), reader.read("seal", _MAX_SMALL)
        try:
            manifest = msgspec.json.decode(encoded, type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise VerificationFailed(f"The manifest cannot be read: {error}.") from None
        self._scope = manifest.scope
        if ENCODER.encode(manifest) != encoded:
            self.fault(None, "manifest.json is not canonical")
        note = self._note(sealed, "seal")
        if note.text != seal_text(encoded) or len(note.signatures) != 1:
            self.fault(None, "the seal is not of this manifest")
        self._require_signature(note, "seal", manifest)
        reader.digests = {file.name: file.sha256 for file in manifest.files}
        self._require_layout(reader, manifest)
        return manifest

    def _note(self, encoded: bytes, what: str) -> Note:
        try:
            return Note.parse(encoded)
        except BadInput as error:
            raise VerificationFailed(f"{what}: {error}") from None

    def _require_signature(self, note: Note, what: str, manifest: Manifest) -> None:
        """By the key that the caller knows; without one, by a key that the manifest claims, which proves no signer."""
        try:
            keys = [self._known] if self._known else [VerifierKey.parse(text) for text in manifest.keys]
            signed = bool(note.signed_by(keys))
        except (BadInput, VerificationFailed) as error:
            self.fault(None, f"{what}: {error}")
            signed = False
        else:
            if not signed:
                name = f"{self._known.name} (key {self._known.hash.hex()})" if self._known else "the key that it names"
                self.fault(None, f"{what} is not signed by {name}")
        self._signed = self._signed and signed

    def _require_layout(self, reader: Reader, manifest: Manifest) -> None:
        """The members are those of the format, in its order, and those that the manifest lists."""
        listed = [file.name for file in manifest.files]
        head = [name for name in listed if not name.startswith("disclosed/")]
        disclosed = [name for name in listed if name.startswith("disclosed/")]
        documents = sorted(name for name in head if name.startswith("documents/"))
        expected = ["checkpoint", *sorted(name for name in head if name.startswith("policy/")), *documents]
        inside = list(reader.members)
        if listed != [*expected, *disclosed] or len(inside) * PART < manifest.entries:
            raise VerificationFailed("The manifest does not list its files as the format asks.")
        for number in range(-(-manifest.entries // PART)):
            entries, leaves, opened = part_names(number)
            expected += [entries, leaves, opened] if opened in reader.digests else [entries, leaves]
        expected += ["runs.jsonl", "cover.bin", "windows.bin", "manifest.json", "seal"]
        if inside != expected:
            raise VerificationFailed("The files in the pack are not those that its manifest and the format ask for.")

    def _read_checkpoint(self, reader: Reader, manifest: Manifest) -> Checkpoint:
        note = self._note(reader.read("checkpoint", _MAX_SMALL), "checkpoint")
        self._require_signature(note, "checkpoint", manifest)
        try:
            checkpoint = Checkpoint.parse_unverified(note.text)
        except BadInput as error:
            raise VerificationFailed(f"checkpoint: {error}") from None
        self._checkpoint = checkpoint
        if (checkpoint.origin, checkpoint.size) != (manifest.origin, manifest.size):
            self.fault(None, "manifest and checkpoint speak of different ledgers or sizes")
        if self._known and checkpoint.origin != self._known.name:
            self.fault(None, f"the checkpoint is of the ledger {checkpoint.origin}, not of {self._known.name}")
        return checkpoint

    def _older_size(self, older: Checkpoint | None, since: str | None, checkpoint: Checkpoint) -> int:
        """The size at which the climb must meet an older root; 0 where there is nothing to meet."""
        if older is None:
            return 0
        if self._known and since and not Note.parse(since).signed_by([self._known]):
            self.fault(None, "the older checkpoint is not signed by the key that was given")
        if older.origin != checkpoint.origin:
            self.fault(None, f"the older checkpoint is of another ledger, {older.origin}")
        elif older.size > checkpoint.size:
            self.fault(None, f"the pack is older (size {checkpoint.size}) than the checkpoint held (size {older.size})")
        else:
            return older.size
        return 0

    def _refuse_history(self, older: Checkpoint, marked: bytes | None) -> None:
        if marked is None:
            self.fault(None, f"the pack does not show the tree at size {older.size}; ask for one made for it (--since)")
        else:
            self.fault(
                None, f"history was rewritten: the first {older.size} entries are not those of the older checkpoint"
            )

    def _read_runs(self, reader: Reader, manifest: Manifest) -> Runs:
        runs = Runs()
        if reader.members["runs.jsonl"].size > _MAX_RUNS:
            raise VerificationFailed("runs.jsonl is too large to be read.")
        for chunk in reader.chunks("runs.jsonl", _MAX_SHORT):
            runs.add(chunk)
        if runs.entries != manifest.entries or not runs.entries or runs.end > manifest.size:
            raise VerificationFailed("The pack's runs are not of as many entries as its manifest says.")
        if list(manifest.cuts) != sorted({cut for cut in manifest.cuts if 0 < cut < manifest.size}):
            raise VerificationFailed("The manifest's cuts are not ascending sizes below the checkpoint's.")
        first = {"all": 0, "since": manifest.scope.first}.get(manifest.scope.kind)
        if first is not None and not (runs.last_first <= first and runs.end == manifest.size):
            self.fault(None, f"the pack's scope is {manifest.scope.kind}, but entries from {first} on are left out")
        return runs

    def _climb(self, reader: Reader, manifest: Manifest, checkpoint: Checkpoint, runs: Runs, mark: int) -> bytes | None:
        cover, windows = _Hashes(reader.blocks("cover.bin")), _Hashes(reader.blocks("windows.bin"))
        climb = Climb(
            checkpoint.size,
            runs,
            cuts=manifest.cuts,
            cover_hash=cover.take,
            window_hash=windows.take,
            wrong=self._wrong_window,
            mark=mark,
        )
        for piece in self._leaves(reader, manifest):
            climb.feed(piece)
        root = climb.root()
        cover.finish()
        windows.finish()
        if root != checkpoint.root:
            self.fault(None, "the leaf hashes do not lead to the checkpoint's root")
        return climb.marked

    def _wrong_window(self, first: int, last: int) -> None:
        self._wrong.append(Run(first, last + 1))
        if first == last:
            self.fault(first, "the leaf hash of the entry is not the one that was signed")
        else:
            self.fault(None, f"the leaf hash of an entry of {first} to {last} is not the one that was signed")

    def _leaves(self, reader: Reader, manifest: Manifest) -> Iterator[bytes]:
        """The leaf hashes of each part; a part of the wrong length counts as it is, and is told."""
        for number in range(-(-manifest.entries // PART)):
            name = part_names(number)[1]
            size = min(PART, manifest.entries - number * PART) * HASH_SIZE
            if reader.members[name].size != size:
                raise VerificationFailed(f"{name} has {reader.members[name].size:,} bytes, not {size:,}.")
            yield reader.read(name, size)

    def _read_entries(self, reader: Reader, manifest: Manifest, runs: Runs, content: Content) -> None:
        aligner = Aligner(self._leaves(reader, manifest))
        for number in range(-(-manifest.entries // PART)):
            entries, _, disclosed = part_names(number)
            content.begin_part(self._opened(reader, disclosed) if disclosed in reader.members else iter(()))
            for chunk in reader.chunks(entries, _MAX_SHORT):
                lines = chunk[:-1].split(b"\n")
                hashes = [sha256(b"\x00" + line).digest() for line in lines]
                first = aligner.match(hashes)
                if first is None:
                    self._place(aligner.add(hashes, lines), runs, content)
                else:
                    content.check(runs.indexes(first, len(lines)), chunk)
                    self._entries += len(lines)
            if number == -(-manifest.entries // PART) - 1:
                self._place(aligner.finish(), runs, content)
            content.end_part()
            self._progress(self._entries, manifest.entries)

    def _place(self, placed: Iterator[Placed], runs: Runs, content: Content) -> None:
        for verdict, ordinal, line in placed:
            index = runs.index(ordinal)
            if verdict is Verdict.ALTERED and any(run.first <= index < run.end for run in self._wrong):
                self.fault(index, "the entry or its leaf hash was altered")
            elif verdict is not Verdict.RIGHT:
                self.fault(index, _SAID[verdict])
            if verdict in {Verdict.RIGHT, Verdict.MOVED}:
                content.check([index], line + b"\n")
                self._entries += 1

    def _opened(self, reader: Reader, name: str) -> Iterator[list[Opened]]:
        for chunk in reader.chunks(name, _MAX_LINE):
            try:
                opened = _OPENED.decode_lines(chunk)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self._complain(f"{name} cannot be read: {error}")
                return
            if ENCODER.encode_lines(opened) != chunk:
                self._complain(f"{name} is not canonical")
            if opened:
                yield opened

    def _read_files(self, reader: Reader, manifest: Manifest, adopted: set[str]) -> None:
        """Policies must be those that entries adopted; documents are covered by the manifest."""
        held = set()
        for file in manifest.files:
            if file.name.startswith(("policy/", "documents/")):
                for _ in reader.blocks(file.name):
                    pass
            if file.name.startswith("policy/"):
                held.add(file.sha256)
                if file.name != f"policy/{file.sha256}.yaml":
                    self.fault(None, f"{file.name} is not named by its SHA-256")
        for digest in sorted(adopted - held):
            self.fault(None, f"the policy {digest:.64} that an entry puts in force is missing")
        for digest in sorted(held - adopted):
            self.fault(None, f"policy/{digest}.yaml is put in force by no packed entry")


_OPENED = msgspec.json.Decoder(Opened)
_RUN = msgspec.json.Decoder(Run)
_SAID = {
    Verdict.ALTERED: "the entry was altered: it does not have the leaf hash that was signed",
    Verdict.MISSING: "the entry is missing",
    Verdict.EXTRA: "an entry that the ledger does not have stands before this one",
    Verdict.DOUBLED: "the entry stands twice",
    Verdict.MOVED: "the entry stands in the wrong place",
}


class Runs:
    """The runs of a pack in 24 bytes each, and the way from an entry's ordinal in the pack to its leaf index."""

    def __init__(self) -> None:
        self._firsts, self._ends, self._ordinals = array("Q"), array("Q"), array("Q")
        self.entries = 0
        self.end = 0

    def add(self, lines: bytes) -> None:
        """Runs as written in runs.jsonl. Raises ``VerificationFailed`` unless they are canonical and ascending."""
        try:
            runs = _RUN.decode_lines(lines)
        except msgspec.DecodeError as error:
            raise VerificationFailed(f"runs.jsonl cannot be read: {error}.") from None
        if ENCODER.encode_lines(runs) != lines:
            raise VerificationFailed("runs.jsonl is not canonical.")
        for run in runs:
            # Two runs that touch are one run: there is one way to write them.
            if not (self.end < run.first or (run.first == 0 and not self.entries)) or not run.first < run.end < 1 << 62:
                raise VerificationFailed("The runs of runs.jsonl do not ascend.")
            self._firsts.append(run.first)
            self._ends.append(run.end)
            self._ordinals.append(self.entries)
            self.entries += run.end - run.first
            self.end = run.end

    def __iter__(self) -> Iterator[Run]:
        return map(Run, self._firsts, self._ends)

    @property
    def last_first(self) -> int:
        """Where the last run begins."""
        return self._firsts[-1]

    def index(self, ordinal: int) -> int:
        """The leaf index of the pack's entry of this number (from 0); beyond the last one, the index after it."""
        at = bisect_right(self._ordinals, ordinal) - 1
        return min(self._firsts[at] + ordinal - self._ordinals[at], self._ends[at])

    def indexes(self, ordinal: int, count: int) -> range | list[int]:
        """`index` for neighbouring entries."""
        first, last = self.index(ordinal), self.index(ordinal + count - 1)
        if last - first == count - 1:
            return range(first, last + 1)
        return [self.index(ordinal + i) for i in range(count)]


class _Hashes:
    """Hashes one by one from a member that is read in blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0

    def take(self) -> bytes:
        """The next hash. Raises ``VerificationFailed`` when there is none."""
        if self._at == len(self._block):
            self._block, self._at = next(self._blocks, b""), 0
        value = self._block[self._at : self._at + HASH_SIZE]
        if len(value) != HASH_SIZE:
            raise VerificationFailed("The pack has too few hashes to lead from its entries to the root.")
        self._at += HASH_SIZE
        return value

    def finish(self) -> None:
        """Raises ``VerificationFailed`` when hashes are left."""
        if self._at != len(self._block) or next(self._blocks, b""):
            raise VerificationFailed("The pack has more hashes than its proof needs.")
