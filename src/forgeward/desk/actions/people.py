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

from forgeward.desk.actions import sessions, write
from forgeward.desk.models import Person, SignInLink
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import PERSON_ADDED, PERSON_OFF, PERSON_ON, PERSON_RESET, PERSON_ROLES
from forgeward.errors import AnswerIsNo, BadInput, NotFound
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Role, Sealed

NAME_LIMIT = 200
REASON_LIMIT = 2000
ADDRESS_LIMIT = 254  # RFC 5321, 4.5.3.1.3, less the brackets
ERASED_ADDRESS = "@erased.invalid"  # what `erase` leaves of an address
LINK_LIFE = timedelta(hours=24)
PATH = {Role.ENGINEERING: 10, Role.SUPPORT: 20, Role.LEAD: 30, Role.LEADERSHIP: 40, Role.AUDITOR: 90}


def add_person(name: str, email: str, roles: Iterable[Role], actor: Actor, now: datetime) -> Person:
    """Adds a member of staff without a password: they come in by a one-time link.

    Raises ``NotAllowed`` for other roles than Security Lead and Leadership, ``BadInput``.
    """
    demand("people.add", actor)
    held = sorted(set(roles))
    _require_person(name, email)
    _require_roles(held)
    with write.inside() as cursor:
        if Person.objects.filter(email__iexact=email.strip()).exists():
            raise BadInput(f"{email} is here already.", next="See `forgeward people list`.")
        person = Person.objects.create_user(email, name=name.strip() or email, added_at=now, path_order=_place(held))
        _give(person, held)
        change = Change(PERSON_ADDED, data={"person": person.pk, "roles": [role.value for role in held]})
        write.record(cursor, change, actor.id, now)
    return person


def _require_person(name: str, email: str) -> None:
    try:
        validate_email(email.strip())
        MaxLengthValidator(ADDRESS_LIMIT)(email.strip())
    except ValidationError:
        raise BadInput(f"“{email}” is not an e-mail address.", next="Give one like ines@example.com.") from None
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput("That is not a name.", next=f"Write at most {NAME_LIMIT} characters on one line.")


def _require_roles(held: list[Role]) -> None:
    if not held:
        raise BadInput("A person needs at least one role.", next=f"Name one of: {', '.join(Role)}.")


def _place(held: list[Role]) -> int:
    """The place on the escalation path that roles give: that of the first one on it."""
    return min(PATH[role] for role in held)


def _give(person: Person, held: list[Role]) -> None:
    person.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in held])


def change_roles(person: Person, roles: Iterable[Role], actor: Actor, now: datetime) -> None:
    """Somebody holds these roles from now on, and no others.

    Raises ``NotAllowed`` for all but the Security Lead, ``BadInput``, ``AnswerIsNo`` where nothing would change or
    nobody would be left to lead.
    """
    demand("people.roles", actor)
    held = sorted(set(roles))
    _require_roles(held)
    with write.inside() as cursor:
        before = _held_now(person)
        if before == set(held):
            raise AnswerIsNo(f"{person.name} holds just these roles.", next="Nothing is to be done.")
        if Role.LEAD not in held:
            _require_another_lead(person)
        if person.path_order == _place(sorted(before) or held):  # who was given another place keeps it
            Person.objects.filter(pk=person.pk).update(path_order=_place(held))
        _give(person, held)
        change = Change(PERSON_ROLES, data={"person": person.pk, "roles": [role.value for role in held]})
        write.record(cursor, change, actor.id, now)
    person.refresh_from_db()


def _held_now(person: Person) -> frozenset[Role]:
    """The roles as the database has them, whatever the caller read before."""
    return Person.objects.get(pk=person.pk).roles


def _require_another_lead(person: Person) -> None:
    """Inside a transaction. Two leads who take the role from each other at once wait here for one another."""
    group, _ = Group.objects.get_or_create(name=Role.LEAD.value)
    Group.objects.select_for_update().get(pk=group.pk)
    leads = Person.objects.filter(groups=group, is_active=True)
    if leads.filter(pk=person.pk).exists() and not leads.exclude(pk=person.pk).exists():
        raise AnswerIsNo(
            "This is the only Security Lead.",
            next="Give the role to somebody else first: `forgeward people roles E-MAIL --role security_lead`.",
        )


def switch(person: Person, on: bool, actor: Actor, now: datetime) -> None:
    """Switches somebody off, or on again. Sessions and unused links end at once; their tokens rest with them.

    Raises ``NotAllowed`` for all but the Security Lead, ``AnswerIsNo`` where it is so already, for the only Security
    Lead, and for somebody who was erased.
    """
    demand("people.switch", actor)
    with write.inside() as cursor:
        if not on:
            _require_another_lead(person)
        rows = Person.objects.filter(pk=person.pk, is_active=not on).exclude(email__endswith=ERASED_ADDRESS)
        if not rows.update(is_active=on):
            word = "works here already, or was erased" if on else "is switched off already"
            raise AnswerIsNo(f"{person.name} {word}.", next="See `forgeward people list`.")
        sessions.end_all(person)
        SignInLink.objects.filter(person=person, used_at__isnull=True).delete()
        write.record(cursor, Change(PERSON_ON if on else PERSON_OFF, data={"person": person.pk}), actor.id, now)
    person.refresh_from_db()


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
        person.set_unusable_password()  # a session holds a hash of the password, so this ends any that was missed
        person.save(update_fields=["password"])
        sessions.end_all(person)
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
