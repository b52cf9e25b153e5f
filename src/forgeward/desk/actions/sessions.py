"""Browsers' sessions: noted while they are used, and ended. A session that is ended is over with its next request."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from forgeward.desk.actions import write
from forgeward.desk.models import Person, SessionRow
from forgeward.desk.rows import SESSIONS_ENDED
from forgeward.desk.sessions import SessionStore, digest
from forgeward.errors import NotFound
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change

ADDRESS, AGENT = 45, 300  # signs that are kept


def note(store: SessionStore, address: str, agent: str, now: datetime) -> None:
    """Notes when and from where a session was used, to the minute."""
    address, agent = address[:ADDRESS], "".join(sign for sign in agent if sign.isprintable())[:AGENT]
    if store.session_key and not store.is_noted(address, agent, now):
        row = SessionRow.objects.filter(pk=digest(store.session_key))
        row.update(seen_at=now, address=address, agent=agent)


def end(person: Person, keys: Collection[str] | None, actor: Actor, now: datetime, *, but: str = "") -> int:
    """Ends sessions of ``person``: those that ``keys`` name, or all of them ``but`` one. Returns how many.

    One's own anybody ends, others' the Security Lead. Raises ``NotAllowed``, ``NotFound`` where none is left to end.
    """
    if actor.id != person.actor().id:
        demand("session.all", actor)
    rows = SessionRow.objects.filter(person=person).exclude(pk=but)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    with write.inside() as cursor:
        count, _ = rows.delete()
        if not count:
            raise NotFound("There is no such session any more.", next="Nothing is to be done.")
        change = Change(SESSIONS_ENDED, data={"person": person.pk, "sessions": count})
        write.record(cursor, change, actor.id, now)
    return count


def end_all(person: Person, *, but: str = "") -> None:
    """For an action that shuts somebody out, inside its transaction and under its entry."""
    SessionRow.objects.filter(person=person).exclude(pk=but).delete()
