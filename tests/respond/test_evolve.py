"""Folding: the same changes always give the same case."""

import msgspec
import pytest

from forgeward.errors import BadInput, Conflict
from forgeward.respond.case import Case, TextRef, may_see
from forgeward.respond.evolve import FOLDS, evolve
from forgeward.respond.outcomes import OUTCOMES
from forgeward.respond.parse import STEPS
from forgeward.vocabulary import Actor, CaseKind, Change, Fact, Sealed, Severity
from tests.respond import kit

STORIES = [kit.received, kit.acknowledged, kit.material, kit.recovered, kit.closed, kit.declared]


@pytest.mark.parametrize("make", STORIES)
def test_a_history_with_erased_texts_gives_the_same_case(make):
    """Only the names of sealed texts are read."""
    story = make()
    assert story.replayed() == story.case


@pytest.mark.parametrize("make", STORIES)
@pytest.mark.parametrize("form", [msgspec.json, msgspec.msgpack])
def test_a_stored_case_comes_back_as_it_was(make, form):
    """What the database keeps decodes to an equal case."""
    case = make().case
    assert form.decode(form.encode(case), type=Case) == case


def test_no_text_is_kept_in_a_case():
    """The case can be stored and logged without a key."""
    stored = msgspec.json.encode(kit.recovered().case).decode()
    for secret in ("ada@example.org", "Ada", "Notes of other", "PR 12", "Customers' notes"):
        assert secret not in stored


def test_a_text_is_found_by_step_and_field():
    """The last one that was given."""
    story = kit.confirmed()
    assert story.case.title == TextRef(1, "title")
    first = story.case.text("assess", "scope")
    story.do("assess", kit.ENGINEER, vector=kit.VECTORS["low"], scope="more than that")
    assert story.case.text("assess", "scope") == TextRef(story.case.seq, "scope")
    assert story.case.text("assess", "impact") == TextRef(first.seq, "impact")
    assert story.case.text("fix", "patch") is None


def test_a_fact_keeps_its_first_instant():
    """Assessing again does not move when the first assessment was done."""
    story = kit.assessed()
    first = story.case.facts[Fact.ASSESSED]
    story.later(days=1).do("assess", kit.ENGINEER, vector=kit.VECTORS["low"])
    assert story.case.facts[Fact.ASSESSED] == first
    assert [mark.level for mark in story.case.severity_history] == [Severity.HIGH, Severity.LOW]


class TestRefusals:
    def test_a_gap_in_the_numbers(self):
        """Changes of a case follow each other."""
        with pytest.raises(Conflict):
            evolve(kit.received().case, Change("case:noted"), 3, kit.MONDAY, "person:1")

    def test_a_case_that_does_not_begin(self):
        """The first change is the receipt."""
        with pytest.raises(Conflict):
            evolve(None, Change("case:noted"), 1, kit.MONDAY, "person:1")

    def test_an_unknown_kind(self):
        """Written by a newer version: said, not skipped."""
        with pytest.raises(BadInput, match="case:teleported"):
            evolve(kit.received().case, Change("case:teleported"), 2, kit.MONDAY, "person:1")

    def test_an_approval_of_nothing(self):
        """There is no proposal to approve."""
        with pytest.raises(Conflict):
            evolve(kit.received().case, Change("case:approved", {"step": "reject"}), 2, kit.MONDAY, "person:1")


def test_every_step_has_an_outcome_and_every_outcome_a_fold():
    """No command is without effect, no change without meaning."""
    assert set(OUTCOMES) == set(STEPS)
    recorded = {step for step, _ in FOLDS.values()}
    assert set(STEPS) - recorded == {"approve"}


def test_changes_carry_no_floats_and_no_instants_but_as_text():
    """A ledger leaf is canonical JSON of texts, whole numbers, booleans and lists of texts."""
    for make in STORIES:
        for change, _, _ in make().history:
            for value in change.data.values():
                items = value if isinstance(value, list) else [value]
                assert all(isinstance(item, str | int | bool) or item is None for item in items)
            assert all(isinstance(sealed, Sealed) for sealed in change.sealed.values())


def test_who_may_see():
    """TC-15: named people and the system, where a case is restricted."""
    story = kit.received()
    assert may_see(story.case, Actor("person:3"))
    story.do("restrict", kit.LEAD, people=["person:2"])
    assert may_see(story.case, Actor("person:2"))
    assert may_see(story.case, Actor("system:worker"))
    assert not may_see(story.case, Actor("person:3"))


def test_a_conversion_is_on_record_with_its_instant():
    """IR-1: one becomes the other by a recorded decision."""
    story = kit.confirmed()
    assert story.case.kinds == ((story.now, CaseKind.VULNERABILITY),)
