"""Test mails that prove intake: sent every day to each published address, awaited, and an alarm where one stays away.

due ─▶ CanaryRow + letter ─▶ outbox ─▶ … ─▶ intake: arrived ─▶ evidence of the checks that speak of the address
                                         └─ not within the hour ─▶ evidence against them, an event, a reminder
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from forgeward.desk import programme
from forgeward.desk.actions import alarms, write
from forgeward.desk.models import CanaryRow, CaseRow, EvidenceRow
from forgeward.edges.home import Home, Settings
from forgeward.respond import canary
from forgeward.respond.canary import Look

KIND = "canary"
OWNER = "case:programme"


def token_key() -> bytes:
    """What signs the tokens of our test mails."""
    return programme.vault().keys.keyed("canary", b"").encode()


@dataclass(frozen=True, slots=True)
class Published:
    """Which addresses each check speaks of, and which of all of them are taken in here."""

    checks: Mapping[str, frozenset[str]]
    taken_in: frozenset[str]


def published(settings: Settings) -> Published:
    """The addresses of the policy and of the mailboxes, by check (IR-2, VM-1, CT-1)."""
    contacts = programme.policies().latest.vendor.contacts
    boxes = {box.address.lower(): box for box in settings.mailbox if box.address}
    channels = {address for address, box in boxes.items() if box.purpose in {"support", "app"}}
    security, privacy = (contacts.security or "").lower(), (contacts.privacy or "").lower()
    return Published(
        {
            "check:intake_canary": frozenset(boxes),
            "check:channels_open": frozenset({security, *channels}),  # an unnamed contact is taken in nowhere
            "check:contacts_answer": frozenset({security, privacy}),
        },
        frozenset(each for box in settings.mailbox for each in box.addresses),
    )


def look_after(home: Home, now: datetime) -> int:
    """Sends what is due, and alarms about what did not arrive. Returns how many were sent or found missing."""
    settings = home.settings
    if home.is_demo or not settings.canary.on or not settings.mail.is_set or not settings.mailbox:
        return 0
    every, patience = timedelta(hours=settings.canary.every_hours), timedelta(minutes=settings.canary.minutes)
    known = published(settings)
    addresses = sorted({each for found in known.checks.values() for each in found} & known.taken_in)
    rows = _latest(addresses)
    missing = [row for row in rows.values() if canary.overdue(_look(row), patience, now)]
    for row in missing:
        _fail(row, known, now)
    due = [each for each in addresses if canary.due(_look(rows[each]) if each in rows else None, every, now)]
    for address in due:
        _send(address, now)
    return len(missing) + len(due)


def _latest(addresses: Sequence[str]) -> dict[str, CanaryRow]:
    newest = CanaryRow.objects.filter(address__in=addresses).values("address").annotate(last=Max("pk"))
    return {row.address: row for row in CanaryRow.objects.filter(pk__in=[each["last"] for each in newest])}


def _look(row: CanaryRow) -> Look:
    return Look(row.address, row.sent_at, row.arrived_at, row.failed_at)


def _send(address: str, now: datetime) -> None:
    with write.inside() as cursor:
        row = CanaryRow.objects.create(address=address, sent_at=now)
        subject, text = canary.letter(address)
        content = {
            "to": address,
            "subject": subject,
            "body": text,
            "position": 0,
            "seq": 0,
            "by_person": False,
            "canary": canary.token(row.pk, token_key()),
        }
        key = f"canary:{row.pk}"
        write.write_letters(cursor, None, [write.Letter(f"{key}:0", key, KIND, OWNER, content)], now)


def arrived(number: int, received_at: datetime, now: datetime) -> None:
    """A test mail came in. The second copy of one changes nothing. Expects to run inside a transaction."""
    row = CanaryRow.objects.filter(pk=number, arrived_at__isnull=True).first()
    if row is None:
        return
    row.arrived_at = min(received_at, now)
    row.save(update_fields=["arrived_at"])
    _say(published(programme.home().settings), row.address, now)
    alarms.over(_alarms_of(row.address), f"The test mail to {row.address} arrives again.", now)


def came_back(number: int, now: datetime) -> None:
    """A test mail was refused or came back: nobody needs to wait for it. Expects to run inside a transaction."""
    row = CanaryRow.objects.filter(pk=number, arrived_at__isnull=True, failed_at__isnull=True).first()
    if row is not None:
        _fail(row, published(programme.home().settings), now)


def _fail(row: CanaryRow, known: Published, now: datetime) -> None:
    """Once for each outage: what fails again while its alarm's case is open opens no second one."""
    with write.inside() as cursor:
        changed = CanaryRow.objects.filter(pk=row.pk, failed_at__isnull=True, arrived_at__isnull=True)
        if not changed.update(failed_at=now):
            return
        _say(known, row.address, now)
        if any(case.closed_at is None for case in _alarms_of(row.address)):
            return
        case = alarms.open_alarm(
            cursor,
            f"Mail to {row.address} does not arrive",
            f"The test mail of {row.sent_at:%Y-%m-%d %H:%M} UTC to {row.address} did not arrive. Reports may get lost."
            " Look at the mail server, the mailbox and `forgeward doctor`.",
            "canary:missing",
            now,
        )
        CanaryRow.objects.filter(pk=row.pk).update(alarm=case)


def _alarms_of(address: str) -> list[CaseRow]:
    rows = CanaryRow.objects.filter(address=address, alarm__isnull=False).select_related("alarm").order_by("-id")[:1]
    return [row.alarm for row in rows if row.alarm]


def _say(known: Published, address: str, now: datetime) -> None:
    """Writes what the checks that speak of this address now see."""
    concerned = {mechanism: each for mechanism, each in known.checks.items() if address in each}
    addresses = sorted({one for each in concerned.values() for one in each})
    looks = {each: _settled(each) for each in addresses}
    seen = {each: look for each, look in looks.items() if look is not None}
    for verdict in canary.verdicts(seen, concerned, known.taken_in):
        EvidenceRow.objects.create(mechanism=verdict.mechanism, at=now, ok=verdict.ok, what=verdict.what[:300])


def _settled(address: str) -> Look | None:
    """The address's latest test mail whose fate is known."""
    ended = CanaryRow.objects.filter(address=address).exclude(arrived_at__isnull=True, failed_at__isnull=True)
    row = ended.order_by("-id").first()
    return _look(row) if row else None
