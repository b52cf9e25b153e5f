"""S-2, TC-15: the permission table, cell by cell, against a table that is written here by hand."""

from __future__ import annotations

import pytest

from forgeward.errors import NotAllowed
from forgeward.respond.access import TABLE, Answer, Sight, ask, demand
from forgeward.respond.parse import STEPS
from forgeward.respond.permissions import may
from forgeward.vocabulary import Actor, Role

# Security Lead, Engineering, Support, Leadership, Auditor: who may. The second word: what it is about.
EXPECTED = """
case.list        LESDA house    acknowledge  L.S.. case    material    L..D. case
case.show        LESDA case     reply        LES.. case    regime      L..D. case
case.open        LESD. house    resend       LESD. case    contain     LE... case
notice.show      LESDA case     note         LESD. case    plan        LE... case
mail.show        LESDA case     pause        LES.. case    eradicate   LE... case
mail.take        LESD. house    resume       LES.. case    fix         LE... case
mail.join        LESD. case     credit       L.S.. case    ship        LE... case
mail.open        LESD. case     disclosure   L.S.. case    recover     LE... case
mail.discard     LES.. case     assess       LE... case    extend      LE... case
policy.show      LESDA house    convert      LE... case    notify      L.SD. case
policy.standing  LESDA house    confirm      LE... case    told        L.SD. case
policy.propose   LESD. house    close        LES.. case    act         LESD. case
policy.adopt     L..D. house    reject       LES.. case    verify      LESD. case
people.list      LESDA house    merge        LES.. case    approve     LESD. case
people.add       L..D. house    reopen       LESD. case    review_glass LESD. case
ledger.show      LESDA house    review       LE.D. case    handover    LESD. case
ledger.pack      LESDA case     restrict     L..D. case    seen        LESD. case
ledger.sign      LESD. house    token.own    LESDA house   house.doctor LE.DA house
ledger.witness   L.... house    token.all    L.... house   house.audit L..DA house
person.erase     L.... house    person.export L.S.. house    people.reset L.... house
webhook.manage   L.... house    chat.test L.... house
house.backup     LE... house    people.roles L.... house    people.switch L.... house
session.all      L.... house    absence.own  LESD. house    absence.all  L..D. house
token.make       LESDA house
scan.show        LE.DA house    scan.take    LE... house
view.own     LESDA house   view.share  LESD. house     view.remove      L.... house
ledger.rotate    L.... house    account      ..... own     door        ..... door
"""
WORDS = EXPECTED.split()
CELLS = {WORDS[i]: (WORDS[i + 1], WORDS[i + 2]) for i in range(0, len(WORDS), 3)}
LETTERS = {"L": Role.LEAD, "E": Role.ENGINEERING, "S": Role.SUPPORT, "D": Role.LEADERSHIP, "A": Role.AUDITOR}

ME, OTHERS = "person:7", ("person:1", "person:2")
WHO: dict[str, Actor | None] = {
    **{role.value: Actor(ME, frozenset({role})) for role in Role},
    "nobody": Actor(ME),
    "reporter": Actor("reporter:7", frozenset(Role)),
    "signed out": None,
}


def expected(action: str, who: str, people: tuple[str, ...] | None) -> Answer:
    letters, sight = CELLS[action]
    if sight == "door":
        return Answer.YES
    if who in {"reporter", "signed out"}:
        return Answer.SIGN_IN
    if sight == "own":
        return Answer.YES
    named = people is None or ME in people
    if sight == "case" and (who == "nobody" or not named) and (action, who) != ("restrict", "security_lead"):
        return Answer.UNSEEN
    return Answer.YES if who in {LETTERS[x].value for x in letters if x != "."} else Answer.NO


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("people", [None, OTHERS, (*OTHERS, ME)], ids=["open", "closed to them", "names them"])
def test_each_cell(action: str, who: str, people: tuple[str, ...] | None) -> None:
    """Every action for every role, for somebody without one, a reporter and a stranger; open and restricted cases."""
    assert ask(action, WHO[who], people) is expected(action, who, people)


def test_the_hand_written_table_has_every_row() -> None:
    """A row that is added must be written down here as well, and what it is about."""
    assert {name: row.sight.value for name, row in TABLE.items()} == {name: cell[1] for name, cell in CELLS.items()}
    assert set(STEPS) <= set(TABLE)


@pytest.mark.parametrize("action", [name for name, row in TABLE.items() if row.changes])
def test_auditors_change_nothing(action: str) -> None:
    """They are in no row that changes something; everything else of a house or a case is theirs to read."""
    assert Role.AUDITOR not in TABLE[action].roles


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("step", STEPS)
def test_steps_are_decided_by_the_same_table(step: str, role: Role) -> None:
    """The core's own check and the table never differ."""
    actor = Actor(ME, frozenset({role}))
    assert may(step, actor) == (ask(step, actor) is Answer.YES)


def test_roles_add_up() -> None:
    """An auditor who also works here may work; a second role never takes the first one's rights."""
    both = Actor(ME, frozenset({Role.AUDITOR, Role.SUPPORT}))
    for action, row in TABLE.items():
        alone = [Actor(ME, frozenset({role})) for role in both.roles]
        assert (ask(action, both) is Answer.YES) == any(ask(action, one) is Answer.YES for one in alone), row.what


def test_a_demand_says_whom_to_ask() -> None:
    """Actions of the house refuse by the table; the system itself may."""
    with pytest.raises(NotAllowed, match="“Put a policy in force” is for the Security Lead or Leadership"):
        demand("policy.adopt", Actor(ME, frozenset({Role.SUPPORT})))
    demand("policy.adopt", Actor(ME, frozenset({Role.LEADERSHIP})))
    demand("policy.adopt", Actor("system:init"))


def test_only_own_accounts_and_the_door_ask_for_no_role() -> None:
    """A row without roles would be open to everybody."""
    assert {row.sight for row in TABLE.values() if not row.roles} == {Sight.OWN, Sight.DOOR}


def test_what_asks_for_a_fresh_proof_is_written_down_here() -> None:
    """Keys, roles, erasure, the policy in force, tokens: each is for a person who just proved who they are."""
    assert {name for name, row in TABLE.items() if row.fresh} == {
        "policy.adopt", "people.add", "people.roles", "people.switch", "people.reset", "person.erase",
        "ledger.witness", "ledger.rotate", "token.make",
    }  # fmt: skip


@pytest.mark.parametrize("action", [name for name, row in TABLE.items() if row.fresh])
def test_no_token_does_what_asks_for_a_fresh_proof(action: str) -> None:
    """A program cannot prove anew who it is, so no scope is made for it."""
    assert TABLE[action].scope is None
    assert TABLE[action].roles
