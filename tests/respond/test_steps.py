"""What makes sense next, and what it lacks."""

import pytest

from forgeward.errors import StepRefused
from forgeward.respond.decision import decide
from forgeward.respond.parse import STEPS
from tests.respond import kit
from tests.respond.kit import ENGINEER, FIVE_PARTS, LEAD, SUPPORT

MAKERS = [
    kit.received,
    kit.observed,
    kit.acknowledged,
    kit.assessed,
    kit.confirmed,
    kit.contained,
    kit.fixed,
    kit.shipped,
    kit.declared,
    kit.material,
    kit.recovered,
]


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (kit.received, ["acknowledge", "assess", "close"]),
        (kit.observed, ["assess", "close"]),
        (kit.acknowledged, ["assess", "close"]),
        (kit.assessed, ["contain", "confirm", "convert", "reject", "close"]),
        (lambda: kit.assessed("low"), ["confirm", "convert", "reject", "close"]),
        (kit.confirmed, ["contain", "fix", "close"]),
        (lambda: kit.confirmed("medium"), ["plan", "fix", "close"]),
        (kit.fixed, ["ship", "close"]),
        (kit.shipped, ["credit", "close"]),
        (kit.declared, ["contain", "material", "told", "eradicate", "close"]),
        (kit.material, ["contain", "told", "notify", "eradicate", "close"]),
        (kit.recovered, ["told", "notify", "review", "close"]),
        (kit.closed, []),
    ],
)
def test_sensible_steps_come_in_order(make, steps):
    """The most pressing first, closing last."""
    assert list(make().next()) == steps


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_said_to_be_missing_is_what_a_bare_call_is_refused_for(make):
    """`case next` and the refusal agree."""
    story = make()
    for step, missing in story.next().items():
        assert story.missing(step) == missing


def test_a_waiting_step_lacks_its_second_person_only():
    """It is done with `approve`."""
    story = kit.assessed("critical")
    story.do("contain", ENGINEER, nothing="no way in")
    assert next(iter(story.next().items())) == ("contain", ["second_person"])


def test_roles_are_said_with_each_step():
    """A page greys out what the viewer may not do."""
    from forgeward.respond.steps import next_steps

    story = kit.received()
    steps = {s.step: s for s in next_steps(story.case, story.context(SUPPORT))}
    assert SUPPORT.roles & steps["acknowledge"].roles
    assert not SUPPORT.roles & steps["assess"].roles


def test_an_unanswered_reporter_is_a_next_step():
    """After the acknowledgement, each further message waits for a reply."""
    from forgeward.respond.signals import Join

    story = kit.acknowledged()
    assert "reply" not in story.next()
    story.hear(Join(text="And another thing", from_reporter=True))
    assert story.next()["reply"] == ["text"]


def test_a_failed_notice_comes_back_as_a_next_step():
    """An acknowledgement that was given up is to be written again."""
    story = kit.received()
    story.do("acknowledge", SUPPORT, text="Thank you.")
    assert "acknowledge" not in story.next()
    story.give_up()
    assert "acknowledge" in story.next()


def test_after_the_first_notice_the_final_one_waits():
    """IR-13."""
    story = kit.material()
    story.do("notify", SUPPORT, audience="customers", stage="first", recipients=["a@x.example"], **FIVE_PARTS)
    assert "notify" in story.next()


def test_steps_without_missing_fields_pass():
    """What lacks nothing is done by name alone."""
    story = kit.acknowledged()
    story.do("pause", SUPPORT, reason="which version?")
    assert story.next()["resume"] == []
    decide(story.case, STEPS["resume"](), story.context(LEAD))
    with pytest.raises(StepRefused):
        decide(story.case, STEPS["pause"](), story.context(LEAD))
