"""OpenPGP with GnuPG as the peer, in both directions: another implementation writes and reads every mail here."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from forgeward.edges.keyring import Keyring
from forgeward.edges.keys import Keys
from forgeward.edges.mail_out import Draft, Outgoing, compose
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_children import Children
from forgeward.edges.openpgp_incoming import OpenedMail
from forgeward.edges.openpgp_mime import armoured
from forgeward.errors import BadInput, KeyUnusable
from forgeward.respond.mail import Parsed
from forgeward.respond.openpgp import Offer
from tests.edges.gnupg import GPG, NO_GPG, Gpg, encrypted_mail, gnupg, signed_mail

pytestmark = pytest.mark.skipif(GPG is None, reason=NO_GPG)

OURS = "security@example.com"
HEAD = f"From: Rita <rita@example.org>\r\nTo: {OURS}\r\nSubject: ...\r\nMIME-Version: 1.0\r\n".encode()
ENTITY = (
    'Content-Type: text/plain; charset=utf-8; protected-headers="v1"\r\nSubject: A hole in the importer\r\n\r\n'
    "It is open: grüße.\r\n"
).encode()
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    with ParserPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children() as pool:
        yield pool


@pytest.fixture(scope="module")
def peer() -> Iterator[Gpg]:
    """Rita's GnuPG: her key, an old and a revoked one of hers, Eve's, and keys of unusual kinds."""
    with gnupg() as home:
        home.key("Rita", "future-default", "default")
        home.key("Eve", "future-default", "default")
        yield home


@pytest.fixture
def desk(tmp_path: Path, parsers: ParserPool, children: Children, peer: Gpg) -> OpenPgp:
    """Our side with a new key of its own, which the peer has as well."""
    keys = Keys(tmp_path / "keys")
    keys.create("example.com/ledger")
    openpgp = OpenPgp(Keyring(tmp_path / "keys" / "openpgp", keys), parsers, children)
    own = openpgp.generate("Security", (OURS,), datetime.now(UTC))
    peer.run("--delete-keys", OURS, check=False)
    peer.run("--import", stdin=armoured(own.certificate.public).encode())
    return openpgp


def read(desk: OpenPgp, parsers: ParserPool, raw: bytes) -> OpenedMail:
    reading = parsers.parse(raw)
    assert isinstance(reading, Parsed)
    return desk.open(raw, reading, datetime.now(UTC))


def agree(desk: OpenPgp, public: bytes, address: str = "rita@example.org") -> str:
    """Somebody agreed on this key with the address."""
    now = datetime.now(UTC)
    certificate = desk.inspect(public, now)[0]
    desk.keyring.offer(address, certificate, "hand", now)
    desk.keyring.agree(address, certificate.fingerprint, "person:1", now)
    return certificate.fingerprint


def letter(text: str = "Thanks. Grüße.\nFrom here on we take over.\n") -> Outgoing:
    draft = Draft(
        key="k",
        kind="reply",
        sender=OURS,
        sender_name="Lattice & Loom",
        to="rita@example.org",
        subject="Re: A hole in the importer",
        text=text,
        date=datetime.now(UTC),
    )
    return compose(draft, b"key")


@pytest.mark.parametrize("compression", ["none", "zip", "zlib", "bzip2"])
def test_encrypted_and_signed(desk: OpenPgp, parsers: ParserPool, peer: Gpg, compression: str) -> None:
    """PGP/MIME by the agreed key passes, compressed in every way that GnuPG knows; the inner subject counts."""
    agree(desk, peer.public("rita"))
    options = ("--armor", "--sign", "--encrypt", "--local-user", "rita", "--recipient", OURS)
    message = peer.run(*options, "--compress-algo", compression, stdin=ENTITY)
    opened = read(desk, parsers, encrypted_mail(message, HEAD))
    mail = opened.reading.mail
    assert (mail.subject, mail.text, mail.signals.openpgp) == ("A hole in the importer", "It is open: grüße.", "pass")
    assert (mail.attachments, opened.seen.opening, opened.seen.signature) == ((), "opened", "agreed")
    assert any("encrypted to our key" in each for each in mail.signals.details)


@pytest.mark.parametrize("kind", ["rsa2048", "cv25519", "nistp256", "nistp384", "nistp521"])
def test_imported_keys(desk: OpenPgp, parsers: ParserPool, peer: Gpg, kind: str) -> None:
    """A key of ours that GnuPG made opens compressed and signed mail, whatever its algorithm."""
    agree(desk, peer.public("rita"))
    name = f"{kind}@example.org"
    peer.key(kind, "rsa2048" if kind == "rsa2048" else "ed25519", "sign,cert")
    peer.subkey(name, kind)
    own = desk.import_own(peer.run("--armor", "--export-secret-keys", name), datetime.now(UTC))
    assert own.certificate.encrypts
    options = ("--armor", "--sign", "--encrypt", "--local-user", "rita", "--recipient", name)
    opened = read(desk, parsers, encrypted_mail(peer.run(*options, stdin=ENTITY), HEAD))
    assert (opened.reading.mail.signals.openpgp, opened.seen.own) == ("pass", own.certificate.fingerprint)


def test_signed(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A signed mail passes by the agreed key only; altered by one letter it fails."""
    raw = signed_mail(peer, "rita", ENTITY, HEAD)
    assert read(desk, parsers, raw).seen.signature == "unknown"
    agree(desk, peer.public("rita"))
    opened = read(desk, parsers, raw)
    assert (opened.reading.mail.signals.openpgp, opened.reading.mail.subject) == ("pass", "A hole in the importer")
    assert opened.reading.mail.attachments == ()
    altered = read(desk, parsers, raw.replace(b"It is open", b"It is shut"))
    assert (altered.reading.mail.signals.openpgp, altered.seen.signature) == ("fail", "wrong")
    assert any("does not fit its text" in each for each in altered.reading.mail.signals.details)


def test_line_ends_and_lists(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A Maildir's bare line feeds change nothing; text beside the signed part is marked, and nothing passes then."""
    agree(desk, peer.public("rita"))
    raw = signed_mail(peer, "rita", ENTITY, HEAD)
    assert read(desk, parsers, raw.replace(b"\r\n", b"\n")).reading.mail.signals.openpgp == "pass"
    signed = raw[len(HEAD) :]
    footer = b"\r\n--q\r\n\r\nPay here: example.net\r\n--q--\r\n"
    wrapped = HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n" + signed + footer
    mail = read(desk, parsers, wrapped).reading.mail
    assert mail.signals.openpgp == "none"
    assert "Only a part of the mail is protected" in mail.signals.details[-1]
    assert mail.text.index("It is open") < mail.text.index("[Not protected by OpenPGP") < mail.text.index("Pay here")


def test_inline(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """Armour in a plain text part is opened, clear-signed text checked with its dashes; text around it is marked."""
    agree(desk, peer.public("rita"))
    text = "Grüße\n- a dash\nFrom me\n".encode()
    sealed = peer.run("--armor", "--sign", "--encrypt", "--local-user", "rita", "--recipient", OURS, stdin=text)
    opened = read(desk, parsers, HEAD + PLAIN + sealed)
    assert (opened.reading.mail.text, opened.reading.mail.signals.openpgp) == ("Grüße\n- a dash\nFrom me", "pass")
    clear = peer.run("--clear-sign", "--local-user", "rita", stdin=text)
    opened = read(desk, parsers, HEAD + PLAIN + clear)
    assert (opened.reading.mail.text, opened.reading.mail.signals.openpgp) == ("Grüße\n- a dash\nFrom me", "pass")
    forged = read(desk, parsers, HEAD + PLAIN + clear.replace(b"a dash", b"a rush"))
    assert (forged.seen.signature, forged.reading.mail.signals.openpgp) == ("wrong", "fail")
    mixed = read(desk, parsers, HEAD + PLAIN + b"Trust me:\n\n" + clear)
    assert (mixed.reading.mail.signals.openpgp, mixed.seen.whole) == ("none", False)
    signed = peer.run("--armor", "--sign", "--local-user", "rita", stdin=text)
    opened = read(desk, parsers, HEAD + PLAIN + signed)
    assert (opened.reading.mail.text, opened.seen.opening, opened.seen.signature) == (
        "Grüße\n- a dash\nFrom me",
        "none",
        "agreed",
    )


def test_signed_then_encrypted(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A multipart/signed inside the encryption is checked too (RFC 3156, 6.1), with a key that lies in there."""
    key = b"Content-Type: application/pgp-keys\r\n\r\n" + peer.public("rita").replace(b"\n", b"\r\n")
    mixed = (
        b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n" + ENTITY + b"\r\n--m\r\n" + key + b"\r\n--m--\r\n"
    )
    inner = signed_mail(peer, "rita", mixed, b"")
    message = peer.run("--armor", "--encrypt", "--recipient", OURS, stdin=inner)
    opened = read(desk, parsers, encrypted_mail(message, HEAD))
    assert (opened.seen.opening, opened.seen.signature, len(opened.offers)) == ("opened", "offered", 1)
    assert opened.reading.mail.text == "It is open: grüße."
    desk.remember(opened, datetime.now(UTC))
    desk.keyring.agree("rita@example.org", opened.offers[0].certificate.fingerprint, "person:1", datetime.now(UTC))
    assert read(desk, parsers, encrypted_mail(message, HEAD)).reading.mail.signals.openpgp == "pass"


def test_a_key_that_comes_along_proves_nothing(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A forged sender may bring a key in its name: it is an offer, and never passes until a person agrees."""
    forger = b"".join((HEAD.replace(b"rita@", b"eve@"), b"Autocrypt: addr=eve@example.org; prefer-encrypt=mutual; "))
    public = base64.b64encode(peer.run("--export", "eve"))
    raw = signed_mail(peer, "eve", ENTITY, forger + b"keydata=" + public + b"\r\n")
    opened = read(desk, parsers, raw)
    assert (opened.seen.signature, opened.reading.mail.signals.openpgp) == ("offered", "none")
    assert [(offer.origin, offer.mutual) for offer in opened.offers] == [("autocrypt", True)]
    known = desk.remember(opened, datetime.now(UTC))
    assert known[0].state(datetime.now(UTC)) == "offered"
    assert read(desk, parsers, raw).reading.mail.signals.openpgp == "none"
    assert desk.keyring.usable("eve@example.org", datetime.now(UTC)) is None


def test_keys_of_others_are_no_offer(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """An attached key that does not name the sender is not taken."""
    part = b"Content-Type: application/pgp-keys\r\n\r\n" + peer.public("eve")
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nhi\r\n--q\r\n" + part + b"\r\n--q--\r\n"
    assert read(desk, parsers, raw).offers == ()


def test_another_key_than_agreed(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """Once a key was agreed on, a signature by any other one fails, known or not."""
    agree(desk, peer.public("rita"))
    raw = signed_mail(peer, "eve", ENTITY, HEAD)
    opened = read(desk, parsers, raw)
    assert (opened.seen.signature, opened.reading.mail.signals.openpgp) == ("other_key", "fail")
    assert "another key" in " ".join(opened.reading.mail.signals.details)


def test_expired_and_revoked_signers(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A key that has ended or was revoked proves nothing any more, also of the time before, and is named."""
    peer.key("Olda", "ed25519", "sign,cert", expires="2d", then=True)
    then = ("--faked-system-time", "20250102T000000!")
    signature = peer.run(*then, "--armor", "--detach-sign", "--local-user", "olda", stdin=ENTITY)
    kind = b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s\r\n\r\n--s\r\n'
    raw = HEAD.replace(b"rita", b"olda") + kind + ENTITY + b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n"
    raw += signature + b"\r\n--s--\r\n"
    old = desk.inspect(peer.public("olda"), datetime.now(UTC))[0]
    desk.keyring.offer("olda@example.org", old, "hand", datetime(2025, 1, 1, tzinfo=UTC))
    desk.keyring.agree("olda@example.org", old.fingerprint, "person:1", datetime(2025, 1, 1, 12, tzinfo=UTC))
    opened = read(desk, parsers, raw)
    assert (opened.seen.signature, opened.reading.mail.signals.openpgp) == ("expired", "fail")
    assert "which expired on 3 January 2025" in " ".join(opened.reading.mail.signals.details)

    peer.key("Reva", "future-default", "default")
    raw = signed_mail(peer, "reva", ENTITY, HEAD.replace(b"rita", b"reva"))
    agree(desk, peer.public("reva"), "reva@example.org")
    assert read(desk, parsers, raw).reading.mail.signals.openpgp == "pass"
    peer.revoke("reva")
    head = HEAD.replace(b"rita", b"reva") + b"Content-Type: application/pgp-keys\r\n\r\n"
    brought = read(desk, parsers, head + peer.public("reva"))
    assert "was revoked by its owner" in " ".join(brought.reading.mail.signals.details)
    assert desk.remember(brought, datetime.now(UTC))[0].state(datetime.now(UTC)) == "revoked"
    opened = read(desk, parsers, raw)
    assert (opened.seen.signature, opened.reading.mail.signals.openpgp) == ("revoked", "fail")


def test_what_cannot_be_opened_says_why(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """To another key, with a password, cut off, altered, without integrity protection: each has its sentence."""

    def opening(message: bytes) -> tuple[str, str]:
        opened = read(desk, parsers, encrypted_mail(message, HEAD))
        assert opened.reading.mail.signals.openpgp == "none"
        return opened.seen.opening, " ".join(opened.reading.mail.signals.details)

    to_us = ("--armor", "--encrypt", "--recipient", OURS)
    code, sentence = opening(peer.run("--armor", "--encrypt", "--recipient", "eve", stdin=ENTITY))
    assert (code, "a key that is not ours" in sentence) == ("no_key", True)
    code, sentence = opening(peer.run("--armor", "--symmetric", "--passphrase", "guess", stdin=ENTITY))
    assert (code, "with a password" in sentence) == ("password", True)
    message = peer.run(*to_us, stdin=ENTITY * 20)
    assert opening(message[: len(message) // 2])[0] in {"damaged", "altered"}
    binary = bytearray(peer.run("--encrypt", "--recipient", OURS, stdin=ENTITY * 20))
    binary[-30] ^= 1
    code, sentence = opening(armoured(bytes(binary), "MESSAGE").encode())
    assert (code, "altered on the way" in sentence) == ("altered", True)
    old = peer.run(*to_us, "--rfc2440", "--disable-mdc", "--cipher-algo", "AES", stdin=ENTITY)
    assert opening(old)[0] in {"outdated", "damaged"}


def test_our_own_expired_key_still_opens(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """Mail that was encrypted to a key of ours before it ended can be read; nothing new can be signed with that key."""
    peer.key("Past", "ed25519", "sign,cert", expires="3d", then=True)
    peer.subkey("past", "cv25519", "3d", then=True)
    then = ("--faked-system-time", "20250102T000000!")
    message = peer.run(*then, "--armor", "--encrypt", "--recipient", "past@example.org", stdin=ENTITY)
    secret = peer.run("--export-secret-keys", "past")
    with pytest.raises(KeyUnusable, match="expired on 4 January 2025"):
        desk.import_own(secret, datetime.now(UTC))
    certificate = desk.inspect(secret, datetime.now(UTC))[0]
    own = desk.keyring.add_own(certificate, secret, datetime(2025, 1, 1, tzinfo=UTC))
    opened = read(desk, parsers, encrypted_mail(message, HEAD))
    assert (opened.seen.opening, opened.seen.own) == ("opened", own.certificate.fingerprint)
    signing = desk.keyring.signing(datetime.now(UTC))
    assert signing
    assert signing.certificate.fingerprint != own.certificate.fingerprint


def test_answers_are_read_by_gnupg(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """Our encrypted answer opens in GnuPG with a good signature; outside nothing tells the subject."""
    agree(desk, peer.public("rita"))
    sent = desk.protect(letter(), datetime.now(UTC))
    assert (sent.signed, sent.encrypted) == (True, True)
    assert b"importer" not in sent.mail.raw
    assert b"\r\nSubject: [...]\r\n" in sent.mail.raw
    assert sent.mail.raw.isascii()
    carried = parsers.carried(sent.mail.raw)
    assert carried
    done = peer.result("--status-fd", "2", "--decrypt", stdin=carried.data)
    assert b"GOODSIG" in done.stderr
    inner = parsers.parse(done.stdout)
    assert isinstance(inner, Parsed)
    assert inner.mail.subject == "Re: A hole in the importer"
    assert inner.mail.text == "Thanks. Grüße.\nFrom here on we take over."
    structure = parsers.carried(done.stdout)
    assert structure
    assert structure.protected


def test_signed_answers_are_checked_by_gnupg(desk: OpenPgp, parsers: ParserPool, peer: Gpg, tmp_path: Path) -> None:
    """Without an agreed key the answer is signed; GnuPG finds the signature good, and our key comes by Autocrypt."""
    sent = desk.protect(letter(), datetime.now(UTC))
    assert (sent.signed, sent.encrypted) == (True, False)
    carried = parsers.carried(sent.mail.raw)
    assert carried
    assert carried.autocrypt
    (tmp_path / "signature").write_bytes(carried.signature)
    done = peer.result("--status-fd", "2", "--verify", str(tmp_path / "signature"), "-", stdin=carried.data)
    assert b"GOODSIG" in done.stderr
    key = desk.inspect(carried.autocrypt.key, datetime.now(UTC))
    assert key[0].addresses == (OURS,)


def test_nothing_is_encrypted_to_keys_that_ended(desk: OpenPgp, peer: Gpg) -> None:
    """pysequoia would; so keys that expired, whole or in the part to encrypt to, are refused, each with a sentence."""
    now, then = datetime.now(UTC), datetime(2025, 1, 1, 6, tzinfo=UTC)
    peer.key("Sub", "ed25519", "sign,cert", then=True)
    peer.subkey("sub@example.org", "cv25519", "2d", then=True)
    peer.key("Gone", "ed25519", "sign,cert", expires="3d", then=True)
    for who, sentence in (("sub", "to encrypt to expired on 3 January 2025"), ("gone", "expired on 4 January 2025")):
        certificate = desk.inspect(peer.public(f"{who}@example.org"), now)[0]
        assert sentence in certificate.hindrance(now)
        desk.keyring.offer("rita@example.org", certificate, "hand", then)
        desk.keyring.agree("rita@example.org", certificate.fingerprint, "person:1", then)
    assert desk.keyring.usable("rita@example.org", now) is None
    with pytest.raises(KeyUnusable, match="expired on"):
        desk.protect(letter(), now, "required")
    assert not desk.protect(letter(), now).encrypted


def test_required_encryption_names_what_is_missing(desk: OpenPgp) -> None:
    """Where nothing was agreed on, a mail that must be encrypted is refused with a sentence, not sent in the clear."""
    with pytest.raises(KeyUnusable, match=r"No key was agreed on with rita@example\.org"):
        desk.protect(letter(), datetime.now(UTC), "required")


def test_without_a_key_of_ours(tmp_path: Path, parsers: ParserPool, children: Children, peer: Gpg) -> None:
    """A home without a key sends as before and says so; encrypted mail says that we have none."""
    keys = Keys(tmp_path / "keys")
    keys.create("example.com/ledger")
    bare = OpenPgp(Keyring(tmp_path / "keys" / "openpgp", keys), parsers, children)
    sent = bare.protect(letter(), datetime.now(UTC))
    assert (sent.signed, sent.mail) == (False, letter())
    message = peer.run("--armor", "--encrypt", "--recipient", "eve", stdin=ENTITY)
    assert read(bare, parsers, encrypted_mail(message, HEAD)).seen.opening == "no_own_key"


def test_locked_secret_keys_are_refused(desk: OpenPgp, peer: Gpg) -> None:
    """A secret key under a password is not kept: it could open nothing."""
    options = ("--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "guess")
    peer.run(*options, "--quick-generate-key", "Lock <lock@example.org>", "future-default", "default", "never")
    secret = peer.run(*options, "--armor", "--export-secret-keys", "lock")
    with pytest.raises((KeyUnusable, BadInput), match="password"):
        desk.import_own(secret, datetime.now(UTC))
    with pytest.raises(KeyUnusable, match="no secret keys"):
        desk.import_own(peer.public("lock"), datetime.now(UTC))


def test_only_the_child_uses_the_library() -> None:
    """The process that holds the keyring never loads pysequoia."""
    asked = "import sys, forgeward.edges.openpgp; sys.exit('pysequoia' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_a_mail_without_openpgp_costs_no_child(desk: OpenPgp, parsers: ParserPool) -> None:
    """A plain mail comes back as it is: no keyring, no child, no sentence."""
    opened = read(desk, parsers, HEAD + PLAIN + b"Hello.\r\n")
    assert (opened.offers, opened.seen.signature, opened.reading.mail.signals.details) == ((), "none", ())


@pytest.mark.slow
def test_a_large_encrypted_mail_fits(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """A mail of 25 MB, signed, compressed and encrypted, is opened within the child's memory."""
    agree(desk, peer.public("rita"))
    part = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    entity = part + base64.encodebytes(os.urandom(18_000_000)).replace(b"\n", b"\r\n")
    message = peer.run("--armor", "--sign", "--encrypt", "--local-user", "rita", "--recipient", OURS, stdin=entity)
    opened = read(desk, parsers, encrypted_mail(message, HEAD))
    assert opened.reading.mail.signals.openpgp == "pass"
    assert opened.reading.mail.attachments[0].size == 18_000_000


def test_merging_keeps_what_outside_says(desk: OpenPgp, parsers: ParserPool, peer: Gpg) -> None:
    """Sender, Message-ID and To come from outside; an inner header that names another sender is told."""
    agree(desk, peer.public("rita"))
    inner = ENTITY.replace(b"Subject:", b"From: Mallory <m@example.net>\r\nSubject:")
    message = peer.run("--armor", "--sign", "--encrypt", "--local-user", "rita", "--recipient", OURS, stdin=inner)
    mail = read(desk, parsers, encrypted_mail(message, HEAD + b"Message-ID: <1@example.org>\r\n")).reading.mail
    assert (mail.sender.address, mail.message_id) == ("rita@example.org", "<1@example.org>")
    assert "Inside, it names another sender: m@example.net." in mail.defects
    hidden = msgspec.structs.replace(mail, subject="")
    assert hidden.text == "It is open: grüße."


def test_a_later_life_is_merged(desk: OpenPgp, peer: Gpg) -> None:
    """A key that comes again with a longer life replaces its older form and stays agreed on."""
    peer.key("Vera", "future-default", "default", expires="10d")
    now = datetime.now(UTC)
    fingerprint = agree(desk, peer.public("vera"), "vera@example.org")
    peer.run("--quick-set-expire", fingerprint, "100d")
    certificate = desk.inspect(peer.public("vera"), now)[0]
    known = desk.learn("vera@example.org", Offer(certificate=certificate, origin="attached"), now)
    assert known.state(now + timedelta(days=50)) == "agreed"
