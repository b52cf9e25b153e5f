"""What settings.toml says about incoming mail is taken whole or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from forgeward.edges.home import Home
from forgeward.errors import BadInput

FULL = """
[[mailbox]]
name = "security"
address = "security@example.com"
aliases = ["abuse@example.com"]
host = "imap.example.com"
user = "security"
password_file = "/etc/forgeward/imap"
tags = true
forwarders = ["@example.com", "list@example.org"]

[[mailbox]]
name = "radar"
purpose = "app"
app = "field-radar"
maildir = "/var/mail/radar"

[listener]
lmtp = "/run/forgeward/lmtp"
smtp = "[::1]:2525"

[intake]
cases_of_sender = 3

[canary]
minutes = 30

[[notification]]
name = "tracker"
senders = ["@tracker.example"]
key = "SEC-[0-9]+"
"""


def home(folder: Path, text: str) -> Home:
    here = Home(folder / "home")
    here.create()
    here.settings_file.write_text(text)
    return here


def test_everything_has_its_place(tmp_path: Path) -> None:
    """Every table is read; what is left out has a default."""
    found = home(tmp_path, FULL).settings
    security, radar = found.mailbox
    assert (security.purpose, security.port, security.polled) == ("security", 993, True)
    assert security.addresses == ("security@example.com", "abuse@example.com")
    assert (radar.app, radar.addresses, radar.polled) == ("field-radar", (), True)
    assert found.listener.is_set
    assert found.intake.limits.cases_of_sender == 3
    assert found.canary.minutes == 30
    assert found.notification[0].source == "ams"


def test_without_a_file_nothing_comes_in(tmp_path: Path) -> None:
    """No mailbox, no listener; the limits stand."""
    here = Home(tmp_path / "home")
    here.create()
    found = here.settings
    assert (found.mailbox, found.listener.is_set) == ((), False)
    assert found.intake.proof_needed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[mailbox]]\nname = "Security"\naddress = "s@example.com"', "no name"),
        ('[[mailbox]]\nname = "s"', "no host, no maildir and no address"),
        ('[[mailbox]]\nname = "s"\nhost = "h"', "no user"),
        ('[[mailbox]]\nname = "s"\nhost = "h"\nuser = "u"\nmaildir = "/m"', "a host and a maildir"),
        ('[[mailbox]]\nname = "s"\nmaildir = "m"', "path from the root"),
        ('[[mailbox]]\nname = "s"\naddress = "nobody"', "no address"),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\nforwarders = ["x"]', "no address"),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\napp = "Field Radar"', "app"),
        ('[[mailbox]]\nname = "s"\nhost = "h"\nuser = "u"\ntags = true', "tag its address"),
        ('[[mailbox]]\nname = "s"\nhost = "h"\nuser = "u"\nsecurity = "starttls"', "STARTTLS on port 993"),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\n' * 2, "2 mailboxes are named"),
        (
            '[[mailbox]]\nname = "a"\naddress = "s@example.com"\n[[mailbox]]\nname = "b"\naliases = ["S@example.com"]',
            "address of 2 mailboxes",
        ),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\npurpose = "sales"', "purpose"),
        ('[[mailbox]]\nname = "s"\nhost = "h"\nuser = "u"\nport = 70000', "port"),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\npassword = "x"', "password"),
        ('[listener]\nlmtp = "127.0.0.1:24"', "no mailbox has an address"),
        ('[[mailbox]]\nname = "s"\naddress = "s@example.com"\n[listener]\nsmtp = "here"', "no place to listen"),
        (
            '[[mailbox]]\nname = "s"\naddress = "s@example.com"\n[listener]\nsmtp = "h:25"\nkey = "/k"',
            "belong together",
        ),
        ('[[notification]]\nname = "x"\nsenders = ["@a.example"]\nkey = "("', "no pattern"),
        ('[[notification]]\nname = "X Y"\nsenders = ["@a.example"]', "no name"),
        ("[canary]\nminutes = 90", "minutes"),
        ("[intake]\ncases_of_sender = 0", "cases_of_sender"),
        ("[mailbox]\nname = 'x'", "mailbox"),
    ],
)
def test_what_cannot_work_says_why(tmp_path: Path, text: str, words: str) -> None:
    """With the file, what is wrong, and what to do."""
    with pytest.raises(BadInput, match=r"settings\.toml") as problem:
        home(tmp_path, text).settings  # noqa: B018
    assert words in f"{problem.value} {problem.value.next}"
    assert problem.value.next
