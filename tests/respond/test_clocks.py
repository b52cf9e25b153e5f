"""The clocks of a case: which promise runs from which fact, and who is reminded when."""

from datetime import UTC, date, datetime, timedelta

import pytest

from forgeward.policy.book import PolicyBook
from forgeward.respond.clocks import courses, overview, reminders, wake_at
from forgeward.respond.signals import Escalate
from forgeward.vocabulary import Fact
from tests.respond import kit
from tests.respond.kit import ENGINEER, FINAL, FIVE_PARTS, FOUR_FIELDS, LEAD, LEADERSHIP, MONDAY, SUPPORT, VECTORS

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def running(story):
    return {c.promise for c in story.clocks() if c.open}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (kit.received, {"IR-4", "IR-5", "VM-3"}),
        (kit.observed, {"IR-5", "VM-3"}),
        (lambda: kit.assessed("critical"), {"IR-7", "VM-3"}),
        (lambda: kit.assessed("low"), {"VM-3"}),
        (lambda: kit.contained("critical"), {"VM-5"}),
        (lambda: kit.contained("high"), {"VM-6"}),
        (lambda: kit.confirmed("medium"), {"VM-7"}),
        (lambda: kit.confirmed("low"), {"VM-8"}),
        (kit.shipped, set()),
        (kit.declared, {"IR-7", "IR-11", "MP-5"}),
        (kit.material, {"IR-7", "IR-11", "IR-12", "MP-5"}),
        (kit.recovered, {"IR-11", "IR-12", "IR-14", "MP-5"}),
        (kit.closed, set()),
    ],
)
def test_each_state_has_its_clocks(make, expected):
    """mission.md, “The clocks, exactly”: what runs after which fact."""
    assert running(make()) == expected


@pytest.mark.parametrize(
    ("level", "promise", "span"),
    [
        ("critical", "VM-5", timedelta(days=7)),
        ("high", "VM-6", timedelta(days=14)),
    ],
)
def test_fixing_counts_from_the_confirmation(level, promise, span):
    """VM-5, VM-6: days, not business days."""
    story = kit.confirmed(level)
    assert story.clock(promise).due == story.case.facts[Fact.CONFIRMED] + span


def test_medium_has_two_clocks():
    """VM-7: planned by 30, deployed by 60 days; what is in production was planned."""
    story = kit.confirmed("medium")
    confirmed = story.case.facts[Fact.CONFIRMED]
    assert sorted(c.due for c in story.clocks() if c.promise == "VM-7") == [confirmed + 30 * DAY, confirmed + 60 * DAY]
    story.do("plan", ENGINEER, release="4.3", date="2026-12-01")
    assert [c.state for c in story.clocks() if c.promise == "VM-7"] == ["met", "running"]
    assert [c.state for c in kit.shipped("medium").clocks() if c.promise == "VM-7"] == ["met", "met"]


def test_a_severity_raised_later_counts_from_the_confirmation():
    """VM-5 starts at the confirmation, so a vulnerability that turns Critical late may be late at once."""
    story = kit.confirmed("medium").later(days=10)
    story.do("assess", ENGINEER, vector=VECTORS["critical"])
    clock = story.clock("VM-5")
    assert clock.due == story.case.facts[Fact.CONFIRMED] + 7 * DAY
    story.later(minutes=1)
    assert story.clock("VM-5").state == "missed"


def test_a_severity_lowered_later_keeps_the_miss():
    """A lower severity moves only the future."""
    story = kit.confirmed("critical").later(days=8)
    assert story.clock("VM-5").state == "missed"
    missed = story.clock("VM-5").missed_at
    story.do("assess", ENGINEER, vector=VECTORS["medium"])
    story.later(days=1)
    assert story.clock("VM-5").missed_at == missed
    assert [c.state for c in story.clocks() if c.promise == "VM-7"] == ["running", "running"]


def test_assessing_late_as_low_keeps_the_miss():
    """IR-5 runs for every case until a confirmed severity is Medium or Low."""
    story = kit.acknowledged().later(hours=30)
    kit.assessed("low", story)
    assert story.clock("IR-5").missed_at == MONDAY + 24 * HOUR


def test_urgent_again_is_contained_within_its_own_time():
    """IR-7 starts when Critical or High is confirmed, each time; what was missed before stays."""
    story = kit.assessed("high").later(hours=5)
    assert story.clock("IR-7").state == "missed"
    story.do("assess", ENGINEER, vector=VECTORS["low"])
    story.later(days=1).do("assess", ENGINEER, vector=VECTORS["critical"])
    assert story.clock("IR-7").missed_at is not None
    assert story.clock("IR-7", "2").due == story.now + 4 * HOUR
    story.later(hours=1).do("contain", ENGINEER, how="rotate", detail="key 3")
    assert story.clock("IR-7", "2").state == "met"


class TestPauses:
    def test_only_the_policys_finding_and_mending_clocks_wait(self):
        """Waiting for the reporter holds up neither the answer, nor containing, nor the Marketplace."""
        story = kit.confirmed(
            "high", kit.assessed("high", kit.acknowledged(kit.Story({**kit.FROM_OUTSIDE, "source": "ams"})))
        )
        before = {(c.promise, c.subject): c.due for c in story.clocks() if c.open}
        story.do("pause", SUPPORT, reason="which version?")
        story.later(hours=2)
        paused = {c.promise for c in story.clocks() if c.state == "paused"}
        story.do("resume", SUPPORT)
        moved = {c.promise: c.due - before[(c.promise, c.subject)] for c in story.clocks() if c.open}
        assert paused == {"VM-6"}
        assert moved == {"VM-6": 2 * HOUR, "IR-7": 0 * HOUR, "MP-2": 0 * HOUR}

    def test_the_pause_ends_with_the_case(self):
        """A closed case waits for nobody."""
        story = kit.acknowledged()
        story.do("pause", SUPPORT, reason="which version?")
        story.do("reject", ENGINEER, **{"as": "withdrawn", "reason": "r"})
        story.do("approve", LEAD, step="reject")
        assert not story.case.paused


class TestExtensions:
    def test_an_extension_moves_the_fix_and_shows_the_old_date(self):
        """VM-9: when somebody else agreed; the Marketplace's date does not move."""
        story = kit.confirmed(
            "high", kit.assessed("high", kit.acknowledged(kit.Story({**kit.FROM_OUTSIDE, "source": "ams"})))
        )
        old, ams = story.clock("VM-6").due, story.clock("MP-2").due
        story.do("extend", ENGINEER, until="2026-12-24T12:00:00Z", control="flag", reason="r", told="mail of today")
        assert story.clock("VM-6").due == old
        story.later(hours=1).do("approve", LEAD, step="extend")
        assert story.clock("VM-6").due == datetime(2026, 12, 24, 12, tzinfo=UTC)
        assert story.clock("VM-6").original_due == old
        assert story.clock("MP-2").due == ams

    def test_granted_too_late_it_does_not_undo_the_miss(self):
        """A miss stays."""
        story = kit.confirmed("high").later(days=20)
        story.do("extend", ENGINEER, until="2026-12-24", control="flag", reason="r", told="t", break_glass="late")
        story.later(hours=1)
        assert story.clock("VM-6").missed_at is not None


class TestIncidents:
    def test_converting_drops_the_wait_for_a_confirmation(self):
        """VM-3 asks for a reproduction; an incident is declared."""
        assert "VM-3" not in running(kit.declared())
        back = kit.declared()
        back.do("convert", ENGINEER, to="vulnerability", reason="no harm", break_glass="now")
        assert "VM-3" in running(back)
        assert "IR-11" not in running(back)

    def test_a_confirmed_vulnerability_keeps_its_fix_clock_as_an_incident(self):
        """The weakness is still there."""
        story = kit.confirmed("critical")
        story.do("convert", ENGINEER, to="incident", reason="exploited")
        assert {"VM-5", "IR-11"} <= running(story)

    def test_material_no_and_yes_again_are_two_clocks(self):
        """IR-11: the second judgement starts its own 72 hours, and the first one's miss stays."""
        story = kit.material().later(hours=80)
        missed = [c.missed_at for c in story.clocks() if c.promise == "IR-11" and c.missed_at]
        story.do("material", LEADERSHIP, decision="no", reason="r")
        assert "IR-12" not in running(story)
        story.later(days=1).do("material", LEADERSHIP, decision="yes", reason="r")
        again = [c for c in story.clocks() if c.promise == "IR-11"]
        assert missed[0] in [c.missed_at for c in again]
        assert story.now + 72 * HOUR in [c.due for c in again if c.open]

    def test_each_update_starts_the_next_ones_clock(self):
        """IR-13: an update every two business days until the final notice."""
        story = kit.material()
        send = {"audience": "customers", "recipients": ["a@x.example"]}
        story.do("notify", SUPPORT, stage="first", **send, **FIVE_PARTS)
        story.accept()
        told = story.now
        assert story.clock("IR-13", "1").due == told + 2 * DAY
        story.later(days=1).do("notify", SUPPORT, stage="update", happened="news", **send)
        story.accept()
        assert story.clock("IR-13", "1").state == "met"
        assert story.clock("IR-13", "2").due == told + 3 * DAY
        story.later(days=1).do("notify", SUPPORT, stage="final", **send, **FINAL)
        story.accept()
        assert story.clock("IR-13", "2").state == "met"
        assert len([c for c in story.clocks() if c.promise == "IR-13"]) == 2

    def test_atlassian_is_told_by_mail_or_by_ticket(self):
        """IR-12: whichever comes first."""
        story = kit.material()
        story.later(hours=1).do("told", SUPPORT, who="atlassian", reference="ECO-1")
        assert story.clock("IR-12").met == story.now

    def test_the_review_has_ten_business_days_from_recovery(self):
        """IR-14."""
        story = kit.recovered()
        assert story.clock("IR-14").starts == story.case.facts[Fact.RECOVERED]
        story.do("review", ENGINEER, **kit.REVIEW)
        assert story.clock("IR-14").state == "met"

    def test_a_fix_that_does_not_hold_starts_the_review_anew_and_keeps_the_old_one(self):
        """Re-opened because the fix is incomplete: production does not count as fixed."""
        story = kit.recovered().later(days=30)
        assert story.clock("IR-14").state == "missed"
        story.do("review", ENGINEER, **kit.REVIEW)
        before = story.clock("IR-14")
        assert before.state == "late_met"
        story.do("told", SUPPORT, who="atlassian", reference="ECO-1")
        story.do("material", LEADERSHIP, decision="no", reason="r")
        story.do("close", SUPPORT, resolution="resolved", summary="s")
        story.later(days=1).do("reopen", SUPPORT, reason="again", because="fix_incomplete")
        assert not story.case.has(Fact.RECOVERED)
        assert story.clock("IR-14") == before


class TestRegimes:
    def test_cra_counts_from_awareness(self):
        """CRA Art. 14: 24 h, 72 h, 14 days after the fix."""
        story = kit.confirmed("critical")
        since = story.now - 10 * HOUR
        story.do("regime", LEADERSHIP, which="cra_exploited", applies="yes", reason="seen in logs", since=since)
        assert story.clock("CRA-1").due == since + 24 * HOUR
        assert story.clock("CRA-3").due == since + 72 * HOUR
        assert "CRA-5" not in running(story)
        story.do("contain", ENGINEER, how="rotate", detail="k")
        story.do("fix", ENGINEER, **kit.FIXED)
        story.do("ship", ENGINEER, **kit.SHIPPED)
        assert story.clock("CRA-5").due == story.now + 14 * DAY

    def test_the_fix_alone_starts_no_final_report(self):
        """CRA-5 starts only where the CRA applies."""
        assert "CRA-5" not in {c.promise for c in kit.shipped().clocks()}

    def test_awareness_never_moves_to_a_later_day(self):
        """Deciding again does not reset the clock."""
        story = kit.received()
        story.do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="r")
        story.later(days=1).do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="r")
        assert story.clock("GDPR-33").due == MONDAY + 72 * HOUR

    def test_a_withdrawn_regime_stops_asking_but_keeps_its_miss(self):
        """Leadership decides anew."""
        story = kit.received()
        story.do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="r")
        story.later(hours=80).do("regime", LEADERSHIP, which="gdpr", applies="no", reason="r")
        clock = story.clock("GDPR-33")
        assert not clock.open
        assert clock.missed_at == MONDAY + 72 * HOUR

    @pytest.mark.parametrize(
        ("vector", "promise"),
        [
            (VECTORS["critical"], "MP-1"),
            (VECTORS["high"], "MP-2"),
            (VECTORS["medium"], "MP-3"),
            (VECTORS["low"], "MP-4"),
        ],
    )
    def test_the_marketplace_reads_the_score_by_its_own_thresholds(self, vector, promise):
        """Whatever level a person chose, and whatever our surroundings take off."""
        story = kit.acknowledged(kit.Story({**kit.FROM_OUTSIDE, "source": "ams"}))
        story.do("assess", ENGINEER, vector=vector, severity="low", reason="r", **FOUR_FIELDS)
        assert running(story) & {"MP-1", "MP-2", "MP-3", "MP-4"} == {promise}

    def test_unscored_the_marketplace_counts_as_for_the_gravest(self):
        """Until somebody scored it."""
        assert "MP-1" in running(kit.Story({**kit.REPORT, "source": "ams"}))


class TestPolicies:
    def story(self, before, after):
        """A book whose second policy changes one figure on 10 November."""
        second = kit.policy(2, ((before, after),), date(2026, 11, 10))
        book = PolicyBook(
            ((datetime(2026, 1, 1, tzinfo=UTC), kit.policy()), (datetime(2026, 11, 10, tzinfo=UTC), second))
        )
        story = kit.Story(policies=book)
        return kit.confirmed("high", kit.assessed("high", kit.acknowledged(story)))

    def test_a_tighter_policy_moves_an_open_clock(self):
        """Counted from the same start."""
        story = self.story("high: 14 days", "high: 12 days")
        confirmed = story.case.facts[Fact.CONFIRMED]
        assert story.clock("VM-6").due == confirmed + 14 * DAY
        story.now = datetime(2026, 11, 10, 1, tzinfo=UTC)
        assert story.clock("VM-6").due == confirmed + 12 * DAY

    def test_a_looser_policy_erases_no_miss(self):
        """What passed before it came into force was missed."""
        story = self.story("confirm: 5 business days", "confirm: 30 business days")
        story.now = datetime(2026, 11, 11, tzinfo=UTC)
        story = kit.Story(policies=story.policies, at=MONDAY)
        story.now = datetime(2026, 11, 20, tzinfo=UTC)
        assert story.clock("VM-3").missed_at == datetime(2026, 11, 9, 10, tzinfo=UTC)

    def test_the_coming_policy_wakes_its_cases(self):
        """A figure that comes into force is an instant to look again."""
        story = self.story("high: 14 days", "high: 12 days")
        story.now = datetime(2026, 11, 9, 23, tzinfo=UTC)
        assert wake_at(story.case, story.policies, story.now) == datetime(2026, 11, 10, tzinfo=UTC)


class TestReminders:
    def reminded(self, story, since, until):
        return [(r.promise, r.percent, r.path) for r in reminders(story.case, story.policies, since, until)]

    def test_marks_go_up_the_path(self):
        """O-1: at 50 % the owner, at 80 % the lead, at 100 % Leadership."""
        story = kit.observed()
        at = MONDAY + 12 * HOUR
        assert wake_at(story.case, story.policies, MONDAY) == at
        assert self.reminded(story, MONDAY, at) == [("IR-5", 50, "owner")]
        assert self.reminded(story, at, MONDAY + 20 * HOUR) == [("IR-5", 80, "lead")]
        assert self.reminded(story, MONDAY + 20 * HOUR, MONDAY + 25 * HOUR) == [("IR-5", 100, "leadership")]

    def test_only_the_highest_mark_counts(self):
        """After a night without a worker nobody gets three mails about one clock."""
        assert self.reminded(kit.observed(), MONDAY, MONDAY + 25 * HOUR) == [("IR-5", 100, "leadership")]

    def test_no_mark_is_passed_twice(self):
        """Between two looks each mark belongs to one."""
        story = kit.observed()
        assert self.reminded(story, MONDAY + 12 * HOUR, MONDAY + 13 * HOUR) == []

    def test_what_is_done_reminds_nobody(self):
        """A stopped clock has no marks."""
        story = kit.assessed("low", kit.observed())
        assert [r for r in self.reminded(story, MONDAY, MONDAY + 30 * HOUR) if r[0] == "IR-5"] == []

    def test_a_severity_raised_late_still_reminds(self):
        """Its marks lie in the past; they are passed when the figure comes into force."""
        story = kit.confirmed("medium").later(days=10)
        before = story.now - HOUR
        story.do("assess", ENGINEER, vector=VECTORS["critical"])
        assert ("VM-5", 100, "leadership") in self.reminded(story, before, story.now)

    def test_awareness_entered_late_still_reminds(self):
        """GDPR: known for 80 hours, decided now."""
        story = kit.received().later(hours=80)
        story.do("regime", LEADERSHIP, which="gdpr", applies="yes", reason="r", since=MONDAY)
        assert ("GDPR-33", 100, "leadership") in self.reminded(story, story.now - HOUR, story.now)

    def test_an_unconfirmed_reminder_goes_one_up(self):
        """O-1: within 4 business hours, else the next person on the path; above Leadership there is nobody."""
        story = kit.observed()
        story.hear(Escalate(promise="IR-5", percent=50, path="owner", to=ENGINEER.id))
        seq = str(story.case.seq)
        due = story.clock("O-1", seq).due
        assert due == MONDAY + 4 * HOUR
        assert self.reminded(story, due - HOUR, due) == [("O-1", 100, "lead")]
        story.later(hours=4, minutes=1).hear(Escalate(promise="O-1", subject=seq, percent=100, path="lead", to=LEAD.id))
        assert ("O-1", 100, "leadership") in self.reminded(story, story.now, story.now + 24 * HOUR)
        story.do("note", ENGINEER, text="on it")
        assert story.clock("O-1", seq).state == "late_met"

    def test_a_reminder_is_moot_once_the_thing_is_done(self):
        """Somebody else did what was asked for: nobody has to confirm any more."""
        story = kit.observed()
        story.hear(Escalate(promise="IR-5", percent=50, path="owner", to=SUPPORT.id))
        seq = str(story.case.seq)
        kit.assessed("low", story)
        assert not story.clock("O-1", seq).open

    def test_a_closed_case_is_not_reminded_of(self):
        """And nothing wakes it."""
        story = kit.closed()
        assert wake_at(story.case, story.policies, story.now) is None
        assert story.hear(Escalate(promise="IR-5")).changes == ()


class TestActions:
    def test_each_action_has_its_own_date(self):
        """IR-15: until somebody else verified it."""
        story = kit.received()
        for due in ("2026-12-01T12:00:00Z", "2026-12-02T12:00:00Z"):
            story.do("act", title="t", owner=ENGINEER.id, due=due)
        assert story.clock("IR-15", "A2").due == datetime(2026, 12, 2, 12, tzinfo=UTC)
        story.do("verify", LEAD, action="A1", test="t", monitoring="m")
        assert story.clock("IR-15", "A1").state == "met"
        assert story.clock("IR-15", "A2").state == "running"


def test_overview_is_clocks_and_wake_up():
    """One pass for whoever stores both."""
    story = kit.material()
    found = overview(story.case, story.policies, story.now)
    assert found.clocks == story.clocks()
    assert found.wake_at == wake_at(story.case, story.policies, story.now)


def test_every_clock_has_a_name_of_its_own():
    """Promise, regime and subject tell the clocks of a case apart, so that a row stands for one."""
    story = kit.material().later(hours=80)
    story.do("material", LEADERSHIP, decision="no", reason="r")
    story.do("material", LEADERSHIP, decision="yes", reason="r")
    keys = [(c.promise, c.regime, c.subject) for c in story.clocks()]
    assert len(keys) == len(set(keys))
    assert ("IR-11", "policy", "judged") in keys
    assert ("IR-11", "policy", "customers_told:2") in keys
    assert {c.subject for c in kit.confirmed("medium").clocks() if c.promise == "VM-7"} == {"planned", "shipped"}


def test_merely_reading_changes_nothing():
    """Courses are made anew each time, equal each time."""
    story = kit.material()
    assert courses(story.case, story.policies) == courses(story.case, story.policies)
