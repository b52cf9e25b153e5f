"""The system's own alarms: an event on the desk, and a mail to who answers for security."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from forgeward.desk.actions import cases, write
from forgeward.desk.models import CaseRow, Person
from forgeward.respond.signals import Join, Receive
from forgeward.vocabulary import Actor, Role

ALARM = Actor(id="system:alarm")


def open_alarm(cursor: CursorWrapper, title: str, text: str, signal: str, now: datetime) -> CaseRow:
    """Opens an event about the system itself and tells every active Security Lead. Inside the caller's transaction."""
    command = Receive(title=title, text=text, source="alert", kind="event", reported_at=now, signals=(signal,))
    done = cases.open_in(cursor, command, ALARM, now, number=write.new_number(), reporter="")
    leads = Person.objects.filter(groups__name=Role.LEAD.value, is_active=True)
    for lead in leads:
        key = f"{done.number}:alarm:{lead.pk}"
        content = {
            "to": lead.email,
            "subject": f"{done.number}: {title}"[:200],
            "body": f"{text}\n\nOpen the case {done.number} on the desk.\n",
            "position": 0,
            "seq": 0,
            "by_person": False,
        }
        write.write_letters(
            cursor, done.pk, [write.Letter(f"{key}:0", key, "alarm", f"person:{lead.pk}", content)], now
        )
    return CaseRow.objects.get(pk=done.pk)


def over(rows: Iterable[CaseRow], text: str, now: datetime) -> None:
    """Says on the alarms' open cases that what they are about is over; closing them is for a person."""
    for row in rows:
        if row.closed_at is None:
            with write.inside() as cursor:
                cases.perform_in(cursor, row.number, Join(text=text, source="hand"), ALARM, now)
