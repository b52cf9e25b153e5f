"""Every waiting entry gets one leaf, in order; checkpoints are signed over the tree as it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forgeward.desk.actions import sequence
from forgeward.desk.models import CheckpointRow, Entry, Leaf, Pending, TreeNode
from forgeward.desk.nodes import TableNodes
from forgeward.desk.programme import vault
from forgeward.errors import VerificationFailed
from forgeward.ledger import checkpoint, tree
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, step


def _bodies() -> list[bytes]:
    return [bytes(leaf.entry.body) for leaf in Leaf.objects.select_related("entry").order_by("index")]


def test_waiting_entries_get_the_next_leaves_in_their_order(house: House) -> None:
    """Indexes without a gap, entries of a case in their order, nothing left waiting."""
    number = opened(house.ines)
    for _ in range(3):
        step(number, "note", house.ines, text="More")
    assert sequence.number() == Entry.objects.count()
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(Entry.objects.count()))
    ours = Leaf.objects.filter(entry__case__number=number).order_by("index").values_list("entry__seq", flat=True)
    assert list(ours) == [1, 2, 3, 4]
    assert not Pending.objects.exists()
    with untouched():
        assert sequence.number() == 0


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 500])
def test_batches_make_no_difference(house: House, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """The tree is that of all leaves at once, however they were numbered."""
    monkeypatch.setattr(sequence, "BATCH", batch)
    number = opened(house.ines)
    sequence.number()
    for _ in range(5):
        step(number, "note", house.ines, text="More")
    sequence.number()
    edge, _ = tree.Frontier().extend([tree.leaf_hash(body) for body in _bodies()])
    assert tree.root(TableNodes(), Leaf.objects.count()) == edge.root()
    assert agrees(NOW)


def test_a_limit_leaves_the_rest_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long queue is worked off in turns, so that a round of the worker ends."""
    monkeypatch.setattr(sequence, "BATCH", 2)
    waiting = Pending.objects.count()
    assert sequence.number(limit=4) == 4
    assert Pending.objects.count() == waiting - 4


def test_a_batch_that_fails_leaves_all_waiting(house: House) -> None:
    """A hash that stands where the next one belongs: no leaf, no node, the queue as it was, and it is said."""
    sequence.number()
    size = Leaf.objects.count()
    opened(house.ines)
    TreeNode.objects.create(level=0, index=size, digest=b"x" * 32)
    with untouched(), pytest.raises(VerificationFailed, match="contradict") as refusal:
        sequence.number()
    assert "audit" in refusal.value.next


def test_a_checkpoint_numbers_what_waits_and_is_signed(house: House) -> None:
    """Its note verifies with the home's key and names the tree's size and root."""
    opened(house.ines)
    row = sequence.sign_checkpoint(NOW)
    key = vault().keys.verifier_key
    said = checkpoint.verify(row.note, key)
    assert (said.origin, said.size, said.root) == (key.name, Leaf.objects.count(), tree.root(TableNodes(), said.size))
    assert not Pending.objects.exists()


def test_the_same_size_is_signed_once(house: House) -> None:
    """Signing again changes nothing until something happened."""
    number = opened(house.ines)
    first = sequence.sign_checkpoint(NOW)
    with untouched():
        assert sequence.sign_checkpoint(NOW + timedelta(hours=1)) == first
    step(number, "note", house.ines, text="More")
    assert sequence.sign_checkpoint(NOW + timedelta(hours=1)).size == first.size + 1
    assert CheckpointRow.objects.count() == 2
    assert agrees(NOW + timedelta(hours=1))
