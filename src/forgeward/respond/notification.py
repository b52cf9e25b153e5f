"""Mails of Atlassian's own systems: tickets of its Marketplace Security project, notices of its ecosystem.

They are recognised by who sends them and by the ticket's key in the subject. Both are configuration: Atlassian
documents neither, and both have changed before. A further mail about a ticket belongs to the case of the first one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from forgeward.respond.mail import Mail


class Rule(msgspec.Struct, frozen=True):
    """Who sends such mails (``@domain`` with its subdomains, or an address), and what names the ticket."""

    name: str
    senders: tuple[str, ...]
    source: str = "ams"
    key: str = ""


RULES = (
    Rule("ams", ("@atlassian.com", "@atlassian.net", "@atlassian-partner.com"), "ams", r"\bAMS-\d+\b"),
    Rule("ecosystem", ("@atlassian.com", "@atlassian.net"), "advisory", r"\b(?:ECOHELP|DEVHELP)-\d+\b"),
)
"""From third parties' reports, so settings.toml may replace them (``[[notification]]``)."""


class Recognised(msgspec.Struct, frozen=True):
    """A notification: by which rule, which ``Receive.source`` it has, and which ticket it is about (may be empty)."""

    rule: str
    source: str
    ticket: str = ""

    @property
    def topic(self) -> str:
        """What further mails about the same matter have in common; empty where nothing names it."""
        return f"{self.source}:{self.ticket}" if self.ticket else ""


def recognise(mail: Mail, rules: Sequence[Rule] = RULES) -> Recognised | None:
    """The first rule that fits sender and subject, or None."""
    if not mail.sender.address or not mail.one_sender:
        return None
    for rule in rules:
        if not is_from(mail.sender.key, rule.senders):
            continue
        if not rule.key:
            return Recognised(rule.name, rule.source)
        if found := re.search(rule.key, mail.subject[:300]):
            return Recognised(rule.name, rule.source, found[0].upper()[:60])
    return None


def is_from(address: str, senders: Sequence[str]) -> bool:
    """Whether the address is one of these, or of one of these domains (``@example.com``) or their subdomains."""
    address = address.casefold()
    domain = address.rpartition("@")[2]
    for sender in senders:
        wanted = sender.casefold()
        if wanted == address:
            return True
        if wanted.startswith("@") and (domain == wanted[1:] or domain.endswith("." + wanted[1:])):
            return True
    return False
