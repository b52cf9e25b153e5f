"""How long data is kept is the policy's word, told with its line where it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgeward.errors import PolicyInvalid
from forgeward.policy import names
from forgeward.policy.defaults import example_policy_text
from forgeward.policy.diff import Turn, compare
from forgeward.policy.document import load
from forgeward.policy.retention import before
from forgeward.policy.targets import parse_target

TEXT = example_policy_text("almbase")
LINE = "  key_backups: 30 days  # never longer\n"


def test_the_default_names_every_kind() -> None:
    """Nothing is kept without an end."""
    assert load(TEXT).retention.keys() == names.RETENTION.keys()


def test_a_policy_that_says_nothing_deletes_nothing() -> None:
    """Documents from before this still read."""
    begin, end = TEXT.index("retention:\n"), TEXT.index("severity_examples:")
    assert load(TEXT[:begin] + TEXT[end:]).retention == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  key_backups: 31 days\n", "for 30 days at most"),
        ("  key_backups: 1 year\n", "for 30 days at most"),
        ("  key_backups: 10 business days\n", "is no time to keep data"),
        ("  key_backups: next maintenance date\n", "is no time to keep data"),
        ("  key_backups: for ever\n", "is not a length of time"),
        ("  key_backups: 0 days\n", "leaves no time"),
        ("  key_backups: []\n", "must be a text"),
        ("  key_backup: 30 days\n", "Did you mean “key_backups”?"),
    ],
)
def test_a_slip_is_told_with_its_line(line: str, said: str) -> None:
    """Like everything else in the document."""
    assert LINE in TEXT
    at = TEXT[: TEXT.index(LINE)].count("\n") + 1
    with pytest.raises(PolicyInvalid) as caught:
        load(TEXT.replace(LINE, line))
    assert any(str(each).startswith(f"policy.yaml:{at}: ") and said in str(each) for each in caught.value.problems)


def test_longer_is_material_and_shorter_is_not() -> None:
    """Who is written about is told before their data is kept for longer."""
    longer = load(TEXT.replace("reporters: 3 years", "reporters: 4 years"))
    endless = load(TEXT.replace("  reporters: 3 years\n", ""))
    for new in (longer, endless):
        (change,) = compare(load(TEXT), new).changes
        assert (change.about, change.turn, change.material) == ("retention", Turn.LOOSER, True)
    (change,) = compare(longer, load(TEXT)).changes
    assert (change.turn, change.material) == (Turn.TIGHTER, False)


@pytest.mark.parametrize(
    ("figure", "instant"),
    [
        ("36 hours", datetime(2028, 2, 27, 22, 0, tzinfo=UTC)),
        ("90 days", datetime(2027, 12, 1, 10, 0, tzinfo=UTC)),
        ("2 weeks", datetime(2028, 2, 15, 10, 0, tzinfo=UTC)),
        ("1 month", datetime(2028, 1, 29, 10, 0, tzinfo=UTC)),
        ("12 months", datetime(2027, 2, 28, 10, 0, tzinfo=UTC)),
        ("1 year", datetime(2027, 2, 28, 10, 0, tzinfo=UTC)),
        ("4 years", datetime(2024, 2, 29, 10, 0, tzinfo=UTC)),
    ],
)
def test_time_is_counted_back_by_the_calendar(figure: str, instant: datetime) -> None:
    """From a leap day."""
    assert before(datetime(2028, 2, 29, 10, 0, tzinfo=UTC), parse_target(figure)) == instant
