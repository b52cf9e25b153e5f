"""What people are told about a mail's OpenPGP, and when a signature counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from forgeward.respond.mail import Address, Attachment, Mail
from forgeward.respond.openpgp import (
    Certificate,
    Known,
    Offer,
    Opening,
    Seen,
    Signature,
    merged,
    offer_words,
    shown,
    verdict,
    words,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RITA = Address("rita@example.org", "Rita")
KEY = "0123456789abcdef"
OUTER = Mail(sender=RITA, subject="...", text="footer", message_id="<1@example.org>")
INNER = Mail(sender=Address(""), subject="A hole", text="It is open.", text_from="plain")


@pytest.mark.parametrize("signature", get_args(Signature))
def test_only_the_agreed_key_passes(signature: Signature) -> None:
    """Of all that a signature can be, one passes, four fail, and the others say nothing about the sender."""
    seen = Seen(signature=signature, key=KEY)
    expected = {"agreed": "pass", "wrong": "fail", "expired": "fail", "revoked": "fail", "other_key": "fail"}
    assert verdict(seen) == expected.get(signature, "none")
    assert verdict(Seen(signature="agreed", whole=False)) == "none"


@pytest.mark.parametrize("opening", get_args(Opening))
@pytest.mark.parametrize("signature", get_args(Signature))
def test_every_outcome_has_its_sentence(opening: Opening, signature: Signature) -> None:
    """Whatever comes of a mail is said in sentences, and only a mail without OpenPGP says nothing."""
    told = words(Seen(opening=opening, signature=signature, key=KEY, own=KEY, recipients=("ff00",), ended=NOW), RITA)
    assert len(told) == (opening != "none") + (signature != "none")
    assert all(each[0].isupper() and each.endswith(".") for each in told)


def test_a_partly_protected_mail_says_so() -> None:
    """Where other text stands beside the signed part, people are told; where nothing opened, nothing is."""
    assert "Only a part" in words(Seen(signature="agreed", whole=False), RITA)[-1]
    assert len(words(Seen(opening="no_key", whole=False), RITA)) == 1


def test_fingerprints_are_shown_in_groups() -> None:
    """As people compare them: groups of four, in capitals."""
    assert shown(KEY) == "0123 4567 89AB CDEF"
    assert "0123 4567 89AB CDEF" in words(Seen(signature="unknown", key=KEY), RITA)[0]


def test_merging() -> None:
    """Who and when come from outside, text and files from inside, the subject from a protected inner header."""
    attachment = Attachment("a.txt", "text/plain", "text/plain", 1, "00")
    inner = Mail(sender=Address(""), subject="A hole", text="It is open.", attachments=(attachment,))
    mail = merged(OUTER, inner, Seen(), protected=True)
    assert (mail.sender, mail.message_id, mail.subject, mail.text) == (RITA, "<1@example.org>", "A hole", "It is open.")
    assert mail.attachments == (attachment,)
    assert merged(OUTER, inner, Seen(), protected=False).subject == "..."


def test_merging_marks_what_is_not_protected() -> None:
    """Text beside a protected part stands behind a line that says so, never before it."""
    text = merged(OUTER, INNER, Seen(whole=False), protected=True).text
    assert text.startswith("It is open.")
    assert text.endswith("[Not protected by OpenPGP, from here on]\n\nfooter")


def test_an_inner_sender_that_differs_is_told() -> None:
    """The sender outside counts; another one inside is a defect that people see."""
    inner = Mail(sender=Address("eve@example.net"), text="x")
    assert merged(OUTER, inner, Seen(), protected=True).defects == (
        "Inside, it names another sender: eve@example.net.",
    )


def test_offers_are_told() -> None:
    """A new key is an offer, one beside an agreed key a reason to ask; the agreed one is recognised, ended is ended."""
    offer = Offer(certificate=Certificate(fingerprint="aa" * 20, public=b"", encrypts=True), origin="attached")
    agreed = Known(certificate=offer.certificate, origin="hand", offered_at=NOW, agreed_at=NOW)
    other = Known(
        certificate=Certificate(fingerprint="bb" * 20, public=b""), origin="hand", offered_at=NOW, agreed_at=NOW
    )
    assert "once somebody agrees" in offer_words(offer, (), NOW)
    assert "it is the one agreed on" in offer_words(offer, (agreed, other), NOW)
    assert "another one was agreed on" in offer_words(offer, (other,), NOW)
    ended = Offer(certificate=Certificate(fingerprint="aa" * 20, public=b"", expires=NOW), origin="autocrypt")
    assert "expired on 1 November 2026" in offer_words(ended, (), NOW)


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        (Certificate(fingerprint=KEY, public=b"", encrypts=True), ""),
        (Certificate(fingerprint=KEY, public=b""), "has no part to encrypt to"),
        (Certificate(fingerprint=KEY, public=b"", revoked=True, encrypts=True), "was revoked by its owner"),
        (Certificate(fingerprint=KEY, public=b"", expires=NOW, encrypts=True), "expired on 1 November 2026"),
        (Certificate(fingerprint=KEY, public=b"", encrypts=True, encrypts_until=NOW), "to encrypt to expired"),
        (Certificate(fingerprint=KEY, public=b"", unusable="SHA-1."), "cannot be used: SHA-1."),
    ],
)
def test_why_nothing_can_be_encrypted(certificate: Certificate, sentence: str) -> None:
    """Each reason has a sentence; a key in use has none."""
    told = certificate.hindrance(NOW)
    assert (sentence in told) if sentence else told == ""
