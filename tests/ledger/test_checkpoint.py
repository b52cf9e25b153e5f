"""Checkpoints are notes as the standards write them; what is not signed by whom it should be is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput, ForgewardError, VerificationFailed
from forgeward.ledger import checkpoint
from forgeward.ledger.checkpoint import Checkpoint, Note, Signature, Signer, VerifierKey
from forgeward.ledger.tree import EMPTY_ROOT
from tests.ledger.world import signer

# The example of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note took over.
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
OTHER = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

LOG = signer("forgeward.example/ledger")
POINT = Checkpoint("forgeward.example/ledger", 1234, bytes(range(32)))


def test_the_published_example_is_signed_alike() -> None:
    """Ed25519 is deterministic: the same key and text give the same note, byte for byte."""
    private = Ed25519PrivateKey.from_private_bytes(SEED)
    key = VerifierKey("PeterNeumann", private.public_key().public_bytes_raw())
    assert str(key) == KEY
    assert checkpoint.sign_note(TEXT, Signer(key, private.sign)) == f"{TEXT}\n{LINE}"


def test_the_published_example_is_opened_and_unknown_signers_are_ignored() -> None:
    """Lines of keys that nobody here knows are allowed, as the standard asks."""
    note = Note.parse(f"{TEXT}\n{OTHER}{LINE}")
    assert note.signed_by([VerifierKey.parse(KEY)]) == (VerifierKey.parse(KEY),)
    assert str(note) == f"{TEXT}\n{OTHER}{LINE}"


def test_a_checkpoint_is_three_lines_signed() -> None:
    """Origin, size, root in base64."""
    note = checkpoint.sign(POINT, LOG)
    assert note.splitlines()[:4] == [
        "forgeward.example/ledger",
        "1234",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "",
    ]
    assert checkpoint.verify(note, LOG.key) == POINT
    assert checkpoint.verify(note.encode(), VerifierKey.parse(str(LOG.key))) == POINT


def test_extension_lines_are_kept() -> None:
    """The standard lets a log add lines after the root; they are signed with it."""
    extended = Checkpoint(POINT.origin, POINT.size, POINT.root, ("made 2026", "by hand"))
    assert checkpoint.verify(checkpoint.sign(extended, LOG), LOG.key) == extended


def test_witnesses_sign_beside_the_log() -> None:
    """A witness's cosignature with its time is checked when it is asked for, and ignored when not."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    witness = VerifierKey("witness.example", private.public_key().public_bytes_raw(), checkpoint.COSIGNATURE)
    note = checkpoint.sign(POINT, LOG)
    stamp = 1_800_000_000
    signed = private.sign(f"cosignature/v1\ntime {stamp}\n{POINT}".encode())
    line = Signature(witness.name, witness.hash, stamp.to_bytes(8, "big") + signed)
    both = checkpoint.add_signatures(note, line, line)
    assert both == note + str(line)
    assert checkpoint.verify(both, LOG.key) == POINT
    assert checkpoint.verify(both, LOG.key, VerifierKey.parse(str(witness))) == POINT
    with pytest.raises(VerificationFailed, match=r"witness\.example"):
        checkpoint.verify(note, LOG.key, witness)
    with pytest.raises(VerificationFailed):
        checkpoint.verify(
            checkpoint.add_signatures(note, Signature(witness.name, witness.hash, bytes(8) + signed)), LOG.key, witness
        )


def test_another_key_of_the_same_name_is_not_the_log() -> None:
    """Keys are known by name and hash; a stranger who takes the name is not believed."""
    note = checkpoint.sign(POINT, signer(POINT.origin, seed=2))
    with pytest.raises(VerificationFailed, match="not signed"):
        checkpoint.verify(note, LOG.key)


def test_another_logs_checkpoint_is_refused() -> None:
    """The origin must be the log's, even where the key is right."""
    note = checkpoint.sign_note(str(Checkpoint("elsewhere.example/log", 5, bytes(32))), LOG)
    with pytest.raises(VerificationFailed, match=r"elsewhere\.example"):
        checkpoint.verify(note, LOG.key)
    with pytest.raises(BadInput):
        checkpoint.sign(Checkpoint("elsewhere.example/log", 5, bytes(32)), LOG)


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_a_checkpoint_can_change(position: int, bit: int) -> None:
    """Each changed bit is refused, whether in the text or in the signature."""
    note = bytearray(checkpoint.sign(POINT, LOG).encode())
    note[position % len(note)] ^= 1 << bit
    with pytest.raises(ForgewardError):
        checkpoint.verify(bytes(note), LOG.key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "a\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "a\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "a\n1\n" + base64.b64encode(bytes(32)).decode().rstrip("=") + "\n",
        "\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "a\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n",
        "a\n0\n" + base64.b64encode(bytes(32)).decode() + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """One spelling of the size, one of the root, no empty line; an empty log has the empty tree's root."""
    with pytest.raises(BadInput):
        Checkpoint.parse_unverified(text)


def test_an_empty_log_has_a_checkpoint() -> None:
    """Size 0 with the hash of nothing."""
    empty = Checkpoint("forgeward.example/ledger", 0, EMPTY_ROOT)
    assert checkpoint.verify(checkpoint.sign(empty, LOG), LOG.key) == empty


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        TEXT.encode() + b"\n",
        f"{TEXT}\n{LINE}".encode() + b"\xff",
        f"{TEXT}\n{LINE[:-1]}".encode(),
        f"{TEXT}\n{LINE}".replace("— ", "- ").encode(),
        f"{TEXT}\n{LINE}".replace("then", "then\r").encode(),
        f"{TEXT}\n{LINE}".replace("x08go", "x08g!").encode(),
        f"{TEXT}\n— Peter+Neumann x08goAAA\n".encode(),
        f"{TEXT}\n— Peter x08g\n".encode(),
        f"{TEXT}\n".encode() + LINE.encode() * (checkpoint.MAX_SIGNATURES + 1),
        b"x" * (checkpoint.MAX_NOTE + 1) + f"\n\n{LINE}".encode(),
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    """UTF-8, no control characters, a blank line, well-formed signature lines, bounded size."""
    with pytest.raises(BadInput):
        Note.parse(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        KEY.replace("c74f20a3", "c74f20a4"),
        KEY[:-4],
        KEY.replace("+AR", "+BR"),
        KEY.replace("PeterNeumann", "Peter Neumann"),
        KEY.replace("PeterNeumann", ""),
    ],
)
def test_a_damaged_verifier_key_is_refused(text: str) -> None:
    """The hash in the key's text tells a copying slip."""
    with pytest.raises(BadInput):
        VerifierKey.parse(text)


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "null\x00\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str) -> None:
    """What others could not open is not signed in the first place."""
    with pytest.raises(BadInput):
        checkpoint.sign_note(text, LOG)
