"""Four processes act on cases at once while a fifth, the sequencer, numbers their entries: SQLite, then PostgreSQL.

Every action is one durable transaction with everything that an action has: requirements, entry, sealed text, clocks,
row. PostgreSQL runs with fsync, as in a deployment. The floor: as many processes write the same rows by hand.
CPU time is that of all these processes, PostgreSQL's own too.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.actions import LIFE
from bench.report import Figure

WRITERS, CASES = 4, 120  # cases of each writer
ACTIONS = WRITERS * CASES * len(LIFE)
ROOT = Path(__file__).parent.parent


def run() -> list[Figure]:
    """Both databases; PostgreSQL only where Debian's server is installed."""
    figures = _measured("SQLite", "≥ 2,500 a second")
    ask = "import bench.writers as w; print('\\n' + w.as_json('PostgreSQL', '≥ 700 a second'))"
    command = [str(ROOT / "script" / "postgres"), sys.executable, "-c", ask]
    environment = {**os.environ, "FORGEWARD_POSTGRES_FSYNC": "on"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode == 3:
        print("PostgreSQL was not measured: there is no server here.", file=sys.stderr)
        return figures
    done.check_returncode()
    return figures + [Figure(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


def as_json(database: str, goal: str) -> str:
    """The figures of one database, for the process that asked."""
    from dataclasses import asdict

    return json.dumps([asdict(figure) for figure in _measured(database, goal)])


def _measured(database: str, goal: str) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as folder:
        environment = dict(os.environ)
        if server := os.environ.get("FORGEWARD_TEST_DATABASE"):
            environment["FORGEWARD_DATABASE_URL"] = server
        _do(environment, folder, "found")
        _do(environment, folder, "bare_tables")
        bare = _together(environment, folder, "bare", sequencer=False)
        found = _together(environment, folder, "act", sequencer=True)
    rate, floor = ACTIONS / found["wall"], ACTIONS / bare["wall"]
    times, lags = sorted(found["times"]), sorted(found["lags"])
    cpu, share = found["cpu"] / ACTIONS * 1000, found["cpu"] / (found["wall"] * len(os.sched_getaffinity(0)))
    return [
        Figure(
            part="writers",
            what=f"Case actions on {database}, {WRITERS} writers and the sequencer",
            figure=f"{rate:,.0f} a second, p99 {_p99(times) * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms;"
            f" {cpu:.2f} ms CPU an action, {share:.0%} of the machine was ours",
            floor=f"the bare rows from {WRITERS} processes: {floor:,.0f} a second",
            ratio=floor / rate,
            goal=goal,
        ),
        Figure(
            part="writers",
            what=f"From an action to its place in the tree, {database}",
            figure=f"median {lags[len(lags) // 2] * 1000:.0f} ms, p99 {_p99(lags) * 1000:.0f} ms,"
            f" slowest {lags[-1] * 1000:.0f} ms",
            goal="stated",
        ),
    ]


def _p99(ordered: list[float]) -> float:
    return ordered[int(len(ordered) * 0.99)]


def _do(environment: dict[str, str], folder: str, deed: str) -> None:
    subprocess.run([sys.executable, "-m", "bench.writers", folder, deed], check=True, cwd=ROOT, env=environment)


def _together(environment: dict[str, str], folder: str, deed: str, *, sequencer: bool) -> dict[str, Any]:
    """All processes get ready, then begin at once. Wall time until the last writer ends."""
    deeds = [deed] * WRITERS + ["number"] * sequencer
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.writers", folder, each, str(n)],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n, each in enumerate(deeds)
    ]  # fmt: skip
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    began, served = time.perf_counter(), _server_cpu()
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [json.loads(_answer(child)) for child in children[:WRITERS]]
    wall = time.perf_counter() - began
    times = [spent for one in told for spent in one["times"]]
    result = {"wall": wall, "cpu": sum(one["cpu"] for one in told), "times": times, "lags": []}
    for child in children[WRITERS:]:
        assert child.stdin
        child.stdin.close()  # no more comes: number what is left
        one = json.loads(_answer(child))
        result["cpu"] += one["cpu"]
        result["lags"] = one["lags"]
    for child in children:
        assert child.wait() == 0
    result["cpu"] += _server_cpu() - served
    return result


def _server_cpu() -> float:
    """The CPU seconds of the PostgreSQL server so far (proc(5)); none where SQLite is measured."""
    server = os.environ.get("FORGEWARD_TEST_DATABASE")
    if not server:
        return 0.0
    import psycopg

    with psycopg.connect(server) as connection:
        own = connection.info.backend_pid
        main = int(_stat(own)[1])
        ended = sum(map(int, _stat(main)[11:15]))  # its own, and that of its children that ended
        running = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        ticks = ended + sum(sum(map(int, _stat(int(child))[11:13])) for child in running if int(child) != own)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """/proc/PID/stat from its third field on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _answer(child: subprocess.Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline()


# --- what one process does --------------------------------------------------------------------------------------------


def found(folder: str) -> None:
    from bench.house import founded

    founded(Path(folder))


def bare_tables(folder: str) -> None:
    _open(folder)
    from django.db import connection

    key = "BIGSERIAL PRIMARY KEY" if connection.vendor == "postgresql" else "INTEGER PRIMARY KEY"
    blob = "BYTEA" if connection.vendor == "postgresql" else "BLOB"
    tables = (
        f"c (id {key}, state {blob}, version INT)",
        f"e (id {key}, c INT, seq INT, body {blob}, UNIQUE (c, seq))",
        f"s (id {key}, e BIGINT, blob {blob})",
        "p (e BIGINT PRIMARY KEY)",
    )
    with connection.cursor() as cursor:
        for columns in tables:
            cursor.execute(f"CREATE TABLE bare_{columns}")
        for n in range(WRITERS * CASES):
            cursor.execute("INSERT INTO bare_c VALUES (%s, %s, 0)", [n, secrets.token_bytes(600)])


def bare(folder: str, number: str) -> None:
    """The same statements by hand, without Django's wrappers on SQLite: rows, no decision, no digest, no encryption."""
    _open(folder)
    from django.db import connection

    connection.ensure_connection()
    db, state, body, blob = connection.connection, *map(secrets.token_bytes, (600, 350, 200))
    lite = connection.vendor == "sqlite"
    sign, begin = ("?", "BEGIN IMMEDIATE") if lite else ("%s", "BEGIN")
    mine = [int(number) * CASES + n for n in range(CASES)]

    def do(statement: str, *values: Any) -> Any:
        return db.execute(statement.replace("%s", sign), values)

    def one(case: int) -> None:
        do(begin)
        version = do("SELECT version FROM bare_c WHERE id = %s" + ("" if lite else " FOR UPDATE"), case).fetchone()[0]
        do("UPDATE bare_c SET state = %s, version = %s WHERE id = %s", state, version + 1, case)
        insert = "INSERT INTO bare_e (c, seq, body) VALUES (%s, %s, %s) RETURNING id"
        entry = do(insert, case, version, body).fetchone()[0]
        do("INSERT INTO bare_s (e, blob) VALUES (%s, %s)", entry, blob)
        do("INSERT INTO bare_p VALUES (%s)", entry)
        do("COMMIT")

    _timed([lambda case=case: one(case) for _ in LIFE for case in mine])


def act(folder: str, number: str) -> None:
    """Each case of this writer lives through the steps of ``bench.actions``, round by round."""
    _open(folder)
    from forgeward.desk.actions import cases
    from forgeward.desk.models import Person
    from forgeward.respond.parse import parse

    lead = Person.objects.get(email="ines@bench.example").actor()
    opened = []
    for n in range(CASES):
        fields = {"title": f"Case {n}", "text": "Seen", "reporter_address": f"r{number}-{n}@example.org"}
        opened.append(cases.open_case(parse("receive", fields), lead, datetime.now(UTC)).number)
    life = [parse(step, fields) for step, fields in LIFE]
    _timed([lambda c=c, n=n: cases.perform(n, c, lead, datetime.now(UTC)) for c in life for n in opened])


def number(folder: str, _number: str) -> None:
    """Numbers what waits, as the worker does, until its input ends and nothing waits. Tells each entry's lag."""
    _open(folder)
    from django.db import connection

    from forgeward.desk.actions import sequence
    from forgeward.desk.models.fields import from_micros

    _ready()
    sequence.number()  # the openings, which wait since before the beginning
    lags: list[float] = []
    began, done = time.process_time(), sequence._size()
    os.set_blocking(sys.stdin.fileno(), False)
    ended = False
    while True:
        got = sequence.number(sequence.BATCH)
        if got:
            with connection.cursor() as cursor:
                cursor.execute(
                    'SELECT e.at FROM desk_leaf l JOIN desk_entry e ON e.id = l.entry_id WHERE l."index" >= %s', [done]
                )
                now = datetime.now(UTC)
                found = [(now - from_micros(at)) / timedelta(seconds=1) for (at,) in cursor.fetchall()]
            lags += found
            done += len(found)
        elif ended:
            break
        ended = ended or os.read(0, 1) == b"" if _readable() else ended
        if got < sequence.BATCH:
            time.sleep(0.02)
    _told({"cpu": time.process_time() - began, "lags": lags})


def _readable() -> bool:
    import select

    return bool(select.select([0], [], [], 0)[0])


def _open(folder: str) -> None:
    from forgeward.desk.setup import open_home
    from forgeward.edges.home import Home

    open_home(Home(Path(folder)))


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _timed(deeds: list[Any]) -> None:
    _ready()
    times, cpu = [], time.process_time()
    for deed in deeds:
        began = time.perf_counter()
        deed()
        times.append(time.perf_counter() - began)
    _told({"cpu": time.process_time() - cpu, "times": times})


def _told(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
