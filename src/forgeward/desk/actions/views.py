"""Saved views: a name for a query of the list of cases, for oneself or for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from forgeward.desk.filters import PARAMETERS, filters_of
from forgeward.desk.models import Person, SavedView
from forgeward.errors import BadInput, NotFound
from forgeward.respond.access import TABLE, demand, refusal

NAME_LIMIT = 60
MOST = 100  # of one person


def save(person: Person, name: str, asked: Mapping[str, str], now: datetime, *, shared: bool = False) -> SavedView:
    """Saves a query under a name; a view of that name that the person has already is replaced.

    Of ``asked`` only ``PARAMETERS`` are kept. Raises ``BadInput`` for a name that is none, a word that no case has and
    more than ``MOST`` views, ``NotAllowed`` for sharing by somebody who changes nothing here.
    """
    demand("view.share" if shared else "view.own", person.actor())
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput("A view has a name.", next=f"Say in at most {NAME_LIMIT} characters what it shows.")
    filters_of(asked, person.pk)
    query = urlencode({key: asked[key] for key in PARAMETERS if asked.get(key)})
    if SavedView.objects.filter(person=person).exclude(name=name).count() >= MOST:
        raise BadInput(f"You have {MOST} views already.", next="Remove one first.")
    row, _ = SavedView.objects.update_or_create(
        person=person, name=name, defaults={"query": query, "shared": shared, "made_at": now}
    )
    return row


def remove(person: Person, pk: int) -> str:
    """Removes a view of one's own, or a shared one by the Security Lead; returns its name.

    Raises ``NotFound``, ``NotAllowed`` for somebody else's shared view.
    """
    row = SavedView.objects.filter(pk=pk).first()
    if row is None or (row.person_id != person.pk and not row.shared):
        raise NotFound("There is no such view.", next="Look under Cases.")
    if row.person_id != person.pk and person.roles.isdisjoint(TABLE["view.remove"].roles):
        raise refusal("view.remove")
    row.delete()
    return row.name
