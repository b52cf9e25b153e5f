"""Decisions: opening, order, values, severity."""

from datetime import timedelta

import pytest

from forgeward.errors import BadInput, NotAllowed, NotFound, StepRefused, VectorInvalid
from forgeward.respond.decision import Context, decide
from forgeward.respond.parse import parse
from forgeward.vocabulary import Actor, CaseKind, Fact, Severity
from tests.respond import kit
from tests.respond.kit import (
    BASE31,
    ENGINEER,
    FOUR_FIELDS,
    LEAD,
    SUPPORT,
    SYSTEM,
    VECTORS,
    Story,
)


def refusal(story, step_, by=LEAD, **fields):
    with pytest.raises(StepRefused) as caught:
        story.do(step_, by, **fields)
    return caught.value


class TestOpening:
    def test_a_report_from_outside_starts_both_clocks(self):
        """IR-4, IR-5: received and reported are the instant of our own receipt."""
        story = Story({**kit.FROM_OUTSIDE, "reported_at": "2026-11-02T09:00:00Z"})
        early = kit.MONDAY - timedelta(hours=1)
        assert story.case.facts == {Fact.RECEIVED: early, Fact.REPORTED: early}
        assert story.case.reporter
        assert story.case.kind is CaseKind.EVENT

    def test_what_nobody_outside_reported_needs_no_answer(self):
        """IR-3: an alert has no reporter."""
        assert not kit.observed().case.has(Fact.REPORTED)

    def test_an_ams_ticket_starts_the_marketplace_clock(self):
        """A report in Atlassian's AMS project."""
        assert Story({**kit.REPORT, "source": "ams"}).case.has(Fact.AMS_REPORTED)

    def test_reporters_words_are_sealed_with_the_reporters_key(self):
        """Erasing a person erases what they wrote; nothing of it stands in plain data."""
        story = Story(kit.FROM_OUTSIDE)
        change = story.history[0][0]
        assert {name: sealed.subject for name, sealed in change.sealed.items()} == {
            "title": "reporter",
            "text": "reporter",
            "reporter_name": "reporter",
            "reporter_address": "reporter",
        }
        assert "Ada" not in repr(change.data)
        assert "ada@" not in repr(change.data)

    def test_receipt_goes_out_at_once_and_acknowledges_nothing(self):
        """IR-4: the automatic receipt does not count, even when the server accepts it."""
        story = Story({**kit.FROM_OUTSIDE, "receipt": True})
        assert [n.kind for n in story.case.notices] == ["receipt"]
        story.accept()
        assert not story.case.has(Fact.ACKNOWLEDGED)

    def test_receipt_quotes_nothing(self):
        """Nobody can send texts through us."""
        decision = decide(
            None,
            parse("receive", {**kit.FROM_OUTSIDE, "receipt": True, "title": "BUY", "text": "PILLS"}),
            Context(SYSTEM, kit.TEAM, kit.book(), kit.MONDAY),
        )
        (notice,) = decision.notices
        assert notice.key == "FW-7Q3KXM:2"
        assert not notice.by_person
        assert "PILLS" not in notice.body.value
        assert "BUY" not in notice.subject.value
        assert "2 business days" in notice.body.value

    def test_no_receipt_without_address(self):
        """There is nobody to send it to."""
        assert Story({**kit.REPORT, "receipt": True}).case.notices == ()

    @pytest.mark.parametrize(
        ("fields", "by", "error"),
        [
            ({**kit.REPORT, "title": ""}, SUPPORT, StepRefused),
            ({**kit.REPORT, "number": ""}, SUPPORT, BadInput),
            ({**kit.REPORT, "reported_at": "2027-01-01T00:00:00Z"}, SUPPORT, BadInput),
            ({**kit.REPORT, "kind": "incident"}, SUPPORT, NotAllowed),
            ({**kit.REPORT, "kind": "vulnerability"}, SUPPORT, NotAllowed),
        ],
    )
    def test_refusals(self, fields, by, error):
        """A case needs a title, a number and a past; that it is an incident is a decision of who may decide it."""
        with pytest.raises(error):
            Story(fields, by=by)

    def test_the_system_opens_no_incident(self):
        """IR-1: a person decides that harm was done. A known vulnerability may come from an advisory."""
        context = Context(SYSTEM, kit.TEAM, kit.book(), kit.MONDAY)
        with pytest.raises(NotAllowed):
            decide(None, parse("receive", {**kit.REPORT, "kind": "incident"}), context)
        decide(None, parse("receive", {**kit.REPORT, "kind": "vulnerability", "source": "advisory"}), context)

    def test_only_a_receipt_opens_a_case(self):
        """There is no step without a case, and no second opening."""
        with pytest.raises(BadInput):
            decide(
                None,
                parse("note", {"text": "x"}),
                Context(Actor(LEAD.id, LEAD.roles), kit.TEAM, kit.book(), kit.MONDAY),
            )
        with pytest.raises(BadInput):
            kit.received().do("receive", **kit.REPORT)


class TestOrder:
    def test_a_closed_case_takes_words_but_no_steps(self):
        """The way on is to re-open it; the refusal says so."""
        story = kit.closed()
        error = refusal(story, "assess", **FOUR_FIELDS, vector=VECTORS["low"])
        assert error.missing == ()
        assert "closed as “fixed”" in str(error)
        assert "reopen" in error.next
        story.do("note", text="for the record")
        story.do("reply", SUPPORT, text="one more thing")

    @pytest.mark.parametrize(
        ("make", "step", "fields"),
        [
            (kit.received, "reopen", {"reason": "r"}),
            (kit.acknowledged, "acknowledge", {"text": "again"}),
            (kit.received, "resume", {}),
            (kit.shipped, "extend", {}),
            (kit.received, "approve", {"step": "reject"}),
            (kit.received, "review_glass", {"finding": "f"}),
            (kit.received, "seen", {}),
        ],
    )
    def test_what_cannot_come_now_is_a_sentence(self, make, step, fields):
        """No option could supply it, so nothing is listed as missing."""
        error = refusal(make(), step, **fields)
        assert error.missing == ()
        assert str(error).endswith(".")
        assert error.next

    def test_an_acknowledgement_on_its_way_is_not_sent_twice(self):
        """Until the mail server has spoken."""
        story = kit.received()
        story.do("acknowledge", SUPPORT, text="Thank you.")
        assert "on its way" in str(refusal(story, "acknowledge", text="Thank you."))
        story.give_up()
        story.do("acknowledge", SUPPORT, text="Thank you.")

    @pytest.mark.parametrize(
        ("make", "step", "fields", "error"),
        [
            (kit.received, "assess", {**FOUR_FIELDS, "vector": "AV:N"}, VectorInvalid),
            (kit.received, "assess", {**FOUR_FIELDS, "vector": f"{BASE31}/C:H/I:H/A:H/MAV:L"}, VectorInvalid),
            (kit.received, "assess", {**FOUR_FIELDS, "vector": VECTORS["low"], "context": ["XX:L=w"]}, VectorInvalid),
            (kit.received, "assess", {**FOUR_FIELDS, "vector": VECTORS["low"], "context": ["why"]}, BadInput),
            (kit.received, "assess", {**FOUR_FIELDS, "vector": VECTORS["low"], "break_glass": "now"}, BadInput),
            (kit.received, "convert", {"to": "event", "reason": "r"}, BadInput),
            (kit.confirmed, "convert", {"to": "event", "reason": "r"}, BadInput),
            (kit.received, "merge", {"into": "FW-7Q3KXM"}, BadInput),
            (kit.received, "act", {"title": "t", "owner": "person:1", "due": "2026-11-01"}, BadInput),
            (kit.confirmed, "extend", {"until": "2026-11-01"}, BadInput),
            (kit.received, "regime", {"since": "2026-12-01"}, BadInput),
            (kit.fixed, "ship", {"consent_told": "2026-12-01"}, BadInput),
            (kit.received, "notify", {"audience": "customers", "recipients": ["Ada <a@b.example>"]}, BadInput),
            (kit.received, "notify", {"audience": "reporter", "recipients": ["a@b.example"]}, BadInput),
            (kit.received, "verify", {"action": "A7"}, NotFound),
        ],
    )
    def test_values_that_cannot_be(self, make, step, fields, error):
        """A wrong value is an error with a way on, not a missing field."""
        with pytest.raises(error) as caught:
            make().do(step, **fields)
        assert caught.value.next


class TestSeverity:
    def test_context_counts_when_somebody_else_agreed(self):
        """VM-4: until then the base vector's level stands."""
        story = kit.acknowledged()
        story.do("assess", ENGINEER, vector=VECTORS["critical"], context=["MAV:P=needs the device"], **FOUR_FIELDS)
        assert story.case.level is Severity.CRITICAL
        assert story.case.has(Fact.ASSESSED)
        assert story.next()["assess"] == ["second_person"]
        story.later(hours=1).do("approve", LEAD, step="assess")
        mark = story.case.severity
        assert (mark.level, mark.base, mark.score) == (Severity.MEDIUM, 98, 68)
        assert (mark.metrics, mark.approver) == (("MAV:P",), LEAD.id)

    def test_a_level_by_hand_is_marked_as_such(self):
        """IR-6: with its reason, against the vector."""
        story = kit.acknowledged()
        story.do("assess", ENGINEER, vector=VECTORS["low"], severity="high", reason="many tenants", **FOUR_FIELDS)
        assert (story.case.level, story.case.severity.by, story.case.severity.score) == (Severity.HIGH, "hand", 26)

    def test_cvss_4(self):
        """VM-4: both versions."""
        story = kit.acknowledged()
        vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
        story.do("assess", ENGINEER, vector=vector, **FOUR_FIELDS)
        assert (story.case.level, story.case.severity.score) == (Severity.CRITICAL, 93)
