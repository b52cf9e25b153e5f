"""Which policy was in force when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.policy.book import PolicyBook, in_force_from
from forgeward.policy.model import Policy
from tests.policy.texts import policy

JANUARY = datetime(2026, 1, 10, 12, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def version(number: int, effective: str = "2026-01-01") -> Policy:
    return policy(("version: 1\n", f"version: {number}\n"), ("effective: 2026-01-01", f"effective: {effective}"))


ONE, TWO, THREE = version(1), version(2), version(3)


def test_before_the_first_adoption_the_first_policy_judges():
    """A report may be older than the home."""
    book = PolicyBook([(JANUARY, ONE), (MARCH, TWO)])
    assert book.at(JANUARY - timedelta(days=900)) is ONE


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (JANUARY, 1),
        (MARCH - timedelta(microseconds=1), 1),
        (MARCH, 2),
        (MARCH + timedelta(days=900), 2),
    ],
)
def test_a_policy_is_in_force_from_its_instant_on(at: datetime, number: int):
    """The instant itself belongs to the new policy."""
    assert PolicyBook([(JANUARY, ONE), (MARCH, TWO)]).at(at).version == number


def test_first_and_latest_are_the_ends():
    """`latest` is the last adopted, also before it is in force."""
    book = PolicyBook([(JANUARY, ONE), (MARCH, TWO)])
    assert (book.first, book.latest) == (ONE, TWO)


def test_an_adopted_policy_waits_for_its_effective_date():
    """It is in force from the start of that day in its own zone; Europe/London is an hour ahead in summer."""
    future = version(2, "2026-07-01")
    assert in_force_from(future, JANUARY) == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert in_force_from(ONE, JANUARY) == JANUARY


def test_a_policy_superseded_before_its_date_was_never_in_force():
    """Version 2 is adopted for July, version 3 in March for at once: 2 never counts."""
    book = PolicyBook.of([(JANUARY, ONE), (JANUARY + timedelta(days=1), version(2, "2026-07-01")), (MARCH, THREE)])
    assert [(at, p.version) for at, p in book.adopted] == [(JANUARY, 1), (MARCH, 3)]


def test_no_policy_is_no_book():
    """Without an adoption nothing can be judged."""
    with pytest.raises(BadInput, match="No policy has been adopted"):
        PolicyBook([])


@pytest.mark.parametrize("entries", [[(MARCH, ONE), (JANUARY, TWO)], [(MARCH, ONE), (MARCH, TWO)]])
def test_the_order_is_that_of_coming_into_force(entries: list[tuple[datetime, Policy]]):
    """Two policies cannot come into force at once, nor the later before the earlier."""
    with pytest.raises(BadInput, match="in the order"):
        PolicyBook(entries)


def test_instants_have_a_zone():
    """A naive instant would mean another one elsewhere."""
    with pytest.raises(BadInput, match="no zone"):
        PolicyBook([(datetime(2026, 1, 1), ONE)])  # noqa: DTZ001 - that is the point


def test_books_are_equal_by_what_they_hold():
    """A book can be a key of a cache."""
    book, same = PolicyBook([(JANUARY, ONE)]), PolicyBook([(JANUARY, version(1))])
    assert book == same
    assert hash(book) == hash(same)
    assert book != PolicyBook([(JANUARY, TWO)])
    assert "version" not in repr(book)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8, unique=True), st.integers(-10, 10_010))
def test_at_finds_what_a_walk_finds(hours: list[int], asked: int):
    """Bisection agrees with walking through the adoptions."""
    policies = (ONE, TWO, THREE)
    entries = [(JANUARY + timedelta(hours=h), policies[i % 3]) for i, h in enumerate(sorted(hours))]
    instant = JANUARY + timedelta(hours=asked)
    walked = entries[0][1]
    for at, adopted in entries:
        if at <= instant:
            walked = adopted
    assert PolicyBook(entries).at(instant) is walked
