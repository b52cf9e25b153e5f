"""One case, and one entry of its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from forgeward.desk import programme
from forgeward.desk.models import Person
from forgeward.desk.readers import words
from forgeward.desk.readers.case_page import CasePage, FactGroup, Message, TimelineItem, case_page
from forgeward.desk.readers.clocks import folded
from forgeward.desk.readers.notices import Fate
from forgeward.desk.web import pictures
from forgeward.desk.web.see import clock_line, lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views.notices import STATES as MAIL_STATES
from forgeward.edges.letters import templates
from forgeward.errors import ForgewardError, Lack, NotFound
from forgeward.policy.clock import ClockState
from forgeward.respond.fields import FieldSpec
from forgeward.respond.letters import by_hand
from forgeward.respond.parse import specs
from forgeward.respond.permissions import may
from forgeward.respond.steps import NextStep
from forgeward.vocabulary import Role

MOST_MESSAGES = 20
MOST_CHANGES = 60
MOST_DIGITS = 10
REMINDERS = frozenset({"case:escalated", "case:escalation_seen"})
LONG_TEXT = 6_000  # characters of a message that stand on the case's page; its entry shows it whole
SHORT_TEXT = 300  # of an older one, once the newer ones have used up the page
THREAD_BYTES = 45_000  # of HTML for all messages together, so that no page grows beyond 150 KB
LONG_FACT = 400
# Steps that are possible at any time and no answer to “what is next”: they stand under “More”.
ANY_TIME = (
    "note",
    "handover",
    "pause",
    "disclosure",
    "extend",
    "act",
    "told",
    "regime",
    "restrict",
    "merge",
    "reject",
)
WHEN_CLOSED = ("reopen", "note")


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that the next step lacks: its name, and what it asks for."""

    title: str
    help: str
    promise: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The next step: what is there, what is missing, who may do it."""

    step: str
    title: str
    have: tuple[tuple[str, str], ...]
    lacks: tuple[Missing, ...]
    allowed: bool
    who: str
    second_person: bool
    agree: str = ""


@dataclass(frozen=True, slots=True)
class OtherStep:
    """A further step that makes sense now."""

    step: str
    title: str
    lacks: int


@dataclass(frozen=True, slots=True)
class Day:
    """The changes of one day, the newest first."""

    heading: str
    items: tuple[tuple[TimelineItem, str], ...]


@dataclass(frozen=True, slots=True)
class FateLine:
    """“Accepted, Tue 22 Sep, 10:34”, or “12 accepted”; ``said`` are the mail server's words, and the next try."""

    words: str
    mark: str
    css: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the thread as the page shows it; ``cut`` says how many characters are left out."""

    message: Message
    at: str
    text: str
    cut: int
    fate: tuple[FateLine, ...]


@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    person = cast(Person, request.user)
    now = programme.home().now()
    page = _found(number, person)
    view = lens(now)
    lines = [clock_line(clock, view) for clock in folded(page.clocks) if clock.state is not ClockState.NOT_APPLICABLE]
    gate, others = _steps(page, person)
    changes, earlier, left_out = _history(page, request.GET)
    answer = _answer(page, person)
    shown: dict[str, Any] = {
        "room": "cases",
        "page": page,
        "state": words.STATES[page.state],
        "kind": words.KINDS[page.kind],
        "resolution": words.choice(page.resolution) if page.resolution else "",
        "stages": [(stage, view.at(stage.at) if stage.at else "") for stage in page.stages],
        "axis": pictures.axis(lines, view),
        "zone": view.zone_words,
        "gate": gate,
        "others": others,
        "more": tuple(_more(page, person)),
        "waiting": _waiting(page),
        "letters": _letters(page.thread, view),
        "earlier_letters": max(0, len(page.thread) - MOST_MESSAGES),
        "answer": answer,
        "may_note": may("note", person.actor()),
        "may_resend": may("resend", person.actor()),
        "templates": _beginnings() if answer else (),
        "days": tuple(_days(changes, view)),
        "earlier_changes": earlier,
        "reminders": left_out,
        "facts": [_fact(group, view) for group in page.facts],
        "actions": [(action, view.at(action.due)) for action in page.actions],
        "opened": view.at(page.opened_at),
        "assessed": view.at(page.severity.at) if page.severity.at else "",
        "vector": page.severity.vector.split("/"),
    }
    return render(request, "cases/case.html", shown)


def _waiting(page: CasePage) -> list[tuple[str, str]]:
    """What waits for a second person, and where to look at it: a letter as it leaves, else the step."""
    letters = {
        words.step(m.waits): reverse("waiting_letter", args=[page.number, m.seq]) for m in page.thread if m.waits
    }
    agree = reverse("step", args=[page.number, "approve"])
    return [(said, letters.get(said.partition(":")[0], agree)) for said in page.waiting]


def _found(number: str, person: Person) -> CasePage:
    try:
        return case_page(number.upper(), person, programme.home().now())
    except NotFound as problem:
        raise Http404 from problem


def _steps(page: CasePage, person: Person) -> tuple[Gate | None, tuple[OtherStep, ...]]:
    """The most pressing step as a gate, the further ones that this person may do as links."""
    if not page.next:
        return None, ()
    first, rest = page.next[0], page.next[1:]
    mine = [step for step in rest if may(step.step, person.actor())]
    return _gate(first, page, person), tuple(OtherStep(s.step, words.step(s.step), len(s.missing)) for s in mine)


def _more(page: CasePage, person: Person) -> Iterator[tuple[str, str]]:
    """The steps that this person may take at any time, as far as they do not stand under “Next” already."""
    shown = {step.step for step in page.next}
    for step in WHEN_CLOSED if page.closed_at else ANY_TIME:
        if step not in shown and may(step, person.actor()):
            yield step, words.step(step)


def _gate(step: NextStep, page: CasePage, person: Person) -> Gate:
    second = any(lack.name == "second_person" for lack in step.missing)
    fields = {spec.name: spec for spec in specs(step.step)}
    return Gate(
        step=step.step,
        title=words.step(step.step),
        have=tuple((group.title, group.promise) for group in page.facts) if step.missing else (),
        lacks=tuple(_missing(lack, fields) for lack in step.missing),
        allowed=may("approve" if second else step.step, person.actor()),
        who=" or ".join(words.ROLES[role] for role in Role if role in step.roles),
        second_person=second,
        agree=_agree(step.step, page) if second else "",
    )


def _agree(step: str, page: CasePage) -> str:
    """Where the second person agrees: beside the letter as it leaves, or at the step's own form."""
    letter = next((message.seq for message in page.thread if message.waits == step), None)
    if letter is not None:
        return reverse("waiting_letter", args=[page.number, letter])
    return f"{reverse('step', args=[page.number, 'approve'])}?step={step}"


def _missing(lack: Lack, fields: Mapping[str, FieldSpec]) -> Missing:
    """A lack that is a field of the step goes by the field's label; any other by its own words."""
    spec = fields.get(lack.name)
    if spec is None:
        return Missing(words.capital(lack.name.replace("_", " ")), lack.sentence, lack.promise)
    told = lack.sentence.removeprefix(f"{spec.title}: ")
    return Missing(spec.title, words.capital(told), lack.promise)


def _answer(page: CasePage, person: Person) -> str:
    """Which step an answer to the reporter is: the first one acknowledges. Empty where nobody can be answered."""
    if not page.reporter or page.closed_at:
        return ""
    acknowledged = any(stage.name == "Acknowledged" and stage.at for stage in page.stages)
    written = any(item.kind == "case:acknowledgement" for item in page.timeline)
    step = "reply" if acknowledged or written else "acknowledge"
    return step if may(step, person.actor()) else ""


def _beginnings() -> tuple[tuple[str, str], ...]:
    """The templates that a letter may begin with, by name; none where the home's own file does not read."""
    try:
        found = by_hand(templates(programme.home()))
    except ForgewardError:
        return ()
    return tuple({each.name: (each.name, each.title) for each in reversed(found)}.values())[::-1]


def _letters(thread: Sequence[Message], view: Lens) -> tuple[Letter, ...]:
    """The newest messages, whole as far as the page has room, the older ones shortened."""
    found: list[Letter] = []
    left = THREAD_BYTES
    for message in reversed(thread[-MOST_MESSAGES:]):
        text = message.text[:LONG_TEXT]
        if len(escape(text)) > left:
            text = message.text[:SHORT_TEXT]
        left -= len(escape(text))
        fate = tuple(_fate(one, view) for one in message.fate)
        found.append(Letter(message, view.at(message.at), text, len(message.text) - len(text), fate))
    return tuple(reversed(found))


def _fate(fate: Fate, view: Lens) -> FateLine:
    word, shape, css = MAIL_STATES[fate.state]
    said = word if fate.count == 1 else f"{fate.count} {word[0].lower()}{word[1:]}"
    if fate.again:
        said = f"Sent again: {said[0].lower()}{said[1:]}"
    told = fate.words
    if fate.try_at and fate.attempts:
        told = f"{told} Next try {view.at(fate.try_at)}.".strip()
    return FateLine(said + (f", {view.at(fate.at)}" if fate.at else ""), shape, css, told)


def _history(page: CasePage, asked: QueryDict) -> tuple[Sequence[TimelineItem], str, int]:
    """The newest changes, a link's query for earlier ones, and how many reminders are left out.

    Reminders stand in the history like everything else; here they are shown when asked for (``?history=all``).
    """
    whole = asked.get("history") == "all"
    before = asked.get("before", "")
    end = int(before) if before.isdecimal() and len(before) < MOST_DIGITS else page.timeline[-1].seq + 1
    items = [item for item in page.timeline if item.seq < end and (whole or item.kind not in REMINDERS)]
    earlier = {"before": str(items[-MOST_CHANGES].seq)} if len(items) > MOST_CHANGES else {}
    if earlier and whole:
        earlier |= {"history": "all"}
    left_out = 0 if whole else sum(item.kind in REMINDERS for item in page.timeline)
    return items[-MOST_CHANGES:], urlencode(earlier), left_out


def _days(items: Sequence[TimelineItem], view: Lens) -> Iterator[Day]:
    newest = reversed(items)
    for heading, group in groupby(newest, key=lambda item: view.heading(item.at)):
        yield Day(heading, tuple((item, view.clock(item.at)) for item in group))


@dataclass(frozen=True, slots=True)
class Fact:
    """What a step recorded, shortened for the margin."""

    group: FactGroup
    at: str
    rows: tuple[tuple[str, str], ...]


def _fact(group: FactGroup, view: Lens) -> Fact:
    rows = tuple((label, text if len(text) <= LONG_FACT else text[:LONG_FACT] + " …") for label, text in group.rows)
    return Fact(group, view.at(group.at), rows)


@require_safe
def entry(request: HttpRequest, number: str, seq: int) -> HttpResponse:
    """One change of a case with everything that was written with it, and its place in the ledger."""
    page = _found(number, cast(Person, request.user))
    view = lens(programme.home().now())
    item = next((item for item in page.timeline if item.seq == seq), None)
    if item is None:
        raise Http404
    shown = {"room": "cases", "page": page, "item": item, "at": view.at(item.at), "zone": view.zone_words}
    return render(request, "cases/entry.html", shown)
