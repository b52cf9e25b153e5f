"""Who may do what on the whole desk: one table of actions, roles and case visibility (S-2, TC-15, O-4).

    who ─▶ signed in? ─▶ a role that may? ─▶ the case theirs to see? ─▶ YES ─▶ a fresh row: just proved who it is?
           SIGN_IN       NO, says who may    UNSEEN, as if it were not there

The steps of a case come from ``permissions.ROLES``; here stand all other actions beside them. Pages, API and command
line ask this table, docs/reference/permissions.md is printed from it, an address that names no action of it is closed.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping

import msgspec

from forgeward.errors import NotAllowed
from forgeward.respond.parse import STEPS
from forgeward.respond.permissions import EVERYBODY, ROLES, either
from forgeward.vocabulary import Actor, Role

ALL = frozenset(Role)
LEAD = frozenset({Role.LEAD})
FRESH_MINUTES = 10
"""How long a proof of who it is (password, code, passkey) counts as fresh."""
LEADING = frozenset({Role.LEAD, Role.LEADERSHIP})
HOUSE = LEADING | {Role.ENGINEERING, Role.AUDITOR}


class Sight(enum.StrEnum):
    """What an action is about, which decides whom a restricted case keeps out."""

    CASE = "case"  # a case, or something of one: a restricted case is there for the people whom it names
    HOUSE = "house"  # nothing of any case
    OWN = "own"  # the person's own account: no role is needed
    DOOR = "door"  # before anybody signed in


class Answer(enum.StrEnum):
    """What the table says. ``UNSEEN``: as if the case were not there (404)."""

    YES = "yes"
    NO = "no"
    UNSEEN = "unseen"
    SIGN_IN = "sign in"


class Scope(enum.StrEnum):
    """What a token may be made for. A token never does more than its person may."""

    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    MAIL_READ = "mail:read"
    INTAKE_WRITE = "intake:write"
    SCANS_READ = "scans:read"
    SCANS_WRITE = "scans:write"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    LEDGER_READ = "ledger:read"
    LEDGER_WRITE = "ledger:write"
    ADMIN = "admin"


class Row(msgspec.Struct, frozen=True):
    """One action. ``scope`` None: not for tokens. ``blind``: roles that do it on a case which they do not see.

    ``fresh``: pages ask anew who it is where that was proved longer than ``FRESH_MINUTES`` ago. A token proves nothing
    anew, so such a row has no scope (docs/decisions/0018-fresh-proof.md).
    """

    what: str
    roles: frozenset[Role]
    sight: Sight
    scope: Scope | None = None
    changes: bool = False
    blind: frozenset[Role] = frozenset()
    fresh: bool = False


def _step(step: str) -> Row:
    # The lead may change who sees a restricted case, so that it cannot be lost with the people it names.
    blind = LEAD if step == "restrict" else frozenset[Role]()
    return Row(STEPS[step].help, ROLES[step], Sight.CASE, Scope.CASES_WRITE, changes=True, blind=blind)


def _look(what: str, scope: Scope, sight: Sight = Sight.HOUSE, roles: frozenset[Role] = ALL) -> Row:
    return Row(what, roles, sight, scope)


def _deed(what: str, scope: Scope | None, roles: frozenset[Role], sight: Sight = Sight.HOUSE) -> Row:
    return Row(what, roles, sight, scope, changes=True)


def _grave(what: str, roles: frozenset[Role]) -> Row:
    """What changes keys, roles, the policy in force, ways in, or takes away for good."""
    return Row(what, roles, Sight.HOUSE, changes=True, fresh=True)


OPEN = "case.open"
TABLE: Mapping[str, Row] = {
    "case.list": _look("See the lists of cases that one may see, Today, the menu's figures", Scope.CASES_READ),
    "case.show": _look("See a case: clocks, thread, timeline, files", Scope.CASES_READ, Sight.CASE),
    "view.own": Row("Save and remove one's own views of the list of cases", ALL, Sight.HOUSE),
    "view.share": _deed("Share a view of the list of cases", None, EVERYBODY),
    "view.remove": _deed("Remove a view that somebody else shared", None, LEAD),
    OPEN: _deed("Open a case by hand", Scope.CASES_WRITE, ROLES["receive"]),
    **{step: _step(step) for step in STEPS},
    "notice.show": _look("See outgoing mail and its fate", Scope.CASES_READ, Sight.CASE),
    "mail.show": _look("See incoming mail, held ones too, and take it away as received", Scope.MAIL_READ, Sight.CASE),
    "mail.take": _deed("Take raw mail, a form or a ticket in", Scope.INTAKE_WRITE, EVERYBODY),
    "mail.join": _deed("Let a held mail join a case", Scope.INTAKE_WRITE, ROLES["join"], Sight.CASE),
    "mail.open": _deed("Open a case from a held mail", Scope.INTAKE_WRITE, ROLES["receive"], Sight.CASE),
    "mail.discard": _deed("Discard a held mail, with a reason", Scope.INTAKE_WRITE, ROLES["reject"], Sight.CASE),
    "scan.show": _look("See what scanners found in the apps", Scope.SCANS_READ, roles=HOUSE),
    "scan.take": _deed("Hand the results of a scan in", Scope.SCANS_WRITE, LEAD | {Role.ENGINEERING}),
    "policy.show": _look("Read the policy, check and compare documents", Scope.POLICY_READ),
    "policy.standing": _look("See how each promise stands, with the evidence", Scope.POLICY_READ),
    "policy.propose": _deed("Propose a policy", Scope.POLICY_WRITE, EVERYBODY),
    "policy.adopt": _grave("Put a policy in force", LEADING),
    "people.list": _look("See who works here, with their roles", Scope.PEOPLE_READ),
    "people.add": _grave("Add somebody, and let them in", LEADING),
    "people.roles": _grave("Change somebody's roles", LEAD),
    "people.switch": _grave("Switch somebody off, or on again", LEAD),
    "people.reset": _grave("Let somebody in anew who lost the second factor", LEAD),
    "session.all": _deed("See and end everybody's sessions", Scope.ADMIN, LEAD),
    "absence.own": _deed("Enter and end one's own absence, with a stand-in", Scope.PEOPLE_WRITE, EVERYBODY),
    "absence.all": _deed("Enter and end everybody's absence", Scope.PEOPLE_WRITE, LEADING),
    "person.erase": _grave("Erase a person, or see what that would take away", LEAD),
    "person.export": _look("Give a person what is kept about them", Scope.ADMIN, roles=LEAD | {Role.SUPPORT}),
    "ledger.show": _look("Read the ledger's key, its witnesses and its last checkpoint", Scope.LEDGER_READ),
    "ledger.pack": _look("Make a pack or a proof of a case", Scope.LEDGER_READ, Sight.CASE),
    "ledger.sign": _deed("Number what waits, sign a checkpoint, take co-signatures", Scope.LEDGER_WRITE, EVERYBODY),
    "ledger.witness": _grave("Enter a witness", LEAD),
    "ledger.rotate": _grave("Change the ledger's key", LEAD),
    "house.doctor": _look("See what is set up and what is not", Scope.ADMIN, roles=HOUSE),
    "house.backup": _deed("Back up the home", None, LEAD | {Role.ENGINEERING}),
    "house.audit": _look("Replay history against the tables", Scope.ADMIN, roles=LEADING | {Role.AUDITOR}),
    "token.own": Row("See and revoke one's own tokens", ALL, Sight.HOUSE),
    "token.make": Row("Make a token for oneself", ALL, Sight.HOUSE, fresh=True),
    "token.all": _deed("See and revoke everybody's tokens", None, LEAD),
    "webhook.manage": _deed("See, enter, try and take away webhooks, and their log", Scope.ADMIN, LEAD),
    "chat.test": _deed("See the chats of the team, and try one", None, LEAD),
    "account": Row("One's own account: password, second factor, sessions, sign-out", frozenset(), Sight.OWN),
    "door": Row("Sign in; read what the API is", frozenset(), Sight.DOOR),
}  # fmt: skip
"""Every action by its name: the name of a step, or ``room.deed``. Auditors are in no row that changes something."""


def ask(action: str, actor: Actor | None, people: Collection[str] | None = None) -> Answer:
    """May this be done? ``people`` are the ids that a restricted case names; None: an open case, or none at all.

    ``actor`` None is somebody who did not sign in. Raises ``KeyError`` for an action that the table does not know.
    """
    row = TABLE[action]
    if row.sight is Sight.DOOR:
        return Answer.YES
    if actor is None or not actor.is_person:
        return Answer.SIGN_IN
    if row.sight is Sight.OWN:
        return Answer.YES
    if row.sight is Sight.CASE and not _sees(actor, people) and actor.roles.isdisjoint(row.blind):
        return Answer.UNSEEN
    return Answer.NO if actor.roles.isdisjoint(row.roles) else Answer.YES


def _sees(actor: Actor, people: Collection[str] | None) -> bool:
    """Nobody without a role sees any case; a restricted one is seen by the people it names."""
    return bool(actor.roles) and (people is None or actor.id in people)


def demand(action: str, actor: Actor) -> None:
    """For actions of the house. Raises ``NotAllowed`` with whom to ask; the system itself may do them."""
    if actor.is_person and actor.roles.isdisjoint(TABLE[action].roles):
        raise refusal(action)


def refusal(action: str) -> NotAllowed:
    """“… is for the Security Lead or Leadership.”"""
    row = TABLE[action]
    return NotAllowed(f"“{row.what}” is for {either(row.roles)}.", next="Ask them.")
