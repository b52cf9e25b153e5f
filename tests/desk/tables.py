"""The desk's tables as they are: to say that something wrote nothing, or that all agrees with history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection

from forgeward.desk.models import CaseRow
from forgeward.desk.readers import audit
from forgeward.desk.rows import decode_case
from forgeward.respond.case import Case


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the desk."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(t for t in connection.introspection.table_names() if t.startswith("desk_")):
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608 - our own tables
            found[table] = cursor.fetchall()
    return found


@contextmanager
def untouched() -> Iterator[None]:
    """What happens within writes nothing."""
    before = everything()
    yield
    after = everything()
    assert {t for t in before if before[t] != after[t]} == set()


def agrees(now: datetime) -> bool:
    """Whether all tables follow from history; what does not is shown."""
    problems = [f"{p.where}: {p.what}" for p in audit.examine(now, lambda _done, _total: None).problems]
    assert problems == []
    return True


def case_of(number: str) -> Case:
    return decode_case(bytes(CaseRow.objects.get(number=number).state_json))
