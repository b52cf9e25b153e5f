"""Mailboxes that are looked into: what lies there is kept durably first, put away there second.

    look ─▶ fetch ─▶ stored.store_many ─▶ how far we are (MailboxRow) ─▶ moved to the handled folder, or to cur

Killed anywhere in between, the next look finds the same mails again and knows them by their fingerprint. A folder that
was made anew (another UIDVALIDITY) is read from its beginning, for the same reason without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from django.db.models import F

from forgeward.desk.actions import alarms, stored, write
from forgeward.desk.actions.stored import Incoming
from forgeward.desk.models import MailboxRow
from forgeward.edges import maildir
from forgeward.edges.home import Home
from forgeward.edges.imap import Fetched, ImapBox
from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import ForgewardError, MailboxTrouble

Clock: TypeAlias = Callable[[], datetime]
M = TypeVar("M", Fetched, maildir.Dropped)
CHUNK = 32  # mails that are kept, and then put away, together
CHUNK_BYTES = 16 * 2**20


class Session(Protocol):
    """An open way into a mailbox, kept between two looks."""

    def look(self) -> int:
        """Takes in what is new. Returns how many mails. Raises ``MailboxTrouble``, ``HomeUnusable``."""

    def close(self) -> None:
        """Ends it."""


def open_session(home: Home, box: Mailbox, clock: Clock) -> Session:
    """Raises ``MailboxTrouble`` where the mailbox cannot be opened."""
    return DropFolder(home, box, clock) if box.maildir else ImapSession(home, box, clock)


class ImapSession:
    """One connection to a server."""

    def __init__(self, home: Home, box: Mailbox, clock: Clock) -> None:
        self._home, self._box, self._clock = home, box, clock
        self._imap = ImapBox(box)

    def close(self) -> None:
        self._imap.close()

    def look(self) -> int:
        """Mails above the highest stored UID are fetched; older ones that still lie there are only moved."""
        row = _row(self._box, self._clock())
        if row.uidvalidity != self._imap.uidvalidity:
            row.uidvalidity, row.uid = self._imap.uidvalidity, 0
            row.save(update_fields=["uidvalidity", "uid"])
        there = self._imap.uids()
        self._imap.put_away([uid for uid in there if uid <= row.uid])
        fresh = [uid for uid in there if uid > row.uid]
        taken = 0
        for chunk in _chunks(self._imap.fetch(fresh)):
            stored.store_many(self._home, [self._incoming(mail) for mail in chunk])
            MailboxRow.objects.filter(name=self._box.name).update(
                uid=chunk[-1].uid, uidvalidity=self._imap.uidvalidity, taken=F("taken") + len(chunk)
            )
            self._imap.put_away([mail.uid for mail in chunk])
            taken += len(chunk)
        return taken

    def _incoming(self, mail: Fetched) -> Incoming:
        source = f"imap:{self._box.name}:{self._imap.uidvalidity}:{mail.uid}"
        way = {"whole": mail.whole, "folder": self._box.handled} if mail.cut else {}
        return Incoming(mail.raw, source, min(mail.received_at, self._clock()), self._box.name, way)


class DropFolder:
    """A Maildir."""

    def __init__(self, home: Home, box: Mailbox, clock: Clock) -> None:
        self._home, self._box, self._clock = home, box, clock
        self._folder = Path(box.maildir)

    def close(self) -> None:
        """Nothing is open between two looks."""

    def look(self) -> int:
        names = maildir.waiting(self._folder)
        taken = 0
        for chunk in _chunks(maildir.take(self._folder, names)):
            stored.store_many(self._home, [self._incoming(mail) for mail in chunk])
            maildir.put_away(self._folder, [mail.name for mail in chunk])
            taken += len(chunk)
        if taken:
            _row(self._box, self._clock())
            MailboxRow.objects.filter(name=self._box.name).update(taken=F("taken") + taken)
        return taken

    def _incoming(self, mail: maildir.Dropped) -> Incoming:
        way = {"whole": mail.whole, "folder": str(self._folder / "cur")} if len(mail.raw) < mail.whole else {}
        source = f"maildir:{self._box.name}:{mail.name}"
        return Incoming(mail.raw, source, min(mail.received_at, self._clock()), self._box.name, way)


def _chunks(mails: Iterable[M]) -> Iterator[list[M]]:
    """A few mails at a time: at most ``CHUNK``, and no more bytes than fit easily into memory.

    Where the way in breaks, what came before is handed on first: it is not fetched in vain, time and again.
    """
    chunk, size, broken = list[M](), 0, None
    try:
        for mail in mails:
            chunk.append(mail)
            size += len(mail.raw)
            if len(chunk) >= CHUNK or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
    except MailboxTrouble as trouble:
        broken = trouble
    if chunk:
        yield chunk
    if broken is not None:
        raise broken


def _row(box: Mailbox, now: datetime) -> MailboxRow:
    return MailboxRow.objects.get_or_create(name=box.name, defaults={"since": now})[0]


# --- how they are -----------------------------------------------------------------------------------------------------


def looked(box: Mailbox, now: datetime) -> None:
    """A look worked. An alarm about the mailbox is told that it is over."""
    row = _row(box, now)
    if row.problem or row.alarm is not None:
        if row.alarm is not None:
            alarms.over([row.alarm], f"The mailbox “{box.name}” can be read again.", now)
        row.problem, row.alarm, row.since = "", None, now
    row.looked_at = now
    row.save(update_fields=["looked_at", "problem", "alarm", "since"])


def failed(box: Mailbox, problem: Exception, now: datetime) -> None:
    """A look did not work; shown by ``doctor`` and on the desk, alarmed about when it lasts."""
    _row(box, now)
    known = f"{problem} {problem.next}" if isinstance(problem, ForgewardError) else ""
    what = known or f"{type(problem).__name__}: {problem}"
    MailboxRow.objects.filter(name=box.name).update(problem=what.strip()[:300])


def look_after(home: Home, now: datetime) -> int:
    """Alarms about mailboxes of the settings that could not be read for too long. Returns how many are new."""
    settings = home.settings
    patience, found = timedelta(minutes=settings.canary.minutes), 0
    for box in settings.mailbox:
        if not box.polled:
            continue
        row = _row(box, now)
        if row.alarm is None and now - (row.looked_at or row.since) >= patience:
            with write.inside() as cursor:
                case = alarms.open_alarm(
                    cursor,
                    f"The mailbox “{box.name}” cannot be read",
                    f"Nobody could look into it since {row.looked_at or row.since:%Y-%m-%d %H:%M} UTC."
                    f" {row.problem or 'The process that looks into mailboxes does not run.'}",
                    "mailbox:unread",
                    now,
                )
                MailboxRow.objects.filter(name=box.name).update(alarm=case)
            found += 1
    return found
