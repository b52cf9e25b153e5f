"""Duplicates are merged into the older case."""

from datetime import timedelta

import pytest

from forgeward.errors import NotAllowed, StepRefused
from forgeward.respond.signals import Absorb
from forgeward.vocabulary import Fact
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    Story,
)


class TestMerging:
    def other(self, **fields):
        return Story({**kit.FROM_OUTSIDE, "number": "FW-OTHER7", **fields}, at=kit.MONDAY - timedelta(days=1))

    def merged(self, story, into):
        decision = story.do("merge", ENGINEER, into=into.case.number)
        (follow,) = decision.follows
        assert follow.number == into.case.number
        into.now = story.now
        return into.run(follow.command, ENGINEER)

    def test_a_duplicate_ends_in_the_older_case(self):
        """Both cases say so."""
        story, older = kit.acknowledged(), self.other()
        self.merged(story, older)
        assert (story.case.resolution, story.case.merged_into) == ("duplicate", "FW-OTHER7")
        assert older.case.absorbed == ("FW-7Q3KXM",)
        story.do("reopen", reason="not the same after all")
        assert story.case.merged_into == ""

    def test_merging_never_helps_a_clock(self):
        """Into a later, milder, less advanced or closed case: refused."""
        older = self.other()
        with pytest.raises(StepRefused, match="received later"):
            self.merged(kit.acknowledged(older), kit.received())
        with pytest.raises(StepRefused, match="graver"):
            self.merged(kit.assessed(), self.other())
        with pytest.raises(StepRefused, match="graver"):
            self.merged(kit.declared(), kit.assessed("critical", kit.acknowledged(self.other())))
        with pytest.raises(StepRefused, match="not"):
            self.merged(kit.confirmed(), self.as_vulnerability())
        closed = kit.acknowledged(self.other())
        closed.do("reject", ENGINEER, **{"as": "spam", "reason": "r", "break_glass": "now"})
        with pytest.raises(StepRefused, match="closed"):
            self.merged(kit.acknowledged(), closed)

    def as_vulnerability(self):
        older = kit.assessed("critical", kit.acknowledged(self.other()))
        older.do("convert", to="vulnerability", reason="r")
        return older

    def test_the_earlier_confirmation_counts(self):
        """VM-5…8: the vulnerability was confirmed when it first was."""
        story = kit.confirmed()
        older = kit.assessed("high", kit.acknowledged(self.other()))
        older.now = story.now + timedelta(days=1)
        older.do("confirm", ENGINEER, **kit.REPRODUCED)
        story.later(days=2)
        self.merged(story, older)
        assert older.case.facts[Fact.CONFIRMED] == story.case.facts[Fact.CONFIRMED]

    def test_the_system_does_not_merge(self):
        """A merger is a person's decision."""
        with pytest.raises(NotAllowed):
            kit.received().hear(Absorb(number="FW-OTHER7", kind="event", received=kit.MONDAY))
