"""The people of the vendor: they sign in, hold roles (groups), and are counted where four eyes are asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from forgeward.desk.models.fields import InstantField
from forgeward.vocabulary import Actor, Role


class PersonManager(BaseUserManager["Person"]):
    """Addresses are unique without regard to case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """A member of staff, or an auditor. Roles are groups named after ``vocabulary.Role``."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    added_at = InstantField()
    path_order = models.PositiveSmallIntegerField(default=100, help_text="Place on the escalation path, lowest first")

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        ordering = ("path_order", "id")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held, by group name; foreign groups are ignored."""
        known = {role.value for role in Role}
        return frozenset(Role(group.name) for group in self.groups.all() if group.name in known)

    def actor(self) -> Actor:
        """The person as the pure core knows them."""
        return Actor(id=f"person:{self.pk}", roles=self.roles)


class SignInLink(models.Model):
    """A one-time way in, printed by ``forgeward up`` on the operator's own terminal. Only a hash is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    expires_at = InstantField()
    used_at = InstantField(null=True)


class SessionRow(AbstractBaseSession):
    """A browser's session, with what its person is shown of it. ``session_key`` is a digest: the cookie holds the key.

    ``seen_at`` is noted to the minute. Who deletes the row ends the session, in every process with its next request.
    """

    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="sessions")
    began_at = InstantField()
    seen_at = InstantField(null=True)
    address = models.CharField(max_length=45, blank=True)  # the longest text of an IPv6 address
    agent = models.CharField(max_length=300, blank=True)


class AbsenceRow(models.Model):
    """Somebody is away from ``begins_at`` until before ``ends_at``; ``stand_in`` is asked in their place (O-1)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences")
    begins_at = InstantField()
    ends_at = InstantField()
    stand_in = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("begins_at", "id")
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="absence_end")]
