"""The desk's human words, each in one table: changes, states, kinds, steps, clocks.

A change's words are made from its plain data alone, so that a history with erased texts still reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from forgeward.respond.evolve import FOLDS
from forgeward.respond.parse import SIGNALS, specs
from forgeward.respond.parse import STEPS as COMMANDS
from forgeward.vocabulary import Fact, Role

Data: TypeAlias = Mapping[str, Any]
Wording: TypeAlias = str | Callable[[Data], str]

KINDS: Final[Mapping[str, str]] = {"event": "Event", "vulnerability": "Vulnerability", "incident": "Incident"}

ROLES: Final[Mapping[Role, str]] = {
    Role.LEAD: "Security Lead",
    Role.ENGINEERING: "Engineering",
    Role.SUPPORT: "Support",
    Role.LEADERSHIP: "Leadership",
    Role.AUDITOR: "Auditor",
}

STATES: Final[Mapping[str, str]] = {
    "received": "Received",
    "assessed": "Assessed",
    "confirmed": "Confirmed",
    "declared": "Declared",
    "contained": "Contained",
    "planned": "Fix planned",
    "fixed": "Fix written",
    "eradicated": "Eradicated",
    "shipped": "In production",
    "recovered": "Recovered",
    "closed": "Closed",
}

RESOLUTIONS: Final[Mapping[str, str]] = {
    "fixed": "weakness fixed",
    "resolved": "incident resolved",
    "no_issue": "investigated, no issue found",
    "false_positive": "false positive",
    "withdrawn": "withdrawn by the reporter",
    "out_of_scope": "out of scope",
    "duplicate": "duplicate",
    "spam": "never was a report",
}

SOURCES: Final[Mapping[str, str]] = {
    "hand": "opened by hand",
    "mail": "received by mail",
    "form": "received by the web form",
    "api": "received by API",
    "ams": "received from Atlassian Marketplace Security",
    "support": "received from support",
    "alert": "raised by an alert",
    "finding": "raised by a finding",
    "advisory": "raised by an advisory",
}

# Steps as deeds: the button says what it does.
STEPS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledge the report",
    "reply": "Write to the reporter",
    "resend": "Send a letter again",
    "note": "Keep an internal note",
    "pause": "Pause the clocks",
    "resume": "Let the clocks go on",
    "credit": "Record the wish for credit",
    "disclosure": "Record the reporter's date",
    "assess": "Assess the case",
    "convert": "Decide what kind of case it is",
    "confirm": "Confirm the vulnerability",
    "material": "Judge whether it is material",
    "regime": "Decide whether a regime applies",
    "contain": "Contain it",
    "plan": "Plan the fix",
    "eradicate": "Eradicate the cause",
    "fix": "Record the fix",
    "ship": "Release the fix",
    "recover": "Record the recovery",
    "extend": "Extend the time for the fix",
    "notify": "Send a notice",
    "told": "Record that somebody was told",
    "close": "Close the case",
    "reject": "Reject the case",
    "merge": "Merge into another case",
    "reopen": "Open the case again",
    "review": "Sign the review",
    "act": "Agree an action",
    "verify": "Verify an action",
    "approve": "Agree as the second person",
    "review_glass": "Review the broken glass",
    "handover": "Hand the case over",
    "restrict": "Restrict who sees it",
    "seen": "Confirm the reminder",
}

# What a clock waits for, by the fact that stops it.
CLOCKS: Final[Mapping[Fact, str]] = {
    Fact.ACKNOWLEDGED: "Acknowledge",
    Fact.ASSESSED: "First assessment",
    Fact.CONTAINED: "Contain",
    Fact.CONFIRMED: "Confirm",
    Fact.PLANNED: "Plan the fix",
    Fact.SHIPPED: "Fix in production",
    Fact.JUDGED: "Judge whether material",
    Fact.CUSTOMERS_TOLD: "Tell customers",
    Fact.ATLASSIAN_TOLD: "Tell Atlassian",
    Fact.UPDATED: "Status update",
    Fact.FINAL_NOTICE: "Final notice",
    Fact.REVIEWED: "Review",
    Fact.GLASS_REVIEWED: "Review of broken glass",
    Fact.CRA_WARNED: "Early warning",
    Fact.CRA_NOTIFIED: "Notification",
    Fact.CRA_FINAL: "Final report",
    Fact.GDPR_TOLD: "Tell the authority",
    Fact.ACTION_VERIFIED: "Verify action",
    Fact.ESCALATION_CONFIRMED: "Confirm the reminder",
    Fact.CHANGE_ANNOUNCED: "Announce the change",
}

# The changes that stop a clock, by the fact that they bring about.
STOPPED_BY: Final[Mapping[Fact, frozenset[str]]] = {
    Fact.ACKNOWLEDGED: frozenset({"case:notice_accepted"}),
    Fact.ASSESSED: frozenset({"case:assessed"}),
    Fact.CONTAINED: frozenset({"case:contained"}),
    Fact.CONFIRMED: frozenset({"case:confirmed"}),
    Fact.PLANNED: frozenset({"case:planned"}),
    Fact.SHIPPED: frozenset({"case:shipped"}),
    Fact.JUDGED: frozenset({"case:judged"}),
    Fact.CUSTOMERS_TOLD: frozenset({"case:notice_accepted", "case:told"}),
    Fact.ATLASSIAN_TOLD: frozenset({"case:notice_accepted", "case:told"}),
    Fact.UPDATED: frozenset({"case:notice_accepted"}),
    Fact.FINAL_NOTICE: frozenset({"case:notice_accepted"}),
    Fact.REVIEWED: frozenset({"case:reviewed"}),
    Fact.GLASS_REVIEWED: frozenset({"case:glass_reviewed"}),
    Fact.CRA_WARNED: frozenset({"case:told"}),
    Fact.CRA_NOTIFIED: frozenset({"case:told"}),
    Fact.CRA_FINAL: frozenset({"case:told"}),
    Fact.GDPR_TOLD: frozenset({"case:told"}),
    Fact.ACTION_VERIFIED: frozenset({"case:action_verified"}),
}

# Since when a clock counts, by the fact that starts it.
STARTS: Final[Mapping[Fact, str]] = {
    Fact.RECEIVED: "the opening of the case",
    Fact.REPORTED: "the arrival of a report from outside",
    Fact.URGENT: "the confirmation of Critical or High",
    Fact.CONFIRMED: "the confirmation of the vulnerability",
    Fact.SHIPPED: "the release of a fix",
    Fact.DECLARED: "the declaration of an incident",
    Fact.MATERIAL: "judging it material",
    Fact.CUSTOMERS_TOLD: "the first notice",
    Fact.RECOVERED: "the recovery",
    Fact.BROKE_GLASS: "breaking the glass",
    Fact.AMS_REPORTED: "the report in AMS",
    Fact.CRA_EXPLOITED: "awareness of exploitation",
    Fact.CRA_SEVERE: "awareness of the severe incident",
    Fact.CRA_NOTIFIED: "the notification",
    Fact.GDPR_APPLIES: "awareness of the breach",
    Fact.ACTION_AGREED: "agreeing the action",
    Fact.ESCALATED: "the reminder",
    Fact.CHANGE_ADOPTED: "the adoption of the change",
}

CHOICES: Final[Mapping[str, str]] = {
    "switch_off": "function switched off",
    "roll_back": "rolled back",
    "rotate": "keys rotated",
    "revoke": "environment revoked",
    "cra_exploited": "EU CRA Art. 14, exploited vulnerability",
    "cra_severe": "EU CRA Art. 14, severe incident",
    "gdpr": "GDPR Art. 33",
    "marketplace": "Atlassian Marketplace terms",
    "atlassian": "Atlassian",
    "customers": "customers",
    "reporter": "the reporter",
    "cra_warning": "the authority (early warning)",
    "cra_notification": "the authority (notification)",
    "cra_final": "the authority (final report)",
}

MESSAGES: Final[Mapping[str, str]] = {
    "case:receipt": "automatic receipt",
    "case:acknowledgement": "acknowledgement",
    "case:reply": "reply",
    "case:resent": "message",
    "case:notified": "notice",
}


# What a letter to the reporter says, by its kind.
LETTERS: Final[Mapping[str, str]] = {
    "acknowledge": "first answer",
    "ask": "questions",
    "assessed": "what the assessment found",
    "not_a_vulnerability": "it is no vulnerability",
    "out_of_scope": "it is out of scope",
    "fixed": "the fix is in production",
    "credit": "credit",
    "closing": "the case is closed",
    "other": "a letter of its own",
}


def choice(word: str) -> str:
    """A choice in words: ``roll_back`` is “rolled back”."""
    return CHOICES.get(word) or RESOLUTIONS.get(word) or LETTERS.get(word) or word.replace("_", " ")


SCOPES: Final[Mapping[str, str]] = {
    "cases:read": "read cases and outgoing mail",
    "cases:write": "open cases and take steps on them",
    "mail:read": "read incoming mail",
    "intake:write": "take reports in, decide on held mail",
    "scans:read": "read the results of scans",
    "scans:write": "take the results of scans in",
    "policy:read": "read the policy and how promises stand",
    "policy:write": "propose a policy; a person adopts it",
    "people:read": "see who works here",
    "people:write": "enter and end absences",
    "ledger:read": "make packs, read the last checkpoint",
    "ledger:write": "sign checkpoints",
    "admin": "look after the house: health, audit, exports, webhooks, others' sessions",
}


def scope(name: str, first: str) -> str:
    """What a token with this scope is for; where no words were found for it, ``first``: the first thing it may do."""
    return SCOPES.get(name) or first[:1].lower() + first[1:]


def capital(text: str) -> str:
    """The text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def step(name: str) -> str:
    """A step as a deed."""
    return STEPS.get(name, name.replace("_", " ").capitalize())


def _received(data: Data) -> str:
    source = SOURCES.get(str(data.get("source", "")), "received")
    reported = "Report " if "reporter_address" in data.get("sealed", ()) else "Case "
    return reported + source


def _assessed(data: Data) -> str:
    level = str(data.get("level", "")).capitalize()
    score = data.get("score", -1)
    return f"Assessed {level}" + (
        f", CVSS {score / 10:.1f}" if isinstance(score, int) and score >= 0 else ", by judgement"
    )


def _reply(data: Data) -> str:
    kind = str(data.get("kind", ""))
    return f"Reply to the reporter: {LETTERS[kind]}" if kind in LETTERS else "Reply to the reporter"


def _notified(data: Data) -> str:
    stage = {"first": "First notice", "update": "Status update", "final": "Final notice"}.get(
        data.get("stage", ""), "Notice"
    )
    count = data.get("recipients", 1)
    to = choice(str(data.get("audience", "")))
    return f"{stage} to {to}" + (f" ({count} recipients)" if isinstance(count, int) and count > 1 else "")


def _regime(data: Data) -> str:
    applies = "applies" if data.get("applies") == "yes" else "does not apply"
    return f"{choice(str(data.get('which', 'regime')))} {applies}".replace("regime", "The regime")


def _escalated(data: Data) -> str:
    return f"Reminder: {data.get('percent')} % of {data.get('promise')} is used"


CHANGES: Final[Mapping[str, Wording]] = {
    "case:received": _received,
    "case:receipt": "Automatic receipt to the reporter",
    "case:joined": lambda d: "The reporter wrote" if d.get("from_reporter") else "A message joined the case",
    "case:grouped": lambda d: f"{d.get('count')} further mails were grouped here",
    "case:absorbed": lambda d: f"Case {d.get('number')} was merged into this one",
    "case:acknowledgement": "Acknowledgement to the reporter",
    "case:reply": _reply,
    "case:resent": lambda d: f"The {d.get('of', 'message')} is sent again",
    "case:notified": _notified,
    "case:notice_accepted": lambda d: f"The mail server accepted the {d.get('of', 'message')}",
    "case:notice_bounced": lambda d: f"The {d.get('of', 'message')} came back",
    "case:notice_given_up": lambda d: f"The {d.get('of', 'message')} could not be delivered",
    "case:told": lambda d: f"Told by another way: {choice(str(d.get('who', '')))}",
    "case:noted": "Internal note",
    "case:assessed": _assessed,
    "case:adjusted": lambda d: _assessed(d).replace("Assessed", "Severity adjusted to"),
    "case:converted": lambda d: f"Decided: it is {'an' if d.get('to') != 'vulnerability' else 'a'} {d.get('to')}",
    "case:confirmed": "Vulnerability reproduced and confirmed",
    "case:judged": lambda d: "Judged material" if d.get("decision") == "yes" else "Judged not material",
    "case:regime_decided": _regime,
    "case:contained": lambda d: f"Contained: {choice(str(d['how']))}" if d.get("how") else "Nothing to contain",
    "case:planned": "Fix planned",
    "case:eradicated": "Cause eradicated",
    "case:fixed": lambda d: f"Fix written ({d.get('weakness')})" if d.get("weakness") else "Fix written",
    "case:shipped": "Production has the fix",
    "case:recovered": "Operation recovered",
    "case:extended": "Time for the fix extended, with a compensating control",
    "case:paused": "Clocks paused: waiting for the reporter",
    "case:resumed": "Clocks go on",
    "case:disclosure_set": lambda d: f"The reporter's date {'was recorded' if d.get('date') else 'no longer stands'}",
    "case:credited": lambda d: f"Credit: {d.get('consent')}",
    "case:closed": lambda d: f"Closed: {choice(str(d.get('resolution', '')))}",
    "case:rejected": lambda d: f"Rejected: {choice(str(d.get('as', '')))}",
    "case:merged": lambda d: f"Merged into {d.get('into')}",
    "case:reopened": "Opened again",
    "case:reviewed": "Review signed",
    "case:action_agreed": lambda d: f"Action {d.get('action')} agreed",
    "case:action_verified": lambda d: f"Action {d.get('action')} verified",
    "case:proposed": lambda d: f"Waits for a second person: {step(str(d.get('proposed_step', ''))).lower()}",
    "case:approved": lambda d: f"Second person agreed: {step(str(d.get('step', ''))).lower()}",
    "case:glass_reviewed": "Broken glass reviewed",
    "case:handed_over": lambda d: f"Handed over to {d.get('owner_name') or d.get('owner')}",
    "case:restricted": lambda d: "Restricted to named people" if d.get("people") else "The whole team sees it again",
    "case:escalated": _escalated,
    "case:escalation_seen": "Reminder confirmed",
}


def change(kind: str, data: Data) -> str:
    """What happened, in a few words; a kind that a newer version wrote stands for itself."""
    wording = CHANGES.get(kind)
    if wording is None:
        return kind.removeprefix("case:").replace("_", " ").capitalize()
    return wording if isinstance(wording, str) else wording(data)


@cache
def labels(kind: str, proposed: str = "") -> Mapping[str, str]:
    """The labels of the texts that a change may hold, by name, in the order of its form."""
    name = "receive" if kind == "case:received" else proposed or FOLDS.get(kind, ("",))[0]
    if kind == "case:approved":
        name = "approve"
    if name not in COMMANDS and name not in SIGNALS:
        return {}
    return {spec.name: spec.title for spec in specs(name) if spec.sealed}


def instant(written: str, zone: str) -> str:
    """An RFC 3339 instant as “2 Dec 2026, 16:42” in a zone."""
    local = datetime.fromisoformat(written).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"
