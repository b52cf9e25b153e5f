"""A post office for the desk's tests: mails in, letters out, both at instants that the test names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from django.conf import settings
from msgspec import structs

from forgeward.desk import proofs
from forgeward.desk.actions import intake, outbox, stored
from forgeward.desk.actions.filing import Taken
from forgeward.desk.models import NoticeRow, RawMail
from forgeward.edges.home import Home
from forgeward.edges.mail_out import Delivery, Outgoing
from forgeward.edges.mail_parser import ParserPool
from forgeward.respond.mail import Mail, Signals, Verdict
from forgeward.respond.spf import Envelope
from tests.desk.web.house import NOW

SETTINGS = """
[mail]
host = "mx.example.com"
sender = "security@lattice-loom.example"

[[mailbox]]
name = "security"
address = "security@lattice-loom.example"

[[mailbox]]
name = "help"
address = "help@lattice-loom.example"
purpose = "support"

[[mailbox]]
name = "privacy"
address = "privacy@lattice-loom.example"
purpose = "privacy"

[[mailbox]]
name = "radar"
address = "radar@lattice-loom.example"
purpose = "app"
app = "field-radar"
"""

_pool: list[ParserPool] = []


def pool() -> ParserPool:
    """One pool for all tests: children take half a second to start."""
    if not _pool:
        _pool.append(ParserPool())
    return _pool[0]


@dataclass
class Office:
    """``now`` is the clock; letters that went out are in ``sent``; ``refuses`` and ``fails`` name addresses."""

    home: Home
    now: datetime = NOW
    sent: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    proven: bool = True
    dmarc: Verdict = "none"  # unless it is proven

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **length: float) -> None:
        self.now += timedelta(**length)

    def send(self, mail: Outgoing) -> Delivery:
        """A mail server that takes what it is given."""
        if mail.to in self.refuses:
            return Delivery("refused", 550, self.refuses[mail.to])
        self.sent.append(message_from_bytes(mail.raw, policy=policy.default))
        return Delivery("accepted", 250, f"250 taken as {len(self.sent)}")

    def deliver(self) -> list[EmailMessage]:
        """Sends what waits; returns what went out."""
        before = len(self.sent)
        outbox.deliver(self.home, self.clock, transport=self)
        return self.sent[before:]

    def signed(self, raw: bytes, mail: Mail, received: datetime, envelope: Envelope | None = None) -> Mail:
        """Stands for the DNS: what DMARC says is what the office says."""
        verdict = "pass" if self.proven else self.dmarc
        return structs.replace(mail, signals=Signals(dmarc=verdict, details=(f"DMARC says: {verdict}.",)))

    def store(self, raw: bytes, box: str = "security", **way: object) -> RawMail:
        return stored.store(self.home, stored.Incoming(raw, f"test:{box}", self.now, box, way))

    def take(self, *raws: bytes, box: str = "security", **way: object) -> list[Taken]:
        """Mails arrive at a mailbox and are read."""
        rows = [self.store(raw, box, **way) for raw in raws]
        return list(intake.read(self.home, rows, pool(), self.clock))

    def one(self, raw: bytes, box: str = "security", **way: object) -> Taken:
        (taken,) = self.take(raw, box=box, **way)
        return taken


@contextmanager
def office(monkeypatch: object, text: str = SETTINGS) -> Iterator[Office]:
    """The test's home with mailboxes; what DMARC says is what the office says."""
    home: Home = settings.HOME
    home.settings_file.write_text(text)
    here = Office(home)

    monkeypatch.setattr(proofs, "authenticator", lambda *_: here)  # type: ignore[attr-defined]
    try:
        yield here
    finally:
        home.settings_file.unlink()
        for folder in (home.raw, home.files):
            for file in folder.iterdir():
                file.unlink()


def report(number: int = 1, sender: str = "Rita <rita@example.org>", **fields: object) -> bytes:
    """A report by mail; ``body`` and ``subject`` may be given, other names are header fields."""
    body = str(fields.pop("body", f"The export of Field Notes reads any note, case {number}."))
    head = {
        "From": sender,
        "To": "security@lattice-loom.example",
        "Subject": fields.pop("subject", f"Export reads any note {number}"),
        "Message-ID": f"<report-{number}@example.org>",
        "Date": "Mon, 23 Nov 2020 10:20:00 +0000",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
    return f"{lines}\r\n{body}\r\n".encode()


def answer(letter: EmailMessage, number: int = 2, sender: str = "Rita <rita@example.org>", **fields: object) -> bytes:
    """An answer to one of our letters."""
    return report(number, sender, **({"In_Reply_To": letter["Message-ID"], "Subject": "Re: it"} | fields))


def bounce(letter: EmailMessage, action: str = "failed", words: str = "smtp; 550 5.1.1 nobody here") -> bytes:
    """What a mail server writes when it could not deliver one of our letters (RFC 3464)."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\nTo: security@lattice-loom.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; rita@example.org\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: {words}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{letter.as_string()}\r\n--b--\r\n"
    ).encode()


def letters(kind: str) -> list[NoticeRow]:
    return list(NoticeRow.objects.filter(kind=kind).order_by("pk"))


def without_mail_server() -> str:
    return SETTINGS.replace('host = "mx.example.com"\n', "")
