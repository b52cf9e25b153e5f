"""``forgeward backup`` and ``forgeward restore``: two files, and a home made from them again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from forgeward.cli import out, shapes
from forgeward.cli.start import Json
from forgeward.cli.state import RUN
from forgeward.edges.home import Home
from forgeward.errors import BadInput, VerificationFailed

_SYSTEM = "system:restore"


def backup(
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write both files.")],
    verify: Annotated[bool, typer.Option("--verify", help="Restore them into a scratch home and audit that.")] = False,
    as_json: Json = False,
) -> None:
    """Back the home up while it runs: NAME.backup (database, mails, files) and NAME.keys. Keep the two apart.

    Example: forgeward backup --out /backup/forgeward --verify
    """
    home = RUN.desk()
    from forgeward.desk.actions import backups

    made = backups.backup(home, folder, RUN.person().actor(), home.now())
    if verify:
        _try(home, made.data, made.keys, [])
    shape = shapes.Backup(
        data=str(made.data), keys=str(made.keys), expired=[str(file) for file in made.expired], verified=verify
    )
    out.emit(shape, lambda: _backup_text(shape))


def _backup_text(shape: shapes.Backup) -> str:
    lines = [shape.data, shape.keys]
    lines += [f"Deleted, since keys are kept for 30 days only: {file}" for file in shape.expired]
    if shape.verified:
        lines.append("Both were restored into a scratch home, and its history agrees.")
    return "\n".join(lines)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup of the data, NAME.backup.")],
    keys: Annotated[
        Path, typer.Option(metavar="FILE", help="The backup of the keys, or the keys folder of the home itself.")
    ],
    ledger: Annotated[
        list[Path] | None, typer.Option(metavar="PACK", help="A newer pack of the ledger: it knows later erasures.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only try: into a scratch home, audited, deleted.")] = False,
    as_json: Json = False,
) -> None:
    """Make a home from a backup in an empty folder. Who was erased since stays erased.

    Example: forgeward --home /srv/new restore monday.backup --keys monday.keys
    """
    if verify:
        shape = _try(RUN.home if RUN.home.exists else None, file, keys, ledger or [])
        out.emit(shape, lambda: f"A home can be made from {file}: {shape.entries} entries agree with their history.")
        return
    shape = _restore(file, keys, ledger or [])
    out.emit(shape, lambda: _restored_text(shape))


def _restore(file: Path, keys: Path, ledgers: list[Path]) -> shapes.Restored:
    home = RUN.home
    from forgeward.desk.setup import open_home

    open_home(Home(home.folder))
    from forgeward.desk.actions import backups
    from forgeward.desk.models import Entry
    from forgeward.vocabulary import Actor

    opened = backups.examine(file, keys, home.now())
    backups.require_database(opened)
    backups.unpack(opened, home)
    count = backups.revive(opened, home, ledgers, Actor(id=_SYSTEM), home.now())
    return shapes.Restored(
        home=str(home.folder),
        made_at=opened.about.made_at,
        replayed=count,
        entries=Entry.objects.count(),
        verified=False,
    )


def _restored_text(shape: shapes.Restored) -> str:
    return (
        f"{shape.home} is as it was at {shape.made_at}; {shape.replayed} erasures since were done again.\n"
        "Run forgeward audit before you start it: it fetches and sends mail."
    )


def _try(home: Home | None, file: Path, keys: Path, ledgers: list[Path]) -> shapes.Restored:
    """Restores into a folder that is deleted afterwards, in a process of its own, and audits it there."""
    from contextlib import nullcontext

    database: Any = nullcontext({})
    if home is not None and home.database_server is not None:
        RUN.desk()
        from forgeward.desk.actions import backups

        database = backups.scratch_database(home)
    with tempfile.TemporaryDirectory(prefix=".forgeward-", dir=file.absolute().parent) as folder, database as more:
        environment = {**os.environ, **more}
        environment.pop("FORGEWARD_HOME", None)
        scratch = str(Path(folder) / "home")
        options = [word for pack in ledgers for word in ("--ledger", str(pack))]
        done = _child(scratch, environment, "restore", str(file), "--keys", str(keys), *options)
        audited = _child(scratch, environment, "audit")
    return shapes.Restored(
        home="", made_at=done["made_at"], replayed=done["replayed"], entries=audited["entries"], verified=True
    )


def _child(home: str, environment: dict[str, str], *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "forgeward.cli", "--home", home, *words, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - ourselves
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise VerificationFailed(
            f"The trial ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}",
            next="Look at the backup's disk, then try again.",
        ) from None
    if "error" in said:
        failed = VerificationFailed if done.returncode == 1 else BadInput
        raise failed(said["error"]["message"], next=said["error"]["next"])
    if done.returncode:
        first = said.get("problems", [{"where": "audit", "what": "failed"}])[0]
        raise VerificationFailed(
            f"The restored home disagrees with its history: {first['where']}: {first['what']}.",
            next="Take another backup, and audit this home.",
        )
    return said
