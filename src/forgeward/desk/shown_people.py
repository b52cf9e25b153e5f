"""People as shapes, for commands and the API alike."""

from __future__ import annotations

from collections.abc import Iterable

from forgeward.desk import shapes_people as shapes
from forgeward.desk.readers.colleagues import Colleague, Session
from forgeward.vocabulary import rfc3339


def people(found: Iterable[Colleague]) -> shapes.People:
    """Who works here."""
    return shapes.People(people=[_person(each) for each in found])


def _person(found: Colleague) -> shapes.PersonLine:
    return shapes.PersonLine(
        name=found.name,
        email=found.email,
        roles=sorted(found.roles),
        active=found.active,
        id=found.pk,
        second_factor=found.factor,
        absences=[
            shapes.AbsenceShape(each.pk, rfc3339(each.begins_at), rfc3339(each.ends_at), each.stand_in)
            for each in found.absences
        ],
        last_seen=rfc3339(found.seen) if found.seen else None,
        sessions=found.sessions,
    )


def sessions(person: str, found: Iterable[Session]) -> shapes.Sessions:
    """Somebody's open sessions."""
    lines = [
        shapes.SessionShape(each.key, each.device, each.address, rfc3339(each.began_at), rfc3339(each.seen_at))
        for each in found
    ]
    return shapes.Sessions(person=person, sessions=lines)
