"""Which open cases another policy would move, without putting it in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from forgeward.desk import programme
from forgeward.desk.models import Person
from forgeward.desk.readers.sight import visible_to
from forgeward.desk.rows import decode_case
from forgeward.policy import diff
from forgeward.policy.book import PolicyBook, in_force_from
from forgeward.policy.document import Policy
from forgeward.respond.clocks import courses


@dataclass(frozen=True, slots=True)
class CaseMove:
    """One clock of one open case that gets another due date."""

    case: str
    move: diff.Move


def moves(policy: Policy, person: Person, now: datetime) -> Iterator[CaseMove]:
    """The clocks that ``policy``, adopted at ``now``, would move in the cases that the person may see.

    Asked for the instant at which it comes into force, which is its effective date where that is later.
    """
    today, begins = programme.policies(), in_force_from(policy, now)
    tomorrow = PolicyBook.of([*today.adopted, (now, policy)])
    rows = visible_to(person).filter(closed_at__isnull=True).order_by("id").values_list("number", "state_json")
    for number, state_json in rows.iterator(chunk_size=1000):
        case = decode_case(bytes(state_json))
        for move in diff.moves(courses(case, today), courses(case, tomorrow), begins):
            yield CaseMove(number, move)
