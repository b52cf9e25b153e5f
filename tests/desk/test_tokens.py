"""The form of tokens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.desk.tokens import SIGNS, Token, fresh, read


def test_a_token_reads_as_itself() -> None:
    """What is printed is read; what lists and logs show of it is its beginning."""
    token = fresh()
    assert read(str(token)) == token
    assert repr(token) == f"Token({token.ident})"
    assert token.secret not in repr(token)


def test_scanners_find_tokens_by_their_prefix() -> None:
    """One word that begins with fwt_, of one length, that a double click selects whole."""
    assert all(re.fullmatch(r"\bfwt_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}\b", str(fresh())) for _ in range(100))


def test_a_slip_is_seen_without_asking_the_database() -> None:
    """CRC-32 finds each single changed sign."""
    text = str(fresh())
    for place in range(4, len(text)):
        other = SIGNS[(SIGNS.find(text[place]) + 1) % len(SIGNS)]
        assert read(text[:place] + other + text[place + 1 :]) is None


@given(st.text(max_size=100))
def test_any_other_text_is_none(text: str) -> None:
    """No text breaks the reader."""
    assert read(text) is None


def test_a_digest_binds_the_beginning() -> None:
    """A secret under another beginning is another token."""
    token = fresh()
    assert token.is_of(token.digest)
    assert not Token(fresh().ident, token.secret).is_of(token.digest)
    assert token.secret not in token.digest


@pytest.mark.parametrize(
    "text",
    ["", "fwt_", "Bearer x", "fwt_" + "0" * 60, str(fresh()) + " ", str(fresh()).upper()],
    ids=["empty", "its beginning", "another kind", "too plain", "a space more", "in capitals"],  # no secret in a name
)
def test_likenesses(text: str) -> None:
    """Cut, padded or shouted tokens are none."""
    assert read(text) is None
