"""Backups: the database with its files in one, the keys in another, since who has both can read everything.

    database at one moment ─▶ NAME.backup ─┐ the keys after it, so that whatever the first holds can be opened
    files · settings · policy ─────────────┘                   ─▶ NAME.keys   for 30 days at most

    restore: both read whole ─▶ an empty folder ─▶ erasures replayed ─▶ only now it is a home

A backup knows nothing of erasures that came after it. They are replayed from the lists in key store and key backup,
and from every copy of the ledger that is named: the backup's own, and packs.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.core.management.color import no_style
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from forgeward.desk import guards
from forgeward.desk.actions import erasures, write
from forgeward.desk.backed_up import BEAT, DATA, KEYS, KEYS_LAST, expired, home_mark
from forgeward.desk.models import Heartbeat
from forgeward.edges import archive
from forgeward.edges.archive import About
from forgeward.edges.home import Home, translated
from forgeward.errors import AnswerIsNo, BadInput, HomeUnusable
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change, Plain, parse_instant, rfc3339

TOLERANCE = timedelta(minutes=5)
STORE = "subjects.sqlite3"
RESTORED = "home:restored"


@dataclass(frozen=True, slots=True)
class Made:
    """What `backup` wrote, and which old backups of keys it deleted."""

    data: Path
    keys: Path
    expired: tuple[Path, ...]


def backup(home: Home, folder: Path, actor: Actor, now: datetime) -> Made:
    """Writes both files into ``folder``, whoever works meanwhile; deletes backups of keys there whose time is over.

    Raises ``NotAllowed``, ``HomeUnusable``.
    """
    demand("house.backup", actor)
    home.require_space()
    with translated(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"forgeward-{now:%Y%m%dT%H%M%SZ}"
    data, keys = folder / f"{name}{DATA}", folder / f"{name}{KEYS}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".forgeward-") as scratch:
        _write_data(home, data, Path(scratch), now)
        _write_keys(home, keys, Path(scratch), now)
    expired = tuple(_expire(folder, now))
    digests = {"data": archive.sha256(data), "keys": archive.sha256(keys)}
    with write.inside() as cursor:
        write.record(cursor, Change("backup:made", {**digests, "expired": len(expired)}), actor.id, now)
    Heartbeat.objects.update_or_create(name=BEAT, defaults={"at": now, "detail": str(folder.absolute())[-200:]})
    return Made(data, keys, expired)


def _write_data(home: Home, file: Path, scratch: Path, now: datetime) -> None:
    about = About(
        kind="data",
        made_at=rfc3339(now),
        home=home_mark(),
        database=connection.vendor,
        migrations=_migrations(),
        columns=_columns() if connection.vendor == "postgresql" else {},
    )
    with archive.writing(file, about) as out:
        if connection.vendor == "postgresql":
            for table, dumped in _dump(about.columns, scratch):
                out.add(f"tables/{table}", dumped)
        else:
            copy = scratch / "forgeward.sqlite3"
            _copy_sqlite(home.database_file, copy)
            out.add("forgeward.sqlite3", copy)
        for each in (home.policy_file, home.letters_file, home.settings_file, home.folder / "home.json"):
            out.add(each.name, each)
        for part in (home.raw, home.files):
            for each in sorted(part.iterdir()):
                if each.is_file() and each.suffix != ".new":
                    out.add(f"{part.name}/{each.name}", each)


def _write_keys(home: Home, file: Path, scratch: Path, now: datetime) -> None:
    with archive.writing(file, About(kind="keys", made_at=rfc3339(now), home=home_mark())) as out:
        copy = scratch / STORE
        _copy_sqlite(home.keys / copy.name, copy)
        out.add(f"keys/{copy.name}", copy)
        named = (home.keys / "home.key", home.keys / "ledger.key", home.keys / "ledger.key.next")
        rings = (home.keys / "openpgp" / "own", home.keys / "openpgp" / "people")
        for each in (*named, *(file for ring in rings if ring.is_dir() for file in sorted(ring.iterdir()))):
            if each.suffix != ".new":
                out.add(str(each.relative_to(home.folder)), each)


def _copy_sqlite(source: Path, to: Path) -> None:
    """A copy as of one moment, while others write: SQLite's online backup."""
    to.touch(mode=0o600)
    with closing(sqlite3.connect(source, timeout=20)) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _migrations() -> list[str]:
    found = MigrationRecorder.Migration.objects.values_list("app", "name")
    return sorted(f"{app}.{name}" for app, name in found)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

_LEFT_OUT = frozenset({"django_migrations"})


def _columns() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - _LEFT_OUT)
        return {
            table: [column.name for column in connection.introspection.get_table_description(cursor, table)]
            for table in tables
        }


def _listed(table: str, columns: Iterable[str]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(table)} ({', '.join(map(quote, columns))})"


def _dump(columns: dict[str, list[str]], scratch: Path) -> Iterator[tuple[str, Path]]:
    """Every table as PostgreSQL's COPY writes it, all as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            for table, names in columns.items():
                file = scratch / table
                with cursor.copy(f"COPY {_listed(table, names)} TO STDOUT") as rows, file.open("wb") as out:
                    for row in rows:
                        out.write(row)
                yield table, file
                file.unlink()
        finally:
            cursor.execute("ROLLBACK")


def _load(folder: Path, columns: dict[str, list[str]]) -> None:
    """Fills the tables of an empty database, all or none."""
    there = _columns()
    if there != columns:
        raise BadInput("The backup's tables are not those of this version.", next="Install the version that made it.")
    with write.inside() as cursor:
        for table in columns:
            if table not in guards.GUARDED:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a table of ours
        for table, names in columns.items():
            file = folder / table
            with cursor.copy(f"COPY {_listed(table, names)} FROM STDIN") as rows, file.open("rb") as content:
                while chunk := content.read(1 << 20):
                    rows.write(chunk)
        from django.apps import apps

        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models(include_auto_created=True)):
            cursor.execute(statement)


# --- back again ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """Two files that were read whole and fit each other."""

    data: Path
    keys: Path
    about: About
    digest: str


def examine(data: Path, keys: Path, now: datetime) -> Opened:
    """Reads both files from end to end. Raises ``VerificationFailed``, ``BadInput``, ``AnswerIsNo`` for old keys.

    ``keys`` may be the keys folder of a home whose database was lost: it knows every erasure.
    """
    about = archive.about(data)
    if about.kind != "data":
        raise BadInput(f"{data} holds keys, not data.", next=f"Name the file that ends with {DATA}.")
    archive.check(data)
    if not keys.is_dir():
        _examine_keys(keys, about, now)
    return Opened(data, keys, about, archive.sha256(data))


def _examine_keys(keys: Path, data: About, now: datetime) -> None:
    about = archive.about(keys)
    if about.kind != "keys":
        raise BadInput(f"{keys} holds data, not keys.", next=f"Name the file that ends with {KEYS}.")
    if about.home != data.home:
        raise BadInput("The keys are of another home than the data.", next="Name the keys that were backed up with it.")
    made = parse_instant(about.made_at)
    if made > now + TOLERANCE:
        raise BadInput(
            f"The keys' backup says it was made at {about.made_at}, which is to come.", next="Set the clock."
        )
    if now - made > KEYS_LAST:
        raise AnswerIsNo(
            f"The keys' backup of {about.made_at} is over {KEYS_LAST.days} days old: the erased would be back.",
            next="Use a newer one, or the keys folder of the home itself.",
        )
    if made < parse_instant(data.made_at):
        raise BadInput(
            "The keys' backup is older than the data's: texts written in between could not be read.",
            next="Name the keys that were backed up with it, or later.",
        )
    archive.check(keys)


def require_database(opened: Opened) -> None:
    """Before anything is written: the database is of the backup's kind, empty, and this role may make its tables.

    Raises ``BadInput``, ``HomeUnusable``.
    """
    if opened.about.database != connection.vendor:
        raise BadInput(
            f"The backup is of {opened.about.database}, and this home would keep its data on {connection.vendor}.",
            next="Set or unset FORGEWARD_DATABASE_URL and [database] of settings.toml.",
        )
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if connection.introspection.table_names(cursor):
            raise BadInput("The database is not empty.", next="Name an empty one by FORGEWARD_DATABASE_URL.")
        cursor.execute(
            "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), current_user, current_database()"
        )
        may, role, name = cursor.fetchone()
    if not may:
        raise HomeUnusable(
            f"The role “{role}” may make no tables in the database “{name}”.",
            next="Restore as the role that owns the database; then grant the desk's role what it may do"
            " (docs/how-to/postgresql.md).",
        )


def unpack(opened: Opened, home: Home) -> None:
    """Fills an empty folder; it is no home yet. Raises ``BadInput`` where anything is in it."""
    folder = home.folder
    with translated(folder):
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"{folder} is not empty.", next="Name a folder that is empty or not there yet, with --home.")
        home.prepare()
        archive.extract(opened.data, folder)
        if opened.keys.is_dir():
            shutil.copytree(opened.keys, home.keys, dirs_exist_ok=True, ignore=lambda _, names: _of_store(names))
            _copy_sqlite(opened.keys / STORE, home.keys / STORE)
        else:
            archive.extract(opened.keys, folder)
        home.keys.chmod(0o700)
        (folder / "home.json").rename(_held_back(home))


def _of_store(names: Sequence[str]) -> set[str]:
    return {name for name in names if name.startswith(STORE)}


def _held_back(home: Home) -> Path:
    """Without its marker the folder is no home, and nothing reads it."""
    return home.folder / ".home.json"


def revive(opened: Opened, home: Home, ledgers: Sequence[Path], actor: Actor, now: datetime) -> int:
    """Loads the database, replays erasures, and makes the folder a home. Returns how many erasures were replayed.

    To be called in a process that opened this folder. Raises ``BadInput``, ``HomeUnusable``.
    """
    from forgeward.desk.actions import homes

    if home_mark() != opened.about.home:
        raise BadInput("The keys are of another home than the data.", next="Name the keys that were backed up with it.")
    if connection.vendor == "postgresql":
        homes.migrate()
        if unknown := set(opened.about.migrations) ^ set(_migrations()):
            raise BadInput(
                f"The backup has other tables than this version ({min(unknown)}).",
                next="Install the version that made it.",
            )
        _load(home.folder / "tables", opened.about.columns)
        shutil.rmtree(home.folder / "tables")
    else:
        homes.migrate()
    count = erasures.replay(home, ledgers, now)
    with write.inside() as cursor:
        data: dict[str, Plain] = {"backup": opened.digest, "made_at": opened.about.made_at, "replayed": count}
        write.record(cursor, Change(RESTORED, data), actor.id, now)
    with translated(home.folder):
        _held_back(home).rename(home.folder / "home.json")
    return count


def _expire(folder: Path, now: datetime) -> Iterator[Path]:
    """Deletes backups of keys that `examine` would refuse."""
    for file in expired(folder, now):
        with translated(folder):
            file.unlink(missing_ok=True)
        yield file


@contextmanager
def scratch_database(home: Home) -> Iterator[dict[str, str]]:
    """The environment for a restored copy that is only looked at: a database of its own, dropped afterwards.

    Raises ``HomeUnusable`` where this role may make none.
    """
    server = home.database_server
    if server is None:
        yield {"FORGEWARD_DATABASE_URL": ""}
        return
    import os
    import secrets
    from urllib.parse import urlencode

    name = f"forgeward_verify_{secrets.token_hex(4)}"
    try:
        _outside(f"CREATE DATABASE {name}")
    except DatabaseError as problem:
        raise HomeUnusable(
            f"No scratch database can be made: {str(problem).strip()}",
            next="Try as the role that owns the database (FORGEWARD_DATABASE_URL), or ALTER ROLE … CREATEDB.",
        ) from None
    try:
        host = {"host": server.host} if server.host else {}
        port = f":{server.port}" if server.port else ""
        url = f"postgresql://{server.user}@{port}/{name}?{urlencode({**host, **server.options})}"
        yield {**os.environ, "FORGEWARD_DATABASE_URL": url}
    finally:
        _outside(f"DROP DATABASE {name} WITH (FORCE)")


def _outside(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
