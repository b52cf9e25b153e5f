"""Guards in the database itself: what is history is inserted, never changed and never deleted.

A trigger on each table refuses UPDATE and DELETE (on PostgreSQL also TRUNCATE), whoever asks by whatever program. Who
owns the database can drop a trigger; then ``doctor`` says so, and ``audit`` still names what was changed. On
PostgreSQL a role that does not own the tables cannot even drop them (docs/how-to/postgresql.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

GUARDED = (
    "desk_entry",
    "desk_sealedvalues",
    "desk_leaf",
    "desk_treenode",
    "desk_checkpointrow",
    "desk_publication",
    "desk_keyrotation",
    "desk_cosignature",
)
REFUSAL = "history is never changed"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION forgeward_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{REFUSAL}: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def names() -> list[str]:
    """Every guard that should be there."""
    deeds = ("update", "delete", "truncate") if connection.vendor == "postgresql" else ("update", "delete")
    return [f"guard_{table}_{deed}" for table in GUARDED for deed in deeds]


def install(database: BaseDatabaseWrapper = connection) -> None:
    """Makes every guard that is missing. Changing a table's columns makes SQLite forget those of that table."""
    with database.cursor() as cursor:
        there = present(cursor)
        if database.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for name, statement in _statements(database.vendor):
            if name not in there:
                cursor.execute(statement)


def remove(database: BaseDatabaseWrapper = connection) -> None:
    """Drops every guard: for a migration backwards, and for tests that act as an attacker or empty their tables."""
    with database.cursor() as cursor:
        for name, _ in _statements(database.vendor):
            on = f" ON {_table(name)}" if database.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing() -> list[str]:
    """Guards that should be there and are not."""
    with connection.cursor() as cursor:
        there = present(cursor)
    return [name for name in names() if name not in there]


def present(cursor: CursorWrapper) -> set[str]:
    """The names of the guards that the database has switched on."""
    if connection.vendor == "postgresql":
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return {name for (name,) in cursor.fetchall()}


def _statements(vendor: str) -> Iterator[tuple[str, str]]:
    for table in GUARDED:
        for deed in ("update", "delete"):
            name = f"guard_{table}_{deed}"
            if vendor == "postgresql":
                then = "FOR EACH ROW EXECUTE FUNCTION forgeward_guard()"
            else:
                then = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {table}'); END"
            yield name, f"CREATE TRIGGER {name} BEFORE {deed.upper()} ON {table} {then}"
        if vendor == "postgresql":
            name = f"guard_{table}_truncate"
            yield name, f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION forgeward_guard()"


def _table(name: str) -> str:
    return name.removeprefix("guard_").rpartition("_")[0]


def may_change() -> list[str]:
    """PostgreSQL: the guarded tables that this role could change if it wanted to. Empty where it has a role apart."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        found = []
        for table in GUARDED:
            cursor.execute(
                "SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE')"
                " OR has_table_privilege(%s, 'TRUNCATE') OR has_table_privilege(%s, 'TRIGGER')",
                [table] * 4,
            )
            if cursor.fetchone()[0]:
                found.append(table)
        return found
