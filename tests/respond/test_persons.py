"""Owners, restricted cases, reminders seen."""

import pytest

from forgeward.errors import NotFound, StepRefused
from forgeward.respond.decision import Member
from forgeward.respond.signals import Escalate
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    LEAD,
    LEADERSHIP,
    SUPPORT,
)


def refusal(story, step_, by=LEAD, **fields):
    with pytest.raises(StepRefused) as caught:
        story.do(step_, by, **fields)
    return caught.value


class TestPersons:
    def test_a_restricted_case_is_for_named_people(self):
        """TC-15: nobody else acts on it; the lead may change who is named."""
        story = kit.received()
        story.do("restrict", LEADERSHIP, people=[ENGINEER.id])
        assert story.case.people == (ENGINEER.id, LEADERSHIP.id)
        with pytest.raises(NotFound, match="There is no case"):
            story.do("note", SUPPORT, text="x")
        with pytest.raises(NotFound, match="There is no case"):
            story.do("note", LEAD, text="x")
        story.do("restrict", LEAD, lift=True)
        story.do("note", SUPPORT, text="x")

    def test_the_owner_is_handed_over(self):
        """O-1: the first on the escalation path."""
        story = kit.received()
        story.do("handover", owner=ENGINEER.id)
        assert story.case.owner == ENGINEER.id

    def test_a_reminder_is_confirmed_by_whom_it_was_sent_to(self):
        """O-1: by saying so, or by acting on the case."""
        story = kit.received()
        story.hear(Escalate(promise="IR-4", percent=50, path="owner", to=SUPPORT.id))
        story.hear(Escalate(promise="IR-5", percent=50, path="owner", to=ENGINEER.id))
        refusal(story, "seen", Member("person:7", SUPPORT.roles))
        story.do("seen", SUPPORT)
        assert [bool(e.confirmed_at) for e in story.case.escalations] == [True, False]
        story.do("note", ENGINEER, text="on it")
        assert [bool(e.confirmed_at) for e in story.case.escalations] == [True, True]

    def test_who_stands_above_confirms_for_all(self):
        """O-1: the lead takes it over."""
        story = kit.received()
        story.hear(Escalate(promise="IR-4", percent=50, path="owner", to=SUPPORT.id))
        assert next(iter(story.next(LEAD))) == "seen"
        story.do("seen", LEAD)
        assert story.case.escalations[0].confirmed_by == LEAD.id
