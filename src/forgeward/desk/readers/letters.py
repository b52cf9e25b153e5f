"""The letter to a reporter that waits for its second person: who wrote it, its words, its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgeward.desk.models import CaseRow, Entry
from forgeward.desk.readers import people, texts
from forgeward.desk.rows import decode_case
from forgeward.respond.case import Case, Proposal
from forgeward.respond.commands import Acknowledge, Letter, Reply
from forgeward.respond.enclosure import Enclosure, read_line

STEPS = ("reply", "acknowledge")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that waits. ``by`` is the writer's id, ``author`` their name, ``words`` what was typed, by field."""

    step: str
    seq: int
    by: str
    author: str
    at: datetime
    words: dict[str, str]
    template: str
    files: tuple[Enclosure, ...]
    command: Letter


def waiting(row: CaseRow, seq: int = 0) -> Waiting | None:
    """The letter that waits at this change, or the newest one that waits; None where none does."""
    case: Case = decode_case(bytes(row.state_json))
    found = [each for each in case.proposals if each.step in STEPS and seq in {0, each.seq}]
    return _opened(row, found[-1]) if found else None


def _opened(row: CaseRow, proposal: Proposal) -> Waiting:
    written = texts.of_case(row.pk, row.number).get(proposal.seq, {})
    plain = {name: str(proposal.data.get(name, "")) for name in ("language", "kind", "template")}
    files = tuple(read_line(line) for line in written.get("files", "").splitlines())
    words = {name: written.get(name, texts.ERASED) for name in ("text", "subject")}
    common = {
        "text": words["text"],
        "subject": words["subject"],
        "language": plain["language"],
        "template": plain["template"],
    }
    lines = tuple(each.line for each in files)
    command: Letter = (
        Reply(**common, files=lines, kind=plain["kind"])
        if proposal.step == "reply"
        else Acknowledge(**common, files=lines)
    )
    return Waiting(
        step=proposal.step,
        seq=proposal.seq,
        by=proposal.by,
        author=people.names([proposal.by]).get(proposal.by, proposal.by),
        at=Entry.objects.values_list("at", flat=True).get(case=row, seq=proposal.seq),
        words=words | {"language": plain["language"], "kind": plain["kind"]},
        template=plain["template"],
        files=files,
        command=command,
    )
