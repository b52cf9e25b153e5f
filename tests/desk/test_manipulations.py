"""Whoever edits the database or the keys behind the product's back is named by the audit: generated, hundreds of times.

Each manipulation is done to one home and undone again by a savepoint, in one process; tests/journeys/test_tampering.py
does some of them to a home of its own, through the command.
"""

# ruff: noqa: S608 - statements are put together from our own tables
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from forgeward.desk import programme
from forgeward.desk.actions import rotations, sequence, witnesses
from forgeward.desk.readers import audit
from forgeward.ledger.checkpoint import Note, add_signatures, cosign
from tests.desk.web.house import NOW, House
from tests.desk.web.story import fixing, opened, step
from tests.ledger.world import witness

LATER = NOW + timedelta(hours=1)
ROWS = 9
"""Rows of each table that are tried: the first, the last and some between."""

COLUMNS = {
    "desk_entry": ("body", "kind", "at", "actor", "seq"),
    "desk_leaf": ("index",),
    "desk_treenode": ("digest", "level", "index"),
    "desk_sealedvalues": ("blob", "subject"),
    "desk_caserow": (
        "number",
        "kind",
        "state",
        "level",
        "title_seq",
        "changed_at",
        "opened_at",
        "version",
        "restricted",
    ),
    "desk_clockrow": ("promise", "regime", "starts", "due", "state"),
    "desk_policyversion": ("digest", "text", "adopted_at"),
    "desk_checkpointrow": ("size", "root", "note"),
    "desk_keyrotation": ("size", "at", "note", "key"),
    "desk_witness": ("name", "key"),
    "desk_cosignature": ("stamp", "line"),
}
GONE = ("desk_entry", "desk_leaf", "desk_treenode", "desk_sealedvalues", "desk_caserow", "desk_clockrow",
        "desk_policyversion", "desk_keyrotation", "desk_witness")  # fmt: skip


def lived_in(house: House) -> str:
    """A home with two cases, a changed key, and a checkpoint that a witness has co-signed."""
    number = fixing(house)
    other = opened(house.ines)
    step(other, "note", house.ines, text="More errors.")
    rotations.rotate(house.ines.actor(), NOW)
    watching = witness()
    witnesses.add(str(watching.key), house.ines.actor(), NOW)
    row = sequence.sign_checkpoint(NOW)
    note = Note.parse(row.note)
    witnesses.cosign(add_signatures(row.note, cosign(note.text, watching, int(NOW.timestamp()))), LATER)
    return number


def problems() -> list[str]:
    return [f"{p.where}: {p.what}" for p in audit.examine(LATER, lambda _done, _total: None).problems]


@contextmanager
def undone() -> Iterator[Any]:
    """A savepoint in which the guards of the database are off, as for somebody who has the file."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        transaction.set_rollback(True)


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 10_007
    if isinstance(value, str):
        return value[:-2] + ("x" if value[-2:-1] != "x" else "y") + value[-1:] if value else "person:9"
    content = bytearray(bytes(value))
    content[len(content) // 2] ^= 1
    return bytes(content)


def keys_of(cursor: Any, table: str) -> list[Any]:
    cursor.execute(f"SELECT {_key(table)} FROM {table} ORDER BY 1")
    found = [row[0] for row in cursor.fetchall()]
    return sorted({found[at * (len(found) - 1) // (ROWS - 1)] for at in range(ROWS)}) if found else []


def manipulations() -> Iterator[tuple[str, Callable[[Any], object]]]:
    """What is done, and how."""
    with connection.cursor() as cursor:
        rows = {table: keys_of(cursor, table) for table in COLUMNS}
    for table, columns in COLUMNS.items():
        for pk in rows[table]:
            for column in columns:
                yield f"{table} {pk} {column}", partial(_change, table=table, column=column, pk=pk)
            if table in GONE:
                yield f"{table} {pk} gone", partial(_delete, table=table, pk=pk)
    yield "the last entries cut off", _cut
    yield "an entry written in by hand", _forge
    yield "an entry that never waited", partial(_forge, waits=False)
    for name, statement in STATEMENTS.items():
        yield name, partial(_execute, statement)


STATEMENTS = {
    "a leaf of no entry": "UPDATE desk_leaf SET entry_id = -2 WHERE entry_id IN (SELECT min(entry_id) FROM desk_leaf)",
    "all leaves gone": "DELETE FROM desk_leaf",
    "a role given": "INSERT INTO desk_person_groups (person_id, group_id) SELECT p.id, g.id"
    " FROM desk_person p, auth_group g WHERE p.email = 'nobody@example.com' AND g.name = 'security_lead'",
    "a viewer let in": "INSERT INTO desk_caseviewer (case_id, person_id)"
    " SELECT c.id, p.id FROM desk_caserow c, desk_person p WHERE p.email = 'nobody@example.com'",
    "a checkpoint given out is gone": "INSERT INTO desk_publication (checkpoint_id, at, why) VALUES (999, 0, 'pack')",
}


def _execute(statement: str, cursor: Any) -> None:
    cursor.execute(statement)


def _key(table: str) -> str:
    return '"index"' if table == "desk_leaf" else "id"


def _delete(cursor: Any, *, table: str, pk: Any) -> None:
    cursor.execute(f"DELETE FROM {table} WHERE {_key(table)} = %s", [pk])


def _change(cursor: Any, *, table: str, column: str, pk: Any) -> None:
    key = _key(table)
    name = f'"{column}"'
    cursor.execute(f"SELECT {name} FROM {table} WHERE {key} = %s", [pk])
    value = cursor.fetchone()[0]
    new = changed(value) if value is not None else 1
    if table in {"desk_leaf", "desk_treenode"} and column == "index":
        new = value + 10_000
    cursor.execute(f"UPDATE {table} SET {name} = %s WHERE {key} = %s", [new, pk])


def _cut(cursor: Any) -> None:
    cursor.execute("DELETE FROM desk_leaf WHERE entry_id IN (SELECT id FROM desk_entry ORDER BY id DESC LIMIT 2)")
    cursor.execute("DELETE FROM desk_entry WHERE id IN (SELECT id FROM desk_entry ORDER BY id DESC LIMIT 2)")


def _forge(cursor: Any, *, waits: bool = True) -> None:
    cursor.execute(
        "INSERT INTO desk_entry (case_id, seq, at, kind, actor, body)"
        " SELECT case_id, seq + 50, at, kind, actor, body FROM desk_entry WHERE case_id IS NOT NULL AND seq = 1 LIMIT 1"
    )
    if waits:
        cursor.execute("INSERT INTO desk_pending (entry_id) SELECT max(id) FROM desk_entry")


@pytest.mark.slow
def test_every_manipulation_of_the_database_is_named(house: House) -> None:
    """One value, one row, one place: the audit finds each, and nothing before or after it."""
    lived_in(house)
    assert problems() == []
    unnoticed, count = [], 0
    for name, deed in list(manipulations()):
        count += 1
        with undone() as cursor:
            deed(cursor)
            if not problems():
                unnoticed.append(name)
    assert not unnoticed, "; ".join(unnoticed)
    assert count >= 200
    assert problems() == []


def test_keys_that_are_not_in_turn_are_named(house: House) -> None:
    """The key of before put back, a stranger's, a damaged one, one that others can read."""
    before = (programme.vault().keys.folder / "ledger.key").read_bytes()
    lived_in(house)
    file = programme.vault().keys.folder / "ledger.key"
    now = file.read_bytes()
    try:
        for content, mode in ((before, 0o600), (b"nonsense", 0o600), (now, 0o644)):
            _exchange(file, content, mode)
            assert any("key" in problem for problem in problems())
    finally:
        _exchange(file, now, 0o600)
    assert problems() == []


def _exchange(file: Path, content: bytes, mode: int) -> None:
    file.write_bytes(content)
    file.chmod(mode)
