"""Webhooks: who is told of what, how that goes, and the log of messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.db.models import Count, Q

from forgeward.desk import endpoints
from forgeward.desk.models import DeliveryRow, Person, WebhookRow
from forgeward.desk.readers.paging import Wanted, newest
from forgeward.desk.readers.sight import concerning
from forgeward.errors import NotFound
from forgeward.respond.access import demand

STATES: Final = ("waiting", "delivered", "given_up", "stopped")


@dataclass(frozen=True, slots=True)
class WebhookLine:
    """An endpoint. ``url`` is the host alone where the rest may be a secret; ``fails``: tries in a row."""

    ident: str
    name: str
    host: str
    events: tuple[str, ...]
    added_at: datetime
    removed_at: datetime | None
    waiting: int
    given_up: int
    fails: int
    rest_until: datetime | None
    good_at: datetime | None
    overlap_until: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A message. ``case`` is empty for a test, and for a case that the person may not see."""

    key: str
    event: str
    case: str
    at: datetime
    state: str
    attempts: int
    settled_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Messages, the newest first; ``before`` is the next page's cursor, empty on the last one."""

    deliveries: tuple[DeliveryLine, ...]
    before: str


def listing(person: Person) -> tuple[WebhookLine, ...]:
    """The endpoints that are there, the newest first. Raises ``NotAllowed``."""
    demand("webhook.manage", person.actor())
    rows = WebhookRow.objects.filter(removed_at__isnull=True)
    counts = rows.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="waiting")),
        lost=Count("deliveries", filter=Q(deliveries__state="given_up")),
    )
    return tuple(_line(row, row.waiting, row.lost) for row in counts)


def one(person: Person, ident: str) -> WebhookLine:
    """One endpoint, also one that was taken away. Raises ``NotAllowed``, ``NotFound``."""
    demand("webhook.manage", person.actor())
    row = WebhookRow.objects.filter(ident=ident).first()
    if row is None:
        raise NotFound(f"There is no webhook “{ident[:20]}”.", next="See `forgeward webhook list`.")
    count = row.deliveries.filter
    return _line(row, count(state="waiting").count(), count(state="given_up").count())


def line(row: WebhookRow) -> WebhookLine:
    """An endpoint that was just entered or changed."""
    return _line(row, 0, 0)


def deliveries(person: Person, ident: str, *, state: str = "", before: str = "", limit: int = 50) -> DeliveryPage:
    """Messages to one endpoint; those of cases that the person may not see are left out.

    Raises ``NotAllowed``, ``NotFound``, ``BadInput`` for an unknown state or cursor.
    """
    one(person, ident)
    seen = Q(case__isnull=True) | concerning(person)
    rows = DeliveryRow.objects.select_related("case").filter(seen, webhook__ident=ident)
    found, before = newest(rows, STATES, Wanted(state, "", before, limit))
    return DeliveryPage(tuple(map(_delivery, found)), before)


def delivery(row: DeliveryRow) -> DeliveryLine:
    """A message as it stands in the table now."""
    return _delivery(DeliveryRow.objects.select_related("case").get(pk=row.pk))


def _delivery(row: DeliveryRow) -> DeliveryLine:
    number = row.case.number if row.case else ""
    return DeliveryLine(row.key, row.event, number, row.at, row.state, row.attempts, row.settled_at, row.answer)


def _line(row: WebhookRow, waiting: int, lost: int) -> WebhookLine:
    return WebhookLine(
        ident=row.ident,
        name=row.name,
        host=urlsplit(endpoints.url_of(row)).netloc,
        events=tuple(row.events.split()),
        added_at=row.added_at,
        removed_at=row.removed_at,
        waiting=waiting,
        given_up=lost,
        fails=row.fails,
        rest_until=row.rest_until,
        good_at=row.good_at,
        overlap_until=row.overlap_until,
    )
