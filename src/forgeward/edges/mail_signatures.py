"""What the guarded child does about DKIM and ARC: names the keys that it needs, and checks once it has them."""

from __future__ import annotations

import re

import msgspec

from forgeward.edges import mail_arc, mail_dkim
from forgeward.edges.mail_dkim import Message
from forgeward.respond.authenticity import Checked
from forgeward.respond.dns import Answer
from forgeward.respond.mail import one_line

_RECEIVED = 5  # Received lines from the top that may be our own servers'
_LINE = 2_000


class Asked(msgspec.Struct, frozen=True):
    """What the header says that must be looked up: key names, and who says to have handed the mail over."""

    names: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    return_path: str = ""


class Signed(msgspec.Struct, frozen=True):
    """A mail with what the DNS says of the names that it asked for; ``at`` is its receipt in epoch seconds."""

    raw: bytes
    records: dict[str, Answer]
    at: float


def asked(header: bytes) -> Asked:
    """Reads the header alone."""
    mail = mail_dkim.message(header)
    return Asked(
        names=tuple(dict.fromkeys((*mail_dkim.names(mail), *mail_arc.names(mail)))),
        received=_values(mail, b"received")[:_RECEIVED],
        return_path=next(iter(_values(mail, b"return-path")), ""),
    )


def checked(body: bytes) -> Checked:
    """Checks every signature of a `Signed`, given as msgpack."""
    task = msgspec.msgpack.decode(body, type=Signed)
    mail = mail_dkim.message(task.raw)
    return Checked(mail_dkim.check(mail, task.records, task.at), mail_arc.check(mail, task.records))


def _values(mail: Message, wanted: bytes) -> tuple[str, ...]:
    found = (
        field.partition(b":")[2][:_LINE].decode("utf-8", "replace") for name, field in mail.fields if name == wanted
    )
    return tuple(one_line(re.sub(r"\s+", " ", value), _LINE) for value in found)
