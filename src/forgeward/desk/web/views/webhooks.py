"""Webhooks: whom we tell, what they took, new secrets. For the Security Lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import webhooks as actions
from forgeward.desk.models import Person
from forgeward.desk.readers import webhooks as reader
from forgeward.desk.readers.webhooks import DeliveryLine, WebhookLine
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views import errors
from forgeward.errors import AnswerIsNo, BadInput, NotFound
from forgeward.respond.webhooks import EVENTS, TEST

STATES: Final = {
    "waiting": ("Waits", "run", "is-run"),
    "delivered": ("Taken", "kept", "is-kept"),
    "given_up": ("Given up", "missed", "is-missed"),
    "stopped": ("Not sent", "idle", "is-off"),
}
DEEDS: Final = ("test", "replay", "rotate", "remove")


@dataclass(frozen=True, slots=True)
class Hook:
    """An endpoint in words."""

    hook: WebhookLine
    state: str
    mark: str
    css: str
    good: str
    rests: str
    overlap: str


@dataclass(frozen=True, slots=True)
class Line:
    """A message in words."""

    message: DeliveryLine
    state: str
    mark: str
    css: str
    at: str
    words: str


def _hook(hook: WebhookLine, view: Lens) -> Hook:
    state = ("Takes what is sent", "kept", "is-kept") if hook.good_at else ("Took nothing yet", "idle", "is-off")
    if hook.fails:
        state = ("Does not take it", "missed", "is-missed")
    if hook.removed_at:
        state = ("Taken away", "idle", "is-off")
    overlaps = hook.overlap_until is not None and hook.overlap_until > view.now
    return Hook(
        hook,
        *state,
        good=view.at(hook.good_at) if hook.good_at else "",
        rests=view.at(hook.rest_until) if hook.fails and hook.rest_until and not hook.removed_at else "",
        overlap=view.at(hook.overlap_until) if overlaps and hook.overlap_until else "",
    )


def _line(message: DeliveryLine, view: Lens) -> Line:
    words = "A test" if message.event == TEST else EVENTS.get(message.event, message.event)
    return Line(message, *STATES[message.state], at=view.at(message.at), words=words)


@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """The endpoints, and the form for one more. A form that is refused comes back with what was typed."""
    person, now = cast(Person, request.user), programme.home().now()
    problem = ""
    if request.method == "POST":
        sent = request.POST
        try:
            made = actions.add(sent.get("name", ""), sent.get("url", ""), sent.getlist("events"), person.actor(), now)
        except BadInput as refused:
            problem = f"{refused} {refused.next}".strip()
        else:
            return _secret(request, made)
    view = lens(now)
    shown: dict[str, Any] = {
        "room": "webhooks",
        "hooks": [_hook(hook, view) for hook in reader.listing(person)],
        "events": [(event, words, event in request.POST.getlist("events")) for event, words in EVENTS.items()],
        "problem": problem,
        "name": request.POST.get("name", ""),
        "url": request.POST.get("url", ""),
        "zone": view.zone_words,
    }
    return render(request, "webhooks.html", shown, status=422 if problem else 200)


@require_safe
def webhook(request: HttpRequest, ident: str) -> HttpResponse:
    """One endpoint with its log."""
    view, person = lens(programme.home().now()), cast(Person, request.user)
    state = request.GET.get("state", "")
    try:
        page = reader.deliveries(person, ident, state=state, before=request.GET.get("before", ""))
        hook = reader.one(person, ident)
    except NotFound as problem:
        raise Http404 from problem
    except BadInput as problem:
        return errors.refused(request, problem, 400)
    shown: dict[str, Any] = {
        "room": "webhooks",
        "line": _hook(hook, view),
        "events": [(event, EVENTS[event]) for event in hook.events if event in EVENTS],
        "lines": [_line(message, view) for message in page.deliveries],
        "following": urlencode({"state": state, "before": page.before}) if page.before else "",
        "state": state,
        "states": [(key, word) for key, (word, _, _) in STATES.items()],
        "zone": view.zone_words,
    }
    return render(request, "webhook.html", shown)


@require_POST
def deed(request: HttpRequest, ident: str, deed: str) -> HttpResponse:
    """Tries it, sends again what was given up, gives it a new secret, or takes it away."""
    actor, now = cast(Person, request.user).actor(), programme.home().now()
    try:
        match deed:
            case "test":
                actions.send_test(ident, actor, now)
                messages.success(request, "A test is on its way. In a few seconds the log says what was answered.")
            case "replay":
                again = actions.replay(ident, actor, now, key=request.POST.get("message", ""))
                messages.success(request, f"Messages that wait again: {len(again)}.")
            case "rotate":
                return _secret(request, actions.rotate(ident, actor, now))
            case "remove":
                actions.remove(ident, actor, now)
                messages.success(request, "It is taken away. Its log stays.")
            case _:
                raise Http404
    except NotFound as problem:
        raise Http404 from problem
    except AnswerIsNo as problem:
        messages.warning(request, f"{problem} {problem.next}")
    return HttpResponseRedirect(reverse("webhook", args=[ident]))


def _secret(request: HttpRequest, made: actions.Made) -> HttpResponse:
    """The secret, once: no page of the desk is kept by a browser."""
    shown = {"room": "webhooks", "hook": reader.line(made.row), "secret": made.secret}
    return render(request, "webhook_secret.html", shown)
