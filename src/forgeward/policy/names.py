"""The fixed words of a policy: the promises with what must keep each, sections, steps, checks, records, triggers.

A policy may say a promise in its own words and set its own figures. Which promises there are, and by what kind of
mechanism each is kept, it may not change: a promise without its mechanism would be prose again.
"""

from __future__ import annotations

from dataclasses import dataclass

from forgeward.policy.model import MechanismKind
from forgeward.vocabulary import Fact

SECTIONS: dict[str, str] = {
    "1": "Scope and roles",
    "2": "Principles",
    "3": "Incident response",
    "4": "Vulnerability management",
    "5": "Technical controls",
    "6": "Organisation",
    "7": "Shared responsibility",
    "8": "Policy",
    "9": "Contact, appendices",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a promise must be kept by: these kinds of mechanism, and clocks between these facts."""

    section: str
    kinds: frozenset[MechanismKind]
    clocks: tuple[tuple[Fact, Fact], ...] = ()


def _needs(section: str, kinds: str, *clocks: tuple[Fact, Fact]) -> Needs:
    return Needs(section, frozenset(MechanismKind(kind) for kind in kinds.split()), clocks)


PROMISES: dict[str, Needs] = {
    "S-1": _needs("1", "record check"),
    "S-2": _needs("1", "gate"),
    "S-3": _needs("1", "record check"),
    "P-1": _needs("2", "check"),
    "P-2": _needs("2", "check gate"),
    "P-3": _needs("2", "check"),
    "P-4": _needs("2", "record"),
    "P-5": _needs("2", "record"),
    "IR-1": _needs("3", "gate"),
    "IR-2": _needs("3", "check"),
    "IR-3": _needs("3", "record check"),
    "IR-4": _needs("3", "clock", (Fact.REPORTED, Fact.ACKNOWLEDGED)),
    "IR-5": _needs("3", "clock gate", (Fact.RECEIVED, Fact.ASSESSED)),
    "IR-6": _needs("3", "gate"),
    "IR-7": _needs("3", "clock gate", (Fact.URGENT, Fact.CONTAINED)),
    "IR-8": _needs("3", "check"),
    "IR-9": _needs("3", "gate"),
    "IR-10": _needs("3", "gate check"),
    "IR-11": _needs("3", "clock gate", (Fact.DECLARED, Fact.JUDGED), (Fact.MATERIAL, Fact.CUSTOMERS_TOLD)),
    "IR-12": _needs("3", "clock record", (Fact.MATERIAL, Fact.ATLASSIAN_TOLD)),
    "IR-13": _needs("3", "clock gate", (Fact.CUSTOMERS_TOLD, Fact.UPDATED)),
    "IR-14": _needs("3", "clock gate", (Fact.RECOVERED, Fact.REVIEWED)),
    "IR-15": _needs("3", "clock gate", (Fact.ACTION_AGREED, Fact.ACTION_VERIFIED)),
    "VM-1": _needs("4", "check"),
    "VM-2": _needs("4", "check"),
    "VM-3": _needs("4", "clock gate", (Fact.RECEIVED, Fact.CONFIRMED)),
    "VM-4": _needs("4", "gate"),
    "VM-5": _needs("4", "clock", (Fact.CONFIRMED, Fact.SHIPPED)),
    "VM-6": _needs("4", "clock", (Fact.CONFIRMED, Fact.SHIPPED)),
    "VM-7": _needs("4", "clock", (Fact.CONFIRMED, Fact.PLANNED), (Fact.CONFIRMED, Fact.SHIPPED)),
    "VM-8": _needs("4", "clock", (Fact.CONFIRMED, Fact.SHIPPED)),
    "VM-9": _needs("4", "gate"),
    "VM-10": _needs("4", "record"),
    "VM-11": _needs("4", "gate"),
    "TC-1": _needs("5", "check inherited"),
    "TC-2": _needs("5", "check"),
    "TC-3": _needs("5", "check record"),
    "TC-4": _needs("5", "check inherited"),
    "TC-5": _needs("5", "inherited"),
    "TC-6": _needs("5", "check"),
    "TC-7": _needs("5", "check duty"),
    "TC-8": _needs("5", "check"),
    "TC-9": _needs("5", "check gate"),
    "TC-10": _needs("5", "check"),
    "TC-11": _needs("5", "gate"),
    "TC-12": _needs("5", "gate check"),
    "TC-13": _needs("5", "check duty"),
    "TC-14": _needs("5", "check"),
    "TC-15": _needs("5", "gate record"),
    "TC-16": _needs("5", "gate record"),
    "TC-17": _needs("5", "gate"),
    "O-1": _needs("6", "record clock", (Fact.ESCALATED, Fact.ESCALATION_CONFIRMED)),
    "O-2": _needs("6", "duty"),
    "O-3": _needs("6", "record gate"),
    "O-4": _needs("6", "duty gate"),
    "CU-1": _needs("7", "record"),
    "CU-2": _needs("7", "record"),
    "PR-1": _needs("8", "duty"),
    "PR-2": _needs("8", "gate"),
    "PR-3": _needs("8", "clock gate", (Fact.CHANGE_ADOPTED, Fact.CHANGE_ANNOUNCED)),
    "CT-1": _needs("9", "record check"),
    "AP-1": _needs("9", "record"),
    "AP-2": _needs("9", "record"),
}

# Which levels each fixing clock must cover: the sentence names the level, so the clock may not run for another one.
LEVELS: dict[str, frozenset[str]] = {
    "IR-5": frozenset({"unset", "critical", "high"}),
    "IR-7": frozenset({"critical", "high"}),
    "VM-5": frozenset({"critical"}),
    "VM-6": frozenset({"high"}),
    "VM-7": frozenset({"medium"}),
    "VM-8": frozenset({"low"}),
}

# Waiting for the reporter can hold up finding out and mending, never answering, containing or telling.
PAUSABLE: frozenset[Fact] = frozenset({Fact.ASSESSED, Fact.CONFIRMED, Fact.PLANNED, Fact.SHIPPED})

# Facts of something else than a case, whose clocks carry the date of that thing.
OWN_DATED: frozenset[Fact] = frozenset({Fact.ACTION_VERIFIED, Fact.CHANGE_ANNOUNCED})

# Steps of a case (`respond.commands` has them all), then steps of the programme.
STEPS: dict[str, str] = {
    "acknowledge": "a person answers the report",
    "reply": "a person writes to the reporter",
    "resend": "a letter that did not arrive goes out again",
    "note": "what the team should know",
    "pause": "waiting for the reporter, with the reason",
    "resume": "the waiting is over",
    "credit": "the reporter asked for it and agrees",
    "disclosure": "the reporter named a date to publish",
    "assess": "scope, impact, affected apps and tenants, exploitability and severity are there",
    "convert": "an event becomes a vulnerability or an incident by a recorded decision",
    "confirm": "reproduced in a recorded, isolated environment; affected versions known",
    "material": "material or not: decided, with the reason",
    "regime": "a law or the Marketplace's terms apply or not: decided",
    "contain": "a containment step was done, or a second person agreed that there is nothing to contain",
    "plan": "the fix has its date",
    "eradicate": "patched, cleaned, hardened",
    "fix": "the fix exists, with its regression test",
    "ship": "production has the fix, or the new major version was offered and customers were told",
    "recover": "proven in staging, redeployed, watched",
    "extend": "a compensating control stands and the new date was told",
    "notify": "the notice has all its parts",
    "told": "somebody was told by another way than our mail",
    "close": "no action open, no notice unsent, the review signed",
    "reject": "it is none, and a second person agrees",
    "merge": "the older case is known",
    "reopen": "there is a reason",
    "review": "timeline, root cause, lessons and actions are there, and it is signed",
    "act": "an action has an owner and a date",
    "verify": "somebody else tested and watched the action's effect",
    "approve": "a second person agrees",
    "review_glass": "somebody else reviewed a step that was taken alone",
    "handover": "the case has another owner",
    "restrict": "only named people see the case",
    "seen": "the next person on the path confirms",
    "release": "scopes, threat model, checklist, review, roll-out plan and notes are there",
    "read_logs": "the person may, and says why",
    "permissions": "the person's role allows the step",
    "sign_in": "a second factor was shown",
    "adopt": "approved, with a new effective date; sub-processors documented first",
    "announce": "customers were told before the effective date",
}

LETTERS: dict[str, str] = {
    "acknowledge": "the first answer to a report",
    "ask": "questions to the reporter",
    "assessed": "what the assessment found",
    "not_a_vulnerability": "that it is no vulnerability, and why",
    "out_of_scope": "that it is out of scope, and who can help",
    "fixed": "that the fix is in production",
    "credit": "the question whether and how to credit",
    "closing": "that the case is closed",
    "other": "any other letter",
}
"""Kinds of letters to a reporter; a policy may want a second person to read some before they go."""

RETENTION: dict[str, str] = {
    "unfiled_mail": "mails that belong to no case: advertisements, discarded mails, bounces, since they came",
    "case_mail": "mails as they came, since their case was closed",
    "files": "files of messages, since their case was closed",
    "reporters": "who reported something, with their words and our letters, since their last case was closed",
    "test_mails": "what is known of the daily test mails, since they were sent",
    "sessions": "ended sign-ins and used sign-in links, since they ended",
    "key_backups": "backups of the keys, since they were made; 30 days at most",
}
"""Kinds of data; a policy says how long each is kept."""

CHECKS: dict[str, str] = {
    "apps_current": "the register agrees with the Forge CLI's lists",
    "statements_match": "each app's statement agrees with its manifest and code",
    "platform_first": "isolation, permissions and storage are Forge's, by manifest and code",
    "scopes_minimal": "every scope is used, none is broader than its use",
    "data_collected": "what the code collects is what the function needs",
    "intake_canary": "the daily test message arrives through every mailbox, form and API",
    "history_agrees": "the nightly audit finds no table that differs from its history",
    "sources_alive": "tickets, alerts, Atlassian's notices and advisories still come in",
    "runbooks_drilled": "each runbook of containment was run in a drill",
    "release_watch": "logs are watched after each release",
    "channels_open": "the public contact and each app's support channel take a report",
    "feeds_fresh": "each feed was read lately",
    "runtime": "every function runs in the Forge runtime with explicit scopes",
    "storage_inside": "no outside database is used",
    "egress_documented": "every outbound call is in the register",
    "transport": "every call that the app makes uses TLS",
    "data_stored": "what is stored is configuration; behaviour is not tracked",
    "scopes_used": "declared scopes are those of the product APIs in use",
    "secrets": "no secret stands in code",
    "branch_protection": "the forge host demands approval by somebody else",
    "ci_scanning": "static analysis and dependency scanning ran in CI",
    "regression_tests": "each class of bug fixed before has its test",
    "logs_analysed": "logs and metrics were analysed for odd error rates and access patterns",
    "detection_heartbeat": "each detection rule answered its test signal",
    "contacts_answer": "the published addresses take mail",
}

RECORDS: dict[str, str] = {
    "apps": "every app with id, listing, repository, environments, versions, installations and contact",
    "data_statements": "each app's data, security and privacy statement",
    "coverage": "controls that prevent, detect and respond, for each app",
    "disclosures": "advisories, notices and change logs",
    "sources": "each inside source with its way in",
    "atlassian_contacts": "what Atlassian was told, when, and its ticket",
    "safe_harbour": "the rules of good-faith research, and security.txt",
    "egress": "every outbound call with its purpose",
    "log_reads": "who read which log, and why",
    "roll_outs": "the stages of each release and the way back",
    "escalation_path": "the Security Lead by name, and who is asked next",
    "subprocessors": "third parties that handle app data",
    "responsibilities": "what Atlassian, we and the customer look after, for each app",
    "admin_guides": "each app's guide: what each scope and egress is for, what to check, how to report",
    "contacts": "the addresses for security, and for privacy and compliance",
    "severity_examples": "what each severity means for this kind of app",
    "platform_references": "the platform's pages on residency, advisories and practices",
}

TRIGGERS: dict[str, str] = {
    "material_incident": "an incident was judged material",
    "platform_change": "the platform changed in a way that matters",
}
