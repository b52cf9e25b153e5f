"""Laws of cases under random histories: whatever people and mail servers do, in whatever order."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forgeward.errors import ForgewardError, StepRefused
from forgeward.respond.case import Case
from forgeward.respond.clocks import overview, reminders, wake_at
from forgeward.respond.commands import Close, Reject
from forgeward.respond.decision import decide
from forgeward.respond.parse import STEPS, parse, specs
from forgeward.respond.requirements_close import RESOLUTIONS, close_lacks, ending_lacks
from forgeward.respond.signals import Accepted, Bounced, Escalate, GaveUp, Join
from tests.respond import kit
from tests.respond.kit import ENGINEER, LEAD, LEADERSHIP, SUPPORT, VECTORS, Story

GOOD = {
    "acknowledge": {"text": "t"},
    "reply": {"text": "t"},
    "note": {"text": "t"},
    "pause": {"reason": "r"},
    "credit": {"consent": "no"},
    "disclosure": {"date": "2027-03-01", "word": "w"},
    "assess": {**kit.FOUR_FIELDS, "vector": VECTORS["high"]},
    "convert": {"to": "incident", "reason": "r"},
    "confirm": kit.REPRODUCED,
    "material": {"decision": "yes", "reason": "r"},
    "regime": {"which": "cra_exploited", "applies": "yes", "reason": "r"},
    "contain": {"how": "rotate", "detail": "d"},
    "plan": {"release": "r", "date": "2027-01-01"},
    "eradicate": kit.REMOVED,
    "fix": kit.FIXED,
    "ship": kit.SHIPPED,
    "recover": {"staging": "s", "version": "v", "watch": "w"},
    "extend": {"until": "2027-06-01", "control": "c", "reason": "r", "told": "t"},
    "notify": {"audience": "customers", "stage": "first", "recipients": ["a@x.example", "b@x.example"], **kit.FINAL},
    "told": {"who": "atlassian", "reference": "r"},
    "close": {"resolution": "fixed", "summary": "s"},
    "reject": {"as": "withdrawn", "reason": "r"},
    "reopen": {"reason": "r"},
    "review": kit.REVIEW,
    "act": {"title": "t", "owner": "person:2", "due": "2027-02-01"},
    "verify": {"action": "A1", "test": "t", "monitoring": "m"},
    "approve": {"step": "reject"},
    "review_glass": {"finding": "f"},
    "handover": {"owner": "person:3"},
}
VARIED = {
    "vector": [*VECTORS.values(), ""],
    "context": [["MAV:P=why"], []],
    "severity": ["", "low", "critical"],
    "nothing": ["none", ""],
    "break_glass": ["now", "", ""],
    "action": ["A1", "A2"],
    "due": ["2027-02-01", "2026-11-20"],
    "reviewer": ["person:1", "person:2", ""],
}


@st.composite
def moves(draw):
    """A step with mostly sensible fields, a word of the mail server, a message, a reminder; and the time it takes."""
    later = timedelta(minutes=draw(st.sampled_from([0, 1, 60, 60 * 24, 60 * 24 * 9])))
    by = draw(st.sampled_from([LEAD, ENGINEER, SUPPORT, LEADERSHIP, LEAD, ENGINEER]))
    kind = draw(st.sampled_from(["next"] * 6 + ["step"] * 4 + ["mail"] * 3 + ["message", "reminder"]))
    if kind == "next":
        return later, by, draw(st.integers(0, 9))
    if kind == "mail":
        word = draw(st.sampled_from([Accepted, Accepted, Accepted, Bounced, GaveUp]))
        return later, by, (word, draw(st.integers(0, 3)), draw(st.sampled_from([(0,), (1,), (0, 1)])))
    if kind == "message":
        return later, by, Join(text="t", from_reporter=draw(st.booleans()))
    if kind == "reminder":
        promise = draw(st.sampled_from(["IR-4", "IR-5", "VM-6"]))
        return later, by, Escalate(promise=promise, percent=50, path="owner", to=by.id)
    step = draw(st.sampled_from(list(STEPS)))
    fields = dict(GOOD.get(step, {}))
    for spec in specs(step):
        if spec.name in VARIED and draw(st.booleans()):
            fields[spec.name] = draw(st.sampled_from(VARIED[spec.name]))
        elif spec.choices and draw(st.booleans()):
            fields[spec.name] = draw(st.sampled_from(spec.choices))
    return later, by, (step, fields)


def perform(story, move):
    """One move; refusals are part of life, anything else is a fault."""
    later, by, what = move
    story.now += later
    try:
        if isinstance(what, int):
            take_next(story, what, by)
        elif isinstance(what, tuple) and isinstance(what[0], str):
            story.do(what[0], by, **what[1])
        elif isinstance(what, tuple):
            notices = story.case.notices
            seq = notices[what[1] % len(notices)].seq if notices else 99
            story.hear(what[0](notice=seq, recipients=what[2]))
        else:
            story.hear(what)
    except ForgewardError:
        return False
    return True


def take_next(story, pick, by):
    """One of the steps that make sense, done as it should be; or the mail server takes what waits."""
    waiting = [notice for notice in story.case.notices if notice.under_way]
    if waiting and pick % 2:
        story.hear(Accepted(notice=waiting[0].seq, recipients=tuple(range(waiting[0].total))))
        return
    steps = list(story.next().items())
    step, missing = steps[pick % len(steps)] if steps else ("reopen", [])
    if missing == ["second_person"] and story.case.proposal(step):
        story.do("approve", by, step=step)
        return
    fields = dict(GOOD.get(step, {}))
    if step == "close":
        fields["resolution"] = RESOLUTIONS[story.case.kind]
    if step == "notify" and any(notice.stage == "first" for notice in story.case.notices):
        fields["stage"] = "final"
    if step == "told":
        fields["who"] = ("atlassian", "cra_warning", "cra_notification", "cra_final")[pick % 4]
    if step == "verify":
        fields["action"] = story.case.open_actions[0].id
    story.do(step, LEAD, **fields)


@st.composite
def stories(draw):
    """A case some way into its life, in a team of four or of one."""
    begin = draw(st.sampled_from([kit.received, kit.observed, kit.confirmed, kit.shipped, kit.material, kit.recovered]))
    story = begin()
    if draw(st.integers(0, 4)) == 0:
        story.team = (LEAD,)
    return story


LONG = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@LONG
@given(stories(), st.lists(moves(), max_size=25))
def test_replaying_equals_stepping(story, history):
    """Folding the changes anew, texts erased, gives the same case; and it is stored without loss."""
    for move in history:
        perform(story, move)
    assert story.replayed() == story.case
    assert msgspec.json.decode(msgspec.json.encode(story.case), type=Case) == story.case


@LONG
@given(stories(), st.lists(moves(), max_size=25))
def test_what_is_closed_lacks_nothing(story, history):
    """Closed only if all that closing asks for holds, at every moment."""
    for move in history:
        perform(story, move)
        case = story.case
        if case.is_open or case.resolution == "spam":
            continue
        context = story.context(LEAD)
        ended_alone = [glass for glass in case.open_glass if glass.at == case.closed]
        assert list(case.open_glass) == ended_alone  # reviewed after the end; all others before it
        if ended_alone:
            continue
        if case.resolution in {"fixed", "resolved", "no_issue"}:
            assert list(close_lacks(case, Close(resolution=case.resolution), context)) == []
        else:
            assert list(ending_lacks(case, Reject(as_="withdrawn"), context)) == []
        assert not any(clock.open for clock in story.clocks())


@LONG
@given(stories(), st.lists(moves(), max_size=25))
def test_a_miss_stays_for_ever(story, history):
    """No later severity, judgement, conversion, extension, bounce or re-opening erases it."""
    missed = set()
    for move in history:
        perform(story, move)
        now = {(c.promise, c.regime, c.subject) for c in story.clocks() if c.missed_at is not None}
        assert missed <= now
        missed = now


@LONG
@given(stories(), st.lists(moves(), max_size=15))
def test_next_steps_tell_the_truth(story, history):
    """Each is refused for exactly what it is said to lack, or passes bare."""
    for move in history:
        perform(story, move)
    for step, missing in story.next().items():
        if missing == ["second_person"] and story.case.proposal(step):
            continue
        try:
            decide(story.case, parse(step, {}), story.context(LEAD))
            refused = []
        except StepRefused as refusal:
            refused = [lack.name for lack in refusal.missing]
        assert refused == missing


@LONG
@given(stories(), st.lists(moves(), max_size=15))
def test_clocks_are_named_once_and_wake_in_time(story, history):
    """A row for each; the wake-up is the first instant at which anything is to be told."""
    for move in history:
        perform(story, move)
    found = overview(story.case, story.policies, story.now)
    names = [(c.promise, c.regime, c.subject) for c in found.clocks]
    assert len(names) == len(set(names))
    woken = wake_at(story.case, story.policies, story.now)
    assert woken == found.wake_at
    until = woken - timedelta(microseconds=1) if woken else datetime(2030, 1, 1, tzinfo=UTC)
    assert reminders(story.case, story.policies, story.now, until) == ()


@LONG
@given(stories(), st.lists(moves(), max_size=25))
def test_four_eyes_are_two_persons(story, history):
    """Whatever happened by approval, proposer and approver differ; what happened alone is on record."""
    for move in history:
        perform(story, move)
    for change, _, actor in story.history:
        if change.kind == "case:approved":
            assert change.data["proposed_by"] != actor
    recorded = [c for c, _, _ in story.history if c.data.get("break_glass")]
    assert len(recorded) == len(story.case.glass)
    assert len([c for c, _, _ in story.history if c.data.get("exception")]) == len(story.case.exemptions)


@LONG
@given(st.lists(moves(), max_size=20))
def test_a_reporter_is_never_named_in_plain_data(history):
    """Texts go into sealed values, whatever step they came with."""
    story = Story()
    for move in history:
        perform(story, move)
    plain = repr([change.data for change, _, _ in story.history])
    assert "@" not in plain
    assert "Ada" not in plain
