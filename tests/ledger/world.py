"""A small ledger to test with: its own key, its own tree, entries that tell a plausible story."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forgeward.ledger import checkpoint, entry, pack, rotation, tree
from forgeward.ledger.container import Writer
from forgeward.ledger.verify import Report, verify

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
POLICY = b"schema: forgeward/policy/1\nversion: 1\n"


def signer(name: str = "test.example/ledger", seed: int = 1) -> checkpoint.Signer:
    """A signer whose key follows from ``seed``."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return checkpoint.Signer(checkpoint.VerifierKey(name, private.public_key().public_bytes_raw()), private.sign)


@dataclass
class Ledger:
    """Entries with their tree, in memory."""

    signer: checkpoint.Signer = field(default_factory=signer)
    nodes: tree.MemoryNodes = field(default_factory=tree.MemoryNodes)
    entries: list[pack.PackEntry] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    rotations: list[str] = field(default_factory=list)
    before: list[tuple[int, checkpoint.Signer]] = field(default_factory=list)
    witnesses: tuple[checkpoint.Signer, ...] = ()

    def add(self, case: str, kind: str = "case:assessed", number: int | None = None, **texts: str) -> int:
        """Appends an entry with sealed ``texts`` and gives its leaf index."""
        chance = random.Random(len(self.entries))
        salted = {name: (chance.randbytes(16), text) for name, text in texts.items()}
        self.numbers[case] = number or (self.numbers.get(case, 0) + 1 if case else 0)
        data: dict[str, entry.Plain] = {"actor": "person:2"} | ({"apps": ["field-radar"]} if case else {})
        if kind == entry.POLICY_ADOPTED:
            data["digest"] = sha256(POLICY).hexdigest()
        encoded = entry.encode(
            at=START + timedelta(minutes=len(self.entries)),
            case=case,
            seq=self.numbers[case],
            kind=kind,
            data=data,
            sealed={name: entry.seal_digest(*salted[name]) for name in salted},
        )
        return self.append(encoded, salted)

    def append(self, encoded: bytes, opened: Mapping[str, tuple[bytes, str]] | None = None) -> int:
        """Appends bytes as they are."""
        index = len(self.entries)
        tree.append_many(self.nodes, index, [tree.leaf_hash(encoded)])
        self.entries.append(pack.PackEntry(index, encoded, opened or {}))
        return index

    def rotate(self, seed: int) -> None:
        """Changes the key to the one that follows from ``seed``: a note signed by both, and an entry."""
        new = signer(self.signer.key.name, seed)
        size = len(self.entries)
        note = rotation.rotate(self.signer, new, size, START)
        self.rotations.append(note)
        self.before.append((size, self.signer))
        self.signer = new
        data: dict[str, entry.Plain] = {"digest": rotation.note_digest(note)}
        self.append(entry.encode(at=START + timedelta(minutes=size), case="", seq=0, kind=rotation.ROTATED, data=data))

    def erase(self, index: int) -> None:
        """Destroys what opens an entry's sealed texts, and says in an entry of its own that somebody was erased."""
        self.entries[index] = pack.PackEntry(index, self.entries[index].encoded, {})
        self.add("", "person:erased")

    def in_turn(self, size: int) -> checkpoint.Signer:
        """Who signs a tree of this size."""
        return next((old for limit, old in self.before if size <= limit), self.signer)

    def checkpoint(self, size: int | None = None) -> str:
        """The signed checkpoint at a size, by default the present one, with what the witnesses sign."""
        size = len(self.entries) if size is None else size
        head = checkpoint.Checkpoint(self.signer.key.name, size, tree.root(self.nodes, size))
        lines = [checkpoint.cosign(str(head), witness, 1_790_000_000 + size) for witness in self.witnesses]
        return checkpoint.add_signatures(checkpoint.sign(head, self.in_turn(size)), *lines)

    def pack(
        self,
        indexes: Iterable[int] | None = None,
        scope: pack.Scope | None = None,
        *,
        policies: Iterable[bytes] = (POLICY,),
        cuts: Iterable[int] = (),
        documents: Mapping[str, bytes] | None = None,
        size: int | None = None,
    ) -> bytes:
        """A pack of some entries, by default of all."""
        out = io.BytesIO()
        size = len(self.entries) if size is None else size
        pack.write(
            out,
            [self.entries[i] for i in (range(size) if indexes is None else indexes)],
            scope=scope or pack.Scope("all"),
            at=START,
            checkpoint=self.checkpoint(size),
            nodes=self.nodes,
            signer=self.signer,
            policies=policies,
            rotations=self.rotations,
            cuts=cuts,
            documents=documents,
        )
        return out.getvalue()

    def verify(self, packed: bytes, since: str | None = None, key: str | None = None) -> Report:
        """Verifies with the ledger's own key, and asks for its witnesses."""
        asked = [str(witness.key) for witness in self.witnesses]
        return verify(io.BytesIO(packed), key=key or str(self.signer.key), since=since, witnesses=asked)


def witness(name: str = "witness.example", seed: int = 100) -> checkpoint.Signer:
    """A witness whose key follows from ``seed``."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = private.public_key().public_bytes_raw()
    return checkpoint.Signer(checkpoint.VerifierKey(name, public, checkpoint.COSIGNATURE), private.sign)


def rotated_ledger(entries: int = 40) -> Ledger:
    """`small_ledger` in which the key changed twice, with two witnesses."""
    ledger = Ledger(witnesses=(witness(), witness("other-witness.example", 101)))
    ledger.add("", entry.POLICY_ADOPTED)
    for number in range(1, entries):
        ledger.add(f"FW-{'AB'[number % 2] * 6}", scope=f"text {number}")
        if number in {entries // 3, 2 * entries // 3}:
            ledger.rotate(10 + number)
    return ledger


def small_ledger(entries: int = 9) -> Ledger:
    """A policy, then entries of two cases in turn, each with a sealed text."""
    ledger = Ledger()
    ledger.add("", entry.POLICY_ADOPTED)
    for number in range(1, entries):
        ledger.add(f"FW-{'AB'[number % 2] * 6}", scope=f"text {number}")
    return ledger


def members(packed: bytes) -> dict[str, bytes]:
    """What is in a pack, in its order."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repack(contents: Mapping[str, bytes], reseal: checkpoint.Signer | None = None) -> bytes:
    """A canonical container of these members; ``reseal`` signs it anew, as only the ledger's owner can."""
    contents = dict(contents)
    if reseal:
        manifest = msgspec.json.decode(contents["manifest.json"], type=pack.Manifest)
        files = tuple(
            pack.FileDigest(name, sha256(content).hexdigest())
            for name, content in contents.items()
            if name.startswith(("checkpoint", "rotations/", "policy/", "documents/", "disclosed/"))
        )
        contents["manifest.json"] = pack.ENCODER.encode(msgspec.structs.replace(manifest, files=files))
        contents["seal"] = checkpoint.sign_note(pack.seal_text(contents["manifest.json"]), reseal).encode()
    out = io.BytesIO()
    writer = Writer(out)
    for name, content in contents.items():
        writer.add(name, content)
    writer.close()
    return out.getvalue()


def change(packed: bytes, name: str, edit: Callable[[bytes], bytes], reseal: checkpoint.Signer | None = None) -> bytes:
    """The pack with one member edited."""
    contents = members(packed)
    contents[name] = edit(contents[name])
    return repack(contents, reseal)
