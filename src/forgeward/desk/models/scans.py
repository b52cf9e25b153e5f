"""What scanners handed in: each upload as it came, and each finding on each branch. Words are sealed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class ScanRow(models.Model):
    """One upload. ``app`` is the app's key; ``version`` is set where production runs what was scanned.

    ``raw`` is the file as it came, packed and encrypted; only the newest of each branch are kept. ``blob`` holds what
    was not scanned, sealed.
    """

    app = models.CharField(max_length=64)
    branch = models.CharField(max_length=120)
    revision = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=60, blank=True)
    tool = models.CharField(max_length=60, blank=True)
    app_ids = models.TextField(blank=True)  # Forge app ids by the report, parted by line ends
    digest = models.CharField(max_length=64, db_index=True)  # keyed, over the file and what it was said to be of
    size = models.PositiveIntegerField()
    received_at = InstantField()
    again_at = InstantField()  # when the same was handed in last
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8)  # stored, taken or refused
    reason = models.CharField(max_length=300, blank=True)  # why it was refused
    complete = models.BooleanField(default=False)
    findings = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    not_scanned = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)  # cases
    raw = models.BinaryField(default=b"")
    blob = models.BinaryField(default=b"")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["app", "branch", "tool", "received_at"], name="scan_latest")]


class ObservationRow(models.Model):
    """One finding on one branch, as the latest scan that told of it said. ``state`` as in ``prevent.uploads.plan``."""

    app = models.CharField(max_length=64)
    tool = models.CharField(max_length=60)
    branch = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=32)
    rule = models.CharField(max_length=80)
    level = models.CharField(max_length=8)
    state = models.CharField(max_length=10)
    case = models.ForeignKey(CaseRow, null=True, on_delete=models.PROTECT, related_name="observations")
    first = models.ForeignKey(ScanRow, on_delete=models.PROTECT, related_name="+")
    last = models.ForeignKey(ScanRow, on_delete=models.PROTECT, related_name="observations")
    blob = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["app", "tool", "branch", "fingerprint"], name="observation_once")
        ]
        indexes: ClassVar = [models.Index(fields=["app", "tool", "fingerprint"], name="observation_of_app")]
