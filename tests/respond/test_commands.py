"""Commands: the names that command line, forms and API are made from."""

import pytest

from forgeward.respond.commands import AnyStep, FourEyes
from forgeward.respond.fields import FieldSpec
from forgeward.respond.parse import STEPS, fields_of, specs
from forgeward.respond.signals import Receive

CLI_VERBS = (
    *("acknowledge", "reply", "assess", "convert", "confirm", "plan", "contain", "eradicate", "fix", "ship", "recover"),
    *("material", "pause", "resume", "extend", "notify", "credit", "close", "reopen", "merge", "reject"),
)


def test_every_verb_of_the_contract_is_a_step():
    """cli.md: names may be added, never renamed."""
    assert set(CLI_VERBS) <= set(STEPS)
    assert len(STEPS) == len(AnyStep.__args__)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_explains_itself(step):
    """One sentence of help, and what each field asks for; each needed field can be given."""
    kind = STEPS[step]
    assert kind.help
    assert kind.help[0].isupper()
    assert not kind.help.endswith(".")
    described = {attribute for attribute, _ in fields_of(kind)}
    assert described == set(kind.__struct_fields__)
    for spec in specs(step):
        assert isinstance(spec, FieldSpec)
        assert spec.title
        assert spec.help
        assert not spec.help.endswith(".")
        assert (spec.kind == "choice") == bool(spec.choices)
        assert spec.option == spec.name.replace("_", "-")


@pytest.mark.parametrize("step", STEPS)
def test_free_text_is_sealed(step):
    """A text may name a person, so it never stands plain; what is plain has a checked form."""
    for spec in specs(step):
        if spec.kind == "text":
            assert spec.sealed
        if spec.kind in {"choice", "flag", "date", "person", "vector"}:
            assert not spec.sealed


def test_breaking_the_glass_is_the_last_field():
    """It is a way out, not the way."""
    for step, kind in STEPS.items():
        if issubclass(kind, FourEyes):
            assert specs(step)[-1].name == "break_glass"


def test_a_form_for_opening_a_case_leaves_the_systems_fields_out():
    """Number, signals and receipt are not for people."""
    names = {spec.name for spec in specs("receive")}
    assert names & {"number", "signals", "receipt"} == set()
    assert {attribute for attribute, _ in fields_of(Receive)} == set(Receive.__struct_fields__)
