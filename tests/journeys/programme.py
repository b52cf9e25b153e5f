"""A home as its people use it: the real command in sub-processes, a real mail server on loopback."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TIMEOUT = 60
PEOPLE = {
    "tomasz": ("Tomasz Bielak", "engineering"),
    "priya": ("Priya Raman", "engineering"),
    "hannah": ("Hannah Lindqvist", "support"),
    "dele": ("Dele Adeyemi", "leadership"),
}
MACHINE = Path(__file__).parent / "machine"
LEAD = "ines@lattice-loom.example"


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Programme:
    """One home, and the command that works on it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, who: str = "", stdin: bytes = b"") -> Answer:
        """Runs ``forgeward WORDS`` on the home, as ``who`` (a first name) where given."""
        acting = ["--as", address(who)] if who else []
        done = subprocess.run(
            [sys.executable, "-m", "forgeward.cli", "--home", str(self.folder), *acting, *words],
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            env={**os.environ, **self.environment},
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def do(self, *words: str, who: str = "", stdin: bytes = b"") -> Any:
        """``run`` with --json that must succeed; returns what it printed."""
        answer = self.run(*words, "--json", who=who, stdin=stdin)
        assert answer.code == 0, f"{words}: {answer.code}\n{answer.out}\n{answer.err}"
        return answer.json

    def refused(self, *words: str, who: str = "") -> dict[str, Any]:
        """``run`` with --json that the house refuses (exit 1); returns the error."""
        answer = self.run(*words, "--json", who=who)
        assert answer.code == 1, f"{words}: {answer.code}\n{answer.out}\n{answer.err}"
        error: dict[str, Any] = answer.json["error"]
        return error

    def refusal(self, *words: str, code: str, exit: int = 2, who: str = "", stdin: bytes = b"") -> dict[str, Any]:
        """``run`` that must end with ``exit``, as JSON and in words; returns the error.

        It has the code, says what is the matter and what to do, for people as well, and shows no traceback.
        """
        answer = self.run(*words, "--json", who=who, stdin=stdin)
        assert answer.code == exit, f"{words}: {answer.code}\n{answer.out}\n{answer.err}"
        assert set(answer.json) == {"error"}, answer.out
        error: dict[str, Any] = answer.json["error"]
        assert error["code"] == code, error
        assert error["message"].strip(), error
        assert error["next"].strip(), error
        spoken = self.run(*words, who=who, stdin=stdin)
        assert (spoken.code, spoken.out) == (exit, ""), f"{words}: {spoken.code}\n{spoken.out}\n{spoken.err}"
        assert error["message"].splitlines()[0][:40] in spoken.err, spoken.err
        assert "Traceback" not in answer.err + spoken.err
        return error

    @contextmanager
    def at(self, instant: str) -> Iterator[None]:
        """For a while, the machine's clock stands at ``instant`` (RFC 3339), for every command and process."""
        before = dict(self.environment)
        path = os.pathsep.join(filter(None, [str(MACHINE), os.environ.get("PYTHONPATH", "")]))
        self.environment |= {"FORGEWARD_TEST_CLOCK": instant, "PYTHONPATH": path}
        try:
            yield
        finally:
            self.environment = before

    def settings(self, text: str) -> None:
        (self.folder / "settings.toml").write_text(text)

    def case(self, number: str) -> Any:
        return self.do("case", "show", number)

    def rows(self, statement: str) -> list[Any]:
        """What the home's database answers, whichever it is."""
        if url := self.environment.get("FORGEWARD_DATABASE_URL"):
            import psycopg

            with psycopg.connect(url) as connection:
                return connection.execute(statement).fetchall()
        with closing(sqlite3.connect(self.folder / "forgeward.sqlite3", timeout=20)) as db:
            return db.execute(statement).fetchall()

    def clocks(self, number: str) -> dict[str, str]:
        """The state of each clock of the policy by promise; a promise with two clocks shows the later one."""
        return {c["promise"]: c["state"] for c in self.case(number)["clocks"] if c["regime"] == "policy"}


def address(who: str) -> str:
    return LEAD if who == "ines" else f"{who}@lattice-loom.example"


def found(folder: Path, *, team: bool = True) -> Programme:
    """A fresh home with the default policy, and the whole team where four eyes are asked for."""
    programme = Programme(folder, environment=own_database())
    programme.do("init", "--vendor", "Lattice & Loom", "--lead", "Ines Okafor", "--email", LEAD)
    for key, (name, role) in PEOPLE.items() if team else ():
        programme.do("people", "add", name, address(key), "--role", role)
    return programme


def own_database() -> dict[str, str]:
    """The environment of a home that keeps its data on ``FORGEWARD_TEST_DATABASE``, in a database of its own."""
    server = os.environ.get("FORGEWARD_TEST_DATABASE")
    if not server:
        return {}
    import psycopg

    name = f"home_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # a name of our own
    return {"FORGEWARD_DATABASE_URL": server.replace("/postgres?", f"/{name}?")}


class Sink:
    """Keeps what it accepts. ``refuse`` makes it say no to an address, for good or for now."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, recipient: str, options: list[str]
    ) -> str:
        if recipient in self.refuse:
            return self.refuse[recipient]
        envelope.rcpt_tos.append(recipient)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content or b"", policy=policy.default)
        self.mails += [(recipient, message) for recipient in envelope.rcpt_tos]
        return f"250 Taken as number {len(self.mails)}"

    def to(self, recipient: str) -> list[EmailMessage]:
        return [message for address, message in self.mails if address == recipient]

    def awaited(self, recipient: str, words: str) -> EmailMessage:
        """The first mail to ``recipient`` with ``words`` in its text; waits for the worker to send it."""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            for message in self.to(recipient):
                if words in text_of(message):
                    return message
            time.sleep(0.1)
        raise AssertionError(f"no mail to {recipient} says “{words}”: {[m['Subject'] for m in self.to(recipient)]}")


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail, on one line and with single spaces; its attachments are left out."""
    body = message.get_body(("plain",))
    assert body is not None, f"“{message['Subject']}” has no text"
    return " ".join(str(body.get_content()).split())


@contextmanager
def mail_server() -> Iterator[tuple[Sink, int]]:
    """A real SMTP server on a free port of loopback."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield sink, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def mail_settings(port: int) -> str:
    return f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "security@lattice-loom.example"\n'


OFFLINE = "[dns]\noff = true\n"  # a journey asks no name server of this machine


REPORT = b"""\
Received: from mx.research.example by mx.lattice-loom.example; Wed, 18 Nov 2026 16:42:03 +0000
From: Noor Haddad <noor@research.example>
To: security@lattice-loom.example
Subject: Export reads any note by its id
Message-ID: <first-report@research.example>
Date: Wed, 18 Nov 2020 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8

Hello, the export resolver of Field Notes takes a note id from the payload
and reads it with asApp(). Steps are attached. Kind regards, Noor

--cut
Content-Type: text/plain; name="steps.txt"
Content-Disposition: attachment; filename="steps.txt"

1. Sign in as a user without access. 2. Call export with another id.
--cut--
"""
