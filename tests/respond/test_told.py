"""What the mail server's word and the reporter's answer do to a case."""

import msgspec
import pytest

from forgeward.errors import BadInput, NotFound, StepRefused
from forgeward.respond.case import TextRef
from forgeward.respond.decision import decide
from forgeward.respond.notice import Recipient
from forgeward.respond.parse import parse
from forgeward.respond.signals import Accepted, Bounced, GaveUp, Join
from forgeward.vocabulary import Fact, Sealed
from tests.respond import kit
from tests.respond.kit import (
    ENGINEER,
    FIVE_PARTS,
    SUPPORT,
)

CUSTOMERS = ["a@x.example", "b@x.example"]


class TestMail:
    def test_the_acknowledgement_counts_from_the_servers_word(self):
        """IR-4: asked for is not sent; the fact is the instant of acceptance."""
        story = kit.received()
        decision = story.do("acknowledge", SUPPORT, text="Thank you.")
        assert not story.case.has(Fact.ACKNOWLEDGED)
        (notice,) = decision.notices
        assert (notice.key, notice.by_person, notice.body) == ("FW-7Q3KXM:2", True, TextRef(2, "text"))
        assert decision.changes[0].sealed["text"] == Sealed("Thank you.", "reporter")
        assert notice.recipients[0].ref.seq == 1
        story.later(minutes=5).accept()
        assert story.case.facts[Fact.ACKNOWLEDGED] == story.now

    def test_a_bounce_opens_it_again(self):
        """IR-4: what came back acknowledged nobody."""
        story = kit.acknowledged()
        assert story.clock("IR-4").state == "met"
        story.later(hours=1).bounce()
        assert not story.case.has(Fact.ACKNOWLEDGED)
        assert story.clock("IR-4").state == "running"
        assert "acknowledge" in story.next()

    def test_a_bounce_opens_a_closed_case(self):
        """Nothing stays closed without an answer to its reporter."""
        story = kit.closed()
        story.later(days=1).bounce(0)
        assert story.case.is_open
        assert story.history[-1][0].data == {"because": "bounced"}

    def test_a_plain_reply_acknowledges_as_well(self):
        """Any first message that a person approved."""
        story = kit.received()
        story.do("reply", ENGINEER, text="Which version?")
        story.accept()
        assert story.case.has(Fact.ACKNOWLEDGED)

    def test_customers_are_told_when_the_last_one_is(self):
        """IR-11: the first notice handed over to every affected recipient."""
        story = kit.material()
        decision = story.do(
            "notify", SUPPORT, audience="customers", stage="first", recipients=[*CUSTOMERS, "A@x.example"], **FIVE_PARTS
        )
        (notice,) = decision.notices
        seq = story.case.seq
        assert [(r.ref.seq, r.item) for r in notice.recipients] == [(seq, 0), (seq, 1)]
        assert isinstance(notice.recipients[0], Recipient)
        assert all(heading in notice.body.value for heading in ("What happened", "Affected versions", "The fix"))
        assert "@" not in repr(decision.changes[0].data)
        story.accept(0)
        assert not story.case.has(Fact.CUSTOMERS_TOLD)
        story.later(hours=1).accept(1)
        assert story.case.facts[Fact.CUSTOMERS_TOLD] == story.now

    def test_a_customer_whose_mail_failed_is_told_otherwise(self):
        """IR-11: a reference says how."""
        story = kit.material()
        story.do("notify", SUPPORT, audience="customers", stage="first", recipients=CUSTOMERS, **FIVE_PARTS)
        story.accept(0)
        story.give_up(1)
        story.later(hours=1).do("told", SUPPORT, who="customers", reference="call of 14:10")
        assert story.case.facts[Fact.CUSTOMERS_TOLD] == story.now

    def test_a_further_first_notice_does_not_undo_the_first(self):
        """Another affected customer was found later."""
        story = kit.material()
        story.do("notify", SUPPORT, audience="customers", stage="first", recipients=CUSTOMERS, **FIVE_PARTS)
        story.accept(0, 1)
        told = story.case.facts[Fact.CUSTOMERS_TOLD]
        story.later(days=1).do(
            "notify", SUPPORT, audience="customers", stage="first", recipients=["c@x.example"], **FIVE_PARTS
        )
        assert story.case.facts[Fact.CUSTOMERS_TOLD] == told
        story.accept()
        assert story.case.facts[Fact.CUSTOMERS_TOLD] == told

    def test_nobody_gets_the_first_notice_twice(self):
        """IR-11: what comes after the first one is an update; the refusal names who had it, and changes nothing."""
        story = kit.material()
        again = parse(
            "notify",
            {"audience": "customers", "stage": "first", "recipients": ["c@x.example", "A@X.example"], **FIVE_PARTS},
        )
        context = msgspec.structs.replace(story.context(SUPPORT), had_first=frozenset({"a@x.example", "b@x.example"}))
        with pytest.raises(StepRefused, match=r"went out before to A@X\.example\.$") as refusal:
            decide(story.case, again, context)
        assert refusal.value.next.startswith("Send them an update")

    def test_the_reporter_gets_one_first_notice(self):
        """Unless it did not arrive: then it may be written anew."""
        story = kit.acknowledged()
        sent = {"audience": "reporter", "stage": "first", "happened": "Notes could be read"}
        story.do("notify", SUPPORT, **sent)
        with pytest.raises(StepRefused, match="first notice to the reporter went out before"):
            story.do("notify", SUPPORT, **sent)
        story.do("notify", SUPPORT, **sent | {"stage": "update"})
        story.hear(GaveUp(notice=story.case.notices[-2].seq, recipients=(0,)))
        story.do("notify", SUPPORT, **sent)

    def test_said_twice_is_said_once(self):
        """The outbox reports at least once."""
        story = kit.acknowledged()
        assert story.accept().changes == ()
        story.bounce()
        assert story.bounce().changes == ()
        assert story.give_up().changes == ()

    def test_words_about_unknown_notices_are_refused(self):
        """A wrong reference is an error, not silence."""
        story = kit.acknowledged()
        with pytest.raises(NotFound):
            story.hear(Accepted(notice=99))
        with pytest.raises(BadInput):
            story.hear(Bounced(notice=2, recipients=(5,)))

    def test_the_reporters_answer_ends_the_waiting(self):
        """Only waiting for the reporter pauses."""
        story = kit.acknowledged()
        story.do("pause", SUPPORT, reason="which version?")
        story.hear(Join(text="A colleague's mail"))
        assert story.case.paused
        story.later(days=1).hear(Join(text="4.2.0", from_reporter=True))
        assert not story.case.paused
        assert story.case.waits[0].end == story.now
        assert story.case.unanswered == story.now
        story.do("reply", SUPPORT, text="Thank you.")
        assert story.case.unanswered is None
