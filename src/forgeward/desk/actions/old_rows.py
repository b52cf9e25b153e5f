"""PostgreSQL keeps what a row was before: tables that named somebody in clear are rewritten after an erasure.

An UPDATE or DELETE there leaves the old row in the table's file until it is vacuumed, and its space until that is used
again; what ANALYZE sampled stands among the statistics. ``VACUUM FULL`` writes a table anew without either. Who owns
the table or its database may do that; the desk's own role of docs/how-to/postgresql.md may not, and is told which
tables it left.

Source: PostgreSQL documentation, VACUUM (notes on permission), MVCC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

OF_STAFF = (
    "desk_person",
    "desk_apitoken",
    "desk_signinlink",
    "desk_sessionrow",
    "desk_absencerow",
    "desk_cache",
    "account_emailaddress",
    "mfa_authenticator",
)
"""Tables that hold a colleague's name, address or sessions in clear."""

WAIT = 5.0
"""Seconds that transactions which still see the old rows, and locks, are waited for."""

_MAY = (
    "SELECT pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE') FROM pg_class c, pg_database d"
    " WHERE c.oid = %s::regclass AND d.datname = current_database()"
)
_SEEN = (
    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_xmin IS NOT NULL AND age(backend_xmin) >= %s)"
)


def rewrite(tables: Sequence[str]) -> tuple[str, ...]:
    """Rewrites these tables without their old rows. Returns those that could not be: old rows may lie there still.

    Nothing to do on SQLite, which overwrites what it deletes. Never raises for a table that is not ours or is busy.
    """
    if connection.vendor != "postgresql":
        return ()
    if connection.in_atomic_block:
        return tuple(tables)  # no VACUUM inside a transaction
    with connection.cursor() as cursor, _patience(cursor):
        if not _unseen(cursor):
            return tuple(tables)
        left = tuple(table for table in tables if not _rewritten(cursor, table))
        _rewritten(cursor, "pg_catalog.pg_statistic")
    return left


def _rewritten(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(_MAY, [table])
    if not cursor.fetchone()[0]:
        return False
    try:
        cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")
    except DatabaseError:
        return False  # somebody works on the table, or there is no room for a second copy of it
    return True


def _unseen(cursor: CursorWrapper) -> bool:
    """Waits for older transactions of others: a row that one of them sees is kept by every VACUUM."""
    cursor.execute("SELECT age(pg_snapshot_xmax(pg_current_snapshot())::xid)")
    (age,) = cursor.fetchone()
    until = monotonic() + WAIT
    while True:
        cursor.execute(_SEEN, [age + 1])
        if not cursor.fetchone()[0]:
            return True
        if monotonic() > until:
            return False
        sleep(0.1)


@contextmanager
def _patience(cursor: CursorWrapper) -> Iterator[None]:
    """Locks are waited for no longer than ``WAIT``: whoever asks for a table in the meantime queues behind us."""
    cursor.execute(f"SET lock_timeout = '{WAIT:.0f}s'")
    try:
        yield
    finally:
        cursor.execute("RESET lock_timeout")
