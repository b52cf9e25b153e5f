"""The part of the audit that looks at who may come in: roles as given, tokens as made or revoked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forgeward.desk.models import ApiToken, Entry, Person
from forgeward.desk.readers.audit_keys import data_of
from forgeward.desk.rows import PERSON_ADDED
from forgeward.vocabulary import Plain, rfc3339

TOKEN_MADE, TOKEN_REVOKED = "token:made", "token:revoked"
Difference = tuple[str, str]


def differences() -> Iterator[Difference]:
    """What does not agree, as where and what."""
    yield from _roles()
    yield from _tokens()


def _roles() -> Iterator[Difference]:
    given: dict[object, object] = {}
    for data in _entered(PERSON_ADDED):
        given[data.get("person")] = data.get("roles")
    for person in Person.objects.prefetch_related("groups").order_by("id"):
        held = sorted(role.value for role in person.roles)
        said = given.pop(person.pk, [])
        if held != said:
            yield f"person:{person.pk}", f"holds the roles {held}, was given {said}"
    for gone in given:
        yield f"person:{gone}", "was added and is gone"


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


def _entered(kind: str) -> Iterator[Mapping[str, Plain]]:
    for entry in Entry.objects.filter(kind=kind).order_by("id"):
        yield data_of(entry)
