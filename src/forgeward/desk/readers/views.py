"""Saved views of the list of cases."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from forgeward.desk.models import Person, SavedView


@dataclass(frozen=True, slots=True)
class View:
    """A saved view. ``by`` is who shared it, empty for one's own; ``mine``: the person may remove it."""

    pk: int
    name: str
    query: str
    shared: bool
    by: str
    mine: bool


def of(person: Person) -> tuple[View, ...]:
    """The person's own views and the shared ones, by name. One query."""
    rows = SavedView.objects.filter(Q(person=person) | Q(shared=True)).select_related("person").order_by("name", "pk")
    return tuple(
        View(
            row.pk,
            row.name,
            row.query,
            row.shared,
            "" if row.person_id == person.pk else row.person.name,
            row.person_id == person.pk,
        )
        for row in rows
    )
