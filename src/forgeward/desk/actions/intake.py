"""Mail comes in: stored as received before anything reads it, then read in a guarded child, then decided.

    bytes ─▶ stored (file + row) ─▶ Examiner ─▶ facts ─▶ respond.sorting ─▶ filing: a case, an answer, held, …

A crash between the steps loses nothing: whoever comes next claims what is stored and not decided. Mails are filed in
batches, since a batch syncs the disk once; two mails that could know of each other never share one.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from forgeward.desk import kept, programme, proofs
from forgeward.desk.actions import facts, files, filing, outbox, stored, write
from forgeward.desk.actions.facts import House, Read
from forgeward.desk.actions.filing import Prepared, Taken
from forgeward.desk.actions.stored import Incoming, Lease
from forgeward.desk.leases import living, process_name
from forgeward.desk.models import RawMail
from forgeward.edges.home import Home
from forgeward.edges.mail_boxes import Unreadable, read_sources
from forgeward.edges.mail_examine import Examined
from forgeward.edges.mail_examine import Incoming as ToExamine
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import ForgewardError, KeyErased
from forgeward.respond.intake import Held, Joins
from forgeward.respond.mail import NotParsed, Parsed
from forgeward.respond.sorting import Fate, Opens, sort

Clock: TypeAlias = Callable[[], datetime]
BATCH = 16  # mails that are filed in one transaction; it lasts some 50 ms
logger = logging.getLogger(__name__)


def from_sources(home: Home, sources: Sequence[str], clock: Clock) -> Iterator[Taken]:
    """Takes mails from files, mbox files, Maildir folders or ``-`` (stdin), in order, and sends their receipts."""
    unread: list[Taken] = []

    def rows(owner: str) -> Iterator[RawMail]:
        items = read_sources(sources)
        while chunk := list(islice(items, stored.BATCH)):
            unread.extend(Taken(item.name, not_parsed=item.reason) for item in chunk if isinstance(item, Unreadable))
            now = clock()
            mails = [Incoming(each.raw, each.name, now) for each in chunk if not isinstance(each, Unreadable)]
            found = stored.store_many(home, mails, lease=Lease(owner, now + stored.LEASE))
            for mail, row in zip(mails, found, strict=True):
                row.source = mail.source
                yield row

    with living(home) as owner, ParserPool() as pool:
        for taken in read(home, rows(owner), pool, clock):
            if taken.notices:
                outbox.deliver(home, clock, owner=owner, only=taken.notices)
            yield taken
    yield from unread


def read_stored(
    home: Home, clock: Clock, owner: str = "", pool: ParserPool | None = None, most: int = 200
) -> list[Taken]:
    """Reads mails that are stored and that nobody reads, at most about ``most``. The worker's way in.

    What cannot be read now (no parser can be started, say) waits for the next round, not for the end of a lease.
    """
    owner, found = owner or process_name(), list[Taken]()
    while len(found) < most and (rows := stored.claim(owner, clock())):
        try:
            if pool is None:
                with ParserPool() as own:
                    found += read(home, rows, own, clock)
            else:
                found += read(home, rows, pool, clock)
        except BaseException:
            stored.give_back(owner)
            raise
    return found


def read(home: Home, rows: Iterable[RawMail], pool: ParserPool, clock: Clock) -> Iterator[Taken]:
    """Reads and files mails, in order. One that cannot be filed is held with the reason; the others go on."""
    house = House(home)
    waiting: deque[tuple[RawMail, NotParsed | None]] = deque()

    def raws() -> Iterator[ToExamine]:
        for row in rows:
            raw, lost = _raw(home, row)
            waiting.append((row, lost))
            yield proofs.incoming(row, raw, kept.unseal(row, "way", row.way_blob) if raw else {})

    batch: list[Read] = []
    examiner = proofs.examiner(home, pool)
    for examined in examiner.examine_many(raws()):
        row, lost = waiting.popleft()
        if row.state != "stored":
            yield from _file(house, batch, clock)
            batch = []
            yield again(row)
            continue
        one = facts.read(house, row, Examined(lost) if lost else examined)
        if len(batch) >= BATCH or any(_may_know(one, other) for other in batch):
            yield from _file(house, batch, clock)
            batch, house = [], House(home)
        batch.append(one)
    yield from _file(house, batch, clock)


def _raw(home: Home, row: RawMail) -> tuple[bytes, NotParsed | None]:
    """A stored mail's bytes; where they are gone, that is what was read of it. A known mail is not read again."""
    if row.state != "stored":
        return b"", None
    try:
        return kept.raw_bytes(home, row), None
    except ForgewardError as problem:
        logger.error("the bytes of mail %s: %s", row.name, problem)  # noqa: TRY400 - a sentence, not a traceback
        return b"", NotParsed(f"Its stored bytes cannot be read: {problem}", "crashed")


def _may_know(one: Read, other: Read) -> bool:
    """Whether what becomes of the second may depend on what became of the first."""
    return (
        one.answers
        or bool(one.copy_key and one.copy_key == other.copy_key)
        or bool(one.reporter and one.reporter == other.reporter)
        or one.content_key == other.content_key
    )


def _file(house: House, batch: Sequence[Read], clock: Clock) -> list[Taken]:
    """Files a batch in one transaction; where that fails, each of its mails in one of its own."""
    if not batch:
        return []
    try:
        return _together(house, batch, clock)
    except (ForgewardError, filing.TakenBefore):
        return [_alone(house, one, clock) for one in batch]


def _together(house: House, batch: Sequence[Read], clock: Clock) -> list[Taken]:
    fates = [sort(one.mail, facts.gather(house, one)) for one in batch]
    for one, fate in zip(batch, fates, strict=True):
        if isinstance(fate, Opens | Joins | Held):
            proofs.remember(house.home, one.examined, clock())
    prepared = [_prepared(house, one, fate) for one, fate in zip(batch, fates, strict=True)]
    owners = {p.owner for p in prepared if p.owner} | {f"case:{p.number}" for p in prepared if p.number}
    owners |= {one.reporter for one in batch if one.reporter}
    programme.vault().keys.data_keys(owners)  # one sync of the key store for all, before the database is locked
    with write.inside() as cursor:
        now = clock()
        return [
            filing.file_in(cursor, house, one, fate, ready, now)
            for one, fate, ready in zip(batch, fates, prepared, strict=True)
        ]


def _prepared(house: House, one: Read, fate: Fate) -> Prepared:
    ready = filing.prepare(house, one, fate)
    if ready is None:
        return Prepared("", "")
    if not isinstance(one.reading, Parsed) or not one.reading.contents:
        return ready
    return replace(ready, kept=files.keep(house.home, one.reading, ready.owner))


def _alone(house: House, one: Read, clock: Clock) -> Taken:
    """One mail for itself. What the house refuses to file is held with its reason, so that it is not tried for ever."""
    try:
        return _together(house, [one], clock)[0]
    except filing.TakenBefore:
        return again(RawMail.objects.select_related("case").get(pk=one.row.pk))
    except ForgewardError as problem:
        logger.warning("mail %s could not be filed: %s", one.row.name, problem)
        with write.inside() as cursor:
            return filing.refused(cursor, one, f"It could not be filed: {problem}", clock())


def again(row: RawMail) -> Taken:
    """What became of a mail that was taken in before."""
    try:
        head = kept.unseal(row, "head", row.head_blob)
    except KeyErased:
        head = {}
    return Taken(
        source=row.source,
        case=row.case.number if row.case and row.state != "held" else None,
        held=str(head.get("reason", "")) if row.state == "held" else None,
        not_parsed=str(head.get("reason", "")) if row.state == "not_parsed" else None,
        subject=str(head.get("subject", "")),
        sender=str(head.get("from", "")),
        attachments=int(head.get("attachments", 0)),
        signals=dict(head.get("signals", {})),
        state=row.state,
    )
