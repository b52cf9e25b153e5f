"""Some hundred generated manipulations of one pack, its checkpoint and its keys: each is named, none passes.

The pack is of a ledger whose key changed twice and whose checkpoints two witnesses co-sign. Where a manipulation could
be the owner's, the pack is sealed anew with the owner's key.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import msgspec
import pytest

from forgeward.ledger import checkpoint, entry, pack, rotation, tree
from forgeward.ledger.container import directory
from forgeward.ledger.verify import verify
from tests.ledger.world import START, Ledger, members, repack, rotated_ledger, signer, witness

ENTRIES, LEAVES, DISCLOSED = pack.part_names(0)
SAMPLE = range(0, 42, 3)
FORGED = entry.encode(at=START, case="FW-AAAAAA", seq=3, kind="case:assessed", data={"level": "low"})


@dataclass(frozen=True)
class Try:
    """A manipulated pack, how it is verified, and what must be said of it."""

    name: str
    packed: bytes
    said: str
    since: str | None = None
    key: str = ""


@cache
def ledger() -> Ledger:
    return rotated_ledger(40)


@cache
def whole() -> bytes:
    return ledger().pack(documents={"statement.md": b"All promises are kept.\n"})


def edited(name: str, edit: Callable[[list[bytes]], object], *, width: int = 0, sealed: bool = False) -> bytes:
    """The pack with a member edited as a list of lines, or of pieces of ``width`` bytes."""
    contents = members(whole())
    content = contents[name]
    rows = [content[at : at + width] for at in range(0, len(content), width)] if width else content.splitlines(True)
    edit(rows)
    contents[name] = b"".join(rows)
    return repack(contents, ledger().signer if sealed else None)


def replaced(sealed: bool = False, **changed: bytes | None) -> bytes:
    """The pack with members exchanged, or left out (None); ``/`` is written ``__``."""
    contents: dict[str, bytes] = {}
    for name, content in members(whole()).items():
        new = changed.get(name.replace("/", "__"), content)
        if new is not None:
            contents[name] = new
    return repack(contents, ledger().signer if sealed else None)


def entries() -> Iterator[Try]:
    """Each of some entries altered, left out, doubled, moved, or with a stranger before it; its hash; its text."""
    for at in SAMPLE:
        line = members(whole())[ENTRIES].splitlines(keepends=True)[at]
        other = line.replace(b'"v":1', b'"v":2')
        yield Try(
            f"altered {at}",
            edited(ENTRIES, lambda rows, at=at, new=other: put(rows, at, new)),
            f"{at}: the entry was altered",
        )
        yield Try(f"left out {at}", edited(ENTRIES, lambda rows, at=at: rows.pop(at)), f"{at}: the entry is missing")
        yield Try(
            f"doubled {at}",
            edited(ENTRIES, lambda rows, at=at: rows.insert(at, rows[at])),
            f"{at}: the entry stands twice",
        )
        yield Try(
            f"stranger {at}",
            edited(ENTRIES, lambda rows, at=at: rows.insert(at, FORGED + b"\n")),
            f"{at}: an entry that the ledger does not have",
        )
        if at < 41:
            yield Try(
                f"moved {at}",
                edited(ENTRIES, lambda rows, at=at: swap(rows, at)),
                "the entry stands in the wrong place",
            )
        yield Try(
            f"leaf hash {at}",
            edited(LEAVES, lambda rows, at=at: put(rows, at, bytes(32)), width=32),
            f"{at}: the entry was altered",
        )
    for at in range(0, 39, 4):
        for sealed in (False, True):
            who = "owner" if sealed else "stranger"
            spoil = lambda rows, at=at: put(rows, at, rows[at].replace(b"text ", b"test "))  # noqa: E731
            yield Try(
                f"text {at} by {who}",
                edited(DISCLOSED, spoil, sealed=sealed),
                "the disclosed text “scope” is not the one",
            )
        yield Try(
            f"text {at} taken out", edited(DISCLOSED, lambda rows, at=at: rows.pop(at)), f"{DISCLOSED} was altered"
        )


def order() -> Iterator[Try]:
    """Members left out, added, exchanged; the file cut; bytes hidden in it."""
    contents = members(whole())
    names = list(contents)
    for name in names:
        rest = {other: content for other, content in contents.items() if other != name}
        yield Try(f"without {name}", repack(rest), "")
    for one, two in pairwise(names):
        turned = list(names)
        at = turned.index(one)
        turned[at : at + 2] = [two, one]
        yield Try(f"{two} before {one}", repack({name: contents[name] for name in turned}), "are not those")
    yield Try("a member more", repack(contents | {"readme": b"x"}), "are not those")
    for share in range(1, 20):
        yield Try(f"cut at {share}/20", whole()[: len(whole()) * share // 20], "This file is not a pack")
    yield Try("a byte behind", whole() + b"\n", "This file is not a pack")
    yield Try("a byte before", b"\n" + whole(), "This file is not a pack")
    yield Try("a second directory", whole() + directory([]), "This file is not a pack")


def checkpoints() -> Iterator[Try]:
    """Other sizes, roots, names, signers; co-signatures that are missing, strange or of another checkpoint."""
    own = ledger()
    size = len(own.entries)
    head = checkpoint.Checkpoint(own.signer.key.name, size, tree.root(own.nodes, size))
    watching = own.witnesses
    lines = [checkpoint.cosign(str(head), each, 1_790_000_000) for each in watching]

    def noted(found: checkpoint.Checkpoint, by: checkpoint.Signer, *more: checkpoint.Signature) -> bytes:
        note = checkpoint.sign_note(str(found), by)
        return checkpoint.add_signatures(note, *more).encode()

    for step in (-9, -1, 1, 1000):
        other = checkpoint.Checkpoint(head.origin, size + step, head.root)
        mine = [checkpoint.cosign(str(other), each, 1) for each in watching]
        yield Try(
            f"size {step:+}", replaced(True, checkpoint=noted(other, own.signer, *mine)), "different ledgers or sizes"
        )
    other = checkpoint.Checkpoint(head.origin, size, bytes(32))
    mine = [checkpoint.cosign(str(other), each, 1) for each in watching]
    yield Try(
        "root", replaced(True, checkpoint=noted(other, own.signer, *mine)), "do not lead to the checkpoint's root"
    )
    renamed = checkpoint.Checkpoint("other.example", size, head.root)
    yield Try("origin", replaced(True, checkpoint=noted(renamed, own.signer, *lines)), "does not fit the text")
    for limit, old in own.before:
        yield Try(
            f"the key of up to {limit}", replaced(True, checkpoint=noted(head, old, *lines)), "whose turn it was not"
        )
    yield Try(
        "a stranger", replaced(True, checkpoint=noted(head, signer(seed=77), *lines)), "checkpoint is not signed by"
    )
    for number, each in enumerate(watching):
        name = each.key.name
        rest = [line for line in lines if line.name != name]
        yield Try(
            f"no {name}",
            replaced(True, checkpoint=noted(head, own.signer, *rest)),
            f"not co-signed by the witness {name}",
        )
        fake = checkpoint.cosign(str(head), witness(name, 50 + number), 1_790_000_000)
        yield Try(
            f"a false {name}",
            replaced(True, checkpoint=noted(head, own.signer, *rest, fake)),
            f"not co-signed by the witness {name}",
        )
        elder = checkpoint.Checkpoint(head.origin, 20, tree.root(own.nodes, 20))
        moved = checkpoint.cosign(str(elder), each, 1_790_000_000)
        yield Try(
            f"{name} of another size",
            replaced(True, checkpoint=noted(head, own.signer, *rest, moved)),
            "does not fit the text",
        )
        later = checkpoint.Signature(name, each.key.hash, (1_800_000_000).to_bytes(8, "big") + lines[number].value[8:])
        yield Try(
            f"{name} at another time",
            replaced(True, checkpoint=noted(head, own.signer, *rest, later)),
            "does not fit the text",
        )
    yield Try(
        "without seal of the owner",
        replaced(checkpoint=own.checkpoint().encode()[:-5] + b"AAAA\n"),
        "was altered after the pack was sealed",
    )


def keys() -> Iterator[Try]:
    """Rotations left out, turned round, forged, made up; seals by keys of before and by strangers; other known keys."""
    own = ledger()
    first, second = (note.encode() for note in own.rotations)
    stranger = signer(seed=66)
    made_up = rotation.rotate(own.signer, stranger, 30, START)
    forged = rotation.rotate(stranger, own.signer, 5, START)
    unsigned = checkpoint.sign_note(str(rotation.read(first)), own.before[0][1]).encode()
    larger = rotation.rotate(own.before[0][1], own.before[1][1], 20, START).encode()
    for known in (own.before[0][1], own.before[1][1], own.signer):
        key = str(known.key)
        of = f"known: {known.key.hash.hex()}"
        yield Try(f"no rotations, {of}", replaced(True, rotations__00000=None, rotations__00001=None), "", key=key)
        yield Try(f"only the first, {of}", replaced(True, rotations__00001=None), "", key=key)
        yield Try(
            f"turned round, {of}",
            replaced(True, rotations__00000=second, rotations__00001=first),
            "does not follow",
            key=key,
        )
        yield Try(f"by one key only, {of}", replaced(True, rotations__00000=unsigned), "rotation 0", key=key)
        yield Try(
            f"another handover, {of}",
            replaced(True, rotations__00000=larger),
            "are not those that the ledger's entries tell of",
            key=key,
        )
        yield Try(f"a stranger's, {of}", replaced(True, rotations__00000=forged.encode()), "does not follow", key=key)
        yield Try(f"nonsense, {of}", replaced(True, rotations__00000=b"x\n\ny\n"), "rotation 0", key=key)
        yield Try(f"cut, {of}", replaced(rotations__00000=first[:-9]), "rotation 0", key=key)
    contents = members(whole())
    with_made_up: dict[str, bytes] = {}
    for name, content in contents.items():
        with_made_up[name] = content
        if name == "rotations/00001":
            with_made_up["rotations/00002"] = made_up.encode()
    yield Try(
        "a rotation made up later", repack(with_made_up, stranger), "are not those that the ledger's entries tell of"
    )
    for by in (own.before[0][1], own.before[1][1], stranger):
        yield Try(f"sealed by {by.key.hash.hex()}", repack(contents, by), "seal is not signed by")
    for seed in range(200, 206):
        other = str(signer(seed=seed).key)
        yield Try(f"another vendor's key {seed}", whole(), "do not lead from or to", key=other)


def histories() -> Iterator[Try]:
    """Forks that the owner signs, old packs again, gaps in the numbers: what only a reader who kept something sees."""
    own = ledger()
    first = own.before[0][1]
    for size in range(3, own.before[0][0]):
        forked = Ledger(signer=first, witnesses=own.witnesses)
        for item in own.entries[: size - 1]:
            forked.append(item.encoded, item.opened)
        for number in range(5):
            forked.add(f"FW-{'CDEFG'[number] * 6}")
        yield Try(f"fork at {size}", forked.pack(), "history was rewritten", own.checkpoint(size), str(first.key))
    for size in range(2, 42, 2):
        report = ledger().pack(size=size) if size > own.before[1][0] + 1 else None
        if report:
            yield Try(f"pack of {size} again", report, "the pack is older", own.checkpoint(42))
    for size in (3, 9, 20, 33, 41):
        head = checkpoint.Checkpoint(own.signer.key.name, size, bytes([size]) * 32)
        note = checkpoint.sign(head, own.in_turn(size))
        yield Try(f"another root at {size}", whole(), "history was rewritten", note)
        yield Try(
            f"a stranger's checkpoint {size}",
            whole(),
            "the older checkpoint is not signed",
            checkpoint.sign(head, signer(seed=9)),
        )
    for number in range(5, 15):
        gapped = rotated_ledger(number)
        last = gapped.numbers["FW-AAAAAA"]
        gapped.add("FW-AAAAAA", number=last + number)
        yield Try(f"a gap of {number}", gapped.pack(), "FW-AAAAAA has a gap", key=str(gapped.signer.key))
        gapped = rotated_ledger(number)
        gapped.add("FW-AAAAAA", number=1)
        yield Try(
            f"number 1 again after {number}", gapped.pack(), "FW-AAAAAA has number 1 after", key=str(gapped.signer.key)
        )


def manifests() -> Iterator[Try]:
    """What the manifest says of itself, sealed anew by the owner."""
    contents = members(whole())
    manifest = msgspec.json.decode(contents["manifest.json"], type=pack.Manifest)
    for name, said, change in (
        ("size", "different ledgers or sizes", {"size": 43}),
        ("origin", "different ledgers or sizes", {"origin": "other.example"}),
        ("entries", "", {"entries": 41}),
        ("cuts", "cuts are not ascending", {"cuts": (9, 3)}),
        ("scope of a case", "is outside the pack's scope", {"scope": pack.Scope("case", "FW-AAAAAA")}),
        ("scope of an app", "no entry of it names that app", {"scope": pack.Scope("app", "other-app")}),
        ("scope of a period", "is outside the pack's scope", {"scope": pack.Scope("period", "/", 5, 20)}),
        ("scope without end", "none that a pack can have", {"scope": pack.Scope("period", "/", 5)}),
        ("scope from beyond", "none that a pack can have", {"scope": pack.Scope("since", "", 99)}),
        ("no files", "does not list its files", {"files": ()}),
    ):
        changed = dict(contents)
        changed["manifest.json"] = pack.ENCODER.encode(msgspec.structs.replace(manifest, **change))
        changed["seal"] = checkpoint.sign_note(pack.seal_text(changed["manifest.json"]), ledger().signer).encode()
        yield Try(f"manifest: {name}", repack(changed), said)


def put(rows: list[bytes], at: int, value: bytes) -> None:
    rows[at] = value


def swap(rows: list[bytes], at: int) -> None:
    rows[at], rows[at + 1] = rows[at + 1], rows[at]


ALL = (entries, order, checkpoints, keys, histories, manifests)


def test_the_honest_one_passes() -> None:
    """With each of the three keys, the witnesses, and each older checkpoint: else the rest would show nothing."""
    own = ledger()
    for known in (own.before[0][1], own.before[1][1], own.signer):
        for size in range(1, len(own.entries) + 1):
            report = own.verify(whole(), own.checkpoint(size), str(known.key))
            assert report.ok, (size, report.problems)
            assert report.witnesses == ("witness.example", "other-witness.example")
            assert report.newer_key == ("" if known is own.signer else str(own.signer.key))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_manipulation_is_named(kind: Callable[[], Iterator[Try]]) -> None:
    """Each of them fails, with a problem that says what it is."""
    passed, unnamed = [], []
    asked = [str(each.key) for each in ledger().witnesses]
    for each in kind():
        key = each.key or str(ledger().signer.key)
        report = verify(io.BytesIO(each.packed), key=key, since=each.since, witnesses=asked)
        said = "\n".join(f"{fault.seq}: {fault.what}" for fault in report.problems)
        if report.ok or not report.problems:
            passed.append(each.name)
        elif each.said not in said:
            unnamed.append((each.name, each.said, said[:300]))
    assert passed == []
    assert unnamed == []


def test_there_are_hundreds() -> None:
    """The number that the issue asks for, counted."""
    assert sum(1 for kind in ALL for _ in kind()) >= 200
