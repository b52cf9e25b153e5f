"""The steps that judge a case and act on it: from assessing to recovering."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from forgeward.respond import fields as f
from forgeward.respond.command import FourEyes, Step

# --- judging ---------------------------------------------------------------------------------------------------------


class Assess(FourEyes, frozen=True, kw_only=True, tag="assess"):
    help = "Assess scope, impact, who is affected, exploitability and severity"
    promises = ("IR-5", "IR-6", "VM-4")

    scope: Annotated[str, f.text("Scope", "Which functions, modules and data are concerned", "IR-5", needed=True)] = ""
    impact: Annotated[
        str,
        f.text("Impact", "What can happen to confidentiality, integrity and availability", "IR-5", needed=True),
    ] = ""
    affected: Annotated[str, f.text("Affected", "Which apps and tenants are affected", "IR-5", needed=True)] = ""
    exploitability: Annotated[
        str,
        f.text("Exploitability", "How easily it is exploited, and by whom", "IR-5", needed=True),
    ] = ""
    vector: Annotated[str, f.vector("CVSS vector", "The base vector, CVSS 3.1 or 4.0", "VM-4")] = ""
    severity: Annotated[
        str,
        f.choice(
            "Severity",
            "The level, where no vector gives it or where you judge otherwise; give a vector or a level",
            "critical",
            "high",
            "medium",
            "low",
            promise="IR-6",
        ),
    ] = ""
    context: Annotated[
        tuple[str, ...],
        f.lines("Context", "Metrics that fit the vector to our surroundings, each with its reason: MAV:L=why", "VM-4"),
    ] = ()
    reason: Annotated[str, f.text("Reason", "Why this level, where a vector does not give it", "IR-6")] = ""
    apps: Annotated[tuple[str, ...], f.codes("Apps", "Registered apps concerned, by key", "S-1")] = ()


class Convert(FourEyes, frozen=True, kw_only=True, tag="convert"):
    help = "Decide that the case is of another kind"
    promises = ("IR-1",)

    to: Annotated[
        str,
        f.choice(
            "To",
            "What it is: an observation, a weakness, or a confirmed harm",
            "event",
            "vulnerability",
            "incident",
            promise="IR-1",
            needed=True,
        ),
    ] = ""
    reason: Annotated[str, f.text("Reason", "What was found that makes it so", "IR-1", needed=True)] = ""


class Confirm(Step, frozen=True, kw_only=True, tag="confirm"):
    help = "Record that the vulnerability was reproduced, and where"
    promises = ("VM-3",)

    environment: Annotated[
        str,
        f.line(
            "Environment", "The isolated environment it was reproduced in, never a customer's site", "VM-3", needed=True
        ),
    ] = ""
    reproduction: Annotated[str, f.text("Reproduction", "The steps, and what was seen", "VM-3", needed=True)] = ""
    versions: Annotated[str, f.line("Versions", "Which versions of the app are affected", "VM-3", needed=True)] = ""


class Material(Step, frozen=True, kw_only=True, tag="material"):
    help = "Decide whether the incident is material"
    promises = ("IR-11", "IR-12")

    decision: Annotated[
        str,
        f.choice(
            "Decision", "Whether customers' data or service were harmed", "yes", "no", promise="IR-11", needed=True
        ),
    ] = ""
    reason: Annotated[str, f.text("Reason", "What the decision rests on", "IR-11", needed=True)] = ""


class Regime(Step, frozen=True, kw_only=True, tag="regime"):
    help = "Decide whether a law or the Marketplace's terms apply to the case"
    promises = ("S-2",)

    which: Annotated[
        str,
        f.choice(
            "Which",
            "Exploited vulnerability or severe incident (CRA Art. 14), personal data breach (GDPR Art. 33), AMS",
            "cra_exploited",
            "cra_severe",
            "gdpr",
            "marketplace",
            promise="S-2",
            needed=True,
        ),
    ] = ""
    applies: Annotated[str, f.choice("Applies", "Yes or no", "yes", "no", promise="S-2", needed=True)] = ""
    reason: Annotated[str, f.text("Reason", "What the decision rests on", "S-2", needed=True)] = ""
    since: Annotated[
        datetime | None,
        f.date("Aware since", "When the vendor became aware of it (AMS: when it was reported); left out: now"),
    ] = None


# --- acting ----------------------------------------------------------------------------------------------------------


class Contain(FourEyes, frozen=True, kw_only=True, tag="contain"):
    help = "Record what was done to contain it, or that there is nothing to contain"
    promises = ("IR-7", "IR-8")

    how: Annotated[
        str,
        f.choice(
            "How",
            "Function switched off, rolled back, keys rotated, or environment revoked",
            "switch_off",
            "roll_back",
            "rotate",
            "revoke",
            promise="IR-7",
        ),
    ] = ""
    detail: Annotated[str, f.text("Detail", "What was done, to which version, environment or key", "IR-7")] = ""
    nothing: Annotated[
        str,
        f.text("Nothing to contain", "Why there is nothing to contain; a second person agrees", "IR-7"),
    ] = ""


class Plan(Step, frozen=True, kw_only=True, tag="plan"):
    help = "Plan the fix for a release"
    promises = ("VM-7", "VM-8")

    release: Annotated[str, f.line("Release", "The release that will carry the fix", "VM-7", needed=True)] = ""
    date: Annotated[datetime | None, f.date("Date", "When that release is planned", "VM-7", needed=True)] = None


class Removal(Step, frozen=True, kw_only=True):
    """IR-9: what fixing a vulnerability and eradicating an incident both record."""

    cause: Annotated[str, f.text("Cause", "What made it possible", "IR-9", needed=True)] = ""
    patch: Annotated[str, f.line("Patch", "The change that removes it (commit, pull request)", "IR-9", needed=True)] = (
        ""
    )
    artefacts: Annotated[
        str,
        f.text("Artefacts", "What malicious was found and removed, or that nothing was found", "IR-9", needed=True),
    ] = ""
    hardening: Annotated[str, f.text("Hardening", "What keeps it from happening again", "IR-9", needed=True)] = ""


class Eradicate(Removal, frozen=True, kw_only=True, tag="eradicate"):
    help = "Record how the cause of the incident was removed"
    promises = ("IR-9",)


class Fix(Removal, frozen=True, kw_only=True, tag="fix"):
    help = "Record the fix of the vulnerability and its regression test"
    promises = ("IR-9", "TC-12")

    regression_test: Annotated[
        str,
        f.line("Regression test", "The test that fails without the fix", "TC-12", needed=True),
    ] = ""
    weakness: Annotated[str, f.code("Weakness", "The class of bug by CWE id, like CWE-862", "TC-12", needed=True)] = ""
    author: Annotated[str, f.person("Author", "Who wrote the fix, if it was not you", "TC-9")] = ""


class Ship(FourEyes, frozen=True, kw_only=True, tag="ship"):
    help = "Record that production has the fix"
    promises = ("VM-5", "VM-6", "VM-7", "VM-8", "IR-10", "TC-9", "TC-11", "TC-12", "TC-16", "TC-17")

    version: Annotated[str, f.line("Version", "The version that production runs now", "VM-5", needed=True)] = ""
    staging: Annotated[str, f.text("Staging", "How the fix was proven in staging", "IR-10", needed=True)] = ""
    reviewer: Annotated[
        str,
        f.person("Reviewer", "Who reviewed the change, other than the fix's author", "TC-9", needed=True),
    ] = ""
    rollout: Annotated[
        str,
        f.line(
            "Rollout", "How it went out (staging, first sites, all) and how it is rolled back", "TC-16", needed=True
        ),
    ] = ""
    notes: Annotated[
        str,
        f.text("Release note", "The release note's words that name the security change", "TC-17", needed=True),
    ] = ""
    checklist: Annotated[
        str,
        f.line("Checklist", "Where the completed release checklist is kept", "TC-12", needed=True),
    ] = ""
    permissions: Annotated[
        str,
        f.choice(
            "Permissions",
            "Whether scopes, egress or other permissions changed",
            "unchanged",
            "changed",
            promise="TC-11",
            needed=True,
        ),
    ] = ""
    threat_model: Annotated[
        str,
        f.line("Threat model", "Where the threat model of the changed permissions is kept", "TC-11"),
    ] = ""
    consent_offered: Annotated[
        datetime | None,
        f.date("Consent offered", "When admins were offered the version that asks for consent", "VM-5"),
    ] = None
    consent_told: Annotated[
        datetime | None,
        f.date("Consent told", "When admins were told why to consent", "VM-5"),
    ] = None


class Recover(Step, frozen=True, kw_only=True, tag="recover"):
    help = "Record that operation is back to normal and watched"
    promises = ("IR-10",)

    staging: Annotated[str, f.text("Staging", "How the fix was proven in staging", "IR-10", needed=True)] = ""
    version: Annotated[str, f.line("Version", "The version that production runs now", "IR-10", needed=True)] = ""
    watch: Annotated[
        str, f.text("Watch", "What is watched after the release, and for how long", "IR-10", needed=True)
    ] = ""


class Extend(FourEyes, frozen=True, kw_only=True, tag="extend"):
    help = "Move the date of a fix that takes longer, with a compensating control"
    promises = ("VM-9",)

    until: Annotated[datetime | None, f.date("Until", "The new date", "VM-9", needed=True)] = None
    control: Annotated[
        str,
        f.text(
            "Control", "What protects meanwhile: a feature flag, tighter permissions, a mitigation", "VM-9", needed=True
        ),
    ] = ""
    reason: Annotated[str, f.text("Reason", "Why the fix takes longer", "VM-9", needed=True)] = ""
    told: Annotated[str, f.text("Told", "How the new timeline was communicated, and to whom", "VM-9", needed=True)] = ""
