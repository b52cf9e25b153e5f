"""DKIM and ARC on real mails, with the keys that the mails themselves give away (`mail_zone`)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from forgeward.edges import mail_arc, mail_dkim
from forgeward.respond.dns import Question
from tests.edges.mail_zone import KEYS, SA_ARC, Zone
from tests.edges.mails import NO_REAL, REAL

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)

THEN = datetime(2021, 6, 1, tzinfo=UTC).timestamp()
# File, states of its DKIM signatures, state of its ARC chain. SpamAssassin takes keys of 768 bits; RFC 8301 does not.
MAILS = [
    ("auth/signed.eml", ["pass", "pass"], "none"),
    ("auth/authtest.eml", ["pass"], "pass"),
    ("auth/bimi.eml", ["pass", "pass"], "pass"),
    ("auth/message1.eml", [], "none"),
    ("auth/message4.eml", ["pass"], "none"),
    ("auth/arc-pass.eml", ["pass"], "pass"),
    ("auth/arc-pass2.eml", ["pass", "pass"], "pass"),
    ("auth/arc-fail.eml", ["pass", "pass"], "fail"),
    ("auth/arc-fail2.eml", ["pass", "pass"], "fail"),
    ("auth/arc-fail3.eml", ["pass"], "fail"),
    ("dkim/test-pass-01.msg", ["weak"], "none"),
    ("dkim/test-pass-02.msg", ["weak"], "none"),
    ("dkim/test-pass-03.msg", ["weak"], "none"),
    ("dkim/test-pass-04.msg", ["weak"], "none"),
    ("dkim/test-pass-05.msg", ["weak"], "none"),
    ("dkim/test-pass-06.msg", ["weak"], "none"),
    ("dkim/test-pass-07.msg", ["weak"], "none"),
    ("dkim/test-pass-08.msg", ["weak"], "none"),
    ("dkim/test-pass-09.msg", ["pass"], "none"),
    ("dkim/test-pass-10.msg", ["pass"], "none"),
    ("dkim/test-pass-11.msg", ["pass"], "none"),
    ("dkim/test-pass-12.msg", ["pass"], "none"),
    ("dkim/test-pass-15.msg", ["pass"], "none"),
    ("dkim/test-pass-16.msg", ["pass"], "none"),
    ("dkim/test-pass-17.msg", ["weak"], "none"),
    ("dkim/test-fail-01.msg", [], "none"),
    ("dkim/test-fail-02.msg", ["wrong"], "none"),
    ("dkim/test-fail-03.msg", ["wrong"], "none"),
    ("dkim/test-fail-04.msg", ["malformed"], "none"),
    ("dkim/test-fail-05.msg", ["no_key"], "none"),
    ("dkim/test-fail-06.msg", ["no_key"], "none"),
    ("dkim/test-fail-07.msg", ["wrong"], "none"),
    ("dkim/test-fail-08.msg", ["wrong"], "none"),
    ("dkim/test-fail-09.msg", ["no_key"], "none"),
    ("dkim/arc/ko01.eml", ["weak"], "none"),
]
# Signed once by a key that signed nothing else here: the mail does not give it away.
KEY_UNKNOWN = [
    "auth/message2.eml",
    "auth/message3.eml",
    "auth/zbimi.eml",
    "auth/zproov.eml",
    "dkim/test-pass-13.msg",
    "dkim/test-pass-14.msg",
    "dkim/test-pass-18.msg",
    "dkim/test-pass-19.msg",
    "dkim/test-pass-20.msg",
    "dkim/test-pass-21.msg",
    "dkim/test-pass-22.msg",
    "dkim/test-pass-23.msg",
]


def found(raw: bytes, zone: Zone) -> tuple[list[str], str]:
    mail = mail_dkim.message(raw)
    names = {*mail_dkim.names(mail), *mail_arc.names(mail)}
    records = {name: zone.resolve(Question(name)) for name in names}
    return [each.state for each in mail_dkim.check(mail, records, THEN)], mail_arc.check(mail, records).state


@pytest.mark.parametrize(("name", "dkim", "arc"), MAILS)
def test_real_mails(name: str, dkim: list[str], arc: str) -> None:
    """Each real mail whose key is known gets the verdict that its collection names, or a stricter one."""
    assert found((REAL / name).read_bytes(), Zone(KEYS)) == (dkim, arc)


@pytest.mark.parametrize("name", KEY_UNKNOWN)
def test_real_mails_without_their_key(name: str) -> None:
    """Where the key cannot be worked out, the text still fits its digest, and nothing is said against the mail."""
    raw = (REAL / name).read_bytes()
    states, arc = found(raw, Zone(KEYS))
    assert states[0] == "no_key"
    assert arc in {"none", "pass"}
    mail = mail_dkim.message(raw)
    tags = mail_dkim.soft_tags(mail_dkim.signature_fields(mail)[0])
    relaxed = tags.get("c", "simple/simple").endswith("/relaxed")
    assert mail.body_hash(relaxed, "sha256") == mail_dkim.decoded(tags["bh"])
    pytest.skip(f"the public key of {name} is not derivable from the mails; only its body hash was checked")


def test_two_keys_under_one_name() -> None:
    """SpamAssassin's sealed mail was made with another key under the same name: by that one the chain holds."""
    zone = Zone({**KEYS, "t0768._domainkey.sa-test.spamassassin.org": SA_ARC})
    assert found((REAL / "dkim/arc/ok01.eml").read_bytes(), zone) == (["wrong"], "pass")


def test_every_real_mail_has_its_test() -> None:
    """The tables hold every mail that bears a signature."""
    tested = {name for name, _, _ in MAILS} | set(KEY_UNKNOWN) | {"dkim/arc/ok01.eml"}
    for path in sorted(REAL.rglob("*")):
        if path.suffix in {".eml", ".msg"} and mail_dkim.signature_fields(mail_dkim.message(path.read_bytes())):
            assert str(path.relative_to(REAL)) in tested


@pytest.mark.parametrize("name", [name for name, dkim, _ in MAILS if "pass" in dkim])
def test_a_changed_letter_breaks_the_signature(name: str) -> None:
    """One letter more in the text, or another in the sender, and no signature of a real mail holds."""
    raw = (REAL / name).read_bytes()
    states, arc = found(raw.rstrip() + b"!\r\n", Zone(KEYS))
    assert set(states) == {"altered"}
    assert arc in {"none", "fail"}
    states, _ = found(raw.replace(b"\nFrom: ", b"\nFrom: x"), Zone(KEYS))
    assert set(states) <= {"wrong", "malformed"}


def test_line_ends_do_not_matter() -> None:
    """Stored with bare line feeds, a real mail's signatures hold as well."""
    raw = Path(REAL / "auth/signed.eml").read_bytes()
    assert found(raw.replace(b"\r\n", b"\n"), Zone(KEYS))[0] == ["pass", "pass"]
