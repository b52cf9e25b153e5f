"""What the programme as a whole keeps: adopted policies, what checks saw, and who is running."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class PolicyVersion(models.Model):
    """A policy document. ``adopted_at`` empty: proposed only."""

    version = models.PositiveIntegerField(unique=True, null=True)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    proposed_at = InstantField()
    proposed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    adopted_at = InstantField(null=True)
    adopted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)


class EvidenceRow(models.Model):
    """What a check or a duty saw, for one mechanism of the policy."""

    mechanism = models.CharField(max_length=60)
    at = InstantField()
    ok = models.BooleanField()
    what = models.CharField(max_length=300)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["mechanism", "at"], name="evidence_latest")]


class Heartbeat(models.Model):
    """A running process, for `doctor` and the desk's banner; or how far work came that goes on after a crash."""

    name = models.CharField(max_length=64, primary_key=True)
    at = InstantField()
    detail = models.CharField(max_length=200, blank=True)
