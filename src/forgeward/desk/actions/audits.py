"""The nightly audit: who does it, what came of it, and the event that is opened where tables and history differ.

    is_due ─▶ claim (one process) ─▶ the worker examines, reading only ─▶ settle: evidence, and one event

The same differences are told once: while their event is open, or was closed by a person who has seen them, no second
one is opened. Others are a new event, or a note on the open one; where all agrees again, the open event says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.backends.utils import CursorWrapper

from forgeward.desk.actions import alarms, cases, write
from forgeward.desk.models import CaseRow, Entry, EvidenceRow, Heartbeat
from forgeward.desk.models.fields import to_micros
from forgeward.edges.home import Home
from forgeward.ledger import schedule
from forgeward.respond.signals import Join

CHECK = "check:history_agrees"
LEASE = timedelta(hours=6)
RUNNING, ALARM = "audit:running", "audit:alarm"
TOLD = 20  # differences that the event names


def is_due(home: Home, now: datetime) -> bool:
    """Whether the latest time of ``[audit]`` passed without one; also when nothing ran at that time."""
    slot = schedule.latest(schedule.parse_times((home.settings.audit.at,)), now)
    last = EvidenceRow.objects.filter(mechanism=CHECK).order_by("-pk").first()
    if last is not None:
        return bool(last.at < slot)
    begun = Entry.objects.order_by("pk").values_list("at", flat=True).first()
    return bool(begun is not None and begun < slot)


def claim(owner: str, now: datetime) -> bool:
    """Takes the audit for ``owner`` until it is settled, or its lease runs out. False where somebody has it."""
    with write.inside() as cursor:
        cursor.execute(
            "INSERT INTO desk_heartbeat (name, at, detail) VALUES (%s, 0, '') ON CONFLICT (name) DO NOTHING", [RUNNING]
        )
        cursor.execute(
            "UPDATE desk_heartbeat SET at = %s, detail = %s WHERE name = %s AND (detail = '' OR at < %s)",
            [to_micros(now + LEASE), owner, RUNNING, to_micros(now)],
        )
        return bool(cursor.rowcount)


def release(owner: str) -> None:
    """Gives the audit back: it was done, or could not be."""
    Heartbeat.objects.filter(name=RUNNING, detail=owner).update(detail="")


def settle(said: str, differences: Sequence[str], now: datetime) -> None:
    """Keeps what the audit found as evidence, then opens, adds to or answers its event.

    ``said``: the result in a sentence. Two transactions: where history is so damaged that no event can be opened, the
    evidence still says that it is.
    """
    EvidenceRow.objects.create(mechanism=CHECK, at=now, ok=not differences, what=said[:300])
    digest = sha256("\n".join(differences).encode()).hexdigest()[:16] if differences else ""
    known = Heartbeat.objects.filter(name=ALARM).values_list("detail", flat=True).first() or " "
    number, seen = known.split(" ")
    case = CaseRow.objects.filter(number=number).first()
    if digest == seen:
        return
    with write.inside() as cursor:
        number = _tell(cursor, case, said, differences, now)
        Heartbeat.objects.update_or_create(name=ALARM, defaults={"at": now, "detail": f"{number} {digest}"})


def _tell(cursor: CursorWrapper, case: CaseRow | None, said: str, differences: Sequence[str], now: datetime) -> str:
    """The event of these differences, or what the open one learns. Returns its number."""
    is_open = case is not None and case.closed_at is None
    if case is not None and not differences:
        alarms.over([case], f"The audit finds no difference any more. {said}", now)
        return case.number
    if case is not None and is_open:
        cases.perform_in(cursor, case.number, Join(text=_text(said, differences), source="hand"), alarms.ALARM, now)
        return case.number
    title = "History and tables differ"
    return alarms.open_alarm(cursor, title, _text(said, differences), "audit:differs", now).number


def _text(said: str, differences: Sequence[str]) -> str:
    lines = [f"The audit compared every table with the history. {said}", "", *differences[:TOLD]]
    if len(differences) > TOLD:
        lines.append(f"… and {len(differences) - TOLD} more.")
    lines += ["", "Run `forgeward audit` to see all, and find out who changed them: nothing is mended by itself."]
    return "\n".join(lines)
