"""Sign-in at a provider: only a word that verifies in full, for an address that works here, opens the desk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.test import Client

from forgeward.desk.models import Person
from forgeward.edges.provider_settings import Provider, require_usable
from forgeward.errors import BadInput
from tests.desk.web.house import House, signed_in
from tests.desk.web.oidc import CLIENT, SECRET, OpenIdProvider, new_key, running
from tests.desk.web.test_sign_in import SECRET as TOTP_SECRET
from tests.desk.web.test_sign_in import code

BACK = "/sign-in/provider/back/"


@pytest.fixture
def provider(house: House, tmp_path: Path) -> Iterator[OpenIdProvider]:
    secret, file = tmp_path / "secret", settings.HOME.settings_file
    secret.write_text(SECRET + "\n")
    with running() as found:
        _settings(found, secret)
        yield found
    file.unlink()


def _settings(provider: OpenIdProvider, secret: Path, more: str = "") -> None:
    settings.HOME.settings_file.write_text(
        f'[sign_in]\nissuer = "{provider.base}"\nclient_id = "{CLIENT}"\nclient_secret_file = "{secret}"\n'
        f'name = "Loom account"\n{more}'
    )


@pytest.fixture
def vouching(provider: OpenIdProvider, tmp_path: Path) -> OpenIdProvider:
    """The same provider, whose word counts as second factor."""
    _settings(provider, tmp_path / "secret", 'second_factor = ["mfa", "phr"]\n')
    return provider


def begin(client: Client, query: str = "") -> str:
    response = client.get(f"/sign-in/provider/{query}")
    assert response.status_code == 302
    return str(response["Location"])


def come_back(client: Client, provider: OpenIdProvider, query: str = "", **claims: Any) -> Any:
    given, state = provider.authorize(begin(client, query), **claims)
    return client.get(BACK, {"code": given, "state": state})


def is_refused(response: Any, client: Client) -> bool:
    """The one page of every refusal, and nobody is signed in."""
    assert "_auth_user_id" not in client.session
    return response.status_code == 403 and "This does not open the desk" in response.content.decode()


def test_a_known_verified_address_comes_in_and_is_asked_for_our_factor(
    provider: OpenIdProvider, house: House, client: Client
) -> None:
    """The provider stands for the password alone; the page that was asked for comes after the code."""
    TOTP.activate(house.ines, TOTP_SECRET)
    assert "Loom account" in client.get("/sign-in/").content.decode()
    answer = come_back(client, provider, "?next=/promises/", email="Ines@Example.com")
    assert answer["Location"] == "/sign-in/second-factor/"
    assert client.get("/").status_code == 302
    assert client.post("/sign-in/second-factor/", {"code": code()})["Location"] == "/promises/"
    assert client.get("/").status_code == 200


def test_nothing_of_the_provider_is_kept(provider: OpenIdProvider, house: House, client: Client) -> None:
    """No account, token or address of it: switching off and erasing have nothing more to find."""
    come_back(client, provider)
    assert client.session["_auth_user_id"] == str(house.ines.pk)
    assert not SocialAccount.objects.exists()
    assert not SocialToken.objects.exists()
    assert not EmailAddress.objects.exists()
    assert Person.objects.count() == 6


def test_who_has_no_factor_sets_one_up_first(provider: OpenIdProvider, house: House, client: Client) -> None:
    come_back(client, provider)
    assert client.get("/cases/")["Location"].startswith("/account/?")


@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "phr"}])
def test_its_second_factor_counts_where_settings_name_the_claim(
    vouching: OpenIdProvider, house: House, client: Client, claims: dict[str, Any]
) -> None:
    TOTP.activate(house.ines, TOTP_SECRET)
    assert come_back(client, vouching, "?next=/promises/", **claims)["Location"] == "/promises/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("claims", [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": ""}, {"acr": None, "amr": [None]}])
def test_without_that_claim_ours_is_asked_for(
    vouching: OpenIdProvider, house: House, client: Client, claims: dict[str, Any]
) -> None:
    TOTP.activate(house.ines, TOTP_SECRET)
    assert come_back(client, vouching, **claims)["Location"] == "/sign-in/second-factor/"


def test_a_claim_that_settings_do_not_name_says_nothing(provider: OpenIdProvider, house: House, client: Client) -> None:
    TOTP.activate(house.ines, TOTP_SECRET)
    assert come_back(client, provider, amr=["mfa"], acr="phr")["Location"] == "/sign-in/second-factor/"


def test_its_word_is_good_for_reading_and_a_grave_deed_asks_for_a_factor_of_ours_later(
    vouching: OpenIdProvider, house: House, client: Client
) -> None:
    """Ten minutes on, who has nothing to prove with here is led to set something up."""
    come_back(client, vouching, amr=["mfa"])
    assert client.get("/people/add/").status_code == 200
    session = client.session
    session["account_authentication_methods"] = [
        {**each, "at": time.time() - 3600} for each in session["account_authentication_methods"]
    ]
    session.save()
    assert client.get("/people/").status_code == 200
    Person.objects.filter(pk=house.ines.pk).update(password="!")
    assert client.get("/people/add/").status_code == 302


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "planted"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "a second audience": {"aud": [CLIENT, "somebody-else"]},
    "made out to another party": {"azp": "somebody-else"},
    "another issuer": {"iss": "https://evil.example"},
    "over": {"exp": int(time.time()) - 3600},
    "without an end": {"exp": None},
    "not begun": {"iat": int(time.time()) + 3600},
    "an unverified address": {"email_verified": False},
    "verified, as a word": {"email_verified": "true"},
    "nothing said of verification": {"email_verified": None},
    "no address": {"email": None},
    "an address that is a list": {"email": ["ines@example.com"]},
    "nobody here": {"email": "who@example.com"},
    "a pattern": {"email": "%"},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=list(WRONG))
def test_what_does_not_verify_opens_nothing(
    provider: OpenIdProvider, house: House, client: Client, claims: dict[str, Any]
) -> None:
    assert is_refused(come_back(client, provider, **claims), client)


def test_a_person_who_was_switched_off_gets_the_page_of_somebody_unknown(
    provider: OpenIdProvider, house: House, client: Client
) -> None:
    """Whatever the provider says; and the page does not tell that they were here."""
    Person.objects.filter(pk=house.ines.pk).update(is_active=False)
    off = come_back(client, provider)
    assert is_refused(off, client)
    assert off.content == come_back(Client(), provider, email="who@example.com").content


@pytest.mark.parametrize("how", ["another key", "a secret that all know", "no signature", "an unknown key"])
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    provider: OpenIdProvider, house: House, client: Client, how: str
) -> None:
    """Also where it came straight from the token endpoint: TLS alone is not asked to vouch for it."""
    if how == "another key":
        provider.signs_with = new_key()
    elif how == "a secret that all know":
        provider.signs_with, provider.algorithm = "x" * 40, "HS256"
    elif how == "no signature":
        provider.signs_with, provider.algorithm = "", "none"
    given, state = provider.authorize(begin(client))
    if how == "an unknown key":
        provider.configuration["jwks_uri"] = f"{provider.base}/nowhere"
    assert is_refused(client.get(BACK, {"code": given, "state": state}), client)


def test_a_code_that_was_used_opens_nothing(provider: OpenIdProvider, house: House, client: Client) -> None:
    """Neither in the browser that used it, nor in another one that began a sign-in of its own."""
    given, state = provider.authorize(begin(client))
    assert client.get(BACK, {"code": given, "state": state}).status_code == 302
    again = Client()
    _, own = provider.authorize(begin(again))
    assert is_refused(again.get(BACK, {"code": given, "state": own}), again)
    assert client.get(BACK, {"code": given, "state": state}).status_code == 403


def test_a_state_of_another_browser_opens_nothing(provider: OpenIdProvider, house: House, client: Client) -> None:
    """Nobody is signed in as somebody else by a link that they follow (login CSRF)."""
    given, state = provider.authorize(begin(Client()))
    for query in ({"code": given, "state": state}, {"code": given, "state": "x"}, {"code": given}, {}):
        assert is_refused(client.get(BACK, query), client), query
    assert "/token" not in provider.asked


def test_a_stolen_code_is_worth_nothing_without_the_verifier(
    provider: OpenIdProvider, house: House, client: Client
) -> None:
    """PKCE: a code of the victim's sign-in does not work in the thief's."""
    victims, _ = provider.authorize(begin(Client()))
    _, state = provider.authorize(begin(client))
    assert is_refused(client.get(BACK, {"code": victims, "state": state}), client)


@pytest.mark.parametrize("query", ["error=access_denied", "error=server_error&error_description=<script>x</script>"])
def test_what_the_provider_refuses_is_said(provider: OpenIdProvider, house: House, client: Client, query: str) -> None:
    _, state = provider.authorize(begin(client))
    page = client.get(f"{BACK}?{query}&state={state}")
    assert is_refused(page, client)
    assert "<script>x" not in page.content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_it_leads_nowhere_else_afterwards(vouching: OpenIdProvider, house: House, client: Client, target: str) -> None:
    """Open redirect: `next` is a page of this desk or the first one."""
    given, state = vouching.authorize(client.get("/sign-in/provider/", {"next": target})["Location"], amr=["mfa"])
    assert client.get(BACK, {"code": given, "state": state})["Location"] == "/"


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "http://192.0.2.1/keys"},
    ],
)
def test_a_provider_that_is_not_what_settings_name_is_not_used(
    provider: OpenIdProvider, house: House, client: Client, configuration: dict[str, object]
) -> None:
    provider.configuration.update(configuration)
    assert is_refused(client.get("/sign-in/provider/"), client)


def test_a_provider_that_is_away_is_a_page(house: House, client: Client, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    _settings(OpenIdProvider(base="http://127.0.0.1:9"), tmp_path / "secret")
    try:
        assert is_refused(client.get("/sign-in/provider/"), client)
    finally:
        settings.HOME.settings_file.unlink()


def test_without_a_provider_there_is_no_such_page(house: House, client: Client) -> None:
    assert [client.get(path).status_code for path in ("/sign-in/provider/", BACK)] == [404, 404]
    assert "provider" not in client.get("/sign-in/").content.decode()


def test_a_sign_in_at_the_provider_takes_no_other_session_over(vouching: OpenIdProvider, house: House) -> None:
    """Who is signed in as one person and comes back as another has the other's session, under a new key."""
    client = signed_in(house.hannah)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    come_back(client, vouching, amr=["mfa"])
    assert client.session["_auth_user_id"] == str(house.ines.pk)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Provider(issuer="http://login.example.com", client_id="x", client_secret_file="/x"), "not https"),
        (Provider(issuer="https://login.example.com", client_secret_file="/x"), "no client"),
        (Provider(issuer="https://login.example.com", client_id="x"), "no client"),
    ],
)
def test_settings_that_are_half_or_in_the_clear_are_told(found: Provider, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        require_usable(found)
    require_usable(Provider())
