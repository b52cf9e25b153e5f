"""What makes long lists short work: saved views, and what was done to many cases at once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from forgeward.desk.models.cases import CaseRow
from forgeward.desk.models.fields import InstantField
from forgeward.desk.models.people import Person


class SavedView(models.Model):
    """A name for a query of the list of cases; ``shared``: everybody has it, not only who saved it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=300)
    shared = models.BooleanField(default=False)
    made_at = InstantField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "name"], name="view_once")]
        indexes: ClassVar = [models.Index(fields=["name"], name="view_shared", condition=models.Q(shared=True))]


class DoneAtOnce(models.Model):
    """A step that was done to one of many cases: asked for again under the same key, it is not done twice."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    case = models.ForeignKey(CaseRow, on_delete=models.CASCADE, related_name="+")
    waits = models.BooleanField(default=False)  # it takes effect when a second person agrees
    at = InstantField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "key", "case"], name="done_once")]
