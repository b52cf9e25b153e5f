"""Incoming mail: what came, by which way, what became of it, and what waits for a person's decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet

from forgeward.desk import kept, programme, proofs
from forgeward.desk.models import AttachmentRow, CanaryRow, MailboxRow, Person, RawMail
from forgeward.desk.readers.paging import Wanted, newest
from forgeward.desk.readers.sight import concerning, visible_to
from forgeward.edges.home import Home
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import ForgewardError, KeyErased, NotFound
from forgeward.respond.mail import NotParsed, Parsed, Reading

STATES: Final[tuple[str, ...]] = (
    "held",
    "parsed",
    "not_parsed",
    "grouped",
    "aside",
    "bounce",
    "canary",
    "discarded",
    "stored",
)
TEXT_SHOWN = 100_000  # characters


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail. ``case`` is the one that it is in, or points at while it is held; empty where there is none."""

    pk: int
    at: datetime
    state: str
    reason: str
    case: str
    mailbox: str
    sender: str
    name: str
    subject: str
    size: int
    attachments: int
    forwarded_by: str
    signals: dict[str, str]
    decided_by: str

    @property
    def waits(self) -> bool:
        return self.state == "held"

    @property
    def decidable(self) -> bool:
        """Whether a person may still decide about it."""
        return self.state in {"held", "grouped", "aside"}


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of mails, the newest first; ``before`` is the next page's cursor, empty on the last one."""

    mails: tuple[MailLine, ...]
    before: str


@dataclass(frozen=True, slots=True)
class File:
    """An attachment: it can be looked at once its mail is in a case (``pk``), by name only before."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class OpenMail:
    """A mail with its words, decrypted where it was encrypted. ``unread`` is a sentence where it could not be read.

    ``details`` say what is known of its sender: what the DNS said when it came, and what OpenPGP says now.
    """

    line: MailLine
    text: str
    unread: str
    defects: tuple[str, ...]
    files: tuple[File, ...]
    details: tuple[str, ...]


def page(person: Person, *, state: str = "", case: str = "", before: str = "", limit: int = 50) -> MailPage:
    """Mails that the person may see. Raises ``BadInput`` for an unknown state or cursor."""
    found, before = newest(_seen(person), STATES, Wanted(state, case, before, limit))
    return MailPage(_lines(found), before)


def waiting(person: Person, most: int) -> int:
    """How many held mails the person may decide; counts no further than ``most`` and one."""
    return _seen(person).filter(state="held").order_by().values("pk")[: most + 1].count()


def one(person: Person, pk: int) -> MailLine:
    """One mail. Raises ``NotFound`` also where the person may not see its case."""
    return _lines([_row(person, pk)])[0]


def opened(home: Home, person: Person, pk: int) -> OpenMail:
    """One mail, read anew in a guarded child. Raises ``NotFound``."""
    row = _row(person, pk)
    line = _lines([row])[0]
    try:
        raw = kept.raw_bytes(home, row)
        if kept.unseal(row, "way", row.way_blob).get("kind"):  # a form or a ticket: JSON, shown as it came
            return OpenMail(line, raw.decode("utf-8", "replace")[:TEXT_SHOWN], "", (), (), ())
        reading = _read(home, row, raw)
    except KeyErased:
        word = programme.vault().erased_word(row.subject) if row.wrapped_key else DELETED
        return OpenMail(line, "", f"{word} The mail cannot be shown any more.", (), (), ())
    except ForgewardError as problem:
        return OpenMail(line, "", f"{problem} {problem.next}".strip(), (), (), ())
    mail = reading.mail if isinstance(reading, Parsed) else reading.head
    told = mail.signals.details if isinstance(reading, Parsed) and mail else _details(row)
    files = mail.attachments if mail else ()
    return OpenMail(
        line=line,
        text=mail.text[:TEXT_SHOWN] if mail else "",
        unread=reading.reason if isinstance(reading, NotParsed) else "",
        defects=mail.defects if mail else (),
        files=tuple(File(file.name, file.sniffed_type, file.size) for file in files),
        details=told,
    )


def file_of(home: Home, person: Person, pk: int, number: int) -> tuple[File, bytes]:
    """The mail's file of this number (from 1), read anew in a guarded child; nothing of it is unpacked.

    Raises ``NotFound``, ``KeyErased``, ``ParserUnavailable``, ``HomeUnusable``.
    """
    row = _row(person, pk)
    reading = _read(home, row, kept.raw_bytes(home, row))
    if not isinstance(reading, Parsed) or not 1 <= number <= len(reading.contents):
        raise NotFound(f"The mail {pk} has no file {number}.", next="Look at the mail.")
    found = reading.mail.attachments[number - 1]
    return File(found.name, found.sniffed_type, found.size), reading.contents[number - 1]


def _read(home: Home, row: RawMail, raw: bytes) -> Reading:
    with ParserPool(workers=1, spare=0) as pool:
        again = proofs.again(row, raw, kept.unseal(row, "head", row.head_blob))
        return proofs.examiner(home, pool).examine(again).reading


def tally(person: Person, states: Sequence[str]) -> Mapping[str, int]:
    """How many mails that the person may see are in each of these states."""
    rows = _seen(person).filter(state__in=states).order_by().values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in rows}


def _details(row: RawMail) -> tuple[str, ...]:
    return tuple(str(each) for each in kept.unseal(row, "head", row.head_blob).get("details", ()))


def raw(home: Home, person: Person, pk: int) -> bytes:
    """The mail as received. Raises ``NotFound``, ``KeyErased``."""
    return kept.raw_bytes(home, _row(person, pk))


def attachment(person: Person, pk: int) -> AttachmentRow:
    """A file of a case that the person may see. Raises ``NotFound``."""
    row = AttachmentRow.objects.select_related("message", "message__case").filter(pk=pk).first()
    if row is None or not visible_to(person).filter(pk=row.message.case_id).exists():
        raise NotFound(f"There is no file {pk}.", next="Look at the case.")
    return row


def file_label(row: AttachmentRow) -> str:
    """The file's own name. Erased with its owner."""
    label = programme.vault().open_json(row.message.subject, f"file:{row.name}", bytes(row.label_blob)) or {}
    return str(label.get("label", programme.vault().erased_word(row.message.subject)))


DELETED = "[deleted]"  # the time to keep it was over


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A mailbox of the settings and how it is. ``problem`` is a sentence while it cannot be read.

    ``proven_at`` is when a test mail last arrived, ``lost_at`` when the newest one was sent, where that did not.
    """

    name: str
    purpose: str
    address: str
    way: str
    looked_at: datetime | None
    problem: str
    taken: int
    proven_at: datetime | None
    lost_at: datetime | None = None


def boxes(home: Home) -> tuple[BoxLine, ...]:
    """Every mailbox of the settings, with the last look and the last test mail that arrived."""
    settings = home.settings
    rows = {row.name: row for row in MailboxRow.objects.all()}
    newest = CanaryRow.objects.values("address").annotate(last=Max("pk")).values("last")
    failed = CanaryRow.objects.filter(pk__in=newest, arrived_at__isnull=True, failed_at__isnull=False)
    lost: dict[str, datetime | None] = dict(failed.values_list("address", "sent_at"))
    proven = CanaryRow.objects.filter(arrived_at__isnull=False).order_by("pk")
    arrived: dict[str, datetime | None] = dict(proven.values_list("address", "arrived_at"))
    return tuple(
        BoxLine(
            name=box.name,
            purpose=box.purpose,
            address=box.address,
            way=_way(box, listens=settings.listener.is_set),
            looked_at=rows[box.name].looked_at if box.name in rows else None,
            problem=rows[box.name].problem if box.name in rows else "",
            taken=rows[box.name].taken if box.name in rows else 0,
            proven_at=arrived.get(box.address.lower()),
            lost_at=lost.get(box.address.lower()),
        )
        for box in settings.mailbox
    )


def unread(home: Home) -> tuple[str, ...]:
    """The contacts that the policy names and no mailbox here reads: nothing proves that they answer (CT-1)."""
    contacts = programme.policies().latest.vendor.contacts
    read = {each for box in home.settings.mailbox for each in box.addresses}
    named = dict.fromkeys(each for each in (contacts.security, contacts.privacy) if each)
    return tuple(each for each in named if each.lower() not in read)


def _way(box: Mailbox, *, listens: bool) -> str:
    if box.host:
        return "IMAP"
    return "folder" if box.maildir else "listener" if listens else "files"


def _seen(person: Person) -> QuerySet[RawMail]:
    """Mails of cases that the person may see, and those of no case for whoever has a role."""
    rows = RawMail.objects.select_related("case", "decided_by")
    if not person.is_active or not person.roles:
        return rows.none()
    return rows.filter(Q(case__isnull=True) | concerning(person))


def _row(person: Person, pk: int) -> RawMail:
    row = _seen(person).filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no mail {pk}.", next="Look under Mail.")
    return row


def _lines(rows: Iterable[RawMail]) -> tuple[MailLine, ...]:
    return tuple(_line(row, _head(row)) for row in rows)


def _head(row: RawMail) -> dict[str, Any]:
    if not row.wrapped_key:
        return {"from": DELETED, "subject": DELETED}
    try:
        return kept.unseal(row, "head", row.head_blob)
    except KeyErased:
        word = programme.vault().erased_word(row.subject)
        return {"from": word, "subject": word}


def _line(row: RawMail, head: dict[str, Any]) -> MailLine:
    return MailLine(
        pk=row.pk,
        at=row.received_at,
        state=row.state,
        reason=str(head.get("reason", "")),
        case=row.case.number if row.case else "",
        mailbox=row.mailbox,
        sender=str(head.get("from", "")),
        name=str(head.get("name", "")),
        subject=str(head.get("subject", "")),
        size=row.size,
        attachments=int(head.get("attachments", 0)),
        forwarded_by=str(head.get("forwarded_by", "")),
        signals=dict(head.get("signals", {})),
        decided_by=row.decided_by.name if row.decided_by else "",
    )
