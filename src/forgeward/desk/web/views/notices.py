"""The outbox: what went out, what waits, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from forgeward.desk import programme
from forgeward.desk.actions import sealing_mail
from forgeward.desk.models import Person
from forgeward.desk.readers import notices as reader
from forgeward.desk.readers.notices import NoticeLine
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, Conflict, NotAllowed, NotFound, StepRefused
from forgeward.respond.permissions import may

# The state's word, and the mark that goes with it.
STATES = {
    "waiting": ("Waits", "run", "is-run"),
    "held": ("Held for you", "risk", "is-risk"),
    "accepted": ("Accepted", "kept", "is-kept"),
    "filed": ("Written to a file", "idle", "is-off"),
    "bounced": ("Came back", "missed", "is-missed"),
    "given_up": ("Given up", "missed", "is-missed"),
}
KINDS = {
    "receipt": "Automatic receipt",
    "acknowledgement": "Acknowledgement",
    "reply": "Reply",
    "notice": "Notice",
    "reminder": "Reminder",
}


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail in words."""

    notice: NoticeLine
    state: str
    mark: str
    css: str
    kind: str
    created: str
    settled: str
    tried: str


def mail_line(notice: NoticeLine, view: Lens) -> MailLine:
    """A mail as lists show it."""
    state, mark, css = STATES[notice.state]
    return MailLine(
        notice=notice,
        state=state,
        mark=mark,
        css=css,
        kind=KINDS.get(notice.kind, notice.kind.replace("_", " ").capitalize()),
        created=view.at(notice.created_at),
        settled=view.at(notice.settled_at) if notice.settled_at else "",
        tried=view.at(notice.try_at) if notice.state == "waiting" and notice.attempts and notice.try_at else "",
    )


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    view = lens(programme.home().now())
    state, case = request.GET.get("state", ""), request.GET.get("case", "").strip().upper()
    try:
        page = reader.page(
            cast(Person, request.user), state=state, case=case, before=request.GET.get("before", ""), limit=50
        )
    except BadInput as problem:
        return errors.refused(request, problem, 400)
    following = urlencode({"state": state, "case": case, "before": page.before}) if page.before else ""
    words = {
        "room": "notices",
        "lines": [mail_line(notice, view) for notice in page.notices],
        "following": following,
        "states": [(key, word) for key, (word, _, _) in STATES.items()],
        "state": state,
        "case": case,
        "zone": view.zone_words,
    }
    return render(request, "notices.html", words)


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _found(request, pk), 200)


@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """A held letter goes in the clear, by a person's word. What is refused comes back with what was typed."""
    found, person = _found(request, pk), cast(Person, request.user)
    try:
        sealing_mail.release(found.key, request.POST.get("reason", ""), person.actor(), programme.home().now())
    except NotAllowed as problem:
        return errors.refused(request, problem, 403)
    except Conflict as problem:
        return _page(request, _found(request, pk), 409, f"{problem} {problem.next}")
    except (StepRefused, BadInput) as problem:
        return _page(request, found, 422, f"{problem} {problem.next}")
    messages.success(request, "Recorded. It goes unencrypted.")
    return HttpResponseRedirect(reverse("notice", args=[pk]))


def _found(request: HttpRequest, pk: int) -> NoticeLine:
    try:
        return reader.one(cast(Person, request.user), pk)
    except NotFound as problem:
        raise Http404 from problem


def _page(request: HttpRequest, found: NoticeLine, status: int, problem: str = "") -> HttpResponse:
    shown = {
        "room": "notices",
        "line": mail_line(found, lens(programme.home().now())),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
        "may_release": may("reply", cast(Person, request.user).actor()),
    }
    return render(request, "notice.html", shown, status=status)
