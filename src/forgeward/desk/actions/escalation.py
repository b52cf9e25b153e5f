"""A case's wake-up: clocks pass marks, somebody on the escalation path is told, the next wake-up is set (O-1).

The worker claims due cases by lease, so that two workers never wake one case twice, and a killed worker's cases are
claimed again when its lease ends. Claiming and waking are two short transactions; a reminder is a change of the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.backends.utils import CursorWrapper

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.actions.cases import columns, perform_in
from forgeward.desk.actions.write import Letter
from forgeward.desk.models import AbsenceRow, Person
from forgeward.desk.models.fields import from_micros, to_micros
from forgeward.desk.rows import decode_case
from forgeward.respond.case import Case
from forgeward.respond.clocks import Reminder, overview, reminders
from forgeward.respond.signals import Escalate
from forgeward.vocabulary import WORKING, Actor, Role

LEASE = timedelta(seconds=60)
WORKER = Actor(id="system:worker")
_FIRST: Mapping[str, tuple[Role, ...]] = {"owner": (), "lead": (Role.LEAD,), "leadership": (Role.LEADERSHIP,)}


def claim(owner: str, now: datetime, limit: int = 100) -> list[str]:
    """Leases cases whose wake-up is due to ``owner`` (a name of this process). Returns their numbers."""
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_caserow SET lease_owner = %s, lease_until = %s WHERE id IN (SELECT id FROM desk_caserow"  # noqa: S608 - the lock clause is a constant
            " WHERE wake_at <= %s AND (lease_until IS NULL OR lease_until < %s) ORDER BY wake_at LIMIT %s"
            f"{lock}) RETURNING number",
            [owner, to_micros(now + LEASE), to_micros(now), to_micros(now), limit],
        )
        return [number for (number,) in cursor.fetchall()]


def wake(number: str, owner: str, now: datetime) -> int:
    """Wakes one claimed case: records reminders, evaluates its clocks, frees the lease. Returns reminders sent."""
    with write.inside() as cursor:
        cursor.execute(
            "SELECT id, reminded_at, state_json FROM desk_caserow WHERE number = %s AND lease_owner = %s",
            [number, owner],
        )
        row = cursor.fetchone()
        if row is None:
            return 0  # the lease ran out and somebody else has it
        pk, reminded, state_json = row
        case = decode_case(bytes(state_json))
        due = reminders(case, programme.policies(), from_micros(reminded), now)
        for reminder in due:
            _remind(cursor, number, pk, case, reminder, now)
        _settle(cursor, number, pk, now)
        return len(due)


def _remind(cursor: CursorWrapper, number: str, pk: int, case: Case, reminder: Reminder, now: datetime) -> None:
    person = _person(case, reminder, now)
    command = Escalate(
        promise=reminder.promise,
        regime=reminder.regime,
        subject=reminder.subject,
        percent=reminder.percent,
        path=reminder.path,
        to=f"person:{person.pk}" if person else "",
    )
    done = perform_in(cursor, number, command, WORKER, now)
    if person:
        key = f"{number}:{done.case.seq}:reminder"
        letter = Letter(f"{key}:0", key, "reminder", f"person:{person.pk}", _content(person, number, reminder))
        write.write_letters(cursor, pk, [letter], now)


def _person(case: Case, reminder: Reminder, now: datetime) -> Person | None:
    """Who is told: the owner, the Lead or Leadership; where there is none, the next role of the policy's path.

    For somebody who is away their stand-in is told; where all are away, the first of them after all. Of a restricted
    case only somebody whom it names, whatever their role. None where nobody is left to tell.
    """
    found = Person.objects.filter(is_active=True).prefetch_related("groups")
    if case.people:
        found = found.filter(pk__in=[_pk(person) for person in case.people])
    there = {person.pk: person for person in found}
    absent = AbsenceRow.objects.filter(begins_at__lte=now, ends_at__gt=now)
    away = dict(absent.values_list("person_id", "stand_in_id"))
    return _first_of_path(case, reminder, there, away) or _first_of_path(case, reminder, there, {})


def _first_of_path(
    case: Case, reminder: Reminder, there: Mapping[int, Person], away: Mapping[int, int | None]
) -> Person | None:
    if reminder.path == "owner" and case.owner and (owner := _asked(_pk(case.owner), there, away)):
        return owner
    path = [*_FIRST[reminder.path], *programme.policies().latest.escalation]
    for roles in (*(frozenset({role}) for role in path), WORKING):
        for person in there.values():
            if person.roles & roles and (asked := _asked(person.pk, there, away)):
                return asked
    return None


def _asked(pk: int, there: Mapping[int, Person], away: Mapping[int, int | None]) -> Person | None:
    """The person, or who stands in for them, or for the stand-in. None where that ends with nobody."""
    wanted: int | None = pk
    passed: set[int] = set()
    while wanted is not None and wanted in away and wanted not in passed:
        passed.add(wanted)
        wanted = away[wanted]
    person = there.get(wanted) if wanted is not None and wanted not in away else None
    return None if person is None or (passed and person.roles.isdisjoint(WORKING)) else person


def _pk(person: str) -> int:
    return int(person.removeprefix("person:"))


def _content(person: Person, number: str, reminder: Reminder) -> dict[str, object]:
    """Number, promise and instant only: a mailbox is no place for an unpublished vulnerability."""
    zone = programme.policies().latest.time.zone
    due = reminder.due.astimezone(ZoneInfo(zone))
    passed = "is over" if reminder.percent >= 100 else f"is used to {reminder.percent} %"
    return {
        "to": person.email,
        "subject": f"{number}: {reminder.promise} is due {due:%a %d %b, %H:%M}",
        "body": (
            f"The time of {reminder.promise} on case {number} {passed}.\n"
            f"Due: {due:%A %d %B %Y, %H:%M} ({zone}).\n\n"
            "Open the case on the desk, and confirm there that you have seen this.\n"
        ),
        "position": 0,
        "seq": 0,
        "by_person": False,
    }


def _settle(cursor: CursorWrapper, number: str, pk: int, now: datetime) -> None:
    """Evaluates the clocks as of ``now``, sets the next wake-up and frees the lease.

    Somebody may have acted on the case since the worker asked the time: then that instant counts.
    """
    stored = write.read_case(cursor, number)
    if stored is None:
        raise AssertionError(f"{number} vanished inside a transaction")
    now = write.require_forward(now, stored.changed_at)
    case, book = decode_case(stored.state_json), programme.policies()
    view = overview(case, book, now)
    write.write_clocks(cursor, pk, view.clocks)
    write.update_case(cursor, stored, columns(case, view))
    cursor.execute(
        "UPDATE desk_caserow SET reminded_at = %s, lease_owner = '', lease_until = NULL WHERE id = %s",
        [to_micros(now), pk],
    )
