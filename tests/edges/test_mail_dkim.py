"""DKIM against dkimpy, an older implementation, as the peer: it signs, ours checks, and both agree on noise."""

from __future__ import annotations

import base64
import hashlib
import time

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given, settings
from hypothesis import strategies as st

from forgeward.edges import mail_dkim
from forgeward.edges.mail_dkim import SIGNATURES, canonical, message, relaxed_body, simple_body
from forgeward.respond.dns import FAILED, NOTHING, Answer, Question
from tests.edges.mail_zone import Zone
from tests.edges.mails import mail

NOW = time.time()
NAME = "s._domainkey.example.org"
PRIVATE = rsa.generate_private_key(65_537, 2048)
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def record(key: rsa.RSAPrivateKey = PRIVATE, more: str = "") -> str:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; {more}p={base64.b64encode(public).decode()}"


def signed(raw: bytes, **options: object) -> bytes:
    """``raw`` with a signature by dkimpy in front."""
    return bytes(dkim.sign(raw, b"s", b"example.org", PEM, **options)) + raw


def states(raw: bytes, records: dict[str, str] | None = None, at: float = NOW) -> list[str]:
    mail = message(raw)
    zone = Zone({NAME: record()} if records is None else records)
    answers = {name: zone.resolve(Question(name)) for name in mail_dkim.names(mail)}
    return [each.state for each in mail_dkim.check(mail, answers, at)]


@pytest.mark.parametrize("header", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize("text", [b"", b"\r\n", b"a", b"a  b \t \r\n\r\n  \r\n\r\n", b"\r\n\r\n\r\nx\r\n\r\n"])
def test_what_the_peer_signs_holds(header: bytes, body: bytes, text: bytes) -> None:
    """Whatever the peer signs, in each canonical form, holds here; with one letter more it does not."""
    raw = signed(mail(text, b"X-Odd:   folded\r\n\t and  blank "), canonicalize=(header, body))
    assert states(raw) == ["pass"]
    assert states(raw + b"!") == ["altered"]
    assert states(raw.replace(b"A hole", b"A Hole")) == ["wrong"]


LINES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"b c", b".", b"\xff", b"  \r\n"]), max_size=30).map(
    b"".join
)


@settings(max_examples=150)
@given(LINES)
def test_canonical_bodies_are_the_peers(body: bytes) -> None:
    """Both canonical forms of any body are the ones that the peer makes."""
    assert simple_body(body) == Simple.canonicalize_body(body)
    if body.strip(b" \t"):  # the peer keeps a line end that RFC 6376, 3.4.4, does not have, where there is no text
        assert relaxed_body(body) in {Relaxed.canonicalize_body(body), Relaxed.canonicalize_body(body + b"\r\n")}


@settings(max_examples=100)
@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n ", b"\r\n\t", b";", b"b="]), max_size=20).map(b"".join))
def test_canonical_headers_are_the_peers(value: bytes) -> None:
    """The relaxed form of any header field is the one that the peer makes."""
    theirs = Relaxed.canonicalize_headers([(b"X-Field", value + b"\r\n")])[0]
    assert canonical(b"X-Field:" + value, relaxed=True) + b"\r\n" == theirs[0] + b":" + theirs[1]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 5))
def test_noise_in_the_signature(noise: bytes, place: int) -> None:
    """Noise inside a signature field breaks nothing, and never makes a signature hold."""
    raw = signed(mail())
    at = raw.index(b"; ", 20 * place)
    assert isinstance(states(raw[:at] + noise.replace(b"\r", b"").replace(b"\n", b"") + raw[at:]), list)
    hostile = b"DKIM-Signature: " + noise.replace(b"\n", b"\n ") + b"\r\n" + mail()
    assert "pass" not in states(hostile)


def test_only_the_beginning_is_signed() -> None:
    """A length tag that leaves text out is told as such; without text behind it the signature holds."""
    raw = signed(mail(b"The bill is 5.\r\n"), length=True)
    assert states(raw) == ["pass"]
    assert states(raw + b"Pay to example.net.\r\n") == ["partial"]


def test_two_senders() -> None:
    """A second From field, which a reader could see instead, makes every signature worthless."""
    raw = signed(mail())
    assert states(b"From: Boss <boss@example.org>\r\n" + raw) == ["malformed"]


def test_the_sender_must_be_signed() -> None:
    """A signature that leaves the From field out says nothing about the sender."""
    raw = signed(mail())
    assert states(raw.replace(b"h=from : ", b"h=", 1).replace(b" from : from", b"", 1)) != ["pass"]
    bare = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=subject; bh=eA==; b=eA==\r\n" + mail()
    assert states(bare) == ["malformed"]


@pytest.mark.parametrize(
    ("published", "state"),
    [
        ({}, "no_key"),
        ({NAME: "v=DKIM1; p="}, "no_key"),
        ({NAME: "v=DKIM2; p=eA=="}, "bad_key"),
        ({NAME: "v=spf1 -all"}, "bad_key"),
        ({NAME: "v=DKIM1; p=eA=="}, "bad_key"),
        ({NAME: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}, "bad_key"),
        ({NAME: record(more="h=sha1; ")}, "bad_key"),
        ({NAME: record(more="s=tlsrpt; ")}, "bad_key"),
        ({NAME: record(more="s=email; t=y; ")}, "pass"),
        ({NAME: record().replace("v=DKIM1; ", "")}, "pass"),
        ({NAME: record(rsa.generate_private_key(65_537, 2048))}, "wrong"),
    ],
)
def test_what_is_published(published: dict[str, str], state: str) -> None:
    """A key that is gone, revoked, another one, or not for mail has its own word; none of them passes."""
    assert states(signed(mail()), published) == [state]


def test_weak_methods() -> None:
    """Short keys and SHA-1 prove nothing any more (RFC 8301), even where the sum is right."""
    short = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - the weakness is the point
    pem = short.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    raw = bytes(dkim.sign(mail(), b"s", b"example.org", pem)) + mail()
    assert states(raw, {NAME: record(short)}) == ["pass"]
    assert states(signed(mail(), signature_algorithm=b"rsa-sha1")) == ["weak"]


def test_huge_keys_are_not_computed() -> None:
    """A published key of absurd size is refused before it costs time."""
    numbers = rsa.RSAPublicNumbers(65_537, (1 << 16_383) | 1)
    public = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    begun = time.process_time()
    assert states(signed(mail()), {NAME: f"v=DKIM1; p={base64.b64encode(public).decode()}"}) == ["bad_key"]
    assert time.process_time() - begun < 0.5


def test_ed25519() -> None:
    """Ed25519 (RFC 8463) holds, and does not with another key."""
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    body = base64.b64encode(message(mail()).body_hash(True, "sha256"))
    field = (
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s; h=from; bh=" + body + b"; b="
    )
    text = canonical(message(mail()).fields[0][1], relaxed=True) + b"\r\n" + canonical(field, relaxed=True)
    raw = field + base64.b64encode(key.sign(hashlib.sha256(text).digest())) + b"\r\n" + mail()
    assert states(raw, {NAME: f"v=DKIM1; k=ed25519; p={public}"}) == ["pass"]
    assert states(raw, {NAME: "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}) == ["wrong"]


def test_time_limits() -> None:
    """A signature that had run out, or that comes from the future, when the mail came does not count."""
    raw = signed(mail())
    assert states(raw, at=NOW - 20 * 3600) == ["malformed"]
    expiring = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=eA==; b=eA==; x=1000000000\r\n" + mail()
    )
    assert states(expiring) == ["expired"]
    assert states(expiring, at=999_999_000) == ["altered"]


def test_many_signatures() -> None:
    """Of many signatures the first few are looked at, few names are asked, and the rest is told in one word."""
    field = b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example.org; s=s; h=from; bh=eA==; b=eA==\r\n"
    raw = b"".join(field % i for i in range(100)) + mail()
    assert len(mail_dkim.names(message(raw))) == SIGNATURES
    assert states(raw, {}) == ["no_key"] * SIGNATURES + ["skipped"]


@pytest.mark.parametrize(
    "tags",
    [
        b"d=exa mple.org; s=s",
        b"d=../../etc; s=s",
        b"d=" + b"a." * 200 + b"org; s=s",
        b"d=example.org; s=" + b"x" * 70,
        b"d=example.org; s=s; s=t",
        b"d=; s=s",
        b"d=example.org",
    ],
)
def test_names_that_are_none_are_not_asked(tags: bytes) -> None:
    """Nothing but a proper name goes to the DNS."""
    raw = b"DKIM-Signature: v=1; a=rsa-sha256; h=from; bh=eA==; b=eA==; " + tags + b"\r\n" + mail()
    assert mail_dkim.names(message(raw)) == ()
    assert states(raw) in (["malformed"], ["unanswered"])


def test_a_dns_that_does_not_answer() -> None:
    """Failure to ask is no failure of the mail."""
    raw = message(signed(mail()))
    assert [each.state for each in mail_dkim.check(raw, {NAME: FAILED}, NOW)] == ["unanswered"]
    assert [each.state for each in mail_dkim.check(raw, {}, NOW)] == ["unanswered"]
    assert [each.state for each in mail_dkim.check(raw, {NAME: NOTHING}, NOW)] == ["no_key"]
    assert [each.state for each in mail_dkim.check(raw, {NAME: Answer("found", (record(),))}, NOW)] == ["pass"]


@pytest.mark.parametrize("body", [b" " * 5_000_000, b"\t \r\n" * 1_000_000, b"\r\n" * 3_000_000, b"a " * 3_000_000])
def test_long_runs_cost_linear_time(body: bytes) -> None:
    """Megabytes of blanks or empty lines are canonicalised within two seconds; common code takes hours."""
    begun = time.process_time()
    relaxed_body(body)
    simple_body(body)
    assert time.process_time() - begun < 2


def test_a_header_of_many_fields() -> None:
    """Two thousand fields, all of them signed, cost no more than reading them."""
    fields = tuple(b"X-%d: y" % i for i in range(1_500))
    names = b":".join(b"x-%d" % i for i in range(1_500))
    head = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; bh=eA==; b=eA==; h=from:" + names + b"\r\n"
    begun = time.process_time()
    assert states(head + mail(b"x", *fields)) == ["altered"]
    assert time.process_time() - begun < 1
