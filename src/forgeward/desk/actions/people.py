"""People, their roles, and one-time ways in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from forgeward.desk.actions import write
from forgeward.desk.models import Person, SignInLink
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import PERSON_ADDED, PERSON_RESET
from forgeward.errors import BadInput, NotFound
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Role, Sealed

NAME_LIMIT = 200
REASON_LIMIT = 2000
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


def reset(person: Person, reason: str, actor: Actor, now: datetime) -> str:
    """For who lost the second factor: takes away every way in and returns a one-time token (24 h) for a fresh start.

    Factors, recovery codes, the password, links that were not used yet and all sessions end at once: with the factor
    gone, whoever holds only the password could otherwise enrol one of their own. Reason and person are recorded.
    Raises ``NotAllowed`` for all but the Security Lead, ``BadInput`` without a reason or for somebody switched off.
    """
    demand("people.reset", actor)
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise BadInput(
            "A reset needs a reason.", next=f"Say in at most {REASON_LIMIT} characters how you know that it is them."
        )
    if not person.is_active:
        raise BadInput(f"{person.name} is switched off.", next="Nothing has to be done: no way in is open to them.")
    with write.inside() as cursor:
        Authenticator.objects.filter(user=person).delete()
        SignInLink.objects.filter(person=person, used_at__isnull=True).delete()
        person.set_unusable_password()  # a session holds a hash of the password, so this ends them all
        person.save(update_fields=["password"])
        change = Change(PERSON_RESET, data={"person": person.pk}, sealed={"reason": Sealed(reason.strip())})
        write.record(cursor, change, actor.id, now)
        return sign_in_link(person, now)


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
