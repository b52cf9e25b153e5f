"""The people of the house: who is here, who is away, whose sessions are open.

What changes roles or ways in asks for a fresh proof of who it is, which no token gives: that is for the desk.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router

from forgeward.desk import programme, shown_people
from forgeward.desk import shapes_people as shapes
from forgeward.desk.actions import absences, sessions
from forgeward.desk.api import bodies, calls, describe, gate
from forgeward.desk.api.calls import call
from forgeward.desk.api.cases import Key
from forgeward.desk.models import Person
from forgeward.desk.readers import colleagues as reader
from forgeward.errors import NotFound

router = Router(tags=["people"])


class Ending(msgspec.Struct, forbid_unknown_fields=True):
    """``session``: only this one, by its id; else all of them."""

    session: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Away(msgspec.Struct, forbid_unknown_fields=True):
    """``first`` and ``last`` are days, both included. ``stand_in``: a person's id."""

    first: date
    last: date
    stand_in: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


class Back(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing has to be said."""


FORMS: list[type[msgspec.Struct]] = [Ending, Away, Back]


@call(router.get, "/people", "people", shapes.People)
def list_people(request: HttpRequest) -> HttpResponse:
    """Who works here, in the order of the escalation path."""
    return calls.json(shown_people.people(reader.colleagues(gate.person(request), programme.home().now())))


@call(router.get, "/people/{key}/sessions", "sessions", shapes.Sessions)
def list_sessions(request: HttpRequest, key: Key) -> HttpResponse:
    """The sessions that somebody has open."""
    person = _person(key)
    return calls.json(shown_people.sessions(person.name, reader.sessions(gate.person(request), person.pk)))


@call(router.post, "/people/{key}/sessions/end", "end_sessions", shapes.SessionsEnded, body=describe.ref(Ending))
def end_sessions(request: HttpRequest, key: Key) -> HttpResponse:
    """End somebody's sessions, or one of them."""
    person, wanted = _person(key), bodies.read(request, Ending).session
    count = sessions.end(person, [wanted] if wanted else None, gate.bearer(request).actor, programme.home().now())
    return calls.json(shapes.SessionsEnded(person=person.name, ended=count))


@call(router.post, "/people/{key}/absences", "enter_absence", shapes.People, status=201, once=True,
      body=describe.ref(Away))  # fmt: skip
def enter_absence(request: HttpRequest, key: Key) -> HttpResponse:
    """Enter an absence: one's own, or anybody's by Security Lead and Leadership."""

    def work() -> HttpResponse:
        person, sent, now = _person(key), bodies.read(request, Away), programme.home().now()
        stand_in = _person(sent.stand_in) if sent.stand_in else None
        absences.enter(person, sent.first, sent.last, stand_in, gate.bearer(request).actor, now)
        return calls.json(shown_people.people([reader.colleague(gate.person(request), person.pk, now)]), 201)

    return calls.done_once(request, work)


@call(router.post, "/absences/{key}/end", "end_absence", shapes.People, body=describe.ref(Back))
def end_absence(request: HttpRequest, key: Key) -> HttpResponse:
    """Take an absence back, also in the middle of it."""
    bodies.read(request, Back)
    row, now = reader.absence(key), programme.home().now()
    absences.end(row, gate.bearer(request).actor, now)
    return calls.json(shown_people.people([reader.colleague(gate.person(request), row.person_id, now)]))


def _person(key: int) -> Person:
    found = Person.objects.prefetch_related("groups").filter(pk=key).first()
    if found is None:
        raise NotFound("Nobody here has this number.", next="See `forgeward people list`.")
    return found
