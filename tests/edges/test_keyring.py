"""The keyring: what lies on the disk, who may read it, what an agreement means, and what erasing leaves."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forgeward.edges.keyring import KEYS_OF_ONE, Keyring
from forgeward.edges.keys import Keys
from forgeward.errors import BadInput, HomeUnusable, NotFound
from forgeward.respond.openpgp import Certificate

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
RITA = "rita@example.org"


def certificate(name: str = "a", **more: object) -> Certificate:
    fingerprint = (name * 40)[:40]
    return Certificate(fingerprint=fingerprint, public=b"public " + name.encode(), encrypts=True, **more)  # type: ignore[arg-type]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    keys = Keys(tmp_path / "keys")
    keys.create("example.com/ledger")
    return keys


@pytest.fixture
def ring(tmp_path: Path, keys: Keys) -> Keyring:
    return Keyring(tmp_path / "keys" / "openpgp", keys)


def test_an_empty_keyring_is_no_folder(ring: Keyring, tmp_path: Path) -> None:
    """Looking makes nothing: a home that never met OpenPGP has no folder for it."""
    assert (ring.own(), ring.known(RITA), ring.signing(NOW), ring.usable(RITA, NOW)) == ((), (), None, None)
    assert not (tmp_path / "keys" / "openpgp").exists()


def test_an_offer_is_not_used(ring: Keyring) -> None:
    """An offered key is here but never usable; agreed on it is, by whoever agreed, until they take it back."""
    ring.offer(RITA, certificate(), "attached", NOW)
    assert ring.known(RITA)[0].state(NOW) == "offered"
    assert ring.usable(RITA, NOW) is None
    ring.agree("  RITA@example.org ", "AAAA " * 10, "person:1", NOW)
    known = ring.usable(RITA, NOW)
    assert known
    assert (known.state(NOW), known.agreed_by, known.agreed_at) == ("agreed", "person:1", NOW)
    ring.withdraw(RITA, known.certificate.fingerprint)
    assert ring.usable(RITA, NOW) is None


def test_what_has_ended_cannot_be_agreed_on(ring: Keyring) -> None:
    """Expired and revoked keys are named so, refused for agreement, and an agreement ends with the key."""
    ring.offer(RITA, certificate("a", expires=NOW), "attached", NOW)
    ring.offer(RITA, certificate("b", revoked=True), "attached", NOW)
    ring.offer(RITA, certificate("c", expires=NOW + timedelta(days=1)), "attached", NOW)
    assert [each.state(NOW) for each in ring.known(RITA)] == ["offered", "revoked", "expired"]
    for name, sentence in (("a", "expired on 1 November 2026"), ("b", "was revoked")):
        with pytest.raises(BadInput, match=sentence):
            ring.agree(RITA, name * 40, "person:1", NOW)
    ring.agree(RITA, "c" * 40, "person:1", NOW)
    assert ring.usable(RITA, NOW)
    assert ring.usable(RITA, NOW + timedelta(days=1)) is None
    assert ring.known(RITA)[0].state(NOW + timedelta(days=1)) == "expired"


def test_unknown_keys_are_named(ring: Keyring) -> None:
    """Agreeing on a key that is not here says so."""
    with pytest.raises(NotFound, match="No key ABAB"):
        ring.agree(RITA, "ab" * 20, "person:1", NOW)


def test_a_flood_of_offers_pushes_out_no_agreement(ring: Keyring) -> None:
    """Whoever sends key after key in somebody's name fills a few places, and never the agreed one's."""
    ring.offer(RITA, certificate("a"), "hand", NOW)
    ring.agree(RITA, "a" * 40, "person:1", NOW)
    for i in range(30):
        ring.offer(RITA, certificate(f"{i:02d}"), "autocrypt", NOW + timedelta(minutes=i))
    known = ring.known(RITA)
    assert len(known) == KEYS_OF_ONE
    assert known[0].certificate.fingerprint.startswith("2929")
    usable = ring.usable(RITA, NOW)
    assert usable
    assert usable.certificate.fingerprint == "a" * 40


def test_an_offer_again_keeps_its_state(ring: Keyring) -> None:
    """The same key in a new form takes the old one's place: agreed on it stays agreed on."""
    ring.offer(RITA, certificate("a"), "attached", NOW)
    ring.agree(RITA, "a" * 40, "person:1", NOW)
    again = ring.offer(RITA, certificate("a", names=("Rita",)), "autocrypt", NOW + timedelta(days=3), mutual=True)
    assert (again.origin, again.offered_at, again.agreed_by, again.mutual) == ("attached", NOW, "person:1", True)
    assert len(ring.known(RITA)) == 1


def test_the_disk_tells_nothing(ring: Keyring, tmp_path: Path) -> None:
    """Folders are 0700, files 0600; neither names nor contents hold an address, a fingerprint or a key in the clear."""
    ring.offer(RITA, certificate("a", names=("Rita",), addresses=(RITA,)), "attached", NOW)
    ring.add_own(certificate("b", secret=True), b"the secret key", NOW)
    paths = list((tmp_path / "keys" / "openpgp").rglob("*"))
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        content = path.read_bytes() if path.is_file() else b""
        assert b"the secret key" not in content
        assert b"rita" not in content.lower()
        assert b"public" not in content
        assert "aaaa" not in path.name
    assert ring.own()[0].secret == b"the secret key"


def test_erasing_a_person_erases_their_keys(ring: Keyring, keys: Keys) -> None:
    """Once the person's data key is destroyed, their certificates are gone, from backups of the folder too."""
    ring.offer(RITA, certificate(), "attached", NOW)
    keys.destroy(keys.reporter(RITA), NOW)
    assert ring.known(RITA) == ()
    assert ring.forget(RITA)
    assert not ring.forget(RITA)


def test_our_newest_usable_key_signs(ring: Keyring) -> None:
    """Of several keys of ours the newest that is in use signs; the others stay to open older mail."""
    ring.add_own(certificate("a", secret=True), b"1", NOW)
    ring.add_own(certificate("b", secret=True, expires=NOW + timedelta(days=9)), b"2", NOW + timedelta(days=1))
    assert [own.secret for own in ring.own()] == [b"2", b"1"]
    soon, later = ring.signing(NOW), ring.signing(NOW + timedelta(days=9))
    assert soon
    assert later
    assert (soon.secret, later.secret) == (b"2", b"1")


def test_keys_that_cannot_sign_are_refused(ring: Keyring) -> None:
    """A key under a password, or without its secret part, is not kept."""
    with pytest.raises(BadInput, match="a password locks it"):
        ring.add_own(certificate(secret=True, locked=True), b"1", NOW)
    with pytest.raises(BadInput, match="no secret part"):
        ring.add_own(certificate(), b"1", NOW)


def test_a_key_that_others_can_read_is_refused(ring: Keyring, tmp_path: Path) -> None:
    """A secret key whose file stands open is not used, and the error says what to do."""
    ring.add_own(certificate(secret=True), b"1", NOW)
    next((tmp_path / "keys" / "openpgp" / "own").glob("*.key")).chmod(0o644)
    with pytest.raises(HomeUnusable, match="by others"):
        ring.own()
