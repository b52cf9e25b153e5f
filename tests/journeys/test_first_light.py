"""The README's way by command line alone: a real mail becomes a case with clocks, is fixed, closed, and proven."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.journeys.programme import OFFLINE, REPORT, Programme, Sink, found, mail_server, mail_settings, text_of

pytestmark = [pytest.mark.journey, pytest.mark.slow]

ASSESS = (
    "--scope", "Note bodies in export", "--impact", "Reading across page limits",
    "--affected", "Field Notes, 412 sites",
    "--exploitability", "Any signed-in user", "--vector", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
)  # fmt: skip
CONFIRM = ("--environment", "Own development site", "--reproduction", "As reported", "--versions", "3.4.0 to 3.9.2")
FIX = (
    "--cause", "Reads as the app", "--patch", "4e1c9ad", "--artefacts", "Nothing was found", "--hardening", "A guard",
    "--regression-test", "tests/export.test.ts", "--weakness", "CWE-862",
)  # fmt: skip
SHIP = (
    "--version", "3.9.3", "--staging", "Both refuse", "--reviewer", "priya@lattice-loom.example",
    "--rollout", "Staging, then all; the tag before can be deployed", "--notes", "Security: access is checked",
    "--checklist", "Complete", "--permissions", "unchanged",
)  # fmt: skip
NOTIFY = (
    "--audience", "reporter", "--stage", "final", "--happened", "Export read notes by id", "--scope", "Note bodies",
    "--versions", "3.4.0 to 3.9.2", "--customer-action", "Nothing", "--fix-time", "Fixed in 3.9.3",
    "--root-cause", "Read as the app", "--corrective-actions", "A guard and a test",
)  # fmt: skip


def test_a_mail_becomes_a_case_that_is_fixed_closed_and_proven(tmp_path: Path) -> None:
    """From the raw mail to a pack that verifies offline, each step by its command, each refusal naming what lacks."""
    programme = found(tmp_path / "home")
    with mail_server() as (sink, port):
        programme.settings(mail_settings(port) + OFFLINE)
        number = _intake(programme, sink, tmp_path)
        _acknowledge(programme, sink, number)
        _mend(programme, number)
        _tell_and_close(programme, sink, number)
    _prove(programme, number, tmp_path)


def _intake(programme: Programme, sink: Sink, tmp_path: Path) -> str:
    (tmp_path / "report.eml").write_bytes(REPORT)
    before = datetime.now(UTC)
    (received,) = programme.do("intake", "mail", str(tmp_path / "report.eml"))["received"]
    assert received["new"]
    assert received["from"] == "noor@research.example"
    assert received["subject"] == "Export reads any note by its id"
    assert received["attachments"] == 1
    number: str = received["case"]
    (receipt,) = sink.to("noor@research.example")
    assert number in receipt["Subject"]
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert "asApp" not in receipt.as_string()
    again = programme.do("intake", "mail", str(tmp_path / "report.eml"))["received"][0]
    assert (again["case"], again["new"]) == (number, False)
    assert len(sink.mails) == 1
    case = programme.case(number)
    (clock,) = [c for c in case["clocks"] if c["promise"] == "IR-4"]
    assert clock["state"] == "running"
    assert datetime.fromisoformat(clock["starts"]) >= before, "the clock starts at our receipt, not at the Date header"
    return number


def _acknowledge(programme: Programme, sink: Sink, number: str) -> None:
    error = programme.refused("case", "acknowledge", number, who="hannah")
    assert [lack["name"] for lack in error["missing"]] == ["text"]
    programme.do("case", "acknowledge", number, "--text", "Thank you, Noor. We are looking into it.", who="hannah")
    reply = sink.to("noor@research.example")[-1]
    assert reply["In-Reply-To"] == "<first-report@research.example>"
    assert programme.clocks(number)["IR-4"] == "met"


def _mend(programme: Programme, number: str) -> None:
    error = programme.refused("case", "assess", number, "--scope", "Notes", who="ines")
    assert {lack["name"] for lack in error["missing"]} == {"impact", "affected", "exploitability", "severity"}
    programme.do("case", "assess", number, *ASSESS, who="ines")
    case = programme.case(number)
    assert case["severity"]["level"] == "medium" or case["severity"]["score"] == pytest.approx(6.5)
    programme.do("case", "confirm", number, *CONFIRM, who="tomasz")
    programme.do("case", "contain", number, "--how", "switch_off", "--detail", "Flag is off", who="tomasz")
    programme.do("case", "plan", number, "--release", "3.9.3", "--date", "2099-01-01", who="tomasz")
    programme.do("case", "fix", number, *FIX, who="tomasz")
    error = programme.refused("case", "ship", number, *SHIP[:-4], who="tomasz")
    assert {lack["name"] for lack in error["missing"]} >= {"checklist", "permissions"}
    programme.do("case", "ship", number, *SHIP, who="priya")
    assert programme.case(number)["state"] == "shipped"


def _tell_and_close(programme: Programme, sink: Sink, number: str) -> None:
    programme.do("case", "notify", number, *NOTIFY, who="hannah")
    assert "3.9.3" in text_of(sink.to("noor@research.example")[-1])
    programme.do("case", "credit", number, "--consent", "yes", "--name", "Noor Haddad", who="hannah")
    programme.do("case", "close", number, "--resolution", "fixed", "--summary", "Fixed for all sites", who="ines")
    case = programme.case(number)
    assert case["state"] == "closed"
    assert {c["state"] for c in case["clocks"] if c["promise"] in {"IR-4", "IR-5", "VM-7"}} == {"met"}


def _prove(programme: Programme, number: str, tmp_path: Path) -> None:
    pack, key = tmp_path / "case.pack", tmp_path / "vendor.key"
    programme.do("ledger", "pack", "--case", number, "--out", str(pack))
    key.write_text(programme.run("ledger", "key").out)
    verified = programme.do("ledger", "verify", str(pack), "--key", str(key))
    assert (verified["ok"], verified["signer"]) == (True, "known")
    assert verified["entries"] >= len(programme.case(number)["timeline"])
    assert b"Noor" not in pack.read_bytes(), "texts stay withheld"
    unsigned = programme.run("ledger", "verify", str(pack), "--json")
    assert (unsigned.code, unsigned.json["signer"]) == (1, "unknown")
    assert programme.do("audit")["ok"]


def test_every_changed_byte_of_a_pack_is_named(tmp_path: Path) -> None:
    """A pack with one byte changed, wherever it is, does not verify."""
    programme = found(tmp_path / "home", team=False)
    programme.do("case", "open", "--title", "Errors", "--text", "More errors than usual")
    pack, key = tmp_path / "all.pack", tmp_path / "key"
    programme.do("ledger", "pack", "--out", str(pack))
    key.write_text(programme.run("ledger", "key").out)
    whole = pack.read_bytes()
    for position in range(0, len(whole), len(whole) // 20):
        pack.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        answer = programme.run("ledger", "verify", str(pack), "--key", str(key), "--json")
        assert answer.code in {1, 2}, f"byte {position} of {len(whole)}"
