"""Password, second factor, one-time link: who gets in, and how far."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client, override_settings

from forgeward.desk.actions import people
from forgeward.desk.models import Person, SignInLink
from tests.desk.web.house import NOW, PASSWORD, House, demo, signed_in

SECRET = "JBSWY3DPEHPK3PXP"
OUT = ("/", "/cases/", "/cases/new/", "/cases/FW-AAAAAA/", "/promises/", "/promises/IR-4/", "/notices/", "/account/")


def code(ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + ahead))


def sign_in(client: Client, person: Person, password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"login": person.email, "password": password, **more})


@pytest.mark.parametrize("path", OUT)
def test_without_a_session_every_page_leads_to_sign_in(house: House, client: Client, path: str) -> None:
    """An anonymous visitor sees the sign-in page, and comes back afterwards to what was asked for."""
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")
    assert (f"next={path.replace('/', '%2F')}" in response["Location"]) == (path != "/")


def test_a_post_without_a_session_is_not_repeated(house: House, client: Client) -> None:
    """Coming back to a POST would repeat it; so its address is not kept."""
    assert client.post("/cases/new/")["Location"] == "/sign-in/"


@pytest.mark.parametrize(
    "path", ["/sign-up/", "/signup/", "/account/email/", "/accounts/login/", "/account/reset/", "/sign-in/code/"]
)
def test_routes_of_allauth_that_are_not_ours_do_not_exist(house: House, client: Client, path: str) -> None:
    """Sign-up, change of e-mail and reset by mail are closed, signed in or not."""
    assert client.get(path).status_code == 404
    assert signed_in(house.ines).get(path).status_code == 404


def test_password_alone_opens_enrolment_only(house: House, client: Client) -> None:
    """Without a second factor a person is led to set one up, from wherever they go (O-4)."""
    assert sign_in(client, house.tomasz)["Location"] == "/"
    assert client.get("/cases/")["Location"] == "/account/?next=%2Fcases%2F"
    page = client.get("/account/")
    assert page.status_code == 200
    assert "Nothing else opens before you set one up" in page.content.decode()


def test_enrolling_opens_the_desk(transactional_db: None, house: House, client: Client) -> None:
    """Just after sign-in the password is not asked for again; the first code makes the session whole."""
    sign_in(client, house.tomasz)
    page = client.get("/account/app/").content.decode()
    secret = re.search(r'id="secret">(\w+)<', page).group(1)
    assert '<svg class="qr"' in page
    entered = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    done = client.post("/account/app/", {"code": entered})
    assert done["Location"] == "/account/recovery-codes/"
    assert client.get("/account/recovery-codes/").status_code == 200
    assert client.get("/").status_code == 200


def test_a_wrong_code_enrols_nobody(house: House, client: Client) -> None:
    """The form comes back with its error; no factor is stored."""
    sign_in(client, house.tomasz)
    client.get("/account/app/")
    page = client.post("/account/app/", {"code": "000000"})
    assert "does not fit" in page.content.decode()
    assert not Authenticator.objects.exists()


def test_second_factor_is_asked_for(house: House, client: Client) -> None:
    """With a factor enrolled, the password leads to the code and nowhere else."""
    TOTP.activate(house.ines, SECRET)
    assert sign_in(client, house.ines)["Location"] == "/sign-in/second-factor/"
    assert client.get("/")["Location"].startswith("/sign-in/")
    assert client.post("/sign-in/second-factor/", {"code": "123456"}).status_code == 200
    assert client.get("/").status_code == 302
    assert client.post("/sign-in/second-factor/", {"code": code()})["Location"] == "/"
    assert client.get("/").status_code == 200


def test_a_session_from_before_enrolment_must_show_the_factor(house: House) -> None:
    """A stolen password that signed in first does not profit from the owner's enrolment."""
    early = signed_in(house.ines, factor=False)
    TOTP.activate(house.ines, SECRET)
    assert early.get("/cases/")["Location"] == "/account/confirm/code/?next=%2Fcases%2F"
    assert early.get("/account/app/remove/").status_code == 302
    assert early.get("/account/").status_code == 302
    assert early.post("/account/confirm/code/?next=/cases/", {"code": code()})["Location"] == "/cases/"
    assert early.get("/cases/").status_code == 200


def test_secrets_of_factors_are_encrypted(house: House) -> None:
    """The database alone does not give the codes away."""
    TOTP.activate(house.ines, SECRET)
    stored = Authenticator.objects.get().data["secret"]
    assert SECRET not in stored
    assert Authenticator.objects.get().wrap().validate_code(code())


def test_a_demo_home_asks_for_none_and_says_so(demo_house: House, client: Client) -> None:
    """The banner stands on every page while nobody showed a factor."""
    sign_in(client, demo_house.hannah)
    page = client.get("/account/")
    assert page.status_code == 200
    assert "This is a demo home" in page.content.decode()


# --- one-time links --------------------------------------------------------------------------------------------------


def link(person: Person) -> str:
    return f"/sign-in/once/{people.sign_in_link(person, settings.HOME.now())}/"


def test_looking_at_a_link_does_not_use_it(house: House, client: Client) -> None:
    """Mail scanners and previews follow links: GET changes nothing, however often."""
    url = link(house.ines)
    for _ in range(3):
        page = client.get(url)
        assert page.status_code == 200
        assert "Ines Okafor" in page.content.decode()
        # No other site sees the token; stricter, and browsers would send the form without its origin.
        assert page["Referrer-Policy"] == "same-origin"
    assert SignInLink.objects.get().used_at is None
    assert client.get("/").status_code == 302


def test_a_link_works_once(house: House) -> None:
    """The second POST is refused, in another browser too."""
    url = link(house.ines)
    first, second = Client(), Client()
    assert first.post(url)["Location"] == "/"
    assert second.post(url).status_code == 410
    assert second.get(url).status_code == 410
    assert "_auth_user_id" not in second.session


def test_a_link_of_somebody_without_factor_leads_to_enrolment(house: House, client: Client) -> None:
    """In a real home the link is the way to the first factor, not past it."""
    client.post(link(house.ines))
    assert client.get("/cases/")["Location"].startswith("/account/?")
    assert client.get("/account/app/").status_code == 200


def test_a_link_does_not_replace_an_enrolled_factor(house: House, client: Client) -> None:
    """Who finds a link in a terminal's history still needs the code."""
    TOTP.activate(house.ines, SECRET)
    assert client.post(link(house.ines))["Location"] == "/sign-in/second-factor/"
    assert client.get("/").status_code == 302
    client.post("/sign-in/second-factor/", {"code": code()})
    assert client.get("/").status_code == 200


def test_a_link_is_enough_in_a_demo_home(demo_house: House, client: Client) -> None:
    """The demo opens with what `up` printed, even for a person with a factor."""
    TOTP.activate(demo_house.ines, SECRET)
    assert client.post(link(demo_house.ines))["Location"] == "/"
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("case", ["unknown", "expired", "switched off"])
def test_a_dead_link_says_so(house: House, client: Client, case: str) -> None:
    """Each gives the same page: 410, and how to get a new one."""
    url = link(house.ines)
    if case == "unknown":
        url = "/sign-in/once/nonsense/"
    elif case == "expired":
        SignInLink.objects.update(expires_at=settings.HOME.now() - timedelta(seconds=1))
    else:
        Person.objects.filter(pk=house.ines.pk).update(is_active=False)
    for response in (client.get(url), client.post(url)):
        assert response.status_code == 410
        assert "forgeward people link" in response.content.decode()


# --- sessions --------------------------------------------------------------------------------------------------------


def test_signing_in_changes_the_session_key(demo_house: House, client: Client) -> None:
    """A session key that somebody planted before sign-in is worth nothing after it (session fixation)."""
    client.get("/sign-in/")
    client.post("/account/theme/", {"theme": "dark"})
    session = client.session
    session["planted"] = "1"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    planted = session.session_key
    sign_in(client, demo_house.ines)
    assert client.session.session_key != planted
    assert Client(headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={planted}"}).get("/").status_code == 302


def test_sign_out_is_a_post(demo_house: House, client: Client) -> None:
    """A link or an image cannot sign anybody out; the button does."""
    sign_in(client, demo_house.ines)
    assert client.get("/sign-out/").status_code == 200
    assert client.get("/account/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)"]
)
def test_next_never_leads_elsewhere(demo_house: House, target: str) -> None:
    """Sign-in, sign-out and the choice of colours only go back to this desk (open redirect)."""
    client = Client()
    assert sign_in(client, demo_house.ines, next=target)["Location"] == "/"
    assert "evil" not in client.post("/account/theme/", {"theme": "dark", "next": target})["Location"]
    assert "evil" not in client.post("/sign-out/", {"next": target})["Location"]


def test_next_leads_back_to_the_page_that_was_asked_for(demo_house: House, client: Client) -> None:
    """A path of this desk is kept."""
    assert sign_in(client, demo_house.ines, next="/promises/")["Location"] == "/promises/"


def test_wrong_password_and_unknown_address_look_alike(house: House) -> None:
    """The answer does not say who has an account."""
    words = [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"|value="[^"]*@[^"]*"', "", page.content.decode())
        for page in (
            Client().post("/sign-in/", {"login": "ines@example.com", "password": "wrong wrong wrong"}),
            Client().post("/sign-in/", {"login": "who@example.com", "password": "wrong wrong wrong"}),
        )
    ]
    assert words[0] == words[1]
    assert "do not belong together" in words[0]


def test_guessing_is_slowed_down(house: House, client: Client) -> None:
    """After five failures the sixth attempt is refused, with the right password too."""
    for _ in range(5):
        sign_in(client, house.ines, "wrong wrong wrong")
    page = sign_in(client, house.ines)
    assert page.status_code == 200
    assert "Too many failed attempts" in page.content.decode()


def test_another_port_in_the_host_header_gives_no_more_guesses(house: House) -> None:
    """Failures are counted by address, whatever name a browser says that it came to."""
    pages = [
        Client(headers={"host": f"localhost:{port}"}).post(
            "/sign-in/",
            {"login": "INES@example.com" if port % 2 else house.ines.email, "password": "wrong wrong wrong"},
        )
        for port in range(1, 8)
    ]
    assert ["Too many failed attempts" in page.content.decode() for page in pages] == [False] * 5 + [True] * 2


class Counting(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    done = 0

    def encode(self, password: str, salt: str) -> str:
        Counting.done += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("login", ["who@example.com", "ines@example.com", "tomasz@example.com", "dele@example.com"])
def test_every_sign_in_that_fails_costs_the_same(house: House, login: str) -> None:
    """Unknown, known, switched off, without a password: one password is hashed for each, so the time tells nothing."""
    Person.objects.filter(pk=house.tomasz.pk).update(is_active=False)
    house.dele.set_unusable_password()
    house.dele.save()
    Counting.done = 0
    with override_settings(PASSWORD_HASHERS=[f"{__name__}.Counting"]):
        page = Client().post("/sign-in/", {"login": login, "password": "wrong wrong wrong"})
    assert (page.status_code, "do not belong together" in page.content.decode()) == (200, True)
    assert Counting.done == 1


def test_forms_need_their_token(demo_house: House) -> None:
    """A form that another site sends is refused on our own page, and nothing happens."""
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/sign-in/", {"login": "ines@example.com", "password": PASSWORD})
    assert page.status_code == 403
    assert "Send the form again" in page.content.decode()
    assert strict.post("/account/theme/", {"theme": "dark"}).status_code == 403


def test_switched_off_people_do_not_get_in(house: House, client: Client) -> None:
    """A right password of somebody who left opens nothing."""
    Person.objects.filter(pk=house.tomasz.pk).update(is_active=False)
    sign_in(client, house.tomasz)
    assert client.get("/").status_code == 302


def test_a_person_sets_and_changes_the_password(demo_house: House, client: Client) -> None:
    """Somebody who came by link sets a first one; later the old one is asked for."""
    Person.objects.filter(pk=demo_house.dele.pk).update(password="!")
    client.post(link(demo_house.dele))
    assert client.get("/account/password/")["Location"] == "/account/password/set/"
    assert client.post("/account/password/set/", {"password1": "short", "password2": "short"}).status_code == 200
    done = client.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert done["Location"] == "/account/"
    page = client.post("/account/password/", {"oldpassword": "no", "password1": "x" * 14, "password2": "x" * 14})
    assert "not your current password" in page.content.decode()
    assert sign_in(Client(), demo_house.dele)["Location"] == "/"


def test_colours_are_kept_in_a_cookie(demo_house: House, client: Client) -> None:
    """Light and dark are set by the server on <html>; anything else is left to the system."""
    client.post("/account/theme/", {"theme": "dark"})
    assert '<html lang="en-GB" data-theme="dark">' in client.get("/sign-in/").content.decode()
    client.post("/account/theme/", {"theme": '"><script>'})
    assert 'data-theme="dark"' in client.get("/sign-in/").content.decode()
    client.post("/account/theme/", {"theme": "system"})
    assert "data-theme" not in client.get("/sign-in/").content.decode()
    assert client.get("/account/theme/").status_code == 405


@pytest.mark.parametrize("role", ["ines", "tomasz", "hannah", "dele", "ada"])
def test_every_page_of_the_own_account_opens(house: House, role: str) -> None:
    """Each role reaches its own account's pages, in our look and without a template of allauth's."""
    person = getattr(house, role)
    client = signed_in(person)
    sign_in(Client(), person)
    for path in (
        "/account/",
        "/account/passkeys/",
        "/account/password/",
        "/sign-out/",
        "/account/confirm/",
        "/account/confirm/code/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "forgeward.css" in page.content.decode()
        assert "Menu:" not in page.content.decode()
    for path in ("/account/app/remove/", "/account/passkeys/add/", "/account/recovery-codes/new/"):
        assert client.get(path)["Location"].startswith("/account/confirm/"), path
    client.post("/account/confirm/", {"password": PASSWORD})
    for path in ("/account/app/remove/", "/account/passkeys/add/", "/account/recovery-codes/new/"):
        assert client.get(path).status_code == 200, path
    assert client.post("/account/recovery-codes/new/")["Location"] == "/account/recovery-codes/"
    assert len(re.findall(r"<li>\w+", client.get("/account/recovery-codes/").content.decode())) == 10
    text = client.get("/account/recovery-codes/text/")
    assert text["Content-Type"].startswith("text/plain")


def test_taking_the_last_factor_away_leads_to_enrolment(house: House) -> None:
    """Without a factor the session that showed one is no longer enough."""
    client = signed_in(house.ines)
    client.post("/account/confirm/", {"password": PASSWORD})
    assert client.post("/account/app/remove/")["Location"] == "/account/"
    assert client.get("/cases/")["Location"].startswith("/account/?")
    demo(False)


def test_now_is_the_homes(house: House) -> None:
    """Links live by the home's clock, which a demo may move."""
    assert SignInLink.objects.count() == 0
    people.sign_in_link(house.ines, NOW)
    assert SignInLink.objects.get().expires_at == NOW + people.LINK_LIFE
