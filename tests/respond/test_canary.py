"""Test mails: tokens, when the next is due, what checks may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.respond.canary import Look, Verdict, due, letter, number_of, overdue, token, verdicts

KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ARRIVED = Look("a@x.example", NOW, arrived_at=NOW)
LOST = Look("b@x.example", NOW, failed_at=NOW)


@given(st.integers(0, 10**11 - 1))
def test_a_token_names_its_number(number: int) -> None:
    """And only with the right key."""
    assert number_of(f" {token(number, KEY)}\n", KEY) == number
    assert number_of(token(number, KEY), b"x" * 32) is None


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    """Whatever somebody writes into the field."""
    assert number_of(text, KEY) is None


@pytest.mark.parametrize(
    ("look", "later", "expected"),
    [
        (None, DAY, True),
        (ARRIVED, DAY, True),
        (ARRIVED, DAY - HOUR, False),
        (Look("a", NOW), DAY - HOUR, False),
        (LOST, HOUR, True),
        (LOST, HOUR / 2, False),
        (Look("a", NOW, arrived_at=NOW, failed_at=NOW), HOUR, False),
    ],
)
def test_when_the_next_is_due(look: Look | None, later: timedelta, expected: bool) -> None:
    """A day after the last one; an hour after one that was lost."""
    assert due(look, DAY, NOW + later) is expected


@pytest.mark.parametrize(
    ("look", "later", "expected"),
    [
        (Look("a", NOW), HOUR, True),
        (Look("a", NOW), HOUR / 2, False),
        (ARRIVED, HOUR, False),
        (LOST, HOUR, False),
    ],
)
def test_when_silence_is_a_fault(look: Look, later: timedelta, expected: bool) -> None:
    """After the patience, once."""
    assert overdue(look, 0.75 * HOUR, NOW + later) is expected


@pytest.mark.parametrize(
    ("looks", "addresses", "said"),
    [
        ([ARRIVED], {"a@x.example"}, [True]),
        ([LOST], {"b@x.example"}, [False]),
        ([ARRIVED, LOST], {"a@x.example", "b@x.example"}, [False]),
        ([ARRIVED], {"a@x.example", "b@x.example"}, []),
        ([ARRIVED], {"a@x.example", "foreign@x.example"}, []),
        ([], {"a@x.example"}, []),
        ([ARRIVED], set(), []),
    ],
)
def test_what_a_check_may_say(looks: list[Look], addresses: set[str], said: list[bool]) -> None:
    """Good only when every address was proven, bad when one is lost; else nothing, so it stays unproven."""
    found = verdicts({look.address: look for look in looks}, {"check:x": addresses}, {"a@x.example", "b@x.example"})
    assert [verdict.ok for verdict in found] == said
    assert all(isinstance(verdict, Verdict) and verdict.what.endswith(".") for verdict in found)


def test_the_letter_says_that_it_is_a_test() -> None:
    """To whoever finds it in the mailbox."""
    subject, text = letter("security@x.example")
    assert "Test" in subject
    assert "security@x.example" in text
