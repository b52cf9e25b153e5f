"""Verifies a pack without the house that wrote it: no database, no network, memory that does not grow with the pack.

1. The file is the one canonical container of its members (`container`).
2. The key that is known leads to the present one; that one signed the seal, the manifest is the sealed one, the
   members are those that it and the format ask for.
3. The checkpoint is signed by the key whose turn it was, and by the witnesses asked for; it is the manifest's.
4. Leaf hashes, cover and windows climb to the checkpoint's root, and pass an older checkpoint's root on the way.
5. Every entry has its leaf hash; lines that are altered, missing, extra, doubled or out of place are named.
6. Every entry is canonical; the entries of a case are numbered without a gap; the scope is what it says.
7. Every disclosed text, with its salt, gives the digest that stands in its entry.
8. The policies are those that the packed entries put in force, the rotations those that they tell of.

Everything that is wrong becomes a `Fault`; only a file or a key that cannot be read at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

import msgspec

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.checkpoint import Checkpoint, Note, VerifierKey
from forgeward.ledger.climb import Climb, Run
from forgeward.ledger.container import Reader
from forgeward.ledger.content import Content, Counted
from forgeward.ledger.faults import Fault, Report
from forgeward.ledger.pack import ENCODER, PART, Manifest, Scope, part_names, rotation_name, seal_text
from forgeward.ledger.parts import MAX_MANIFEST, Parts, check_share, count, leaves, read_runs
from forgeward.ledger.rotation import note_digest
from forgeward.ledger.runs import Hashes, Runs
from forgeward.ledger.trust import Trust

MAX_FAULTS = 10_000
SHARED_FROM = 16
"""Parts (65,536 entries) from which on a second process is worth its start."""

_MAX_SMALL = 1 << 20
_HERE = 0.42  # the share of the parts that the first process reads itself; it climbs to the root as well

Begin: TypeAlias = Callable[[Callable[[Path, int], Counted | None], Path, int], Callable[[], Counted | None]]
"""Starts work in another process, and gives the function that waits for its answer (None: it has none)."""


def verify(
    file: BinaryIO | Path,
    *,
    key: str | None = None,
    since: str | None = None,
    witnesses: Sequence[str] = (),
    begin: Begin | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Verifies the pack in ``file`` (a path or a seekable stream).

    ``key`` is the text of the ledger's verifier key, or of one that it had before, from a source that is not the pack;
    without it nothing can be ok. ``since`` is an older checkpoint (signed note) that the pack's must extend,
    ``witnesses`` are verifier keys of those who must have co-signed it. ``begin`` lets a second core read a part of a
    large file. ``progress`` is called with the entries verified so far and their number. Raises ``BadInput`` for a
    file, key or older checkpoint that cannot be read; whatever the file holds ends in the report.
    """
    known = VerifierKey.parse(key) if key else None
    watching = tuple(map(VerifierKey.parse, witnesses))
    older = Note.parse(since) if since else None
    if older:
        Checkpoint.parse_unverified(older.text)
    verification = _Verification(known, watching, progress or (lambda done, total: None))
    if isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                return verification.whole(opened, older, file, begin)
        except OSError as error:
            raise BadInput(f"{file} cannot be read: {error.strerror}.", next="Name a pack that you may read.") from None
    return verification.whole(file, older, None, None)


class _Verification:
    """One run: collects faults while the steps go on as far as they can."""

    def __init__(
        self, known: VerifierKey | None, witnesses: Sequence[VerifierKey], progress: Callable[[int, int], None]
    ) -> None:
        self._trust = Trust(known, lambda what: self.fault(None, what))
        self._witnesses = witnesses
        self._progress = progress
        self._faults: list[Fault] = []
        self._more = 0
        self._complaints: set[str] = set()
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

    def whole(self, file: BinaryIO, older: Note | None, path: Path | None, begin: Begin | None) -> Report:
        """Runs all steps, and gives what was found."""
        try:
            self._run(file, older, path, begin)
        except VerificationFailed as error:
            self.fault(None, str(error))
        if self._more:
            self._faults.append(Fault(None, f"{self._more:,} more problems are not listed"))
        faults, trust = tuple(self._faults), self._trust
        signer: Literal["known", "unknown"] = "known" if trust.known_signer else "unknown"
        return Report(
            trust.known_signer and not faults,
            signer,
            self._entries,
            self._checkpoint,
            self._scope,
            faults,
            trust.newer_key,
            trust.witnessed,
        )

    def _run(self, file: BinaryIO, older: Note | None, path: Path | None, begin: Begin | None) -> None:
        """The steps of the module's docstring."""
        reader = Reader(file, self._complain)
        manifest = self._read_manifest(reader)
        checkpoint = self._read_checkpoint(reader, manifest)
        runs = self._read_runs(reader, manifest)
        held, mark = self._older_size(older, checkpoint)
        here = count(manifest)
        answer = None
        if path and begin and here >= SHARED_FROM and not self._faults:
            here = int(here * _HERE)
            answer = begin(check_share, path, here)
        marked = self._climb(reader, manifest, checkpoint, runs, mark)
        if held and mark and marked != held.root:
            self._refuse_history(held, marked)
        content = Content(manifest.scope, self.fault)
        self._read_entries(reader, manifest, runs, content, here, answer)
        content.finish()
        self._read_files(reader, manifest, checkpoint, content)

    def _complain(self, what: str) -> None:
        if what not in self._complaints:
            self._complaints.add(what)
            self.fault(None, what)

    def _read_manifest(self, reader: Reader) -> Manifest:
        if not {"manifest.json", "seal", "checkpoint"} <= reader.members.keys():
            raise VerificationFailed("This ZIP file is not a pack: it has no manifest, seal or checkpoint.")
        encoded, sealed = reader.read("manifest.json", MAX_MANIFEST), reader.read("seal", _MAX_SMALL)
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
        self._follow_keys(reader, manifest)
        self._trust.require_seal(note)
        reader.digests = {file.name: file.sha256 for file in manifest.files}
        self._require_layout(reader, manifest)
        return manifest

    def _follow_keys(self, reader: Reader, manifest: Manifest) -> None:
        """From the key that the caller knows to the one that signs now; without one, from a key that is claimed."""
        notes = [reader.read(name, _MAX_SMALL) for name in reader.members if name.startswith("rotations/")]
        try:
            self._trust.follow(notes, manifest.keys)
        except BadInput as error:
            self.fault(None, f"manifest.json: {error}")
        except VerificationFailed as error:
            self._trust.known_signer = False
            self.fault(None, str(error))

    def _note(self, encoded: bytes, what: str) -> Note:
        try:
            return Note.parse(encoded)
        except BadInput as error:
            raise VerificationFailed(f"{what}: {error}") from None

    def _require_layout(self, reader: Reader, manifest: Manifest) -> None:
        """The members are those of the format, in its order, and those that the manifest lists."""
        listed = [file.name for file in manifest.files]
        head = [name for name in listed if not name.startswith("disclosed/")]
        disclosed = [name for name in listed if name.startswith("disclosed/")]
        rotations = [rotation_name(n) for n in range(sum(name.startswith("rotations/") for name in head))]
        policies = sorted(name for name in head if name.startswith("policy/"))
        documents = sorted(name for name in head if name.startswith("documents/"))
        expected = ["checkpoint", *rotations, *policies, *documents]
        inside = list(reader.members)
        if listed != [*expected, *disclosed] or len(inside) * PART < manifest.entries:
            raise VerificationFailed("The manifest does not list its files as the format asks.")
        for number in range(count(manifest)):
            entries, hashes, opened = part_names(number)
            expected += [entries, hashes, opened] if opened in reader.digests else [entries, hashes]
        expected += ["runs.jsonl", "cover.bin", "windows.bin", "manifest.json", "seal"]
        if inside != expected:
            raise VerificationFailed("The files in the pack are not those that its manifest and the format ask for.")

    def _read_checkpoint(self, reader: Reader, manifest: Manifest) -> Checkpoint:
        note = self._note(reader.read("checkpoint", _MAX_SMALL), "checkpoint")
        try:
            checkpoint = Checkpoint.parse_unverified(note.text)
        except BadInput as error:
            raise VerificationFailed(f"checkpoint: {error}") from None
        self._checkpoint = checkpoint
        self._trust.require_checkpoint(note, checkpoint, self._witnesses)
        if (checkpoint.origin, checkpoint.size) != (manifest.origin, manifest.size):
            self.fault(None, "manifest and checkpoint speak of different ledgers or sizes")
        return checkpoint

    def _older_size(self, older: Note | None, checkpoint: Checkpoint) -> tuple[Checkpoint | None, int]:
        """The older checkpoint and the size at which the climb must meet its root; 0 where there is nothing to meet."""
        if older is None:
            return None, 0
        held = Checkpoint.parse_unverified(older.text)
        self._trust.require_older(older, held)
        if held.origin != checkpoint.origin:
            self.fault(None, f"the older checkpoint is of another ledger, {held.origin}")
        elif held.size > checkpoint.size:
            self.fault(None, f"the pack is older (size {checkpoint.size}) than the checkpoint held (size {held.size})")
        else:
            return held, held.size
        return held, 0

    def _refuse_history(self, older: Checkpoint, marked: bytes | None) -> None:
        if marked is None:
            self.fault(
                None, f"the pack does not show the tree at size {older.size}; ask for one made for it (--extends)"
            )
        else:
            self.fault(
                None, f"history was rewritten: the first {older.size} entries are not those of the older checkpoint"
            )

    def _read_runs(self, reader: Reader, manifest: Manifest) -> Runs:
        runs = read_runs(reader)
        if runs.entries != manifest.entries or not runs.entries or runs.end > manifest.size:
            raise VerificationFailed("The pack's runs are not of as many entries as its manifest says.")
        if list(manifest.cuts) != sorted({cut for cut in manifest.cuts if 0 < cut < manifest.size}):
            raise VerificationFailed("The manifest's cuts are not ascending sizes below the checkpoint's.")
        scope = manifest.scope
        end = scope.end if isinstance(scope.end, int) else manifest.size
        first = {"all": 0, "since": scope.first, "period": scope.first}.get(scope.kind)
        if isinstance(scope.end, int) is not (scope.kind == "period") or (first is not None and not 0 <= first < end):
            self.fault(None, "the scope in the manifest is none that a pack can have")
        elif first is not None and not runs.holds(first, end):
            to = f" to {end - 1}" if scope.kind == "period" else " on"
            self.fault(None, f"the pack's scope is {scope.kind}, but entries from {first}{to} are left out")
        return runs

    def _climb(self, reader: Reader, manifest: Manifest, checkpoint: Checkpoint, runs: Runs, mark: int) -> bytes | None:
        cover, windows = Hashes(reader.blocks("cover.bin")), Hashes(reader.blocks("windows.bin"))
        climb = Climb(
            checkpoint.size,
            runs,
            cuts=manifest.cuts,
            cover_hash=cover.take,
            window_hash=windows.take,
            wrong=self._wrong_window,
            mark=mark,
        )
        for piece in leaves(reader, manifest):
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

    def _read_entries(
        self,
        reader: Reader,
        manifest: Manifest,
        runs: Runs,
        content: Content,
        here: int,
        answer: Callable[[], Counted | None] | None,
    ) -> None:
        """The parts up to ``here``, then what ``answer`` tells of the others, or those too where it tells nothing."""
        parts = Parts(reader, manifest, runs, content, self.fault, self._complain, wrong=self._wrong)
        total = count(manifest)
        for number in range(total):
            if number == here and answer:
                found = answer()
                if found and parts.idle and not self._faults and content.join(found):
                    self._entries += found.entries
                    self._progress(self._entries, manifest.entries)
                    return
            before = parts.entries
            parts.read(number, last=number == total - 1)
            self._entries += parts.entries - before
            self._progress(self._entries, manifest.entries)

    def _read_files(self, reader: Reader, manifest: Manifest, checkpoint: Checkpoint, content: Content) -> None:
        """Policies and rotations must be those that entries tell of; documents are covered by the manifest."""
        held = set()
        rotated = []
        for file in manifest.files:
            if file.name.startswith(("policy/", "documents/")):
                for _ in reader.blocks(file.name):
                    pass
            if file.name.startswith("rotations/"):
                rotated.append(reader.read(file.name, _MAX_SMALL))
            if file.name.startswith("policy/"):
                held.add(file.sha256)
                if file.name != f"policy/{file.sha256}.yaml":
                    self.fault(None, f"{file.name} is not named by its SHA-256")
        for digest in sorted(content.policies - held):
            self.fault(None, f"the policy {digest:.64} that an entry puts in force is missing")
        for digest in sorted(held - content.policies):
            self.fault(None, f"policy/{digest}.yaml is put in force by no packed entry")
        self._require_rotations(rotated, content.rotations, checkpoint.size)

    def _require_rotations(self, notes: Sequence[bytes], entered: Sequence[str], size: int) -> None:
        """Every rotation is an entry, and every such entry has its rotation: none is made up later, or left out."""
        if len(notes) != len(self._trust.limits):
            return  # one of them did not read, which was told
        due = [note_digest(note.decode()) for note in notes]
        must = [digest for digest, limit in zip(due, self._trust.limits, strict=True) if limit < size]
        if list(entered) != due[: len(entered)] or len(entered) < len(must):
            self.fault(None, "the rotations of the key are not those that the ledger's entries tell of")
