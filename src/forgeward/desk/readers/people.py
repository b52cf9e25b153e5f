"""Who is who."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from forgeward.desk.models import Person, SignInLink
from forgeward.errors import NotFound

SYSTEM_NAMES = {
    "system:intake": "Intake",
    "system:worker": "Clockwork",
    "system:outbox": "Outbox",
    "system:init": "Set-up",
    "system:demo": "Demo data",
    "reporter": "The reporter",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time sign-in link that still works."""

    person: str
    expires_at: datetime


def link_of(token: str, now: datetime) -> Link:
    """Looks at a link without using it. Raises ``NotFound`` as ``actions.people.use_link`` does."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    found = (
        SignInLink.objects.select_related("person")
        .filter(token_hash=digest, used_at__isnull=True, expires_at__gt=now, person__is_active=True)
        .first()
    )
    if found is None:
        raise NotFound(
            "It was used before, it is older than a day, or it never was one.",
            next="Make a new one with `forgeward people link E-MAIL` on the server.",
        )
    return Link(found.person.name, found.expires_at)


def names(actors: Iterable[str]) -> Mapping[str, str]:
    """Names of actors (``person:3``, ``system:intake``, ``reporter``) in one query; an unknown id stands for itself."""
    wanted = set(actors)
    ids = [int(actor.removeprefix("person:")) for actor in wanted if actor.startswith("person:")]
    known = {f"person:{pk}": name for pk, name in Person.objects.filter(pk__in=ids).values_list("pk", "name")}
    return {actor: known.get(actor) or SYSTEM_NAMES.get(actor) or _plain(actor) for actor in wanted}


def _plain(actor: str) -> str:
    return actor.removeprefix("system:").replace("_", " ").capitalize() if actor.startswith("system:") else actor


def person_id(field: str, word: str) -> str:
    """The id (``person:4``) of somebody named by id, e-mail address or name. Raises ``NotFound``."""
    if word.startswith("person:"):
        return word
    found = Person.objects.filter(email__iexact=word).first() or Person.objects.filter(name__iexact=word).first()
    if found is None:
        raise NotFound(f"--{field}: nobody here is called {word[:80]}.", next="See `forgeward people list`.")
    return f"person:{found.pk}"


def team() -> tuple[tuple[str, str], ...]:
    """Everybody who is active as (id, name), in the order of the escalation path: for fields that ask for a person."""
    rows = Person.objects.filter(is_active=True).values_list("pk", "name")
    return tuple((f"person:{pk}", name) for pk, name in rows)
