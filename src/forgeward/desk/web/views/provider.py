"""The two ends of a sign-in at the provider."""

from __future__ import annotations

import secrets

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET
from requests import RequestException

from forgeward.desk.web.provider import ID, Exchange, refused, settings


@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider, with a state, a nonce and a verifier that this session alone has."""
    _require_set()
    after, nonce = request.GET.get("next", ""), secrets.token_urlsafe(32)
    if not url_has_allowed_host_and_scheme(after, allowed_hosts=None):
        after = "/"
    try:
        provider = get_adapter(request).get_provider(request, ID)
        response: HttpResponse = provider.redirect(
            request, "login", next_url=after, auth_params={"nonce": nonce}, nonce=nonce
        )
    except ImmediateHttpResponse as refusal:
        return refusal.response
    except (OAuth2Error, RequestException):
        return refused(request)
    return response


@require_GET
def end(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    _require_set()
    response: HttpResponse = OAuth2CallbackView.adapter_view(Exchange(request, ID))(request)  # type: ignore[no-untyped-call]
    return response


def _require_set() -> None:
    if not settings().is_set:
        raise Http404
