"""Nobody passes without a session, nobody without a second factor (O-4), nobody without a role that may (S-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import SuspiciousOperation
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from forgeward.desk.actions import sessions
from forgeward.desk.addresses import PAGES
from forgeward.desk.programme import home
from forgeward.desk.sessions import SessionStore
from forgeward.desk.web.accounts import has_code, has_factor, proved_recently, showed_factor
from forgeward.desk.web.provider import vouched
from forgeward.desk.web.views import errors
from forgeward.respond.access import TABLE, Answer, Sight, ask, refusal

# Everything else needs a session. Names, not paths: a route that is added is closed until it is named here.
OPEN = frozenset(name for name, action in PAGES.items() if TABLE[action].sight is Sight.DOOR)
API = "api:"
# What a person reaches who has no second factor yet.
TO_ENROL = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_generate_recovery_codes",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "account_change_password",
        "account_set_password",
        "account_logout",
    }
)
# What a session reaches that has not shown the second factor that its person has. Not the pages that remove one.
TO_CONFIRM = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_logout"})


class SignedIn:
    """Leads to sign-in, then to enrolment or to the second factor, before any other page; then asks the table.

    A demo home asks for no second factor; a banner on every page says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in an address")  # PostgreSQL takes none in a text, SQLite does
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN or name.startswith(API):  # calls have a door of their own: desk.api.gate
            return None
        if not request.user.is_authenticated:
            return _to("account_login", request)
        store = cast(SessionStore, request.session)
        sessions.note(store, request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""), home().now())
        prefetch_related_objects([request.user], "groups")
        return self._second_factor(request, name) or self._permitted(request, name)

    def _permitted(self, request: HttpRequest, name: str) -> HttpResponse | None:
        """The table's answer for the address. Which case it is about is asked by the view, whose readers know."""
        person: Any = request.user
        if name not in PAGES:
            raise Http404  # closed until the table names it
        action = PAGES[name]
        answer = ask(action, person.actor())
        if answer is Answer.YES:
            return self._proved(request) if TABLE[action].fresh else None
        if answer is Answer.UNSEEN:
            raise Http404
        return errors.refused(request, refusal(action), 403)

    def _proved(self, request: HttpRequest) -> HttpResponse | None:
        """Asks anew for the strongest proof that the person has, and then comes back to the form, never to a POST."""
        person: Any = request.user
        if proved_recently(request):
            return None
        if has_factor(person):
            name = "mfa_reauthenticate" if has_code(person) else "mfa_reauthenticate_webauthn"
        elif person.has_usable_password():
            name = "account_reauthenticate"
        else:
            # A demo home that was entered by its link asks for nothing: there is nothing that could be shown.
            return None if home().is_demo else _to("mfa_index", request)
        return HttpResponseRedirect(f"{reverse(name)}?{urlencode({'next': request.path})}")

    def _second_factor(self, request: HttpRequest, name: str) -> HttpResponse | None:
        person: Any = request.user
        enrolled = has_factor(person)
        if (enrolled and showed_factor(request)) or vouched(request):
            return None
        if home().is_demo:
            return None
        if not enrolled:
            return None if name in TO_ENROL else _to("mfa_index", request)
        if name in TO_CONFIRM:
            return None
        return _to("mfa_reauthenticate" if has_code(person) else "mfa_reauthenticate_webauthn", request)


def _to(name: str, request: HttpRequest) -> HttpResponse:
    """There, and back again where coming back repeats nothing."""
    wanted = request.get_full_path()
    after = f"?{urlencode({'next': wanted})}" if request.method == "GET" and wanted != "/" else ""
    return HttpResponseRedirect(reverse(name) + after)
