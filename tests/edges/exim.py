"""Debian's Exim on loopback: a real SMTP server that relays to Dovecot's LMTP, and writes bounces as servers do."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.edges.smtp import free_port

PROGRAM = shutil.which("exim4") or ("/usr/sbin/exim4" if Path("/usr/sbin/exim4").exists() else "")
needed = pytest.mark.skipif(
    not PROGRAM, reason="Exim is not installed (Debian: exim4-daemon-light); script/test installs it"
)


@dataclass
class Exim:
    """The running server. It takes mail for everybody and hands it to the LMTP server."""

    folder: Path
    port: int
    lmtp: int

    def send(self, raw: bytes, sender: str, recipient: str) -> None:
        """Hands a mail over as another mail server would."""
        with smtplib.SMTP("127.0.0.1", self.port, "mx.research.example", timeout=20) as client:
            client.sendmail(sender, [recipient], raw)

    def lose(self, local_part: str) -> None:
        """From now on nobody has this local part: what is taken for it bounces."""
        _readable(self.folder / "gone", f"{local_part}: :fail: 550 5.1.1 nobody of this name is here\n")

    @property
    def log(self) -> str:
        """What it says of itself, for failures."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("log-*")))


@contextlib.contextmanager
def running(lmtp: int) -> Iterator[Exim]:
    """A server that keeps everything in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="forgeward-exim-"))
    server = Exim(folder, free_port(), lmtp)
    folder.chmod(0o755)
    _readable(folder / "gone", "")
    user, group = _owner()
    (folder / "spool").mkdir()
    if os.getuid() == 0:
        for each in (folder, folder / "spool"):
            shutil.chown(each, user, group)
    config = folder / "exim.conf"
    _readable(config, _config(server, user, group))
    command = [PROGRAM, "-C", str(config), "-bdf", "-q2s"]
    with (folder / "log-start").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _readable(file: Path, text: str) -> None:
    """Root writes what Debian's user must read, whatever the umask says."""
    file.write_text(text)
    file.chmod(0o644)


def _owner() -> tuple[str, str]:
    """Root hands its work to Debian's user for it; anybody else does it themselves."""
    if os.getuid() == 0 and any(each.pw_name == "Debian-exim" for each in pwd.getpwall()):
        return "Debian-exim", "Debian-exim"
    return getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


def _await(server: Exim, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", server.port, timeout=2):
            return
        assert process.poll() is None, server.log
        time.sleep(0.05)
    raise AssertionError(f"Exim did not start: {server.log}")


def _config(server: Exim, user: str, group: str) -> str:
    folder = server.folder
    return f"""
primary_hostname = mx.lattice-loom.example
exim_user = {user}
exim_group = {group}
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
pid_file_path = {folder}/pid
daemon_smtp_ports = {server.port}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
rfc1413_hosts =
deliver_drop_privilege = true
never_users =
keep_environment =
smtp_accept_max_per_host = 50
bounce_return_body = true
dkim_verify_signers =
acl_smtp_rcpt = acl_take

begin acl
acl_take:
  accept

begin routers
gone:
  driver = redirect
  data = ${{lookup{{$local_part}}lsearch{{{folder}/gone}}}}
  allow_fail
everybody:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = box

begin transports
box:
  driver = smtp
  protocol = lmtp
  port = {server.lmtp}
  allow_localhost
  hosts_avoid_tls = *

begin retry
* * F,1m,2s
"""
