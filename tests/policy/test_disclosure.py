"""Texts are opened by an allow-list that has a word on every text of every step."""

from __future__ import annotations

import msgspec
import pytest

from forgeward.policy.disclosure import ALLOWED, WITHHELD, Audience, may_see
from forgeward.respond import commands, commands_work, signals
from forgeward.respond.evolve import FOLDS
from forgeward.respond.outcomes import fields_of


def texts() -> set[str]:
    """``kind.field`` of each sealed text that a step or a signal can make."""
    by_step = {step: kind for kind, (step, _) in FOLDS.items() if kind != "case:adjusted"}  # a part of an assessment
    found = set()
    for module in (commands, commands_work, signals):
        for struct in vars(module).values():
            if isinstance(struct, type) and issubclass(struct, msgspec.Struct) and struct.__struct_config__.tag:
                kind = by_step.get(str(struct.__struct_config__.tag), "")
                if kind:
                    found |= {f"{kind}.{spec.name}" for _, spec in fields_of(struct) if spec.sealed}
    return found


def test_every_text_of_every_step_was_thought_of() -> None:
    """A new text is withheld, and this test asks by whom it may be seen, or says that nobody may."""
    known = WITHHELD.union(*ALLOWED.values())
    assert len(texts()) > 50
    assert sorted(texts() - known) == []


def test_nobody_sees_what_is_withheld() -> None:
    """The two tables contradict each other nowhere."""
    assert not WITHHELD & frozenset().union(*ALLOWED.values())


@pytest.mark.parametrize("audience", Audience)
def test_what_is_not_named_stays_closed(audience: Audience) -> None:
    """Unknown kinds, unknown fields, addresses, notes of the team."""
    for kind, field in (
        ("case:new_kind", "text"),
        ("case:assessed", "new_field"),
        ("case:received", "reporter_address"),
        ("case:received", "reporter_name"),
        ("case:notified", "recipients"),
        ("case:noted", "text"),
    ):
        assert not may_see(audience, kind, field, {"audience": "customers"})


def test_the_public_sees_no_text() -> None:
    """Facts in plain are all that a public pack shows; advisories say the rest."""
    assert not ALLOWED[Audience.PUBLIC]


@pytest.mark.parametrize(
    ("audience", "to", "seen"),
    [
        (Audience.CUSTOMER, "customers", True),
        (Audience.CUSTOMER, "reporter", False),
        (Audience.CUSTOMER, "atlassian", False),
        (Audience.REPORTER, "reporter", True),
        (Audience.REPORTER, "customers", False),
        (Audience.AUDITOR, "atlassian", True),
    ],
)
def test_a_notice_is_opened_to_those_it_went_to(audience: Audience, to: str, seen: bool) -> None:
    """By the entry's plain fact of whom it was for."""
    assert may_see(audience, "case:notified", "body", {"audience": to}) is seen


def test_only_the_reporter_sees_the_report() -> None:
    """Their words may name people, whom they named to us alone."""
    assert [a.value for a in Audience if may_see(a, "case:received", "text", {})] == ["reporter"]
