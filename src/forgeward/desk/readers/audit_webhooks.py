"""The part of the audit that looks at whom we tell: endpoints as they were entered, changed and taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forgeward.desk import endpoints, programme
from forgeward.desk.models import DeliveryRow, Entry, WebhookRow
from forgeward.desk.readers.audit_keys import data_of
from forgeward.desk.rows import entry_place
from forgeward.errors import ForgewardError
from forgeward.respond.webhooks import TEST, event_of
from forgeward.vocabulary import rfc3339

ADDED, REMOVED, ROTATED = "webhook:added", "webhook:removed", "webhook:rotated"
Difference = tuple[str, str]


def differences() -> Iterator[Difference]:
    """What does not agree, as where and what."""
    entries = list(Entry.objects.filter(kind__in=[ADDED, REMOVED, ROTATED]).order_by("id"))
    added = {data_of(e).get("webhook"): e for e in entries if e.kind == ADDED}
    removed = {data_of(e).get("webhook"): e for e in entries if e.kind == REMOVED}
    turns = {data_of(e).get("webhook"): data_of(e).get("until") for e in entries if e.kind == ROTATED}
    rotated = Counter(data_of(e).get("webhook") for e in entries if e.kind == ROTATED)
    for row in WebhookRow.objects.order_by("pk"):
        where, entry = f"webhook {row.ident}", added.pop(row.ident, None)
        if entry is None:
            yield where, "was added by nobody"
            continue
        if row.events.split() != data_of(entry).get("events"):
            yield where, "its events are not those that were entered"
        if (row.removed_at is not None) != (row.ident in removed):
            yield where, "was taken away, and is there" if row.ident in removed else "was taken away by nobody"
        until = rfc3339(row.overlap_until) if row.overlap_until else None
        if (row.generation, until) != (1 + rotated[row.ident], turns.get(row.ident)):
            yield where, "its secret is not the one that was entered last"
        yield from _address(row, entry)
    for gone in added:
        yield f"webhook {gone}", "was added and is gone"
    yield from _messages()


def _address(row: WebhookRow, entry: Entry) -> Iterator[Difference]:
    if row.removed_at is not None and not row.blob:
        return
    where = f"webhook {row.ident}"
    blobs = [(sealed.subject, bytes(sealed.blob)) for sealed in entry.sealed.all()]
    try:
        same = endpoints.url_of(row) == programme.vault().values(entry_place("", 0, entry.kind, entry.at), blobs)["url"]
    except (ForgewardError, KeyError) as problem:
        yield where, f"its address does not open: {problem}"
        return
    if not same:
        yield where, "its address is not the one that was entered"


def _messages() -> Iterator[Difference]:
    rows = DeliveryRow.objects.exclude(event=TEST).select_related("entry").order_by("pk")
    for row in rows.iterator(chunk_size=2_000):
        entry = row.entry
        if entry is None or (row.case_id, row.event, row.at) != (entry.case_id, event_of(entry.kind), entry.at):
            yield f"message {row.key}", "its case, event or instant is not its entry's"
