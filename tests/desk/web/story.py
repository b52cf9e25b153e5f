"""Cases for the desk's tests, told by the steps that made them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from forgeward.desk.actions import cases
from forgeward.desk.models import NoticeRow, Person
from forgeward.respond.parse import parse
from forgeward.respond.signals import Accepted
from forgeward.vocabulary import Actor
from tests.desk.web.house import NOW

OUTBOX = Actor("system:outbox")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}\"'>"
ASSESSMENT = {
    "scope": "Note bodies in export",
    "impact": "Reading across page limits, one site at a time",
    "affected": "Field Notes 3.4.0 to 3.9.2, 412 sites",
    "exploitability": "By any signed-in user",
    "vector": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:N/A:N",
}
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"


def opened(person: Person, at: datetime = NOW, **values: Any) -> str:
    """A case opened by hand; returns its number."""
    filled = {
        "title": "Export reads any note by its id",
        "text": "The export resolver reads notes as the app.",
    } | values
    return cases.open_case(parse("receive", filled), person.actor(), at).number


def reported(person: Person, at: datetime = NOW, **values: Any) -> str:
    """A report from outside, entered by hand."""
    who = {"reporter_name": "Noor Haddad", "reporter_address": "noor@example.net"}
    return opened(person, at, **(who | values))


def step(number: str, name: str, person: Person, at: datetime = NOW, **values: Any) -> cases.Performed:
    """One step of a person."""
    return cases.perform(number, parse(name, values), person.actor(), at)


def accepted(number: str, done: cases.Performed, at: datetime) -> None:
    """The mail server takes the newest message of the case."""
    seq = done.case.notices[-1].seq
    cases.perform(number, Accepted(notice=seq, word="250 ok"), OUTBOX, at)
    NoticeRow.objects.filter(notice=f"{number}:{seq}").update(state="accepted", try_at=None, settled_at=at)


def fixing(house: Any, at: datetime = NOW - timedelta(days=5)) -> str:
    """A High vulnerability, reported, acknowledged, assessed, confirmed, contained; the fix is to be written."""
    number = reported(house.hannah, at)
    hour = timedelta(hours=1)
    answer = step(number, "acknowledge", house.hannah, at + hour, text="Thank you. You hear from us by Thursday.")
    accepted(number, answer, at + 2 * hour)
    step(number, "note", house.tomasz, at + 3 * hour, text="Reproduced on 3.9.2 in two minutes.")
    step(number, "assess", house.tomasz, at + 4 * hour, **ASSESSMENT)
    step(
        number,
        "confirm",
        house.tomasz,
        at + 5 * hour,
        environment="site dev-42, made for this",
        reproduction="Call export with another page's note id.",
        versions="3.4.0 to 3.9.2",
    )
    step(number, "contain", house.tomasz, at + 6 * hour, how="switch_off", detail="Flag export-notes is off.")
    step(number, "handover", house.ines, at + 7 * hour, owner=f"person:{house.tomasz.pk}")
    return number


def incident(house: Any, at: datetime = NOW - timedelta(hours=5)) -> str:
    """A Critical incident, declared and judged material; customers are to be told."""
    number = opened(house.hannah, at, title="Digest was sent to the wrong site")
    step(number, "assess", house.tomasz, at, **(ASSESSMENT | {"vector": CRITICAL}))
    step(number, "convert", house.tomasz, at, to="incident", reason="Two customers saw the titles of others.")
    step(number, "material", house.dele, at, decision="yes", reason="Customers' data was shown to others.")
    return number
