"""What the guarded reader finds about other mails: bounces and forwarded ones."""

from __future__ import annotations

import pytest

from forgeward.edges.mail_reading import read
from forgeward.respond.mail import Address, Mail, Parsed, Undelivered
from tests.edges.mails import mail, multipart

STATUS = b"Final-Recipient: rfc822; r@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
RETURNED = b"From: us@example.com\r\nMessage-ID: <ours@example.com>\r\nSubject: x\r\n\r\nthe text of it\r\n"


def mail_of(raw: bytes) -> Mail:
    reading = read(raw)
    assert isinstance(reading, Parsed)
    return reading.mail


def report(*parts: bytes) -> Mail:
    return mail_of(multipart(*parts, subtype=b"report; report-type=delivery-status"))


@pytest.mark.parametrize(
    "returned",
    [
        b"Content-Type: message/rfc822\r\n\r\n" + RETURNED,
        b"Content-Type: text/rfc822-headers\r\n\r\n" + RETURNED.partition(b"\r\n\r\n")[0],
        b"Content-Type: message/rfc822-headers\r\n\r\n" + RETURNED,
        b"Content-Type: text/plain\r\n\r\nYour mail <ours@example.com> was refused.",
    ],
)
def test_a_bounce_names_recipient_and_mail(returned: bytes) -> None:
    """RFC 3464, with the whole mail, with its header alone, or with its Message-ID in the text."""
    seen = report(b"\r\nSorry.", b"Content-Type: message/delivery-status\r\n\r\n" + STATUS, returned)
    assert seen.undelivered == (Undelivered("r@example.org", "failed", "5.1.1"),)
    assert seen.returned == ("<ours@example.com>",)


def test_an_ordinary_mail_returns_nothing() -> None:
    """A researcher who attaches such parts has sent no bounce."""
    seen = mail_of(
        multipart(
            b"Content-Type: message/delivery-status\r\n\r\n" + STATUS,
            b"Content-Type: message/rfc822\r\n\r\n" + RETURNED,
        )
    )
    assert (seen.undelivered, seen.returned) == ((), ())


@pytest.mark.parametrize(
    ("raw", "who"),
    [
        (multipart(b"\r\nFYI", b"Content-Type: message/rfc822\r\n\r\n" + RETURNED), Address("us@example.com")),
        (
            multipart(b"Content-Type: message/rfc822\r\n\r\nX: y\r\nFROM: Noor\r\n  <noor@example.org>\r\n\r\nx"),
            Address("noor@example.org", "Noor"),
        ),
        (mail(b"x", b"X-Original-From: Noor <noor@example.org>"), Address("noor@example.org", "Noor")),
        (
            mail(b"---------- Forwarded message ---------\r\nFrom: Noor <noor@example.org>\r\n"),
            Address("noor@example.org", "Noor"),
        ),
        (mail(b"Just a report."), None),
        (multipart(b"Content-Type: message/rfc822\r\n\r\nSubject: no sender\r\n\r\nFrom: body@example.org"), None),
    ],
)
def test_a_forwarded_mail_names_its_first_sender(raw: bytes, who: Address | None) -> None:
    """By an attached message, a rewritten From, or a printed header; what stands in a body is nobody's name."""
    assert mail_of(raw).original == who


def test_attached_messages_stay_closed() -> None:
    """The attached message is a file, byte for byte, whatever was looked at in it."""
    reading = read(multipart(b"\r\nFYI", b"Content-Type: message/rfc822\r\n\r\n" + RETURNED))
    assert isinstance(reading, Parsed)
    assert reading.contents == (RETURNED,)
