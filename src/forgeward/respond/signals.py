"""What reaches a case from outside the team: a report, a message, a mail server's word, a reminder that went out.

Most come from the system (``system:NAME``); a person opens a case by hand with ``Receive``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from forgeward.respond import fields as f
from forgeward.respond.commands import Command


class Receive(Command, frozen=True, kw_only=True, tag="receive"):
    """Opens a case. ``reported_at`` is the instant of our own receipt, never a ``Date:`` header (mission.md).

    ``receipt`` says that an automatic receipt may go out (``respond.intake`` judges that); it never acknowledges.
    """

    help = "Open a case"
    promises = ("IR-2", "IR-3", "VM-1", "VM-2")

    number: Annotated[str, f.code("Number", "The case's random number", internal=True)] = ""
    title: Annotated[str, f.line("Title", "What it is about, in a few words", "IR-2", needed=True)] = ""
    text: Annotated[str, f.text("Text", "The report or the observation", "IR-2", needed=True)] = ""
    source: Annotated[
        str,
        f.choice(
            "Source",
            "Where it came from",
            "hand",
            "mail",
            "form",
            "api",
            "ams",
            "support",
            "alert",
            "finding",
            "advisory",
            promise="IR-3",
        ),
    ] = "hand"
    kind: Annotated[
        str,
        f.choice(
            "Kind", "An observation, or what is already known", "event", "vulnerability", "incident", promise="IR-1"
        ),
    ] = "event"
    reporter_name: Annotated[str, f.line("Reporter", "The name of who reports from outside", subject="reporter")] = ""
    reporter_address: Annotated[
        str,
        f.line("Reporter's address", "The mail address of who reports from outside", "IR-4", subject="reporter"),
    ] = ""
    reported_at: Annotated[
        datetime | None,
        f.date("Reported at", "When it reached us, if that was earlier; left out: now", "IR-4"),
    ] = None
    disclosure: Annotated[
        datetime | None, f.date("Disclosure", "When the reporter means to publish, if they said so", "VM-10")
    ] = None
    ams_reported_at: Annotated[
        datetime | None,
        f.date("In AMS since", "When Atlassian's ticket was made; left out: as reported", internal=True),
    ] = None
    apps: Annotated[tuple[str, ...], f.codes("Apps", "Registered apps concerned, by key", "S-1")] = ()
    signals: Annotated[tuple[str, ...], f.codes("Signals", "What was noticed, like dkim:pass", internal=True)] = ()
    receipt: Annotated[bool, f.flag("Receipt", "An automatic receipt may go out", internal=True)] = False
    language: Annotated[str, f.code("Language", "What the receipt is written in, like de", internal=True)] = ""


class Join(Command, frozen=True, kw_only=True, tag="join"):
    """A message joins the case. The reporter's own answer ends a pause, since nobody is waited for any more."""

    text: Annotated[str, f.text("Text", "The message", needed=True)] = ""
    subject: Annotated[str, f.line("Subject", "The message's subject")] = ""
    source: Annotated[str, f.choice("Source", "Where it came from", "mail", "form", "api", "hand", "ams")] = "mail"
    from_reporter: Annotated[bool, f.flag("From the reporter", "The reporter wrote it")] = False
    author: Annotated[str, f.code("Author", "The key subject of who else wrote it", internal=True)] = ""
    signals: Annotated[tuple[str, ...], f.codes("Signals", "What was noticed, like dkim:pass", internal=True)] = ()


class Group(Command, frozen=True, kw_only=True, tag="group"):
    """Further mails were kept with the case without changing it: ``count`` so far, said at powers of ten."""

    count: int


class Accepted(Command, frozen=True, kw_only=True, tag="accepted"):
    """The mail server took the notice for these recipients (positions in the notice's list, from 0)."""

    notice: int
    recipients: tuple[int, ...] = (0,)
    word: Annotated[str, f.line("Word", "The server's answer")] = ""


class Bounced(Command, frozen=True, kw_only=True, tag="bounced"):
    """What had been accepted came back for these recipients; an acknowledgement is open again (IR-4)."""

    notice: int
    recipients: tuple[int, ...] = (0,)
    word: Annotated[str, f.line("Word", "What the bounce says")] = ""


class GaveUp(Command, frozen=True, kw_only=True, tag="gave_up"):
    """The outbox tried for long enough; these recipients were not reached."""

    notice: int
    recipients: tuple[int, ...] = (0,)
    word: Annotated[str, f.line("Word", "The last error")] = ""


class Escalate(Command, frozen=True, kw_only=True, tag="escalate"):
    """A reminder went out: ``percent`` of a clock's time is used; ``to`` is the person told, ``path`` as whom (O-1)."""

    promise: str
    regime: str = "policy"
    subject: str = ""
    percent: int = 100
    path: str = "lead"
    to: str = ""


class Absorb(Command, frozen=True, kw_only=True, tag="absorb"):
    """Another case was merged into this one. Made by ``decide`` for a ``Merge``; the instants are the other case's."""

    number: str
    kind: str
    received: datetime
    level: str = ""
    material: bool = False
    confirmed: datetime | None = None
    declared: datetime | None = None


AnySignal: TypeAlias = Receive | Join | Group | Accepted | Bounced | GaveUp | Escalate | Absorb
