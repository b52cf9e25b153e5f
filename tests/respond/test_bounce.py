"""Bounces: what a mail server reports, and which mail it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.bounce import by_daemon, failure, read_status, returned_ids, speaks_of_delivery
from forgeward.respond.mail import Address, Automatic, Mail, Undelivered

STATUS = """Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 23 Nov 2026 10:20:00 +0000

Final-Recipient: RFC822; Rita@Example.org
Original-Recipient: rfc822;rita@example.org
Action: failed (permanently)
Status: 5.1.1 (bad destination)
Diagnostic-Code: smtp; 550 5.1.1 <rita@example.org>: Recipient address
 rejected: User unknown

final-recipient: rfc822; noor@example.net
action: DELAYED
status: 4.4.1
"""
WORDS = "550 5.1.1 <rita@example.org>: Recipient address rejected: User unknown"


def test_a_report_names_each_recipient_and_their_fate() -> None:
    """RFC 3464, 2.3: groups of fields, whatever their case, folded lines joined, comments left out."""
    assert read_status(STATUS) == (
        Undelivered("rita@example.org", "failed", "5.1.1", WORDS),
        Undelivered("noor@example.net", "delayed", "4.4.1", ""),
    )  # fmt: skip


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(ends: str) -> None:
    """Reports come with all of them."""
    assert read_status(STATUS.replace("\n", ends)) == read_status(STATUS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no field at all",
        "Action: failed\nStatus: 5.0.0",
        "Final-Recipient: rfc822; r@example.org",
        "Final-Recipient: rfc822; r@example.org\nAction: exploded",
        " Final-Recipient: rfc822; r@example.org\n Action: failed",
    ],
)
def test_what_is_no_report_says_nothing(text: str) -> None:
    """Without a recipient or a known action nothing is concluded."""
    assert read_status(text) == ()


def test_a_report_of_many_is_cut() -> None:
    """A hundred groups are read."""
    many = "\n\n".join(f"Final-Recipient: rfc822; r{n}@example.org\nAction: failed" for n in range(5_000))
    assert len(read_status(many)) <= 101


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever stands in a report, what is read of it is bounded, and anywhere is never less than in header lines."""
    assert len(read_status(text)) <= 101
    named, anywhere = returned_ids([text]), returned_ids([text], anywhere=True)
    assert len(named) <= len(anywhere) <= 20
    assert all(each.startswith("<") and each.endswith(">") for each in anywhere)


def test_message_ids_come_from_header_lines() -> None:
    """Not from prose, unless anywhere is asked for; folded ones too; at most twenty."""
    header = "Message-ID: <a@example.com>\nReferences: <b@example.org>\nmessage-id:\n <c@example.com>\n"
    assert returned_ids([header]) == ("<a@example.com>", "<c@example.com>")
    assert returned_ids(["your mail <a@example.com> failed"]) == ()
    assert returned_ids(["your mail <a@example.com> failed"], anywhere=True) == ("<a@example.com>",)
    assert len(returned_ids([f"Message-ID: <{n}@example.com>" for n in range(100)])) == 20


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("MAILER-DAEMON@example.org", True),
        ("mailer-daemon@example.org", True),
        ("postmaster@example.org", True),
        ("postmaster+x@example.org", True),
        ("postmasters@example.org", False),
        ("rita.mailer-daemon@example.org", False),
        ("rita@example.org", False),
        ("", False),
    ],
)
def test_daemons_are_known_by_name(address: str, is_one: bool) -> None:
    """RFC 3834, 2, and what servers call themselves."""
    assert by_daemon(Address(address)) is is_one


@pytest.mark.parametrize(
    ("mail", "speaks", "word"),
    [
        (Mail(sender=Address("rita@example.org")), False, None),
        (Mail(sender=Address("rita@example.org"), automatic=Automatic(null_return_path=True)), False, None),
        (Mail(sender=Address("postmaster@x.example"), subject="Undeliverable: it"), True, "Undeliverable: it"),
        (Mail(sender=Address("postmaster@x.example")), True, "The mail came back."),
        (
            Mail(sender=Address("a@x.example"), undelivered=(Undelivered("r@x.example", "failed", "5.1.1", "gone"),)),
            True,
            "5.1.1 gone",
        ),
        (
            Mail(sender=Address("a@x.example"), undelivered=(Undelivered("r@x.example", "failed"),)),
            True,
            "The mail could not be delivered.",
        ),
        (
            Mail(sender=Address("a@x.example"), undelivered=(Undelivered("r@x.example", "relayed", "2.0.0"),)),
            True,
            None,
        ),
    ],
)
def test_failures_have_words(mail: Mail, speaks: bool, word: str | None) -> None:
    """The server's own, or ours; a delay or a success is no failure; an out-of-office note is no bounce."""
    assert speaks_of_delivery(mail) is speaks
    assert (failure(mail) or "").strip() == (word or "")
