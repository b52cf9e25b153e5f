"""Webhooks from what readers found to their shapes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from forgeward.desk import shapes_webhooks as shapes
from forgeward.desk.readers.webhooks import DeliveryLine, WebhookLine
from forgeward.vocabulary import rfc3339


def _at(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None


def _webhook(found: WebhookLine) -> shapes.WebhookShape:
    return shapes.WebhookShape(
        id=found.ident,
        name=found.name,
        host=found.host,
        events=list(found.events),
        added=rfc3339(found.added_at),
        removed=_at(found.removed_at),
        waiting=found.waiting,
        given_up=found.given_up,
        fails=found.fails,
        rests_until=_at(found.rest_until),
        good=_at(found.good_at),
        old_secret_until=_at(found.overlap_until),
    )


def webhooks(lines: Iterable[WebhookLine]) -> shapes.Webhooks:
    """Endpoints."""
    return shapes.Webhooks(webhooks=[_webhook(line) for line in lines])


def made(line: WebhookLine, secret: str) -> shapes.WebhookMade:
    """A new endpoint, or a new secret of one."""
    return shapes.WebhookMade(webhook=_webhook(line), secret=secret)


def deliveries(lines: Iterable[DeliveryLine], after: str = "") -> shapes.Deliveries:
    """Messages of one endpoint."""
    return shapes.Deliveries(
        deliveries=[
            shapes.DeliveryShape(
                id=d.key,
                event=d.event,
                case=d.case or None,
                at=rfc3339(d.at),
                state=d.state,  # type: ignore[arg-type]  # one of the four
                attempts=d.attempts,
                settled=_at(d.settled_at),
                answer=d.answer,
            )
            for d in lines
        ],
        after=after or None,
    )
