"""The part of the audit that looks at people: their roles, who is switched off or away, their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from forgeward.desk import programme
from forgeward.desk.models import AbsenceRow, ApiToken, Entry, Person
from forgeward.desk.readers.audit_keys import data_of
from forgeward.desk.rows import (
    PERSON_ADDED,
    PERSON_AWAY,
    PERSON_BACK,
    PERSON_OFF,
    PERSON_ON,
    PERSON_ROLES,
    absence_words,
    entry_place,
)
from forgeward.vocabulary import Plain, rfc3339

TOKEN_MADE, TOKEN_REVOKED = "token:made", "token:revoked"
Difference = tuple[str, str]


def differences() -> Iterator[Difference]:
    """What does not agree, as where and what."""
    yield from _roles()
    yield from _switched()
    yield from _absences()
    yield from _tokens()


def _roles() -> Iterator[Difference]:
    given: dict[object, object] = {}
    for data in _entered(PERSON_ADDED, PERSON_ROLES):
        given[data.get("person")] = data.get("roles")
    for person in Person.objects.prefetch_related("groups").order_by("id"):
        held = sorted(role.value for role in person.roles)
        said = given.pop(person.pk, [])
        if held != said:
            yield f"person:{person.pk}", f"holds the roles {held}, was given {said}"
    for gone in given:
        yield f"person:{gone}", "was added and is gone"


def _switched() -> Iterator[Difference]:
    entries = Entry.objects.filter(kind__in=[PERSON_OFF, PERSON_ON]).order_by("id")
    working = {data_of(entry).get("person"): entry.kind == PERSON_ON for entry in entries}
    for pk, active in Person.objects.order_by("id").values_list("pk", "is_active"):
        if programme.vault().keys.erased_at(f"person:{pk}"):
            continue
        if active != working.get(pk, True):
            yield f"person:{pk}", "works here, and was switched off" if active else "was switched off by nobody"


def _absences() -> Iterator[Difference]:
    """As far as their words can be read: those of somebody who was erased are gone."""
    back = {data.get("absence") for data in _entered(PERSON_BACK)}
    rows = {row.pk: row for row in AbsenceRow.objects.all()}
    for entry in Entry.objects.filter(kind=PERSON_AWAY).order_by("id").prefetch_related("sealed"):
        data = data_of(entry)
        place = entry_place("", 0, entry.kind, entry.at)
        said = programme.vault().values(place, [(each.subject, bytes(each.blob)) for each in entry.sealed.all()])
        row = rows.pop(cast(int, data.get("absence")), None)
        if "absence" not in said:
            continue
        if (row is None) != (data.get("absence") in back):
            yield f"person:{data.get('person')}", "is away, and was called back" if row else "an absence is gone"
        elif row is not None and said["absence"] != _words(row):
            yield f"person:{data.get('person')}", "is away other days, or with another stand-in, than was entered"
    for row in rows.values():
        yield f"person:{row.person_id}", "is away, which nobody entered"


def _words(row: AbsenceRow) -> str:
    return absence_words(row.person_id, row.begins_at, row.ends_at, row.stand_in_id)


def _tokens() -> Iterator[Difference]:
    made = {str(data.get("token")): data for data in _entered(TOKEN_MADE)}
    revoked = {str(data.get("token")) for data in _entered(TOKEN_REVOKED)}
    for row in ApiToken.objects.order_by("pk"):
        where = f"token {row.ident}"
        entered = made.get(row.ident)
        if entered is None:
            yield where, "was made by nobody"
            continue
        stands = (row.person_id, row.scopes.split(), rfc3339(row.expires_at))
        if stands != (entered.get("person"), entered.get("scopes"), entered.get("until")):
            yield where, "its person, scopes or end are not those that were entered"
        if (row.revoked_at is not None) != (row.ident in revoked):
            yield where, "was revoked, and is not" if row.ident in revoked else "was not revoked by anybody"


def _entered(*kinds: str) -> Iterator[Mapping[str, Plain]]:
    for entry in Entry.objects.filter(kind__in=kinds).order_by("id"):
        yield data_of(entry)
