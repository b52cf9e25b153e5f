"""Whole lives of cases, from the first word to the last."""

from datetime import UTC, datetime, timedelta

import pytest

from forgeward.errors import StepRefused
from forgeward.respond.signals import Join
from forgeward.vocabulary import CaseKind, Fact
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    FINAL,
    FIVE_PARTS,
    FOUR_FIELDS,
    LEAD,
    LEADERSHIP,
    SHIPPED,
    SUPPORT,
    VECTORS,
    Story,
)

CUSTOMERS = ["a@x.example", "b@x.example"]


def test_a_critical_vulnerability_from_report_to_credit():
    """IR-4…9, VM-3…5, VM-11, TC-9…17: every promise of a vulnerability kept, in order."""
    story = Story({**kit.FROM_OUTSIDE, "receipt": True})
    states = [story.case.state]

    def step(step_, by, **fields):
        story.later(minutes=30).do(step_, by, **fields)
        states.append(story.case.state)

    story.accept()  # the receipt
    step("acknowledge", SUPPORT, text="Thank you.")
    story.accept()
    step("assess", ENGINEER, vector=VECTORS["critical"], **FOUR_FIELDS)
    step("confirm", ENGINEER, **kit.REPRODUCED)
    step("contain", ENGINEER, how="switch_off", detail="flag notes is off")
    step("plan", ENGINEER, release="4.2.1", date="2026-11-04")
    step("fix", ENGINEER, **kit.FIXED)
    step("ship", ENGINEER, **SHIPPED)
    step("notify", SUPPORT, audience="customers", stage="first", recipients=CUSTOMERS, **FIVE_PARTS)
    story.accept(0, 1)
    step("credit", SUPPORT, consent="yes", name="Ada")
    assert story.next(SUPPORT)["close"] == ["resolution", "summary"]
    step("close", SUPPORT, resolution="fixed", summary="Fixed in 4.2.1.")
    assert states == [
        "received",
        "received",
        "assessed",
        "confirmed",
        "contained",
        "planned",
        "fixed",
        "shipped",
        "shipped",
        "shipped",
        "closed",
    ]
    assert story.case.kind is CaseKind.VULNERABILITY
    assert {c.state for c in story.clocks() if c.promise != "IR-13"} == {"met"}
    assert not any(c.open for c in story.clocks())
    assert story.next() == {}
    assert story.replayed() == story.case


def test_a_material_incident_from_alert_to_review():
    """IR-1, IR-5…15: declared, contained, judged, told, removed, recovered, reviewed, verified."""
    story = kit.assessed("critical", kit.observed())
    story.later(hours=1).do("convert", ENGINEER, to="incident", reason="notes were read")
    story.later(hours=1).do("contain", ENGINEER, how="rotate", detail="key 3")
    story.do("material", LEADERSHIP, decision="yes", reason="customers' notes")
    story.later(hours=1).do("told", SUPPORT, who="atlassian", reference="ECO-1")
    send = {"audience": "customers", "recipients": CUSTOMERS}
    story.later(hours=1).do("notify", SUPPORT, stage="first", **send, **FIVE_PARTS)
    story.accept(0, 1)
    story.later(hours=20).do("notify", SUPPORT, stage="update", happened="cause found", **send)
    story.accept(0, 1)
    story.later(hours=1).do("eradicate", ENGINEER, **kit.REMOVED)
    story.later(hours=1).do("recover", ENGINEER, staging="proven", version="4.2.1", watch="errors, 48 h")
    story.later(hours=1).do("notify", SUPPORT, stage="final", **send, **FINAL)
    story.accept(0, 1)
    story.later(days=1).do("act", LEAD, title="Lint rule", owner=ENGINEER.id, due="2026-11-20")
    story.do("review", ENGINEER, **{**kit.REVIEW, "actions": ""})
    assert story.missing("close", resolution="resolved", summary="s") == ["verify"]
    story.later(days=3).do("verify", SUPPORT, action="A1", test="passes", monitoring="quiet")
    story.do("close", SUPPORT, resolution="resolved", summary="Key rotated, check added.")
    assert story.case.state == "closed"
    assert {(c.promise, c.state) for c in story.clocks() if c.state != "met"} == {("VM-3", "not_applicable")}
    assert story.replayed() == story.case


def test_a_slow_incident_shows_what_was_missed():
    """Misses stay on a closed case."""
    story = kit.material().later(hours=100)
    story.do("contain", ENGINEER, how="rotate", detail="key 3")
    missed = {c.promise for c in story.clocks() if c.missed_at}
    assert missed == {"IR-7", "IR-11", "IR-12", "MP-5"}


def test_an_event_that_is_none():
    """A false positive: two persons, a reason, and the reporter was answered."""
    story = kit.received()
    assert story.missing("reject", **{"as": "false_positive", "reason": "a test"}) == ["acknowledge"]
    kit.acknowledged(story)
    story.do("reject", ENGINEER, **{"as": "false_positive", "reason": "a load test"})
    story.do("approve", SUPPORT, step="reject", comment="looked at the logs")
    assert (story.case.state, story.case.resolution) == ("closed", "false_positive")
    assert not any(c.open for c in story.clocks())


@pytest.mark.parametrize("how", ["false_positive", "withdrawn", "out_of_scope", "duplicate", "spam"])
def test_every_way_of_not_being_a_case(how):
    """Each is on record under its own name."""
    story = kit.acknowledged()
    story.do("reject", ENGINEER, **{"as": how, "reason": "r"})
    story.do("approve", LEAD, step="reject")
    assert story.case.resolution == how


def test_a_rejected_case_opened_again_has_its_old_clocks():
    """Rejecting by mistake wins no time."""
    story = kit.acknowledged()
    story.do("reject", ENGINEER, **{"as": "false_positive", "reason": "r"})
    story.do("approve", LEAD, step="reject")
    story.later(days=30).do("reopen", SUPPORT, reason="it was real")
    assert story.case.is_open
    story.later(minutes=1)
    assert story.clock("IR-5").state == "missed"


def test_a_fix_that_does_not_hold():
    """The fix clock goes on from the confirmation, since production did not have it."""
    story = kit.closed("high")
    story.later(days=3).do("reopen", ENGINEER, reason="another way in", because="fix_incomplete")
    assert story.case.state == "contained"
    assert story.clock("VM-6").state == "running"
    assert story.missing("close", resolution="fixed", summary="s") == ["fix", "ship"]
    story.do("fix", ENGINEER, **kit.FIXED)
    story.do("ship", ENGINEER, **SHIPPED)
    story.do("close", SUPPORT, resolution="fixed", summary="s")
    assert story.clock("VM-6").state == "met"


def test_new_information_keeps_the_fix():
    """Re-opening alone takes nothing back."""
    story = kit.closed("high")
    story.do("reopen", SUPPORT, reason="the reporter adds something")
    assert story.case.state == "shipped"
    assert story.case.has(Fact.SHIPPED)


def test_admins_who_must_consent_are_offered_and_told():
    """VM-5: changed permissions ship when offered and told, with a threat model (TC-11)."""
    story = kit.fixed()
    earlier = story.now - timedelta(minutes=5)
    given = {"permissions": "changed", "threat_model": "TM-4", "consent_offered": earlier, "consent_told": earlier}
    story.do("ship", ENGINEER, **{**SHIPPED, **given})
    assert story.case.has(Fact.SHIPPED)


def test_a_late_message_does_not_open_a_closed_case():
    """It is shown as unanswered; a person decides."""
    story = kit.closed()
    story.later(days=2).hear(Join(text="Thanks!", from_reporter=True))
    assert not story.case.is_open
    assert story.case.unanswered == story.now


def test_a_vulnerability_that_was_exploited_becomes_an_incident():
    """IR-1: a recorded decision; both what a vulnerability and what an incident asks for then holds."""
    story = kit.confirmed("critical")
    story.do("convert", ENGINEER, to="incident", reason="seen in the logs")
    assert story.missing("close", resolution="resolved", summary="s") == [
        "contain",
        "fix",
        "ship",
        "credit",
        "material",
        "eradicate",
        "recover",
        "review",
        "told",
    ]


def test_a_friday_evening_report_is_answered_by_tuesday():
    """IR-4 in business days; a report after closing counts from Monday's opening."""
    friday = datetime(2026, 11, 6, 18, tzinfo=UTC)
    story = Story(at=friday)
    assert story.clock("IR-4").due == datetime(2026, 11, 10, 17, 30, tzinfo=UTC)
    assert story.clock("IR-5").due == friday + timedelta(hours=24)


def test_nothing_is_lost_when_a_step_is_refused():
    """A refusal changes nothing."""
    story = kit.assessed()
    before = story.case
    with pytest.raises(StepRefused):
        story.do("ship", ENGINEER)
    assert story.case == before
    assert story.replayed() == before
