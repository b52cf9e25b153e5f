"""What is verified about a mail, and by whom: the examiner of this home, as its settings are at the moment.

    proofs.examiner(home, parsers).examine(proofs.incoming(row, raw, way))

What the DNS said, and the OpenPGP processes, are kept for as long as this process lives.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from forgeward.desk import programme
from forgeward.desk.models import RawMail
from forgeward.edges.home import Home
from forgeward.edges.keyring import Keyring
from forgeward.edges.mail_auth import Asks, Authenticator, Cache, Nobody
from forgeward.edges.mail_examine import Examined, Examiner, Incoming
from forgeward.edges.mail_parser import ParserPool
from forgeward.edges.mail_settings import Dns
from forgeward.edges.openpgp import OpenPgp
from forgeward.edges.openpgp_children import Children
from forgeward.errors import ForgewardError
from forgeward.respond.mail import Signals
from forgeward.respond.spf import Envelope

_OPENPGP_AT_ONCE = 2
logger = logging.getLogger(__name__)
_lock = threading.Lock()
_answers: dict[Dns, Cache] = {}
_children: list[Children] = []


def examiner(home: Home, parsers: ParserPool) -> Examiner:
    """Reads mails with ``parsers`` and finds out whom they come from. Cheap: to be made anew for each batch."""
    return Examiner(parsers, authenticator(home, parsers), openpgp(home, parsers))


def openpgp(home: Home, parsers: ParserPool) -> OpenPgp:
    """The home's OpenPGP. Its processes start with the first mail that needs them, and belong to this process."""
    return OpenPgp(keyring(home), parsers, _processes())


def keyring(home: Home) -> Keyring:
    """Our OpenPGP keys, and those of the people who write to us."""
    return Keyring(home.keys / "openpgp", programme.vault().keys)


def authenticator(home: Home, parsers: ParserPool) -> Asks:
    """Who asks the DNS. A demo home asks nobody: its mails and domains are made up."""
    settings = home.settings
    if settings.dns.off or home.is_demo:
        return Nobody()
    return Authenticator(_resolver(settings.dns), parsers, settings.intake.own_servers)


def remember(home: Home, examined: Examined, now: datetime) -> None:
    """Keeps the keys that a mail brought along as offers of its sender; what hinders that hinders nothing else.

    A mail that its sender's domain disowns, or that bears a signature which does not fit, offers nothing.
    """
    opened = examined.opened
    if opened is None or not examined.offers:
        return
    verdicts = opened.reading.mail.signals
    if verdicts.dmarc == "fail" or examined.seen.signature == "wrong":
        return
    try:
        openpgp(home, ParserPool(workers=1, spare=0)).remember(opened, now)  # nothing is parsed: no process starts
    except ForgewardError as problem:
        logger.warning("a key that came with a mail was not kept: %s", problem)


def incoming(row: RawMail, raw: bytes, way: Mapping[str, Any]) -> Incoming:
    """A stored mail as the examiner wants it; ``way`` says who handed it over."""
    return Incoming(raw, row.received_at, _envelope(way))


def again(row: RawMail, raw: bytes, head: Mapping[str, Any]) -> Incoming:
    """A mail that was examined when it came: who vouched for it then still counts, since keys in the DNS come and go.

    OpenPGP is looked at anew: somebody may have agreed on a key meanwhile.
    """
    verdicts = {name: value for name, value in dict(head.get("signals", {})).items() if name in _OF_THE_DNS}
    found = Signals(**verdicts, details=tuple(str(each) for each in head.get("origin", ())))
    return Incoming(raw, row.received_at, found=found)


_OF_THE_DNS = frozenset({"dkim", "spf", "dmarc", "arc"})


def _envelope(way: Mapping[str, Any]) -> Envelope | None:
    """Who handed it over, as our listener saw it. A neighbour is our own mail server, so its address proves nothing."""
    if "sender" not in way:
        return None
    stranger = way.get("protocol") == "smtp" and _is_public(str(way.get("client", "")))
    return Envelope(str(way["client"]) if stranger else "", str(way["sender"]), str(way.get("hello", "")))


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


def _resolver(settings: Dns) -> Cache:
    from forgeward.edges.dns import DnsResolver  # loads the DNS library: a third of a second

    with _lock:
        if settings not in _answers:
            _answers.clear()  # other settings: other answers
            _answers[settings] = Cache(DnsResolver(settings))
        return _answers[settings]


def _processes() -> Children:
    with _lock:
        if not _children:
            _children.append(Children(workers=_OPENPGP_AT_ONCE))
        return _children[0]


def close() -> None:
    """Ends the OpenPGP processes; the next mail that needs them starts others."""
    with _lock:
        for children in _children:
            children.close()
        _children.clear()


atexit.register(close)
os.register_at_fork(after_in_child=_children.clear)
