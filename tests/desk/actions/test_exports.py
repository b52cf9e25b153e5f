"""A person gets what is theirs, and nothing of anybody else."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from forgeward.desk.actions import exports
from forgeward.desk.models import Entry
from forgeward.errors import BadInput, NotAllowed, NotFound
from forgeward.ledger.entry import decode
from tests.desk.post import Office, report
from tests.desk.tables import agrees, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import opened, reported, step

ADDRESS = "noor@example.net"
MIXED = 'multipart/mixed; boundary="cut"'
BODY = (
    "--cut\r\nContent-Type: text/plain\r\n\r\nIt reads any note.\r\n"
    '--cut\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="../../etc/steps one.txt"\r\n\r\n'
    "Call it twice.\r\n--cut--"
)


def export(
    house: House, out: Path, named: str = ADDRESS, who: str = "hannah"
) -> tuple[dict[str, Any], dict[str, bytes]]:
    exports.export(settings.HOME, named, out, getattr(house, who).actor(), NOW)
    with zipfile.ZipFile(out) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(found["person.json"]), found


def test_everything_of_theirs_is_in_it(post: Office, house: House, tmp_path: Path) -> None:
    """Mail, files, letters, notes about them; the file is its owner's alone; the ledger names nobody."""
    raw = report(1, f"Noor Haddad <{ADDRESS}>", body=BODY, Content_Type=MIXED)
    number = post.one(raw).case or ""
    step(number, "acknowledge", house.hannah, text="Thank you. Kind regards, Hannah Lindqvist")
    step(number, "note", house.tomasz, text="Hannah Lindqvist spoke with her. A patient person.")
    said, files = export(house, tmp_path / "noor.zip")
    assert files["mails/0001.eml"] == raw
    assert files["files/0001-steps_one.txt"] == b"Call it twice."
    assert said["files"][0]["name"].endswith("steps one.txt")
    assert [case["number"] for case in said["cases"]] == [number]
    texts = json.dumps(said)
    assert "It reads any note." in texts
    assert "A patient person." in texts
    assert "[name withheld] spoke with her" in texts
    assert "Lindqvist" not in texts
    assert {letter["kind"] for letter in said["letters"]} == {"receipt", "acknowledgement"}
    assert stat.S_IMODE((tmp_path / "noor.zip").stat().st_mode) == 0o600
    entry = decode(bytes(Entry.objects.get(kind=exports.EXPORTED).body))
    assert "noor" not in json.dumps(dict(entry.data))
    assert agrees(NOW)


def test_nothing_of_others_is_in_it(house: House, tmp_path: Path) -> None:
    """Neither another reporter's case nor their name in a note; what speaks of both is only counted."""
    number = reported(house.hannah)
    reported(
        house.hannah, reporter_name="Rita Okonkwo", reporter_address="rita@example.org", text="Noor Haddad told me"
    )
    step(number, "note", house.hannah, text="The same as Rita Okonkwo found, rita@example.org")
    opened(house.hannah, title="Errors", text="Noor Haddad may know")
    said, _ = export(house, tmp_path / "x.zip")
    assert [case["number"] for case in said["cases"]] == [number]
    assert "rita" not in json.dumps(said).lower()
    assert said["withheld"] == 2


@pytest.mark.parametrize("who", ["tomasz", "dele", "ada", "nobody"])
def test_support_and_lead_export(house: House, who: str, tmp_path: Path) -> None:
    """Nobody else, and nothing is written."""
    reported(house.hannah)
    with untouched(), pytest.raises(NotAllowed):
        export(house, tmp_path / "x.zip", who=who)
    assert list(tmp_path.iterdir()) == []


def test_a_restricted_case_is_not_given_out(house: House, tmp_path: Path) -> None:
    """By somebody whom it does not name."""
    number = reported(house.hannah)
    step(number, "restrict", house.dele, people=[f"person:{house.dele.pk}"])
    with untouched(), pytest.raises(NotAllowed):
        export(house, tmp_path / "x.zip")


def test_a_file_that_is_there_stays(house: House, tmp_path: Path) -> None:
    """And who is not here gets nothing."""
    reported(house.hannah)
    (tmp_path / "x.zip").write_text("mine")
    with untouched(), pytest.raises(BadInput):
        export(house, tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_text() == "mine"
    with untouched(), pytest.raises(NotFound):
        export(house, tmp_path / "y.zip", "nobody@nowhere.example")


def test_a_colleague_gets_what_is_theirs(house: House, tmp_path: Path) -> None:
    """Name, address, roles; by number or address."""
    said, _ = export(house, tmp_path / "x.zip", f"person:{house.tomasz.pk}")
    assert said["staff"]["address"] == "tomasz@example.com"
    assert said["staff"]["roles"] == ["engineering"]
