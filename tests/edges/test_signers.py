"""The ledger key is in a private file or behind a command; a rotation brings the next one in whole or not at all."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forgeward.edges.signers import LedgerKey
from forgeward.errors import BadInput, HomeUnusable, SignerFailed
from forgeward.ledger.checkpoint import VerifierKey

SEED = bytes(range(32))
PRIVATE = Ed25519PrivateKey.from_private_bytes(SEED)
HELD = VerifierKey("vendor.example/ledger", PRIVATE.public_key().public_bytes_raw())
SIGNS = f"""
import base64, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
key = Ed25519PrivateKey.from_private_bytes({SEED!r})
print(base64.b64encode(key.sign(sys.stdin.buffer.read())).decode())
"""


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerKey:
    made = LedgerKey(tmp_path)
    made.create("vendor.example/ledger")
    return made


def test_the_key_is_private_and_stays(ledger: LedgerKey, tmp_path: Path) -> None:
    """Mode 0600, and making it again changes nothing."""
    before = ledger.signer().key
    ledger.create("other.example/ledger")
    assert ledger.signer().key == before
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "ledger.key").chmod(0o640)
    with pytest.raises(HomeUnusable, match="by others"):
        ledger.signer()


def test_a_command_signs_with_a_key_that_we_never_see(ledger: LedgerKey, tmp_path: Path) -> None:
    """What the command prints is the signature; the file holds the command and the verifier key only."""
    signer = ledger.prepare([sys.executable, "-c", SIGNS], str(HELD))
    assert signer.key == HELD
    assert signer.sign(b"a message") == PRIVATE.sign(b"a message")
    assert ledger.settle(HELD).key == HELD
    text = (tmp_path / "ledger.key").read_text()
    assert text.startswith("SIGNER+vendor.example/ledger+")
    assert "PRIVATE" not in text
    assert not (tmp_path / "ledger.key.next").exists()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('no base64!')", "is not a signature by the key"),
        (f"print({base64.b64encode(bytes(64)).decode()!r})", "is not a signature by the key"),
        ("import sys; sys.exit('the token is locked')", "exit 1.*the token is locked"),
    ],
)
def test_what_a_command_prints_is_checked(ledger: LedgerKey, program: str, said: str) -> None:
    """A wrong signature, nonsense, or a failure is told and never used."""
    signer = ledger.prepare([sys.executable, "-c", program], str(HELD))
    with pytest.raises(SignerFailed, match=said):
        signer.sign(b"a message")


def test_a_command_that_is_not_there_is_told(ledger: LedgerKey) -> None:
    """The name of the missing program is in the sentence."""
    with pytest.raises(SignerFailed, match="/no/such/signer cannot be run"):
        ledger.prepare(["/no/such/signer"], str(HELD)).sign(b"x")


def test_a_command_needs_its_key_and_an_absolute_path(ledger: LedgerKey) -> None:
    """Neither is guessed, and no search path decides who signs."""
    with pytest.raises(BadInput, match="goes with its verifier key"):
        ledger.prepare(["/bin/sign"])
    with pytest.raises(BadInput, match="absolute path"):
        ledger.prepare(["sign"], str(HELD))


def test_a_rotation_that_was_cut_short_is_finished(ledger: LedgerKey, tmp_path: Path) -> None:
    """History says which key is in turn; the one in the file beside takes its place, the old one is gone."""
    old = ledger.signer().key
    old_text = (tmp_path / "ledger.key").read_text()
    new = ledger.prepare().key
    assert ledger.prepare().key == new, "what an unfinished rotation left is used again"
    assert ledger.settle(old).key == old
    assert ledger.settle(new).key == new
    assert ledger.signer().key == new
    assert all(file.read_text() != old_text for file in tmp_path.iterdir())


def test_a_key_that_history_does_not_know_signs_nothing(ledger: LedgerKey) -> None:
    """The file was exchanged, or restored from an old backup."""
    with pytest.raises(HomeUnusable, match="signs this ledger now"):
        ledger.settle(HELD)


@pytest.mark.parametrize("text", ["", "SIGNER+nonsense\n[]\n", "PRIVATE+KEY+a+b+c\n", f"SIGNER+{HELD}\n[]\n"])
def test_a_damaged_file_is_told(ledger: LedgerKey, tmp_path: Path, text: str) -> None:
    """Never half believed."""
    (tmp_path / "ledger.key").write_text(text)
    with pytest.raises(HomeUnusable, match="is damaged"):
        ledger.signer()
