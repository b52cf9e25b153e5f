"""Outgoing mail: to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, QuerySet

from forgeward.desk import programme
from forgeward.desk.models import NoticeRow, Person
from forgeward.desk.readers.paging import Wanted, newest
from forgeward.desk.readers.sight import concerning
from forgeward.errors import NotFound
from forgeward.respond.case import Case

STATES: Final[tuple[str, ...]] = ("waiting", "held", "accepted", "filed", "bounced", "given_up")


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One mail to one recipient. ``answer`` is the mail server's word, or where the file lies."""

    pk: int
    key: str
    notice: str
    case: str
    kind: str
    recipient: str
    subject: str
    body: str
    state: str
    attempts: int
    created_at: datetime
    try_at: datetime | None
    settled_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class Fate:
    """How many mails of one notice are in one state; ``at``: when the last of them was settled.

    For a single mail ``try_at`` is when it is tried again, and ``words``, which its reader adds, what its server said.
    ``again``: it is a later sending of the same letter.
    """

    state: str
    count: int
    at: datetime | None
    words: str = ""
    try_at: datetime | None = None
    attempts: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page of mails, the newest first; ``before`` is the next page's cursor, empty on the last one."""

    notices: tuple[NoticeLine, ...]
    before: str


def latest(person: Person, case: str = "", limit: int = 50) -> tuple[NoticeLine, ...]:
    """The newest mails about cases that the person may see, or about one of them."""
    return page(person, case=case, limit=limit).notices


def page(person: Person, *, case: str = "", state: str = "", before: str = "", limit: int = 50) -> NoticePage:
    """Mails about cases that the person may see. Raises ``BadInput`` for an unknown state or cursor."""
    found, before = newest(_seen(person), STATES, Wanted(state, case, before, limit))
    return NoticePage(lines(found), before)


def one(person: Person, pk: int) -> NoticeLine:
    """One mail. Raises ``NotFound`` also where the person may not see its case."""
    row = _seen(person).filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no mail {pk}.", next="Look under Notices.")
    return lines([row])[0]


def by_key(person: Person, key: str) -> NoticeLine:
    """One mail by its key. Raises ``NotFound`` also where the person may not see its case."""
    row = _seen(person).filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no letter {key}.", next="See `forgeward notice status --json`.")
    return lines([row])[0]


def of_case(pk: int, limit: int) -> tuple[NoticeLine, ...]:
    """The newest mails of one case, the oldest of them first."""
    rows = NoticeRow.objects.select_related("case").filter(case=pk).order_by("-pk")[:limit]
    return lines(reversed(rows))


def fates(pk: int) -> Mapping[str, tuple[Fate, ...]]:
    """What became of each notice of a case, counted: a notice to customers may have thousands of recipients."""
    rows = (
        NoticeRow.objects.filter(case=pk)
        .values("notice", "state")
        .annotate(count=Count("pk"), at=Max("settled_at"), try_at=Max("try_at"), attempts=Max("attempts"))
    )
    found: dict[str, list[Fate]] = {}
    for row in rows.order_by("notice", "state"):
        single = row["count"] == 1
        fate = Fate(
            row["state"],
            row["count"],
            row["at"],
            try_at=row["try_at"] if single and row["state"] == "waiting" else None,
            attempts=row["attempts"],
        )
        found.setdefault(row["notice"], []).append(fate)
    return {notice: tuple(of) for notice, of in found.items()}


def sendings(
    pk: int, case: Case, again: Mapping[int, int], said: Mapping[str, str]
) -> Mapping[int, tuple[tuple[Fate, ...], int]]:
    """By the change that asked for a letter: what became of it, later sendings too, and the sending that failed (or 0).

    ``again`` leads from a later sending to the one before, ``said`` from a notice to its server's words.
    """
    found = {
        key: tuple(replace(f, words=said.get(key, "") if f.count == 1 else "") for f in of)
        for key, of in fates(pk).items()
    }
    told: dict[int, tuple[tuple[Fate, ...], int]] = {}
    for record in case.notices:
        root, own = record.seq, found.get(f"{case.number}:{record.seq}", ())
        while root in again:
            root = again[root]
        if root != record.seq:
            own = tuple(replace(fate, again=True) for fate in own)
        before, failed = told.get(root, ((), 0))
        told[root] = ((*before, *own), record.seq if record.given_up and record.by_person else failed)
    return told


def _seen(person: Person) -> QuerySet[NoticeRow]:
    return NoticeRow.objects.select_related("case").filter(concerning(person))


def lines(rows: Iterable[NoticeRow]) -> tuple[NoticeLine, ...]:
    """Rows (with their cases) opened; an erased person's mail keeps its fate and loses its words."""
    vault = programme.vault()
    found = []
    for row in rows:
        content = vault.open_json(row.subject, f"notice:{row.key}", bytes(row.blob)) or {}
        erased = "" if content else vault.erased_word(row.subject)
        found.append(
            NoticeLine(
                pk=row.pk,
                key=row.key,
                notice=row.notice,
                case=row.case.number if row.case else "",
                kind=row.kind,
                recipient=str(content.get("to", erased)),
                subject=str(content.get("subject", erased)),
                body=str(content.get("body", erased)),
                state=row.state,
                attempts=row.attempts,
                created_at=row.created_at,
                try_at=row.try_at,
                settled_at=row.settled_at,
                answer=str(content.get("answer", row.answer)),
            )
        )
    return tuple(found)
