"""Who is away, from which day to which, and who stands in: reminders then go to the stand-in (O-1).

The days are the policy's: an absence begins and ends at midnight of its zone. History says that somebody is away; the
days and the stand-in are sealed under that person's own key.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.models import AbsenceRow, Person
from forgeward.desk.rows import PERSON_AWAY, PERSON_BACK, absence_words
from forgeward.errors import BadInput, NotFound
from forgeward.respond.access import demand
from forgeward.vocabulary import WORKING, Actor, Change, Sealed

LONGEST = timedelta(days=366)


def enter(person: Person, first: date, last: date, stand_in: Person | None, actor: Actor, now: datetime) -> AbsenceRow:
    """``person`` is away from the first to the last day, both included.

    Raises ``NotAllowed``: one's own is entered by oneself, anybody's by Security Lead and Leadership. ``BadInput`` for
    days that are over or overlap another absence, and for a stand-in who cannot be asked.
    """
    _require_own(person, actor)
    begins, ends = _span(first, last, now)
    if stand_in is not None and (
        stand_in.pk == person.pk or not stand_in.is_active or stand_in.roles.isdisjoint(WORKING)
    ):
        raise BadInput(f"{stand_in.name} cannot stand in.", next="Name a colleague who works here and acts on cases.")
    with write.inside() as cursor:
        list(Person.objects.select_for_update().filter(pk=person.pk))  # of two that overlap, the second is refused
        if AbsenceRow.objects.filter(person=person, begins_at__lt=ends, ends_at__gt=begins).exists():
            raise BadInput(f"{person.name} is away on some of these days already.", next="End that absence first.")
        row = AbsenceRow.objects.create(person=person, begins_at=begins, ends_at=ends, stand_in=stand_in)
        words = absence_words(person.pk, begins, ends, row.stand_in_id)
        change = Change(
            PERSON_AWAY,
            data={"person": person.pk, "absence": row.pk},
            sealed={"absence": Sealed(words, person.actor().id)},
        )
        write.record(cursor, change, actor.id, now)
    return row


def _span(first: date, last: date, now: datetime) -> tuple[datetime, datetime]:
    zone = ZoneInfo(programme.policies().at(now).time.zone)
    if last < first or last - first > LONGEST:
        raise BadInput("An absence ends after it begins, and within a year.", next="Name the first and the last day.")
    begins, ends = (datetime.combine(day, time.min, zone) for day in (first, last + timedelta(days=1)))
    if ends <= now:
        raise BadInput("These days are over.", next="Name days that are to come.")
    return begins, ends


def end(row: AbsenceRow, actor: Actor, now: datetime) -> None:
    """Takes an absence back, also in the middle of it. Raises ``NotAllowed``, ``NotFound`` where it is gone already."""
    _require_own(row.person, actor)
    with write.inside() as cursor:
        gone, _ = AbsenceRow.objects.filter(pk=row.pk).delete()
        if not gone:
            raise NotFound("This absence has ended already.", next="Nothing is to be done.")
        change = Change(PERSON_BACK, data={"person": row.person_id, "absence": row.pk})
        write.record(cursor, change, actor.id, now)


def _require_own(person: Person, actor: Actor) -> None:
    demand("absence.own" if actor.id == person.actor().id else "absence.all", actor)
