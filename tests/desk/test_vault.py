"""What is sealed opens only in its place and with its owner's key, and never once that key is destroyed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forgeward.desk.vault import Vault
from forgeward.errors import KeyErased, VerificationFailed
from forgeward.ledger.entry import seal_digest
from forgeward.vocabulary import Sealed

PLACE = "FW-7Q3KXM:4"
OWNERS = {"case": "case:FW-7Q3KXM", "reporter": "reporter:abc"}
TEXTS = {
    "scope": Sealed("Notes of one site"),
    "name": Sealed("Noor Haddad", "reporter"),
    "actor": Sealed("person:3"),
    "seen": Sealed("by a colleague", "person:3"),
}
NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "keys")
    made.keys.create("test.example/ledger")
    return made


def test_each_owner_has_one_blob_that_opens_to_what_was_sealed(vault: Vault) -> None:
    """Texts are grouped by whose key seals them; together the blobs give every text back."""
    _, blobs = vault.seal_entry(PLACE, TEXTS, OWNERS)
    assert sorted(subject for subject, _ in blobs) == ["case:FW-7Q3KXM", "person:3", "reporter:abc"]
    assert vault.values(PLACE, blobs) == {name: text.value for name, text in TEXTS.items()}


def test_digests_are_those_of_the_salted_values(vault: Vault) -> None:
    """What stands in the leaf is the digest of salt and value that the blob holds."""
    digests, blobs = vault.seal_entry(PLACE, TEXTS, OWNERS)
    opened = {name: pair for subject, blob in blobs for name, pair in vault.open_entry(PLACE, subject, blob).items()}
    assert digests == {name: seal_digest(salt, value) for name, (salt, value) in opened.items()}


def test_the_same_text_never_gives_the_same_digest(vault: Vault) -> None:
    """Each text has a salt of its own, so nobody can tell from digests that two texts are alike."""
    alike = {name: Sealed("yes") for name in "abcdef"}
    digests, _ = vault.seal_entry(PLACE, alike, OWNERS)
    again, _ = vault.seal_entry(PLACE, alike, OWNERS)
    assert len({*digests.values(), *again.values()}) == 12


def test_nothing_sealed_gives_nothing(vault: Vault) -> None:
    assert vault.seal_entry(PLACE, {}, OWNERS) == ({}, [])


@pytest.mark.parametrize("place", ["FW-7Q3KXM:5", "FW-7Q3KXN:4", "", "FW-7Q3KXM:40"])
def test_a_blob_opens_in_its_own_place_only(vault: Vault, place: str) -> None:
    """A text that was moved to another entry or case does not open there."""
    _, blobs = vault.seal_entry(PLACE, TEXTS, OWNERS)
    with pytest.raises(VerificationFailed):
        vault.values(place, blobs)


def test_a_changed_blob_is_an_error_and_not_an_erasure(vault: Vault) -> None:
    """Tampering is never taken for the wish of somebody to be forgotten."""
    _, [(subject, blob), *_] = vault.seal_entry(PLACE, TEXTS, OWNERS)
    with pytest.raises(VerificationFailed):
        vault.values(PLACE, [(subject, blob[:-1] + bytes([blob[-1] ^ 1]))])


def test_an_erased_person_takes_only_their_own_texts_along(vault: Vault) -> None:
    """Destroying one key leaves the others' texts readable, and opens nothing again."""
    _, blobs = vault.seal_entry(PLACE, TEXTS, OWNERS)
    letter = vault.seal_json("reporter:abc", "notice:1", {"to": "noor@example.net"})
    assert vault.open_json("reporter:abc", "notice:1", letter) == {"to": "noor@example.net"}
    vault.keys.destroy("reporter:abc", NOW)
    assert set(vault.values(PLACE, blobs)) == {"scope", "actor", "seen"}
    assert vault.open_json("reporter:abc", "notice:1", letter) is None
    with pytest.raises(KeyErased):
        vault.open_entry(PLACE, "reporter:abc", dict(blobs)["reporter:abc"])
    with pytest.raises(KeyErased):
        vault.seal_entry(PLACE, TEXTS, OWNERS)


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("noor@example.net", True),
        ("  Noor@Example.NET ", True),
        ("noor@example.org", False),
        ("noor+1@example.net", False),
        ("", False),
    ],
)
def test_a_reporter_is_known_again_by_their_address(vault: Vault, address: str, same: bool) -> None:
    """The same address, however it is written, gives the same subject; it does not show the address."""
    found = vault.reporter(address)
    assert (found == vault.reporter("noor@example.net")) is same
    assert "noor" not in found.lower()


def test_another_home_knows_the_same_reporter_by_another_name(vault: Vault, tmp_path: Path) -> None:
    """The subject is keyed, so two vendors' ledgers cannot be joined by it."""
    other = Vault(tmp_path / "other")
    other.keys.create("other.example/ledger")
    assert other.reporter("noor@example.net") != vault.reporter("noor@example.net")
