"""One form, one action: the page that asks, what it sends, what is refused. For deeds that are no step of a case.

GET ─▶ the form                POST ─▶ read strictly ─▶ the action ─▶ where its outcome stands
                                          └─ refused: the same form with what was typed, and the sentence that says why
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, Conflict, ForgewardError, NotAllowed, NotFound

STATUS: tuple[tuple[type[ForgewardError], int], ...] = (
    (NotAllowed, 403),
    (NotFound, 404),
    (BadInput, 422),
    (Conflict, 409),
)


class Nothing(forms.Form):
    """For a deed that needs no words."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a page says of its deed. ``crumbs`` are (word, address); ``back`` is where leaving it leads."""

    room: str
    heading: str
    lede: str
    button: str
    back: str
    leave: str = "Leave it as it is"
    crumbs: tuple[tuple[str, str], ...] = ()


def page(
    request: HttpRequest,
    deed: Deed,
    form: forms.Form,
    act: Callable[[], str | HttpResponse],
    **more: object,
) -> HttpResponse:
    """Shows the form, or does what it says: ``act`` returns what is then told on the page behind, or a page."""
    status, problem = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = act()
            except ForgewardError as refusal:
                problem, status = f"{refusal} {refusal.next}".strip(), status_of(refusal)
                if status in {403, 404}:
                    return errors.refused(request, refusal, status)
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
                return HttpResponseRedirect(deed.back)
    words = {"room": deed.room, "deed": deed, "form": form, "problem": problem, **more}
    return render(request, "people/deed.html", words, status=status)


def status_of(refusal: ForgewardError) -> int:
    """The status that a refusal is answered with: 409 where it is so already."""
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 409)
