"""What happens in the demo: nineteen cases of a vendor of three Forge apps, told as deeds and hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forgeward.vocabulary import Role

PEOPLE: Mapping[str, tuple[str, list[Role]]] = {
    "tomasz": ("Tomasz Bielak", [Role.ENGINEERING]),
    "priya": ("Priya Raman", [Role.ENGINEERING]),
    "hannah": ("Hannah Lindqvist", [Role.SUPPORT]),
    "dele": ("Dele Adeyemi", [Role.LEADERSHIP]),
}


@dataclass(frozen=True)
class Deed:
    """One step, so many hours after the story began, by one of the team."""

    after: float
    by: str
    step: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """One case. ``hour`` is the hour of its beginning, in UTC."""

    title: str
    app: str
    days_ago: int
    deeds: tuple[Deed, ...]
    source: str = "mail"
    hour: int = 9


def report(text: str, name: str, address: str) -> Deed:
    """The report of somebody outside."""
    return Deed(0, "", "receive", {"text": text, "reporter_name": name, "reporter_address": address, "receipt": True})


def noticed(text: str) -> Deed:
    """An observation of our own."""
    return Deed(0, "", "receive", {"text": text})


def takes(after: float, owner: str) -> Deed:
    return Deed(after, "lead", "handover", {"owner": f"@{owner}"})


def thank(after: float, by: str = "hannah") -> Deed:
    text = "Thank you for your report. We are looking into it and write again as soon as we know more."
    return Deed(after, by, "acknowledge", {"text": text})


def assess(after: float, vector: str, scope: str, impact: str, affected: str, by: str = "lead") -> Deed:
    fields = {
        "scope": scope,
        "impact": impact,
        "affected": affected,
        "exploitability": "A signed-in user can do it with a crafted call; no special knowledge is needed.",
        "vector": vector,
    }
    return Deed(after, by, "assess", fields)


def confirm(after: float, versions: str, by: str = "tomasz") -> Deed:
    fields = {
        "environment": "Our own development site, app environment “development”",
        "reproduction": "Followed the report step by step; seen as described.",
        "versions": versions,
    }
    return Deed(after, by, "confirm", fields)


def contain(after: float, detail: str, by: str = "tomasz", how: str = "switch_off") -> Deed:
    return Deed(after, by, "contain", {"how": how, "detail": detail})


def plan(after: float, release: str, days: int) -> Deed:
    return Deed(after, "tomasz", "plan", {"release": release, "date": f"+{days * 24}"})


def fix(after: float, cause: str, weakness: str, by: str = "tomasz") -> Deed:
    fields = {
        "cause": cause,
        "patch": "The resolver asks as the user before it reads; merged after review",
        "artefacts": "Nothing malicious was found.",
        "hardening": "A shared guard now stands in front of every resolver that takes an id.",
        "regression_test": "tests/resolvers/access.test.ts",
        "weakness": weakness,
    }
    return Deed(after, by, "fix", fields)


def ship(after: float, version: str, by: str = "priya", reviewer: str = "@priya") -> Deed:
    fields = {
        "version": version,
        "staging": "Ran the regression test and the report's steps on staging; both refuse.",
        "reviewer": reviewer,
        "rollout": "Staging, then all sites as a minor version; the tag before can be deployed again.",
        "notes": "Security: access is checked before content is read.",
        "checklist": "Release checklist of this version, complete",
        "permissions": "unchanged",
    }
    return Deed(after, by, "ship", fields)


def credit(after: float, name: str, consent: str = "yes") -> Deed:
    return Deed(after, "hannah", "credit", {"consent": consent, "name": name if consent == "yes" else ""})


def tell(after: float) -> Deed:
    text = "The fix is in production since today. Thank you again; tell us whether and how you want to be named."
    return Deed(after, "hannah", "reply", {"text": text})


def close(after: float, resolution: str, summary: str, by: str = "lead") -> Deed:
    return Deed(after, by, "close", {"resolution": resolution, "summary": summary})


def agreed(after: float, step: str, by: str = "dele") -> Deed:
    return Deed(after, by, "approve", {"step": step, "comment": "Looked at the history of the case; agreed."})


HIGH = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:L/A:N"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"
MEDIUM = "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:L/I:L/A:N"
LOW = "CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"


def mended(
    title: str,
    app: str,
    days_ago: int,
    vector: str,
    reporter: tuple[str, str],
    *,
    days: float,
    thanked: float = 4,
    assessed: float = 9,
) -> Story:
    """A weakness reported, fixed after ``days``, and closed."""
    urgent = vector in {HIGH, CRITICAL}
    end = days * 24
    deeds = [
        report(f"{title}. Steps to reproduce are below; tell me if you need more.", *reporter),
        thank(thanked),
        assess(
            assessed,
            vector,
            "One resolver and the content it reads",
            "Reading content of others on one site",
            f"{app}, all sites",
        ),
        takes(assessed + 1, "tomasz"),
        confirm(assessed + 3, "2.1.0 to 2.8.1"),
    ]
    if urgent:
        deeds.append(contain(assessed + 4, "The function is switched off by its feature flag in production."))
    if vector == MEDIUM:
        deeds.append(plan(assessed + 30, "2.9.0", max(2, int(days) - 2)))
    deeds += [
        fix(end - 30, "The resolver took an id from the payload and read it without asking as the user.", "CWE-862"),
        ship(end, "2.9.0"),
        tell(end + 3),
        credit(end + 50, reporter[0]),
        close(end + 60, "fixed", "Reproduced, fixed, released to all sites; logs show no use of it."),
    ]
    return Story(title, app, days_ago, tuple(deeds))


NOOR = ("Noor Haddad", "noor@research.example")
MIKA = ("Mika Saarinen", "mika@pentest.example")
ADA = ("Ada Nwosu", "ada.nwosu@customer.example")
LEO = ("Leo Brandt", "leo@bounty.example")

STORIES: tuple[Story, ...] = (
    mended("Export keeps formulas in CSV cells", "release-radar", 352, MEDIUM, MIKA, days=31),
    mended("Macro shows titles of pages without access", "field-notes", 318, HIGH, NOOR, days=9),
    mended(
        "Admin page accepts any site's settings key", "thread-board", 290, CRITICAL, LEO, days=5, thanked=2, assessed=4
    ),
    mended("Comment preview renders raw HTML", "thread-board", 251, HIGH, ADA, days=18, thanked=28),
    mended("Verbose error names internal keys", "release-radar", 220, LOW, MIKA, days=40),
    mended("Webhook accepts old signatures", "release-radar", 188, MEDIUM, LEO, days=44),
    mended("Search returns archived notes", "field-notes", 151, MEDIUM, ADA, days=28, assessed=31),
    mended("Digest template takes a page title unescaped", "release-radar", 118, HIGH, NOOR, days=8),
    mended("Token stays in the browser's log", "thread-board", 84, MEDIUM, MIKA, days=20),
    Story(
        "Digest was sent to the wrong site",
        "release-radar",
        62,
        (
            report("Our site received a digest with page titles of another company.", *ADA),
            thank(2),
            assess(3, CRITICAL, "Weekly digest", "Page titles seen by another customer", "Release Radar, two sites"),
            Deed(
                4,
                "lead",
                "convert",
                {"to": "incident", "reason": "Titles of one customer were shown to another: harm is confirmed."},
            ),
            takes(4.5, "priya"),
            contain(5, "Digest is switched off for all sites by its flag.", by="priya"),
            Deed(9, "dele", "material", {"decision": "yes", "reason": "Content of one customer reached another."}),
            Deed(11, "lead", "told", {"who": "atlassian", "reference": "Incident report ECOHELP-20914"}),
            Deed(
                24,
                "hannah",
                "notify",
                {
                    "audience": "customers",
                    "stage": "first",
                    "recipients": ["admins@north.example", "security@south.example"],
                    "happened": "A weekly digest with page titles of one site was sent to another site's address.",
                    "scope": "Titles of at most 40 pages; no page content.",
                    "versions": "Release Radar 4.2.0 and 4.2.1",
                    "customer_action": "Delete the digest of 20 September if you received it. Nothing else is needed.",
                    "fix_time": "The digest is off. A fixed version follows within seven days.",
                },
            ),
            Deed(
                60,
                "tomasz",
                "eradicate",
                {
                    "cause": "The digest was addressed by a list that was kept between two invocations.",
                    "patch": "Recipients are read for each site anew",
                    "artefacts": "Nothing malicious was found.",
                    "hardening": "A rule refuses module state that holds tenants' data.",
                },
            ),
            Deed(
                70,
                "priya",
                "recover",
                {
                    "staging": "Two sites with different lists were served in turn, 500 times; none was mixed.",
                    "version": "4.2.2",
                    "watch": "Digest recipients are compared with the site's own list for 14 days.",
                },
            ),
            Deed(
                72,
                "hannah",
                "notify",
                {
                    "audience": "customers",
                    "stage": "final",
                    "recipients": ["admins@north.example", "security@south.example"],
                    "happened": "A weekly digest with page titles of one site was sent to another site's address.",
                    "scope": "Titles of at most 40 pages; no page content.",
                    "versions": "Release Radar 4.2.0 and 4.2.1; fixed in 4.2.2",
                    "customer_action": "Nothing more is needed.",
                    "fix_time": "Fixed since today in version 4.2.2.",
                    "root_cause": "A list of recipients outlived the invocation that it was made for.",
                    "corrective_actions": "The list is read anew; a rule in the scanner refuses such state.",
                },
            ),
            Deed(
                100, "lead", "act", {"title": "Refuse tenants' data in module state", "owner": "@tomasz", "due": "+960"}
            ),
            Deed(
                450,
                "lead",
                "review",
                {
                    "timeline": "Sent on 20 September, reported the same morning, switched off within five hours.",
                    "root_cause": "State that outlived an invocation.",
                    "lessons": "The flag was quick; nobody had looked for state in modules.",
                    "actions": "One action is agreed: a rule that refuses it.",
                    "sign": True,
                },
            ),
        ),
    ),
    Story(
        "Error rate of the export rose after a release",
        "field-notes",
        47,
        (
            noticed("The share of failed exports rose from 0.1 % to 6 % on Tuesday morning."),
            assess(
                5,
                LOW,
                "Export of notes",
                "Exports fail; no data is shown",
                "Field Notes, a tenth of the sites",
                by="priya",
            ),
            close(
                30,
                "no_issue",
                "A rate limit of the platform; the retry was mended in 3.9.1. No security issue.",
                by="lead",
            ),
            agreed(33, "close"),
        ),
        source="alert",
    ),
    Story(
        "Scanner says that a page is served without TLS",
        "thread-board",
        40,
        (
            report("Your marketing page answers on port 80.", *LEO),
            thank(6),
            assess(12, LOW, "None of the apps", "None: the page redirects to TLS", "No app, no tenant"),
            Deed(
                14,
                "lead",
                "reject",
                {"as": "out_of_scope", "reason": "A marketing page that redirects; no app is concerned."},
            ),
            agreed(20, "reject"),
        ),
    ),
    Story(
        "Old browser library in the settings page",
        "thread-board",
        33,
        (
            noticed("The dependency feed names a library with a known weakness in version 1.4.2."),
            assess(
                6, LOW, "Settings page", "Script in an admin's own settings", "Thread Board, admins only", by="tomasz"
            ),
            takes(8, "tomasz"),
            confirm(50, "1.0.0 to 1.4.2"),
        ),
        source="advisory",
    ),
    Story(
        "Page title is not escaped in mail",
        "release-radar",
        27,
        (
            report("A page title with a tag breaks the digest mail.", *MIKA),
            thank(5),
            assess(11, MEDIUM, "Digest mail", "Markup in a mail; no script runs", "Release Radar, all sites"),
            takes(12, "tomasz"),
            confirm(28, "4.0.0 to 4.2.2"),
        ),
    ),
    Story(
        "Login loop after a site was renamed",
        "thread-board",
        19,
        (
            report("Since our site has another name, the board asks to sign in again and again.", *ADA),
            thank(3),
            assess(
                16,
                MEDIUM,
                "Sign-in to the board",
                "The board cannot be used",
                "Thread Board, renamed sites",
                by="priya",
            ),
            takes(17, "priya"),
            confirm(40, "2.0.0 to 2.3.4", by="priya"),
            Deed(
                60,
                "priya",
                "pause",
                {"reason": "The reporter was asked for a trace of the browser, without which the loop is not seen."},
            ),
        ),
        source="support",
    ),
    Story(
        "Unusual number of permission errors on one site",
        "field-notes",
        12,
        (
            noticed("412 permission errors within an hour on one site; the usual number is three."),
            assess(
                4, MEDIUM, "Reading of notes", "None seen: every call was refused", "Field Notes, one site", by="priya"
            ),
            Deed(
                8,
                "priya",
                "note",
                {"text": "A script of the customer's own with an expired account. Asked their admin."},
            ),
        ),
        source="alert",
    ),
    Story(
        "Export reads any note by its id",
        "field-notes",
        6,
        (
            report(
                "Hello, the export resolver of Field Notes takes a note id from the payload and reads it with asApp(). "
                "A user without access to a page can export its notes if they know or count the id.",
                *NOOR,
            ),
            thank(1.5),
            assess(
                5,
                HIGH,
                "Note bodies in export",
                "Reading across page limits, one site at a time",
                "Field Notes, 412 sites; none seen exploited",
            ),
            takes(5.5, "tomasz"),
            confirm(6, "3.4.0 to 3.9.2"),
            contain(6.5, "Flag export-notes is off in production; confirmed on two sites."),
            Deed(
                22,
                "tomasz",
                "note",
                {"text": "Reproduced on 3.9.2 in two minutes. Ids are sequential, so guessing is easy."},
            ),
            fix(70, "The export resolver reads by id as the app, without asking as the user.", "CWE-862"),
        ),
    ),
    Story(
        "Board shows a private project's name",
        "thread-board",
        4,
        (
            report("The board's filter lists names of projects that I cannot open.", *MIKA),
            thank(20),
            assess(
                21,
                MEDIUM,
                "Filter of the board",
                "Names of projects are seen",
                "Thread Board, sites with private projects",
            ),
        ),
    ),
    Story(
        "Token visible in the browser's log",
        "release-radar",
        1,
        (report("The console prints a token when the digest is previewed.", *LEO),),
        hour=8,
    ),
)
