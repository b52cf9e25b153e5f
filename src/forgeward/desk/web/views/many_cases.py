"""One step on the cases that were chosen in the list: its form, then what became of each of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from forgeward.desk import programme
from forgeward.desk.actions import bulk
from forgeward.desk.actions.bulk import STEPS, Outcome
from forgeward.desk.models import Person
from forgeward.desk.readers import cases as reader
from forgeward.desk.readers import people, words
from forgeward.desk.readers.cases import CaseLine
from forgeward.desk.web.forms import StepForm, Trouble, beginning, command_from, form_of, sent_values
from forgeward.desk.web.see import lens
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, HomeUnusable
from forgeward.respond.parse import command_type, specs
from forgeward.respond.permissions import may

CASE, KEY = "case", "key"  # names that no field of a step has


@dataclass(frozen=True, slots=True)
class Result:
    """A case and what became of it; ``title`` is empty where the person sees the case no more."""

    outcome: Outcome
    title: str


@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """GET shows the step's form with the cases that it would touch; POST decides each of them by itself."""
    person = cast(Person, request.user)
    given = request.POST if request.method == "POST" else request.GET
    step = given.get("step", "")
    numbers = [number.strip().upper() for number in given.getlist(CASE)][: bulk.MOST + 1]
    chosen = reader.chosen(person, numbers)
    if step not in STEPS or not may(step, person.actor()):
        return errors.refused(
            request, BadInput("That step is for one case.", next="Choose one that the list offers."), 400
        )
    if not chosen:
        return errors.refused(request, BadInput("No case was chosen.", next="Tick some in the list."), 400)
    if request.method != "POST":
        return _form_page(request, chosen, form_of(step, people.team(), beginning(step)), secrets.token_hex(16), 200)
    return _do(request, person, step, numbers)


def _do(request: HttpRequest, person: Person, step: str, numbers: Sequence[str]) -> HttpResponse:
    sent = sent_values(request.POST)
    key = "".join(sent.pop(KEY, []))
    now = programme.home().now()
    try:
        lacks = _empty(step, sent)
        if lacks.by_field:
            return _again(request, numbers, form_of(step, people.team(), sent, lacks), key)
        outcomes = bulk.perform_each(numbers, command_from(step, sent, lens(now).zone), person, key, now)
    except BadInput as problem:
        trouble = Trouble.unreadable(problem, [spec.name for spec in specs(step)])
        return _again(request, numbers, form_of(step, people.team(), sent, trouble), key)
    except HomeUnusable as problem:
        return errors.refused(request, problem, 503)
    titles = {line.number: line.title for line in reader.chosen(person, numbers)}
    results = [Result(outcome, titles.get(outcome.number, "")) for outcome in outcomes]
    shown: dict[str, Any] = {
        "room": "cases",
        "heading": words.step(step),
        "done": [result for result in results if result.outcome.done],
        "refused": [result for result in results if not result.outcome.done],
    }
    return render(request, "cases/many_done.html", shown, status=200)


def _again(request: HttpRequest, numbers: Sequence[str], form: StepForm, key: str) -> HttpResponse:
    """The form once more, with what was typed and what is wrong with it."""
    return _form_page(request, reader.chosen(cast(Person, request.user), numbers), form, key, 422)


def _empty(step: str, sent: Mapping[str, Sequence[str]]) -> Trouble:
    """Fields that every case would ask for are asked for once, here."""
    trouble = Trouble()
    for spec in specs(step):
        if spec.needed and not "".join(sent.get(spec.name, ())).strip():
            trouble.by_field[spec.name] = [spec.sentence]
    return trouble


def _form_page(request: HttpRequest, chosen: Sequence[CaseLine], form: StepForm, key: str, status: int) -> HttpResponse:
    shown: dict[str, Any] = {
        "room": "cases",
        "chosen": chosen,
        "form": form,
        "heading": words.step(form.step),
        "help": command_type(form.step).help,
        "promises": command_type(form.step).promises,
        "key": key,
        "zone": lens(programme.home().now()).place,
    }
    return render(request, "cases/many.html", shown, status=status)
