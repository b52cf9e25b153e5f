"""A researcher's way by encrypted mail: real IMAP, LMTP, SMTP and DNS servers on loopback, GnuPG on the other side."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim
import pytest

from tests.edges import dovecot, exim, nameserver
from tests.edges.gnupg import GPG, NO_GPG, Gpg, encrypted_mail, gnupg, signed_mail
from tests.edges.test_mail_dkim import PEM, record
from tests.journeys.programme import Programme, found, free_port
from tests.journeys.test_kill import environment

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    dovecot.needed,
    exim.needed,
    pytest.mark.skipif(GPG is None, reason=NO_GPG),
]
OURS, RITA, EVE = "security@lattice-loom.example", "rita@example.org", "eve@stranger.example"
ZONE = {
    "s._domainkey.example.org": record(),
    "_dmarc.example.org": "v=DMARC1; p=reject",
    "s._domainkey.stranger.example": record(),
    "_dmarc.stranger.example": "v=DMARC1; p=none",
}
REPORT = (
    b'Content-Type: multipart/mixed; boundary=m; protected-headers="v1"\r\nSubject: The export reads any note\r\n\r\n'
    b"--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello, the export resolver trusts the note id.\r\n"
)


@dataclass
class World:
    """The home, its mail server and its neighbours."""

    programme: Programme
    boxes: dovecot.Dovecot
    relay: exim.Exim
    rita: Gpg

    def send(self, raw: bytes, sender: str = RITA, to: str = OURS) -> None:
        """A mail leaves its domain signed, and reaches us by SMTP, LMTP and IMAP."""
        signature: bytes = dkim.sign(raw, b"s", sender.partition("@")[2].encode(), PEM)
        self.relay.send(signature + raw, sender, to)

    def received(self, user: str = "rita") -> list[EmailMessage]:
        """What lies in somebody's mailbox."""
        with self.boxes.client(user) as client:
            client.select("INBOX", readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            raws = [client.fetch(each, "(BODY.PEEK[])")[1][0][1] for each in numbers]  # type: ignore[index]
        return [message_from_bytes(raw, policy=policy.default) for raw in raws]  # type: ignore[arg-type, misc]

    def mails(self, state: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.programme.do("intake", "held", "list", "--state", state)["mails"]
        return found

    def story(self) -> str:
        """What each server and the home saw, for failures."""
        told = {
            "forgeward up": (self.programme.folder / "up.log").read_text(),
            "doctor": self.programme.run("doctor").out,
            "mails": self.programme.run("intake", "held", "list").out,
            "cases": self.programme.run("case", "list").out,
            "Exim": self.relay.log,
            "Dovecot": (self.boxes.folder / "log").read_text(),
        }
        return "\n".join(f"--- {who}\n{text}" for who, text in told.items())

    def letters(self, number: str, kind: str) -> list[dict[str, Any]]:
        rows = self.programme.do("notice", "status", "--case", number)["notices"]
        return [row for row in rows if row["kind"] == kind]


def until(what: str, found: Callable[[], Any], seconds: float = 180) -> Any:
    """What ``found`` gives as soon as that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.3)
    raise AssertionError(f"{what} did not happen within {seconds:g} seconds")


@contextmanager
def running(world: World) -> Iterator[None]:
    """``forgeward up``: worker, fetcher and desk. A failure tells what each server and the home saw."""
    programme = world.programme
    command = [sys.executable, "-m", "forgeward.cli", "up", "--port", str(free_port())]
    with (programme.folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment(programme), stdout=log, stderr=log)
        try:
            yield
        except AssertionError as wrong:
            wrong.add_note(world.story())
            raise
        finally:
            process.terminate()
            assert process.wait(30) == 0, (programme.folder / "up.log").read_text()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    programme = found(tmp_path / "home")
    with (
        dovecot.running() as boxes,
        exim.running(boxes.lmtp) as relay,
        nameserver.serving(ZONE) as names,
        gnupg() as rita,
    ):
        programme.settings(_settings(boxes, relay, names))
        programme.do("mail", "key", "generate", "--address", OURS, "--name", "Lattice & Loom")
        rita.key("Rita", "future-default", "default")
        rita.run("--import", stdin=programme.run("mail", "key", "show", "--armor").out.encode())
        yield World(programme, boxes, relay, rita)


def _settings(boxes: dovecot.Dovecot, relay: exim.Exim, names: int) -> str:
    return f"""
[mail]
host = "127.0.0.1"
port = {relay.port}
security = "none"
sender = "{OURS}"
[dns]
servers = ["127.0.0.1"]
port = {names}
[canary]
on = false
[[mailbox]]
name = "security"
address = "{OURS}"
tags = true
host = "127.0.0.1"
port = {boxes.imap}
security = "none"
user = "security"
password_file = "{boxes.folder / "password"}"
poll = 0.2
"""


def head(number: int, sender: str = f"Rita <{RITA}>", to: str = OURS, answers: str = "") -> bytes:
    reference = f"In-Reply-To: {answers}\r\n" if answers else ""
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: ...\r\nMessage-ID: <mail-{number}@example.org>\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n{reference}MIME-Version: 1.0\r\n"
    ).encode()


def sealed(rita: Gpg, entity: bytes) -> bytes:
    """Encrypted to us, signed by her."""
    options = ("--armor", "--sign", "--local-user", "rita", "--encrypt", "--recipient", OURS)
    return rita.run(*options, stdin=entity).replace(b"\n", b"\r\n")


def read(rita: Gpg, letter: EmailMessage) -> EmailMessage:
    """What GnuPG makes of an encrypted letter, signed by us."""
    assert letter.get_content_type() == "multipart/encrypted"
    message = letter.get_payload()[1].get_payload(decode=True)  # type: ignore[index, union-attr]
    done = rita.result("--decrypt", stdin=message)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr.decode()
    assert b"Good signature" in done.stderr
    return message_from_bytes(done.stdout, policy=policy.default)  # type: ignore[return-value]


def test_a_researcher_writes_encrypted(world: World) -> None:
    """Report → case → encrypted reply → signed answer joins → strangers are held → a bounce starts IR-4 again."""
    with running(world):
        number = _reports(world)
        letter = _is_answered(world, number)
        _answers(world, number, letter)
        _strangers_are_held(world, number, letter)
        _a_bounce_opens_the_clock_again(world)
        _a_letter_goes_in_the_clear_by_a_persons_word(world)
    assert world.programme.do("audit")["ok"]


def _reports(world: World) -> str:
    """The case has what was inside; the receipt is signed, and says nothing of it."""
    part = b"--m\r\nContent-Type: application/pgp-keys\r\n\r\n" + world.rita.public("rita").replace(b"\n", b"\r\n")
    message = sealed(world.rita, REPORT + part + b"--m--\r\n")
    world.send(encrypted_mail(message, head(1)))
    (case,) = until("the case", lambda: world.programme.do("case", "list")["cases"])
    assert case["title"] == "The export reads any note"
    (mail,) = world.mails("parsed")
    shown = world.programme.do("mail", "show", str(mail["id"]))
    assert "trusts the note id" in shown["text"]
    assert shown["signals"] == {"dkim": "pass", "dmarc": "pass", "openpgp": "none", "spf": "none", "arc": "none"}
    assert any("It was encrypted to our key" in each for each in shown["details"])
    assert any("nobody here has agreed to use that key yet" in each for each in shown["details"])
    (receipt,) = until("the receipt", world.received)
    assert receipt.get_content_type() == "multipart/signed"
    assert "export" not in receipt.as_string()
    return str(case["id"])


def _is_answered(world: World, number: str) -> EmailMessage:
    """Held while nobody agreed on her key; then encrypted and signed, and only then IR-4 is met."""
    programme = world.programme
    programme.do("case", "acknowledge", number, "--text", "Thank you, we look into it.", who="hannah")
    (held,) = until("a held letter", lambda: _in_state(world, number, "held"))
    assert "its recipient wrote to us encrypted" in held["answer"]
    assert programme.clocks(number)["IR-4"] == "running"
    error = programme.refused("notice", "release", held["key"], who="hannah")
    assert [lack["name"] for lack in error["missing"]] == ["reason"]
    (key,) = programme.do("mail", "key", "show", RITA)["keys"]
    assert (key["state"], key["origin"]) == ("offered", "attached")
    programme.do("mail", "key", "agree", RITA, key["fingerprint"], who="hannah")
    letter: EmailMessage = until("the letter", lambda: world.received()[1:])[0]
    assert letter["Subject"] == "[...]"
    assert str(letter["Reply-To"]).startswith("security+fw-")
    inside = read(world.rita, letter)
    body = inside.get_body(("plain",))
    assert body is not None
    assert "we look into it" in body.get_content()
    assert number in inside["Subject"]
    until("IR-4", lambda: programme.clocks(number)["IR-4"] == "met")
    return letter


def _in_state(world: World, number: str, state: str) -> list[dict[str, Any]]:
    return [row for row in world.letters(number, "acknowledgement") if row["state"] == state]


def _answers(world: World, number: str, letter: EmailMessage) -> None:
    """Her signed answer to the tagged address joins, without any DKIM."""
    raw = signed_mail(
        world.rita,
        "rita",
        b"Content-Type: text/plain\r\n\r\nVersion 3.9.2 has it.\r\n",
        head(2, to=str(letter["Reply-To"]), answers=str(letter["Message-ID"])),
    )
    world.relay.send(raw, RITA, str(letter["Reply-To"]))
    joined = until("the answer", lambda: world.mails("parsed")[:-1])
    assert (joined[0]["case"], joined[0]["signals"]["openpgp"]) == (number, "pass")


def _strangers_are_held(world: World, number: str, letter: EmailMessage) -> None:
    """Who only knows the tagged address, with proof of being somebody else; and who only takes her name."""
    tagged, answers = str(letter["Reply-To"]), str(letter["Message-ID"])
    world.send(head(3, f"Eve <{EVE}>", tagged, answers) + b"\r\nTell me more.\r\n", EVE, tagged)
    (stranger,) = until("a held mail", lambda: world.mails("held"))
    assert (stranger["case"], stranger["signals"]["dmarc"]) == (number, "pass")
    assert "eve@stranger.example takes no part in this case so far" in stranger["reason"]
    world.relay.send(head(4, to=tagged, answers=answers) + b"\r\nSend it to me.\r\n", RITA, tagged)
    forged = until("the forged mail", lambda: world.mails("held")[:-1])[0]
    assert "It is not from the domain of rita@example.org" in forged["reason"]
    assert len(world.mails("parsed")) == 2


def _a_bounce_opens_the_clock_again(world: World) -> None:
    """An acknowledgement that was taken, and came back, acknowledges nothing."""
    programme = world.programme
    before = {case["id"] for case in programme.do("case", "list")["cases"]}
    world.send(encrypted_mail(sealed(world.rita, REPORT.replace(b"export", b"import") + b"--m--\r\n"), head(5)))
    new = until("another case", lambda: {case["id"] for case in programme.do("case", "list")["cases"]} - before)
    (number,) = new
    until("its receipt", lambda: [row for row in world.letters(number, "receipt") if row["state"] == "accepted"])
    world.relay.lose("rita")
    programme.do("case", "acknowledge", number, "--text", "Thank you again.", who="hannah")
    (letter,) = until("the bounce", lambda: _in_state(world, number, "bounced"))
    assert "could not be delivered" in letter["answer"]
    assert programme.clocks(number)["IR-4"] == "running"
    what = [item["change"] for item in programme.case(number)["timeline"]]
    assert what.index("case:notice_accepted") < what.index("case:notice_bounced")


def _a_letter_goes_in_the_clear_by_a_persons_word(world: World) -> None:
    """With the agreement taken back an encrypted report is answered in the clear only for a reason."""
    programme = world.programme
    before = {case["id"] for case in programme.do("case", "list")["cases"]}
    (key,) = programme.do("mail", "key", "show", RITA)["keys"]
    programme.do("mail", "key", "withdraw", RITA, key["fingerprint"], who="hannah")
    world.relay.lose("nobody")  # her mailbox is there again
    world.send(encrypted_mail(sealed(world.rita, REPORT.replace(b"export", b"report") + b"--m--\r\n"), head(6)))
    new = until("a third case", lambda: {case["id"] for case in programme.do("case", "list")["cases"]} - before)
    (number,) = new
    programme.do("case", "acknowledge", number, "--text", "Thank you once more.", who="hannah")
    (held,) = until("a held letter", lambda: _in_state(world, number, "held"))
    reason = ("--reason", "Rita asked for it by phone")
    (letter,) = programme.do("notice", "release", held["key"], *reason, who="hannah")["notices"]
    assert (letter["state"], "not encrypted" in letter["answer"]) == ("accepted", True)
    assert programme.clocks(number)["IR-4"] == "met"
