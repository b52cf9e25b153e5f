"""What we decide where allauth asks: who may join, how secrets are kept, what counts as a fresh proof.

Sign-in itself (passwords, TOTP, passkeys, recovery codes, rate limits) is allauth's.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any, cast

import qrcode  # type: ignore[import-untyped]
from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.signals import password_changed, password_set
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from forgeward.desk.actions import sessions
from forgeward.desk.models import Person
from forgeward.desk.readers.colleagues import FACTORS
from forgeward.desk.sessions import digest

_NONCE = 12


class Adapter(DefaultAccountAdapter):
    """People are added by the Security Lead, never by themselves."""

    error_messages = {  # noqa: RUF012 - allauth declares it for instances
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is switched off. Ask your Security Lead.",
        "email_password_mismatch": "E-mail and password do not belong together. Nothing was changed.",
        "enter_current_password": "That is not your current password.",
        "incorrect_code": "That code does not fit. Codes change every 30 seconds.",
        "incorrect_password": "That is not your password.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes, then try again.",
        "rate_limited": "Too many requests. Wait a minute, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **_: object) -> bool:
        """A sign-in of the last minutes is proof enough: nobody types the password twice in a row to enrol."""
        return not proved_recently(self.request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed sign-ins are counted by address alone.

        allauth counts by the Host header too, of which anybody chooses the port: each one would be five more guesses.
        """
        return str(credentials.get("email", "")).strip().lower()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class MfaAdapter(DefaultMFAAdapter):
    """Keeps second factors encrypted under the home's key, and draws the QR code without inline styles."""

    error_messages = {  # noqa: RUF012 - allauth declares it for instances
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code does not fit. Codes change every 30 seconds.",
        "cannot_generate_recovery_codes": "Recovery codes come after a second factor. Set one up first.",
    }

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), b"mfa")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        blob = base64.b64decode(encrypted_text)
        return _cipher().decrypt(blob[:_NONCE], blob[_NONCE:], b"mfa").decode()

    def build_totp_svg(self, url: str) -> str:
        """The QR code as one path: no style, no XML head, so that the page can hold it under our CSP."""
        code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
        code.add_data(url)
        rows = code.get_matrix()
        path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        box = f"0 0 {len(rows)} {len(rows)}"
        return f'<svg class="qr" viewBox="{box}" role="img" aria-label="QR code"><path d="{path}"/></svg>'

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Forgeward"}


def _cipher() -> AESGCM:
    return AESGCM(hashlib.sha256(b"forgeward second factors\0" + settings.SECRET_KEY.encode()).digest())


def proved_recently(request: HttpRequest | None) -> bool:
    """Whether this session proved who it is within ``ACCOUNT_REAUTHENTICATION_TIMEOUT`` seconds."""
    if request is None or not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < account_settings.REAUTHENTICATION_TIMEOUT


def has_factor(person: Person) -> bool:
    """Whether the person has enrolled a TOTP app or a passkey."""
    return Authenticator.objects.filter(user=person, type__in=FACTORS).exists()


def has_code(person: Person) -> bool:
    """Whether the person can type a code: from a TOTP app, or a recovery code."""
    return Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.WEBAUTHN).exists()


def showed_factor(request: HttpRequest) -> bool:
    """Whether this very session showed a second factor.

    Asking only whether the person has one would let in a session that signed in by password before they enrolled.
    """
    return any(
        record.get("method") == "mfa" for record in get_authentication_records(request, cast(Person, request.user))
    )


@receiver(authenticator_added)
def _enrolling_shows_it(request: HttpRequest, user: Person, authenticator: Authenticator, **_: object) -> None:
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, enrolled=True)


@receiver([password_changed, password_set])
def _others_end(request: HttpRequest, user: Person, **_: object) -> None:
    """A new password ends the other sessions; without this they would be listed until they are next used."""
    sessions.end_all(user, but=digest(request.session.session_key or ""))
