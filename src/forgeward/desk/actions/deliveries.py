"""Messages to endpoints leave: found in the ledger's order, claimed by lease, sent outside the transaction, settled.

    desk_leaf ─ spread (each leaf once an endpoint) ─▶ waiting ─ claim (lease) ─ send ─┬─ delivered
                                                         ▲                            ├─ later: the endpoint rests
                                                         └────────── replay ──────────┴─ given up: shown

Leaves are numbered without a gap by one sequencer, so an endpoint's cursor over them misses and doubles nothing, and
who writes history pays nothing for webhooks. At least once: who dies after sending and before settling sends again
under the same id. While an endpoint fails, only its oldest message is tried.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import connection
from django.db.backends.utils import CursorWrapper

from forgeward.desk import endpoints
from forgeward.desk.actions import webhooks, write
from forgeward.desk.leases import process_name
from forgeward.desk.models import DeliveryRow, WebhookRow
from forgeward.desk.models.fields import to_micros
from forgeward.edges.home import Home
from forgeward.edges.outgoing import Caller, lookup_by
from forgeward.errors import ForgewardError
from forgeward.respond.webhooks import KEPT_UP, Message, Reply, event_of, fate, payload, signed

LEASE = timedelta(seconds=300)
LEAVES = 1_000  # looked at in one transaction
BATCH, LINES = 32, 8  # claimed at once, and sent beside each other: four times the time of a call, within the lease
LOG_KEPT = timedelta(days=90)
Clock: TypeAlias = Callable[[], datetime]
Poster: TypeAlias = Callable[[str, bytes, dict[str, str]], Reply]


@dataclass
class Told:
    """How many messages got which fate."""

    delivered: int = 0
    waiting: int = 0
    given_up: int = 0


def look_after(home: Home, clock: Clock, owner: str) -> Told:
    """Makes messages of what happened, and sends what is due. Cheap where there is no webhook."""
    if not WebhookRow.objects.filter(removed_at__isnull=True).exists():
        return Told()
    spread()
    give_up(clock())
    return deliver(home, clock, owner=owner)


def spread() -> int:
    """Makes messages of the leaves that endpoints have not seen. Returns how many."""
    made = 0
    while True:
        behind = WebhookRow.objects.filter(removed_at__isnull=True, cursor__lt=webhooks.leaves())
        if not behind.exists():
            return made
        with write.inside() as cursor:
            made += _spread(cursor, list(behind.select_for_update().order_by("pk")))


def _spread(cursor: CursorWrapper, rows: Sequence[WebhookRow]) -> int:
    made = 0
    for row in rows:
        cursor.execute(
            'SELECT l."index", e.id, e.case_id, e.kind, e.at FROM desk_leaf l JOIN desk_entry e ON e.id = l.entry_id'
            ' WHERE l."index" >= %s ORDER BY l."index" LIMIT %s',
            [row.cursor, LEAVES],
        )
        found, events = cursor.fetchall(), set(row.events.split())
        fresh = [
            [row.pk, webhooks.fresh_key(), entry, case, event_of(kind), at, at]
            for _, entry, case, kind, at in found
            if case is not None and event_of(kind) in events
        ]
        cursor.executemany(  # a message that is there already stays as it is
            "INSERT INTO desk_deliveryrow (webhook_id, key, entry_id, case_id, event, at, state, attempts, began_at,"
            " lease_owner, answer) VALUES (%s, %s, %s, %s, %s, %s, 'waiting', 0, %s, '', '')"
            " ON CONFLICT (webhook_id, entry_id) DO NOTHING",
            fresh,
        )
        if found:
            cursor.execute("UPDATE desk_webhookrow SET cursor = %s WHERE id = %s", [found[-1][0] + 1, row.pk])
        made += len(fresh)
    return made


def deliver(home: Home, clock: Clock, *, owner: str = "", only: Sequence[str] = (), post: Poster | None = None) -> Told:
    """Sends what is due, or only the messages named, whatever their endpoints did before. Records each one's fate."""
    told, owner = Told(), owner or process_name()
    way = post or _way(home)
    while DeliveryRow.objects.filter(state="waiting").exists() and (keys := _claim(owner, clock(), only)):
        _send(home, way, keys, owner, clock, told)
        if only:
            break  # those that are to be tried again wait for the next round
    return told


def _send(home: Home, way: Poster, keys: Sequence[int], owner: str, clock: Clock, told: Told) -> None:
    rows = list(DeliveryRow.objects.select_related("webhook", "case").filter(pk__in=keys).order_by("pk"))
    began = clock()
    calls = [_call(home, row, began) for row in rows]
    with ThreadPoolExecutor(LINES, thread_name_prefix="webhook") as lines:  # the database stays on this thread
        replies = lines.map(lambda call: call if isinstance(call, Reply) else way(*call), calls)
        for row, reply in zip(rows, replies, strict=True):
            _settle(row, reply, owner, began, clock(), told)


def _way(home: Home) -> Poster:
    if home.is_demo:
        return lambda *_: Reply(410, "A demo home calls nobody.")
    return Caller(home.settings.outgoing, lookup_by(home.settings.dns)).post


def _claim(owner: str, now: datetime, only: Sequence[str]) -> list[int]:
    at = to_micros(now)
    lock = " FOR UPDATE OF d SKIP LOCKED" if connection.vendor == "postgresql" else ""
    due = (
        " AND (w.rest_until IS NULL OR w.rest_until <= %s) AND (w.fails = 0 OR d.id = (SELECT min(o.id)"
        " FROM desk_deliveryrow o WHERE o.webhook_id = w.id AND o.state = 'waiting'))"
    )
    which = f" AND d.key IN ({', '.join(['%s'] * len(only))})" if only else due
    values: list[str | int] = [*only] if only else [at]
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_deliveryrow SET lease_owner = %s, lease_until = %s, attempts = attempts + 1 WHERE id IN ("  # noqa: S608 - only marks and constant clauses
            "SELECT d.id FROM desk_deliveryrow d JOIN desk_webhookrow w ON w.id = d.webhook_id"
            " WHERE d.state = 'waiting' AND w.removed_at IS NULL AND (d.lease_until IS NULL OR d.lease_until < %s)"
            f"{which} ORDER BY d.id LIMIT %s{lock}) RETURNING id",
            [owner, to_micros(now + LEASE), at, *values, BATCH],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _call(home: Home, row: DeliveryRow, now: datetime) -> tuple[str, bytes, dict[str, str]] | Reply:
    """Address, body and headers; a case that is restricted by now is told of as restricted.

    A reply where there is nothing to call with: one endpoint whose key is lost must not stop the others.
    """
    case = row.case
    message = Message(
        id=row.key,
        event=row.event,
        at=row.at,
        number=case.number if case else "",
        link=home.settings.link(case.number) if case else "",
        restricted=bool(case and case.restricted),
    )
    body = payload(message)
    try:
        url, secrets = endpoints.url_of(row.webhook), endpoints.secrets_at(row.webhook, now)
    except ForgewardError as problem:
        return Reply(0, f"{problem} {problem.next}".strip())
    return url, body, signed(row.key, body, now, secrets)


def _settle(row: DeliveryRow, reply: Reply, owner: str, began: datetime, now: datetime, told: Told) -> None:
    """Records the answer. A lost lease changes nothing; an endpoint's failures of one batch count once."""
    result = fate(reply, row.webhook.fails, row.began_at, now, random.random())  # noqa: S311 - jitter, not a secret
    over = None if result.state == "waiting" else to_micros(now)
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_deliveryrow SET state = %s, settled_at = %s, answer = %s, lease_owner = '', lease_until = NULL"
            " WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
            [result.state, over, reply.words[:200], row.pk, owner],
        )
        if cursor.rowcount != 1:
            return
        if reply.good:
            cursor.execute(
                "UPDATE desk_webhookrow SET fails = 0, rest_until = NULL, good_at = %s WHERE id = %s",
                [to_micros(now), row.webhook_id],
            )
        elif result.rest_until is not None:
            cursor.execute(
                "UPDATE desk_webhookrow SET fails = fails + 1, rest_until = %s"
                " WHERE id = %s AND (rest_until IS NULL OR rest_until <= %s)",
                [to_micros(result.rest_until), row.webhook_id, to_micros(began)],
            )
    setattr(told, result.state, getattr(told, result.state) + 1)


def give_up(now: datetime) -> int:
    """Ends what waited its time for an endpoint that fails; deletes the log's oldest lines. Returns how many ended."""
    old = DeliveryRow.objects.filter(settled_at__lt=now - LOG_KEPT)
    if old.exists():  # looked at each second, and nobody should wait for the database's lock for nothing
        old.delete()
    late = DeliveryRow.objects.filter(state="waiting", began_at__lt=now - KEPT_UP, lease_until__isnull=True)
    late = late.filter(webhook__fails__gt=1)
    if not late.exists():
        return 0
    return late.update(state="given_up", settled_at=now, answer=f"Its endpoint took nothing for {KEPT_UP.days} days.")
