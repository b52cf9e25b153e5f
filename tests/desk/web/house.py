"""A vendor for the desk's tests: a policy in force, one person of each role, and somebody without any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from forgeward.desk import programme
from forgeward.desk.actions import people, policies
from forgeward.desk.models import Person
from forgeward.policy.defaults import default_policy_text
from forgeward.vocabulary import Actor, Role

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)  # a Monday
PASSWORD = "a long enough password"
SYSTEM = Actor("system:test")


@dataclass(frozen=True)
class House:
    """The people by first name; ``nobody`` has an account and no role."""

    ines: Person  # Security Lead
    tomasz: Person  # Engineering
    hannah: Person  # Support
    dele: Person  # Leadership
    ada: Person  # Auditor
    nobody: Person


STAFF = {
    "ines": ("Ines Okafor", Role.LEAD),
    "tomasz": ("Tomasz Bielak", Role.ENGINEERING),
    "hannah": ("Hannah Lindqvist", Role.SUPPORT),
    "dele": ("Dele Adeyemi", Role.LEADERSHIP),
    "ada": ("Ada Auditor", Role.AUDITOR),
}


def build(now: datetime = NOW) -> House:
    """Fills an empty database. The home's keys are made where they are missing."""
    programme.forget()
    programme.vault().keys.create("test.example/ledger")
    for role in Role:
        Group.objects.get_or_create(name=role.value)
    found = {
        key: people.add_person(name, f"{key}@example.com", [role], SYSTEM, now) for key, (name, role) in STAFF.items()
    }
    found["nobody"] = Person.objects.create_user("nobody@example.com", name="No Body", added_at=now)
    for person in found.values():
        person.set_password(PASSWORD)
        person.save()
    text = default_policy_text("Lattice & Loom", date(2026, 1, 1), "Europe/London")
    policies.adopt(policies.propose(text, SYSTEM, now), SYSTEM, now)
    return House(**found)


def demo(on: bool) -> None:
    """Makes the tests' home a demo home, or a real one again."""
    settings.HOME.create(demo=on)


def signed_in(person: Person, *, factor: bool = True) -> Client:
    """A browser with the person's session; ``factor``: it has shown a second factor that the person has."""
    from allauth.account.internal.flows.login import (  # the records that allauth keeps in a session
        _AUTHENTICATION_METHODS_USER_SESSION_KEY,
        AUTHENTICATION_METHODS_SESSION_KEY,
    )
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    client = Client()
    client.force_login(person)
    if factor:
        if not Authenticator.objects.filter(user=person, type="totp").exists():
            TOTP.activate(person, "JBSWY3DPEHPK3PXP")
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": 0.0, "type": "totp"}]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
        session.save()
    return client
