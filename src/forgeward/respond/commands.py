"""The steps of a case as typed commands: one struct per step, its fields described by ``FieldSpec``.

Command line, web forms and API are all made from these, so a requirement, an option and a form field share one name.
Here stand the steps that talk, end, learn and hand over; ``commands_work`` has those that judge and act. What the
system itself reports (a mail came, a server accepted a notice) is in ``forgeward.respond.signals``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

from forgeward.respond import fields as f
from forgeward.respond.command import Command, FourEyes, Step
from forgeward.respond.commands_work import (
    Assess,
    Confirm,
    Contain,
    Convert,
    Eradicate,
    Extend,
    Fix,
    Material,
    Plan,
    Recover,
    Regime,
    Ship,
)
from forgeward.respond.fields import FieldSpec

# --- talking with the reporter ---------------------------------------------------------------------------------------


class Letter(FourEyes, frozen=True, kw_only=True):
    """What a person writes to the reporter. The policy says which kinds a second person reads before they go.

    ``template`` names what the text was made from (``fixed/de/1``), ``files`` what goes along, as
    ``respond.enclosure`` writes it: both are filled by whoever builds the command, not typed.
    """

    text: Annotated[str, f.text("Reply", "What you write to the reporter", "IR-4", needed=True, subject="reporter")] = (
        ""
    )
    subject: Annotated[str, f.line("Subject", "The mail's subject; left out: the case number", subject="reporter")] = ""
    language: Annotated[
        str, f.code("Language", "The language it is written in, like en or de; programs that read aloud go by it")
    ] = ""
    template: Annotated[str, f.code("Template", "The template that it began with", internal=True)] = ""
    files: Annotated[
        tuple[str, ...],
        f.lines("Files", "What goes along, each with its digest", subject="reporter", internal=True),
    ] = ()

    @property
    def sort(self) -> str:
        """The kind of letter, one of ``policy.names.LETTERS``."""
        return "other"


class Acknowledge(Letter, frozen=True, kw_only=True, tag="acknowledge"):
    help = "Answer the reporter for the first time, in your own words"
    promises = ("IR-4",)

    @property
    def sort(self) -> str:
        return "acknowledge"


class Reply(Letter, frozen=True, kw_only=True, tag="reply"):
    help = "Write to the reporter"
    promises = ("P-5",)

    kind: Annotated[
        str,
        f.choice(
            "Kind",
            "What the letter says; the policy names kinds that a second person reads before they go",
            "ask",
            "assessed",
            "not_a_vulnerability",
            "out_of_scope",
            "fixed",
            "credit",
            "closing",
        ),
    ] = ""

    @property
    def sort(self) -> str:
        return self.kind or "other"


class Resend(Step, frozen=True, kw_only=True, tag="resend"):
    help = "Send a letter again to those whom it did not reach"
    promises = ("IR-4", "IR-11")

    letter: Annotated[
        str, f.code("Letter", "The number of the change that the letter stands in", "IR-4", needed=True)
    ] = ""


class Note(Step, frozen=True, kw_only=True, tag="note"):
    help = "Keep an internal note; nobody outside sees it"

    text: Annotated[str, f.text("Note", "What the team should know", needed=True, subject="reporter")] = ""


class Pause(Step, frozen=True, kw_only=True, tag="pause"):
    help = "Pause the policy's clocks while the reporter's answer is awaited"

    reason: Annotated[
        str,
        f.text(
            "Reason", "What the reporter was asked, without which work cannot go on", needed=True, subject="reporter"
        ),
    ] = ""


class Resume(Step, frozen=True, kw_only=True, tag="resume"):
    help = "Let the clocks go on"

    reason: Annotated[str, f.text("Reason", "Why the waiting is over", subject="reporter")] = ""


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


class Disclosure(Step, frozen=True, kw_only=True, tag="disclosure"):
    help = "Record when the reporter means to publish, by their own word"
    promises = ("VM-10",)

    date: Annotated[
        datetime | None, f.date("Date", "When the reporter means to publish; left out: no such date any more", "VM-10")
    ] = None
    word: Annotated[
        str,
        f.text(
            "Word", "What the reporter wrote about it, or what was agreed", "VM-10", needed=True, subject="reporter"
        ),
    ] = ""


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


_Unreachable: TypeAlias = Annotated[
    str, f.text("Unreachable", "Where no answer can reach the reporter: why, like a dead address or an erasure", "IR-4")
]


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
    unreachable: _Unreachable = ""


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
    unreachable: _Unreachable = ""


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
            "acknowledge",
            "reply",
            "assess",
            "convert",
            "contain",
            "extend",
            "close",
            "reject",
            needed=True,
        ),
    ] = ""
    proposal: Annotated[
        str, f.code("Proposal", "The number of the change that you looked at; for a letter it is asked for")
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
    | Resend
    | Note
    | Pause
    | Resume
    | Credit
    | Disclosure
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

__all__ = [
    "Acknowledge",
    "Act",
    "AnyStep",
    "Approve",
    "Assess",
    "Close",
    "Command",
    "Confirm",
    "Contain",
    "Convert",
    "Credit",
    "Disclosure",
    "Eradicate",
    "Extend",
    "FieldSpec",
    "Fix",
    "FourEyes",
    "Handover",
    "Letter",
    "Material",
    "Merge",
    "Note",
    "Notify",
    "Pause",
    "Plan",
    "Recover",
    "Regime",
    "Reject",
    "Reopen",
    "Reply",
    "Resend",
    "Restrict",
    "Resume",
    "Review",
    "ReviewGlass",
    "Seen",
    "Ship",
    "Step",
    "Told",
    "Verify",
]
