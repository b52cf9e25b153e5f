"""The figures of a policy, as they are written and compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.errors import BadInput
from forgeward.policy.targets import Target, Unit, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("2 business days", Target(2, Unit.BUSINESS_DAYS)),
        ("1 business day", Target(1, Unit.BUSINESS_DAYS)),
        ("4 business hours", Target(4, Unit.BUSINESS_HOURS)),
        ("24 hours", Target(24, Unit.HOURS)),
        ("7 days", Target(7, Unit.DAYS)),
        ("4 weeks", Target(4, Unit.WEEKS)),
        ("1 month", Target(1, Unit.MONTHS)),
        ("1 year", Target(1, Unit.YEARS)),
        ("next maintenance date", Target(1, Unit.MAINTENANCE)),
        ("  10  Business Days ", Target(10, Unit.BUSINESS_DAYS)),
        ("1 hours", Target(1, Unit.HOURS)),
    ],
)
def test_figures_as_written(text, target):
    """Whole numbers of units, in either number and case."""
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2", "days", "2.5 days", "two days", "2 fortnights", "2 business weeks", "2 days 3 hours"),
        *("0 days", "-1 days", "- 1 days", "+1 days", "101 years", "9999999999999 hours", "maintenance", "2 days\nx"),
    ],
)
def test_what_is_no_figure(text):
    """Nonsense, nothing, less than nothing and more than 100 years are refused, with a way out."""
    with pytest.raises(BadInput) as refused:
        parse_target(text)
    assert refused.value.next


units = st.sampled_from([unit for unit in Unit if unit is not Unit.MAINTENANCE])


@given(st.integers(1, 100), units)
def test_a_figure_reads_as_it_is_written(amount, unit):
    """What stands in the sentence is the figure."""
    target = Target(amount, unit)
    assert parse_target(str(target)) == target
    assert str(target).endswith("s") == (amount > 1)


def test_a_target_cannot_be_made_of_nothing():
    """The type refuses it too, so that no other way leads to it."""
    for amount in (0, -3):
        with pytest.raises(BadInput, match="leaves no time"):
            Target(amount, Unit.HOURS)


def test_hints_order_the_figures_of_the_policy():
    """Tighter figures have smaller hints, across units; the lowest severity's maintenance cycle is the loosest."""
    written = ["4 business hours", "24 hours", "2 business days", "72 hours", "5 business days", "10 days", "14 days"]
    written += [
        "10 business days",
        "4 weeks",
        "1 month",
        "60 days",
        "12 weeks",
        "next maintenance date",
        "25 weeks",
        "1 year",
    ]
    hints = [parse_target(text).seconds_hint for text in written]
    assert hints[1:9] == sorted(hints[1:9])
    assert hints == sorted(hints)
