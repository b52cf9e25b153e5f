"""Letters to a reporter before they go: begun with a template, looked at as they will be sent, handed to the case.

    template ─ begin ─▶ text with gaps ─ a person writes ─▶ look (composed, protected, not sent) ─▶ send ─▶ perform

What ``look`` shows is composed by the outbox's own hand, so that nobody approves anything else than what leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import msgspec
from django.db import connection

from forgeward.desk import programme
from forgeward.desk.actions import cases, outbox, sealing_mail
from forgeward.desk.actions.cases import Performed
from forgeward.desk.actions.files import keep_own
from forgeward.desk.models import CaseRow, MessageRow, Person, RawMail, SealedValues
from forgeward.desk.rows import decode_case
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Outgoing
from forgeward.errors import ForgewardError, NotFound
from forgeward.respond import letters
from forgeward.respond.case import Case
from forgeward.respond.commands import Letter
from forgeward.respond.decision import Context, decide
from forgeward.respond.enclosure import Enclosure
from forgeward.respond.letter_values import values
from forgeward.respond.letters import Filled, Template
from forgeward.respond.notice import reply_subject
from forgeward.respond.parse import name_of
from forgeward.vocabulary import Fact

_KINDS = {"acknowledge": "acknowledgement", "reply": "reply"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as it would leave now, read back from the composed mail.

    ``protection`` is a sentence on signature and encryption; ``withheld``: it would be held for a person's decision.
    ``waits``: a second person has to read it first. ``files`` are (name, type, bytes), the ledger's proof among them.
    """

    sender: str
    reply_to: str
    to: str
    subject: str
    text: str
    language: str
    files: tuple[tuple[str, str, int], ...]
    size: int
    protection: str
    withheld: bool
    waits: bool


def language_for(home: Home, row: CaseRow, known: Sequence[Template]) -> str:
    """What the reporter's latest mail says or shows of its language, else its mailbox, else the house; else English."""
    wishes = []
    mails = MessageRow.objects.filter(case=row, direction="in", subject=row.reporter).select_related("raw")
    for mail in mails.order_by("-id")[:1] if row.reporter else ():
        head = (
            programme.vault().open_json(mail.subject, f"message:{mail.raw.name}", bytes(mail.blob)) if mail.raw else {}
        )
        wishes.append(str((head or {}).get("language", "")))
    came_by = RawMail.objects.filter(case=row, opened=True).values_list("mailbox", flat=True).first()
    settings = home.settings
    wishes += [box.language for box in settings.mailbox if box.name == came_by]
    return letters.language_of([*wishes, settings.mail.language], known)


def begin(home: Home, row: CaseRow, person: Person, template: Template, now: datetime) -> Filled:
    """The template with this case's values; what the case does not know is a gap."""
    case = decode_case(bytes(row.state_json))
    filled = letters.fill(template, values(case, programme.policies().at(now), person.name, template.language))
    if not filled.subject:
        return msgspec.structs.replace(filled, subject=reply_subject(case.number))
    return filled


def step_of(row: CaseRow) -> str:
    """Which step an answer to the reporter is: the first one acknowledges."""
    case = decode_case(bytes(row.state_json))
    under_way = any(n.kind == "acknowledgement" and n.under_way for n in case.notices)
    return "reply" if case.has(Fact.ACKNOWLEDGED) or under_way or not case.is_open else "acknowledge"


def enclose(home: Home, row: CaseRow, contents: Sequence[tuple[str, bytes]]) -> tuple[Enclosure, ...]:
    """Keeps files (name, bytes) that a letter of this case is to take along, sealed under the reporter's key."""
    return keep_own(home, _owner(row), contents)


def look(home: Home, row: CaseRow, command: Letter, person: Person, now: datetime) -> Preview:
    """The letter as it would leave now; nothing is written.

    Raises what ``decide`` raises, and ``BadInput`` where it cannot be composed.
    """
    case = decode_case(bytes(row.state_json))
    with connection.cursor() as cursor:
        team = cases.team(cursor)
    decision = decide(case, command, Context(person.actor(), team, programme.policies(), now))
    return _seen(home, row, case, command, now, waits=bool(decision.waits_for))


def look_again(home: Home, row: CaseRow, step: str, command: Letter, now: datetime) -> Preview:
    """A letter that waits for its second person, as it would leave now. Raises as ``look`` does."""
    case = decode_case(bytes(row.state_json))
    if case.proposal(step) is None:
        raise NotFound("No letter of this case waits for a second person.", next="Look at the case.")
    return _seen(home, row, case, command, now, waits=True)


def send(home: Home, number: str, command: Letter, person: Person, now: datetime) -> Performed:
    """Hands the letter to the case: it goes to the outbox, or waits for a second person. Raises as ``perform``."""
    return cases.perform(number, command, person.actor(), now)


def _seen(home: Home, row: CaseRow, case: Case, command: Letter, now: datetime, *, waits: bool) -> Preview:
    kind = _KINDS[name_of(command)]
    content = {
        "to": _address(row),
        "subject": command.subject or reply_subject(row.number),
        "body": command.text,
        "position": 0,
        "seq": case.seq + 1,
        "by_person": True,
        "language": command.language,
        "files": list(command.files),
    }
    key = f"{row.number}:{case.seq + 1}:0"
    mail = outbox.composed(home, outbox.Claimed(0, key, kind, row.pk, 1, content, _owner(row)), content, now)
    protection, withheld = _protection(home, mail, kind, row.pk, now)
    read = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(read, EmailMessage)  # noqa: S101 - the default policy makes no other
    body = read.get_body(("plain",))
    return Preview(
        sender=str(read["From"]),
        reply_to=str(read["Reply-To"] or ""),
        to=str(read["To"]),
        subject=str(read["Subject"]),
        text=str(body.get_content()).replace("\r\n", "\n").rstrip("\n") if body else "",
        language=str((body["Content-Language"] if body else "") or ""),
        files=tuple(_file(part) for part in read.iter_attachments()),
        size=len(mail.raw),
        protection=protection,
        withheld=withheld,
        waits=waits,
    )


def _address(row: CaseRow) -> str:
    """The reporter's address, as the case's first entry has it; empty once it was erased."""
    rows = SealedValues.objects.filter(entry__case=row, entry__seq=1).values_list("subject", "blob")
    written = programme.vault().values(f"{row.number}:1", [(subject, bytes(blob)) for subject, blob in rows])
    return written.get("reporter_address", "")


def _file(part: EmailMessage) -> tuple[str, str, int]:
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    return part.get_filename() or "file", part.get_content_type(), size


def _protection(home: Home, mail: Outgoing, kind: str, case: int, now: datetime) -> tuple[str, bool]:
    try:
        _, words = sealing_mail.protect(home, mail, kind, case, now)
    except ForgewardError as problem:
        return f"{problem} {problem.next}".strip(), True
    return words or "It goes neither signed nor encrypted: no OpenPGP key is set up for this address.", False


def _owner(row: CaseRow) -> str:
    return row.reporter or f"case:{row.number}"


__all__ = [
    "Preview",
    "begin",
    "enclose",
    "language_for",
    "look",
    "look_again",
    "send",
    "step_of",
]
