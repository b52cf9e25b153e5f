"""Notices leave: claimed by lease, sent outside the transaction, settled as changes of their case.

    waiting ─ claim (lease) ─ compose ─ send ─┬─ accepted ─▶ Accepted: an acknowledgement counts now (IR-4)
                                              ├─ filed       no mail server is set; clocks that wait for one stay open
                                              ├─ later ────▶ waiting, with growing pauses
                                              ├─ held        it may not go unencrypted: a person decides
                                              └─ given up ─▶ GaveUp: shown, and somebody has to act

At least once: a process that dies after sending and before settling sends again under the same Message-ID.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from forgeward.desk import kept, programme
from forgeward.desk.actions import canaries, cases, receipts, sealing_mail, write
from forgeward.desk.leases import process_name
from forgeward.desk.models import CaseRow, MessageRow, NoticeRow, RawMail
from forgeward.desk.models.fields import to_micros
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Delivery, Draft, Outgoing, Transport, compose, is_message_id, transport_for
from forgeward.errors import ForgewardError, HomeUnusable, ParserUnavailable, SignerFailed, Withheld
from forgeward.respond.canary import number_of
from forgeward.respond.enclosure import read_line
from forgeward.respond.intake import SentReceipts, tagged_address
from forgeward.respond.signals import Accepted, Bounced, GaveUp
from forgeward.vocabulary import Actor

OUTBOX = Actor(id="system:outbox")
LEASE = timedelta(seconds=120)
ATTEMPTS = 12  # with the pauses below: about two days
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
RECEIPT_WINDOW = timedelta(hours=1)
ANSWERS = frozenset({"receipt", "acknowledgement", "reply"})
ABOUT_CASES = frozenset({"receipt", "acknowledgement", "reply", "notice"})


@dataclass
class Sent:
    """How many letters got which answer."""

    accepted: int = 0
    filed: int = 0
    failed: int = 0
    later: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """One letter that this process holds the lease of."""

    pk: int
    key: str
    kind: str
    case_id: int | None
    attempts: int
    content: dict[str, Any] | None
    owner: str = ""  # whose key seals it


def deliver(
    home: Home,
    clock: Callable[[], datetime],
    *,
    owner: str = "",
    only: Sequence[str] = (),
    transport: Transport | None = None,
) -> Sent:
    """Sends what is due, or only the notices named. A letter's fate is recorded, whatever it is.

    ``clock`` is asked for each letter: a slow server's word counts from when it was given, not from when we began.
    """
    sent, owner = Sent(), owner or process_name()
    way = transport or transport_for(home)
    while letters := _claim(owner, clock(), only):
        claimed = clock()
        for letter in letters:
            if clock() - claimed > LEASE / 2 and not _keep(letter, owner, clock()):
                continue  # the letters before took so long that somebody else has this one now
            result = _send(home, way, letter, clock())
            _settle(letter, result, owner, clock(), sent)
    return sent


def _keep(letter: Claimed, owner: str, now: datetime) -> bool:
    """Prolongs the lease of a letter; False where it was lost."""
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_noticerow SET lease_until = %s WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
            [to_micros(now + LEASE), letter.pk, owner],
        )
        kept: bool = cursor.rowcount == 1
    return kept


def _claim(owner: str, now: datetime, only: Sequence[str], limit: int = 20) -> list[Claimed]:
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    named = f" AND notice IN ({', '.join(['%s'] * len(only))})" if only else ""
    at = to_micros(now)
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_noticerow SET lease_owner = %s, lease_until = %s, attempts = attempts + 1 WHERE id IN ("  # noqa: S608 - only marks and a constant clause
            "SELECT id FROM desk_noticerow WHERE state = 'waiting' AND try_at <= %s"
            f" AND (lease_until IS NULL OR lease_until < %s){named} ORDER BY try_at LIMIT %s{lock})"
            " RETURNING id, key, kind, case_id, attempts, subject, blob",
            [owner, to_micros(now + LEASE), at, at, *only, limit],
        )
        rows = sorted(cursor.fetchall(), key=itemgetter(0))  # RETURNING keeps no order: a receipt goes before an answer
    vault = programme.vault()
    return [
        Claimed(pk, key, kind, case_id, attempts, vault.open_json(subject, f"notice:{key}", bytes(blob)), subject)
        for pk, key, kind, case_id, attempts, subject, blob in rows
    ]


def _send(home: Home, way: Transport, letter: Claimed, now: datetime) -> Delivery:
    """Composes and sends one letter; what goes wrong is a delivery's outcome, not an exception."""
    if letter.content is None:
        return Delivery("refused", 0, "The person was erased before it was sent.")
    try:
        mail = composed(home, letter, letter.content, now)
        # Before it leaves, so that an answer or a bounce finds it even when we die after sending.
        NoticeRow.objects.filter(pk=letter.pk).update(thread_key=thread_key(mail.message_id))
        in_clear = bool(letter.content.get("in_clear"))
        mail, how = sealing_mail.protect(home, mail, letter.kind, letter.case_id, now, in_clear=in_clear)
        delivery = way.send(mail)
        return msgspec.structs.replace(delivery, words=f"{delivery.words[:200]} {how}") if how else delivery
    except Withheld as problem:
        return Delivery("held", 0, f"{problem}")
    except (SignerFailed, HomeUnusable, ParserUnavailable) as problem:  # a key or a process is out of reach for now
        return Delivery("deferred", 0, f"{problem} {problem.next}".strip())
    except ForgewardError as problem:
        return Delivery("refused", 0, f"{problem} {problem.next}".strip())


@dataclass(frozen=True, slots=True)
class From:
    """As whom a letter is sent, and where its answers shall go (empty: to the same address)."""

    sender: str
    reply_to: str = ""


def _from(home: Home, letter: Claimed) -> From:
    """What goes to a reporter leaves from the mailbox that the report came by, and asks for answers there."""
    settings = home.settings
    security = programme.policies().latest.vendor.contacts.security
    usual = settings.mail.sender or security or "security@localhost"
    if letter.kind not in ANSWERS or letter.case_id is None or not settings.mailbox:
        return From(usual)
    came_by = RawMail.objects.filter(case_id=letter.case_id, opened=True).order_by("id")
    name = came_by.values_list("mailbox", flat=True).first()
    box = next((each for each in settings.mailbox if each.name == name), None)
    if box is None:
        return From(usual)
    if not box.tags:
        return From(box.sender or usual, box.address)
    number = CaseRow.objects.values_list("number", flat=True).get(pk=letter.case_id)
    return From(box.sender or usual, tagged_address(box.address, number, tag_key()))


def tag_key() -> bytes:
    """What signs the tags of our reply addresses."""
    return programme.vault().keys.keyed("address tag", b"").encode()


def thread_key(identity: str) -> str:
    """The keyed digest under which a Message-ID is kept."""
    return programme.vault().keys.keyed("message id", identity.encode())


def _id_key() -> bytes:
    return programme.vault().keys.keyed("outgoing", b"").encode()


def composed(home: Home, letter: Claimed, content: dict[str, Any], now: datetime) -> Outgoing:
    """The letter as it leaves, before it is protected. Raises ``BadInput``, ``KeyErased``, ``HomeUnusable``."""
    before = _answered(letter.case_id) if letter.kind in ANSWERS and letter.case_id else None
    way = _from(home, letter)
    draft = Draft(
        key=letter.key,
        kind=letter.kind if letter.kind in ABOUT_CASES else "notice",  # type: ignore[arg-type]  # a NoticeKind by then
        sender=way.sender,
        sender_name=programme.policies().latest.vendor.name,
        to=str(content["to"]),
        subject=str(content["subject"]),
        text=str(content["body"]),
        date=now,
        in_reply_to=str(before["message_id"]) if before else "",
        references=tuple(r for r in before["references"] if is_message_id(r)) if before else (),
        reply_to=way.reply_to,
        canary=str(content.get("canary", "")),
        attachments=_evidence(letter, now),
        files=_files(home, letter, content),
        language=str(content.get("language", "")),
    )
    return compose(draft, _id_key())


def _files(home: Home, letter: Claimed, content: Mapping[str, Any]) -> tuple[tuple[str, str, bytes], ...]:
    """What the letter takes along, opened. Raises ``KeyErased``, ``HomeUnusable``."""
    lines = [read_line(str(line)) for line in content.get("files") or ()]
    named = [(each, kept.file_name(letter.owner, each.sha256)) for each in lines]
    return tuple((each.name, each.media_type, kept.named_bytes(home, letter.owner, name)) for each, name in named)


def _evidence(letter: Claimed, now: datetime) -> tuple[tuple[str, str], ...]:
    """With the receipt the ledger's promise; with the answer of a person the proof, where there is one by then."""
    if letter.case_id is None or letter.kind not in {"receipt", "acknowledgement"}:
        return ()
    if letter.kind == "receipt":
        return (("ledger-promise.txt", receipts.promise(letter.case_id, now)),)
    proof = receipts.ready_proof(letter.case_id)
    return (("report.tlog-proof", proof),) if proof else ()


def _answered(case_id: int) -> dict[str, Any] | None:
    """The headers of the reporter's latest mail, so that an answer lands in the reporter's thread, in nobody else's."""
    reporter = CaseRow.objects.values_list("reporter", flat=True).get(pk=case_id)
    mails = MessageRow.objects.filter(case_id=case_id, direction="in", subject=reporter).select_related("raw")
    row = mails.order_by("-id").first()
    if row is None or row.raw is None:
        return None
    found = programme.vault().open_json(row.subject, f"message:{row.raw.name}", bytes(row.blob))
    return found if found and is_message_id(str(found.get("message_id", ""))) else None


def _settle(letter: Claimed, result: Delivery, owner: str, now: datetime, sent: Sent) -> None:
    """Records the answer, with the case's change in the same transaction. A lost lease changes nothing."""
    state, try_at = _fate(letter, result, now)
    with write.inside() as cursor:
        cursor.execute(
            "UPDATE desk_noticerow SET state = %s, try_at = %s, settled_at = %s, lease_owner = '',"
            " lease_until = NULL WHERE id = %s AND lease_owner = %s AND state = 'waiting'",
            [
                state,
                to_micros(try_at) if try_at else None,
                None if state == "waiting" else to_micros(now),
                letter.pk,
                owner,
            ],
        )
        if cursor.rowcount != 1:
            return
        _keep_answer(cursor, letter.pk, letter.owner, letter.key, letter.content, result.words)
        if state in {"accepted", "given_up"} and letter.case_id and letter.kind in ABOUT_CASES and letter.content:
            number = CaseRow.objects.values_list("number", flat=True).get(pk=letter.case_id)
            told = Accepted if state == "accepted" else GaveUp
            command = told(
                notice=int(letter.content["seq"]),
                recipients=(int(letter.content["position"]),),
                word=result.words[:300],
            )
            cases.perform_in(cursor, number, command, OUTBOX, now)
        if state == "given_up":
            _canary_lost(letter.content, now)
    setattr(sent, _COUNTED[state], getattr(sent, _COUNTED[state]) + 1)


def _keep_answer(
    cursor: CursorWrapper, pk: int, subject: str, key: str, content: Mapping[str, Any] | None, words: str
) -> None:
    """What a mail server says often names the recipient, so it lies sealed beside the letter and goes with it."""
    if content is None:  # erased meanwhile: the words are our own then
        cursor.execute("UPDATE desk_noticerow SET answer = %s WHERE id = %s", [words[:300], pk])
        return
    blob = programme.vault().seal_json(subject, f"notice:{key}", {**content, "answer": words[:300]})
    cursor.execute("UPDATE desk_noticerow SET blob = %s WHERE id = %s", [blob, pk])


_COUNTED = {"accepted": "accepted", "filed": "filed", "given_up": "failed", "waiting": "later", "held": "held"}


def _fate(letter: Claimed, result: Delivery, now: datetime) -> tuple[str, datetime | None]:
    if result.outcome in {"accepted", "filed", "held"}:
        return result.outcome, None
    if result.outcome == "refused" or letter.attempts >= ATTEMPTS:
        return "given_up", None
    pause = min(FIRST_PAUSE * 2 ** (letter.attempts - 1), LONGEST_PAUSE)
    return "waiting", now + pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret


# --- what came back, what went out ------------------------------------------------------------------------------------


def came_back(cursor: CursorWrapper, notice: NoticeRow, word: str, now: datetime) -> None:
    """A bounce: the letter's row says so, and its case has one recipient fewer who was told (IR-4 runs again)."""
    cursor.execute(
        "UPDATE desk_noticerow SET state = 'bounced', settled_at = %s, try_at = NULL, lease_owner = '',"
        " lease_until = NULL WHERE id = %s",
        [to_micros(now), notice.pk],
    )
    content = programme.vault().open_json(notice.subject, f"notice:{notice.key}", bytes(notice.blob))
    _keep_answer(cursor, notice.pk, notice.subject, notice.key, content, word if content else "It came back.")
    _canary_lost(content, now)
    if notice.case is None or notice.kind not in ABOUT_CASES or not content:
        return
    position = int(str(content["position"]))
    command = Bounced(notice=int(str(content["seq"])), recipients=(position,), word=word[:300])
    cases.perform_in(cursor, notice.case.number, command, OUTBOX, now)


def _canary_lost(content: Mapping[str, Any] | None, now: datetime) -> None:
    number = number_of(str(content["canary"]), canaries.token_key()) if content and "canary" in content else None
    if number is not None:
        canaries.came_back(number, now)


def receipts_sent(reporter: str, now: datetime) -> SentReceipts:
    """How many automatic receipts the last hour saw: to this reporter (a key subject), and in all."""
    with connection.cursor() as cursor:  # plain SQL: asked for every mail that opens a case
        cursor.execute(
            "SELECT coalesce(sum(CASE WHEN subject = %s THEN 1 ELSE 0 END), 0), count(*) FROM desk_noticerow"
            " WHERE kind = 'receipt' AND created_at > %s",
            [reporter, to_micros(now - RECEIPT_WINDOW)],
        )
        to_sender, in_total = cursor.fetchone()
    return SentReceipts(int(to_sender) if reporter else 0, in_total)
