"""A small stage for cases: persons, a policy, a clock that is set by hand, and a case that steps through its life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from forgeward.errors import StepRefused
from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import Clock
from forgeward.policy.defaults import default_policy_text
from forgeward.policy.document import Policy, load
from forgeward.respond.case import Case
from forgeward.respond.clocks import clocks
from forgeward.respond.command import Command
from forgeward.respond.decision import Context, Decision, Member, decide
from forgeward.respond.evolve import evolve
from forgeward.respond.parse import parse
from forgeward.respond.signals import Accepted, Bounced, GaveUp
from forgeward.respond.steps import next_steps
from forgeward.vocabulary import Actor, Change, Role

MONDAY = datetime(2026, 11, 2, 10, tzinfo=UTC)  # a Monday without holidays near
SYSTEM = Actor("system:worker")

LEAD = Member("person:1", frozenset({Role.LEAD}))
ENGINEER = Member("person:2", frozenset({Role.ENGINEERING}))
SUPPORT = Member("person:3", frozenset({Role.SUPPORT}))
LEADERSHIP = Member("person:4", frozenset({Role.LEADERSHIP}))
AUDITOR = Member("person:5", frozenset({Role.AUDITOR}))
OUTSIDER = Member("person:9")
TEAM = (LEAD, ENGINEER, SUPPORT, LEADERSHIP, AUDITOR)

BASE31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U"
VECTORS = {
    "critical": f"{BASE31}/C:H/I:H/A:H",  # 9.8
    "high": f"{BASE31}/C:H/I:N/A:N",  # 7.5
    "medium": f"{BASE31}/C:L/I:N/A:N",  # 5.3
    "low": "CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N",  # 2.6
}

REPORT = {"number": "FW-7Q3KXM", "title": "Notes of other projects can be read", "text": "Steps: …"}
FROM_OUTSIDE = {**REPORT, "source": "mail", "reporter_name": "Ada", "reporter_address": "ada@example.org"}
FOUR_FIELDS = {
    "scope": "The notes macro",
    "impact": "Other people's notes are read",
    "affected": "Field Radar, all tenants",
    "exploitability": "Any signed-in user",
}
REPRODUCED = {"environment": "dev-site-3", "reproduction": "Open /notes/2 as bob", "versions": "up to 4.2.0"}
REMOVED = {"cause": "No check", "patch": "PR 12", "artefacts": "None found", "hardening": "A lint rule"}
FIXED = {**REMOVED, "regression_test": "test_notes_are_private", "weakness": "CWE-862"}
SHIPPED = {
    "version": "4.2.1",
    "staging": "Reproduction fails on staging",
    "reviewer": "person:1",
    "rollout": "staging, two sites, all",
    "notes": "Fixes a missing permission check.",
    "checklist": "release 4.2.1, checklist",
    "permissions": "unchanged",
}
FIVE_PARTS = {
    "happened": "Notes could be read by others.",
    "scope": "Notes",
    "versions": "up to 4.2.0",
    "customer_action": "Nothing",
    "fix_time": "Since 4.2.1",
}
FINAL = {**FIVE_PARTS, "root_cause": "A missing check", "corrective_actions": "A lint rule"}
REVIEW = {"timeline": "…", "root_cause": "…", "lessons": "…", "actions": "See A1", "sign": True}


@lru_cache
def policy(version: int = 1, changes: tuple[tuple[str, str], ...] = (), effective: date = date(2026, 1, 1)) -> Policy:
    """The default policy in UTC; ``changes`` are replacements in its text."""
    text = default_policy_text("Almond Apps", effective, "UTC").replace("version: 1", f"version: {version}", 1)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return load(text)


@lru_cache
def book() -> PolicyBook:
    return PolicyBook(((datetime(2026, 1, 1, tzinfo=UTC), policy()),))


class Story:
    """One case and the hands that move it. ``do`` is a step, ``hear`` what the system reports."""

    def __init__(
        self,
        fields: Mapping[str, object] = FROM_OUTSIDE,
        *,
        by: Member = SUPPORT,
        at: datetime = MONDAY,
        team: Sequence[Member] = TEAM,
        policies: PolicyBook | None = None,
    ) -> None:
        self.team = tuple(team)
        self.policies = policies or book()
        self.now = at
        self.history: list[tuple[Change, datetime, str]] = []
        self._case: Case | None = None
        self._apply(decide(None, parse("receive", fields), self.context(by)), by.id)

    @property
    def case(self) -> Case:
        assert self._case is not None
        return self._case

    def context(self, by: Member) -> Context:
        return Context(Actor(by.id, by.roles), self.team, self.policies, self.now)

    def later(self, **span: float) -> Story:
        self.now += timedelta(**span)
        return self

    def do(self, step_: str, by: Member = LEAD, **fields: object) -> Decision:
        return self.run(parse(step_, fields), by)

    def run(self, command: Command, by: Member = LEAD) -> Decision:
        decision = decide(self._case, command, self.context(by))
        self._apply(decision, by.id)
        return decision

    def hear(self, command: Command) -> Decision:
        decision = decide(self._case, command, Context(SYSTEM, self.team, self.policies, self.now))
        self._apply(decision, SYSTEM.id)
        return decision

    def accept(self, *positions: int) -> Decision:
        """The mail server takes the latest notice."""
        return self.hear(Accepted(notice=self.case.notices[-1].seq, recipients=positions or (0,), word="250 ok"))

    def bounce(self, notice: int = -1, *positions: int) -> Decision:
        return self.hear(Bounced(notice=self.case.notices[notice].seq, recipients=positions or (0,), word="550"))

    def give_up(self, *positions: int) -> Decision:
        return self.hear(GaveUp(notice=self.case.notices[-1].seq, recipients=positions or (0,)))

    def missing(self, step_: str, by: Member = LEAD, **fields: object) -> list[str]:
        """What the step is refused for, by name."""
        try:
            decide(self._case, parse(step_, fields), self.context(by))
        except StepRefused as refusal:
            return [lack.name for lack in refusal.missing]
        return []

    def next(self, by: Member = LEAD) -> dict[str, list[str]]:
        return {step.step: [lack.name for lack in step.missing] for step in next_steps(self.case, self.context(by))}

    def clock(self, promise: str, subject: str = "") -> Clock:
        found = [c for c in self.clocks() if c.promise == promise and c.subject == subject]
        assert len(found) == 1, [(c.promise, c.subject) for c in self.clocks()]
        return found[0]

    def clocks(self) -> tuple[Clock, ...]:
        return clocks(self.case, self.policies, self.now)

    def replayed(self) -> Case:
        """The case folded anew from its changes, as if every sealed text had been erased."""
        case: Case | None = None
        for seq, (change, at, actor) in enumerate(self.history, 1):
            erased = Change(
                change.kind, change.data, {name: type(s)("", s.subject) for name, s in change.sealed.items()}
            )
            case = evolve(case, erased, seq, at, actor)
        assert case is not None
        return case

    def _apply(self, decision: Decision, actor: str) -> None:
        for change in decision.changes:
            seq = self._case.seq + 1 if self._case else 1
            self._case = evolve(self._case, change, seq, self.now, actor)
            self.history.append((change, self.now, actor))


# --- stories so far --------------------------------------------------------------------------------------------------


def received() -> Story:
    return Story()


def observed() -> Story:
    """An event that nobody outside reported."""
    return Story({**REPORT, "source": "alert"})


def acknowledged(story: Story | None = None) -> Story:
    story = story or received()
    story.do("acknowledge", SUPPORT, text="Thank you.")
    story.later(minutes=1).accept()
    return story


def assessed(level: str = "high", story: Story | None = None) -> Story:
    story = story or acknowledged()
    story.later(hours=1).do("assess", ENGINEER, vector=VECTORS[level], **FOUR_FIELDS)
    return story


def confirmed(level: str = "high", story: Story | None = None) -> Story:
    story = assessed(level, story)
    story.later(hours=1).do("confirm", ENGINEER, **REPRODUCED)
    return story


def contained(level: str = "high", story: Story | None = None) -> Story:
    story = confirmed(level, story)
    story.later(hours=1).do("contain", ENGINEER, how="switch_off", detail="flag notes is off")
    return story


def fixed(level: str = "high", story: Story | None = None) -> Story:
    story = contained(level, story)
    story.later(hours=1).do("fix", ENGINEER, **FIXED)
    return story


def shipped(level: str = "high", story: Story | None = None) -> Story:
    story = fixed(level, story)
    story.later(hours=1).do("ship", ENGINEER, **SHIPPED)
    return story


def closed(level: str = "high") -> Story:
    story = shipped(level)
    story.do("credit", SUPPORT, consent="no")
    story.later(hours=1).do("close", SUPPORT, resolution="fixed", summary="Fixed.")
    return story


def declared(level: str = "critical", story: Story | None = None) -> Story:
    story = assessed(level, story)
    story.later(hours=1).do("convert", ENGINEER, to="incident", reason="Notes were read by others")
    return story


def material() -> Story:
    story = declared()
    story.later(hours=1).do("material", LEADERSHIP, decision="yes", reason="Customers' notes were read")
    return story


def recovered(story: Story | None = None) -> Story:
    story = story or material()
    story.do("contain", ENGINEER, how="roll_back", detail="4.1.9")
    story.later(hours=1).do("eradicate", ENGINEER, **REMOVED)
    story.later(hours=1).do("recover", ENGINEER, staging="proven", version="4.2.1", watch="errors, 48 h")
    return story
