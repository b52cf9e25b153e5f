"""What the API keeps: tokens, how fast each was used, and the answers that may be asked for again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class ApiToken(models.Model):
    """A way in for a program, bound to a person. Only a digest of it is kept; ``ident`` is its public beginning."""

    ident = models.CharField(max_length=10, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    scopes = models.CharField(max_length=300)  # parted by blanks
    made_at = InstantField()
    expires_at = InstantField()
    revoked_at = InstantField(null=True)
    used_at = InstantField(null=True)

    class Meta:
        ordering = ("-id",)


class ApiRate(models.Model):
    """The theoretical arrival time of the generic cell rate algorithm (ITU-T I.371): a bucket in one number."""

    key = models.CharField(max_length=80, primary_key=True)
    arrival = InstantField()


class ApiAnswer(models.Model):
    """What was answered under an Idempotency-Key. ``sealed`` opens with the token and the key alone.

    ``owner`` holds it until ``lease_until`` while the call runs; ``status`` 0: it still runs.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    call = models.CharField(max_length=64)
    owner = models.CharField(max_length=32)
    lease_until = InstantField()
    status = models.PositiveSmallIntegerField(default=0)
    sealed = models.BinaryField(default=b"")
    expires_at = InstantField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["token", "key"], name="answer_once")]
