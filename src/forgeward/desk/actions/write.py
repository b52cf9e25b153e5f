"""The one place that writes history: entries with their sealed values, cases, clocks and notices.

Plain SQL that both databases take, because these statements run thousands of times a second and their order is part
of the design. Every function expects to run inside a transaction (``inside()``), and what one action changes is one
transaction: rows, entries, notices and the next wake-up together, or none of them.

    perform ─▶ read_case (row lock) ─▶ decide ─▶ write_entries ─▶ write_case ─▶ write_clocks ─▶ write_notices
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from forgeward.desk import programme
from forgeward.desk.models.fields import MICROSECOND, from_micros, to_micros
from forgeward.desk.rows import LASTING, ClockKey, clocks_by_key, entry_place
from forgeward.errors import ClockWentBack, Conflict
from forgeward.ledger.entry import encode
from forgeward.policy.clock import Clock
from forgeward.vocabulary import Change, Sealed

NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: read over the telephone without mistakes
NUMBER_LENGTH = 6
PROGRAMME = ""  # the stream of entries that belong to no case
_DUE = ("next_due", "next_promise", "wake_at")  # what time and policies change too, without a new version
CASE_COLUMNS = (*LASTING, "state_json", *_DUE)
_STATE, _CHANGED_AT, _VERSION = map(CASE_COLUMNS.index, ("state_json", "changed_at", "version"))
_READ_CASE = f"SELECT id, number, reporter, reminded_at, {', '.join(CASE_COLUMNS)} FROM desk_caserow WHERE number = %s"  # noqa: S608
TOLERANCE_MICROS = 5_000_000  # clock steps that time services make are no reason to stop work


@contextmanager
def inside() -> Iterator[CursorWrapper]:
    """One write transaction (IMMEDIATE on SQLite) and its cursor."""
    with transaction.atomic(), connection.cursor() as cursor:
        yield cursor


@dataclass(frozen=True, slots=True)
class Stored:
    """A case row as read under lock."""

    pk: int
    number: str
    version: int
    state_json: bytes
    reporter: str
    changed_at: datetime
    reminded_at: datetime
    columns: Sequence[Any]
    """What ``CASE_COLUMNS`` held."""


def new_number() -> str:
    """A case number that tells outsiders nothing: FW- and six random signs (2^29 of them)."""
    return "FW-" + "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(NUMBER_LENGTH))


def read_case(cursor: CursorWrapper, number: str, *, locked: bool = True) -> Stored | None:
    """The case's row, locked until the transaction ends; or as it stands, for who looks again before writing."""
    lock = " FOR UPDATE" if locked and connection.vendor == "postgresql" else ""
    cursor.execute(_READ_CASE + lock, [number])
    row = cursor.fetchone()
    if row is None:
        return None
    pk, found, reporter, reminded_at, *columns = row
    columns[_STATE] = state_json = bytes(columns[_STATE])
    changed_at, version = columns[_CHANGED_AT], columns[_VERSION]
    return Stored(pk, found, version, state_json, reporter, from_micros(changed_at), from_micros(reminded_at), columns)


def require_forward(now: datetime, last: datetime) -> datetime:
    """``now``, or ``last`` where the machine's clock lags by a moment. Raises ``ClockWentBack`` for more."""
    behind = to_micros(last) - to_micros(now)
    if behind <= 0:
        return now
    if behind > TOLERANCE_MICROS:
        raise ClockWentBack(
            f"This machine's clock says {now:%Y-%m-%d %H:%M:%S}Z, but history reaches {last:%Y-%m-%d %H:%M:%S}Z.",
            next="Set the clock right (a time service does), then do it again. Nothing was changed.",
        )
    return last


def after_all_cases(cursor: CursorWrapper, now: datetime) -> datetime:
    """``now`` for a case that begins, held against the newest entry of any case. Raises ``ClockWentBack``."""
    return _forward(cursor, "case_id IS NOT NULL", now)


def after_programme(cursor: CursorWrapper, now: datetime) -> datetime:
    """``now`` for an entry of the programme, held against the newest of them. Raises ``ClockWentBack``."""
    return _forward(cursor, "case_id IS NULL", now)


def _forward(cursor: CursorWrapper, which: str, now: datetime) -> datetime:
    cursor.execute(f"SELECT at FROM desk_entry WHERE {which} ORDER BY id DESC LIMIT 1")  # noqa: S608 - a constant clause
    row = cursor.fetchone()
    return require_forward(now, from_micros(row[0])) if row else now


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries go: a case's stream, or the programme's own (``pk`` None)."""

    pk: int | None
    stream: str
    owners: Mapping[str, str]


def place_of(pk: int, number: str, reporter: str) -> Place:
    """A case's stream. What would belong to its reporter belongs to the case where there is none, or none any more."""
    case = f"case:{number}"
    gone = not reporter or programme.vault().keys.erased_at(reporter)
    return Place(pk, number, {"case": case, "reporter": case if gone else reporter})


PROGRAMME_PLACE = Place(None, PROGRAMME, {"case": "case:programme"})


@dataclass(frozen=True, slots=True)
class Ready:
    """An entry that was sealed and encoded, and has to be inserted only."""

    row: Sequence[Any]
    blobs: Sequence[tuple[str, bytes]]


def make_entry(place: Place, seq: int, at: datetime, change: Change, actor: str) -> Ready:
    """Seals and encodes one entry. Needs no transaction."""
    vault = programme.vault()
    sealed = {**change.sealed, "actor": Sealed(actor)}
    digests, blobs = vault.seal_entry(entry_place(place.stream, seq, change.kind, at), sealed, place.owners)
    body = encode(at=at, case=place.stream, seq=seq, kind=change.kind, data=change.data, sealed=digests)
    return Ready([place.pk, seq, to_micros(at), change.kind, actor, body], blobs)


def write_entry(cursor: CursorWrapper, place: Place, seq: int, at: datetime, change: Change, actor: str) -> int:
    """Appends one entry with its sealed values and queues it for the sequencer. Returns the entry's key."""
    return insert_entry(cursor, make_entry(place, seq, at, change, actor))


_ENTRY = "INSERT INTO desk_entry (case_id, seq, at, kind, actor, body) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id"


def insert_entry(cursor: CursorWrapper, ready: Ready) -> int:
    """Appends what ``make_entry`` made. Returns the entry's key."""
    if connection.vendor == "postgresql":
        return _insert_at_once(cursor, ready)
    cursor.execute(_ENTRY, ready.row)
    entry: int = cursor.fetchone()[0]
    if ready.blobs:
        rows = ", ".join(["(%s, %s, %s)"] * len(ready.blobs))
        cursor.execute(
            f"INSERT INTO desk_sealedvalues (entry_id, subject, blob) VALUES {rows}",  # noqa: S608 - only marks
            [value for subject, blob in ready.blobs for value in (entry, subject, blob)],
        )
    cursor.execute("INSERT INTO desk_pending (entry_id) VALUES (%s)", [entry])
    return entry


def _insert_at_once(cursor: CursorWrapper, ready: Ready) -> int:
    """The same three statements on one way to the server: a round trip there costs more than they do."""
    values = ", ".join(["(%s, %s::bytea)"] * len(ready.blobs))
    cursor.execute(
        f"WITH entry AS ({_ENTRY}), sealed AS (INSERT INTO desk_sealedvalues (entry_id, subject, blob)"  # noqa: S608 - only marks
        f" SELECT entry.id, v.subject, v.blob FROM entry, (VALUES {values}) AS v (subject, blob))"
        " INSERT INTO desk_pending (entry_id) SELECT id FROM entry RETURNING entry_id",
        [*ready.row, *(value for pair in ready.blobs for value in pair)],
    )
    entry: int = cursor.fetchone()[0]
    return entry


def record(cursor: CursorWrapper, change: Change, actor: str, now: datetime) -> int:
    """Appends one entry that belongs to no case (policies, people, settings). Returns its key."""
    return write_entry(cursor, PROGRAMME_PLACE, 0, after_programme(cursor, now), change, actor)


def looked_before(opened_at: datetime) -> datetime:
    """Up to when reminders of a new case were looked at: just before it was opened."""
    return opened_at - MICROSECOND


def insert_case(cursor: CursorWrapper, number: str, reporter: str, opened_at: datetime, columns: Sequence[Any]) -> int:
    """A new case row; ``columns`` in the order of ``CASE_COLUMNS``. Returns its key.

    Reminders are owed from before it: a report that was entered late may have passed a mark already.
    """
    names = ", ".join(("number", "reporter", "opened_at", "reminded_at", "lease_owner", *CASE_COLUMNS))
    marks = ", ".join(["%s"] * (5 + len(CASE_COLUMNS)))
    cursor.execute(
        f"INSERT INTO desk_caserow ({names}) VALUES ({marks}) RETURNING id",  # noqa: S608 - names are constants
        [number, reporter, to_micros(opened_at), to_micros(looked_before(opened_at)), "", *columns],
    )
    key: int = cursor.fetchone()[0]
    return key


@cache
def _update(columns: tuple[str, ...]) -> str:
    """Sets these columns only: an index over others is then not written, which is most of what an update costs."""
    return f"UPDATE desk_caserow SET {', '.join(f'{c} = %s' for c in columns)} WHERE id = %s AND version = %s"  # noqa: S608


def _set(stored: Stored, columns: Sequence[Any]) -> tuple[str, list[Any]]:
    """The update from what was read to ``columns``, with its values."""
    pairs = zip(CASE_COLUMNS, stored.columns, columns, strict=True)
    changed = {name: now for name, was, now in pairs if now != was} or {"version": stored.version}
    return _update(tuple(changed)), [*changed.values(), stored.pk, stored.version]


@cache
def _as_read(vendor: str) -> str:
    """The condition that nobody woke the case or moved what is due, or adopted a newer policy."""
    same = "IS NOT DISTINCT FROM" if vendor == "postgresql" else "IS"
    due = [f"{column} {same} %s" for column in ("reminded_at", *_DUE)]
    newer = "SELECT 1 FROM desk_policyversion WHERE adopted_at IS NOT NULL AND version > %s"
    return " AND ".join(["", *due, f"NOT EXISTS ({newer})"])


def update_as_read(cursor: CursorWrapper, stored: Stored, policy: int, columns: Sequence[Any]) -> bool:
    """Writes a case that was read without a lock. False where that would be wrong by now.

    That is: somebody acted on it, woke it or moved its clocks since then, or adopted a policy newer than version
    ``policy``.
    """
    statement, values = _set(stored, columns)
    read = [to_micros(stored.reminded_at), *stored.columns[-len(_DUE) :]]
    cursor.execute(statement + _as_read(connection.vendor), [*values, *read, policy])
    return bool(cursor.rowcount == 1)


def update_case(cursor: CursorWrapper, stored: Stored, columns: Sequence[Any]) -> None:
    """Writes a case as it was read. Raises ``Conflict`` when somebody else wrote it meanwhile."""
    cursor.execute(*_set(stored, columns))
    if cursor.rowcount != 1:
        raise Conflict("Somebody else changed this case at the same moment.", next="Look at it again, then decide.")


def read_clocks(cursor: CursorWrapper, pk: int) -> dict[ClockKey, tuple[Any, ...]]:
    """The stored clocks of one case by (promise, regime, subject)."""
    cursor.execute(
        "SELECT promise, regime, subject, starts, due, original_due, met, missed_at, state"
        " FROM desk_clockrow WHERE case_id = %s",
        [pk],
    )
    return {row[:3]: row[3:] for row in cursor.fetchall()}


UPSERT_CLOCK = (
    "INSERT INTO desk_clockrow (case_id, promise, regime, subject, starts, due, original_due, met, missed_at, state)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (case_id, promise, regime, subject) DO UPDATE SET"
    " starts = excluded.starts, due = excluded.due, original_due = excluded.original_due, met = excluded.met,"
    " missed_at = excluded.missed_at, state = excluded.state"
)


def write_clocks(cursor: CursorWrapper, pk: int, clocks: Sequence[Clock]) -> None:
    """Brings the stored clocks of one case to ``clocks``; touches only rows that differ, drops none that was missed."""
    before = read_clocks(cursor, pk)
    after = clocks_by_key(clocks)
    changed = [[pk, *key, *values] for key, values in after.items() if before.get(key) != values]
    if changed:
        cursor.executemany(UPSERT_CLOCK, changed)
    if gone := [key for key in before if key not in after]:
        cursor.executemany(
            "DELETE FROM desk_clockrow WHERE case_id = %s AND promise = %s AND regime = %s AND subject = %s",
            [[pk, *key] for key in gone],
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one recipient, ready to be sealed into the outbox."""

    key: str
    notice: str
    kind: str
    subject: str  # whose key seals it
    content: Mapping[str, Any]


def write_letters(cursor: CursorWrapper, pk: int | None, letters: Sequence[Letter], now: datetime) -> None:
    """Queues letters. A key that is there already was queued before: nothing is doubled."""
    vault = programme.vault()
    at = to_micros(now)
    for letter in letters:
        blob = vault.seal_json(letter.subject, f"notice:{letter.key}", dict(letter.content))
        cursor.execute(
            "INSERT INTO desk_noticerow (case_id, key, notice, kind, subject, blob, created_at, state, attempts,"
            " try_at, lease_owner, answer) VALUES (%s, %s, %s, %s, %s, %s, %s, 'waiting', 0, %s, '', '')"
            " ON CONFLICT (key) DO NOTHING",
            [pk, letter.key, letter.notice, letter.kind, letter.subject, blob, at, at],
        )
