"""Reports that come as files of their own: submissions of the web form, tickets of Atlassian's AMS project.

Kept as they came before anything reads them, like mails; the same file a second time changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from forgeward.desk import programme, proofs
from forgeward.desk.actions import facts, files, filing, intake, stored, write
from forgeward.desk.actions.facts import House, Read
from forgeward.desk.actions.filing import INTAKE, Prepared, Taken
from forgeward.desk.actions.stored import Incoming
from forgeward.desk.models import RawMail
from forgeward.edges.home import Home
from forgeward.edges.mail_examine import Examined
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import BadInput
from forgeward.respond import intake as rules
from forgeward.respond.intake import Joins
from forgeward.respond.mail import Address, Mail, Parsed
from forgeward.respond.notification import Recognised
from forgeward.respond.sorting import Fate, Opens, sort
from forgeward.respond.ticket import Ticket, form, tickets

Clock: TypeAlias = Callable[[], datetime]
LARGEST = 10 * 2**20  # bytes of a file
_APP = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEY = re.compile(r"\b[A-Z][A-Z0-9]{1,9}-\d+\b")


def take_form(home: Home, raw: bytes, source: str, clock: Clock) -> Taken:
    """A submission of the web form becomes a case. Raises ``BadInput`` for what is no submission."""
    said = form(_json(raw))
    row = stored.store(home, Incoming(raw, source, clock(), way={"kind": "form"}))
    if row.state != "stored":
        return intake.again(row)
    mail = Mail(sender=Address(said.email, said.name), subject=said.subject, text=said.text)
    one = _as_read(row, mail)
    app = said.app.lower().replace(" ", "-")
    more: dict[str, Any] = {"apps": (app,) if _is_app(app) else ()}
    if said.disclosure is not None and said.disclosure > clock():
        more["disclosure"] = said.disclosure
    return _file(home, one, Opens("form"), clock, more)


def take_ams(home: Home, raw: bytes, source: str, clock: Clock) -> list[Taken]:
    """Tickets of the AMS project, as Jira's JSON or as the notification mail: new ones open cases, known ones join.

    Raises ``BadInput`` for what is neither.
    """
    if raw.lstrip()[:1] not in {b"{", b"["}:
        return [_ams_mail(home, raw, source, clock)]
    return [_ams_ticket(home, ticket, issue, source, clock) for ticket, issue in tickets(_json(raw))]


def _ams_ticket(home: Home, ticket: Ticket, issue: Mapping[str, Any], source: str, clock: Clock) -> Taken:
    raw = msgspec.json.encode(issue)
    row = stored.store(home, Incoming(raw, f"{source}#{ticket.key}", clock(), way={"kind": "ticket"}))
    if row.state != "stored":
        return intake.again(row)
    recognised = Recognised("ams", "ams", ticket.key)
    mail = Mail(sender=Address(""), subject=f"{ticket.key}: {ticket.summary}", text=ticket.text)
    one = _as_read(row, mail, recognised)
    known = facts.ticket_case(one)
    now = clock()
    since = {"ams_reported_at": ticket.created} if ticket.created and ticket.created <= now else {}
    fate: Fate = Joins(known, "ticket", by_machine=True) if known else Opens("ams", ticket.key)
    return _file(home, one, fate, clock, since)


def _ams_mail(home: Home, raw: bytes, source: str, clock: Clock) -> Taken:
    """A person handed the notification over, so who sent it needs no proof; without a key it is a ticket of its own."""
    row = stored.store(home, Incoming(raw, source, clock()))
    if row.state != "stored":
        return intake.again(row)
    house = House(home)
    with ParserPool(workers=1, spare=0) as pool:
        one = facts.read(house, row, proofs.examiner(home, pool).examine(proofs.incoming(row, raw, {})))
    if one.recognised is None or one.recognised.source != "ams":
        one = facts.recognised_as(one, Recognised("ams", "ams", _key_in(one.mail.subject)))
    known = facts.gather(house, one)
    return _file(home, one, sort(one.mail, msgspec.structs.replace(known, vouched=True)), clock, {})


def _key_in(subject: str) -> str:
    found = _KEY.search(subject[:300])
    return found[0] if found else ""


def _as_read(row: RawMail, mail: Mail, recognised: Recognised | None = None) -> Read:
    vault = programme.vault()
    return Read(
        row=row,
        examined=Examined(Parsed(mail)),
        mail=mail,
        box=None,
        reporter=vault.reporter(mail.sender.address) if mail.sender.address else "",
        forwarded_by="",
        way={},
        content_key=vault.keys.keyed("mail content", rules.content_digest(mail).encode()),
        copy_key="",
        recognised=recognised,
    )


def _file(home: Home, one: Read, fate: Fate, clock: Clock, more: Mapping[str, Any]) -> Taken:
    house = House(home)
    ready = filing.prepare(house, one, fate) or Prepared("", "")
    owners = {ready.owner, one.reporter, f"case:{ready.number}" if ready.number else ""} - {""}
    programme.vault().keys.data_keys(owners)
    if isinstance(one.reading, Parsed) and one.reading.contents and ready.owner:
        ready = Prepared(ready.number, ready.owner, files.keep(home, one.reading, ready.owner))
    with write.inside() as cursor:
        if isinstance(fate, Opens):
            return filing.opens(cursor, house, one, fate, ready, INTAKE, clock(), more)
        return filing.file_in(cursor, house, one, fate, ready, clock())


def _json(raw: bytes) -> Any:
    if len(raw) > LARGEST:
        raise BadInput(f"The file has {len(raw):,} bytes; up to {LARGEST:,} are read.", next="Split it.")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadInput(f"The file is no JSON: {problem}.", next="Export it again.") from None


def _is_app(key: str) -> bool:
    return _APP.fullmatch(key) is not None
