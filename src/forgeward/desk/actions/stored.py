"""Mails are kept before anybody looks into them: encrypted, durable, once.

    bytes ─▶ fingerprint known? ─▶ file (fsync) ─▶ row (fsync) ─▶ only now may the sender be told that we have it

Each mail lies under a data key of its own, wrapped by the home's key until the person is known. The same bytes a second
time are the same mail.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from forgeward.desk import kept, programme
from forgeward.desk.actions import write
from forgeward.desk.models import RawMail
from forgeward.desk.models.fields import to_micros
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import encrypt
from forgeward.respond.intake import digest

LEASE = timedelta(seconds=120)
BATCH = 32
_WRITERS = 8  # files written at once: the disk syncs several as fast as one
_ORPHAN_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as it came. ``received_at`` is our own receipt (UTC), ``way`` who handed it over (envelope, client)."""

    raw: bytes
    source: str
    received_at: datetime
    mailbox: str = ""
    way: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lease:
    """Which process reads a mail, and until when nobody else does."""

    owner: str
    until: datetime


def store(home: Home, mail: Incoming, *, lease: Lease | None = None) -> RawMail:
    """`store_many` for one mail."""
    return store_many(home, [mail], lease=lease)[0]


def store_many(home: Home, mails: Sequence[Incoming], *, lease: Lease | None = None) -> list[RawMail]:
    """Keeps mails durably; answers their rows in order, for one that is known already the row that it has.

    With ``lease`` the rows belong at once to the process that will read them. Raises ``HomeUnusable`` where
    a mail cannot be kept; then none of these was, or those that were are found again by their fingerprint.
    """
    keys = programme.vault().keys
    prints = [keys.keyed("raw mail", digest(mail.raw).encode()) for mail in mails]
    known = _known(prints)
    fresh = {p: mail for p, mail in zip(prints, mails, strict=True) if p not in known}
    if fresh:
        home.require_space()
        _insert(home, {p: _sealed(mail) for p, mail in fresh.items()}, lease)
        known = _known(prints)
    found = [known[each] for each in prints]
    for row, mail in zip(found, mails, strict=True):
        row.source = mail.source  # a file's name may be a person's: the column stays empty
    return found


def _known(prints: Sequence[str]) -> dict[str, RawMail]:
    return {row.fingerprint: row for row in RawMail.objects.filter(fingerprint__in=prints).select_related("case")}


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A mail that is encrypted, and what its row says."""

    name: str
    mail: Incoming
    wrapped: bytes
    way: bytes
    blob: bytes


def _sealed(mail: Incoming) -> _Sealed:
    name = uuid.uuid4().hex
    key, wrapped = programme.vault().keys.new_data_key()
    way = kept.seal(name, "way", {"source": mail.source[:300], **mail.way}, key)
    return _Sealed(name, mail, wrapped, way, encrypt(key, mail.raw, name.encode()))


def _insert(home: Home, mails: Mapping[str, _Sealed], lease: Lease | None) -> None:
    """The files first, durably, then the rows: a row never speaks of a file that is not there."""
    write_files(home.raw, {each.name: each.blob for each in mails.values()})
    until, owner = (to_micros(lease.until), lease.owner) if lease else (None, "")
    with durable(), write.inside() as cursor:
        cursor.executemany(
            "INSERT INTO desk_rawmail (name, fingerprint, source, mailbox, size, received_at, wrapped_key, subject,"
            " state, reason, opened, sender_key, content_key, copy_key, topic_key, head_blob, way_blob, lease_until,"
            " lease_owner) VALUES (%s, %s, '', %s, %s, %s, %s, '', 'stored', '', %s, '', '', '', '', %s, %s, %s, %s)"
            " ON CONFLICT (fingerprint) DO NOTHING",
            [
                [
                    each.name,
                    fingerprint,
                    each.mail.mailbox,
                    len(each.mail.raw),
                    to_micros(each.mail.received_at),
                    each.wrapped,
                    False,
                    b"",
                    each.way,
                    until,
                    owner,
                ]
                for fingerprint, each in mails.items()
            ],
        )


def claim(owner: str, now: datetime, limit: int = BATCH) -> list[RawMail]:
    """Leases stored mails that nobody reads to ``owner``, the oldest first."""
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    at = to_micros(now)
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_rawmail SET lease_owner = %s, lease_until = %s WHERE id IN (SELECT id FROM desk_rawmail"  # noqa: S608 - a constant clause
            f" WHERE state = 'stored' AND (lease_until IS NULL OR lease_until < %s) ORDER BY id LIMIT %s{lock})"
            " RETURNING id",
            [owner, to_micros(now + LEASE), at, limit],
        )
        claimed = [pk for (pk,) in cursor.fetchall()]
    return list(RawMail.objects.filter(pk__in=claimed).order_by("pk"))


def give_back(owner: str) -> None:
    """Ends the leases of ``owner`` on mails that it did not read."""
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_rawmail SET lease_owner = '', lease_until = NULL WHERE lease_owner = %s AND state = 'stored'",
            [owner],
        )


# --- files ------------------------------------------------------------------------------------------------------------


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files under new names, all of them durable when it returns. Raises ``HomeUnusable``."""
    if not files:
        return
    with translated(folder):
        if len(files) == 1:
            for name, content in files.items():
                _write_synced(folder / name, content)
        else:
            with ThreadPoolExecutor(_WRITERS, thread_name_prefix="store") as threads:
                list(threads.map(lambda each: _write_synced(folder / each[0], each[1]), files.items()))
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_synced(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(f".{uuid.uuid4().hex[:8]}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - opened by descriptor, for its mode
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextmanager
def durable() -> Iterator[None]:
    """What is committed inside survives a loss of power: SQLite's NORMAL syncs its log only now and then."""
    sqlite = connection.vendor == "sqlite" and not connection.in_atomic_block
    if sqlite:
        _pragma("FULL")
    try:
        yield
    finally:
        if sqlite:
            _pragma("NORMAL")


def _pragma(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous={level}")


def sweep(home: Home, clock: Callable[[], float] = time.time) -> int:
    """Deletes files that no row speaks of: what a kill between file and row left, a day later. Returns how many."""
    old = [file for file in home.raw.iterdir() if file.is_file() and clock() - file.stat().st_mtime > _ORPHAN_SECONDS]
    gone = 0
    for start in range(0, len(old), 500):
        part = {file.name: file for file in old[start : start + 500]}
        known = set(RawMail.objects.filter(name__in=part).values_list("name", flat=True))
        for name in part.keys() - known:
            part[name].unlink(missing_ok=True)
            gone += 1
    return gone
