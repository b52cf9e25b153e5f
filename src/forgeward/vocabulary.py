"""The words that all rooms share: severities, roles, instants, changes.

Instants are aware datetimes in UTC inside, RFC 3339 with ``Z`` outside. Free text is always ``Sealed``: it may name a
person, so it never stands in a ledger leaf; a salted digest of it does.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from forgeward.errors import BadInput

Plain: TypeAlias = str | int | bool | list[str] | None


class Severity(enum.StrEnum):
    """IR-6, VM-4: four levels. ``rank`` orders them, the gravest highest."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        return {"critical": 4, "high": 3, "medium": 2, "low": 1}[self.value]

    @property
    def urgent(self) -> bool:
        """IR-5 and IR-7 speak of Critical and High together."""
        return self in {Severity.CRITICAL, Severity.HIGH}


class CaseKind(enum.StrEnum):
    """IR-1: an event is an observation, an incident a confirmed harm, a vulnerability a confirmed weakness."""

    EVENT = "event"
    VULNERABILITY = "vulnerability"
    INCIDENT = "incident"


class Role(enum.StrEnum):
    """S-2, with two that only look or run."""

    LEAD = "security_lead"
    ENGINEERING = "engineering"
    SUPPORT = "support"
    LEADERSHIP = "leadership"
    AUDITOR = "auditor"


WORKING = frozenset(Role) - {Role.AUDITOR}
"""The roles that act on cases, and count for four eyes."""


class Fact(enum.StrEnum):
    """Instants of a case that a clock of the policy can start from or stop at."""

    RECEIVED = "received"  # the case was opened, by whatever came in
    REPORTED = "reported"  # the report of somebody outside arrived
    ACKNOWLEDGED = "acknowledged"  # a person's reply was accepted by the mail server
    ASSESSED = "assessed"
    URGENT = "urgent"  # Critical or High was confirmed
    CONTAINED = "contained"
    CONFIRMED = "confirmed"
    PLANNED = "planned"
    SHIPPED = "shipped"
    DECLARED = "declared"  # the event was declared an incident
    JUDGED = "judged"  # material or not: decided
    MATERIAL = "material"  # judged material
    CUSTOMERS_TOLD = "customers_told"
    ATLASSIAN_TOLD = "atlassian_told"
    UPDATED = "updated"  # the latest status update to customers
    FINAL_NOTICE = "final_notice"
    RECOVERED = "recovered"
    REVIEWED = "reviewed"
    BROKE_GLASS = "broke_glass"
    GLASS_REVIEWED = "glass_reviewed"
    AMS_REPORTED = "ams_reported"
    CRA_EXPLOITED = "cra_exploited"  # Leadership decided: actively exploited vulnerability, aware since
    CRA_SEVERE = "cra_severe"  # Leadership decided: severe incident, aware since
    CRA_WARNED = "cra_warned"
    CRA_NOTIFIED = "cra_notified"
    CRA_FINAL = "cra_final"
    GDPR_APPLIES = "gdpr_applies"
    GDPR_TOLD = "gdpr_told"
    # Not of a case as a whole: one pair for each action, each escalation, each material change of the policy.
    ACTION_AGREED = "action_agreed"
    ACTION_VERIFIED = "action_verified"  # by somebody else than who did it
    ESCALATED = "escalated"  # a clock passed a reminder's share: the next person on the path was asked
    ESCALATION_CONFIRMED = "escalation_confirmed"
    CHANGE_ADOPTED = "change_adopted"
    CHANGE_ANNOUNCED = "change_announced"


class Sealed(msgspec.Struct, frozen=True):
    """A text with its owner. ``subject`` says whose key seals it: ``case``, ``reporter`` or ``person:ID``."""

    value: str
    subject: str = "case"


class Change(msgspec.Struct, frozen=True):
    """One thing that happened to a case, named ``subject:thing``; plain facts and sealed texts apart."""

    kind: str
    data: Mapping[str, Plain] = {}
    sealed: Mapping[str, Sealed] = {}


class Actor(msgspec.Struct, frozen=True):
    """Who does it. ``id`` is ``person:N`` or ``system:NAME``; gates count ids, not roles."""

    id: str
    roles: frozenset[Role] = frozenset()

    @property
    def is_person(self) -> bool:
        return self.id.startswith("person:")


def parse_instant(text: str) -> datetime:
    """Reads RFC 3339. Raises ``BadInput`` for a text without zone."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"“{text}” is not an instant.", next="Write it like 2026-11-23T10:20:00Z.") from None
    if instant.tzinfo is None:
        raise BadInput(f"“{text}” has no zone.", next="Add Z or an offset, like 2026-11-23T10:20:00Z.")
    return instant.astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    """Writes an aware instant in UTC, to the microsecond where it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
