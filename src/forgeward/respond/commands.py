"""The steps of a case as typed commands: one struct per step, its fields described by ``FieldSpec``.

Command line, web forms and API are all made from these, so a requirement, an option and a form field share one name.
What the system itself reports (a mail came, a server accepted a notice) is in ``forgeward.respond.signals``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

import msgspec

from forgeward.respond import fields as f
from forgeward.respond.fields import FieldSpec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True):
    """The base of all commands. ``help`` is one sentence for the command line, ``promises`` what the step keeps."""

    help: ClassVar[str] = ""
    promises: ClassVar[tuple[str, ...]] = ()


class Step(Command, frozen=True, kw_only=True):
    """What a person does to a case."""


class FourEyes(Step, frozen=True, kw_only=True):
    """A step that may need a second person; breaking the glass does without, and is reviewed afterwards."""

    break_glass: Annotated[
        str,
        f.line("Break glass", "Why this cannot wait for a second person; somebody else reviews it afterwards", "IR-7"),
    ] = ""


# --- talking with the reporter ---------------------------------------------------------------------------------------


class Acknowledge(Step, frozen=True, kw_only=True, tag="acknowledge"):
    help = "Answer the reporter for the first time, in your own words"
    promises = ("IR-4",)

    text: Annotated[str, f.text("Reply", "What you write to the reporter", "IR-4", needed=True)] = ""
    subject: Annotated[str, f.line("Subject", "The mail's subject; left out: the case number")] = ""


class Reply(Step, frozen=True, kw_only=True, tag="reply"):
    help = "Write to the reporter"
    promises = ("P-5",)

    text: Annotated[str, f.text("Reply", "What you write to the reporter", needed=True)] = ""
    subject: Annotated[str, f.line("Subject", "The mail's subject; left out: the case number")] = ""


class Note(Step, frozen=True, kw_only=True, tag="note"):
    help = "Keep an internal note; nobody outside sees it"

    text: Annotated[str, f.text("Note", "What the team should know", needed=True)] = ""


class Pause(Step, frozen=True, kw_only=True, tag="pause"):
    help = "Pause the policy's clocks while the reporter's answer is awaited"

    reason: Annotated[
        str, f.text("Reason", "What the reporter was asked, without which work cannot go on", needed=True)
    ] = ""


class Resume(Step, frozen=True, kw_only=True, tag="resume"):
    help = "Let the clocks go on"

    reason: Annotated[str, f.text("Reason", "Why the waiting is over")] = ""


class Credit(Step, frozen=True, kw_only=True, tag="credit"):
    help = "Record whether the reporter wants to be credited, and how"
    promises = ("VM-11",)

    consent: Annotated[
        str,
        f.choice(
            "Consent",
            "What the reporter wants, asked and answered",
            "yes",
            "no",
            "anonymous",
            promise="VM-11",
            needed=True,
        ),
    ] = ""
    name: Annotated[str, f.line("Name", "The name to print, as the reporter wants it", "VM-11", subject="reporter")] = (
        ""
    )


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
            "Exploited vulnerability or severe incident (EU CRA Art. 14), personal data breach (GDPR Art. 33), AMS report",
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


class Eradicate(Step, frozen=True, kw_only=True, tag="eradicate"):
    help = "Record how the cause of the incident was removed"
    promises = ("IR-9",)

    cause: Annotated[str, f.text("Cause", "What made it possible", "IR-9", needed=True)] = ""
    patch: Annotated[str, f.line("Patch", "The change that removes it (commit, pull request)", "IR-9", needed=True)] = (
        ""
    )
    artefacts: Annotated[
        str,
        f.text("Artefacts", "What malicious was found and removed, or that nothing was found", "IR-9", needed=True),
    ] = ""
    hardening: Annotated[str, f.text("Hardening", "What keeps it from happening again", "IR-9", needed=True)] = ""


class Fix(Eradicate, frozen=True, kw_only=True, tag="fix"):
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


# --- telling ---------------------------------------------------------------------------------------------------------


class Notify(Step, frozen=True, kw_only=True, tag="notify"):
    help = "Send a notice to customers, to Atlassian or to the reporter"
    promises = ("IR-11", "IR-13")

    audience: Annotated[
        str,
        f.choice("Audience", "Who is told", "customers", "atlassian", "reporter", promise="IR-11", needed=True),
    ] = ""
    stage: Annotated[
        str,
        f.choice(
            "Stage", "First notice, update or final notice", "first", "update", "final", promise="IR-13", needed=True
        ),
    ] = ""
    recipients: Annotated[
        tuple[str, ...],
        f.lines("Recipients", "Mail addresses, one a line; the reporter's is known", "IR-11"),
    ] = ()
    subject: Annotated[str, f.line("Subject", "The mail's subject; left out: the stage and the case number")] = ""
    happened: Annotated[str, f.text("What happened", "What is known, as facts", "IR-11", needed=True)] = ""
    scope: Annotated[str, f.text("Scope", "Which data and functions are concerned", "IR-11")] = ""
    versions: Annotated[str, f.line("Versions", "Which versions of the app are affected", "IR-11")] = ""
    customer_action: Annotated[str, f.text("What to do", "What customers must do, or that they need not", "IR-11")] = ""
    fix_time: Annotated[str, f.line("Fix", "When it will be fixed, or since when it is", "IR-11")] = ""
    root_cause: Annotated[str, f.text("Root cause", "What made it possible", "IR-13")] = ""
    corrective_actions: Annotated[
        str,
        f.text("Corrective actions", "What was done so that it does not happen again", "IR-13"),
    ] = ""


class Told(Step, frozen=True, kw_only=True, tag="told"):
    help = "Record that somebody was told by a way other than our mail"
    promises = ("IR-12",)

    who: Annotated[
        str,
        f.choice(
            "Who",
            "Atlassian, customers whose mail failed, or the authority and the stage of its report",
            "atlassian",
            "customers",
            "cra_warning",
            "cra_notification",
            "cra_final",
            "gdpr",
            promise="IR-12",
            needed=True,
        ),
    ] = ""
    reference: Annotated[
        str, f.line("Reference", "Ticket or reference number, or how they were told", "IR-12", needed=True)
    ] = ""


# --- ending ----------------------------------------------------------------------------------------------------------


class Close(FourEyes, frozen=True, kw_only=True, tag="close"):
    help = "Close the case, when nothing is left of what its promises ask for"
    promises = ("IR-7",)

    resolution: Annotated[
        str,
        f.choice(
            "Resolution",
            "How it ended: weakness fixed, incident resolved, or event investigated and no issue found",
            "fixed",
            "resolved",
            "no_issue",
            promise="IR-7",
            needed=True,
        ),
    ] = ""
    summary: Annotated[
        str, f.text("Summary", "What the investigation found and what was done", "IR-7", needed=True)
    ] = ""


class Reject(FourEyes, frozen=True, kw_only=True, tag="reject"):
    help = "End a case that is none, with a second person"
    promises = ("IR-7",)

    as_: Annotated[
        str,
        f.choice(
            "As",
            "Why it is no case; spam is what never was a report",
            "false_positive",
            "withdrawn",
            "out_of_scope",
            "duplicate",
            "spam",
            promise="IR-7",
            needed=True,
        ),
    ] = msgspec.field(default="", name="as")
    reason: Annotated[str, f.text("Reason", "What the investigation showed", "IR-7", needed=True)] = ""


class Merge(Step, frozen=True, kw_only=True, tag="merge"):
    help = "Merge the case into an older one that is about the same thing"

    into: Annotated[str, f.code("Into", "The number of the case that goes on, like FW-7Q3KXM", needed=True)] = ""


class Reopen(Step, frozen=True, kw_only=True, tag="reopen"):
    help = "Open a closed case again"

    reason: Annotated[str, f.text("Reason", "Why the case is not over", needed=True)] = ""
    because: Annotated[
        str,
        f.choice(
            "Because",
            "New information, or a fix that does not hold: then production does not count as fixed",
            "new_information",
            "fix_incomplete",
        ),
    ] = "new_information"


# --- learning --------------------------------------------------------------------------------------------------------


class Review(Step, frozen=True, kw_only=True, tag="review"):
    help = "Record and sign the review after the incident"
    promises = ("IR-14",)

    timeline: Annotated[str, f.text("Timeline", "What happened when", "IR-14", needed=True)] = ""
    root_cause: Annotated[str, f.text("Root cause", "What made it possible", "IR-14", needed=True)] = ""
    lessons: Annotated[str, f.text("Lessons", "What went well, what did not", "IR-14", needed=True)] = ""
    actions: Annotated[
        str,
        f.text("Actions", "Corrective and preventive actions, or why none; agreed actions count", "IR-14"),
    ] = ""
    sign: Annotated[bool, f.flag("Sign", "You sign the review with your name", "IR-14", needed=True)] = False


class Act(Step, frozen=True, kw_only=True, tag="act"):
    help = "Agree an action with an owner and a date"
    promises = ("IR-15",)

    title: Annotated[str, f.line("Title", "What will be done", "IR-15", needed=True)] = ""
    owner: Annotated[str, f.person("Owner", "Who does it", "IR-15", needed=True)] = ""
    due: Annotated[datetime | None, f.date("Due", "By when it is done and verified", "IR-15", needed=True)] = None


class Verify(FourEyes, frozen=True, kw_only=True, tag="verify"):
    help = "Verify an action that somebody else did"
    promises = ("IR-15",)

    action: Annotated[str, f.code("Action", "The action's id, like A1", "IR-15", needed=True)] = ""
    test: Annotated[str, f.text("Test", "The follow-up test and what it showed", "IR-15", needed=True)] = ""
    monitoring: Annotated[str, f.text("Monitoring", "What monitoring shows since", "IR-15", needed=True)] = ""


# --- persons ---------------------------------------------------------------------------------------------------------


class Approve(Step, frozen=True, kw_only=True, tag="approve"):
    help = "Agree, as the second person, to a step that waits for one"

    step: Annotated[
        str,
        f.choice(
            "Step",
            "Which waiting step you agree to",
            "assess",
            "convert",
            "contain",
            "extend",
            "close",
            "reject",
            needed=True,
        ),
    ] = ""
    comment: Annotated[str, f.text("Comment", "What you looked at")] = ""


class ReviewGlass(Step, frozen=True, kw_only=True, tag="review_glass"):
    help = "Review a step that somebody took alone by breaking the glass"
    promises = ("IR-7",)

    finding: Annotated[str, f.text("Finding", "Whether it was justified, and what follows", "IR-7", needed=True)] = ""


class Handover(Step, frozen=True, kw_only=True, tag="handover"):
    help = "Give the case to somebody"
    promises = ("O-1",)

    owner: Annotated[str, f.person("Owner", "Who looks after the case from now on", "O-1", needed=True)] = ""


class Restrict(Step, frozen=True, kw_only=True, tag="restrict"):
    help = "Let only named people see the case, or let the whole team see it again"
    promises = ("TC-15",)

    people: Annotated[tuple[str, ...], f.codes("People", "Who may see it, by id; you always may", "TC-15")] = ()
    lift: Annotated[bool, f.flag("Lift", "Let the whole team see it again")] = False


class Seen(Step, frozen=True, kw_only=True, tag="seen"):
    help = "Confirm, as the next person on the path, that you saw the reminder"
    promises = ("O-1",)


AnyStep: TypeAlias = (
    Acknowledge
    | Reply
    | Note
    | Pause
    | Resume
    | Credit
    | Assess
    | Convert
    | Confirm
    | Material
    | Regime
    | Contain
    | Plan
    | Eradicate
    | Fix
    | Ship
    | Recover
    | Extend
    | Notify
    | Told
    | Close
    | Reject
    | Merge
    | Reopen
    | Review
    | Act
    | Verify
    | Approve
    | ReviewGlass
    | Handover
    | Restrict
    | Seen
)

__all__ = ["AnyStep", "Command", "FieldSpec", "FourEyes", "Step"]
