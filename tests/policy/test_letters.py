"""Which letters a second person reads before they go is the policy's word."""

from __future__ import annotations

import pytest

from forgeward.errors import PolicyInvalid
from forgeward.policy.defaults import example_policy_text
from forgeward.policy.diff import Turn, compare
from forgeward.policy.document import load

TEXT = example_policy_text("almbase")
LINE = "  second_person: [not_a_vulnerability, out_of_scope]\n"


def test_the_default_has_refusals_read_by_two() -> None:
    """What a researcher is told wrongly cannot be taken back."""
    assert load(TEXT).second_person == {"not_a_vulnerability", "out_of_scope"}


def test_a_policy_that_says_nothing_wants_nobody() -> None:
    """Documents from before this still read."""
    assert load(TEXT.replace("letters:\n" + LINE, "")).second_person == frozenset()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  second_person: [refusal]\n", "“refusal” is not a kind of letter"),
        ("  second_persn: []\n", "“second_persn” is not known"),
        ("  second_person: fixed\n", "must be a list"),
    ],
)
def test_a_slip_is_told_with_its_line(line: str, said: str) -> None:
    """Like everything else in the document."""
    assert LINE in TEXT
    at = TEXT[: TEXT.index(LINE)].count("\n") + 1
    with pytest.raises(PolicyInvalid) as caught:
        load(TEXT.replace(LINE, line))
    assert any(str(each).startswith(f"policy.yaml:{at}: ") and said in str(each) for each in caught.value.problems)


def test_a_change_is_tighter_or_looser_and_not_material() -> None:
    """It is a rule of the house: customers are promised nothing by it."""
    more = load(TEXT.replace(LINE, "  second_person: [out_of_scope, closing]\n"))
    changes = compare(load(TEXT), more).changes
    assert [(c.about, c.turn, c.material) for c in changes] == [
        ("letters", Turn.TIGHTER, False),
        ("letters", Turn.LOOSER, False),
    ]
    assert "“closing”" in changes[0].words
