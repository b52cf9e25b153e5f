"""One step on many cases. Each is decided by itself, with its own permission and requirements.

numbers + command ─▶ perform, one transaction for each case ─▶ done · waits · was done · what is missing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError

from forgeward.desk.actions import cases, write
from forgeward.desk.models import CaseRow, DoneAtOnce, Person
from forgeward.errors import BadInput, ForgewardError, HomeUnusable, StepRefused
from forgeward.respond.commands import Command
from forgeward.respond.parse import name_of

STEPS = ("handover", "note", "seen", "restrict", "merge", "reject")
"""What makes sense for many cases: the same words are true of each. Judgements of one case are not here."""
MOST = 200
KEPT = timedelta(days=7)  # how long the same key is known
KEY_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case. ``missing``: sentences that say why nothing was done; ``again``: it was done before."""

    number: str
    missing: tuple[str, ...] = ()
    waits: bool = False
    again: bool = False

    @property
    def done(self) -> bool:
        return not self.missing


def perform_each(
    numbers: Sequence[str], command: Command, person: Person, key: str, now: datetime
) -> tuple[Outcome, ...]:
    """Does one step on each of the cases, wholly or not at all; no case waits for another.

    ``key`` is the asker's own: asked again with it, what was done is told and not done twice. Raises ``BadInput`` for
    a step that is not for many, no case or more than ``MOST``, ``HomeUnusable`` where nothing can be written.
    """
    if name_of(command) not in STEPS:
        raise BadInput("That step is for one case.", next=f"Steps for many are: {', '.join(STEPS)}.")
    wanted = list(dict.fromkeys(numbers))
    if not 0 < len(wanted) <= MOST:
        raise BadInput(f"{len(wanted)} cases were chosen.", next=f"Choose between 1 and {MOST}.")
    if not key or len(key) > KEY_LIMIT or not key.isalnum():
        raise BadInput("The form has no key of its own.", next="Open it anew from the list.")
    DoneAtOnce.objects.filter(at__lt=now - KEPT).delete()
    before = {
        row.case.number: row
        for row in DoneAtOnce.objects.filter(person=person, key=key).select_related("case").defer("case__state_json")
    }
    return tuple(
        Outcome(number, waits=before[number].waits, again=True)
        if number in before
        else _one(number, command, person, key, now)
        for number in wanted
    )


def _one(number: str, command: Command, person: Person, key: str, now: datetime) -> Outcome:
    try:
        with write.inside() as cursor:
            done = cases.perform_in(cursor, number, command, person.actor(), now)
            waits = bool(done.waits_for)
            DoneAtOnce.objects.create(person=person, key=key, case_id=done.pk, waits=waits, at=now)
    except StepRefused as problem:
        lacks = tuple(lack.sentence for lack in problem.missing)
        return Outcome(number, lacks or (_said(problem),))
    except HomeUnusable:
        raise
    except ForgewardError as problem:
        return Outcome(number, (_said(problem),))
    except IntegrityError:  # the same form, sent twice at the same moment: the other one did it
        row = DoneAtOnce.objects.get(person=person, key=key, case=CaseRow.objects.get(number=number))
        return Outcome(number, waits=row.waits, again=True)
    return Outcome(number, waits=waits)


def _said(problem: ForgewardError) -> str:
    return f"{problem} {problem.next}".strip()
