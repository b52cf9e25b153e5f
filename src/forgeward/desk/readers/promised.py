"""The clocks of one promise or obligation over all cases, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgeward.desk.models import ClockRow, Person
from forgeward.desk.readers import texts
from forgeward.desk.readers.sight import concerning


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One clock as its row says it was evaluated last."""

    number: str
    title: str
    subject: str
    starts: datetime
    due: datetime | None
    met: datetime | None
    missed_at: datetime | None
    state: str


def clocks_of(person: Person, promise: str, limit: int = 50) -> tuple[CaseClock, ...]:
    """The newest clocks of the promise in cases that the person may see. Two queries."""
    rows = list(
        ClockRow.objects.filter(concerning(person), promise=promise)
        .exclude(state="not_applicable")
        .select_related("case")
        .defer("case__state_json")
        .order_by("-starts", "-pk")[:limit]
    )
    titles = texts.titles([(row.case.pk, row.case.number, row.case.title_seq) for row in rows])
    return tuple(
        CaseClock(
            row.case.number, titles[row.case.pk], row.subject, row.starts, row.due, row.met, row.missed_at, row.state
        )
        for row in rows
    )
