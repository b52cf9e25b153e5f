"""What a decision needs beside the case."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forgeward.policy.book import PolicyBook
from forgeward.policy.model import Policy
from forgeward.respond import letters
from forgeward.respond.letters import Template
from forgeward.vocabulary import WORKING, Actor, Role


class Member(msgspec.Struct, frozen=True):
    """Somebody of the team. Auditors are listed too, but are no second person."""

    id: str
    roles: frozenset[Role] = frozenset()
    active: bool = True

    @property
    def works(self) -> bool:
        """Whether this person counts for four eyes: active, with a role that acts."""
        return self.active and not self.roles.isdisjoint(WORKING)


class Context(msgspec.Struct, frozen=True):
    """Who acts, who is there, which policies, what time it is (UTC).

    ``customer_sites`` are host names of customers' sites, where no reproduction may happen (VM-3). ``had_first`` are,
    where a first notice is asked for, the addresses (case-folded) that one has gone out or is on its way to (IR-11).
    ``templates`` hold the automatic receipt in each of its languages.
    """

    actor: Actor
    team: tuple[Member, ...]
    policies: PolicyBook
    now: datetime
    customer_sites: frozenset[str] = frozenset()
    had_first: frozenset[str] = frozenset()
    templates: tuple[Template, ...] = msgspec.field(default_factory=letters.built_in)

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policies.at(self.now)

    @property
    def persons(self) -> frozenset[str]:
        """The ids of all who count for four eyes, the actor among them."""
        found = {member.id for member in self.team if member.works}
        if self.actor.is_person:
            found.add(self.actor.id)
        return frozenset(found)

    @property
    def alone(self) -> bool:
        """Whether the team is too small for four eyes."""
        return len(self.persons) < 2
