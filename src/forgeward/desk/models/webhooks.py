"""Who is told of what by webhook, and each message with its fate."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.history import Entry


class WebhookRow(models.Model):
    """An endpoint. Its secrets follow from its key in the home's key store and ``generation``; none stands here."""

    ident = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=80)
    events = models.CharField(max_length=1000)  # parted by blanks
    blob = models.BinaryField(default=b"")  # the address, sealed: it may be a secret itself; empty once removed
    added_at = InstantField()
    removed_at = InstantField(null=True)
    generation = models.PositiveIntegerField(default=1)
    overlap_until = InstantField(null=True)  # until then the secret before signs too
    cursor = models.PositiveBigIntegerField()  # the next leaf to look at
    fails = models.PositiveIntegerField(default=0)  # tries in a row
    rest_until = InstantField(null=True)
    good_at = InstantField(null=True)  # the last message that was taken

    class Meta:
        ordering = ("-id",)


class DeliveryRow(models.Model):
    """One message to one endpoint, sent at least once under one ``key``: a receiver tells doubles by it."""

    webhook = models.ForeignKey(WebhookRow, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=40, unique=True)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="+")  # none of a test
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40)
    at = InstantField()
    state = models.CharField(max_length=12, default="waiting")  # waiting | delivered | given_up | stopped
    attempts = models.PositiveIntegerField(default=0)
    began_at = InstantField()  # since when it is tried; again with each replay
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    settled_at = InstantField(null=True)
    answer = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["webhook", "entry"], name="told_once")]
        indexes: ClassVar = [
            models.Index(fields=["webhook", "id"], name="delivery_waits", condition=Q(state="waiting")),
            models.Index(fields=["webhook", "state", "id"], name="delivery_state"),
            models.Index(fields=["settled_at"], name="delivery_settled", condition=Q(settled_at__isnull=False)),
        ]
