"""The section ``findings``: which findings of scans open a case."""

from __future__ import annotations

import pytest

from forgeward.errors import PolicyInvalid
from forgeward.policy.defaults import example_policy_text
from forgeward.policy.diff import Turn, compare
from forgeward.policy.document import load
from forgeward.policy.model import FindingsRule

TEXT = example_policy_text("almbase")
SECTION = "findings:\n  opens_from: high\n  branches: [main, master]\n"


def with_section(text: str) -> str:
    assert SECTION in TEXT
    return TEXT.replace(SECTION, text)


def test_left_out_means_the_default() -> None:
    """An older policy without the section is valid, and high findings of main open cases."""
    assert load(with_section("")).findings == load(TEXT).findings == FindingsRule()


@pytest.mark.parametrize(
    "bad",
    [
        "findings:\n  opens_from: info\n  branches: [main]\n",
        "findings:\n  opens_from: High\n  branches: [main]\n",
        "findings:\n  opens_from: high\n",
        "findings:\n  opens_from: high\n  branches: ['']\n",
        f"findings:\n  opens_from: high\n  branches: [{'x' * 121}]\n",
        "findings:\n  from: high\n  branches: [main]\n",
        "findings: high\n",
    ],
)
def test_what_is_no_rule_is_refused(bad: str) -> None:
    """A level that there is not, a branch without a name, a key of another name."""
    with pytest.raises(PolicyInvalid):
        load(with_section(bad))


@pytest.mark.parametrize(
    ("was", "becomes", "turn"),
    [
        ("high", "critical", Turn.LOOSER),
        ("high", "never", Turn.LOOSER),
        ("high", "low", Turn.TIGHTER),
        ("never", "critical", Turn.TIGHTER),
    ],
)
def test_fewer_cases_are_looser(was: str, becomes: str, turn: Turn) -> None:
    """What opens fewer cases is looser; nobody outside has to be told."""
    a, b = (load(with_section(SECTION.replace("high", level))) for level in (was, becomes))
    (change,) = [c for c in compare(a, b).changes if c.about == "findings"]
    assert (change.turn, change.material) == (turn, False)


def test_fewer_branches_are_looser() -> None:
    """A branch that is taken away is said."""
    a, b = load(TEXT), load(with_section("findings:\n  opens_from: high\n  branches: [main]\n"))
    (change,) = [c for c in compare(a, b).changes if c.about == "findings"]
    assert change.turn is Turn.LOOSER
