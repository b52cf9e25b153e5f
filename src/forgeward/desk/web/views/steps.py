"""Every step of a case as a form: what it asks for and by which promise; what is refused comes back with all that was
typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from forgeward.desk import programme
from forgeward.desk.actions import cases as actions
from forgeward.desk.models import Person
from forgeward.desk.readers import people, words
from forgeward.desk.readers.sight import visible_to
from forgeward.desk.readers.texts import titles
from forgeward.desk.web import calculator
from forgeward.desk.web.calculator import Calculator
from forgeward.desk.web.forms import StepForm, Trouble, beginning, command_from, form_of, sent_values
from forgeward.desk.web.see import lens
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, Conflict, HomeUnusable, NotAllowed, NotFound, StepRefused
from forgeward.respond.parse import STEPS, command_type, specs
from forgeward.respond.permissions import ROLES, may
from forgeward.vocabulary import Role

# Heading, first sentence, button.
CASE = (
    "New case",
    "For what came by telephone, in a ticket or in person. A report by mail becomes a case by itself.",
    "Open the case",
)
EVENT = (
    "Record an event",
    "An event is an observation that may point to a security issue. It becomes a vulnerability or an incident by a"
    " recorded decision (IR-1).",
    "Record it",
)
CALCULATES = "assess"
WAITS = "It takes effect when a second person agrees."


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A case opened by hand; ``?kind=event`` records an event, with the same form."""
    person = cast(Person, request.user)
    if request.method != "POST":
        return _new_page(request, form_of("receive", people.team(), beginning("receive", request.GET)), 200)
    sent = sent_values(request.POST)
    try:
        now = programme.home().now()
        done = actions.open_case(command_from("receive", sent, lens(now).zone), person.actor(), now)
    except (StepRefused, BadInput) as problem:
        return _new_page(request, _again("receive", sent, problem), 422)
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    except HomeUnusable as problem:
        return errors.refused(request, problem, 503)
    messages.success(request, f"{done.number} is open.")
    return HttpResponseRedirect(reverse("case", args=[done.number]))


def _new_page(request: HttpRequest, form: StepForm, status: int) -> HttpResponse:
    event = request.GET.get("kind") == "event"
    heading, lede, button = EVENT if event else CASE
    zone = lens(programme.home().now()).place
    words_ = {"room": "cases", "form": form, "heading": heading, "lede": lede, "button": button, "zone": zone}
    words_ |= {"event": event}
    return render(request, "cases/new.html", words_, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """One step of one case. GET asks, POST does it; refused: 422, nothing was changed, everything typed is there."""
    person = cast(Person, request.user)
    if step not in STEPS:
        raise Http404
    title = _title(person, number, step)
    if request.method != "POST":
        return _step_page(request, number, title, form_of(step, people.team(), beginning(step, request.GET)), 200)
    sent = sent_values(request.POST)
    try:
        now = programme.home().now()
        done = actions.perform(number, command_from(step, sent, lens(now).zone), person.actor(), now)
    except (StepRefused, BadInput) as problem:
        return _step_page(request, number, title, _again(step, sent, problem), 422)
    except (Conflict, NotFound) as problem:  # NotFound: an action or a letter that is not there, or was erased
        trouble = Trouble(problems=[f"{problem} {problem.next}"])
        return _step_page(request, number, title, form_of(step, people.team(), sent, trouble), 409)
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    except HomeUnusable as problem:
        return errors.refused(request, problem, 503)
    waits = f" {WAITS}" if done.waits_for else ""
    messages.success(request, f"Recorded: {words.step(step)[:1].lower()}{words.step(step)[1:]}.{waits}")
    visible = visible_to(person).filter(number=number).exists()  # who restricts a case may have left the list
    return HttpResponseRedirect(reverse("case", args=[number]) if visible else reverse("cases"))


@require_POST
def calculate(request: HttpRequest, number: str) -> HttpResponse:
    """The CVSS calculator in the form of an assessment: from metrics to a vector or back. Records nothing."""
    person = cast(Person, request.user)
    title = _title(person, number, CALCULATES)
    policy = programme.policies().at(programme.home().now())
    found, values = calculator.calculate(sent_values(request.POST), policy)
    form = form_of(CALCULATES, people.team(), values)
    if "HX-Request" in request.headers:
        return render(request, "parts/cvss.html", {"number": number, "form": form, "calculator": found})
    return _step_page(request, number, title, form, 200, found)


def _title(person: Person, number: str, step: str) -> str:
    """The case's title. 404 for a case that the person may not see.

    The Security Lead may change who sees a restricted case without seeing it (``respond.permissions``).
    """
    row = visible_to(person).filter(number=number).values_list("pk", "number", "title_seq").first()
    if row is not None:
        return titles([row])[row[0]]
    if step == "restrict" and Role.LEAD in person.roles:
        return "A restricted case"
    raise Http404


def _again(step: str, sent: Mapping[str, Sequence[str]], problem: StepRefused | BadInput) -> StepForm:
    known = [spec.name for spec in specs(step)]
    if isinstance(problem, StepRefused):
        trouble = Trouble.missing(problem.missing, known)
        if not problem.missing:
            trouble.problems.append(f"{problem} {problem.next}".strip())
    else:
        trouble = Trouble.unreadable(problem, known)
    return form_of(step, people.team(), sent, trouble)


def _step_page(
    request: HttpRequest, number: str, title: str, form: StepForm, status: int, found: Calculator | None = None
) -> HttpResponse:
    kind = command_type(form.step)
    person = cast(Person, request.user)
    shown: dict[str, Any] = {
        "room": "cases",
        "number": number,
        "title": title,
        "form": form,
        "heading": words.step(form.step),
        "help": kind.help,
        "promises": kind.promises,
        "zone": lens(programme.home().now()).place,
        "allowed": may(form.step, person.actor()),
        "who": _who(form.step),
        "calculator": found or _calculator(form),
    }
    return render(request, "cases/step.html", shown, status=status)


def _calculator(form: StepForm) -> Calculator | None:
    """The calculator where the severity is assessed, filled from the vector that the form holds."""
    if form.step != CALCULATES:
        return None
    values = {field.name: [field.value] for field in form.fields}
    return calculator.shown(values, programme.policies().at(programme.home().now()))


def _who(step: str) -> str:
    held = [words.ROLES[role] for role in Role if role in ROLES.get(step, frozenset())]
    return " or ".join(filter(None, (", ".join(held[:-1]), held[-1]))) if held else ""
