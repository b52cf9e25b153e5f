"""Mail comes in: stored as received before anything reads it, then read in a guarded child, then decided.

    bytes ─▶ store (encrypted file + row) ─▶ ParserPool ─▶ file_in: a new case, an answer that joins one, or held

A crash between the steps loses nothing: the worker reads what is stored and not yet decided (``read_stored``). The same
bytes a second time are the same mail.
"""

from __future__ import annotations

import os
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db.backends.utils import CursorWrapper
from django.db.utils import IntegrityError

from forgeward.desk import programme
from forgeward.desk.actions import cases, outbox, write
from forgeward.desk.models import CaseRow, MessageRow, NoticeRow, RawMail
from forgeward.edges.home import Home, translated
from forgeward.edges.keys import decrypt, encrypt
from forgeward.edges.mail_boxes import Unreadable, read_sources
from forgeward.edges.mail_parser import ParserPool
from forgeward.respond import intake as rules
from forgeward.respond.mail import Address, Mail, NotParsed, Parsed, Reading
from forgeward.respond.signals import Join, Receive
from forgeward.vocabulary import Actor

INTAKE = Actor(id="system:intake")
RECEIPT_WINDOW = timedelta(hours=1)
TEXT_LIMIT = 90_000  # characters of a mail's text that stand in the thread; the raw mail keeps all
UNREADABLE = "A mail that could not be read"
NO_SENDER = Address("")


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


def from_sources(home: Home, sources: Sequence[str], clock: Callable[[], datetime]) -> Iterator[Taken]:
    """Takes mails from files, mbox files, Maildir folders or ``-`` (stdin), in order, and sends their receipts."""
    stored: deque[RawMail] = deque()
    unread: deque[tuple[int, Taken]] = deque()

    def raws() -> Iterator[bytes]:
        for item in read_sources(sources):
            if isinstance(item, Unreadable):
                unread.append((len(stored), Taken(source=item.name, not_parsed=item.reason)))
                continue
            stored.append(store(home, item.raw, item.name, clock()))
            yield item.raw

    with ParserPool() as pool:
        for reading in pool.parse_many(raws()):
            taken = file_in(home, stored.popleft(), reading, clock())
            if taken.notices:
                outbox.deliver(home, clock, only=taken.notices)
            yield taken
    yield from (taken for _, taken in unread)


def read_stored(home: Home, now: datetime) -> list[Taken]:
    """Reads mails that were stored and never decided, because something ended in between."""
    rows = list(
        RawMail.objects.filter(state="stored", received_at__lt=now - timedelta(seconds=60)).order_by("id")[:200]
    )
    if not rows:
        return []
    with ParserPool() as pool:
        return [file_in(home, row, pool.parse(raw_bytes(home, row)), now) for row in rows]


def store(home: Home, raw: bytes, source: str, now: datetime) -> RawMail:
    """Keeps the bytes under a data key of their own before anybody looks into them. Idempotent by content."""
    keys = programme.vault().keys
    fingerprint = keys.keyed("raw mail", rules.digest(raw).encode())
    known = RawMail.objects.filter(fingerprint=fingerprint).first()
    if known:
        return known
    home.require_space()
    name = uuid.uuid4().hex
    key, wrapped = keys.new_data_key()
    file = home.raw / name
    with translated(home.raw):
        _write_durably(file, encrypt(key, raw, name.encode()))
    try:
        return RawMail.objects.create(
            name=name,
            fingerprint=fingerprint,
            source=source[:300],
            size=len(raw),
            received_at=now,
            wrapped_key=wrapped,
            state="stored",
        )
    except IntegrityError:
        file.unlink()  # another process stored the same mail at the same moment
        return RawMail.objects.get(fingerprint=fingerprint)


def raw_bytes(home: Home, row: RawMail) -> bytes:
    """The mail as received. Raises ``KeyErased`` once its person was erased."""
    key = programme.vault().keys.unwrap(bytes(row.wrapped_key), row.subject)
    return decrypt(key, (home.raw / row.name).read_bytes(), row.name.encode())


def _write_durably(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as out:  # noqa: PTH123 - opened by descriptor, for its mode
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


# --- deciding --------------------------------------------------------------------------------------------------------


def file_in(home: Home, row: RawMail, reading: Reading, now: datetime) -> Taken:
    """Decides about one stored mail and writes everything in one transaction."""
    mail = reading.mail if isinstance(reading, Parsed) else reading.head or Mail(sender=NO_SENDER)
    if row.state != "stored":
        return _again(row, mail)
    joining = rules.joins(mail, _known(mail)) if isinstance(reading, Parsed) else None
    if isinstance(joining, rules.Held):
        return _hold(row, mail, joining)
    files = _write_files(home, reading) if isinstance(reading, Parsed) else []
    if isinstance(joining, rules.Joins):
        return _join(row, mail, joining, files, now)
    return _open(home, row, reading, mail, files, now)


def _taken(row: RawMail, mail: Mail, **found: object) -> Taken:
    signals: dict[str, str] = {"dkim": mail.signals.dkim, "dmarc": mail.signals.dmarc, "openpgp": mail.signals.openpgp}
    return Taken(
        source=row.source,
        subject=rules.title(mail.subject),
        sender=mail.sender.address,
        attachments=len(mail.attachments),
        signals=signals,
        **found,  # type: ignore[arg-type]
    )


def _again(row: RawMail, mail: Mail) -> Taken:
    case = row.case.number if row.case else None
    held = row.reason if row.state == "held" else None
    return _taken(row, mail, case=case, held=held, not_parsed=row.reason if row.state == "not_parsed" else None)


def _hold(row: RawMail, mail: Mail, held: rules.Held) -> Taken:
    row.state, row.reason = "held", held.reason[:500]
    row.case = CaseRow.objects.filter(number=held.case).first()
    row.save(update_fields=["state", "reason", "case"])
    return _taken(row, mail, held=f"{held.reason} It points at {held.case}; a person decides.")


def _known(mail: Mail) -> rules.Known:
    """Threads of ours that this mail's references lead to, with who takes part in them."""
    vault = programme.vault()
    by_key = {vault.keys.keyed("message id", message.encode()): message for message in rules.thread_ids(mail)}
    rows = MessageRow.objects.filter(thread_key__in=by_key).select_related("case")
    threads: dict[str, rules.Thread] = {}
    for row in rows:
        reporter = row.case.reporter
        takes_part = bool(reporter) and vault.reporter(mail.sender.address) == reporter
        threads[by_key[row.thread_key]] = rules.Thread(
            row.case.number, frozenset([mail.sender.key]) if takes_part else frozenset()
        )
    return rules.Known(by_message=threads)


def _join(row: RawMail, mail: Mail, joining: rules.Joins, files: list[Attached], now: datetime) -> Taken:
    with write.inside() as cursor:
        command = Join(
            text=_text(mail),
            subject=rules.title(mail.subject),
            source="mail",
            from_reporter=not joining.by_machine,
            signals=_signals(mail),
        )
        done = cases.perform_in(cursor, joining.case, command, INTAKE, now)
        _write_message(cursor, row, mail, done, files, now)
    return _taken(row, mail, case=joining.case, joined=joining.case)


def _open(home: Home, row: RawMail, reading: Reading, mail: Mail, files: list[Attached], now: datetime) -> Taken:
    unread = reading.reason if isinstance(reading, NotParsed) else None
    vault = programme.vault()
    address = mail.sender.address
    reporter = vault.reporter(address) if address else ""
    number = write.new_number()
    vault.keys.data_keys(set(write.place_of(0, number, reporter).owners.values()))
    with write.inside() as cursor:
        command = Receive(
            title=rules.title(mail.subject) if not unread or mail.subject else UNREADABLE,
            text=_text(mail) if not unread else f"{UNREADABLE}: {unread} It is kept as received.",
            source="mail",
            reporter_name=mail.sender.name,
            reporter_address=address,
            reported_at=row.received_at,
            signals=_signals(mail),
            receipt=_may_receive(home, mail, reporter, now),
        )
        done = cases.open_in(cursor, command, INTAKE, now, number=number, reporter=reporter)
        _write_message(cursor, row, mail, done, files, now, unread=unread)
    return _taken(row, mail, case=done.number, new=True, not_parsed=unread, notices=done.notices)


def _signals(mail: Mail) -> tuple[str, ...]:
    machine = rules.automatic(mail)
    found = (f"dkim:{mail.signals.dkim}", f"dmarc:{mail.signals.dmarc}", f"openpgp:{mail.signals.openpgp}")
    return (*found, f"automatic:{machine.name.lower()}") if machine else found


def _may_receive(home: Home, mail: Mail, reporter: str, now: datetime) -> bool:
    since = now - RECEIPT_WINDOW
    receipts = NoticeRow.objects.filter(kind="receipt", created_at__gt=since)
    sent = rules.SentReceipts(receipts.filter(subject=reporter).count() if reporter else 0, receipts.count())
    own = [sender] if (sender := home.settings.mail.sender) else []
    return rules.receipt_allowed(mail, sent, own=own).allowed


def _text(mail: Mail) -> str:
    text = mail.text.strip("\n") or "(no text)"
    if len(text) <= TEXT_LIMIT:
        return text
    return text[:TEXT_LIMIT] + f"\n\n[cut: {len(text) - TEXT_LIMIT:,} more characters stand in the raw mail]"


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment whose bytes lie encrypted in the home: ``key`` opens them, wrapped with the row."""

    name: str
    label: str
    media_type: str
    size: int
    wrapped: bytes


def _write_files(home: Home, reading: Parsed) -> list[Attached]:
    keys = programme.vault().keys
    found = []
    for attachment, content in zip(reading.mail.attachments, reading.contents, strict=True):
        name = uuid.uuid4().hex
        key, wrapped = keys.new_data_key()
        with translated(home.files):
            _write_durably(home.files / name, encrypt(key, content, name.encode()))
        found.append(Attached(name, attachment.name, attachment.sniffed_type, attachment.size, wrapped))
    return found


def _write_message(
    cursor: CursorWrapper,
    row: RawMail,
    mail: Mail,
    done: cases.Performed,
    files: Iterable[Attached],
    now: datetime,
    unread: str | None = None,
) -> None:
    vault = programme.vault()
    owner = CaseRow.objects.values_list("reporter", flat=True).get(pk=done.pk) or f"case:{done.number}"
    headers = {"message_id": mail.message_id, "references": list(mail.references), "subject": mail.subject[:500]}
    message = MessageRow.objects.create(
        case_id=done.pk,
        at=row.received_at,
        direction="in",
        subject=owner,
        blob=vault.seal_json(owner, f"message:{row.name}", headers),
        thread_key=vault.keys.keyed("message id", mail.message_id.encode()) if mail.message_id else "",
        raw=row,
        entry_seq=done.case.seq - len(done.changes) + 1,
    )
    for file in files:
        label = {"label": file.label, "type": file.media_type}
        message.attachments.create(
            name=file.name,
            media_type=file.media_type[:120],
            size=file.size,
            label_blob=vault.seal_json(owner, f"file:{file.name}", label),
            wrapped_key=vault.keys.rewrap(file.wrapped, owner),
        )
    row.wrapped_key, row.subject = vault.keys.rewrap(bytes(row.wrapped_key), owner), owner
    row.case_id, row.state, row.reason = done.pk, "not_parsed" if unread else "parsed", (unread or "")[:500]
    row.save(update_fields=["wrapped_key", "subject", "case", "state", "reason"])
