"""People, their roles, and one-time ways in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from forgeward.desk.actions import write
from forgeward.desk.models import Person, SignInLink
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import PERSON_ADDED
from forgeward.errors import BadInput, NotFound
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Role

NAME_LIMIT = 200
ADDRESS_LIMIT = 254  # RFC 5321, 4.5.3.1.3, less the brackets
LINK_LIFE = timedelta(hours=24)
PATH = {Role.ENGINEERING: 10, Role.SUPPORT: 20, Role.LEAD: 30, Role.LEADERSHIP: 40, Role.AUDITOR: 90}


def add_person(name: str, email: str, roles: Iterable[Role], actor: Actor, now: datetime) -> Person:
    """Adds a member of staff without a password: they come in by a one-time link.

    Raises ``NotAllowed`` for other roles than Security Lead and Leadership, ``BadInput``.
    """
    demand("people.add", actor)
    held = sorted(set(roles))
    _require_person(name, email, held)
    with write.inside() as cursor:
        if Person.objects.filter(email__iexact=email.strip()).exists():
            raise BadInput(f"{email} is here already.", next="See `forgeward people list`.")
        order = min(PATH[role] for role in held)
        person = Person.objects.create_user(email, name=name.strip() or email, added_at=now, path_order=order)
        person.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in held])
        change = Change(PERSON_ADDED, data={"person": person.pk, "roles": [role.value for role in held]})
        write.record(cursor, change, actor.id, now)
    return person


def _require_person(name: str, email: str, held: list[Role]) -> None:
    try:
        validate_email(email.strip())
        MaxLengthValidator(ADDRESS_LIMIT)(email.strip())
    except ValidationError:
        raise BadInput(f"“{email}” is not an e-mail address.", next="Give one like ines@example.com.") from None
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput("That is not a name.", next=f"Write at most {NAME_LIMIT} characters on one line.")
    if not held:
        raise BadInput("A person needs at least one role.", next=f"Name one of: {', '.join(Role)}.")


def sign_in_link(person: Person, now: datetime) -> str:
    """Makes a one-time token (24 h) and returns it; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        token_hash=hashlib.sha256(token.encode()).hexdigest(), person=person, expires_at=now + LINK_LIFE
    )
    return token


def use_link(token: str, now: datetime) -> Person:
    """Uses a one-time link up and returns whose it is. Of two that come at once, one succeeds.

    Raises ``NotFound`` for a link that is unknown, used, expired, or of somebody who was switched off.
    """
    digest = hashlib.sha256(token.encode()).hexdigest()
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_signinlink SET used_at = %s WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s"
            " AND person_id IN (SELECT id FROM desk_person WHERE is_active) RETURNING person_id",
            [to_micros(now), digest, to_micros(now)],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(
            "It was used before, it is older than a day, or it never was one.",
            next="Make a new one with `forgeward people link E-MAIL` on the server.",
        )
    return Person.objects.get(pk=row[0])
