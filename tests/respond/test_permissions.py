"""S-2: who may do what, cell by cell."""

import pytest

from forgeward.errors import NotAllowed
from forgeward.respond.decision import decide
from forgeward.respond.parse import SIGNALS, STEPS
from forgeward.respond.permissions import ROLES, may, require
from forgeward.vocabulary import Actor, Role
from tests.respond import kit

EVERY = {Role.ENGINEERING, Role.SUPPORT, Role.LEADERSHIP}
E, S, L = {Role.ENGINEERING}, {Role.SUPPORT}, {Role.LEADERSHIP}
EXPECTED = {
    "acknowledge": S,
    "reply": S | E,
    "resend": EVERY,
    "note": EVERY,
    "pause": S | E,
    "resume": S | E,
    "credit": S,
    "disclosure": S,
    "assess": E,
    "convert": E,
    "confirm": E,
    "material": L,
    "regime": L,
    "contain": E,
    "plan": E,
    "eradicate": E,
    "fix": E,
    "ship": E,
    "recover": E,
    "extend": E,
    "notify": S | L,
    "told": S | L,
    "close": S | E,
    "reject": S | E,
    "merge": S | E,
    "reopen": EVERY,
    "review": E | L,
    "act": EVERY,
    "verify": EVERY,
    "approve": EVERY,
    "review_glass": EVERY,
    "handover": EVERY,
    "restrict": L,
    "seen": EVERY,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("role", [Role.ENGINEERING, Role.SUPPORT, Role.LEADERSHIP])
def test_each_role_has_its_steps(step, role):
    """Engineering mends, Support talks and tracks, Leadership decides on regulatory duties."""
    assert may(step, Actor("person:8", frozenset({role}))) == (role in EXPECTED[step])


@pytest.mark.parametrize("step", STEPS)
def test_the_lead_may_do_everything(step):
    """The Security Lead owns the programme."""
    assert may(step, Actor("person:8", frozenset({Role.LEAD})))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("actor", [kit.OUTSIDER, kit.AUDITOR])
def test_outsiders_and_auditors_do_nothing(step, actor):
    """Refused before anything else is looked at, with a sentence that says who may."""
    story = kit.received()
    with pytest.raises(NotAllowed) as refusal:
        decide(story.case, STEPS[step](), story.context(actor))
    assert step in str(refusal.value)
    assert "Security Lead" in refusal.value.next


@pytest.mark.parametrize("step", STEPS)
def test_the_system_is_no_person(step):
    """No step of a person is done by a machine."""
    assert not may(step, Actor("system:worker", frozenset({Role.LEAD})))


@pytest.mark.parametrize("name", ["accepted", "bounced", "gave_up", "escalate"])
def test_no_person_speaks_for_the_mail_server(name):
    """IR-4: the server's word comes from the outbox alone."""
    assert not may(name, Actor("person:1", frozenset(Role)))
    assert may(name, Actor("system:outbox"))


def test_a_stranger_with_a_systems_name_is_no_system():
    """Ids are ``person:N`` or ``system:NAME``; another kind does nothing."""
    assert not may("receive", Actor("reporter:1", frozenset(Role)))


def test_an_auditor_who_also_works_here_may_work():
    """Roles add up."""
    assert may("assess", Actor("person:1", frozenset({Role.AUDITOR, Role.ENGINEERING})))


def test_every_step_is_in_the_table():
    """A step without a row could be done by nobody."""
    assert set(ROLES) == set(STEPS) | {"receive", "join"}
    assert set(EXPECTED) == set(STEPS)
    assert {"receive", "join"} <= set(SIGNALS)


def test_refusals_name_the_roles_that_may():
    """The sentence says who holds what, the advice whom to ask."""
    with pytest.raises(NotAllowed, match="Support may not do “assess”") as refusal:
        require("assess", None, Actor("person:3", frozenset({Role.SUPPORT})))
    assert refusal.value.next == "Ask the Security Lead or Engineering."
