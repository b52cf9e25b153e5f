"""What becomes of one mail that was read: one table, in this order.

    our own canary ─▶ Proof        names a mail of ours that came back ─▶ Returned
    our own mail, loops, stray bounces and auto-replies ─▶ Aside
    answers a case ─▶ Joins · Held · Grouped      the same mail again ─▶ Grouped
    a notification of a known ticket ─▶ Joins · Held     too many of it ─▶ Grouped
    anything else ─▶ Opens

Pure: what the tables know comes in as ``Facts``. Nothing is thrown away: what opens no case is kept and listed, and a
person may open one from it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from forgeward.respond import storm
from forgeward.respond.bounce import failure, speaks_of_delivery
from forgeward.respond.intake import Held, Joins, Known, Machine, automatic, doubted, joins
from forgeward.respond.mail import Mail
from forgeward.respond.notification import Recognised
from forgeward.respond.storm import Grouped, Limits, Seen

_NEVER = frozenset({Machine.LOOP, Machine.HOPS})


class Proof(msgspec.Struct, frozen=True):
    """Our own test mail arrived: intake works. ``number`` is the canary's."""

    number: int


class Returned(msgspec.Struct, frozen=True):
    """A mail of ours came back: ``letter`` is the outbox row's key, ``word`` what the bounce says."""

    letter: int
    word: str


class Aside(msgspec.Struct, frozen=True):
    """It is no report: kept, listed, no case; ``reason`` is a sentence."""

    reason: str


class Opens(msgspec.Struct, frozen=True):
    """It opens a case with this ``Receive.source``; ``ticket`` where a notification names one."""

    source: Literal["mail", "support", "form", "ams", "advisory"] = "mail"
    ticket: str = ""


Fate: TypeAlias = Proof | Returned | Aside | Joins | Held | Grouped | Opens


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a mail beside itself.

    ``own`` are the addresses that we send from and publish; ``canary`` the number of the proven canary; ``letters``
    outbox rows by the Message-IDs that the mail returns or names as ours; ``vouched``: a person handed a notification
    over, so that its sender needs no proof; ``answers`` counts the sender's mails to the
    case that it would join; ``ticket_case`` is the case of the ticket that ``recognised`` names.
    """

    own: frozenset[str] = frozenset()
    canary: int | None = None
    letters: dict[str, int] = {}
    known: Known = Known()
    proof_needed: bool = True
    vouched: bool = False
    answers: int = 0
    seen: Seen = Seen()
    limits: Limits = Limits()
    recognised: Recognised | None = None
    ticket_case: str = ""
    support: bool = False


def sort(mail: Mail, facts: Facts) -> Fate:
    """What becomes of the mail."""
    machine = automatic(mail, facts.own)
    return _of_ours(mail, facts, machine) or _belongs(mail, facts) or _opens(mail, facts, machine)


def _of_ours(mail: Mail, facts: Facts, machine: Machine | None) -> Fate | None:
    """What our own mails cause, and what goes in circles: none of it is a report."""
    if facts.canary is not None:
        return Proof(facts.canary)
    if speaks_of_delivery(mail):
        return _delivery(mail, facts)
    return Aside(str(machine)) if machine in _NEVER else None


def _belongs(mail: Mail, facts: Facts) -> Fate | None:
    """To which case the mail belongs already, if to any."""
    if again := storm.copy(facts.seen):
        return again
    joining = joins(mail, facts.known, proof_needed=facts.proof_needed) or _ticket(mail, facts)
    if joining is None:
        return None
    return storm.too_many_answers(joining.case, facts.answers, facts.limits) or joining


def _opens(mail: Mail, facts: Facts, machine: Machine | None) -> Fate:
    if _answers_nothing(mail, machine):
        return Aside(f"{machine} It answers nothing of ours.")
    if too_many := storm.too_many_cases(facts.seen, facts.limits):
        return too_many
    if facts.recognised is not None:
        return Opens(facts.recognised.source, facts.recognised.ticket)  # type: ignore[arg-type]  # a rule's source
    return Opens("support" if facts.support else "mail")


def _delivery(mail: Mail, facts: Facts) -> Returned | Aside:
    letter = next((facts.letters[each] for each in mail.returned if each in facts.letters), None)
    word = failure(mail)
    if word is None:
        return Aside("A mail server reports on a delivery that it still tries, or that succeeded.")
    if letter is None:
        return Aside("A mail server returns a mail that we did not send.")
    return Returned(letter, word)


def _ticket(mail: Mail, facts: Facts) -> Joins | Held | None:
    """A further notification of a ticket that has a case; who could forge it must prove it."""
    if facts.recognised is None or not facts.ticket_case:
        return None
    doubt = "" if facts.vouched else doubted(mail, proof_needed=facts.proof_needed)
    if doubt:
        return Held(facts.ticket_case, doubt)
    return Joins(facts.ticket_case, "ticket", by_machine=True)


def _answers_nothing(mail: Mail, machine: Machine | None) -> bool:
    """An out-of-office note, a read receipt: an answer by a machine, of which no report can come."""
    if machine is Machine.REPORT:
        return mail.automatic.report_type in {"disposition-notification", "delivery-status"}
    answered = mail.automatic.auto_submitted.partition(";")[0].strip() == "auto-replied"
    return machine is Machine.AUTOREPLY or answered
