"""Writes what was decided about a mail: one fate, one function, each inside the caller's transaction.

Whoever files a mail first claims its row by a conditional update, so that two processes never file one mail twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

from forgeward.desk import kept, programme
from forgeward.desk.actions import canaries, cases, files, outbox, write
from forgeward.desk.actions.facts import House, Read, topic_key
from forgeward.desk.models import CaseRow, NoticeRow, RawMail
from forgeward.desk.models.fields import to_micros
from forgeward.respond import intake as rules
from forgeward.respond import language, openpgp
from forgeward.respond.intake import Held, Joins
from forgeward.respond.mail import NotParsed
from forgeward.respond.signals import Group, Join, Receive
from forgeward.respond.sorting import Aside, Fate, Opens, Proof, Returned
from forgeward.respond.storm import MILESTONES, Grouped
from forgeward.vocabulary import Actor, Change, Sealed

INTAKE = Actor(id="system:intake")
TEXT_LIMIT = 90_000  # characters of a mail's text that stand in the thread; the raw mail keeps all
UNREADABLE = "A mail that could not be read"
VERDICTS = ("dkim", "dmarc", "openpgp", "spf", "arc")
INSIDE = frozenset({"ams", "advisory"})  # sources whose mails are nobody's report (IR-3)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one mail."""

    source: str
    case: str | None = None
    new: bool = False
    joined: str | None = None
    held: str | None = None
    not_parsed: str | None = None
    subject: str = ""
    sender: str = ""
    attachments: int = 0
    signals: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    state: str = ""


class TakenBefore(Exception):  # noqa: N818 - an event between two processes, not an error
    """Somebody else filed the mail at the same moment."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made before the transaction, since it syncs the disk.

    ``number`` of a case that may open, ``owner`` (key subject) of what joins a case, with its key, and the files.
    """

    number: str
    owner: str
    kept: Sequence[files.Kept] = ()


def prepare(house: House, one: Read, fate: Fate) -> Prepared | None:
    """Draws a number and names the owner for a mail that opens or joins a case; None for any other fate."""
    if isinstance(fate, Opens):
        number = write.new_number()
        return Prepared(number, f"case:{number}" if fate.source in INSIDE or not one.reporter else one.reporter)
    if isinstance(fate, Joins):
        return Prepared("", one.reporter or f"case:{fate.case}")
    return None


def file_in(cursor: CursorWrapper, house: House, one: Read, fate: Fate, prepared: Prepared, now: datetime) -> Taken:
    """Writes the mail's fate. Raises ``TakenBefore``."""
    if isinstance(fate, Opens):
        return opens(cursor, house, one, fate, prepared, INTAKE, now)
    if isinstance(fate, Joins):
        return joins(cursor, one, fate, prepared, INTAKE, now)
    if isinstance(fate, Aside):
        return aside(cursor, one, fate.reason, now)
    return _beside(cursor, one, fate, now)


def _beside(cursor: CursorWrapper, one: Read, fate: Held | Grouped | Returned | Proof, now: datetime) -> Taken:
    if isinstance(fate, Held):
        return held(cursor, one, fate, now)
    if isinstance(fate, Grouped):
        return grouped(cursor, one, fate, now)
    return returned(cursor, one, fate, now) if isinstance(fate, Returned) else proof(cursor, one, fate, now)


def opens(
    cursor: CursorWrapper,
    house: House,
    one: Read,
    fate: Opens,
    prepared: Prepared,
    actor: Actor,
    now: datetime,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Taken:
    """The mail opens a case. What Atlassian's systems send is nobody's report: the case has no reporter then.

    ``more`` are further fields of ``Receive``.
    """
    unread = one.reading.reason if isinstance(one.reading, NotParsed) else None
    inside = fate.source in INSIDE
    reporter = "" if inside else one.reporter
    command = Receive(
        title=rules.title(one.mail.subject) if not unread or one.mail.subject else UNREADABLE,
        text=f"{UNREADABLE}: {unread} It is kept as received." if unread else text_of(one),
        source=fate.source,
        reporter_name="" if inside else one.mail.sender.name,
        reporter_address="" if inside else one.mail.sender.address,
        reported_at=min(one.row.received_at, now),
        apps=(one.box.app,) if one.box and one.box.app else (),
        signals=signals_of(house, one),
        receipt=not inside and _may_receive(house, one, now),
        language=house.language(one.mail, one.box),
    )
    command = msgspec.structs.replace(command, **more)
    done = cases.open_in(
        cursor, command, actor, now, number=prepared.number, reporter=reporter, templates=house.receipts
    )
    state = "not_parsed" if unread else "parsed"
    end = Settled(state, unread or "", prepared.owner, done.pk, opened=True, by=_person(actor))
    _settle(cursor, one, end, now)
    _thread(cursor, one, done, prepared)
    return _taken(one, state, case=done.number, new=True, not_parsed=unread, notices=done.notices)


def joins(cursor: CursorWrapper, one: Read, fate: Joins, prepared: Prepared, actor: Actor, now: datetime) -> Taken:
    """The mail joins a case; only the reporter's own words end a wait for the reporter. Raises ``NotFound``."""
    reporter = CaseRow.objects.filter(number=fate.case).values_list("reporter", flat=True).first()
    from_reporter = bool(one.reporter) and reporter == one.reporter and not fate.by_machine
    command = Join(
        text=text_of(one),
        subject=rules.title(one.mail.subject),
        source="ams" if fate.by == "ticket" else "mail",
        from_reporter=from_reporter,
        author=one.reporter,
        signals=_verdicts(one),
    )
    done = cases.perform_in(cursor, fate.case, command, actor, now)
    _settle(cursor, one, Settled("parsed", "", prepared.owner, done.pk, by=_person(actor)), now)
    _thread(cursor, one, done, prepared)
    return _taken(one, "parsed", case=fate.case, joined=fate.case)


def held(cursor: CursorWrapper, one: Read, fate: Held, now: datetime) -> Taken:
    """A person decides; the mail points at a case."""
    pk = CaseRow.objects.values_list("pk", flat=True).get(number=fate.case)
    _settle(cursor, one, Settled("held", fate.reason, one.reporter, pk), now)
    return _taken(one, "held", held=f"{fate.reason} It points at {fate.case}; a person decides.")


def grouped(cursor: CursorWrapper, one: Read, fate: Grouped, now: datetime) -> Taken:
    """Kept with a case that speaks for it already; its history says so at the first, the tenth, the hundredth one."""
    pk = CaseRow.objects.values_list("pk", flat=True).get(number=fate.case)
    _settle(cursor, one, Settled("grouped", fate.reason, one.reporter, pk), now)
    count = RawMail.objects.filter(case_id=pk, state="grouped").count()
    if count in MILESTONES:
        cases.perform_in(cursor, fate.case, Group(count=count), INTAKE, now)
    return _taken(one, "grouped", case=fate.case)


def refused(cursor: CursorWrapper, one: Read, reason: str, now: datetime) -> Taken:
    """The house could not file it: a person decides, and no case is pointed at."""
    _settle(cursor, one, Settled("held", reason, one.reporter, None), now)
    return _taken(one, "held", held=reason)


def aside(cursor: CursorWrapper, one: Read, reason: str, now: datetime) -> Taken:
    """No report: kept and listed, no case."""
    _settle(cursor, one, Settled("aside", reason, one.reporter, None), now)
    return _taken(one, "aside")


def discarded(cursor: CursorWrapper, one: Read, reason: str, actor: Actor, now: datetime) -> Taken:
    """A person decided that nothing is to be done about it. It stays where it is, and the ledger has the reason."""
    case = one.row.case.number if one.row.case else ""
    change = Change("mail:discarded", {"was": one.row.state, "case": case}, {"reason": Sealed(reason)})
    write.record(cursor, change, actor.id, now)
    _settle(cursor, one, Settled("discarded", reason, one.reporter, one.row.case_id, by=_person(actor)), now)
    return _taken(one, "discarded")


def _person(actor: Actor) -> int | None:
    return int(actor.id.removeprefix("person:")) if actor.is_person else None


def returned(cursor: CursorWrapper, one: Read, fate: Returned, now: datetime) -> Taken:
    """A mail of ours came back: its outbox row and its case learn of it."""
    notice = NoticeRow.objects.select_related("case").get(pk=fate.letter)
    # It quotes our letter and names whom it was to, so it goes with them.
    _settle(cursor, one, Settled("bounce", fate.word, notice.subject, notice.case_id), now)
    outbox.came_back(cursor, notice, fate.word, now)
    return _taken(one, "bounce", case=notice.case.number if notice.case else None)


def proof(cursor: CursorWrapper, one: Read, fate: Proof, now: datetime) -> Taken:
    """Our own test mail arrived."""
    _settle(cursor, one, Settled("canary", "Our own test mail.", "", None), now)
    canaries.arrived(fate.number, one.row.received_at, now)
    return _taken(one, "canary")


# --- what all of them write -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """How a mail's row ends: whose key wraps it from now on (empty: still the home's), its case, who decided it."""

    state: str
    reason: str
    owner: str
    case: int | None
    opened: bool = False
    by: int | None = None


_SETTLE = (
    "UPDATE desk_rawmail SET state = %s, case_id = %s, opened = %s, sender_key = %s, content_key = %s,"
    " copy_key = %s, topic_key = %s, head_blob = %s, wrapped_key = %s, subject = %s, decided_at = %s,"
    " decided_by_id = %s, lease_until = NULL, lease_owner = '' WHERE id = %s AND state = %s"
)


def _settle(cursor: CursorWrapper, one: Read, end: Settled, now: datetime) -> None:
    """Claims and ends the row. Once its person is known, the mail's key is wrapped by that person's key alone."""
    row, keys = one.row, programme.vault().keys
    key = kept.data_key(row)
    wrapped, subject = bytes(row.wrapped_key), row.subject
    if end.owner and not subject:
        wrapped, subject = keys.rewrap(wrapped, end.owner, row.name), end.owner
    cursor.execute(
        _SETTLE,
        [
            end.state,
            end.case,
            end.opened,
            one.reporter,
            one.content_key,
            one.copy_key,
            topic_key(one.topic),
            kept.seal(row.name, "head", head_of(one) | {"reason": end.reason[:500]}, key),
            wrapped,
            subject,
            to_micros(now),
            end.by,
            row.pk,
            row.state,
        ],
    )
    if cursor.rowcount != 1:
        raise TakenBefore


def head_of(one: Read) -> dict[str, object]:
    """What lists show of a mail."""
    return {
        "from": one.mail.sender.address,
        "name": one.mail.sender.name,
        "subject": rules.title(one.mail.subject),
        "to": [each.address for each in one.mail.to[:5]],
        "attachments": len(one.mail.attachments),
        "forwarded_by": one.forwarded_by,
        "signals": _verdict_words(one),
        "details": list(one.mail.signals.details),
        "origin": list(one.examined.origin),
    }


_MESSAGE = (
    "INSERT INTO desk_messagerow (case_id, at, direction, subject, blob, thread_key, raw_id, entry_seq)"
    " VALUES (%s, %s, 'in', %s, %s, %s, %s, %s) RETURNING id"
)


def _thread(cursor: CursorWrapper, one: Read, done: cases.Performed, prepared: Prepared) -> None:
    vault, mail, row, owner = programme.vault(), one.mail, one.row, prepared.owner
    headers = {
        "message_id": mail.message_id,
        "references": list(mail.references),
        "subject": mail.subject[:500],
        "language": ", ".join(language.wishes(mail)),
    }
    cursor.execute(
        _MESSAGE,
        [
            done.pk,
            to_micros(row.received_at),
            owner,
            vault.seal_json(owner, f"message:{row.name}", headers),
            outbox.thread_key(mail.message_id) if mail.message_id else "",
            row.pk,
            done.case.seq - len(done.changes) + 1,
        ],
    )
    if prepared.kept:
        files.attach(cursor.fetchone()[0], owner, prepared.kept)


def _taken(one: Read, state: str, **found: object) -> Taken:
    return Taken(
        source=one.row.source,
        subject=rules.title(one.mail.subject),
        sender=one.mail.sender.address,
        attachments=len(one.mail.attachments),
        signals=_verdict_words(one),
        state=state,
        **found,  # type: ignore[arg-type]
    )


def _verdict_words(one: Read) -> dict[str, str]:
    return {name: getattr(one.mail.signals, name) for name in VERDICTS}


def _verdicts(one: Read) -> tuple[str, ...]:
    """What the history says of the mail: each verdict, and what OpenPGP did, like ``encrypted:opened``."""
    seen = one.examined.seen
    more = {"encrypted": seen.opening, "signature": seen.signature}
    said = {**_verdict_words(one), **{name: value for name, value in more.items() if value != "none"}}
    return tuple(f"{name}:{verdict}" for name, verdict in said.items())


def signals_of(house: House, one: Read) -> tuple[str, ...]:
    """What a case's first entry says of the mail: verdicts, mailbox and purpose, machine, forwarder."""
    machine = rules.automatic(one.mail, house.own - {one.forwarded_by.lower()})
    more = {
        "mailbox": one.box.name if one.box else "",
        "purpose": one.box.purpose if one.box else "",
        "automatic": machine.name.lower() if machine else "",
        "notification": one.recognised.rule if one.recognised else "",
        "sender": "forwarded" if one.forwarded_by else "",
    }
    return (*_verdicts(one), *(f"{name}:{value}" for name, value in more.items() if value))


def text_of(one: Read) -> str:
    """The mail's text as the thread keeps it: decrypted, or with the sentence on why it could not be."""
    text = one.mail.text.strip("\n") or "(no text)"
    if one.examined.seen.opening not in {"none", "opened"}:
        text = f"[{openpgp.words(one.examined.seen, one.mail.sender)[0]}]\n\n{text}"
    if len(text) <= TEXT_LIMIT:
        return text
    return text[:TEXT_LIMIT] + f"\n\n[cut: {len(text) - TEXT_LIMIT:,} more characters stand in the raw mail]"


def _may_receive(house: House, one: Read, now: datetime) -> bool:
    """A forwarded mail is only answered by a machine where its forwarder is proven: else anybody could name anybody."""
    if one.forwarded_by and not rules.proven(one.mail):
        return False
    limits = house.settings.intake
    receipts = rules.ReceiptLimits(limits.receipts_to_sender, limits.receipts_in_total)
    sent = outbox.receipts_sent(one.reporter, now)
    return rules.receipt_allowed(one.mail, sent, receipts, own=house.own).allowed
