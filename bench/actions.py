"""How many case actions a second one process does on SQLite: requirements, ledger entry, sealed text, clocks, row.

Each case lives through the same ten steps, as real ones do.

The floor is the same rows written by hand in one transaction each: no decision, no digest, no encryption.
"""

from __future__ import annotations

import secrets
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from bench.house import NOW, house
from bench.report import Figure

CASES = 400
LIFE: tuple[tuple[str, dict[str, str]], ...] = (
    ("assess", {"scope": "One resolver", "impact": "Reading", "affected": "All sites", "exploitability": "Easy",
                "vector": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:L/A:N"}),
    ("confirm", {"environment": "Own site", "reproduction": "As reported", "versions": "1.0.0 to 1.4.2"}),
    ("contain", {"how": "switch_off", "detail": "The flag is off in production."}),
    ("note", {"text": "What was found, in a sentence of some length, as people write it."}),
    ("pause", {"reason": "The reporter was asked for a trace."}),
    ("resume", {}),
    ("plan", {"release": "1.5.0", "date": "2026-12-01"}),
    ("note", {"text": "What was found, in a sentence of some length, as people write it."}),
    ("fix", {"cause": "Reads as the app", "patch": "4e1c9ad", "artefacts": "None", "hardening": "A guard",
             "regression_test": "tests/access.test.ts", "weakness": "CWE-862"}),
    ("note", {"text": "What was found, in a sentence of some length, as people write it."}),
)  # fmt: skip
ACTIONS = CASES * len(LIFE)


def run() -> list[Figure]:
    """Actions a second and the slowest per cent, with sequencing measured apart."""
    with house():
        from forgeward.desk.actions import cases, sequence
        from forgeward.desk.models import Person
        from forgeward.respond.parse import parse

        lead = Person.objects.get(email="ines@bench.example").actor()
        opened = []
        for n in range(CASES):
            fields = {"title": f"Case {n}", "text": "Seen", "reporter_address": f"r{n}@example.org"}
            opened.append(cases.open_case(parse("receive", fields), lead, NOW).number)
        life = [parse(step, fields) for step, fields in LIFE]
        times = []
        for stage, command in enumerate(life, 1):
            for n, number in enumerate(opened):
                began = perf_counter()
                cases.perform(number, command, lead, NOW + timedelta(minutes=10 * stage, milliseconds=n))
                times.append(perf_counter() - began)
        total = sum(times)
        times.sort()
        began = perf_counter()
        numbered = sequence.number()
        lag = perf_counter() - began
    floor = _floor()
    rate, p99 = ACTIONS / total, times[int(ACTIONS * 0.99)]
    return [
        Figure(
            part="actions",
            what="Case actions on SQLite, one process",
            figure=f"{rate:,.0f} a second, p99 {p99 * 1000:.1f} ms, slowest {times[-1] * 1000:.0f} ms",
            floor=f"the bare rows: {floor:,.0f} a second",
            ratio=floor / rate,
            goal="≥ 1,500 a second, p99 bounded",
        ),
        Figure(
            part="actions",
            what="Sequencing entries into the tree",
            figure=f"{numbered / lag:,.0f} entries a second",
            floor=f"the bare rows: {floor:,.0f} transactions a second",
            ratio=floor / (numbered / lag),
            goal="faster than actions",
        ),
    ]


def _floor() -> float:
    """The same statements by hand: one case row, one entry, one sealed value, one pending row a transaction."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)
        db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE c (id INTEGER PRIMARY KEY, state BLOB, version INT);"
            "CREATE TABLE e (id INTEGER PRIMARY KEY, c INT, seq INT, body BLOB, UNIQUE (c, seq));"
            "CREATE TABLE s (id INTEGER PRIMARY KEY, e INT, blob BLOB); CREATE TABLE p (e INTEGER PRIMARY KEY);"
        )
        state, body, blob = secrets.token_bytes(600), secrets.token_bytes(350), secrets.token_bytes(200)
        db.executemany("INSERT INTO c VALUES (?, ?, 0)", [(n, state) for n in range(CASES)])
        began = perf_counter()
        for n in range(ACTIONS):
            db.execute("BEGIN IMMEDIATE")
            version = db.execute("SELECT version FROM c WHERE id = ?", (n % CASES,)).fetchone()[0]
            db.execute("UPDATE c SET state = ?, version = ? WHERE id = ?", (state, version + 1, n % CASES))
            entry = db.execute("INSERT INTO e (c, seq, body) VALUES (?, ?, ?)", (n % CASES, version, body)).lastrowid
            db.execute("INSERT INTO s (e, blob) VALUES (?, ?)", (entry, blob))
            db.execute("INSERT INTO p VALUES (?)", (entry,))
            db.execute("COMMIT")
        spent = perf_counter() - began
        db.close()
    return ACTIONS / spent


if __name__ == "__main__":
    print(*run(), sep="\n")
