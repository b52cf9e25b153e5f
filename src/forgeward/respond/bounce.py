"""What a mail server says about a mail of ours that it could not deliver (RFC 3464), and which mail it means.

    a report's fields ─ read_status ─▶ Undelivered(recipient, action, status, words) for each recipient
    the returned mail ─ returned_ids ─▶ Message-IDs; the desk knows which of them are ours

A Message-ID of ours is keyed and told to nobody but its recipient, so whoever names one has had our mail in hands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from forgeward.respond.mail import Address, Mail, Undelivered, one_line

_GROUPS_LIMIT = 100
_IDS_LIMIT = 20
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)")
_MESSAGE_ID = re.compile(r"(?im)^(?:original-)?message-id[ \t]*:[ \t\r\n]*(<[!-;=?-~]{1,250}>)")
_ANY_ID = re.compile(r"<[!-;=?-~]{1,190}@[!-;=?-~]{1,60}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_DAEMONS = re.compile(r"(?:mailer-daemon|postmaster)(?:[+=._-].*)?", re.IGNORECASE)


def read_status(text: str) -> tuple[Undelivered, ...]:
    """The recipients of a message/delivery-status part (RFC 3464, 2.3), at most a hundred. Lenient about all else."""
    found = []
    for fields in _groups(text):
        recipient = fields.get("final-recipient") or fields.get("original-recipient")
        action = fields.get("action", "").split(" ")[0].lower()
        if not recipient or action not in _ACTIONS:
            continue
        status = _STATUS.search(fields.get("status", ""))
        words = fields.get("diagnostic-code", "").partition(";")
        found.append(
            Undelivered(
                recipient=one_line(recipient.partition(";")[2] or recipient, 320).strip("<> ").lower(),
                action=action,  # type: ignore[arg-type]  # one of the literals by now
                status=status[0] if status else "",
                words=one_line(words[2] or words[0], 300),
            )
        )
    return tuple(found)


def _groups(text: str) -> Iterator[dict[str, str]]:
    """The groups of fields that blank lines part; names in small letters, folded lines joined."""
    for number, group in enumerate(re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))):
        if number > _GROUPS_LIMIT:
            return
        fields: dict[str, str] = {}
        name = ""
        for line in group.split("\n"):
            if line[:1] in {" ", "\t"} and name:
                fields[name] += " " + line.strip()
            elif found := _FIELD.match(line):
                name = found[1].lower()
                fields.setdefault(name, found[2].strip())
        yield fields


def returned_ids(texts: Iterable[str], *, anywhere: bool = False) -> tuple[str, ...]:
    """Message-IDs that name the returned mail, from its header lines; ``anywhere``: any that the texts hold."""
    pattern = _ANY_ID if anywhere else _MESSAGE_ID
    found = (each for text in texts for each in pattern.findall(text))
    return tuple(dict.fromkeys(found))[:_IDS_LIMIT]


def speaks_of_delivery(mail: Mail) -> bool:
    """Whether a mail server reports on a mail: RFC 3464's report, or a daemon's letter from before it.

    An empty return path alone is not enough: out-of-office notes have one too (RFC 3834, 3.3).
    """
    return mail.automatic.report_type == "delivery-status" or bool(mail.undelivered) or by_daemon(mail.sender)


def failure(mail: Mail) -> str | None:
    """What a bounce says in one line; None where it reports no failure (a delay, a success)."""
    if mail.undelivered:
        failed = next((each for each in mail.undelivered if each.action == "failed"), None)
        if failed is None:
            return None
        said = failed.words or "The mail could not be delivered."
        return one_line(said if failed.status in said else f"{failed.status} {said}", 300)
    return (one_line(mail.subject, 300) or "The mail came back.") if speaks_of_delivery(mail) else None


def by_daemon(sender: Address) -> bool:
    """Whether a mail server itself signs as the sender: MAILER-DAEMON, postmaster."""
    return _DAEMONS.fullmatch(sender.address.rpartition("@")[0]) is not None
