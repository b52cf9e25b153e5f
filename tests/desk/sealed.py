"""Rita and her GnuPG, our key that both have, and mails between them: for every test of OpenPGP on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from forgeward.desk import proofs
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_mime import armoured
from forgeward.respond.openpgp import Offer
from tests.desk.post import SETTINGS, Office, pool, report
from tests.edges.gnupg import GPG, NO_GPG, Gpg, encrypted_mail, gnupg

OURS = "security@lattice-loom.example"
RITA = "rita@example.org"
TAG_SETTINGS = SETTINGS.replace(f'address = "{OURS}"', f'address = "{OURS}"\ntags = true')
ENTITY = (
    b'Content-Type: multipart/mixed; boundary=m; protected-headers="v1"\r\nSubject: A hole in the importer\r\n\r\n'
    b"--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt is open to everybody.\r\n"
    b'--m\r\nContent-Type: text/plain; name="steps.txt"\r\n'
    b'Content-Disposition: attachment; filename="steps.txt"\r\n\r\n1. Open it.\r\n--m--\r\n'
)


@pytest.fixture(scope="module")
def peer() -> Iterator[Gpg]:
    """Rita's GnuPG, with an old key of hers as well, and with Eve's."""
    if GPG is None:
        pytest.skip(NO_GPG)
    with gnupg() as home:
        home.key("Rita", "future-default", "default")
        home.key("Eve", "future-default", "default")
        home.key("Late", "ed25519", "cert,sign", expires="20250103T000000", then=True)
        home.subkey("late", "cv25519", expires="20250103T000000", then=True)
        yield home


@pytest.fixture
def ours(post: Office, peer: Gpg) -> Iterator[OpenPgp]:
    """Our OpenPGP with a key that Rita has as well. The clock is the real one: GnuPG's keys are of today."""
    post.now = datetime.now(UTC)
    openpgp = proofs.openpgp(post.home, pool())
    own = openpgp.generate("Security", (OURS,), post.now)
    peer.run("--delete-keys", OURS, check=False)
    peer.run("--import", stdin=armoured(own.certificate.public).encode())
    yield openpgp
    for file in (post.home.keys / "openpgp").rglob("*.key*"):
        file.unlink()


def agreed(ours: OpenPgp, public: bytes, at: datetime, address: str = RITA) -> str:
    """Somebody agreed on this key with the address."""
    certificate = ours.inspect(public, at)[0]
    ours.learn(address, Offer(certificate=certificate, origin="hand"), at)
    ours.keyring.agree(address, certificate.fingerprint, "person:1", at)
    return certificate.fingerprint


def head(number: int = 1, sender: str = f"Rita <{RITA}>", **fields: str) -> bytes:
    """The header of a mail, whose body comes from GnuPG."""
    return report(number, sender, **fields, Subject="...").partition(b"\r\n\r\n")[0] + b"\r\nMIME-Version: 1.0\r\n"


def sealed(peer: Gpg, entity: bytes, *, by: str = "", to: str = OURS, number: int = 1, **fields: str) -> bytes:
    """A mail with this entity, encrypted by GnuPG, and signed where ``by`` says so."""
    signing = ("--sign", "--local-user", by) if by else ()
    message = peer.run("--armor", *signing, "--encrypt", "--recipient", to, stdin=entity)
    return encrypted_mail(message, head(number, **fields))
