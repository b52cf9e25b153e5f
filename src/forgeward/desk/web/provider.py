"""Sign-in at a provider (OpenID Connect Core 1.0, code flow with PKCE): what we ask for beside allauth's exchange.

    begin ─▶ state, nonce and verifier in the session ─▶ the provider ─▶ code ─▶ id_token
    id_token ─▶ signed by a key of the issuer? for us? fresh? our nonce? a verified address that works here? ─▶ in

The provider stands for the password. It stands for the second factor too where a claim says so that settings name. No
account is made, and none is linked: who was taken off the list of people is out, whatever the provider says.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, cast

import jwt
import requests
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.flows.login import get_authentication_records, perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from forgeward.desk import programme
from forgeward.desk.models import Person
from forgeward.edges.provider_settings import Provider, require_safe
from forgeward.errors import BadInput

ID = "company"
VOUCHED = "provider"  # the type of a second factor that the provider saw
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY = 60  # seconds by which clocks may differ
NEEDED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


def settings() -> Provider:
    """``[sign_in]`` of this home."""
    return programme.home().settings.sign_in


class Adapter(DefaultSocialAccountAdapter):
    """The one provider of settings.toml; nothing of the database."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        found = settings()
        if not found.is_set or provider not in {None, ID, "openid_connect"}:
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=ID,
                name=found.name,
                client_id=found.client_id,
                secret=found.secret(),
                settings={"server_url": found.issuer.rstrip("/"), "oauth_pkce_enabled": True},
            )
        ]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        found = super().get_provider(request, provider, client_id)
        found.oauth2_adapter_class = Exchange
        return found

    def on_authentication_error(self, request: HttpRequest, *_: object, **__: object) -> None:
        raise ImmediateHttpResponse(refused(request))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Always ends allauth's way here: in, or the same refusal whatever was wrong."""
        claims = sociallogin.account.extra_data["id_token"]
        person = None
        if secrets.compare_digest(str(claims["nonce"]), str(sociallogin.state.get("nonce") or secrets.token_hex())):
            person = _known(claims)
        if person is None:
            raise ImmediateHttpResponse(refused(request))
        raise ImmediateHttpResponse(_enter(request, person, claims, str(sociallogin.state.get("next") or "/")))


class Exchange(OpenIDConnectOAuth2Adapter):
    """allauth's exchange of the code, with an id_token that is checked in full and nothing else believed."""

    @property
    def openid_config(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = super().openid_config
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                require_safe(str(found[name]))
        except (BadInput, KeyError, ValueError) as problem:
            raise OAuth2Error("The provider's configuration cannot be used.") from problem
        if found.get("issuer") != settings().issuer:
            raise OAuth2Error("The provider calls itself by another name.")
        return found

    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        base = programme.home().settings.public_url.rstrip("/")
        here = reverse("provider_end")
        return f"{base}{here}" if base else request.build_absolute_uri(here)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: object, **kwargs: Any) -> Any:
        claims = self._claims(app, str(kwargs["response"].get("id_token", "")))
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})  # type: ignore[no-untyped-call]

    def _claims(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """OpenID Connect Core 1.0, 3.1.3.7. Raises ``OAuth2Error``."""
        try:
            kid = jwt.get_unverified_header(id_token).get("kid")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(kid),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=settings().issuer,
                leeway=LEEWAY,
                options={"require": NEEDED},
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as problem:
            raise OAuth2Error("The provider's word does not verify.") from problem
        if claims.get("azp", app.client_id) != app.client_id or claims["aud"] not in (app.client_id, [app.client_id]):
            raise OAuth2Error("The provider's word is for somebody else as well.")
        return claims

    def _key(self, kid: str | None) -> Any:
        answer = requests.get(self.openid_config["jwks_uri"], timeout=10)
        answer.raise_for_status()
        keys = [each for each in answer.json()["keys"] if kid is None or each.get("kid") == kid]
        if len(keys) != 1:
            raise OAuth2Error("The provider has no such key.")
        return jwt.PyJWK(keys[0], algorithm=keys[0].get("alg", "RS256")).key


def _known(claims: Mapping[str, Any]) -> Person | None:
    """Who works here and has the address, if the provider says that it is verified."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return Person.objects.filter(email__iexact=email.strip(), is_active=True).first()


def _enter(request: HttpRequest, person: Person, claims: Mapping[str, Any], after: str) -> HttpResponse:
    record_authentication(request, person, "provider")
    if not _says_second_factor(claims):
        response: HttpResponse = perform_login(request, Login(user=person, redirect_url=after))
        return response
    record_authentication(request, person, "mfa", type=VOUCHED)
    get_account_adapter(request).login(request, person)
    return HttpResponseRedirect(after)


def _says_second_factor(claims: Mapping[str, Any]) -> bool:
    amr = claims.get("amr")
    said = {claims.get("acr"), *(amr if isinstance(amr, list) else ())}
    return any(value in said for value in settings().second_factor)


def vouched(request: HttpRequest) -> bool:
    """Whether in this session the provider saw a second factor, and settings still take its word."""
    records = get_authentication_records(request, cast(Person, request.user))
    return any(each.get("type") == VOUCHED for each in records) and bool(settings().second_factor)


def refused(request: HttpRequest) -> HttpResponse:
    """One page for all: it does not say whether anybody has the address."""
    words = {
        "heading": "This does not open the desk",
        "what": "The provider's answer could not be used, or nobody with that verified address works here.",
        "then": "Try it once more. If it stays so, ask your Security Lead which address is entered for you.",
        "way": "To sign-in",
        "way_url": reverse("account_login"),
    }
    return render(request, "door_message.html", words, status=403)
