"""Whoever edits the database behind the product's back is named by ``audit``."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.programme import Programme, found

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif("FORGEWARD_TEST_DATABASE" in os.environ, reason="edits the file that SQLite keeps"),
]


def _drop_guards(db: sqlite3.Connection) -> None:
    """Who has the file can do so; a change through the guards is refused."""
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")


def _flip_entry(db: sqlite3.Connection) -> None:
    pk, body = db.execute("SELECT id, body FROM desk_entry WHERE case_id IS NOT NULL ORDER BY id LIMIT 1").fetchone()
    db.execute("UPDATE desk_entry SET body = ? WHERE id = ?", (body.replace(b"event", b"evenu"), pk))


def _flip_hash(db: sqlite3.Connection) -> None:
    digest = db.execute('SELECT digest FROM desk_treenode WHERE level = 0 AND "index" = 1').fetchone()[0]
    db.execute(
        'UPDATE desk_treenode SET digest = ? WHERE level = 0 AND "index" = 1', (bytes([digest[0] ^ 1]) + digest[1:],)
    )


def _sealed(db: sqlite3.Connection) -> None:
    pk, blob = db.execute("SELECT id, blob FROM desk_sealedvalues ORDER BY id DESC LIMIT 1").fetchone()
    db.execute("UPDATE desk_sealedvalues SET blob = ? WHERE id = ?", (blob[:-1] + bytes([blob[-1] ^ 1]), pk))


TAMPERINGS: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "a byte of an entry": (_flip_entry, "bytes are not those that were hashed"),
    "a hash of the tree": (_flip_hash, "bytes are not those that were hashed"),
    "a sealed text": (_sealed, "were altered"),
    "who did it": (lambda db: db.execute("UPDATE desk_entry SET actor = 'person:9' WHERE seq = 1"), "actor"),
    "when it happened": (lambda db: db.execute("UPDATE desk_entry SET at = at - 3600000000 WHERE seq = 1"), "instant"),
    "the case's state": (lambda db: db.execute("UPDATE desk_caserow SET state = 'closed'"), "state"),
    "the case's level": (lambda db: db.execute("UPDATE desk_caserow SET level = 'low'"), "level"),
    "a clock's due date": (lambda db: db.execute("UPDATE desk_clockrow SET due = due + 1"), "clock"),
    "a clock that is gone": (lambda db: db.execute("DELETE FROM desk_clockrow"), "missing"),
    "the policy's text": (
        lambda db: db.execute(
            "UPDATE desk_policyversion SET text = replace(text, '2 business days', '9 business days')"
        ),
        "not the one that was adopted",
    ),
    "a checkpoint": (lambda db: db.execute("UPDATE desk_checkpointrow SET root = zeroblob(32)"), "root"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    programme = found(tmp_path_factory.mktemp("audit") / "home", team=False)
    programme.do("case", "open", "--title", "Errors", "--text", "More errors than usual")
    programme.do("ledger", "checkpoint")
    assert programme.do("audit")["ok"]
    return programme


@pytest.mark.parametrize("what", TAMPERINGS)
def test_audit_names_what_was_changed(home: Programme, what: str, tmp_path: Path) -> None:
    """One changed value in one table, and the audit says which."""
    copy = Programme(Path(shutil.copytree(home.folder, tmp_path / "home")))
    change, named = TAMPERINGS[what]
    with closing(sqlite3.connect(copy.folder / "forgeward.sqlite3", isolation_level=None)) as db:
        _drop_guards(db)
        change(db)
    answer = copy.run("audit", "--json")
    assert answer.code == 1
    assert any(named in problem["what"] or named in problem["where"] for problem in answer.json["problems"])
