"""What settings.toml says about incoming mail: mailboxes, the listener, limits, whose notifications are known.

Unknown keys are errors. What a single struct cannot see (two mailboxes of one name, a listener that nobody may write
to) is checked by `check`, with a sentence that names the table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from forgeward.errors import BadInput
from forgeward.respond.notification import RULES, Rule
from forgeward.respond.storm import Limits

Purpose: TypeAlias = Literal["security", "privacy", "support", "app"]
Security: TypeAlias = Literal["starttls", "tls", "none"]
Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535)]

MEGABYTE = 2**20
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_APP = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Mailbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[mailbox]]``: an address that is published, and how its mail reaches us.

    By IMAP where ``host`` is set, from a folder where ``maildir`` is; by the listener always, where that runs.
    ``handled`` is the IMAP folder that taken mails are moved to, ``poll`` the seconds between two looks. With ``tags``
    our replies ask for answers at ``address+TAG``, which the mail server must deliver here too. ``forwarders``
    (addresses, or ``@domain``) are believed when they forward a mail: its original sender is the reporter then.
    ``sender`` is the From of replies, where it differs from ``mail.sender``; ``language`` what replies begin in.
    """

    name: str
    address: str = ""
    purpose: Purpose = "security"
    aliases: tuple[str, ...] = ()
    app: str = ""
    host: str = ""
    port: Port = 993
    security: Security = "tls"
    user: str = ""
    password_file: str = ""
    ca_file: str = ""
    folder: str = "INBOX"
    handled: str = "Forgeward"
    poll: Annotated[float, Meta(ge=0.2, le=3600)] = 20
    timeout: Annotated[float, Meta(ge=0.2, le=600)] = 30
    maildir: str = ""
    tags: bool = False
    forwarders: tuple[str, ...] = ()
    sender: str = ""
    language: Annotated[str, Meta(pattern="^([a-z]{2,3})?$")] = ""

    @property
    def polled(self) -> bool:
        """Whether somebody has to go and look for its mail."""
        return bool(self.host or self.maildir)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of it, the published one first, in small letters."""
        return tuple(dict.fromkeys(each.lower() for each in (self.address, *self.aliases) if each))


class Listener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[listener]``: ``lmtp`` is ``HOST:PORT`` or a path (a socket for the mail server beside us), ``smtp`` HOST:PORT.

    ``size`` is the largest mail in bytes, ``connections`` how many may be open at once, ``idle`` seconds of silence
    after which one is closed. With ``certificate`` and ``key`` SMTP offers STARTTLS.
    """

    lmtp: str = ""
    smtp: str = ""
    size: Annotated[int, Meta(ge=64 * 1024, le=256 * MEGABYTE)] = 50 * MEGABYTE
    connections: Annotated[int, Meta(ge=1, le=1000)] = 20
    idle: Annotated[float, Meta(ge=1, le=3600)] = 60
    certificate: str = ""
    key: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.lmtp or self.smtp)


class Canary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[canary]``: a test mail to each mailbox every ``every_hours``; it has ``minutes`` to arrive, else we alarm."""

    on: bool = True
    every_hours: Annotated[float, Meta(gt=0, le=48)] = 24
    minutes: Annotated[float, Meta(gt=0, le=60)] = 45


class Dns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[dns]``: who is asked for DKIM, SPF and DMARC. ``servers`` are addresses; without them the machine's own.

    ``timeout`` is in seconds, for each look-up. ``off``: nothing is asked, so nothing is ever proven.
    """

    servers: tuple[str, ...] = ()
    port: Port = 53
    timeout: Annotated[float, Meta(ge=0.1, le=30)] = 4
    off: bool = False


class OpenPgp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[openpgp]``: ``wkd`` permits to ask senders' domains for their keys, which tells them that we do."""

    wkd: bool = False


class Intake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[intake]``: how much is too much. ``proof_needed``: an answer joins its case only by DMARC or OpenPGP.

    ``own_servers`` are the names of our mail servers behind “by” in Received lines: who handed a fetched mail to them
    is then known, and SPF can be asked.
    """

    receipts_to_sender: Annotated[int, Meta(ge=0)] = 3
    receipts_in_total: Annotated[int, Meta(ge=0)] = 100
    cases_of_sender: Annotated[int, Meta(ge=1)] = 20
    cases_of_content: Annotated[int, Meta(ge=1)] = 5
    answers_of_sender: Annotated[int, Meta(ge=1)] = 50
    proof_needed: bool = True
    own_servers: tuple[str, ...] = ()

    @property
    def limits(self) -> Limits:
        """What `respond.storm` asks for."""
        return Limits(self.cases_of_sender, self.cases_of_content, self.answers_of_sender)


class Notification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[notification]]``: mails of these ``senders`` (``@domain`` or address) whose subject fits ``key``.

    The part of the subject that ``key`` (a regular expression) matches names the ticket; without ``key`` each mail is
    its own matter. ``source`` is ``ams`` (the Marketplace's clock runs) or ``advisory``.
    """

    name: str
    senders: tuple[str, ...]
    source: Literal["ams", "advisory"] = "ams"
    key: str = ""


def rules(settings: Sequence[Notification]) -> tuple[Rule, ...]:
    """The notifications that are known: those of the settings, or the built-in ones where there are none."""
    return tuple(Rule(each.name, each.senders, each.source, each.key) for each in settings) or RULES


def check(mailboxes: Sequence[Mailbox], listener: Listener, notifications: Sequence[Notification]) -> None:
    """Raises ``BadInput`` for the first thing that cannot work, with a sentence."""
    for problem, then in _problems(mailboxes, listener, notifications):
        raise BadInput(problem, next=then)


def _problems(
    mailboxes: Sequence[Mailbox], listener: Listener, notifications: Sequence[Notification]
) -> Iterator[tuple[str, str]]:
    for box in mailboxes:
        yield from _box_problems(box)
    for name, count in Counter(box.name for box in mailboxes).items():
        if count > 1:
            yield f"{count} mailboxes are named “{name}”.", "Give each a name of its own."
    for address, count in Counter(each for box in mailboxes for each in box.addresses).items():
        if count > 1:
            yield f"{address} is the address of {count} mailboxes.", "Name it in one of them."
    if listener.is_set and not any(box.addresses for box in mailboxes):
        yield "The listener would refuse every mail: no mailbox has an address.", "Add a [[mailbox]] with an address."
    for place in filter(None, (listener.smtp, "" if listener.lmtp.startswith("/") else listener.lmtp)):
        if not place.rpartition(":")[2].isdecimal():
            yield f"“{place}” is no place to listen at.", "Write HOST:PORT, like 127.0.0.1:8724."
    if bool(listener.certificate) != bool(listener.key):
        yield "listener.certificate and listener.key belong together.", "Set both, or none."
    for rule in notifications:
        if not _NAME.fullmatch(rule.name):
            yield f"“{rule.name}” is no name for a notification.", "Use small letters, digits and dashes, like ams."
        try:
            re.compile(rule.key)
        except re.error as error:
            yield f"The key of the notification “{rule.name}” is no pattern: {error}.", "Mend the regular expression."


def _box_problems(box: Mailbox) -> Iterator[tuple[str, str]]:
    what = f"The mailbox “{box.name}”"
    if not _NAME.fullmatch(box.name):
        yield f"“{box.name}” is no name for a mailbox.", "Use small letters, digits and dashes, like security-eu."
    for address in (box.address, *box.aliases, box.sender):
        if address and not _ADDRESS.fullmatch(address):
            yield f"{what} names “{address}”, which is no address.", "Write it like security@example.com."
    for address in box.forwarders:
        if not _ADDRESS.fullmatch("x" + address if address.startswith("@") else address):
            yield f"{what} names the forwarder “{address}”, which is no address.", "Write an address, or @domain."
    if box.app and not _APP.fullmatch(box.app):
        yield f"{what} names the app “{box.app}”, which is no app's key.", "Write it like field-radar."
    if box.host and box.maildir:
        yield f"{what} has a host and a maildir.", "Make two mailboxes of it."
    if not (box.polled or box.addresses):
        yield f"{what} has no host, no maildir and no address.", "Say how its mail comes in."
    if box.host and box.security == "starttls" and box.port == 993:
        yield f"{what} asks for STARTTLS on port 993.", "Set port to 143, or security to tls."
    if box.host and not box.user:
        yield f"{what} has a host but no user.", "Set user and password_file."
    if box.tags and not box.address:
        yield f"{what} shall tag its address but has none.", "Set its address."
    if box.maildir and not Path(box.maildir).is_absolute():
        yield f"{what} names the folder “{box.maildir}”.", "Write its path from the root on."
