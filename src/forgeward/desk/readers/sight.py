"""Who sees which case. Every list and page begins here, and so does every step that a person takes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from forgeward.desk.models import CaseRow, CaseViewer, Person

VISIBLE = "(NOT c.restricted OR c.id IN (SELECT case_id FROM desk_caseviewer WHERE person_id = %s))"
"""``visible_to`` for a statement by hand: a condition on the case ``c``, with the key of somebody who works here."""


def visible_to(person: Person) -> QuerySet[CaseRow]:
    """The cases that the person may see.

    Nobody without a role sees any (S-2). A restricted case is seen by the people it names and nobody else (TC-15).
    """
    if not works_here(person):
        return CaseRow.objects.none()
    return CaseRow.objects.filter(Q(restricted=False) | Q(pk__in=_named(person)))


def concerning(person: Person) -> Q:
    """The same as a condition on rows that have a ``case``: clocks, mails. Joins instead of listing every case."""
    if not works_here(person):
        return Q(pk__in=[])
    return Q(case__restricted=False) | Q(case__in=_named(person))


def works_here(person: Person) -> bool:
    """Whether the person may see any case at all."""
    return person.is_active and bool(person.roles)


def _named(person: Person) -> QuerySet[CaseViewer, Any]:
    return CaseViewer.objects.filter(person=person).values("case")
