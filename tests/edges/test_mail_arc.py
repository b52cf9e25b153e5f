"""ARC chains that are not what they seem."""

from __future__ import annotations

import re

import pytest

from forgeward.edges import mail_arc
from forgeward.edges.mail_arc import SETS
from forgeward.edges.mail_dkim import message
from forgeward.respond.dns import FAILED, Answer
from tests.edges.mail_zone import KEYS
from tests.edges.mails import NO_REAL, REAL, mail

SET = (
    b"ARC-Seal: i=%d; a=rsa-sha256; cv=%s; d=d%d.example.org; s=s; b=eA==\r\n"
    b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=d%d.example.org; s=s; h=from; bh=eA==; b=eA==\r\n"
    b"ARC-Authentication-Results: i=%d; mx.example.org; dkim=pass\r\n"
)


def sets(*numbers: int, validity: bytes = b"pass") -> bytes:
    return b"".join(SET % (i, b"none" if i == 1 else validity, i, i, i, i) for i in numbers)


def state(raw: bytes, answer: Answer = Answer("none")) -> str:  # noqa: B008 - frozen
    read = message(raw)
    return mail_arc.check(read, dict.fromkeys(mail_arc.names(read), answer)).state


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", "none"),
        (sets(1), "no_key"),
        (sets(3, 2, 1), "no_key"),
        (sets(2), "fail"),
        (sets(3, 1), "fail"),
        (sets(1, 1), "fail"),
        (sets(2, 1, validity=b"none"), "fail"),
        (sets(2, 1, validity=b"fail"), "fail"),
        (sets(1).replace(b"cv=none", b"cv=pass"), "fail"),
        (sets(1).replace(b"i=1; mx", b"mx"), "fail"),
        (sets(1).replace(b"i=1", b"i=0"), "fail"),
        (sets(1).replace(b"i=1", b"i=one"), "fail"),
        (sets(1).replace(b"ARC-Seal", b"X-Seal"), "fail"),
        (sets(1).replace(b"a=rsa-sha256; cv", b"a=rsa-sha1; cv").replace(b"h=from", b"h=arc-seal"), "fail"),
        (sets(*range(SETS + 1, 0, -1)), "skipped"),
        (sets(*range(50, 0, -1)), "skipped"),
    ],
)
def test_chains(head: bytes, expected: str) -> None:
    """Missing, doubled, unnumbered and contradicting sets are broken chains; too many are left alone."""
    assert state(head + mail()) == expected


def test_questions_are_bounded() -> None:
    """However long the chain, few keys are asked for; none where it is not looked at."""
    assert len(mail_arc.names(message(sets(*range(SETS, 0, -1)) + mail()))) == SETS
    assert mail_arc.names(message(sets(*range(50, 0, -1)) + mail())) == ()
    assert mail_arc.names(message(sets(3, 1) + mail())) == ()


def test_a_dns_that_does_not_answer() -> None:
    """Failure to ask breaks no chain."""
    assert state(sets(1) + mail(), FAILED) == "unanswered"


@pytest.mark.skipif(not REAL.is_dir(), reason=NO_REAL)
def test_every_change_of_a_seal_breaks_it() -> None:
    """On a real sealed mail: another letter in any field of any set, and the chain does not hold."""
    raw = (REAL / "auth/arc-pass.eml").read_bytes()
    records = {name: Answer("found", (KEYS[name],)) for name in mail_arc.names(message(raw))}
    assert mail_arc.check(message(raw), records).state == "pass"
    fields = [found.start() for found in re.finditer(rb"^ARC-", raw, re.MULTILINE)]
    assert len(fields) == 6
    for start in fields:
        at = raw.index(b"google.com", start)
        changed = raw[:at] + b"g00gle.com" + raw[at + 10 :]
        assert mail_arc.check(message(changed), records).state in {"fail", "unanswered"}
