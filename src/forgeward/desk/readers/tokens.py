"""Whose token is this, and which tokens are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import tokens
from forgeward.desk.models import ApiToken, Person
from forgeward.errors import SignInNeeded
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor

SHOWN = 500


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls, by which token, for what. The rights are the person's as they are now, as far as the scopes go."""

    row: ApiToken
    token: tokens.Token
    person: Person
    actor: Actor
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token in a list. ``state``: works, ended, revoked, or gone (its person was switched off)."""

    ident: str
    name: str
    person: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    state: str


def bearer(text: str, now: datetime) -> Bearer:
    """Whose token this is. Raises ``SignInNeeded``, in the same words whatever is wrong with it."""
    token = tokens.read(text)
    row = None
    if token is not None:
        row = (
            ApiToken.objects.select_related("person")
            .prefetch_related("person__groups")
            .filter(ident=token.ident)
            .first()
        )
        known = token.is_of(row.digest if row else tokens.UNKNOWN)
        row = row if known else None
    if token is None or row is None or _state(row, now) != "works":
        raise SignInNeeded("This token is unknown, has ended or was revoked.")
    return Bearer(row, token, row.person, row.person.actor(), frozenset(row.scopes.split()))


def listing(person: Person, now: datetime, *, everybody: bool = False) -> tuple[TokenLine, ...]:
    """The person's tokens, the newest first; or everybody's. Raises ``NotAllowed``."""
    demand("token.all" if everybody else "token.own", person.actor())
    rows = ApiToken.objects.select_related("person")
    if not everybody:
        rows = rows.filter(person=person)
    return tuple(line(row, now) for row in rows[:SHOWN])


def line(row: ApiToken, now: datetime) -> TokenLine:
    """A row with its person as lists show it."""
    return TokenLine(
        ident=row.ident,
        name=row.name,
        person=row.person.name,
        scopes=tuple(row.scopes.split()),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        state=_state(row, now),
    )


def _state(row: ApiToken, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= now:
        return "ended"
    return "works" if row.person.is_active else "gone"
