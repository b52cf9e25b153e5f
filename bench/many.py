"""A large house quickly: the cases that are there, copied with their clocks, their titles, their mail in and out.

A copy has its row, the entry of its title, clocks and mails, sealed as they would be: what lists read. It has no
further history. Copies stand apart in time by hours, so that every list has an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.actions.write import Place
from forgeward.desk.models.fields import from_micros
from forgeward.vocabulary import Change, Sealed

SPREAD = 997  # hours over which the copies of one case lie
HOUR = 3_600_000_000
BATCH = 2_000

CASE = ("reporter", "lease_owner", "kind", "state", "level", "owner_id", "restricted", "version", "state_json",
        "next_promise", "opened_at", "reminded_at", "changed_at", "closed_at", "next_due", "wake_at")  # fmt: skip
CLOCK = ("promise", "regime", "subject", "state", "starts", "due", "original_due", "met", "missed_at")
NOTICE = ("kind", "subject", "state", "attempts", "lease_owner", "answer", "created_at", "try_at", "settled_at")
MAIL = ("source", "mailbox", "size", "wrapped_key", "subject", "state", "reason", "opened", "lease_owner",
        "sender_key", "content_key", "copy_key", "topic_key", "received_at", "decided_at")  # fmt: skip
INSTANTS = frozenset({"opened_at", "reminded_at", "changed_at", "closed_at", "next_due", "wake_at", "starts", "due",
                      "original_due", "met", "missed_at", "created_at", "try_at", "settled_at", "received_at",
                      "decided_at"})  # fmt: skip


@dataclass(frozen=True)
class Original:
    """A case to copy: its columns, and those of its clocks and mails."""

    number: str
    case: Sequence[Any]
    opened_at: int
    clocks: Sequence[Sequence[Any]]
    notices: Sequence[Sequence[Any]]
    mails: Sequence[Sequence[Any]]


def multiply(count: int) -> None:
    """Copies the cases in turn until there are ``count`` of them; once in a home. Copies are FX-1000001 and on."""
    with transaction.atomic(), connection.cursor() as cursor:
        originals = list(_originals(cursor))
        copies = range(1, count - len(originals) + 1)
        for begin in range(0, len(copies), BATCH):
            _copy(cursor, [(turn, originals[turn % len(originals)]) for turn in copies[begin : begin + BATCH]])


def _originals(cursor: CursorWrapper) -> Iterator[Original]:
    cursor.execute(f"SELECT id, number, opened_at, {', '.join(CASE)} FROM desk_caserow ORDER BY id")
    for pk, number, opened_at, *case in cursor.fetchall():
        beside = []
        for table, columns in (("clockrow", CLOCK), ("noticerow", NOTICE), ("rawmail", MAIL)):
            cursor.execute(f"SELECT {', '.join(columns)} FROM desk_{table} WHERE case_id = %s", [pk])
            beside.append(cursor.fetchall())
        yield Original(number, case, opened_at, *beside)


def _copy(cursor: CursorWrapper, turns: Sequence[tuple[int, Original]]) -> None:
    numbers = [_number(turn) for turn, _ in turns]
    _insert(cursor, "caserow", ("number", "title_seq", *CASE), (
        (_number(turn), 1, *_shifted(CASE, original.case, turn)) for turn, original in turns
    ))  # fmt: skip
    cursor.execute("SELECT id FROM desk_caserow WHERE number >= %s AND number <= %s ORDER BY number",
                   [numbers[0], numbers[-1]])  # fmt: skip
    found = [(pk, number, turn, o) for (pk,), number, (turn, o) in zip(cursor.fetchall(), numbers, turns, strict=True)]
    _insert(cursor, "clockrow", ("case_id", *CLOCK), (
        (pk, *_shifted(CLOCK, clock, turn)) for pk, _, turn, original in found for clock in original.clocks
    ))  # fmt: skip
    _insert(cursor, "noticerow", ("case_id", "key", "notice", "thread_key", "blob", *NOTICE),
            chain.from_iterable(_notices(*each) for each in found))  # fmt: skip
    _insert(cursor, "rawmail", ("case_id", "name", "fingerprint", "head_blob", "way_blob", *MAIL), (
        (pk, f"{number}-{n}", f"{number}-{n}", b"", b"", *_shifted(MAIL, mail, turn))
        for pk, number, turn, original in found for n, mail in enumerate(original.mails)
    ))  # fmt: skip
    _entitle(cursor, found)


def _number(turn: int) -> str:
    return f"FX-{1_000_000 + turn}"


def _notices(pk: int, number: str, turn: int, original: Original) -> Iterator[Sequence[Any]]:
    for n, notice in enumerate(original.notices):
        key, subject = f"{number}:1:{n}", notice[NOTICE.index("subject")]
        content = {"to": "noor@example.net", "subject": f"About {number}", "body": "Thank you."}
        blob = programme.vault().seal_json(subject, f"notice:{key}", content)
        yield (pk, key, f"{number}:1", "", blob, *_shifted(NOTICE, notice, turn))


def _entitle(cursor: CursorWrapper, found: Sequence[tuple[int, str, int, Original]]) -> None:
    """The first entry of each copy, with its title. Its key is the original's, so that no further keys are made."""
    ready = []
    for pk, number, turn, original in found:
        place, at = (
            Place(pk, number, {"case": f"case:{original.number}"}),
            from_micros(original.opened_at - turn % SPREAD * HOUR),
        )
        change = Change("case:received", {}, {"title": Sealed(f"Export of {number} reads notes by their id")})
        ready.append(write.make_entry(place, 1, at, change, "system:bench"))
    _insert(cursor, "entry", ("case_id", "seq", "at", "kind", "actor", "body"), (each.row for each in ready))
    cursor.execute("SELECT id FROM desk_entry WHERE seq = 1 AND case_id >= %s AND case_id <= %s ORDER BY case_id",
                   [found[0][0], found[-1][0]])  # fmt: skip
    _insert(cursor, "sealedvalues", ("entry_id", "subject", "blob"), (
        (entry, *blob) for (entry,), each in zip(cursor.fetchall(), ready, strict=True) for blob in each.blobs
    ))  # fmt: skip


def _shifted(columns: Sequence[str], values: Sequence[Any], turn: int) -> list[Any]:
    back = turn % SPREAD * HOUR
    return [
        value - back if name in INSTANTS and value is not None else value
        for name, value in zip(columns, values, strict=True)
    ]


def _insert(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Any) -> None:
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(f"INSERT INTO desk_{table} ({', '.join(columns)}) VALUES ({marks})", list(rows))
