"""What is set up on this home, what is not, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from forgeward.desk import backed_up, guards, programme, scanned
from forgeward.desk.models import (
    ChatRoomRow,
    DeliveryRow,
    Entry,
    EvidenceRow,
    Heartbeat,
    NoticeRow,
    Pending,
    RawMail,
    WebhookRow,
)
from forgeward.desk.readers import scans
from forgeward.edges.home import LEAST_FREE, Home
from forgeward.edges.mail_out import transport_for
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import ForgewardError
from forgeward.policy.names import RETENTION

BACKED_UP = timedelta(days=2)  # how old the last backup may be
ALIVE = timedelta(seconds=30)
AUDITED = timedelta(hours=49)  # a night may fall out


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``next`` says what to do where it is not ``ok``."""

    name: str
    ok: bool
    what: str
    next: str = ""


def examine(home: Home, now: datetime) -> list[Finding]:
    """Looks at everything that the programme needs to run."""
    return list(_findings(home, now))


def _findings(home: Home, now: datetime) -> Iterator[Finding]:
    yield _disk(home)
    yield _keys()
    yield _policy(now)
    yield _guards()
    yield _mail(home)
    yield _worker(now)
    yield _audit(now)
    yield _scans(now)
    yield _parser()
    yield _outbox()
    yield _webhooks()
    yield _chats(home)
    yield _backup(home, now)
    yield _retention(now)
    yield _stored()


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(home.folder).free
    return Finding("disk", free >= LEAST_FREE * 4, f"{free // 2**20:,} MB are free.", "Make room.")


def _keys() -> Finding:
    try:
        key = programme.vault().keys.verifier_key
    except ForgewardError as problem:
        return Finding("keys", False, str(problem), problem.next)
    return Finding("keys", True, f"The ledger signs as {key.name}.")


def _policy(now: datetime) -> Finding:
    try:
        policy = programme.policies().at(now)
    except ForgewardError as problem:
        return Finding("policy", False, str(problem), problem.next)
    return Finding("policy", True, f"Policy version {policy.version} is in force.")


def _guards() -> Finding:
    if gone := guards.missing():
        what = f"History can be changed: {len(gone)} guards of the database are gone, {gone[0]} the first of them."
        return Finding(
            "guards", False, what, "Run `forgeward audit` and find out who dropped them; a restored backup has them."
        )
    if open_to := guards.may_change():
        what = f"The desk's database role owns its history, or may change it: {len(open_to)} tables."
        return Finding("guards", False, what, "Give the desk a role of its own, as docs/how-to/postgresql.md shows.")
    return Finding("guards", True, "The database refuses to change or delete history.")


def _mail(home: Home) -> Finding:
    if home.is_demo:
        return Finding("mail", True, "A demo home writes all mail to files.")
    if not home.settings.mail.is_set:
        what = "No mail server is set: mail is written to files, and clocks that need its word stay open."
        return Finding("mail", False, what, "Add [mail] to settings.toml: host, port, sender.")
    try:
        transport_for(home)
    except ForgewardError as problem:
        return Finding("mail", False, str(problem), problem.next)
    return Finding("mail", True, f"Mail goes out through {home.settings.mail.host}.")


def _worker(now: datetime) -> Finding:
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat and abs(now - beat.at) < ALIVE:
        return Finding("worker", True, "The worker is alive.")
    what = f"The worker was last seen at {beat.at:%Y-%m-%d %H:%M:%S}Z." if beat else "The worker has never run here."
    return Finding("worker", False, what, "Start it with `forgeward up`, or run `forgeward tick` from time to time.")


def _audit(now: datetime) -> Finding:
    last = EvidenceRow.objects.filter(mechanism="check:history_agrees").order_by("-pk").first()
    if last is None:
        begun = Entry.objects.order_by("pk").values_list("at", flat=True).first()
        young = begun is None or now - begun < AUDITED
        return Finding("audit", young, "History was not audited yet.", "The worker does it at night: see that it runs.")
    what = f"The audit of {last.at:%Y-%m-%d %H:%M}Z: {last.what}"
    if not last.ok:
        return Finding("audit", False, what, "Run `forgeward audit` and find out who changed what it names.")
    return Finding("audit", now - last.at < AUDITED, what, "The worker does it at night: see that it runs.")


def _scans(now: datetime) -> Finding:
    apps = scanned.ages()
    if not apps:
        return Finding("scans", True, "No app's scans are handed in; docs/how-to/scan-in-ci.md says how.")
    late = scans.late(now)
    oldest = min(apps, key=lambda age: age.at)
    what = f"The oldest of the last scans is that of {oldest.app}, of {oldest.at:%Y-%m-%d %H:%M}Z."
    if late:
        what = f"Not scanned for too long: {', '.join(age.app for age in late[:10])}. {what}"
    return Finding("scans", not late, what, "Look at the pipelines of these apps.")


def _parser() -> Finding:
    try:
        with ParserPool(workers=1, spare=0) as pool:
            confined = pool.confinement()
    except ForgewardError as problem:
        return Finding("parser", False, str(problem), problem.next)
    return Finding("parser", True, f"Mails are read apart: {confined}")


def _outbox() -> Finding:
    failed = NoticeRow.objects.filter(state__in=["given_up", "bounced"]).count()
    held = NoticeRow.objects.filter(state="held").count()
    if held:
        what = f"{held} letters are held, since they must be encrypted and cannot be; {failed} could not be delivered."
        return Finding("outbox", False, what, "See `forgeward notice status`: agree on a key, or release the letter.")
    what = f"{failed} mails could not be delivered." if failed else "No mail failed."
    return Finding("outbox", not failed, what, "See `forgeward notice status`, and tell these people another way.")


def _webhooks() -> Finding:
    rows = WebhookRow.objects.filter(removed_at__isnull=True)
    failing = list(rows.filter(fails__gt=1).values_list("name", flat=True))
    lost = DeliveryRow.objects.filter(state="given_up", webhook__removed_at__isnull=True).count()
    if failing:
        what = f"{len(failing)} webhooks do not take what is sent, {failing[0]} the first of them."
        return Finding("webhooks", False, what, "See `forgeward webhook log ID` for what they answer.")
    what = f"{lost} messages to webhooks were given up." if lost else f"{rows.count()} webhooks, all in order."
    return Finding("webhooks", not lost, what, "Send them again with `forgeward webhook replay ID`.")


def _chats(home: Home) -> Finding:
    names = [room.name for room in home.settings.chat.room]
    if not names:
        return Finding("chat", True, "No chat is set: reminders go by mail.")
    failing = ChatRoomRow.objects.filter(name__in=names, fails__gt=0).order_by("name").first()
    if failing is not None:
        what = f"The chat “{failing.name}” does not take what is sent: {failing.problem}"
        return Finding("chat", False, what, f"Mend it and run `forgeward chat test {failing.name}`. Mails go out.")
    return Finding("chat", True, f"Chats are told: {', '.join(names)}.")


def _backup(home: Home, now: datetime) -> Finding:
    if home.is_demo:
        return Finding("backup", True, "A demo home needs no backup.")
    beat = Heartbeat.objects.filter(name=backed_up.BEAT).first()
    if beat is None:
        return Finding("backup", False, "No backup was made yet.", "Run `forgeward backup --out DIR` each day.")
    old = backed_up.expired(Path(beat.detail), now)
    if old:
        what = f"{old[0]} holds keys that are over {backed_up.KEYS_LAST.days} days old: who was erased since is in it."
        return Finding("backup", False, what, f"Delete it, and {len(old) - 1} more; `forgeward backup` does that.")
    what = f"The last backup was made at {beat.at:%Y-%m-%d %H:%M}Z."
    return Finding("backup", now - beat.at < BACKED_UP, what, "Run `forgeward backup --out DIR` each day.")


def _retention(now: datetime) -> Finding:
    try:
        kept = programme.policies().at(now).retention
    except ForgewardError as problem:
        return Finding("retention", False, str(problem), problem.next)
    without = [kind for kind in RETENTION if kind not in kept]
    if without:
        what = f"The policy keeps these without an end: {', '.join(without)}."
        return Finding("retention", False, what, "Name them under `retention` in the next policy.")
    beat = Heartbeat.objects.filter(name="retention").first()
    said = ", ".join(f"{kind} {target}" for kind, target in kept.items())
    when = f" Last looked after at {beat.at:%Y-%m-%d %H:%M}Z." if beat else " The worker looks after it each hour."
    return Finding("retention", True, f"Kept for: {said}.{when}")


def _stored() -> Finding:
    held = RawMail.objects.filter(state="held").count()
    unread, pending = RawMail.objects.filter(state="stored").count(), Pending.objects.count()
    what = f"{unread} stored mails wait to be read, {held} are held, {pending} entries wait for their place."
    return Finding("intake", not held, what, "Look at the held mails: a person decides whether they join a case.")
