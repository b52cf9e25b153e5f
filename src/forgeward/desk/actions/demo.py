"""A small vendor's year, played through the real actions: every entry, clock and notice is what the product made.

Times count back from ``now``; between two deeds the worker's wake-ups run at their own instants, so reminders and
misses are where they would have been. Mail of the past counts as accepted without leaving the machine; from then on
the demo's mail goes to files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from forgeward.desk import programme
from forgeward.desk.actions import cases, escalation, outbox, people, sequence
from forgeward.desk.actions.demo_stories import PEOPLE, STORIES, Deed
from forgeward.desk.models import CaseRow, Person
from forgeward.desk.rows import decode_case
from forgeward.edges.mail_out import Delivery, Outgoing
from forgeward.respond.parse import parse
from forgeward.vocabulary import Actor

FILLER = "system:demo"


class Nowhere:
    """A transport for the past: says yes and sends nothing."""

    def send(self, mail: Outgoing) -> Delivery:
        return Delivery("accepted", 250, f"250 Demo: {mail.to} was not mailed")


@dataclass
class Event:
    """One deed of one story at its instant."""

    at: datetime
    story: int
    deed: Deed


def fill(now: datetime, progress: Callable[[int, int], None]) -> int:
    """Adds the people and plays the stories. Returns the number of cases. The home has no cases before."""
    team = _add_people(now)
    events = sorted(_events(now), key=lambda event: event.at)
    numbers: dict[int, str] = {}
    for done, event in enumerate(events, 1):
        _let_time_pass(event.at)
        _do(event, numbers, team)
        progress(done, len(events))
    _let_time_pass(now)
    sequence.sign_checkpoint(now)
    return len(numbers)


def _add_people(now: datetime) -> dict[str, Actor]:
    lead = Person.objects.filter(groups__name="security_lead").first()
    if lead is None:
        raise AssertionError("a home has a Security Lead from its first moment on")
    team = {"lead": lead.actor()}
    for key, (name, roles) in PEOPLE.items():
        email = f"{name.split()[0].lower()}@lattice-loom.example"
        person = Person.objects.filter(email=email).first() or people.add_person(name, email, roles, team["lead"], now)
        team[key] = person.actor()
    return team


def _events(now: datetime) -> Iterator[Event]:
    """Every deed at its instant, none in the future. Reports arrive in the morning of a working day."""
    for number, story in enumerate(STORIES):
        start = _working_day(now - timedelta(days=story.days_ago), story.hour)
        for deed in story.deeds:
            at = start + timedelta(hours=deed.after)
            if at <= now:
                yield Event(at, number, deed)


def _working_day(instant: datetime, hour: int) -> datetime:
    while instant.weekday() > 4:
        instant -= timedelta(days=1)
    return instant.replace(hour=hour, minute=(instant.day * 7) % 60, second=0, microsecond=0)


def _do(event: Event, numbers: dict[int, str], team: dict[str, Actor]) -> None:
    deed, story = event.deed, STORIES[event.story]
    fields = {name: _filled(value, team, event.at) for name, value in deed.fields.items()}
    if deed.step == "receive":
        command = parse("receive", {**fields, "source": story.source, "title": story.title, "apps": [story.app]})
        numbers[event.story] = cases.open_case(command, Actor(FILLER), event.at).number
    else:
        cases.perform(numbers[event.story], parse(deed.step, fields), team[deed.by], event.at)
    _post(event.at)


def _post(at: datetime) -> None:
    outbox.deliver(programme.home(), lambda: at, transport=Nowhere())


def _filled(value: Any, team: dict[str, Actor], at: datetime) -> Any:
    """``@name`` is a person's id, ``+48`` an instant so many hours later."""
    if isinstance(value, str) and value.startswith("@"):
        return team[value[1:]].id
    if isinstance(value, str) and value.startswith("+"):
        return at + timedelta(hours=float(value[1:]))
    return value


def _let_time_pass(until: datetime) -> None:
    """Wakes cases at the instants at which the worker would have."""
    owner = "demo"
    while True:
        due = CaseRow.objects.filter(wake_at__lte=until).order_by("wake_at").values_list("wake_at", flat=True).first()
        if due is None:
            break
        for number in escalation.claim(owner, due):
            escalation.wake(number, owner, due)
            _confirm_reminders(number, due)
        _post(due)


def _confirm_reminders(number: str, at: datetime) -> None:
    """Whoever was told says so, as people who answer their mail do (O-1)."""
    case = decode_case(bytes(CaseRow.objects.values_list("state_json", flat=True).get(number=number)))
    for told in {e.to for e in case.escalations if e.confirmed_at is None and e.to}:
        person = Person.objects.get(pk=int(told.removeprefix("person:")))
        cases.perform(number, parse("seen", {}), person.actor(), at)
