"""Endpoints that are told of cases: entered, given a new secret, taken away, tried, by the Security Lead.

A secret is derived from the endpoint's key in the home's key store and its generation, so it stands in no table; it is
shown when it is made, and never again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import endpoints
from forgeward.desk.actions import write
from forgeward.desk.models import DeliveryRow, Leaf, WebhookRow
from forgeward.desk.tokens import SIGNS
from forgeward.errors import AnswerIsNo, BadInput, NotFound
from forgeward.respond.access import demand
from forgeward.respond.webhooks import OVERLAP, TEST, require_events, require_url, shown_secret
from forgeward.vocabulary import Actor, Change, Plain, Sealed, rfc3339

ADDED, REMOVED, ROTATED = "webhook:added", "webhook:removed", "webhook:rotated"
MOST = 50
NAME_LIMIT = 80
IDENT = 10


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint with its newest secret, in clear for the only time."""

    row: WebhookRow
    secret: str


def add(name: str, url: str, events: Sequence[str], actor: Actor, now: datetime) -> Made:
    """Enters an endpoint; it is told of what happens from now on.

    Raises ``NotAllowed``, and ``BadInput`` for a name, an address or events that do not do, or for more than ``MOST``.
    """
    demand("webhook.manage", actor)
    wanted, address = require_events(events), require_url(url)
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise BadInput("A webhook has a name.", next=f"Say in at most {NAME_LIMIT} characters what it is for.")
    ident = "".join(secrets.choice(SIGNS) for _ in range(IDENT))
    endpoints.prepare(ident)
    with write.inside() as cursor:
        if WebhookRow.objects.filter(removed_at__isnull=True).count() >= MOST:
            raise BadInput(f"There are {MOST} webhooks already.", next="Take one away with `forgeward webhook remove`.")
        row = WebhookRow.objects.create(
            ident=ident,
            name=name.strip(),
            events=" ".join(wanted),
            blob=endpoints.sealed_url(ident, address),
            added_at=now,
            cursor=leaves(),
        )
        data: dict[str, Plain] = {"webhook": ident, "events": wanted}
        write.record(cursor, Change(ADDED, data, {"url": Sealed(address)}), actor.id, now)
    return Made(row, shown_secret(endpoints.secret(row, row.generation)))


def rotate(ident: str, actor: Actor, now: datetime) -> Made:
    """Gives an endpoint a new secret; the one before signs beside it for ``OVERLAP``.

    Raises ``NotAllowed``, ``NotFound``, ``AnswerIsNo`` while the last change is not over.
    """
    demand("webhook.manage", actor)
    with write.inside() as cursor:
        row = one(ident, locked=True)
        if row.overlap_until and row.overlap_until > now:
            raise AnswerIsNo(
                f"Its secret was changed already; the one before signs until {row.overlap_until:%Y-%m-%d %H:%M}Z.",
                next="Wait until then: a third secret would cut off who has not changed over.",
            )
        row.generation, row.overlap_until = row.generation + 1, now + OVERLAP
        row.save(update_fields=["generation", "overlap_until"])
        data: dict[str, Plain] = {
            "webhook": row.ident, "generation": row.generation, "until": rfc3339(row.overlap_until)
        }  # fmt: skip
        write.record(cursor, Change(ROTATED, data), actor.id, now)
    return Made(row, shown_secret(endpoints.secret(row, row.generation)))


def remove(ident: str, actor: Actor, now: datetime) -> WebhookRow:
    """Takes an endpoint away: what waits for it is not sent, its address is forgotten. Its log stays.

    Raises ``NotAllowed``, ``NotFound``.
    """
    demand("webhook.manage", actor)
    with write.inside() as cursor:
        row = one(ident, locked=True)
        row.removed_at, row.blob = now, b""
        row.save(update_fields=["removed_at", "blob"])
        waiting = DeliveryRow.objects.filter(webhook=row, state="waiting")
        waiting.update(state="stopped", settled_at=now, answer="The webhook was taken away.")
        write.record(cursor, Change(REMOVED, {"webhook": row.ident}), actor.id, now)
    return row


def send_test(ident: str, actor: Actor, now: datetime) -> DeliveryRow:
    """Queues a message that names no case, so that one sees whether the endpoint takes it; one that rests is tried now.

    Raises ``NotAllowed``, ``NotFound``.
    """
    demand("webhook.manage", actor)
    with write.inside():
        row = one(ident)
        _worth_a_try(row)
        return DeliveryRow.objects.create(webhook=row, key=fresh_key(), event=TEST, at=now, began_at=now)


def _worth_a_try(row: WebhookRow) -> None:
    """A person says so: the endpoint rests no longer."""
    WebhookRow.objects.filter(pk=row.pk).update(rest_until=None)


def replay(ident: str, actor: Actor, now: datetime, *, key: str = "", since: datetime | None = None) -> list[str]:
    """Sends again: one message by its key, else all that were given up, of those since an instant where one is named.

    The ids stay, so a receiver that had one tells the double. Returns their keys.
    Raises ``NotAllowed``, ``NotFound``; ``AnswerIsNo`` where nothing is to be sent again.
    """
    demand("webhook.manage", actor)
    with write.inside():
        row = one(ident)
        rows = DeliveryRow.objects.filter(webhook=row)
        rows = rows.filter(key=key, state__in=["given_up", "delivered"]) if key else rows.filter(state="given_up")
        if since is not None:
            rows = rows.filter(at__gte=since)
        keys = list(rows.order_by("pk").values_list("key", flat=True))
        if not keys:
            raise AnswerIsNo("There is nothing to send again.", next="See `forgeward webhook log ID`.")
        DeliveryRow.objects.filter(webhook=row, key__in=keys).update(state="waiting", began_at=now, settled_at=None)
        _worth_a_try(row)
    return keys


def one(ident: str, *, locked: bool = False) -> WebhookRow:
    """An endpoint that is there. Raises ``NotFound``."""
    rows = WebhookRow.objects.filter(ident=ident, removed_at__isnull=True)
    row = (rows.select_for_update() if locked else rows).first()
    if row is None:
        raise NotFound(f"There is no webhook “{ident[:20]}”.", next="See `forgeward webhook list`.")
    return row


def leaves() -> int:
    """How many leaves the ledger has: what comes next has this index."""
    last: int | None = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def fresh_key() -> str:
    """The id of a new message: receivers know it again by that."""
    return "msg_" + "".join(secrets.choice(SIGNS) for _ in range(22))
