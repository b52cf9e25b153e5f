"""Who wrote a mail before somebody forwarded it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.forwarded import original_in
from forgeward.respond.mail import Address

RITA = Address("rita@example.org", "Rita")


@pytest.mark.parametrize(
    "text",
    [
        "It is open. From: nobody",
        "From: Rita <rita@example.org>\nI found this",
        "On Monday Rita <rita@example.org> wrote:\n> It is open",
        "---------- Forwarded message ---------\nno header here, rita@example.org",
        "---------- Forwarded message ---------\n" + "\n" * 20 + "From: late@example.org",
        "",
    ],
)
def test_prose_names_nobody(text: str) -> None:
    """Without a banner, or without a header right below it, nobody is taken for the sender."""
    assert original_in(text) is None


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (
            "FYI\n\n---------- Forwarded message ---------\nFrom: Rita Rossi <rita@example.org>\nDate: x\n",
            Address("rita@example.org", "Rita Rossi"),
        ),
        (
            "Begin forwarded message:\n\nFrom: Rita <rita@example.org>\nSubject: x\n",
            RITA,
        ),
        ("-----Original Message-----\nFrom: rita@example.org\n", Address("rita@example.org")),
        (
            "________________________________\nFrom: Rita <mailto:rita@example.org>\nSent: x",
            RITA,
        ),
        ("> ---- Weitergeleitete Nachricht ----\n> Von: \"Rita\" <rita@example.org>\n", RITA),
        ("---- Message transféré ----\nDe : Rita <rita@example.org>\n", RITA),
        ("-------- Original --------\n*From:* Rita [mailto:rita@example.org]\n", RITA),
        (
            "--- Forwarded ---\nSubject: x\nDate: y\nFrom: Rita <rita@example.org>.\n",
            RITA,
        ),
    ],
)  # fmt: skip
def test_printed_headers_are_read(text: str, who: Address) -> None:
    """As mail programs print them, in several languages, quoted or not."""
    assert original_in(text) == who


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    """Reading ends, and what is found has an address."""
    found = original_in("---- Forwarded ----\n" + text)
    assert found is None or "@" in found.address


@pytest.mark.parametrize("piece", ["-", "-- ", "From:", "From: <", "_", "> ", "From: a@", "- -"])
def test_long_texts_take_no_time(piece: str) -> None:
    """No pattern backtracks without end."""
    began = time.process_time()
    original_in("--x--\n" + piece * 200_000)
    original_in(piece * 200_000)
    assert time.process_time() - began < 1
