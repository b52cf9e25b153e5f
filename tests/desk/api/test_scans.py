"""Scans over the API: handed in by a program, listed, shown; each role and scope as the table says."""

from __future__ import annotations

import msgspec
import pytest

from forgeward.desk.models import CaseRow, ScanRow
from forgeward.prevent.uploads.read import LARGEST
from tests.desk.actions.test_scans import finding, report
from tests.desk.api.house import caller, forged
from tests.desk.web.house import House
from tests.desk.web.story import step

JSON = "application/json"
PATH = "/scans?app=field-radar&branch=main&revision=0f3c"


def test_a_scan_goes_in_and_can_be_read(house: House) -> None:
    """What was handed in opens a case, is listed, shown with its case, and given back as it came."""
    engineer = caller(house.tomasz, "scans:write", "scans:read")
    raw = report(finding("a"))
    taken = engineer.send(PATH, raw, JSON)
    assert taken.status_code == 200, taken.content
    body = msgspec.json.decode(taken.content)
    (number,) = body["opened"]
    assert (body["new"], body["scan"]["findings"]) == (True, 1)
    assert engineer.send(PATH, raw, JSON).json()["new"] is False  # type: ignore[attr-defined]
    listed = msgspec.json.decode(engineer.get("/scans?app=field-radar").content)["scans"]
    assert [each["revision"] for each in listed] == ["0f3c"]
    shown = msgspec.json.decode(engineer.get(f"/scans/{listed[0]['id']}").content)
    assert [(f["case"], f["state"], f["path"]) for f in shown["findings"]] == [(number, "open", "src/index.js")]
    assert engineer.get(f"/scans/{listed[0]['id']}/raw").content == raw


@pytest.mark.parametrize("who", ["hannah", "dele", "ada", "nobody"])
def test_others_hand_nothing_in(house: House, who: str) -> None:
    """Support, Leadership, auditors and people without a role are refused, whatever their token says."""
    answer = forged(getattr(house, who)).send(PATH, report(finding()), JSON)
    assert answer.status_code == 403
    assert ScanRow.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("dele", 200), ("ada", 200), ("hannah", 403), ("nobody", 403)])
def test_who_reads(house: House, who: str, status: int) -> None:
    """Weaknesses are for those who lead, mend and audit; Support sees the cases."""
    assert forged(getattr(house, who)).get("/scans").status_code == status


def test_a_token_for_cases_is_none_for_scans(house: House) -> None:
    """A scope opens its own door only."""
    lead = caller(house.ines, "cases:read", "cases:write")
    assert lead.send(PATH, report(finding()), JSON).status_code == 403
    assert lead.get("/scans").status_code == 403
    assert caller(house.ines, "scans:write").get("/scans").status_code == 403


def test_what_is_no_scan_is_refused_in_words(house: House) -> None:
    """422 with a sentence for another file, 415 for another kind, 413 for what is too large; never a broken page."""
    engineer = caller(house.tomasz)
    assert engineer.send(PATH, b'{"schema":"forgeward/case/1"}', JSON).status_code == 422
    assert engineer.send(PATH, b"<xml/>", "text/xml").status_code == 415
    assert engineer.send(PATH, b" " * (LARGEST + 1), JSON).status_code == 422
    assert engineer.send(PATH, b" " * (31 * 2**20), JSON).status_code == 413
    assert engineer.send("/scans?app=../x&branch=main", report(), JSON).status_code == 422
    assert engineer.send("/scans?app=field-radar", report(), JSON).status_code == 422
    assert engineer.get("/scans/999").status_code == 404


def test_a_restricted_case_goes_unnamed(house: House) -> None:
    """Whoever may not see the case sees the finding without it."""
    lead, auditor = caller(house.ines), caller(house.ada)
    (number,) = msgspec.json.decode(lead.send(PATH, report(finding("a")), JSON).content)["opened"]
    step(
        number,
        "restrict",
        house.ines,
        CaseRow.objects.get(number=number).changed_at,
        people=[f"person:{house.ines.pk}"],
    )
    pk = ScanRow.objects.get().pk
    assert number.encode() in lead.get(f"/scans/{pk}").content
    assert number.encode() not in auditor.get(f"/scans/{pk}").content
    more = report(finding("a"), finding("b", begins=30))
    assert number.encode() not in caller(house.tomasz).send(PATH, more, JSON).content
