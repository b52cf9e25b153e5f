"""No change, step, state or clock is without human words."""

from __future__ import annotations

import pytest

from forgeward.desk.readers import standing, words
from forgeward.desk.readers.cases import STATES
from forgeward.policy.defaults import example_policy_text
from forgeward.policy.document import load
from forgeward.policy.names import STEPS as POLICY_STEPS
from forgeward.respond.evolve import FOLDS
from forgeward.respond.parse import STEPS, specs
from forgeward.vocabulary import CaseKind, Role


@pytest.mark.parametrize("kind", ["case:received", "case:approved", *FOLDS])
def test_every_change_has_words(kind: str) -> None:
    """Also when its plain data are as sparse as can be; no raw name of a change reaches a person."""
    assert kind in words.CHANGES
    said = words.change(kind, {})
    assert said
    assert said[0].isupper() or said[0].isdigit()
    assert ":" not in said.split(" ")[0].removesuffix(":")
    assert "_" not in said


def test_a_change_of_a_newer_version_stands_for_itself() -> None:
    """An older desk on a newer history still reads."""
    assert words.change("case:teleported", {}) == "Teleported"


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_a_deed(step: str) -> None:
    """Buttons say what they do: “Release the fix”, never “Submit”."""
    assert step in words.STEPS
    assert words.step(step)[0].isupper()


def test_every_clock_of_a_policy_has_its_two_ends_in_words() -> None:
    """Whatever fact starts or stops a clock can be said to a person."""
    for rule in load(example_policy_text("almbase")).rules():
        assert rule.rule.stops in words.CLOCKS, rule
        assert rule.rule.starts in words.STARTS, rule


def test_states_kinds_and_roles_are_complete() -> None:
    """Every state, kind and role that the core knows has a word."""
    assert set(words.STATES) == set(STATES)
    assert set(words.KINDS) == {kind.value for kind in CaseKind}
    assert set(words.ROLES) == set(Role)


def test_every_choice_of_a_form_reads() -> None:
    """No underscore is shown in a list of choices."""
    for step in [*STEPS, "receive"]:
        for spec in specs(step):
            assert not [value for value in spec.choices if "_" in words.choice(value)]


def test_gates_of_the_policy_are_known_steps() -> None:
    """The change that shows a passed gate belongs to a step that a policy may name."""
    assert set(standing.GATES) <= set(POLICY_STEPS)
    assert {kind for kind in standing.GATES.values() if kind.startswith("case:")} <= {*FOLDS, "case:received"}


def test_labels_are_those_of_the_form() -> None:
    """What was written is shown under the label it was asked for by; a proposal by its step's."""
    assert words.labels("case:assessed")["scope"] == "Scope"
    assert words.labels("case:received")["text"] == "Text"
    assert words.labels("case:proposed", "contain")["nothing"] == "Nothing to contain"
    assert words.labels("policy:adopted") == {}
