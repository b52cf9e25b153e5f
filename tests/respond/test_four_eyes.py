"""Four eyes, broken glass, a team of one."""

from datetime import timedelta

import pytest

from forgeward.errors import NotAllowed, StepRefused
from forgeward.respond.case import Exemption
from forgeward.respond.clocks import reminders, wake_at
from forgeward.respond.decision import Member
from forgeward.respond.signals import Escalate
from forgeward.vocabulary import Fact
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    FOUR_FIELDS,
    LEAD,
    SUPPORT,
    VECTORS,
    Story,
)


def refusal(story, step_, by=LEAD, **fields):
    with pytest.raises(StepRefused) as caught:
        story.do(step_, by, **fields)
    return caught.value


REJECT = {"as": "false_positive", "reason": "works as meant"}


def decision_seq(story, kind):
    return next(seq for seq, (change, _, _) in enumerate(story.history, 1) if change.kind == kind)


class TestFourEyes:
    def test_a_step_that_needs_a_second_person_waits_for_one(self):
        """Recorded at once, in force when somebody else agrees."""
        story = kit.acknowledged()
        decision = story.do("reject", ENGINEER, **REJECT)
        assert [lack.name for lack in decision.waits_for] == ["second_person"]
        assert story.case.is_open
        assert story.next()["reject"] == ["second_person"]
        story.later(hours=1).do("approve", LEAD, step="reject")
        assert story.case.resolution == "false_positive"
        assert story.case.closed == story.now
        assert story.case.text("reject", "reason").seq == decision_seq(story, "case:proposed")

    def test_gates_count_persons_not_roles(self):
        """Who proposed does not agree, whatever roles they hold; somebody with another role does."""
        story = kit.acknowledged()
        story.do("reject", LEAD, **REJECT)
        assert [lack.name for lack in refusal(story, "approve", LEAD, step="reject").missing] == ["second_person"]
        story.do("approve", SUPPORT, step="reject")
        assert not story.case.is_open

    def test_an_auditor_is_no_second_person(self):
        """Auditors look and never act."""
        story = kit.acknowledged()
        story.do("reject", LEAD, **REJECT)
        with pytest.raises(NotAllowed):
            story.do("approve", kit.AUDITOR, step="reject")

    def test_an_approval_looks_again_at_what_the_step_asks_for(self):
        """An action agreed meanwhile keeps the case open."""
        story = kit.acknowledged()
        story.do("reject", ENGINEER, **REJECT)
        story.do("act", title="t", owner=ENGINEER.id, due="2026-12-01")
        assert [lack.name for lack in refusal(story, "approve", LEAD, step="reject").missing] == ["verify"]

    def test_an_extension_overtaken_by_time_is_not_approved(self):
        """VM-9: its new date has passed."""
        story = kit.confirmed()
        story.do("extend", ENGINEER, until="2026-11-20", control="flag", reason="r", told="mail of today")
        story.later(days=30)
        assert [lack.name for lack in refusal(story, "approve", LEAD, step="extend").missing] == ["extend"]

    def test_breaking_the_glass_does_without_and_is_reviewed_by_another_person(self):
        """The step counts at once; the clock of 2 business days runs until somebody else reviewed it."""
        story = kit.assessed("critical")
        story.do("contain", ENGINEER, nothing="no way in", break_glass="nobody answers")
        assert story.case.has(Fact.CONTAINED)
        (glass,) = story.case.glass
        assert (glass.step, glass.by) == ("contain", ENGINEER.id)
        assert story.clock("S-2", str(glass.seq)).state == "running"
        assert story.clock("S-2", str(glass.seq)).due - glass.at > timedelta(days=1)
        assert story.missing("review_glass", ENGINEER, finding="fine") == ["second_person"]
        story.do("review_glass", LEAD, finding="justified")
        assert story.clock("S-2", str(glass.seq)).state == "met"
        assert story.case.open_glass == ()

    def test_glass_bypasses_four_eyes_only(self):
        """Everything else that a step asks for stays asked for."""
        story = kit.received()
        assert story.missing("reject", break_glass="now", **REJECT) == ["acknowledge"]
        assert kit.confirmed().missing("ship", **{**kit.SHIPPED, "reviewer": "", "break_glass": "now"}) == ["fix"]
        with pytest.raises(NotAllowed):
            kit.assessed().do("contain", SUPPORT, nothing="none", break_glass="now")

    def test_shipping_alone_by_breaking_the_glass(self):
        """TC-9: no reviewer, but a review afterwards."""
        story = kit.fixed()
        story.do("ship", ENGINEER, **{**kit.SHIPPED, "reviewer": "", "break_glass": "exploited now"})
        assert story.case.has(Fact.SHIPPED)
        assert story.case.open_glass

    def test_a_team_of_one_passes_and_is_shown(self):
        """There is no second person: the step counts, and the exception is on record."""
        alone = (LEAD, kit.AUDITOR)
        story = Story({**kit.REPORT, "source": "alert"}, by=LEAD, team=alone)
        decision = story.do("reject", LEAD, **REJECT)
        assert decision.changes[0].data["exception"] == "team_of_one"
        assert story.case.exemptions == (Exemption(2, "reject", "team_of_one"),)
        assert not story.case.is_open

    def test_a_colleague_who_left_is_no_second_person(self):
        """Only active people with a role count."""
        left = Member(ENGINEER.id, ENGINEER.roles, active=False)
        story = Story({**kit.REPORT, "source": "alert"}, by=LEAD, team=(LEAD, left))
        story.do("reject", LEAD, **REJECT)
        assert [e.why for e in story.case.exemptions] == ["team_of_one"]

    def test_a_team_of_one_ships_and_verifies(self):
        """TC-9, IR-15 without anybody else: shown as exceptions."""
        story = Story({**kit.REPORT, "source": "alert"}, by=LEAD, team=(LEAD,))
        story.do("assess", vector=VECTORS["medium"], **FOUR_FIELDS)
        story.do("confirm", **kit.REPRODUCED)
        story.do("fix", **kit.FIXED)
        story.do("ship", **{**kit.SHIPPED, "reviewer": ""})
        story.do("act", title="t", owner=LEAD.id, due="2026-12-01")
        story.do("verify", action="A1", test="t", monitoring="m")
        assert [e.step for e in story.case.exemptions] == ["ship", "verify"]
        story.do("close", resolution="fixed", summary="s")

    def test_an_event_without_issue_is_closed_by_two(self):
        """Finding nothing is a judgement like a rejection."""
        story = kit.assessed("low")
        story.do("close", ENGINEER, resolution="no_issue", summary="A load test")
        assert story.case.is_open
        story.do("approve", SUPPORT, step="close")
        assert story.case.resolution == "no_issue"

    def test_doing_it_differently_drops_the_proposal(self):
        """Containing after all: the claim that there was nothing to contain needs no answer any more."""
        story = kit.assessed("critical")
        story.do("contain", ENGINEER, nothing="no way in")
        story.do("contain", ENGINEER, how="switch_off", detail="flag")
        assert story.case.proposals == ()
        refusal(story, "approve", LEAD, step="contain")

    def test_a_case_ended_by_breaking_the_glass_is_still_reviewed(self):
        """Its clock runs on after the end, and reminds."""
        story = kit.acknowledged()
        story.do("reject", ENGINEER, **REJECT, break_glass="everybody is away")
        assert not story.case.is_open
        seq = str(story.case.seq)
        assert story.clock("S-2", seq).open
        assert story.next() == {"review_glass": ["finding"]}
        woken = wake_at(story.case, story.policies, story.now)
        assert woken is not None
        (reminder,) = reminders(story.case, story.policies, story.now, woken)
        assert reminder.promise == "S-2"
        story.hear(Escalate(promise="S-2", subject=seq, percent=50, path="owner", to=LEAD.id))
        story.do("review_glass", LEAD, finding="right in substance")
        assert not any(clock.open for clock in story.clocks())
        assert story.next() == {}
