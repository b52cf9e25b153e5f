"""Somebody asks to be forgotten: afterwards no byte of the home, its database or its packs tells of them, and a backup
that was made before brings nothing back."""

from __future__ import annotations

import base64
import os
import quopri
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.journeys.programme import Answer, Programme, found, mail_server, mail_settings, own_database

pytestmark = [pytest.mark.journey, pytest.mark.slow]

NAME = "Quillon Vexmarrow"
ADDRESS = "qvex.marrow@zephyrine.example"
MARKS = {
    "name": NAME,
    "address": ADDRESS,
    "subject": "SUBJMARK-k3v9w",
    "body": "BODYMARK-p8d2q",
    "attached": "attmark-h5t7n.txt",
    "attachment": "ATTBYTES-w2r6z",
    "header": "HDRMARK-x9c4m",
    "message id": "idmark-b6j1f",
    "note": "NOTEMARK-g7k5s",
    "question": "ASKMARK-t4y8v",
    "our letter": "LETTERMARK-m1z3p",
    "file": "filemark-r5n8d",
    "word": "SERVERMARK-c7u2b",
}
MAIL = f"""\
From: {NAME} <{ADDRESS}>
To: security@lattice-loom.example
Subject: Export reads any note {MARKS["subject"]}
Message-ID: <{MARKS["message id"]}@zephyrine.example>
X-Mailer: {MARKS["header"]}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8

The export resolver reads any note. {MARKS["body"]}

--cut
Content-Type: text/plain; name="{MARKS["attached"]}"
Content-Disposition: attachment; filename="{MARKS["attached"]}"

Call it with another id. {MARKS["attachment"]}
--cut--
"""


def forms(text: str) -> Iterator[bytes]:
    """The ways in which a text may lie in a file: as it is, in small letters, encoded, and at each offset of base64."""
    for spelling in {text, text.lower(), text.upper()}:
        plain = spelling.encode()
        yield from (plain, spelling.encode("utf-16-le"), spelling.encode("utf-16-be"), plain[::-1])
        yield from (
            plain.hex().encode(),
            plain.hex().upper().encode(),
            quopri.encodestring(plain),
            quote(spelling).encode(),
        )
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + plain)
            yield encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4]


FORMS = {what: [form for form in set(forms(text)) if len(form) > 7] for what, text in MARKS.items()}


def marks_in(content: bytes) -> list[str]:
    return [what for what, wanted in FORMS.items() if any(form in content for form in wanted)]


def search(*folders: Path) -> dict[str, list[str]]:
    """Which marks stand in which files, inflated members of archives included."""
    hits: dict[str, list[str]] = {}
    for folder in folders:
        for file in folder.rglob("*") if folder.is_dir() else [folder]:
            if not file.is_file():
                continue
            content = file.read_bytes()
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    content += b"".join(archive.read(name) for name in archive.namelist())
            if marks := marks_in(content + file.name.encode()):
                hits[str(file)] = marks
    return hits


def database(home: Programme) -> list[Path]:
    """Where the database's bytes lie, all of them written out: on PostgreSQL the server's own folder."""
    server = home.environment.get("FORGEWARD_DATABASE_URL")
    if not server:
        return []
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return [Path(row[0]) / "base", Path(row[0]) / "pg_wal"]


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def tables(home: Programme) -> list[Path]:
    """The files of the home's own database on PostgreSQL, without the server's log."""
    server = home.environment.get("FORGEWARD_DATABASE_URL")
    if not server:
        return []
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return files(Path(row[0]) / "base" / str(row[1]))


def _holds(file: Path, words: tuple[bytes, ...]) -> bool:
    content = file.read_bytes()
    return any(word in content for word in words)


def told(home: Programme, number: str) -> list[Answer]:
    """What every command says that could speak of a reporter."""
    asked = (
        ("case", "show", number),
        ("case", "show", number, "--json"),
        ("case", "list"),
        ("case", "next", number),
        ("notice", "status", "--json"),
        ("intake", "held", "list", "--json"),
        ("policy", "standing"),
        ("tick",),
    )
    return [home.run(*words) for words in asked]


def lived(home: Programme, folder: Path, port: int) -> tuple[str, str]:
    """A report, a talk about it, letters filed, sent and refused; another case that names the reporter. All closed."""
    mail = folder / f"{MARKS['file']}.eml"
    mail.write_text(MAIL)
    number = home.do("intake", "mail", str(mail))["received"][0]["case"]
    mail.unlink()
    home.do("case", "acknowledge", number, "--text", f"Thank you {MARKS['our letter']}", who="hannah")
    home.do("tick")  # no mail server is set: letters lie as files
    assert search(home.folder / "outbox"), "the search finds what is there"
    home.settings(mail_settings(port))
    home.do("case", "note", number, "--text", f"By telephone in the evening {MARKS['note']}", who="hannah")
    home.do("case", "pause", number, "--reason", f"Which version {MARKS['question']}", who="hannah")
    home.do("case", "reply", number, "--text", f"Which version is it? {MARKS['our letter']}", who="hannah")
    home.do("tick")
    other = home.do("case", "open", "--title", "Errors", "--text", "More than usual", who="hannah")["id"]
    home.do("case", "note", other, "--text", f"{NAME} may know more", who="tomasz")
    home.do("case", "note", other, "--text", "The cache was cold", who="tomasz")
    home.do("case", "reject", number, "--as", "spam", "--reason", "Nothing of ours", who="hannah")
    home.do("case", "approve", number, "--step", "reject", who="tomasz")
    home.do("ledger", "checkpoint")
    return number, other


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Programme, str, str, Path]]:
    """A home whose reporter was erased, and the folder with what was backed up and packed."""
    folder = tmp_path_factory.mktemp("erasure")
    home = found(folder / "home")
    with mail_server() as (sink, port):
        sink.refuse[ADDRESS] = f"550 5.1.1 <{ADDRESS}> {MARKS['word']}"
        number, other = lived(home, folder, port)
        home.do("backup", "--out", str(folder / "before"), "--verify")
        shutil.copytree(home.folder / "keys", folder / "keys before")
        dry = home.do("erase", ADDRESS, "--dry-run")
        assert (dry["cases"], dry["open_cases"], dry["files"], dry["mails"]) == ([number], [], 1, 1)
        assert {mention["case"] for mention in dry["mentions"]} == {other}
        home.do("erase", ADDRESS, "--reason", "Asked for it by mail")
        home.do("ledger", "pack", "--out", str(folder / "all.pack"))
        home.do("ledger", "pack", "--case", number, "--for", "auditor", "--out", str(folder / "case.pack"))
        home.do("backup", "--out", str(folder / "after"), "--verify")
        yield home, number, other, folder


def test_no_byte_tells_of_them(erased: tuple[Programme, str, str, Path]) -> None:
    """Of files, names of files, database with its log, packs, the backup made since."""
    home, _, _, folder = erased
    everything = (home.folder, *database(home), folder / "all.pack", folder / "case.pack", folder / "after")
    assert search(*everything) == {}


def test_no_command_tells_of_them_and_none_breaks(erased: tuple[Programme, str, str, Path]) -> None:
    """The case shows when its reporter was erased, what else was written stays, packs and audit agree."""
    home, number, other, folder = erased
    for answer in (*told(home, number), home.run("case", "show", other)):
        assert marks_in((answer.out + answer.err).encode()) == []
        assert "Traceback" not in answer.err
    shown = home.case(number)
    assert shown["title"].startswith("[erased on ")
    assert home.do("audit")["ok"]
    key = home.do("ledger", "key")["key"]
    for pack in ("all.pack", "case.pack"):
        assert home.do("ledger", "verify", str(folder / pack), "--key", key)["ok"]
    letters = home.do("notice", "status")["notices"]
    assert all(each["state"] not in {"waiting", "held"} for each in letters)


@pytest.mark.parametrize("keys", ["live", "backed up"])
def test_a_backup_from_before_brings_nothing_back(erased: tuple[Programme, str, str, Path], keys: str) -> None:
    """With the keys as they are; or with the old keys and a newer pack of the ledger, since all else was lost."""
    home, number, _, folder = erased
    (data,) = (folder / "before").glob("*.backup")
    restored = Programme(folder / f"restored {keys}", environment=own_database())
    more: tuple[str, ...]
    if keys == "live":
        more = ("--keys", str(home.folder / "keys"))
    else:
        (old,) = (folder / "before").glob("*.keys")
        more = ("--keys", str(old), "--ledger", str(folder / "all.pack"))
    done = restored.do("restore", str(data), *more)
    assert done["replayed"] >= 2
    assert search(restored.folder, *database(restored)) == {}
    for answer in told(restored, number):
        assert marks_in((answer.out + answer.err).encode()) == []
        assert "Traceback" not in answer.err
    assert restored.do("audit")["ok"]


def test_old_bytes_alone_are_only_ciphertext(erased: tuple[Programme, str, str, Path]) -> None:
    """The backup from before holds no mark in clear, so without its keys it tells nothing."""
    _, _, _, folder = erased
    assert search(*(folder / "before").glob("*.backup")) == {}
    assert search(folder / "keys before") == {}


def test_old_keys_put_back_by_hand_are_destroyed_at_the_next_start(
    erased: tuple[Programme, str, str, Path], tmp_path: Path
) -> None:
    """Somebody copies the old key store over the new one, past `restore`: the ledger remembers what was erased."""
    if "FORGEWARD_TEST_DATABASE" in os.environ:
        pytest.skip("copies the file that SQLite keeps")
    home, number, _, folder = erased
    copy = Programme(Path(shutil.copytree(home.folder, tmp_path / "home")))
    for file in (copy.folder / "keys").glob("subjects.sqlite3*"):
        file.unlink()
    with (
        closing(sqlite3.connect(folder / "keys before" / "subjects.sqlite3")) as old,
        closing(sqlite3.connect(copy.folder / "keys" / "subjects.sqlite3")) as new,
    ):
        old.backup(new)
    (copy.folder / "keys" / "subjects.sqlite3").chmod(0o600)
    assert copy.case(number)["title"].startswith("[erased")
    assert copy.do("audit")["ok"]


def test_a_colleague_leaves_no_byte_either(erased: tuple[Programme, str, str, Path]) -> None:
    """Name and address stand in one row, which is overwritten; a backup from before has them until it is restored.

    PostgreSQL's tables are written anew for that, since the home's role owns them here.
    """
    home, _, _, folder = erased
    words = (b"Priya Raman", b"priya@lattice-loom.example")
    assert any(_holds(file, words) for file in (*files(home.folder), *tables(home))), "the search finds what is there"
    done = home.do("erase", "priya@lattice-loom.example", "--reason", "Left us, and asked")
    assert (done["staff"], done["old_rows"]) == (True, [])
    (data,) = (folder / "before").glob("*.backup")
    restored = Programme(folder / "restored without priya", environment=own_database())
    assert restored.do("restore", str(data), "--keys", str(home.folder / "keys"))["replayed"] >= 3
    for each in (home, restored):
        for file in (*files(each.folder), *tables(each)):
            assert not _holds(file, words), file
        assert each.do("audit")["ok"]
        assert "[erased on " in each.run("people", "list").out
