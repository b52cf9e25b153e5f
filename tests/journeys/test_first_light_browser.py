"""The README's way once more, in a browser: the same mail, the same steps, by the people whose work they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.browser import Member, chromium, running
from tests.journeys.programme import OFFLINE, REPORT, found, free_port, mail_server, mail_settings, text_of

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.browser]


def test_a_mail_becomes_a_case_that_is_fixed_and_closed_in_a_browser(tmp_path: Path) -> None:
    """Sign-in with a second factor, the queue, a refused step that names what lacks, and every step to closed."""
    programme = found(tmp_path / "home")
    report = tmp_path / "report.eml"
    report.write_bytes(REPORT)
    port = free_port()
    with mail_server() as (sink, smtp), chromium() as browser:
        programme.settings(mail_settings(smtp) + OFFLINE)
        with running(programme, port) as base:
            number = programme.do("intake", "mail", str(report))["received"][0]["case"]
            team = {who: Member.arrive(browser, programme, base, who) for who in ("ines", "tomasz", "priya", "hannah")}
            _finds_it_on_today(team["hannah"], number)
            team["hannah"].step(number, "acknowledge", text="Thank you, Noor. We are looking into it.")
            acknowledgement = sink.awaited("noor@research.example", "We are looking into it.")
            assert "asApp" not in text_of(acknowledgement), "an answer quotes nothing"
            _assesses(team["ines"], number)
            _mends(team, number, programme.do("people", "list"))
            _ends(team, number)
            assert sink.awaited("noor@research.example", "Fixed in 3.9.3 since today.")["Subject"]
        assert programme.case(number)["state"] == "closed"
        assert programme.do("audit")["ok"]


def _finds_it_on_today(member: Member, number: str) -> None:
    member.page.goto(member.base + "/")
    assert number in member.page.inner_text("main")
    assert "Export reads any note by its id" in member.reads(number)
    assert "steps.txt" in member.page.inner_text("main")


def _assesses(lead: Member, number: str) -> None:
    lead.attempt(number, "assess", scope="Note bodies in export")
    said = lead.page.inner_text("main")
    assert "Impact" in said
    assert "Exploitability" in said
    assert lead.page.input_value("[name=scope]") == "Note bodies in export", "what was typed is kept"
    lead.step(
        number,
        "assess",
        scope="Note bodies in export",
        impact="Reading across page limits <script>alert(1)</script>",
        affected="Field Notes, 412 sites",
        exploitability="Any signed-in user",
        vector="CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
    )
    assert "<script>alert(1)</script>" in lead.reads(number), "shown as text"


def _mends(team: dict[str, Member], number: str, people: dict[str, list[dict[str, str]]]) -> None:
    engineer = team["tomasz"]
    engineer.step(
        number, "confirm", environment="Own development site", reproduction="As reported", versions="3.4.0 to 3.9.2"
    )
    engineer.step(number, "contain", how="switch_off", detail="Flag export-notes is off")
    engineer.step(
        number,
        "fix",
        cause="Reads as the app",
        patch="4e1c9ad",
        artefacts="Nothing was found",
        hardening="A guard",
        regression_test="tests/export.test.ts",
        weakness="CWE-862",
    )
    order = [person["email"] for person in people["people"]]
    assert "priya@lattice-loom.example" in order
    team["priya"].page.goto(f"{engineer.base}/cases/{number}/do/ship/")
    reviewer = team["priya"].page.locator("[name=reviewer] option", has_text="Priya").get_attribute("value")
    assert reviewer
    team["priya"].step(
        number,
        "ship",
        version="3.9.3",
        staging="Both refuse",
        reviewer=reviewer,
        rollout="Staging, then all",
        notes="Security: access is checked",
        checklist="Complete",
        permissions="unchanged",
    )


def _ends(team: dict[str, Member], number: str) -> None:
    team["hannah"].step(number, "reply", text="Fixed in 3.9.3 since today. May we name you?")
    team["hannah"].step(number, "credit", consent="yes", name="Noor Haddad")
    team["ines"].step(number, "close", resolution="fixed", summary="Fixed for all sites")
    assert "Closed" in team["ines"].reads(number)
