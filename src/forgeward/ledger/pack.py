"""Packs: one file that holds entries, what proves them, and the policy that was in force.

The format is in docs/reference/pack.md. A pack is a ZIP file of the one form that `container` knows, with members in
this order::

    checkpoint                     the ledger's size and root, signed, perhaps co-signed by witnesses
    rotations/<number>             each change of the ledger's key, from the first on
    policy/<sha256>.yaml           each policy that a packed entry puts in force
    documents/<name>               what goes with it: a statement, an advisory
    entries/00000.jsonl            up to 4,096 entries, byte for byte, one a line   ┐
    leaves/00000.bin               their leaf hashes, 32 bytes each                 ├ repeated
    disclosed/00000.jsonl          texts that may be seen, with their salts         ┘
    runs.jsonl                     which leaf indexes the entries have
    cover.bin                      hashes of the subtrees between them
    windows.bin                    hashes of the complete windows of 256 leaves that hold them
    manifest.json                  what the pack says to be; SHA-256 of what the tree does not cover
    seal                           the manifest's SHA-256, signed

The checkpoint proves entries, leaf hashes, runs, cover and windows, whoever made the pack; the seal covers the rest. So
no byte can change unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Annotated, BinaryIO, Final, Literal

import msgspec

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger.checkpoint import Checkpoint, Note, Signer, sign_note
from forgeward.ledger.climb import WINDOW_LEVEL, Run, covered, windows
from forgeward.ledger.container import Writer
from forgeward.ledger.rotation import MAX_ROTATIONS
from forgeward.ledger.tree import Nodes, Place

SCHEMA: Final = "forgeward/pack/1"
PART = 4096
"""Entries in one part: entries/, leaves/ and disclosed/ of the same number."""

MAX_DISCLOSED = 1 << 20
"""Bytes of UTF-8 that one disclosed text may have."""

MAX_CUTS = 65_536
"""Older sizes that one pack can prove; each costs about a kilobyte in a pack of a part."""

_BATCH = 2_000  # nodes that are read at once
_DOCUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the pack holds: ``all``, one ``case``, one ``app``, a ``period`` or everything ``since``.

    ``value`` is the case's id, the app's id, or the instants (RFC 3339, two with ``/`` between for a period) that the
    leaf indexes were found by: everything from ``first`` on is there, for a period up to ``end``, not included. All
    but the first kind also hold entries of no case from elsewhere, such as the adoption of the policies in force.
    """

    kind: Literal["all", "case", "app", "since", "period"]
    value: str = ""
    first: int = 0
    end: int | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_cut(self) -> bool:
        """Whether cases may have begun before the pack does."""
        return self.kind in {"since", "period"}


class Opened(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """A text that may be seen: which entry (leaf index), which field, and the salt that leads to the digest there."""

    index: int
    name: str
    salt: bytes
    value: str


class PackEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry to pack: its leaf index, its bytes as stored, and (salt, text) of fields that may be seen."""

    index: int
    encoded: bytes
    opened: Mapping[str, tuple[bytes, str]] = {}


class FileDigest(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A member that the tree does not cover, with its SHA-256 in hex."""

    name: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, rename={"schema_": "schema"}, forbid_unknown_fields=True):
    """manifest.json. ``cuts`` are older sizes whose root the pack proves too, ``keys`` what the signer claims."""

    at: datetime
    cuts: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_CUTS)]
    entries: int
    files: tuple[FileDigest, ...]
    keys: tuple[str, ...]
    origin: str
    schema_: Literal["forgeward/pack/1"]
    scope: Scope
    size: int


ENCODER = msgspec.json.Encoder(order="sorted")


def write(
    out: BinaryIO,
    entries: Iterable[PackEntry],
    *,
    scope: Scope,
    at: datetime,
    checkpoint: str,
    nodes: Nodes,
    signer: Signer,
    policies: Iterable[bytes] = (),
    rotations: Sequence[str] = (),
    documents: Mapping[str, bytes] | None = None,
    cuts: Iterable[int] = (),
    progress: Callable[[int], None] | None = None,
) -> Manifest:
    """Writes a pack to ``out`` (need not be seekable) in one pass over ``entries``, and gives its manifest.

    ``entries`` come by ascending leaf index, below the size of ``checkpoint`` (a signed note by ``signer``'s ledger).
    Leaf hashes are taken from ``nodes``, not from the entries' bytes: an entry that was altered in the database goes
    in as it is, and whoever verifies the pack is told. ``policies`` are the files that packed ``policy:adopted``
    entries name by digest, ``rotations`` all notes by which the ledger's key changed, in order, ``documents`` further
    files by name, ``cuts`` sizes of older checkpoints that the reader may hold; ``progress`` is called with the count
    of entries written so far. Raises ``BadInput`` for entries out of order or none at all, ``VerificationFailed``
    where the stored tree lacks a node.
    """
    head = Checkpoint.parse_unverified(Note.parse(checkpoint).text)
    sealed = _Sealed(out)
    sealed.add("checkpoint", checkpoint.encode())
    _write_rotations(sealed, rotations)
    for name, content in sorted((f"policy/{sha256(text).hexdigest()}.yaml", text) for text in set(policies)):
        sealed.add(name, content)
    for name, content in sorted((documents or {}).items()):
        if not _DOCUMENT.fullmatch(name):
            raise BadInput(f"“{name}” cannot name a document of a pack.", next="Use letters, digits, “.”, “_” and “-”.")
        sealed.add(f"documents/{name}", content)
    runs = _write_parts(sealed, entries, nodes, head.size, progress)
    borders = tuple(sorted({cut for cut in cuts if 0 < cut < head.size}))
    if len(borders) > MAX_CUTS:
        raise BadInput(f"A pack cannot prove {len(borders):,} older sizes.", next=f"Name at most {MAX_CUTS:,}.")
    sealed.add("runs.jsonl", ENCODER.encode_lines(runs), in_tree=True)
    sealed.add("cover.bin", b"".join(_read(nodes, covered(runs, head.size, borders))), in_tree=True)
    sealed.add(
        "windows.bin", b"".join(_read(nodes, ((WINDOW_LEVEL, i) for i in windows(runs, head.size)))), in_tree=True
    )
    manifest = Manifest(
        at=at.astimezone(UTC),
        cuts=borders,
        entries=sum(run.end - run.first for run in runs),
        files=tuple(sealed.files),
        keys=(str(signer.key),),
        origin=head.origin,
        schema_=SCHEMA,
        scope=scope,
        size=head.size,
    )
    encoded = ENCODER.encode(manifest)
    sealed.add("manifest.json", encoded)
    sealed.add("seal", sign_note(seal_text(encoded), signer).encode())
    sealed.close()
    return manifest


def seal_text(manifest: bytes) -> str:
    """The text of the seal's note. No checkpoint has three lines of this form, so neither can pass for the other."""
    return f"{SCHEMA}\n{sha256(manifest).hexdigest()}\n"


def part_names(number: int) -> tuple[str, str, str]:
    """The names of a part's entries, leaf hashes and disclosed texts."""
    return f"entries/{number:05}.jsonl", f"leaves/{number:05}.bin", f"disclosed/{number:05}.jsonl"


def rotation_name(number: int) -> str:
    """The name of a rotation's note."""
    return f"rotations/{number:05}"


class _Sealed:
    """Writes members and remembers the digests of those that only the manifest covers."""

    def __init__(self, out: BinaryIO) -> None:
        self._writer = Writer(out)
        self.files: list[FileDigest] = []

    def add(self, name: str, content: bytes, *, in_tree: bool = False) -> None:
        self._writer.add(name, content)
        if not in_tree:
            self.files.append(FileDigest(name, sha256(content).hexdigest()))

    def close(self) -> None:
        self._writer.close()


def _write_rotations(sealed: _Sealed, rotations: Sequence[str]) -> None:
    if len(rotations) > MAX_ROTATIONS:
        raise BadInput(f"A pack cannot hold {len(rotations):,} rotations.", next=f"It holds {MAX_ROTATIONS:,}.")
    for number, note in enumerate(rotations):
        sealed.add(rotation_name(number), note.encode())


def _write_parts(
    sealed: _Sealed, entries: Iterable[PackEntry], nodes: Nodes, size: int, progress: Callable[[int], None] | None
) -> list[Run]:
    runs: list[Run] = []
    waiting, done = iter(entries), 0
    for number in range(1 << 60):
        part = list(islice(waiting, PART))
        if not part:
            break
        _extend_runs(runs, part, size)
        names = part_names(number)
        sealed.add(names[0], b"".join(entry.encoded + b"\n" for entry in part), in_tree=True)
        sealed.add(names[1], b"".join(_read(nodes, ((0, entry.index) for entry in part))), in_tree=True)
        if opened := [_opened(entry, name) for entry in part for name in sorted(entry.opened)]:
            sealed.add(names[2], ENCODER.encode_lines(opened))
        done += len(part)
        if progress:
            progress(done)
    if not runs:
        raise BadInput("There is nothing to pack: no entry is in this scope.", next="Choose another case or period.")
    return runs


def _extend_runs(runs: list[Run], part: Sequence[PackEntry], size: int) -> None:
    for entry in part:
        index = entry.index
        if index >= size or index < (runs[-1].end if runs else 0):
            raise BadInput(
                f"Entry {index} cannot follow in this pack.",
                next="Give entries by ascending leaf index, below the checkpoint's size.",
            )
        if runs and index == runs[-1].end:
            runs[-1] = Run(runs[-1].first, index + 1)
        else:
            runs.append(Run(index, index + 1))


def _opened(entry: PackEntry, name: str) -> Opened:
    salt, value = entry.opened[name]
    if len(value.encode()) > MAX_DISCLOSED:
        raise BadInput(
            f"The text “{name}” of entry {entry.index} is too long to disclose in a pack.",
            next="Leave it withheld, or add it as a document.",
        )
    return Opened(entry.index, name, salt, value)


def _read(nodes: Nodes, places: Iterable[Place]) -> Iterator[bytes]:
    waiting = iter(places)
    while batch := list(islice(waiting, _BATCH)):
        found = nodes.get_many(batch)
        for place in batch:
            if place not in found:
                raise VerificationFailed(
                    f"The ledger's tree has lost its node {place[1]} at level {place[0]}.",
                    next="Run forgeward audit; it names what differs from the entries.",
                )
            yield found[place]
