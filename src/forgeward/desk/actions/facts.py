"""What the tables know about a mail that was read: the facts that ``respond.sorting`` decides by.

Reads only. ``House`` is looked up once for many mails; the queries for one mail are few, and most mails need three.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
from django.db import connection

from forgeward.desk import kept, programme
from forgeward.desk.actions import canaries, outbox
from forgeward.desk.models import CaseRow, MessageRow, NoticeRow, RawMail
from forgeward.desk.models.fields import to_micros
from forgeward.desk.rows import decode_case
from forgeward.edges.home import Home, Settings
from forgeward.edges.letters import templates
from forgeward.edges.mail_examine import Examined
from forgeward.edges.mail_settings import Mailbox, rules
from forgeward.errors import ForgewardError
from forgeward.respond import intake, language, letters
from forgeward.respond.canary import number_of
from forgeward.respond.letters import Template
from forgeward.respond.mail import Address, Mail, NotParsed, Parsed, Reading
from forgeward.respond.notification import Recognised, Rule, is_from, recognise
from forgeward.respond.sorting import Facts
from forgeward.respond.storm import WINDOW, Seen

logger = logging.getLogger(__name__)
_MERGERS = 5  # cases merged into cases that were merged: followed so far


class House:
    """What settings, policy and keys say, for as long as one batch of mails takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.settings: Settings = home.settings
        self.boxes: Mapping[str, Mailbox] = {box.name: box for box in self.settings.mailbox}
        self.rules: tuple[Rule, ...] = rules(self.settings.notification)

    @cached_property
    def own(self) -> frozenset[str]:
        """The addresses that we send from, or publish."""
        contacts = programme.policies().latest.vendor.contacts
        published = (contacts.security, contacts.privacy, self.settings.mail.sender)
        boxes = (each for box in self.boxes.values() for each in (*box.addresses, box.sender))
        return frozenset(each.lower() for each in (*published, *boxes) if each)

    @cached_property
    def receipts(self) -> tuple[Template, ...]:
        """The automatic receipt in each language; the built-in ones where the home's own file does not read."""
        try:
            return letters.receipts(templates(self.home))
        except ForgewardError as problem:
            logger.warning("letters.yaml is left out, receipts are the built-in ones: %s", problem)
            return letters.receipts(letters.built_in())

    def language(self, mail: Mail, box: Mailbox | None) -> str:
        """The receipt's language: as the mail has it, else its mailbox, else the house; else English."""
        wishes = (*language.wishes(mail), box.language if box else "", self.settings.mail.language)
        return letters.language_of(wishes, self.receipts)

    @cached_property
    def tag_key(self) -> bytes:
        """What signs the tags of our reply addresses."""
        return outbox.tag_key()

    @cached_property
    def canary_key(self) -> bytes:
        """What signs our test mails."""
        return canaries.token_key()


@dataclass(frozen=True, slots=True)
class Read:
    """One mail that was read, with what was verified, and who counts as its sender."""

    row: RawMail
    examined: Examined
    mail: Mail
    box: Mailbox | None
    reporter: str  # the sender's key subject; empty where nobody can be answered
    forwarded_by: str  # the address of the forwarder who was believed
    way: Mapping[str, Any]
    content_key: str
    copy_key: str
    recognised: Recognised | None

    @property
    def reading(self) -> Reading:
        return self.examined.reading

    @property
    def topic(self) -> str:
        return self.recognised.topic if self.recognised else ""

    @property
    def answers(self) -> bool:
        """Whether it may belong to a case that is there."""
        return bool(intake.thread_ids(self.mail) or self.topic)


def read(house: House, row: RawMail, examined: Examined) -> Read:
    """Puts together what one mail is, from what the guarded processes gave."""
    reading = examined.reading
    mail = reading.mail if isinstance(reading, Parsed) else reading.head or Mail(sender=Address(""))
    box = house.boxes.get(row.mailbox)
    way = kept.unseal(row, "way", row.way_blob)
    if "whole" in way:
        sentence = f"It has {way['whole']:,} bytes; only its beginning was taken. It lies whole in “{way['folder']}”."
        reading = NotParsed(sentence, "too_large", mail)
        examined = msgspec.structs.replace(examined, reading=reading, offers=())
    forwarder = ""
    if box and mail.original and is_from(mail.sender.key, box.forwarders):
        forwarder = mail.sender.address
        mail = msgspec.structs.replace(mail, sender=mail.original)
    vault = programme.vault()
    content = _content(reading, mail, row.size)
    copied = f"{mail.sender.key}\0{mail.message_id}\0{content}" if mail.message_id else ""
    return Read(
        row=row,
        examined=examined,
        mail=mail,
        box=box,
        reporter=vault.reporter(mail.sender.address) if mail.sender.address else "",
        forwarded_by=forwarder,
        way=way,
        content_key=vault.keys.keyed("mail content", content.encode()),
        copy_key=vault.keys.keyed("mail copy", copied.encode("utf-8", "replace")) if copied else "",
        recognised=recognise(mail, house.rules),
    )


def recognised_as(one: Read, recognised: Recognised) -> Read:
    """The mail as a notification, because a person said so."""
    return replace(one, recognised=recognised)


def _content(reading: Reading, mail: Mail, size: int) -> str:
    if isinstance(reading, NotParsed):
        return f"{reading.code}:{size}:{mail.subject}"
    return intake.content_digest(mail)


def gather(house: House, one: Read) -> Facts:
    """The facts for `respond.sorting.sort`. Days are counted back from the mail's own receipt, also in a backlog."""
    mail, settings = one.mail, house.settings.intake
    known = _known(house, one) if isinstance(one.reading, Parsed) else intake.Known()
    target = next((t.case for t in (*known.by_tag.values(), *known.by_message.values())), "")
    on_ticket = ticket_case(one) if one.topic else ""
    return Facts(
        own=house.own - {one.forwarded_by.lower()},
        canary=number_of(mail.automatic.canary, house.canary_key) if mail.automatic.canary else None,
        letters=_letters(mail) if mail.returned else {},
        known=known,
        proof_needed=settings.proof_needed,
        answers=_answers(target or on_ticket, one) if target or on_ticket else 0,
        seen=_seen(one),
        limits=settings.limits,
        recognised=one.recognised,
        ticket_case=on_ticket,
        support=one.box is not None and one.box.purpose == "support",
    )


def _known(house: House, one: Read) -> intake.Known:
    """Threads that the mail's tags and references lead to, with whether its sender takes part in them."""
    mail = one.mail
    to = tuple(str(each) for each in one.way.get("recipients", ()))
    tagged = intake.tagged_cases(msgspec.structs.replace(mail, delivered_to=(*mail.delivered_to, *to)), house.tag_key)
    ids = intake.thread_ids(mail)
    if not (tagged or ids):
        return intake.Known()
    by_key = {outbox.thread_key(message): message for message in ids}
    found = dict(MessageRow.objects.filter(thread_key__in=by_key).values_list("thread_key", "case_id"))
    sent = NoticeRow.objects.filter(thread_key__in=by_key, case__isnull=False)
    found |= dict(sent.values_list("thread_key", "case_id"))
    rows = {row.pk: row for row in CaseRow.objects.filter(pk__in=set(found.values()))}
    by_number = {row.number: row for row in CaseRow.objects.filter(number__in=tagged)} if tagged else {}
    return intake.Known(
        by_tag={number: _thread(by_number[number], one) for number in tagged if number in by_number},
        by_message={by_key[key]: _thread(rows[pk], one) for key, pk in found.items()},
    )


def _thread(row: CaseRow, one: Read) -> intake.Thread:
    """The case, or the one that it was merged into, with the sender as participant where he takes part in either."""
    number, cases = row.number, [row]
    for _ in range(_MERGERS):
        into = decode_case(bytes(cases[-1].state_json)).merged_into
        following = CaseRow.objects.filter(number=into).first() if into else None
        if following is None:
            break
        number = following.number
        cases.append(following)
    takes_part = bool(one.reporter) and (
        any(case.reporter == one.reporter for case in cases)
        or RawMail.objects.filter(case__in=cases, state="parsed", sender_key=one.reporter).exists()
    )
    return intake.Thread(number, frozenset([one.mail.sender.key]) if takes_part else frozenset())


def _letters(mail: Mail) -> dict[str, int]:
    by_key = {outbox.thread_key(message): message for message in mail.returned}
    rows = NoticeRow.objects.filter(thread_key__in=by_key).values_list("thread_key", "pk")
    return {by_key[key]: pk for key, pk in rows}


def ticket_case(one: Read) -> str:
    """The case of the ticket that the mail is about; empty for a new one."""
    key = topic_key(one.topic)
    known = RawMail.objects.filter(topic_key=key, opened=True).exclude(topic_key="")
    row = known.select_related("case").order_by("-id").first()
    return _thread(row.case, one).case if row and row.case else ""


def topic_key(topic: str) -> str:
    """The keyed digest by which a ticket's further notifications find its case; empty for no topic."""
    return programme.vault().keys.keyed("topic", topic.encode()) if topic else ""


def _answers(case: str, one: Read) -> int:
    if not one.reporter:
        return 0
    since = one.row.received_at - WINDOW
    rows = RawMail.objects.filter(sender_key=one.reporter, received_at__gt=since, case__number=case)
    return rows.filter(state__in=["parsed", "held"]).count()


def _seen(one: Read) -> Seen:
    """Who and what opened cases within the day before. Plain SQL: asked for every mail."""
    since = to_micros(one.row.received_at - WINDOW)
    with connection.cursor() as cursor:
        copied = _first(cursor, _COPY, [one.copy_key]) if one.copy_key else None
        if copied:
            return Seen(copy_of=copied[0])
        content = _first(cursor, _OF_CONTENT, [one.content_key, since])
        sender = _first(cursor, _OF_SENDER, [one.reporter, since]) if one.reporter else None
        cases = {value[1] for value in (content, sender) if value and value[1]}
        numbers = dict(CaseRow.objects.filter(pk__in=cases).values_list("pk", "number")) if cases else {}
    return Seen(
        of_content=content[0] if content else 0,
        content_case=numbers.get(content[1], "") if content else "",
        of_sender=sender[0] if sender else 0,
        sender_case=numbers.get(sender[1], "") if sender else "",
    )


# The conditions of the partial indexes stand here word for word: SQLite takes an index only where it sees them.
_COPY = (
    "SELECT c.number FROM desk_rawmail r JOIN desk_caserow c ON c.id = r.case_id WHERE r.copy_key = %s AND"
    " NOT (r.copy_key = '') AND r.state IN ('parsed', 'not_parsed', 'grouped', 'held') ORDER BY r.id LIMIT 1"
)
_OF_CONTENT = (
    "SELECT count(*), min(case_id) FROM desk_rawmail WHERE content_key = %s AND NOT (content_key = '')"
    " AND received_at > %s AND opened"
)
_OF_SENDER = (
    "SELECT count(*), max(case_id) FROM desk_rawmail WHERE sender_key = %s AND NOT (sender_key = '')"
    " AND received_at > %s AND opened"
)


def _first(cursor: Any, query: str, values: Iterable[Any]) -> Any:
    cursor.execute(query, list(values))
    return cursor.fetchone()
