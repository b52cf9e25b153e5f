"""A new key is believed because the old one names it, and only from its turn on."""

from __future__ import annotations

import pytest

from forgeward.errors import BadInput, ForgewardError, VerificationFailed
from forgeward.ledger import checkpoint
from forgeward.ledger.rotation import Chain, Rotation, read, rotate
from tests.ledger.world import START, signer, witness

ONE, TWO, THREE = signer(seed=1), signer(seed=2), signer(seed=3)
FIRST, SECOND = rotate(ONE, TWO, 10, START), rotate(TWO, THREE, 25, START)


def test_a_note_says_what_was_signed() -> None:
    """Both keys, the size, the instant; it comes back the same."""
    assert read(FIRST) == Rotation(ONE.key, TWO.key, 10, START)
    assert read(FIRST.encode()) == read(FIRST)


def test_both_keys_must_sign() -> None:
    """The old one names its heir; the new one shows that somebody holds it."""
    text = str(Rotation(ONE.key, TWO.key, 10, START))
    for signers in ((ONE,), (TWO,), (ONE, THREE), (ONE, TWO, THREE)):
        with pytest.raises(ForgewardError):
            read(checkpoint.sign_note(text, *signers))


@pytest.mark.parametrize(
    "new", [ONE, signer("other.example", 2), witness("test.example/ledger")], ids=["itself", "another name", "witness"]
)
def test_what_cannot_follow_is_refused(new: checkpoint.Signer) -> None:
    """The name is the ledger's and stays."""
    with pytest.raises(BadInput, match="has the old one's name"):
        rotate(ONE, new, 10, START)


@pytest.mark.parametrize(
    "edit", [("\n10\n", "\n010\n"), ("\n10\n", "\n-1\n"), ("rotation/1", "rotation/2"), ("00Z", "00+00:00")]
)
def test_there_is_one_way_to_write_it(edit: tuple[str, str]) -> None:
    with pytest.raises(ForgewardError):
        read(FIRST.replace(*edit))


def test_whose_turn_it_is() -> None:
    """The old key up to the size named, both just there, the new one beyond."""
    chain = Chain.of(ONE.key, map(read, (FIRST, SECOND)))
    assert chain.newest == THREE.key
    turns = {0: ONE, 9: ONE, 11: TWO, 24: TWO, 26: THREE, 10**9: THREE}
    assert {size: chain.at(size) for size in turns} == {size: (who.key,) for size, who in turns.items()}
    assert chain.at(10) == (ONE.key, TWO.key)
    assert Chain.of(ONE.key).at(5) == (ONE.key,)


@pytest.mark.parametrize(
    "notes",
    [
        (SECOND, FIRST),
        (FIRST, FIRST),
        (FIRST, rotate(TWO, THREE, 9, START)),
        (FIRST, rotate(TWO, ONE, 25, START)),
    ],
    ids=["turned round", "twice", "sizes go back", "a key comes back"],
)
def test_what_makes_no_chain_is_refused(notes: tuple[str, ...]) -> None:
    with pytest.raises(VerificationFailed):
        Chain.of(ONE.key, map(read, notes))
