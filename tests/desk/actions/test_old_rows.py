"""Which tables are written anew once a colleague was erased, and when that cannot be done here."""

from __future__ import annotations

import pytest
from django.db import connection

from forgeward.desk.actions import old_rows


@pytest.mark.parametrize("table", old_rows.OF_STAFF)
def test_each_table_is_there(db: None, table: str) -> None:
    """Under the name that it has today."""
    assert table in connection.introspection.table_names()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite overwrites what it deletes")
def test_inside_a_transaction_all_are_left(db: None) -> None:
    """PostgreSQL vacuums nothing there, so that is said of every table."""
    assert old_rows.rewrite(old_rows.OF_STAFF) == old_rows.OF_STAFF


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite overwrites what it deletes")
def test_outside_of_one_the_owner_leaves_none(transactional_db: None) -> None:
    """Its own role may, and nobody is waited for."""
    assert old_rows.rewrite(old_rows.OF_STAFF) == ()


@pytest.mark.skipif(connection.vendor == "postgresql", reason="for SQLite")
def test_on_sqlite_there_is_nothing_to_do(db: None) -> None:
    """It overwrites at once."""
    assert old_rows.rewrite(old_rows.OF_STAFF) == ()
