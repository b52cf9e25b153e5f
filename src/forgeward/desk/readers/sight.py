"""Who sees which case. Every list and page begins here, and so does every step that a person takes."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from forgeward.desk.models import CaseRow, CaseViewer, Person


def visible_to(person: Person) -> QuerySet[CaseRow]:
    """The cases that the person may see.

    Nobody without a role sees any (S-2). A restricted case is seen by the people it names and nobody else (TC-15).
    """
    if not person.is_active or not person.roles:
        return CaseRow.objects.none()
    return CaseRow.objects.filter(
        Q(restricted=False) | Q(pk__in=CaseViewer.objects.filter(person=person).values("case"))
    )
