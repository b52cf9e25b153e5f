"""Debian's Dovecot on loopback: a real IMAP and LMTP server with its own configuration in a folder of the test."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

import pytest

from forgeward.edges.mail_settings import Mailbox
from tests.edges.smtp import free_port

PROGRAM = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else "")
PASSWORD = "a-pass-word"
MAIL_USER = "mail"
needed = pytest.mark.skipif(
    not PROGRAM, reason="Dovecot is not installed (Debian: dovecot-imapd dovecot-lmtpd); script/test installs it"
)


@dataclass
class Dovecot:
    """The running server. Everybody in it has the same password."""

    folder: Path
    imap: int
    lmtp: int
    process: subprocess.Popen[bytes] | None = None

    def box(self, user: str = "security", **changed: object) -> Mailbox:
        """Settings of a user's mailbox."""
        fields: dict[str, object] = {
            "name": user,
            "address": f"{user}@lattice-loom.example",
            "host": "127.0.0.1",
            "port": self.imap,
            "security": "none",
            "user": user,
            "password_file": str(self.folder / "password"),
            "timeout": 5,
            "poll": 0.2,
        }
        return Mailbox(**(fields | changed))  # type: ignore[arg-type]

    @contextlib.contextmanager
    def client(self, user: str = "security") -> Iterator[IMAP4]:
        """A person's mail program."""
        client = IMAP4("127.0.0.1", self.imap, timeout=10)
        client.login(user, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, user: str = "security", date: str | None = None) -> None:
        """Puts mails into the user's INBOX; ``date`` is their INTERNALDATE."""
        with self.client(user) as client:
            for mail in mails:
                assert client.append("INBOX", "", f'"{date}"' if date else "", mail)[0] == "OK"

    def count(self, folder: str = "INBOX", user: str = "security") -> int:
        """How many mails lie in a folder; 0 where there is none."""
        with self.client(user) as client:
            status, answer = client.select(f'"{folder}"', readonly=True)
            return int(answer[0] or 0) if status == "OK" else 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")],
            stderr=subprocess.STDOUT,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.imap), 1) as probe:
                if probe.recv(4) == b"* OK":
                    return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError(f"Dovecot did not start: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    """A server that keeps everything in a folder of its own, where its mail user may go."""
    folder = Path(tempfile.mkdtemp(prefix="forgeward-dovecot-"))
    try:
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        if os.getuid() == 0:
            shutil.chown(folder / "mail", MAIL_USER, MAIL_USER)
        server = Dovecot(folder, free_port(), free_port())
        (folder / "password").write_text(PASSWORD + "\n")
        (folder / "dovecot.conf").write_text(_config(server))
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _config(server: Dovecot) -> str:
    # Root starts its helpers as Debian's own users, and keeps mail as one of them, since Dovecot refuses to as root;
    # anybody else runs everything as themselves.
    root = os.getuid() == 0
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    helpers = f"default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n"
    uid, gid = (pwd.getpwnam(MAIL_USER).pw_uid, grp.getgrnam(MAIL_USER).gr_gid) if root else (os.getuid(), os.getgid())
    folder = server.folder
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
{"" if root else helpers}
mail_location = maildir:{folder}/mail/%n/Maildir
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {server.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {server.lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
recipient_delimiter = +
protocol lmtp {{
  auth_username_format = %n
}}
"""
