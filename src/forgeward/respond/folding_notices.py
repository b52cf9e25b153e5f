"""What a mail server's word does to a case: who has been told, since when, who no longer (IR-4, IR-11, IR-13)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from forgeward.respond.case import Case, NoticeRecord
from forgeward.respond.folding import begin, end
from forgeward.vocabulary import Fact, Plain

_KINDS = {
    "case:receipt": "receipt",
    "case:acknowledgement": "acknowledgement",
    "case:reply": "reply",
    "case:notified": "notice",
}
_TOLD = {
    "atlassian": Fact.ATLASSIAN_TOLD,
    "cra_warning": Fact.CRA_WARNED,
    "cra_notification": Fact.CRA_NOTIFIED,
    "cra_final": Fact.CRA_FINAL,
    "gdpr": Fact.GDPR_TOLD,
}


def requested(
    case: Case, kind: str, data: Mapping[str, Plain], seq: int, at: datetime, texts: tuple[int, Collection[str]]
) -> dict[str, Any]:
    """A message goes to the outbox; nobody has it yet. What a person writes to the reporter answers them.

    ``texts`` are the change that holds its words, and the names of these.
    """
    given = data.get("recipients", 1)
    count = given if isinstance(given, int) else 1
    record = NoticeRecord(
        seq=seq,
        kind=_KINDS[kind],
        audience=str(data.get("audience", "reporter")),
        stage=str(data.get("stage", "")),
        by_person=kind != "case:receipt",
        total=count,
        outstanding=tuple(range(count)),
        asked_at=at,
        texts_at=texts[0],
        files="files" in texts[1],
        language=str(data.get("language", "")),
    )
    fields: dict[str, Any] = {"notices": (*case.notices, record)}
    if record.audience == "reporter" and record.by_person:
        fields["unanswered"] = None
    return fields


def resent(case: Case, letter: int, gone: Iterable[int], seq: int, at: datetime) -> dict[str, Any]:
    """Those whom a letter did not reach are tried again by a new sending, which answers for them from now on."""
    old = next(n for n in case.notices if n.seq == letter)
    moved = frozenset(gone)

    def take(notice: NoticeRecord) -> NoticeRecord:
        return replace(
            notice,
            outstanding=tuple(p for p in notice.outstanding if p not in moved),
            given_up=tuple(p for p in notice.given_up if p not in moved),
            moved=tuple(sorted({*notice.moved, *moved})),
        )

    again = replace(
        old,
        seq=seq,
        total=len(moved),
        outstanding=tuple(range(len(moved))),
        given_up=(),
        accepted_at=None,
        asked_at=at,
        moved=(),
        lines=tuple(old.recipient(position) for position in sorted(moved)),
    )
    return {"notices": (*_with(case, letter, take), again)}


def accepted(case: Case, seq: int, positions: Iterable[int], at: datetime) -> dict[str, Any]:
    """The mail server took the message for these recipients."""
    gone = frozenset(positions)

    def take(notice: NoticeRecord) -> NoticeRecord:
        outstanding = tuple(p for p in notice.outstanding if p not in gone)
        return replace(
            notice,
            outstanding=outstanding,
            given_up=tuple(p for p in notice.given_up if p not in gone),
            accepted_at=at if not outstanding else None,
        )

    return _settle(case, _with(case, seq, take), at)


def bounced(case: Case, seq: int, positions: Iterable[int], at: datetime) -> dict[str, Any]:
    """The message came back from these recipients: they do not have it, and the outbox does not try again."""
    back = frozenset(positions)

    def take(notice: NoticeRecord) -> NoticeRecord:
        return replace(
            notice,
            outstanding=tuple(sorted({*notice.outstanding, *back})),
            given_up=tuple(sorted({*notice.given_up, *back})),
            accepted_at=None,
        )

    return _settle(case, _with(case, seq, take), at)


def gave_up(case: Case, seq: int, positions: Iterable[int]) -> dict[str, Any]:
    """The outbox no longer tries these recipients."""
    lost = frozenset(positions)

    def take(notice: NoticeRecord) -> NoticeRecord:
        return replace(notice, given_up=tuple(sorted({*notice.given_up, *(lost & set(notice.outstanding))})))

    return {"notices": _with(case, seq, take)}


def told(case: Case, who: str, at: datetime) -> dict[str, Any]:
    """Somebody was told by another way. For customers: those whose mail failed, so that nobody is outstanding."""
    if who == "customers":
        notices = tuple(_reached(n, at) if n.audience == "customers" else n for n in case.notices)
        return _settle(case, notices, at)
    return {"facts": begin(case.facts, _TOLD[who], at), "told": case.told | {who: case.told.get(who, at)}}


def _reached(notice: NoticeRecord, at: datetime) -> NoticeRecord:
    if not notice.given_up:
        return notice
    outstanding = tuple(p for p in notice.outstanding if p not in notice.given_up)
    return replace(notice, outstanding=outstanding, given_up=(), accepted_at=at if not outstanding else None)


def _with(case: Case, seq: int, take: Callable[[NoticeRecord], NoticeRecord]) -> tuple[NoticeRecord, ...]:
    return tuple(take(notice) if notice.seq == seq else notice for notice in case.notices)


def _settle(case: Case, notices: tuple[NoticeRecord, ...], at: datetime) -> dict[str, Any]:
    """Which facts hold now that these messages were, or were not, accepted."""
    wanted = {
        Fact.ACKNOWLEDGED: _first(n for n in notices if n.audience == "reporter" and n.by_person),
        Fact.ATLASSIAN_TOLD: _earliest(
            _first(n for n in notices if n.audience == "atlassian"), case.told.get("atlassian")
        ),
        Fact.UPDATED: _last(n for n in notices if n.audience == "customers" and n.stage == "update"),
        Fact.CUSTOMERS_TOLD: _all(case, Fact.CUSTOMERS_TOLD, notices, "first", at),
        Fact.FINAL_NOTICE: _all(case, Fact.FINAL_NOTICE, notices, "final", at),
    }
    lost = [fact for fact, since in wanted.items() if since is None and fact in case.facts]
    fields: dict[str, Any] = {"notices": notices} | end(case, at, *lost)
    fields["facts"] = fields.get("facts", case.facts) | {f: since for f, since in wanted.items() if since is not None}
    return fields


def _first(notices: Iterable[NoticeRecord]) -> datetime | None:
    return min((n.accepted_at for n in notices if n.accepted_at is not None), default=None)


def _last(notices: Iterable[NoticeRecord]) -> datetime | None:
    return max((n.accepted_at for n in notices if n.accepted_at is not None), default=None)


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _all(case: Case, fact: Fact, notices: tuple[NoticeRecord, ...], stage: str, at: datetime) -> datetime | None:
    """Since when every recipient of this stage has it. A further notice asked for later does not undo what was done."""
    mine = [n for n in notices if n.audience == "customers" and n.stage == stage]
    since = case.facts.get(fact)
    if since is not None:
        mine = [n for n in mine if n.asked_at is not None and n.asked_at <= since]
    if not mine or any(n.outstanding for n in mine):
        return None
    return since or at
