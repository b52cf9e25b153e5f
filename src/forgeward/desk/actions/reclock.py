"""After an adopted policy: every open case's clocks are evaluated anew, in chunks that hold no lock for long.

Reading and computing happen outside the transaction; a case that somebody changed meanwhile is left to that change,
which already used the new policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from forgeward.desk import programme
from forgeward.desk.actions import write
from forgeward.desk.models import Heartbeat, PolicyVersion
from forgeward.desk.models.fields import from_micros
from forgeward.desk.rows import clock_key, clock_values, decode_case, due_columns
from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import nearest
from forgeward.respond.clocks import overview

CHUNK = 1_000
BEAT = "re-clocked"
_OPEN = "(closed_at IS NULL OR next_due IS NOT NULL)"  # broken glass is reviewed also after closing
_MOVED = ("next_due", "next_promise", "wake_at")
_UPDATE = (
    "UPDATE desk_caserow SET " + ", ".join(f"{name} = %s" for name in _MOVED) + " WHERE id = %s AND version = %s"  # noqa: S608 - names are constants
)


def open_cases(now: datetime, progress: Callable[[int, int], None]) -> int:
    """Re-clocks every open case. Returns how many; ``progress`` gets (done, total).

    What is cut short is done again as a whole, by the worker (``is_done``).
    """
    book, version = programme.policies(), _adopted()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM desk_caserow WHERE {_OPEN}")  # noqa: S608 - a constant clause
        total = cursor.fetchone()[0]
    done, last = 0, 0
    while rows := _read(last):
        _write(rows, *_computed(rows, book, now))
        done, last = done + len(rows), rows[-1][0]
        progress(done, total)
    Heartbeat.objects.update_or_create(name=BEAT, defaults={"at": now, "detail": version})
    return done


def is_done() -> bool:
    """Whether open cases follow the latest adopted policy."""
    return Heartbeat.objects.filter(name=BEAT, detail=_adopted()).exists()


def _adopted() -> str:
    latest = PolicyVersion.objects.filter(adopted_at__isnull=False).order_by("-version").first()
    return f"policy version {latest.version}" if latest else "no policy"


def _read(after: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, version, state_json, reminded_at, next_due, next_promise, wake_at FROM desk_caserow"  # noqa: S608 - a constant clause
            f" WHERE {_OPEN} AND id > %s ORDER BY id LIMIT %s",
            [after, CHUNK],
        )
        return list(cursor.fetchall())


def _computed(rows: Sequence[tuple[Any, ...]], book: PolicyBook, now: datetime) -> tuple[list[Any], list[Any]]:
    """The updates of cases and the upserts of clocks, only where something moved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, promise, regime, subject, starts, due, original_due, met, missed_at, state"
            " FROM desk_clockrow WHERE case_id BETWEEN %s AND %s",
            [rows[0][0], rows[-1][0]],
        )
        stored = {row[:4]: row[4:] for row in cursor.fetchall()}
    cases: list[Any] = []
    clocks: list[Any] = []
    for pk, version, state_json, reminded, *before in rows:
        case = decode_case(bytes(state_json))
        view = overview(case, book, now, looked=from_micros(reminded), settled=False)
        moved = due_columns(nearest(view.clocks), view.wake_at)
        if moved != before:
            cases.append([*moved, pk, version])
        for clock in view.clocks:
            key, values = (pk, *clock_key(clock)), clock_values(clock)
            if stored.get(key) != values:
                clocks.append([*key, *values])
    return cases, clocks


def _write(rows: Sequence[tuple[Any, ...]], cases: list[Any], clocks: list[Any]) -> None:
    with write.inside() as cursor:
        cursor.execute("SELECT id, version FROM desk_caserow WHERE id BETWEEN %s AND %s", [rows[0][0], rows[-1][0]])
        standing = set(cursor.fetchall())
        unchanged = {pk for pk, version, *_ in rows if (pk, version) in standing}
        cursor.executemany(_UPDATE, cases)  # looks at the version itself
        cursor.executemany(write.UPSERT_CLOCK, [clock for clock in clocks if clock[0] in unchanged])
