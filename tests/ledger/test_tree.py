"""The tree agrees with RFC 6962's reference vectors, and its proofs prove exactly what they say."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput, VerificationFailed
from forgeward.ledger import tree

# Leaves, roots and proofs of the reference tests of Certificate Transparency (merkle_tree_test).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [D, E, ROOTS[4]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, D])]
CONSISTENCY = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])]


def grown(leaves: list[bytes]) -> tree.MemoryNodes:
    nodes = tree.MemoryNodes()
    tree.append_many(nodes, 0, leaves)
    return nodes


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + reference_root(leaves[:split]) + reference_root(leaves[split:])).digest()


@pytest.fixture(scope="module")
def reference() -> tree.MemoryNodes:
    return grown([tree.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(reference: tree.MemoryNodes, size: int) -> None:
    """Sizes 0 to 8 of the published vectors."""
    assert tree.root(reference, size).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(
    reference: tree.MemoryNodes, index: int, size: int, path: list[str]
) -> None:
    """Paths of the published vectors, made and verified."""
    proof = tree.inclusion_proof(reference, index, size)
    assert [value.hex() for value in proof] == path
    leaf = tree.leaf_hash(bytes.fromhex(LEAVES[index]))
    assert tree.verify_inclusion(leaf, index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(
    reference: tree.MemoryNodes, old: int, new: int, path: list[str]
) -> None:
    """Proofs of the published vectors, made and verified."""
    proof = tree.consistency_proof(reference, old, new)
    assert [value.hex() for value in proof] == path
    assert tree.verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)


HASHES = st.integers(0, 70).map(lambda count: [sha256(b"%d" % n).digest() for n in range(count)])


@given(HASHES, st.lists(st.integers(0, 9), max_size=8))
def test_batches_do_not_matter(leaves: list[bytes], sizes: list[int]) -> None:
    """Appending in any batches gives the root of the standard's own definition, and the same nodes."""
    nodes, at = tree.MemoryNodes(), 0
    for size in (*sizes, len(leaves)):
        batch = leaves[at : at + size]
        edge = tree.append_many(nodes, at, batch)
        at += len(batch)
        assert edge == tree.frontier(nodes, at)
    assert tree.root(nodes, len(leaves)) == reference_root(leaves)
    every = [(level, index) for level in range(8) for index in range(len(leaves) >> level)]
    assert nodes.get_many(every) == grown(leaves).get_many(every)
    assert len(nodes.get_many(every)) == len(every)


@given(st.data())
def test_an_inclusion_proof_proves_its_leaf_only(data: st.DataObject) -> None:
    """It verifies; with another leaf, index, size, root or one changed, missing or added hash it does not."""
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    leaves = [sha256(b"%d" % n).digest() for n in range(size)]
    nodes = grown(leaves)
    proof, root = tree.inclusion_proof(nodes, index, size), tree.root(nodes, size)
    assert tree.verify_inclusion(leaves[index], index, size, proof, root)
    other = sha256(b"other").digest()
    assert not tree.verify_inclusion(other, index, size, proof, root)
    assert not tree.verify_inclusion(leaves[index], index, size, proof, other)
    assert not tree.verify_inclusion(leaves[index], size, size, proof, root)
    assert not tree.verify_inclusion(leaves[index], index, size, (*proof, other), root)
    if size > 1:
        wrong = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        assert not tree.verify_inclusion(leaves[index], wrong, size, proof, root)
        assert not tree.verify_inclusion(leaves[index], index, size, proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not tree.verify_inclusion(leaves[index], index, size, (*proof[:at], other, *proof[at + 1 :]), root)


@given(st.data())
def test_a_consistency_proof_proves_one_history_only(data: st.DataObject) -> None:
    """It verifies; a fork, another size or a changed, missing or added hash does not."""
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(1, new))
    leaves = [sha256(b"%d" % n).digest() for n in range(new)]
    nodes = grown(leaves)
    proof = tree.consistency_proof(nodes, old, new)
    before, after = tree.root(nodes, old), tree.root(nodes, new)
    assert tree.verify_consistency(old, new, before, after, proof)
    other = sha256(b"other").digest()
    assert not tree.verify_consistency(old, new, other, after, proof)
    assert not tree.verify_consistency(old, new, before, other, proof)
    assert not tree.verify_consistency(old, new, before, after, (*proof, other))
    assert not tree.verify_consistency(0, new, before, after, proof)
    assert not tree.verify_consistency(new + 1, new, before, after, proof)
    for at in range(len(proof)):
        assert not tree.verify_consistency(old, new, before, after, (*proof[:at], other, *proof[at + 1 :]))
        assert not tree.verify_consistency(old, new, before, after, (*proof[:at], *proof[at + 1 :]))


def test_many_inclusion_proofs_are_read_at_once() -> None:
    """Bulk proofs are the single ones."""
    leaves = [sha256(b"%d" % n).digest() for n in range(37)]
    nodes = grown(leaves)
    assert tree.inclusion_proofs(nodes, range(37), 37) == [tree.inclusion_proof(nodes, i, 37) for i in range(37)]


def test_a_leaf_cannot_pass_for_a_node() -> None:
    """Domain separation: an entry that spells two hashes has another hash than their parent."""
    left, right = tree.leaf_hash(b"l"), tree.leaf_hash(b"r")
    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_there_is_no_proof_from_nothing(old: int, new: int) -> None:
    """The empty case is refused, not answered with an empty proof."""
    with pytest.raises(BadInput):
        tree.consistency_proof(grown([bytes(32)] * 3), old, new)


def test_there_is_no_proof_of_a_leaf_that_is_not_there() -> None:
    """Indexes count from 0 to size - 1."""
    with pytest.raises(BadInput):
        tree.inclusion_proof(grown([bytes(32)] * 3), 3, 3)


def test_a_lost_node_is_named() -> None:
    """A store that has lost a node gives no proof."""
    with pytest.raises(VerificationFailed, match="node 0 at level 2"):
        tree.root(tree.MemoryNodes(), 4)
