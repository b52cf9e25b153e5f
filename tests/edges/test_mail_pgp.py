"""What is cut out of a raw mail for OpenPGP: exactly as it came, and nothing that only looks like it."""

from __future__ import annotations

import base64

import pytest

from forgeward.edges.mail_pgp import KEY_BYTES, KEYS, carried
from forgeward.respond.openpgp import Carried
from tests.edges.mails import HEAD, NO_REAL, REAL, file_part, mail, multipart

KEY = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nbWljZQ==\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n"
SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\r\n\r\nbWljZQ==\r\n-----END PGP SIGNATURE-----\r\n"
MESSAGE = b"-----BEGIN PGP MESSAGE-----\r\n\r\nbWljZQ==\r\n-----END PGP MESSAGE-----\r\n"
SIGNED = b"Content-Type: text/plain\r\nX-Odd:  kept \r\n\r\nText. \r\n\r\n"


def signed(part: bytes = SIGNED, subtype: bytes = b"signed") -> bytes:
    return multipart(part, b"Content-Type: application/pgp-signature\r\n\r\n" + SIGNATURE, subtype=subtype)


def encrypted(subtype: bytes = b"encrypted") -> bytes:
    parts = (
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
        b"Content-Type: application/octet-stream\r\n\r\n" + MESSAGE,
    )
    return multipart(*parts, subtype=subtype)


@pytest.mark.parametrize(
    "raw",
    [
        mail(),
        mail(b"I write -----BEGIN PGP MESSAGE----- in a sentence.\r\n"),
        mail(b"> -----BEGIN PGP MESSAGE-----\r\n> quoted\r\n> -----END PGP MESSAGE-----\r\n"),
        multipart(b"\r\nhello", file_part(b"\x00\x01", "message.pgp")),
        multipart(b"\r\nhello", subtype=b"signed"),
        multipart(b"\r\nhello", b"Content-Type: application/pkcs7-signature\r\n\r\nMII", subtype=b"signed"),
        multipart(b"\r\none", b"\r\ntwo", subtype=b"encrypted"),
        HEAD + b"Content-Type: multipart/signed\r\n\r\nno boundary\r\n",
        HEAD + b"Content-Type: multipart/signed; boundary=\r\n\r\n--\r\n\r\n",
        b"\r\n",
        b"",
    ],
)
def test_nothing_to_find(raw: bytes) -> None:
    """Quotes, S/MIME, attached files, sentences about OpenPGP and broken multiparts carry nothing."""
    assert carried(raw) == Carried()


def test_signed_part_byte_for_byte() -> None:
    """The signed part keeps its odd spaces and blank lines; the line end before the boundary is not its own."""
    found = carried(signed())
    assert (found.form, found.data, found.whole) == ("signed", SIGNED, True)
    assert found.signature.startswith(b"-----BEGIN PGP SIGNATURE-----")


def test_line_feeds_become_line_ends() -> None:
    """A mail stored with bare line feeds gives the bytes that were signed (RFC 3156, 5)."""
    assert carried(signed().replace(b"\r\n", b"\n")).data == SIGNED


def test_a_boundary_that_begins_like_another() -> None:
    """An inner boundary that the outer one begins is no end of the outer part."""
    inner = b"Content-Type: multipart/mixed; boundary=qq\r\n\r\n--qq\r\n\r\none\r\n--qq--\r\n"
    assert carried(signed(inner)).data == inner


def test_encrypted() -> None:
    """Both forms are found: multipart/encrypted, and the multipart/mixed that gateways make of it."""
    for subtype in (b"encrypted", b"mixed"):
        found = carried(encrypted(subtype))
        assert (found.form, found.whole) == ("encrypted", True)
        assert found.data.strip() == MESSAGE.strip()


def test_wrapped_is_not_whole() -> None:
    """What a list or a forger put something beside is not the whole mail any more."""
    inner = signed()[len(HEAD) :]
    found = carried(multipart(inner, b"\r\nunsubscribe here", boundary=b"list"))
    assert (found.form, found.whole) == ("signed", False)
    deep = inner
    for i in range(6):
        deep = multipart(deep, boundary=b"b%d" % i)[len(HEAD) :]
    assert carried(HEAD + deep).form == "none"


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
def test_inline(encoding: str) -> None:
    """Armour in the text is found through any transfer encoding, with the character set of its part."""
    body = {"7bit": MESSAGE, "base64": base64.encodebytes(MESSAGE), "quoted-printable": MESSAGE.replace(b"=", b"=3D")}
    found = carried(
        mail(
            body[encoding],
            b"Content-Type: text/plain; charset=latin1",
            b"Content-Transfer-Encoding: " + encoding.encode(),
        )
    )
    assert (found.form, found.charset, found.whole) == ("inline_encrypted", "latin1", True)
    assert found.data == MESSAGE


def test_inline_with_text_beside_is_not_whole() -> None:
    """Text before or behind the armour, or another part, is not protected."""
    clear = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nhi\r\n" + SIGNATURE
    assert carried(mail(clear)).whole
    assert carried(mail(clear)).form == "inline_signed"
    assert not carried(mail(b"Pay.\r\n" + clear)).whole
    assert not carried(mail(clear + b"-- \r\nPay.\r\n")).whole
    assert not carried(multipart(b"\r\n" + clear, file_part(b"x"))).whole


def test_keys() -> None:
    """Attached keys are found in both ways, at most a handful, none of absurd size."""
    part = b"Content-Type: application/pgp-keys\r\n\r\n" + KEY
    assert len(carried(multipart(b"\r\nhi", part)).keys) == 1
    assert len(carried(mail(b"my key:\r\n" + KEY)).keys) == 1
    assert len(carried(multipart(b"\r\nhi", file_part(KEY, "key.asc", "text/plain"))).keys) == 1
    assert len(carried(multipart(*([part] * 30))).keys) == KEYS
    assert carried(multipart(b"Content-Type: application/pgp-keys\r\n\r\n" + b"A" * (KEY_BYTES + 1))).keys == ()


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"addr=rita@example.org; keydata=bWlj", True),
        (b"addr=Rita@Example.org; prefer-encrypt=mutual; _extra=1; keydata=\r\n bW\r\n lj", True),
        (b"addr=rita@example.org; critical=1; keydata=bWlj", False),
        (b"addr=rita@example.org; keydata=b!lj", False),
        (b"addr=rita@example.org", False),
        (b"keydata=bWlj", False),
    ],
)
def test_autocrypt(header: bytes, found: bool) -> None:
    """Valid headers are read; unknown critical attributes, and what is missing or no base64, make none."""
    autocrypt = carried(mail(b"hi", b"Autocrypt: " + header)).autocrypt
    assert (autocrypt is not None) == found
    if autocrypt:
        assert (autocrypt.address, autocrypt.key) == ("rita@example.org", b"mic")


def test_two_autocrypt_headers_are_none() -> None:
    """Two valid headers leave it open which one counts, so none does (Autocrypt Level 1, 2.2)."""
    field = b"Autocrypt: addr=rita@example.org; keydata=bWlj"
    assert carried(mail(b"hi", field, field)).autocrypt is None
    assert carried(mail(b"hi", field, b"Autocrypt: addr=nonsense")).autocrypt


def test_protected_headers() -> None:
    """RFC 9788's parameter and its draft's are both seen, on the signed part or on the entity itself."""
    for parameter in (b'hp="clear"', b"hp=cipher", b'protected-headers="v1"'):
        part = b"Content-Type: text/plain; " + parameter + b"\r\nSubject: in\r\n\r\nx\r\n"
        assert carried(part).protected
        assert carried(signed(part)).protected
    assert not carried(signed()).protected


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_real_mails_carry_nothing_and_break_nothing() -> None:
    """None of the real mails is OpenPGP; looking breaks on none."""
    for path in sorted(REAL.rglob("*")):
        if path.suffix in {".eml", ".msg"}:
            assert carried(path.read_bytes()).form == "none", path.name
