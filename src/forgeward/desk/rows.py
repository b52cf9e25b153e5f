"""How cases, clocks and entries look as rows: the one translation that actions write by and readers check by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from forgeward.desk.models.fields import to_micros
from forgeward.policy.clock import Clock
from forgeward.respond.case import Case
from forgeward.vocabulary import rfc3339

_DECODER = msgspec.json.Decoder(Case)
_ENCODER = msgspec.json.Encoder()

PERSON_ADDED = "person:added"  # the entry that says which roles somebody holds
PERSON_ROLES = "person:roles"  # the entry that says which roles somebody holds from now on
PERSON_OFF, PERSON_ON = "person:switched_off", "person:switched_on"
PERSON_AWAY, PERSON_BACK = "person:away", "person:back"  # an absence is entered, or taken back or cut short
SESSIONS_ENDED = "person:sessions_ended"
PERSON_RESET = "person:reset"  # the entry that says why somebody's ways in were taken away and given anew
ClockKey = tuple[str, str, str]
LASTING = ("kind", "state", "level", "title_seq", "owner_id", "restricted", "changed_at", "closed_at", "version")


def encode_case(case: Case) -> bytes:
    """The case as its row stores it."""
    return _ENCODER.encode(case)


def decode_case(state_json: bytes) -> Case:
    """The case that ``encode_case`` wrote."""
    return _DECODER.decode(state_json)


def lasting_columns(case: Case) -> list[Any]:
    """What the case alone says, in the order of ``LASTING``."""
    return [
        case.kind.value,
        case.state,
        case.level.value if case.level else "",
        case.title.seq,
        int(case.owner.removeprefix("person:")) if case.owner else None,
        bool(case.people),
        to_micros(case.changed),
        to_micros(case.closed) if case.closed else None,
        case.seq,
    ]


def case_columns(case: Case, lead: Clock | None, woken: datetime | None) -> list[Any]:
    """All columns in the order of ``actions.write.CASE_COLUMNS``: what lasts, the state, and what is due next."""
    return [
        *lasting_columns(case),
        encode_case(case),
        *due_columns(lead, woken),
    ]


def due_columns(lead: Clock | None, woken: datetime | None) -> list[Any]:
    """``next_due``, ``next_promise``, ``wake_at``: what time changes."""
    return [
        to_micros(lead.due) if lead and lead.due else None,
        lead.promise if lead else "",
        to_micros(woken) if woken else None,
    ]


def clock_key(clock: Clock) -> ClockKey:
    """What tells the clocks of one case apart."""
    return clock.promise, clock.regime, clock.subject


def clock_values(clock: Clock) -> tuple[Any, ...]:
    """A clock as the columns of ``desk_clockrow`` after its key: instants in microseconds."""
    return (
        to_micros(clock.starts),
        None if clock.due is None else to_micros(clock.due),
        None if clock.original_due is None else to_micros(clock.original_due),
        None if clock.met is None else to_micros(clock.met),
        None if clock.missed_at is None else to_micros(clock.missed_at),
        clock.state.value,
    )


def clocks_by_key(clocks: Sequence[Clock]) -> dict[ClockKey, tuple[Any, ...]]:
    """All clocks of a case as rows."""
    return {clock_key(clock): clock_values(clock) for clock in clocks}


def absence_words(person: int, begins_at: datetime, ends_at: datetime, stand_in: int | None) -> str:
    """An absence as its entry holds it, sealed: who is away when is nobody's business outside."""
    return f"{person} {rfc3339(begins_at)} {rfc3339(ends_at)} {stand_in or ''}".strip()


def entry_place(stream: str, seq: int, kind: str, at: datetime) -> str:
    """What binds an entry's sealed values to it: its number in its case, or its kind and instant outside of one."""
    return f"{stream}:{seq}" if stream else f":{kind}:{to_micros(at)}"
