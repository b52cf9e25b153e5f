"""The desk on PostgreSQL under the role of docs/how-to/postgresql.md: it does its work, and cannot touch history."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from forgeward.desk.actions.old_rows import OF_STAFF
from tests.journeys import test_first_light as story
from tests.journeys.programme import OFFLINE, Programme, address, found, mail_server, mail_settings, own_database

SERVER = os.environ.get("FORGEWARD_TEST_DATABASE", "")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "postgresql.md"
pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif(not SERVER, reason="SQLite has no roles"),
]
HISTORY = (
    "desk_entry", "desk_sealedvalues", "desk_leaf", "desk_treenode", "desk_checkpointrow", "desk_publication",
    "desk_keyrotation", "desk_cosignature",
)  # fmt: skip


def statements(page: str) -> list[str]:
    """The page's blocks of SQL: the roles, then what the desk's role may do."""
    return re.findall(r"```sql\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def programme(tmp_path: Path) -> Iterator[Programme]:
    """A home whose tables a role of their own has, and that works as the desk's role from then on."""
    import psycopg

    home = found(tmp_path / "home")
    owner, role = home.environment["FORGEWARD_DATABASE_URL"], f"desk_{secrets.token_hex(4)}"
    grants = re.sub(r"\bforgeward\b(?!_)", role, statements(PAGE.read_text())[1]).replace(
        "ROLE forgeward_owner", f"ROLE {psycopg.conninfo.conninfo_to_dict(owner)['user']}"
    )
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")  # type: ignore[arg-type]  # a name of our own
        connection.execute(grants)  # type: ignore[arg-type]
    user = psycopg.conninfo.conninfo_to_dict(owner)["user"]
    home.environment["FORGEWARD_DATABASE_URL"] = owner.replace(f"//{user}@", f"//{role}@")
    yield home
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")  # type: ignore[arg-type]


def test_all_work_is_done_under_the_desk_s_own_role(programme: Programme, tmp_path: Path) -> None:
    """From the mail to the pack, with a checkpoint, another key and a token; the doctor finds the guards well."""
    with mail_server() as (sink, port):
        programme.settings(mail_settings(port) + OFFLINE)
        number = story._intake(programme, sink, tmp_path)
        story._acknowledge(programme, sink, number)
        story._mend(programme, number)
        story._tell_and_close(programme, sink, number)
    programme.do("ledger", "rotate")
    programme.do("ledger", "checkpoint")
    programme.do("tick")
    assert programme.run("audit", "--json").json["problems"] == []
    findings = {f["name"]: f for f in programme.run("doctor", "--json").json["checks"]}
    assert findings["guards"]["ok"], findings["guards"]
    _history_stays(programme)


def test_backup_trial_and_erasure_under_the_desk_s_own_role(programme: Programme, tmp_path: Path) -> None:
    """It backs up and erases; a trial says which right it needs, an erasure who removes a colleague's old rows."""
    opened = ("case", "open", "--title", "Errors", "--text", "More", "--reporter-address", "noor@research.example")
    number = programme.do(*opened, who="hannah")["id"]
    made = programme.do("backup", "--out", str(tmp_path / "backup"))
    refused = programme.refusal("restore", made["data"], "--keys", made["keys"], "--verify", code="home_unusable")
    assert "CREATEDB" in refused["next"]
    _as_owner(programme, "ALTER ROLE {role} CREATEDB")
    tried = programme.do("restore", made["data"], "--keys", made["keys"], "--verify")
    assert tried["verified"]
    assert programme.do("backup", "--out", str(tmp_path / "again"), "--verify")["verified"]

    why = ("--reason", "Asked for it by mail")
    assert programme.do("erase", number, *why, "--despite", "At once")["old_rows"] == []
    done = programme.do("erase", address("priya"), *why)
    assert done["old_rows"] == list(OF_STAFF)
    assert "VACUUM (FULL, ANALYZE) desk_person" in programme.run("erase", address("dele"), *why).out
    assert programme.run("audit", "--json").json["problems"] == []


def test_a_restore_into_tables_of_another_role_says_what_it_needs(programme: Programme, tmp_path: Path) -> None:
    """The desk's own role may make no tables: as their owner it works, and the desk's role goes on with it."""
    made = programme.do("backup", "--out", str(tmp_path / "backup"))
    empty = own_database()["FORGEWARD_DATABASE_URL"]
    role = _role(programme)
    mine = Programme(
        tmp_path / "mine", environment={"FORGEWARD_DATABASE_URL": empty.replace("//forgeward@", f"//{role}@")}
    )
    refused = mine.refusal("restore", made["data"], "--keys", made["keys"], code="home_unusable")
    assert "may make no tables" in refused["message"]
    assert "owns the database" in refused["next"]
    assert not mine.folder.exists()
    owned = Programme(tmp_path / "owned", environment={"FORGEWARD_DATABASE_URL": empty})
    assert owned.do("restore", made["data"], "--keys", made["keys"])["entries"]
    assert owned.do("audit")["ok"]


def _role(programme: Programme) -> str:
    import psycopg

    return str(psycopg.conninfo.conninfo_to_dict(programme.environment["FORGEWARD_DATABASE_URL"])["user"])


def _as_owner(programme: Programme, statement: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement.format(role=_role(programme)))  # type: ignore[call-overload]  # names of our own


def _history_stays(programme: Programme) -> None:
    """Neither the guards nor the rows give way to it, by any statement."""
    import psycopg

    with psycopg.connect(programme.environment["FORGEWARD_DATABASE_URL"], autocommit=True) as connection:
        for table in HISTORY:
            for statement in (
                f"UPDATE {table} SET {_column(table)} = {_column(table)}",  # noqa: S608 - our own tables
                f"DELETE FROM {table}",  # noqa: S608
                f"TRUNCATE {table} CASCADE",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TRIGGER guard_{table}_update ON {table}",
                f"DROP TABLE {table} CASCADE",
                "SET session_replication_role = replica",
                "CREATE OR REPLACE FUNCTION forgeward_guard() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN END$$",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)  # type: ignore[arg-type]


def _column(table: str) -> str:
    return '"index"' if table in {"desk_leaf", "desk_treenode"} else "id"
