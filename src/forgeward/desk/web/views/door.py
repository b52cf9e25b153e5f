"""The one-time way in, the choice of colours, and whether keys do something."""

from __future__ import annotations

from collections.abc import Collection

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from forgeward.desk import programme
from forgeward.desk.actions import people
from forgeward.desk.models import Person
from forgeward.desk.readers.people import link_of
from forgeward.desk.web.context import THEMES
from forgeward.desk.web.see import lens
from forgeward.errors import NotFound

YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "POST"])
def once(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows whose link it is and changes nothing (mail scanners follow links); POST uses it up and signs in."""
    now = programme.home().now()
    try:
        if request.method == "POST":
            return _enter(request, people.use_link(token, now))
        found = link_of(token, now)
    except NotFound as problem:
        words = {"heading": "This link no longer works", "what": str(problem), "then": problem.next}
        way = {"way": "To sign-in", "way_url": reverse("account_login")}
        return render(request, "door_message.html", {**words, **way}, status=410)
    return render(request, "once.html", {"person": found.person, "until": lens(now).at(found.expires_at)})


def _enter(request: HttpRequest, person: Person) -> HttpResponse:
    """The link stands for the password. Only in a demo home it stands for the second factor too."""
    record_authentication(request, person, "link")
    if not programme.home().is_demo:
        return perform_login(request, Login(user=person))
    get_adapter(request).login(request, person)
    return HttpResponseRedirect(reverse("today"))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps light, dark or the system's colours in a cookie of this browser, and goes back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    return _remembered(request, back, "theme", THEMES)


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Keeps in a cookie of this browser whether single keys do something."""
    return _remembered(request, reverse("mfa_index") + "#keyboard", "keys", ("on", "off"))


def _remembered(request: HttpRequest, back: str, name: str, words: Collection[str]) -> HttpResponse:
    response = HttpResponseRedirect(back)
    chosen = request.POST.get(name, "")
    if chosen in words:
        response.set_cookie(name, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    return response
