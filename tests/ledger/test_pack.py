"""Honest packs verify, whatever they hold; and hold nothing that was not to be shown."""

from __future__ import annotations

import base64
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger import checkpoint, pack, tree
from forgeward.ledger.verify import verify
from tests.ledger.world import POLICY, START, Ledger, members, signer, small_ledger


def indexes_of(ledger: Ledger, case: str) -> list[int]:
    """Leaf indexes of a case's entries."""
    return [item.index for item in ledger.entries if b'"case":"%b"' % case.encode() in item.encoded]


@pytest.fixture(scope="module")
def long() -> Ledger:
    """Long enough for two parts: 4,500 entries of 30 cases."""
    ledger = Ledger()
    ledger.add("", "policy:adopted")
    for number in range(4_499):
        ledger.add(f"FW-{number % 30:06d}", **({"scope": f"text {number}"} if number % 3 == 0 else {}))
    return ledger


def test_a_pack_verifies_and_says_what_it_is() -> None:
    """The report has the signer, the entries, the checkpoint and the scope."""
    ledger = small_ledger()
    report = ledger.verify(ledger.pack())
    assert report.ok
    assert (report.signer, report.entries, report.problems) == ("known", 9, ())
    assert report.checkpoint == checkpoint.verify(ledger.checkpoint(), ledger.signer.key)
    assert report.scope == pack.Scope("all")


def test_the_members_are_those_of_the_documentation() -> None:
    """Names and order are fixed; entries stand there byte for byte."""
    ledger = small_ledger()
    contents = members(ledger.pack(documents={"statement.html": b"<p>", "advisory.json": b"{}"}))
    assert list(contents) == [
        "checkpoint",
        f"policy/{sha256(POLICY).hexdigest()}.yaml",
        "documents/advisory.json",
        "documents/statement.html",
        "entries/00000.jsonl",
        "leaves/00000.bin",
        "disclosed/00000.jsonl",
        "runs.jsonl",
        "cover.bin",
        "windows.bin",
        "manifest.json",
        "seal",
    ]
    assert contents["entries/00000.jsonl"] == b"".join(item.encoded + b"\n" for item in ledger.entries)
    assert contents["runs.jsonl"] == b"[0,9]\n"
    assert contents["cover.bin"] == contents["windows.bin"] == b""


def test_the_same_history_gives_the_same_bytes() -> None:
    """Nothing in a pack depends on when or where it was written."""
    assert small_ledger().pack() == small_ledger().pack()


def test_without_a_key_nothing_is_ok() -> None:
    """All hashes agree, but nobody knows who signed: the signer is unknown, with no other problem."""
    report = verify(io.BytesIO(small_ledger().pack()))
    assert (report.ok, report.signer, report.problems, report.entries) == (False, "unknown", (), 9)


def test_a_path_is_verified_like_a_stream(tmp_path: Path) -> None:
    """A file that cannot be read is an error, not an answer."""
    ledger = small_ledger()
    file = tmp_path / "a.pack"
    file.write_bytes(ledger.pack())
    assert verify(file, key=str(ledger.signer.key)).ok
    with pytest.raises(BadInput, match=r"none\.pack"):
        verify(tmp_path / "none.pack", key=str(ledger.signer.key))
    with pytest.raises(BadInput, match="not a verifier key"):
        verify(file, key="nonsense")
    with pytest.raises(BadInput):
        verify(file, since="nonsense")


def test_a_case_pack_shows_its_case_and_nothing_of_others(long: Ledger) -> None:
    """150 entries out of 4,500, proven by what lies between; other cases' ids are nowhere in the file."""
    case = "FW-000007"
    packed = long.pack([0, *indexes_of(long, case)], pack.Scope("case", case))
    report = long.verify(packed)
    assert report.ok, report.problems
    assert report.entries == 151
    assert b"FW-000008" not in packed
    assert len(packed) < 150_000


def test_a_pack_since_an_instant_holds_everything_after_it(long: Ledger) -> None:
    """Cases that were open before begin in the middle of their numbering, which is right there."""
    scope = pack.Scope("since", "2026-03-04T00:00:00Z", 3_000)
    assert long.verify(long.pack([0, *range(3_000, 4_500)], scope)).ok
    assert long.verify(long.pack(range(3_000, 4_500), scope, policies=())).ok


def test_withheld_texts_stay_digests(long: Ledger) -> None:
    """A text that is not disclosed is not in the file; its digest is, and the pack still verifies."""
    shown = [pack.PackEntry(i.index, i.encoded, i.opened if i.index == 1 else {}) for i in long.entries[:9]]
    ledger = Ledger(entries=shown)
    tree.append_many(ledger.nodes, 0, [tree.leaf_hash(item.encoded) for item in shown])
    packed = ledger.pack()
    assert ledger.verify(packed).ok
    assert b"text 0" in packed
    assert b"text 3" not in packed


def test_several_parts_verify(long: Ledger) -> None:
    """Parts of 4,096 entries; progress is told after each."""
    told: list[tuple[int, int]] = []
    packed = long.pack()
    assert [name for name in members(packed) if name.startswith("entries/")] == [
        "entries/00000.jsonl",
        "entries/00001.jsonl",
    ]
    report = verify(
        io.BytesIO(packed), key=str(long.signer.key), progress=lambda done, total: told.append((done, total))
    )
    assert report.ok
    assert told == [(4_096, 4_500), (4_500, 4_500)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_honest_pack_verifies(long: Ledger, data: st.DataObject) -> None:
    """Any scope at any checkpoint, any cuts, any older checkpoint that a cut or the scope shows."""
    size = data.draw(st.one_of(st.integers(1, 600), st.integers(1, 4_500)))
    cuts = sorted(data.draw(st.sets(st.integers(1, size), max_size=3)))
    kind = data.draw(st.sampled_from(["all", "case", "app", "since"]))
    if kind == "all":
        indexes, scope = list(range(size)), pack.Scope("all")
    elif kind == "since":
        first = data.draw(st.integers(0, size - 1))
        indexes, scope = sorted({0, *range(first, size)}), pack.Scope("since", "2026-03-02T00:00:00Z", first)
    else:
        cases = data.draw(st.sets(st.integers(0, 29), min_size=1, max_size=1 if kind == "case" else 9))
        wanted = {f"FW-{case:06d}" for case in cases}
        indexes = [i for i in range(size) if i == 0 or f"FW-{(i - 1) % 30:06d}" in wanted]
        scope = pack.Scope(kind, wanted.pop() if kind == "case" else "field-radar")
    packed = long.pack(indexes, scope, cuts=cuts, size=size)
    for older in (None, *cuts, size):
        report = long.verify(packed, long.checkpoint(older) if older else None)
        assert report.ok, (older, report.problems)
    assert report.entries == len(indexes)


def test_an_older_checkpoint_must_be_shown(long: Ledger) -> None:
    """A case pack proves the older tree where it was cut for it, else says what to ask for."""
    indexes = [0, *indexes_of(long, "FW-000003")]
    scope = pack.Scope("case", "FW-000003")
    older = long.checkpoint(2_001)
    assert long.verify(long.pack(indexes, scope, cuts=[2_001]), older).ok
    report = long.verify(long.pack(indexes, scope), older)
    assert not report.ok
    assert "--extends" in report.problems[0].what


@pytest.mark.parametrize("indexes", [[], [3, 3], [4, 3], [9]])
def test_entries_that_cannot_be_packed_are_refused(indexes: list[int]) -> None:
    """None, out of order, or beyond the checkpoint."""
    ledger = small_ledger(10)
    with pytest.raises(BadInput):
        ledger.pack(indexes, size=9)


def test_too_many_cuts_are_refused() -> None:
    """A reader bounds the manifest; the writer does not exceed it."""
    ledger = small_ledger()
    assert ledger.verify(ledger.pack(cuts=range(-5, 100))).ok
    with pytest.raises(BadInput, match="older sizes"):
        pack.write(
            io.BytesIO(),
            ledger.entries,
            scope=pack.Scope("all"),
            at=START,
            checkpoint=checkpoint.sign(checkpoint.Checkpoint(signer().key.name, 1 << 20, bytes(32)), signer()),
            nodes=ledger.nodes,
            signer=signer(),
            cuts=range(pack.MAX_CUTS + 2),
        )


def test_a_document_needs_a_plain_name() -> None:
    """No folders, no blanks: the file can be unpacked anywhere."""
    with pytest.raises(BadInput, match="cannot name a document"):
        small_ledger().pack(documents={"../statement": b""})


def test_a_text_that_is_too_long_is_not_disclosed() -> None:
    """A pack's reader bounds its lines; the writer does not exceed them."""
    ledger = small_ledger()
    ledger.add("FW-AAAAAA", scope="x" * (pack.MAX_DISCLOSED + 1))
    with pytest.raises(BadInput, match="too long"):
        ledger.pack()


def test_the_longest_text_is_disclosed() -> None:
    """1 MiB of the characters that JSON escapes most verifies."""
    ledger = small_ledger()
    ledger.add("FW-AAAAAA", scope="\x01" * pack.MAX_DISCLOSED)
    assert ledger.verify(ledger.pack()).ok


def test_a_lost_node_stops_the_writing() -> None:
    """A pack that could not be verified is not written."""
    ledger = small_ledger()
    ledger.nodes._hashes.pop((0, 4))
    with pytest.raises(VerificationFailed, match="node 4 at level 0"):
        pack.write(
            io.BytesIO(),
            ledger.entries,
            scope=pack.Scope("all"),
            at=START,
            checkpoint=ledger.checkpoint(),
            nodes=ledger.nodes,
            signer=signer(),
        )


def test_the_reference_page_is_enough_to_write_a_verifier(long: Ledger) -> None:
    """The climb as docs/reference/pack.md words it, from the members alone, gives the checkpoint's root."""
    packed = members(long.pack(range(1, 4_500, 30), pack.Scope("case", "FW-000000"), policies=(), cuts=[1_234]))
    cover, stack, at = packed["cover.bin"], list[tuple[int, bytes]](), 0

    def push(level: int, value: bytes) -> None:
        stack.append((level, value))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            right, left = stack.pop()[1], stack.pop()[1]
            stack.append((level := level + 1, sha256(b"\x01" + left + right).digest()))

    def fill(end: int) -> None:
        nonlocal at, cover
        while at < end:
            border = end if at >= 1_234 else min(end, 1_234)
            level = max(n for n in range(14) if at % 2**n == 0 and at + 2**n <= border)
            push(level, cover[:32])
            at, cover = at + 2**level, cover[32:]

    entries = iter(packed["entries/00000.jsonl"].splitlines())
    for line in packed["runs.jsonl"].splitlines():
        first, end = json.loads(line)
        fill(first)
        for _ in range(first, end):
            push(0, sha256(b"\x00" + next(entries)).digest())
        at = end
    fill(4_500)
    root = stack.pop()[1]
    while stack:
        root = sha256(b"\x01" + stack.pop()[1] + root).digest()
    assert (next(entries, None), cover) == (None, b"")
    assert base64.b64encode(root).decode() == packed["checkpoint"].decode().splitlines()[2]
