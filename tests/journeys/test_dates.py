"""Friday 17:30 before a public holiday, with a change of the clocks in between: what is due when, by the real command.

Every due instant below was worked out by hand, and stands there in UTC as it was written down.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.browser import Member, chromium, running
from tests.journeys.programme import LEAD, REPORT, Programme, free_port, own_database

pytestmark = [pytest.mark.journey, pytest.mark.slow]

ASSESS = (
    "--scope", "Note bodies in export", "--impact", "All notes", "--affected", "All sites",
    "--exploitability", "Any signed-in user", "--vector", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
)  # fmt: skip
CONFIRM = ("--environment", "Own development site", "--reproduction", "As reported", "--versions", "3.4.0 to 3.9.2")


def vendor(folder: Path, founded: str, zone: str, country: str) -> Programme:
    """A home of a vendor who keeps a country's holidays, founded and its policy adopted at an instant."""
    programme = Programme(folder, environment=own_database())
    with programme.at(founded):
        programme.do("init", "--vendor", "V", "--lead", "Ines Okafor", "--email", LEAD, "--zone", zone)
        file = folder / "policy.yaml"
        text = file.read_text().replace("version: 1\n", "version: 2\n", 1)
        file.write_text(text.replace("holidays: []", f"holidays: [{country}]"))
        programme.do("policy", "propose")
        programme.do("policy", "adopt")
    return programme


def due(programme: Programme, number: str) -> dict[str, str]:
    """What the policy's own clocks say: promise → due instant."""
    return {c["promise"]: c["due"] for c in programme.case(number)["clocks"] if c["regime"] == "policy"}


def taken_in(programme: Programme, folder: Path) -> str:
    report = folder / "report.eml"
    report.write_bytes(REPORT)
    number: str = programme.do("intake", "mail", str(report))["received"][0]["case"]
    return number


def test_friday_evening_in_dublin_before_the_october_holiday(tmp_path: Path) -> None:
    """A report of Friday 23 October 2026, 17:30 in Dublin (16:30 UTC), as the office closes.

    Summer time ends on Sunday 25 October; Monday 26 October is the October holiday; the office opens on Tuesday 27.

    - IR-4, 2 business days: Tuesday 27, Wednesday 28; its closing at 17:30, which is 17:30 UTC by now.
    - IR-5, 24 hours: Saturday 24, 16:30 UTC.
    - VM-3, 5 business days: 27, 28, 29, 30 October and Monday 2 November; its closing at 17:30 UTC.

    It is rated High and confirmed on Saturday 24, 12:00 UTC (13:00 in Dublin):

    - IR-7, 4 hours: Saturday 24, 16:00 UTC.
    - VM-6, 14 days of 24 hours: Saturday 7 November, 12:00 UTC (12:00 in Dublin).
    """
    programme = vendor(tmp_path / "home", "2026-10-01T09:00:00Z", "Europe/Dublin", "IE")
    with programme.at("2026-10-23T16:30:00Z"):
        number = taken_in(programme, tmp_path)
        assert due(programme, number) == {
            "IR-4": "2026-10-28T17:30:00Z",
            "IR-5": "2026-10-24T16:30:00Z",
            "VM-3": "2026-11-02T17:30:00Z",
        }
    with programme.at("2026-10-24T12:00:00Z"):
        programme.do("case", "assess", number, *ASSESS)
        programme.do("case", "confirm", number, *CONFIRM)
        dates = due(programme, number)
        assert (dates["IR-7"], dates["VM-6"]) == ("2026-10-24T16:00:00Z", "2026-11-07T12:00:00Z")
    with programme.at("2026-10-28T17:29:59Z"):
        programme.do("tick")
        assert programme.clocks(number)["IR-4"] == "running"
    with programme.at("2026-10-28T17:30:01Z"):
        programme.do("tick")
        assert programme.clocks(number)["IR-4"] == "missed"


def test_a_minute_before_closing_is_a_minute_before_closing(tmp_path: Path) -> None:
    """A report of 17:29 in Dublin (16:29 UTC) came while the office was open: due on Wednesday 28 at 17:29 UTC."""
    programme = vendor(tmp_path / "home", "2026-10-01T09:00:00Z", "Europe/Dublin", "IE")
    with programme.at("2026-10-23T16:29:00Z"):
        assert due(programme, taken_in(programme, tmp_path))["IR-4"] == "2026-10-28T17:29:00Z"


def test_the_evening_before_good_friday_in_london(tmp_path: Path) -> None:
    """A report of Thursday 28 March 2024, 17:30 in London (17:30 UTC), as the office closes.

    Good Friday is 29 March, Easter Monday 1 April, and summer time begins on Sunday 31 March between them; the office
    opens on Tuesday 2 April, and closes at 17:30, which is 16:30 UTC from then on.

    - IR-4, 2 business days: Tuesday 2, Wednesday 3 April, 16:30 UTC.
    - IR-5, 24 hours: Friday 29 March, 17:30 UTC.
    - VM-3, 5 business days: 2, 3, 4, 5 April and Monday 8 April, 16:30 UTC.
    """
    programme = vendor(tmp_path / "home", "2024-03-01T09:00:00Z", "Europe/London", "GB-ENG")
    with programme.at("2024-03-28T17:30:00Z"):
        assert due(programme, taken_in(programme, tmp_path)) == {
            "IR-4": "2024-04-03T16:30:00Z",
            "IR-5": "2024-03-29T17:30:00Z",
            "VM-3": "2024-04-08T16:30:00Z",
        }


@pytest.mark.browser
def test_the_desk_shows_the_same_dates(tmp_path: Path) -> None:
    """Seen on that Friday evening, in Dublin's time: Saturday 17:30, Wednesday 17:30, Monday 2 November 17:30."""
    programme = vendor(tmp_path / "home", "2026-10-01T09:00:00Z", "Europe/Dublin", "IE")
    with programme.at("2026-10-23T16:30:00Z"), chromium() as browser:
        number = taken_in(programme, tmp_path)
        with running(programme, free_port()) as base:
            words = Member.arrive(browser, programme, base, "ines").reads(number)
    shown = " ".join(words.split())
    assert "Times in Dublin (IST)" in shown
    assert "IR-5 · Policy, 24 hours 24 h left tomorrow, 17:30" in shown
    assert "IR-4 · Policy, 2 business days 17 business h left Wed, 17:30" in shown
    assert "VM-3 · Policy, 5 business days 5 business days left Mon 2 Nov, 17:30" in shown
