"""What goes out in writing: receipts, replies, notices; who gets them, and what each must say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from forgeward.policy.model import Policy
from forgeward.respond.case import TextRef
from forgeward.respond.commands import Notify
from forgeward.respond.letter_values import receipt_values
from forgeward.respond.letters import Template, fill
from forgeward.vocabulary import Sealed

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


def receipt(number: str, policy: Policy, template: Template) -> tuple[str, str]:
    """Subject and body of the automatic receipt. It quotes nothing, so nobody can send texts through us."""
    filled = fill(template, receipt_values(number, policy, template.language))
    return filled.subject, filled.text


def _signature(policy: Policy) -> str:
    contact = policy.vendor.contacts.security
    return f"{policy.vendor.name}\n{contact}" if contact else policy.vendor.name
