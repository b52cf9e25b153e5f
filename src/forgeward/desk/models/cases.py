"""Cases as rows: the folded state, what is due next, and each clock as last evaluated."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class CaseRow(models.Model):
    """One case. ``state_json`` is ``respond.case.Case``; the other columns are copies of it that lists filter on."""

    number = models.CharField(max_length=16, unique=True)  # random, so that it tells outsiders nothing
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=24)
    level = models.CharField(max_length=8, blank=True)
    title_seq = models.PositiveIntegerField(default=1)  # the entry whose sealed values hold the title
    reporter = models.CharField(
        max_length=60, blank=True
    )  # the key subject of who reported it, if somebody outside did
    owner = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="owned_cases", db_index=False
    )  # its index is case_owner
    restricted = models.BooleanField(default=False)
    opened_at = InstantField()
    changed_at = InstantField()
    closed_at = InstantField(null=True)
    version = models.PositiveIntegerField()  # number of entries; guards against lost updates
    state_json = models.BinaryField()
    next_due = InstantField(null=True)
    next_promise = models.CharField(max_length=16, blank=True)
    wake_at = InstantField(null=True)
    reminded_at = InstantField(null=True)  # marks up to here were looked at
    lease_until = InstantField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_due", "id"], name="case_next_due", condition=Q(next_due__isnull=False)),
            models.Index(fields=["wake_at"], name="case_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["kind", "level", "state", "next_due", "id"], name="case_facets"),
            models.Index(fields=["owner", "next_due", "id"], name="case_owner"),
            models.Index(fields=["closed_at"], name="case_closed"),
        ]

    def __str__(self) -> str:
        return self.number


class ClockRow(models.Model):
    """One clock of one case, as evaluated last. Always recomputable from the case and the adopted policies."""

    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, related_name="clocks", db_index=False)
    promise = models.CharField(max_length=16)
    regime = models.CharField(max_length=32)
    subject = models.CharField(max_length=40, blank=True)
    starts = InstantField()
    due = InstantField(null=True)
    original_due = InstantField(null=True)
    met = InstantField(null=True)
    missed_at = InstantField(null=True)
    state = models.CharField(max_length=16)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "promise", "regime", "subject"], name="one_clock_of_each")
        ]
        indexes: ClassVar = [models.Index(fields=["promise", "state"], name="clock_promise")]


class CaseViewer(models.Model):
    """TC-15: one person who may see a restricted case. Nobody else may."""

    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, related_name="viewers")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "person"], name="viewer_once")]
