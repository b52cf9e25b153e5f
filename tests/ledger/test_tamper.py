"""No change of a pack passes, and what was changed is named."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.ledger import checkpoint, entry, pack, tree
from forgeward.ledger.verify import Report, verify
from tests.ledger.world import POLICY, START, Ledger, change, members, repack, signer, small_ledger

ENTRIES, LEAVES, DISCLOSED = pack.part_names(0)
KEY = str(signer().key)


def check(packed: bytes, key: str | None = KEY, since: str | None = None) -> Report:
    return verify(io.BytesIO(packed), key=key, since=since)


def said(report: Report) -> str:
    assert not report.ok
    return "\n".join(f"{fault.seq}: {fault.what}" for fault in report.problems)


@pytest.fixture(scope="module")
def packed() -> bytes:
    return small_ledger().pack(documents={"statement.txt": b"All promises are kept.\n"})


@pytest.fixture(scope="module")
def long() -> Ledger:
    return small_ledger(1_000)


@pytest.mark.slow
def test_no_byte_can_change_unnoticed() -> None:
    """Every byte of a pack, each with another bit flipped, with a known key and without one."""
    whole = small_ledger(3).pack(documents={"a": b"b"})
    unnoticed = []
    for position in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[position] ^= 1 << position % 8
        report = check(bytes(spoilt), None if position % 2 else KEY)
        if not report.problems:
            unnoticed.append(position)
    assert unnoticed == []


def test_no_cut_passes(packed: bytes) -> None:
    """A file that ends early is no pack, wherever it ends."""
    assert all(check(packed[:length]).problems for length in range(0, len(packed), 7))
    assert check(packed[:-1]).problems


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_the_verifier_fail(data: bytes) -> None:
    """Whatever comes is answered, not raised."""
    assert not check(data).ok


@given(st.data())
def test_nothing_in_a_member_makes_the_verifier_fail(packed: bytes, data: st.DataObject) -> None:
    """Any member with any content, in a container that is canonical, is answered with a named problem."""
    contents = members(packed)
    name = data.draw(st.sampled_from(sorted(contents)))
    content = contents[name]
    at = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(at, len(content)))
    contents[name] = content[:at] + data.draw(st.binary(max_size=40)) + content[end:]
    report = check(repack(contents))
    assert report.ok == (contents[name] == content)
    assert report.ok or report.problems


def lines(edit: Callable[[list[bytes]], object]) -> Callable[[bytes], bytes]:
    """An edit of a member as a list of its lines."""

    def edited(content: bytes) -> bytes:
        rows = content.splitlines(keepends=True)
        edit(rows)
        return b"".join(rows)

    return edited


def hashes(edit: Callable[[list[bytes]], object]) -> Callable[[bytes], bytes]:
    """An edit of a member as a list of its hashes."""

    def edited(content: bytes) -> bytes:
        rows = [content[at : at + 32] for at in range(0, len(content), 32)]
        edit(rows)
        return b"".join(rows)

    return edited


def put(index: int, value: bytes) -> Callable[[list[bytes]], object]:
    return lambda rows: rows.__setitem__(index, value)


def swap(rows: list[bytes]) -> None:
    rows[4], rows[5] = rows[5], rows[4]


FORGED = entry.encode(at=START, case="FW-AAAAAA", seq=3, kind="case:assessed", data={"level": "low"})
NAMED = {
    "altered": (ENTRIES, lines(put(5, FORGED + b"\n")), "5: the entry was altered"),
    "one blank": (ENTRIES, lambda content: content.replace(b'"seq":4', b'"seq": 4', 1), "the entry was altered"),
    "missing": (ENTRIES, lines(lambda rows: rows.pop(5)), "5: the entry is missing"),
    "last one missing": (ENTRIES, lines(lambda rows: rows.pop()), "8: the entry is missing"),
    "all missing": (ENTRIES, lambda content: b"", "8: the entry is missing"),
    "extra": (ENTRIES, lines(lambda rows: rows.insert(5, FORGED + b"\n")), "5: an entry that the ledger does not have"),
    "extra at the end": (ENTRIES, lines(lambda rows: rows.append(FORGED + b"\n")), "9: an entry that the ledger does"),
    "doubled": (ENTRIES, lines(lambda rows: rows.insert(5, rows[4])), "4: the entry stands twice"),
    "swapped": (ENTRIES, lines(swap), "5: the entry stands in the wrong place"),
    "no newline at the end": (ENTRIES, lambda content: content[:-1], f"{ENTRIES} does not end with a newline"),
    "an empty line": (ENTRIES, lambda content: content + b"\n", "9: an entry that the ledger does not have"),
    "leaf hash": (LEAVES, hashes(put(5, bytes(32))), "5: the entry was altered"),
    "leaf hash missing": (LEAVES, hashes(lambda rows: rows.pop()), f"{LEAVES} has 256 bytes, not 288"),
    "disclosed text": (
        DISCLOSED,
        lambda content: content.replace(b"text 5", b"text 6"),
        "5: the disclosed text “scope”",
    ),
    "disclosed salt": (
        DISCLOSED,
        lines(lambda rows: rows.__setitem__(4, rows[4].replace(rows[4][12:16], b"AAAA"))),
        "5: the disclosed text “scope”",
    ),
    "disclosed text missing": (DISCLOSED, lines(lambda rows: rows.pop()), f"{DISCLOSED} was altered"),
    "disclosed for another": (
        DISCLOSED,
        lines(lambda rows: rows.__setitem__(4, rows[4].replace(b"[5,", b"[4,"))),
        "out of order",
    ),
    "disclosed beyond": (
        DISCLOSED,
        lines(lambda rows: rows.append(rows[-1].replace(b"[8,", b"[80,"))),
        "80: the text “scope” is disclosed for an entry that is not there",
    ),
    "short salt": (
        DISCLOSED,
        lines(lambda rows: rows.append(b'[8,"tscope","AAAA","x"]\n')),
        "8: the salt of the disclosed text “tscope” has 3 bytes",
    ),
    "disclosed nonsense": (DISCLOSED, lambda content: content + b"{}\n", f"{DISCLOSED} cannot be read"),
    "disclosed with a blank": (
        DISCLOSED,
        lambda content: content.replace(b"[1,", b"[1, "),
        f"{DISCLOSED} is not canonical",
    ),
    "runs": ("runs.jsonl", lambda content: b"[0,8]\n", "The pack's runs are not of as many"),
    "runs in pieces": ("runs.jsonl", lambda content: b"[0,5]\n[5,9]\n", "do not ascend"),
    "runs elsewhere": ("runs.jsonl", lambda content: b"[1,10]\n", "The pack's runs are not of as many"),
    "runs nonsense": ("runs.jsonl", lambda content: b"[0]\n", "runs.jsonl cannot be read"),
    "runs with a blank": ("runs.jsonl", lambda content: b"[0, 9]\n", "runs.jsonl is not canonical"),
    "cover": ("cover.bin", lambda content: bytes(32), "more hashes than its proof needs"),
    "windows": ("windows.bin", lambda content: bytes(32), "more hashes than its proof needs"),
    "document": ("documents/statement.txt", lambda content: b"None is.", "documents/statement.txt was altered"),
    "seal": ("seal", lambda content: content.replace(b"forgeward/pack/1", b"forgeward/pack/2"), "seal"),
    "seal twice": ("seal", lambda content: content + content.splitlines(keepends=True)[-1], "the seal is not of this"),
    "seal is gone": ("seal", lambda content: b"", "seal: This is not a signed note"),
    "manifest": (
        "manifest.json",
        lambda content: content.replace(b'"all"', b'"app"'),
        "the seal is not of this manifest",
    ),
    "manifest key": ("manifest.json", lambda content: content[:-1] + b',"x":1}', "The manifest cannot be read"),
    "manifest blank": ("manifest.json", lambda content: content + b" ", "manifest.json is not canonical"),
    "checkpoint size": ("checkpoint", lambda content: content.replace(b"\n9\n", b"\n8\n"), "does not fit the text"),
    "checkpoint is gone": ("checkpoint", lambda content: b"", "checkpoint: This is not a signed note"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_was_changed_is_named(packed: bytes, name: str) -> None:
    """Each change of one member, in a container that is canonical again, is named."""
    member, edit, expected = NAMED[name]
    changed = change(packed, member, edit)
    assert changed != packed
    assert expected in said(check(changed))


@pytest.mark.parametrize("name", ["altered", "missing", "extra", "doubled", "leaf hash"])
def test_nobody_else_is_blamed(long: Ledger, name: str) -> None:
    """Of 1,000 entries one is wrong: every named entry is that one (or the next, for the gap in its case)."""
    member, edit, _ = NAMED[name]
    report = long.verify(change(long.pack(), member, edit))
    assert not report.ok
    assert {fault.seq for fault in report.problems} <= {4, 5, 7, None}
    assert report.entries >= 999


def test_an_entry_forged_with_its_leaf_hash_is_found_in_its_window(long: Ledger) -> None:
    """Both carry the forgery; the hash of the window of 256 does not, and names it."""
    spoilt = change(long.pack(), LEAVES, hashes(put(299, bytes(32))))
    assert "299: the entry or its leaf hash was altered" in said(check(spoilt))
    spoilt = change(long.pack(), ENTRIES, lines(put(300, FORGED + b"\n")))
    spoilt = change(spoilt, LEAVES, hashes(put(300, tree.leaf_hash(FORGED))))
    assert "None: the leaf hash of an entry of 256 to 511 is not the one that was signed" in said(check(spoilt))


def test_a_forgery_through_all_hashes_does_not_lead_to_the_root(long: Ledger) -> None:
    """Entry, leaf hash and window agree with each other, but not with the signed root."""
    contents = members(long.pack())
    contents[ENTRIES] = lines(put(300, FORGED + b"\n"))(contents[ENTRIES])
    contents[LEAVES] = hashes(put(300, tree.leaf_hash(FORGED)))(contents[LEAVES])
    forged = tree.MemoryNodes()
    tree.append_many(forged, 0, [contents[LEAVES][at : at + 32] for at in range(0, 32_000, 32)])
    contents["windows.bin"] = hashes(put(1, forged.get_many([(8, 1)])[8, 1]))(contents["windows.bin"])
    assert "do not lead to the checkpoint's root" in said(check(repack(contents)))


def test_a_forged_cover_does_not_lead_to_the_root(long: Ledger) -> None:
    """What a partial pack says of the entries that it leaves out is proven too."""
    indexes = [0, *range(1, 1_000, 2)]
    partial = long.pack(indexes, pack.Scope("case", "FW-BBBBBB"))
    assert long.verify(partial).ok
    for spoilt in (
        hashes(put(3, bytes(32))),
        hashes(lambda rows: rows.pop()),
        hashes(lambda rows: rows.append(bytes(32))),
    ):
        assert check(change(partial, "cover.bin", spoilt)).problems
        assert check(change(partial, "windows.bin", hashes(put(1, bytes(32))))).problems


def test_a_stranger_who_signs_all_anew_stays_unknown() -> None:
    """A perfect pack of another key, even under the ledger's name, is not ok."""
    stranger = Ledger(signer=signer(seed=7))
    stranger.add("", entry.POLICY_ADOPTED)
    report = check(stranger.pack())
    assert report.signer == "unknown"
    assert "is not signed by test.example/ledger" in said(report)


def test_another_ledgers_pack_is_not_this_ones() -> None:
    """Even where the same key signs: the origin must be the key's name."""
    other = small_ledger()
    other.signer = checkpoint.Signer(signer("other.example/ledger").key, signer().sign)
    report = check(other.pack())
    assert report.signer == "unknown"
    assert "the checkpoint is of the ledger other.example/ledger" in said(report)


def test_a_checkpoint_of_another_pack_does_not_fit(packed: bytes) -> None:
    """Signed by the right key, but over another tree."""
    other = small_ledger(8).checkpoint().encode()
    report = check(change(packed, "checkpoint", lambda content: other))
    assert "manifest and checkpoint speak of different ledgers or sizes" in said(report)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda contents: contents.pop("seal"), "no manifest, seal or checkpoint"),
        (lambda contents: contents.pop("checkpoint"), "no manifest, seal or checkpoint"),
        (lambda contents: contents.pop("cover.bin"), "are not those"),
        (lambda contents: contents.pop(DISCLOSED), "are not those"),
        (lambda contents: contents.pop(LEAVES), "are not those"),
        (lambda contents: contents.update({"more.txt": b"x"}), "are not those"),
        (lambda contents: contents.update({"entries/00001.jsonl": b""}), "are not those"),
        (lambda contents: contents.update(checkpoint=contents.pop("checkpoint")), "are not those"),
    ],
)
def test_members_are_neither_more_nor_fewer(
    packed: bytes, edit: Callable[[dict[str, bytes]], object], expected: str
) -> None:
    """The list and the order of members follow from the manifest."""
    contents = members(packed)
    edit(contents)
    assert expected in said(check(repack(contents)))


class TestTheOwnerCannotEither:
    """What even the holder of the key, who can seal anything, cannot make pass."""

    def test_a_gap_in_a_case(self) -> None:
        """Numbers 4 and 5 were never entered: the pack of the case fails."""
        ledger = small_ledger()
        ledger.add("FW-AAAAAA", number=7)
        assert "9: FW-AAAAAA has a gap: numbers 5 to 6 are not there" in said(ledger.verify(ledger.pack()))

    def test_a_case_that_does_not_begin_at_one(self) -> None:
        """The first entry of a case was left out of its pack."""
        ledger = small_ledger()
        packed = ledger.pack([0, 4, 6, 8], pack.Scope("case", "FW-AAAAAA"))
        assert "4: FW-AAAAAA has a gap: number 1 is not there" in said(ledger.verify(packed))

    def test_a_number_that_comes_again(self) -> None:
        """A second entry with the number of an earlier one."""
        ledger = small_ledger()
        ledger.add("FW-AAAAAA", number=2)
        assert "9: FW-AAAAAA has number 2 after number 4" in said(ledger.verify(ledger.pack()))

    def test_an_entry_that_is_not_canonical(self) -> None:
        """It is in the tree, but two readers could read it differently."""
        ledger = small_ledger()
        ledger.append(FORGED.replace(b'"level":"low"', b'"level":"low","level":"high"'))
        ledger.append(FORGED.replace(b"}", b"}\x0b"))
        report = ledger.verify(ledger.pack())
        assert [fault.seq for fault in report.problems] == [9, 10]
        assert "not canonical" in said(report)

    def test_a_whole_pack_that_leaves_entries_out(self) -> None:
        """A pack of everything, or since some leaf, has no holes."""
        ledger = small_ledger()
        assert "entries from 0 on are left out" in said(ledger.verify(ledger.pack([0, *range(2, 9)])))
        packed = ledger.pack([0, 5, 7, 8], pack.Scope("since", "2026-03-02T09:05:00Z", 5))
        assert "entries from 5 on are left out" in said(ledger.verify(packed))

    def test_an_entry_outside_the_scope(self) -> None:
        """A case's pack has no other case; a period's pack none before it."""
        ledger = small_ledger()
        packed = ledger.pack([0, 1, 2, 4, 6, 8], pack.Scope("case", "FW-AAAAAA"))
        assert "1: an entry of FW-BBBBBB is outside the pack's scope" in said(ledger.verify(packed))
        packed = ledger.pack([0, 1, 5, 6, 7, 8], pack.Scope("since", "2026-03-02T09:05:00Z", 5))
        assert "1: an entry of FW-BBBBBB is outside the pack's scope" in said(ledger.verify(packed))

    def test_another_policy(self) -> None:
        """Each policy that an entry puts in force is there, and no other."""
        ledger = small_ledger()
        assert "that an entry puts in force is missing" in said(ledger.verify(ledger.pack(policies=())))
        report = ledger.verify(ledger.pack(policies=[POLICY, b"another"]))
        assert "is put in force by no packed entry" in said(report)
        packed = ledger.pack()
        name = next(name for name in members(packed) if name.startswith("policy/"))
        assert "is not named by its SHA-256" in said(check(change(packed, name, lambda content: b"x", signer())))

    def test_an_altered_entry(self) -> None:
        """Sealed with the alteration, it still does not have the leaf hash that was signed."""
        packed = change(small_ledger().pack(), ENTRIES, lines(put(5, FORGED + b"\n")), signer())
        assert "5: the entry was altered" in said(check(packed))

    def test_an_entry_altered_in_the_database(self) -> None:
        """The writer takes leaf hashes from the tree, so the pack itself tells."""
        ledger = small_ledger()
        ledger.entries[5] = pack.PackEntry(5, FORGED)
        assert "5: the entry was altered" in said(ledger.verify(ledger.pack()))

    def test_a_text_that_was_not_sealed(self) -> None:
        """Disclosed, sealed and signed, but not what the digest in the entry is of."""
        ledger = small_ledger()
        true = ledger.entries[5]
        ledger.entries[5] = pack.PackEntry(5, true.encoded, {"scope": (true.opened["scope"][0], "nothing happened")})
        assert "5: the disclosed text “scope” is not the one that was sealed" in said(ledger.verify(ledger.pack()))

    def test_a_history_that_was_rewritten(self) -> None:
        """Who holds an older checkpoint sees a fork, in whole packs and in cut ones."""
        true, fork = small_ledger(40), small_ledger(20)
        fork.add("FW-AAAAAA", scope="another story")
        for number in range(21, 40):
            fork.add(f"FW-{'AB'[number % 2] * 6}", scope=f"text {number}")
        older = true.checkpoint(30)
        for packed in (
            fork.pack(),
            fork.pack([0, *range(35, 40)], pack.Scope("since", "2026-03-02T09:35:00Z", 35), cuts=[30]),
        ):
            assert fork.verify(packed).ok
            assert "history was rewritten: the first 30 entries" in said(fork.verify(packed, older))
        assert fork.verify(fork.pack(), true.checkpoint(20)).ok

    def test_an_old_pack_played_again(self) -> None:
        """It verifies, but not for somebody who holds a newer checkpoint."""
        ledger = small_ledger(40)
        report = ledger.verify(ledger.pack(size=30), ledger.checkpoint(35))
        assert "the pack is older (size 30) than the checkpoint held (size 35)" in said(report)

    def test_an_older_checkpoint_that_is_not_its_own(self) -> None:
        """Another signer's, another ledger's, another root at the same size."""
        ledger, other = small_ledger(), Ledger(signer=signer("other.example/ledger"))
        other.add("FW-AAAAAA")
        assert "of another ledger" in said(ledger.verify(ledger.pack(), other.checkpoint()))
        strange = small_ledger()
        strange.signer = signer(seed=5)
        assert "not signed by the key" in said(ledger.verify(ledger.pack(), strange.checkpoint(5)))
        head = checkpoint.sign(checkpoint.Checkpoint(signer().key.name, 9, bytes(32)), signer())
        assert "history was rewritten" in said(ledger.verify(ledger.pack(), head))


@pytest.mark.parametrize(
    "edit",
    [
        {"entries": 10**18},
        {"entries": -1},
        {"entries": 0},
        {"size": 2**62},
        {"size": 10**30},
        {"cuts": (1, 3, 2)},
        {"cuts": (0,)},
        {"keys": ()},
        {"keys": ("nonsense",)},
        {"files": ()},
        {"scope": pack.Scope("since", "", -5)},
    ],
)
def test_a_hostile_manifest_is_answered(packed: bytes, edit: dict[str, object]) -> None:
    """Numbers that are out of all bounds cost neither time nor memory, and nothing is raised."""
    contents = members(packed)
    manifest = msgspec.json.decode(contents["manifest.json"], type=pack.Manifest)
    contents["manifest.json"] = pack.ENCODER.encode(msgspec.structs.replace(manifest, **edit))
    contents["seal"] = checkpoint.sign_note(pack.seal_text(contents["manifest.json"]), signer()).encode()
    report = verify(io.BytesIO(repack(contents)))
    assert not report.ok
    assert report.problems or edit.get("scope")


def test_many_faults_are_counted_beyond_what_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack in which everything is wrong does not fill the memory with sentences."""
    monkeypatch.setattr("forgeward.ledger.verify.MAX_FAULTS", 5)
    spoilt = change(small_ledger(50).pack(), LEAVES, lambda content: bytes(len(content)))
    report = check(spoilt)
    assert len(report.problems) == 6
    assert "more problems are not listed" in report.problems[-1].what
