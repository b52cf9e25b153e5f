"""Who may see which text: an allow-list. What is not named here stays a salted digest, for everybody.

Facts in plain (instants, levels, numbers of cases) stand in the ledger's entries and are seen by whoever gets those;
texts are opened one by one, by this table. It is asked by packs and proofs, and by whatever else leaves the house.

Nobody outside is ever given what a reporter is called, addresses, recipients, notes of the team, or what a mail server
said; the reporter alone is given the words of their own report.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from forgeward.vocabulary import Plain


class Audience(enum.StrEnum):
    """To whom something is shown."""

    PUBLIC = "public"  # anybody: sees facts, and no text of any case
    REPORTER = "reporter"  # who reported this one case: their words, and ours to them
    CUSTOMER = "customer"  # an affected customer: what notices to customers said
    AUDITOR = "auditor"  # somebody bound to secrecy: how it was judged and done, and by whom


def _fields(text: str) -> frozenset[str]:
    """``case:acknowledgement text subject`` a line, as ``kind.field``."""
    return frozenset(
        f"{kind}.{field}" for kind, *fields in map(str.split, text.strip().splitlines()) for field in fields
    )


_TO_REPORTER = _fields("""
    case:received title text
    case:joined text subject
    case:receipt subject body
    case:acknowledgement subject text files
    case:reply subject text files
    case:credited name
""")

_NOTICE = _fields("""
    case:notified subject body happened scope versions customer_action fix_time root_cause corrective_actions
""")

_WORK = _fields("""
    case:received title actor
    case:joined actor
    case:receipt subject body actor
    case:acknowledgement break_glass actor
    case:reply break_glass actor
    case:resent actor
    case:notified actor
    case:told reference actor
    case:assessed scope impact affected exploitability context reason break_glass actor
    case:adjusted context reason actor
    case:converted reason break_glass actor
    case:confirmed environment reproduction versions actor
    case:judged reason actor
    case:regime_decided reason actor
    case:contained detail nothing break_glass actor
    case:planned release actor
    case:eradicated cause patch artefacts hardening actor
    case:fixed cause patch artefacts hardening regression_test actor
    case:shipped version staging rollout notes checklist threat_model break_glass actor
    case:recovered staging version watch actor
    case:disclosure_set actor
    case:extended control reason told break_glass actor
    case:paused reason actor
    case:resumed reason actor
    case:closed summary break_glass actor
    case:rejected reason break_glass actor
    case:merged actor
    case:reopened reason actor
    case:reviewed timeline root_cause lessons actions actor
    case:action_agreed title actor
    case:action_verified test monitoring break_glass actor
    case:proposed break_glass actor
    case:approved comment actor
    case:glass_reviewed finding actor
    case:handed_over actor
    case:restricted actor
    case:escalated actor
    case:escalation_seen actor
    policy:proposed actor
    policy:adopted actor
    person:added actor
    person:reset reason actor
    key:rotated actor
    witness:added actor
    scan:taken branch revision version tool actor
    token:made actor
    token:revoked actor
    webhook:added actor
    webhook:rotated actor
    webhook:removed actor
""")

WITHHELD: Final = _fields("""
    case:closed unreachable
    case:rejected unreachable
    case:disclosure_set word
    case:received reporter_name reporter_address
    case:notified recipients
    case:noted text
    webhook:added url
    case:notice_accepted word
    case:notice_bounced word
    case:notice_given_up word
""")
"""Texts that nobody outside is given, by decision. A text in neither table is withheld too; a test asks about it."""

ALLOWED: Mapping[Audience, frozenset[str]] = MappingProxyType(
    {
        Audience.PUBLIC: frozenset(),
        Audience.REPORTER: _TO_REPORTER | _NOTICE,
        Audience.CUSTOMER: _NOTICE,
        Audience.AUDITOR: _WORK | _NOTICE,
    }
)


def may_see(audience: Audience, kind: str, field: str, data: Mapping[str, Plain]) -> bool:
    """Whether the text ``field`` of an entry of this kind may be opened; ``data`` are the entry's plain facts.

    A notice is opened to those it went to: a customer sees none that went to the reporter, or the other way round.
    """
    if f"{kind}.{field}" not in ALLOWED[audience]:
        return False
    if kind == "case:notified" and audience is Audience.CUSTOMER:
        return data.get("audience") == "customers"
    if kind == "case:notified" and audience is Audience.REPORTER:
        return data.get("audience") == "reporter"
    return True
