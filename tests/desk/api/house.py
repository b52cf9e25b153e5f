"""Programs that call the API, each by a token of one of the house's people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from forgeward.desk.actions import tokens
from forgeward.desk.models import ApiToken, Person
from forgeward.respond.access import Scope

SCOPES = tuple(scope.value for scope in Scope)


@dataclass
class Caller:
    """A token and how it is used."""

    token: str
    ident: str

    def __post_init__(self) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def get(self, path: str, **more: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", **more)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """``body`` as JSON; headers by their name with underscores: ``If_Match``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {} if body is None else body
        return self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=named)

    def send(self, path: str, raw: bytes, kind: str) -> HttpResponse:
        return self.client.post(f"/api/v1{path}", raw, content_type=kind)


def caller(person: Person, *scopes: str) -> Caller:
    """A program with a token of this person: for these scopes, or for all that the role has a use for."""
    now = settings.HOME.now()
    if not scopes:
        made = (
            tokens.make(person, "test", ["cases:read"], now + timedelta(days=1), now) if person.roles else _rows(person)
        )
        ApiToken.objects.filter(ident=made.token.ident).update(scopes=" ".join(SCOPES))
    else:
        made = tokens.make(person, "test", scopes, now + timedelta(days=1), now)
    return Caller(str(made.token), made.token.ident)


def _rows(person: Person) -> tokens.Made:
    """A token of somebody who lost every role since."""
    from forgeward.desk.tokens import fresh

    token, now = fresh(), settings.HOME.now()
    row = ApiToken.objects.create(
        ident=token.ident, person=person, name="test", digest=token.digest, scopes="cases:read",
        made_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    return tokens.Made(token, row)
