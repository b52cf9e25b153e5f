"""The figures beside the menu's rooms. Counting stops early, so that it costs the same on a large home."""

from __future__ import annotations

from dataclasses import dataclass

from forgeward.desk import programme
from forgeward.desk.models import NoticeRow, Person
from forgeward.desk.readers import mail
from forgeward.desk.readers.sight import concerning, visible_to
from forgeward.errors import NotFound


@dataclass(frozen=True, slots=True)
class Counts:
    """At most one more than was asked for, which then means “and more”."""

    open_cases: int
    promises: int
    waiting_notices: int
    held_mails: int


def counts(person: Person, most: int) -> Counts:
    """How many cases are open, promises made, and mails waiting, as far as the person may see them."""
    seen = visible_to(person)
    waiting = NoticeRow.objects.filter(concerning(person), state="waiting", try_at__isnull=False)  # has an index
    try:
        promises = len(programme.policies().latest.promises)
    except NotFound:
        promises = 0
    return Counts(
        open_cases=seen.filter(closed_at__isnull=True).order_by().values("pk")[: most + 1].count(),
        promises=promises,
        waiting_notices=waiting.order_by().values("pk")[: most + 1].count(),
        held_mails=mail.waiting(person, most),
    )
