"""A reporter's proof says what it says, to the byte; a promise is held against it; nothing else passes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.ledger import tree
from forgeward.ledger.proof import Promise, Proof, is_proof, receipt_extra, verify_proof
from tests.ledger.world import START, Ledger, rotated_ledger, signer, small_ledger


def prove(ledger: Ledger, index: int, size: int | None = None) -> str:
    size = len(ledger.entries) if size is None else size
    item = ledger.entries[index]
    opened = [(name, *item.opened[name]) for name in sorted(item.opened)]
    extra = receipt_extra(item.encoded, opened, ledger.rotations)
    return str(Proof(index, tree.inclusion_proof(ledger.nodes, index, size), ledger.checkpoint(size), extra))


def key_of(ledger: Ledger) -> str:
    return str(ledger.signer.key)


@pytest.mark.parametrize("size", [1, 2, 5, 8, 9])
def test_every_entry_can_be_proven(size: int) -> None:
    """In trees that are and are not powers of two; the text form comes back the same."""
    ledger = small_ledger(size)
    for index in range(size):
        text = prove(ledger, index)
        assert str(Proof.parse(text)) == text
        report = verify_proof(text, key=key_of(ledger), since=ledger.checkpoint())
        assert report.ok, report.problems
        assert is_proof(text.encode()[:64])


def test_it_holds_through_rotations_and_with_witnesses() -> None:
    """By any key that was ever in turn; the present one is told."""
    ledger = rotated_ledger(20)
    asked = [str(witness.key) for witness in ledger.witnesses]
    for known in (ledger.signer, *(old for _, old in ledger.before)):
        report = verify_proof(prove(ledger, 3), key=str(known.key), witnesses=asked)
        assert report.ok, report.problems
        assert report.newer_key == ("" if known is ledger.signer else key_of(ledger))
        assert len(report.witnesses) == 2
    assert not verify_proof(prove(ledger, 3)).ok


def test_every_byte_counts() -> None:
    """Each sign of the file changed: it is refused, as no proof or as a wrong one."""
    ledger = small_ledger(6)
    text = prove(ledger, 3)
    for at, sign in enumerate(text):
        spoilt = text[:at] + ("A" if sign != "A" else "B") + text[at + 1 :]
        assert not verify_proof(spoilt, key=key_of(ledger)).ok, at


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """Never raised, never believed."""
    for head in ("", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 0\n", "forgeward/promise/1\n"):
        report = verify_proof(head + text, key=str(signer().key))
        assert not report.ok
        assert report.problems


def test_another_leaf_is_not_proven() -> None:
    """The path of a neighbour, an index beyond, an entry of another ledger."""
    ledger = small_ledger(9)
    proof = Proof.parse(prove(ledger, 4))
    neighbour = Proof.parse(prove(ledger, 5))
    for wrong in (
        Proof(5, proof.path, proof.checkpoint, proof.extra),
        Proof(9, proof.path, proof.checkpoint, proof.extra),
        Proof(4, neighbour.path, proof.checkpoint, proof.extra),
        Proof(4, proof.path, proof.checkpoint, neighbour.extra),
    ):
        report = verify_proof(str(wrong), key=key_of(ledger))
        assert "is not leaf" in report.problems[0].what


def test_the_text_is_the_one_that_was_sealed() -> None:
    """Somebody else's words with the same salt do not pass."""
    ledger = small_ledger(3)
    item = ledger.entries[2]
    salt, _ = item.opened["scope"]
    extra = receipt_extra(item.encoded, [("scope", salt, "other words")], [])
    text = str(Proof(2, tree.inclusion_proof(ledger.nodes, 2, 3), ledger.checkpoint(), extra))
    assert "the text “scope”" in verify_proof(text, key=key_of(ledger)).problems[0].what


def test_a_promise_is_kept_by_the_proof_of_its_leaf() -> None:
    """And by no other; a stranger's promise binds nobody."""
    ledger = small_ledger(6)
    by = START + timedelta(days=1)
    name, leaf = ledger.signer.key.name, tree.leaf_hash(ledger.entries[3].encoded)
    promise = Promise(name, leaf, by).sign(ledger.signer)
    assert verify_proof(prove(ledger, 3), key=key_of(ledger), promise=promise).ok
    other = verify_proof(prove(ledger, 4), key=key_of(ledger), promise=promise)
    assert [fault.what for fault in other.problems] == ["the promise was of another entry than this one"]
    strange = Promise(name, leaf, by).sign(signer(seed=5))
    assert "is not signed by" in verify_proof(prove(ledger, 3), key=key_of(ledger), promise=strange).problems[0].what


def test_a_promise_alone_proves_nothing() -> None:
    """It says what it is, who signed it, and until when."""
    ledger = small_ledger(6)
    promise = Promise(ledger.signer.key.name, bytes(32), START).sign(ledger.signer)
    report = verify_proof(promise, key=key_of(ledger))
    assert (report.ok, report.signer, report.entries) == (False, "known", 0)
    assert "a promise, not a proof" in report.problems[0].what


def test_only_the_same_checkpoint_can_be_held_against_one_leaf() -> None:
    """One path shows no consistency between trees: it says so instead of passing."""
    ledger = small_ledger(6)
    report = verify_proof(prove(ledger, 3), key=key_of(ledger), since=ledger.checkpoint(5))
    assert "cannot show the tree at size 5" in report.problems[0].what


@pytest.mark.parametrize("text", ["", "x", "c2sp.org/tlog-proof@v1\nindex 01\n\nx"])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a proof"):
        Proof.parse(text)
