"""The database itself refuses to change history, and nothing of ours tries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

import forgeward
from forgeward.desk import guards
from forgeward.desk.actions import sequence
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened

SOURCE = Path(forgeward.__file__).parent


@pytest.fixture
def history(house: House) -> None:
    """A home with entries, sealed texts, leaves, nodes and a checkpoint."""
    opened(house.ines)
    sequence.sign_checkpoint(NOW)


@pytest.mark.parametrize("table", guards.GUARDED[:5])
@pytest.mark.parametrize("deed", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_history_is_neither_changed_nor_deleted(history: None, table: str, deed: str) -> None:
    """Whoever asks, by plain SQL; even an update that changes nothing. Afterwards all rows are there."""
    if deed.startswith("TRUNCATE") and connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    column = '"index"' if table in {"desk_leaf", "desk_treenode"} else "id"
    count = f"SELECT count(*) FROM {table}"  # noqa: S608 - our own tables
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checks that wait would refuse TRUNCATE before the guard
        cursor.execute(count)
        before = cursor.fetchone()[0]
        assert before
        with pytest.raises(DatabaseError, match=guards.REFUSAL), transaction.atomic():
            cursor.execute(deed.format(table, column))
        cursor.execute(count)
        assert cursor.fetchone()[0] == before


def test_every_guard_is_there_after_the_migrations(db: None) -> None:
    """Also those of tables that no other test fills."""
    assert guards.missing() == []
    assert set(guards.GUARDED) <= {model._meta.db_table for model in apps.get_app_config("desk").get_models()}


def test_a_guard_that_was_dropped_is_missed_and_made_again(db: None) -> None:
    """`install` may run any number of times."""
    guards.install()
    guards.remove()
    assert guards.missing() == guards.names()
    guards.install()
    assert guards.missing() == []


def test_no_path_in_the_code_tries() -> None:
    """No statement of ours updates, deletes or replaces rows of these tables, by SQL or by the ORM."""
    models = {m._meta.db_table: m.__name__ for m in apps.get_app_config("desk").get_models()}
    tables, classes = "|".join(guards.GUARDED), "|".join(models[table] for table in guards.GUARDED)
    tries = re.compile(
        rf"(UPDATE|DELETE FROM|TRUNCATE|REPLACE INTO)\s+({tables})\b|OR REPLACE (?!FUNCTION)"
        rf"|\b({classes})\.objects\b[^\n]*\.(update|delete|bulk_update|update_or_create)\("
    )
    guilty = [
        f"{file.relative_to(SOURCE)}: {found[0]}"
        for file in sorted(SOURCE.rglob("*.py"))
        if "prevent" not in file.parts
        for found in tries.finditer(file.read_text())
    ]
    assert guilty == []


ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
def test_the_role_that_the_docs_make_may_add_and_not_change(history: None) -> None:
    """The grants of docs/how-to/postgresql.md, word for word: what they leave is refused, also switching guards off."""
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/how-to/postgresql.md").read_text(), re.DOTALL)
    assert set(guards.may_change()) == set(guards.GUARDED), "the tests' own role owns the tables"
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE forgeward_desk")
        cursor.execute("SELECT current_user")
        grants = blocks[1].replace("ROLE forgeward_owner", f"ROLE {cursor.fetchone()[0]}")
        cursor.execute(re.sub(r"(TO|FROM) forgeward;", r"\1 forgeward_desk;", grants))
        cursor.execute("SET LOCAL ROLE forgeward_desk")
        assert guards.may_change() == []
        assert guards.missing() == []
        cursor.execute(
            "INSERT INTO desk_entry (case_id, seq, at, kind, actor, body) VALUES (NULL, 0, 0, 'x:y', 'system:test', '')"
        )
        for refused in (
            "UPDATE desk_entry SET seq = seq",
            "DELETE FROM desk_leaf",
            "TRUNCATE desk_treenode",
            "ALTER TABLE desk_entry DISABLE TRIGGER ALL",
            "DROP TRIGGER guard_desk_entry_update ON desk_entry",
            "DROP TABLE desk_leaf",
        ):
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
                cursor.execute(refused)
        cursor.execute("UPDATE desk_caserow SET version = version")
        cursor.execute("RESET ROLE")
