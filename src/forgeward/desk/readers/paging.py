"""Lists of mails, incoming and outgoing: the newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet

from forgeward.errors import BadInput

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for: mails in one state, of one case, after (``before`` in time) the last page's cursor."""

    state: str = ""
    case: str = ""
    before: str = ""
    limit: int = 50


def newest(rows: QuerySet[Row], states: Sequence[str], wanted: Wanted) -> tuple[list[Row], str]:
    """One page of mails with a ``state`` and a ``case``, and the next page's cursor, empty on the last one.

    Raises ``BadInput`` for an unknown state or cursor.
    """
    state, before, limit = wanted.state, wanted.before, wanted.limit
    if state and state not in states:
        raise BadInput(f"“{state[:40]}” is no state of a mail.", next=f"Choose one of: {', '.join(states)}.")
    if before and not before.isdecimal():
        raise BadInput(f"“{before[:40]}” is no place in the list.", next="Take the one that the last page gave.")
    if state:
        rows = rows.filter(state=state)
    if wanted.case:
        rows = rows.filter(case__number=wanted.case)
    if before:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], str(found[limit - 1].pk) if len(found) > limit else ""
