"""What goes out in writing: receipts, replies, notices; who gets them, and what each must say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from forgeward.policy.model import Policy
from forgeward.respond.case import TextRef
from forgeward.respond.commands import Notify
from forgeward.vocabulary import Fact, Sealed

NoticeKind: TypeAlias = Literal["receipt", "acknowledgement", "reply", "notice"]
Audience: TypeAlias = Literal["reporter", "customers", "atlassian"]
Stage: TypeAlias = Literal["", "first", "update", "final"]

FIVE_PARTS = ("happened", "scope", "versions", "customer_action", "fix_time")
"""IR-11: what every first and final notice to customers says."""

FINAL_PARTS = ("root_cause", "corrective_actions")
"""IR-13: what the final notice says beside the five parts."""

_HEADINGS: Mapping[str, str] = {
    "happened": "What happened",
    "scope": "What is concerned",
    "versions": "Affected versions",
    "customer_action": "What you need to do",
    "fix_time": "The fix",
    "root_cause": "Root cause",
    "corrective_actions": "What we did so that it does not happen again",
}
_STAGES: Mapping[str, str] = {"first": "security notice", "update": "security notice, update", "final": "final notice"}


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """Where an address stands: a sealed text, and its line there (None: the whole text is the address)."""

    ref: TextRef
    item: int | None = None


class Notice(msgspec.Struct, frozen=True):
    """A request to the outbox, made together with the change ``seq`` of the case.

    ``key`` makes sending idempotent: case number and ``seq``. ``by_person`` is False for the automatic receipt, which
    never acknowledges (IR-4). A person's words and files stand in a change, and are named by where. Positions in
    ``recipients`` are what ``Accepted``, ``Bounced`` and ``GaveUp`` speak of.
    """

    key: str
    case: str
    seq: int
    kind: NoticeKind
    audience: Audience
    stage: Stage
    recipients: tuple[Recipient, ...]
    subject: Sealed | TextRef
    body: Sealed | TextRef
    by_person: bool
    files: TextRef | None = None
    language: str = ""


def needed_parts(audience: str, stage: str) -> tuple[str, ...]:
    """The fields of ``Notify`` that this notice must have (IR-11, IR-13)."""
    if audience != "customers" or stage == "update":
        return ("happened",)
    return FIVE_PARTS + (FINAL_PARTS if stage == "final" else ())


def notice_subject(command: Notify, number: str, policy: Policy) -> str:
    """The subject: the writer's own, or vendor, stage and number. Never what happened: subjects are seen by many."""
    if command.subject:
        return command.subject
    if command.audience == "reporter":
        return reply_subject(number)
    return f"{policy.vendor.name}: {_STAGES.get(command.stage, 'security notice')} {number}"


def notice_body(command: Notify, policy: Policy) -> str:
    """The notice's text: each part under its heading, then who writes and where to ask."""
    parts = [
        f"{_HEADINGS[name]}\n{text}" for name in (*FIVE_PARTS, *FINAL_PARTS) if (text := getattr(command, name).strip())
    ]
    return "\n\n".join((*parts, _signature(policy)))


def reply_subject(number: str) -> str:
    """The default subject of what goes to a reporter."""
    return f"[{number}] Your report"


def receipt(number: str, policy: Policy) -> tuple[str, str]:
    """Subject and body of the automatic receipt. It quotes nothing, so nobody can send texts through us."""
    within = answer_time(policy)
    promise = f"A person reads it and answers within {within}." if within else "A person reads it and answers."
    body = (
        f"Your message has arrived and has the number {number}.\n\n"
        f"{promise} This receipt was sent by a machine and is not that answer.\n"
        "When you write again, keep the number in the subject.\n\n"
        f"{_signature(policy)}"
    )
    return f"[{number}] Your message has arrived", body


def acknowledgement_draft(number: str, policy: Policy) -> str:
    """A text to begin an acknowledgement with; a person writes the rest."""
    return (
        "Thank you for your report. I have read it and opened the case "
        f"{number}.\nI will write to you again when the first assessment is done.\n\n{_signature(policy)}"
    )


def answer_time(policy: Policy) -> str:
    """IR-4 in the policy's words, like “2 business days”; empty where no such clock is promised."""
    rules = (at.rule for at in policy.rules())
    return next((str(rule.target) for rule in rules if rule.stops is Fact.ACKNOWLEDGED and rule.target), "")


def _signature(policy: Policy) -> str:
    contact = policy.vendor.contacts.security
    return f"{policy.vendor.name}\n{contact}" if contact else policy.vendor.name
