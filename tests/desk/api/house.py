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
from forgeward.desk.tokens import fresh
from forgeward.respond.access import TABLE, Scope, ask
from forgeward.respond.access import Answer as Access

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
    now, actor = settings.HOME.now(), person.actor()
    useful = [s for s in SCOPES if any(r.scope == s and ask(name, actor) is Access.YES for name, r in TABLE.items())]
    made = tokens.make(person, "test", scopes or useful, now + timedelta(days=1), now)
    return Caller(str(made.token), made.token.ident)


def forged(person: Person, *scopes: str) -> Caller:
    """A token with all scopes, whatever the person's role: as if somebody had written it into the table."""
    if scopes:
        return caller(person, *scopes)
    token, now = fresh(), settings.HOME.now()
    ApiToken.objects.create(
        ident=token.ident,
        person=person,
        name="test",
        digest=token.digest,
        scopes=" ".join(SCOPES),
        made_at=now,
        expires_at=now + timedelta(days=1),
    )
    return Caller(str(token), token.ident)
