"""What scanners hand in becomes observations and cases."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from forgeward.desk import scanned
from forgeward.desk.actions import scans
from forgeward.desk.actions.scans import Of, Taken
from forgeward.desk.models import CaseRow, Entry, EvidenceRow, ObservationRow, Person, ScanRow
from forgeward.desk.readers import scans as reader
from forgeward.errors import BadInput, NotAllowed
from forgeward.prevent.findings import (
    Confidence,
    Finding,
    Grade,
    Place,
    Report,
    ScannedApp,
    Suppressed,
    TraceStep,
    Unread,
)
from forgeward.prevent.uploads.read import LARGEST
from tests.desk.tables import agrees, everything, untouched
from tests.desk.web.house import NOW, House
from tests.desk.web.story import step

APP_ID = "ari:cloud:ecosystem::app/1"


def finding(
    mark: str = "a", *, rule: str = "authz-asapp-unchecked", level: Grade = Grade.HIGH, begins: int = 3, line: int = 12
) -> Finding:
    return Finding(
        rule=rule,
        category="authorization",
        title="The app acts without a check",
        severity=level,
        confidence=Confidence.HIGH,
        cwe=("CWE-862",),
        cvss="",
        promises=("TC-7",),
        fingerprint=mark * 32,
        location=Place("src/index.js", line, 3),
        trace=(TraceStep("src/index.js", begins, 1, "begins"),),
        message="Anyone may write any issue.",
        fix="Ask for the permission first.",
        app="",
    )


def report(*findings: Finding, complete: bool = True, app_id: str = APP_ID, **more: object) -> bytes:
    made = Report(
        complete=complete,
        apps=(ScannedApp("", app_id),),
        not_scanned=() if complete else (Unread("src/broken.js", "syntax error at line 3"),),
        findings=findings,
        suppressed=(),
    )
    return msgspec.json.encode(msgspec.structs.replace(made, **more))


def hand_in(
    raw: bytes, who: Person, *, app: str = "field-radar", branch: str = "main", version: str = "", at: datetime = NOW
) -> Taken:
    return scans.take(raw, Of(app, branch, version=version), who.actor(), lambda: at)


def rejected(number: str, house: House) -> None:
    """Two people judge the finding to be none."""
    at = NOW + timedelta(hours=1)
    step(number, "reject", house.tomasz, at, **{"as": "false_positive", "reason": "The page is public."})
    step(number, "approve", house.ines, at, step="reject")


def words(number: str) -> list[str]:
    """The kinds of a case's entries."""
    return list(Entry.objects.filter(case__number=number).order_by("seq").values_list("kind", flat=True))


def test_roles_without_the_right_hand_nothing_in(house: House) -> None:
    """Support, Leadership, auditors and people without a role are refused, and nothing is kept."""
    for who in (house.hannah, house.dele, house.ada, house.nobody):
        with untouched(), pytest.raises(NotAllowed):
            hand_in(report(finding()), who)


@pytest.mark.parametrize(
    "of",
    [
        ("", "main"),
        ("../x", "main"),
        ("Field Radar", "main"),
        ("a" * 65, "main"),
        ("app", ""),
        ("app", "x\n"),
        ("app", "b" * 121),
    ],
)
def test_what_was_scanned_is_named_well(of: tuple[str, str]) -> None:
    """An app's key and a branch are one line each, and short."""
    with pytest.raises(BadInput):
        Of(*of)


def test_one_root_one_case(house: House) -> None:
    """Three findings that share where they begin or end are one case; another rule at the same place is another."""
    found = [finding("a"), finding("b", begins=9), finding("c", begins=9, line=40), finding("d", rule="secret-literal")]
    taken = hand_in(report(*found), house.tomasz)
    assert len(taken.opened) == 2
    rows = {row.fingerprint[0]: row.case.number for row in ObservationRow.objects.select_related("case") if row.case}
    assert rows["a"] == rows["b"] == rows["c"] != rows["d"]
    case = CaseRow.objects.get(number=rows["a"])
    assert (case.kind, case.state) == ("event", CaseRow.objects.get(number=rows["d"]).state)
    assert agrees(NOW)


def test_the_same_again_changes_nothing_but_its_age(house: House) -> None:
    """A nightly job that finds the same writes no entry and opens no case, and the app's scan is young again."""
    raw = report(finding())
    hand_in(raw, house.tomasz)
    before = everything()
    again = hand_in(raw, house.tomasz, at=NOW + timedelta(days=1))
    after = everything()
    assert not again.new
    assert {t for t in before if before[t] != after[t]} <= {"desk_scanrow", "desk_evidencerow"}
    assert scanned.ages()[0].at == NOW + timedelta(days=1)


def test_suppressed_and_slight_ones_are_recorded_only(house: House) -> None:
    """What somebody answered for in the code, and what is below the policy's limit, opens no case."""
    answered = Suppressed("e" * 32, "The page is public.", "", "authz-asapp-unchecked", Place("src/a.js", 1, 1))
    taken = hand_in(report(finding("f", level=Grade.MEDIUM), suppressed=(answered,)), house.tomasz)
    assert taken.opened == ()
    assert dict(ObservationRow.objects.values_list("fingerprint", "state")) == {
        "e" * 32: "suppressed",
        "f" * 32: "recorded",
    }
    assert CaseRow.objects.count() == 0


def test_a_branch_that_does_not_count_opens_no_case(house: House) -> None:
    """A pull request's findings are recorded; once they are on main, or in production, they open one."""
    assert hand_in(report(finding("a")), house.tomasz, branch="feature/x").opened == ()
    assert len(hand_in(report(finding("a")), house.tomasz).opened) == 1
    assert len(hand_in(report(finding("b")), house.tomasz, branch="release", version="4.1.0").opened) == 1


def test_a_new_finding_of_a_known_root_joins_its_case(house: House) -> None:
    """The open case learns of it; no second one is opened."""
    (number,) = hand_in(report(finding("a")), house.tomasz).opened
    taken = hand_in(report(finding("a"), finding("b", begins=30)), house.tomasz)
    assert (taken.opened, taken.joined) == ((), (number,))
    assert words(number)[-1] == "case:joined"


def test_only_a_complete_scan_of_production_proposes_to_close(house: House) -> None:
    """Gone from an incomplete scan: nothing. From main: gone, no word. From production: the case is told, once."""
    (number,) = hand_in(report(finding("a")), house.tomasz).opened
    length = len(words(number))
    hand_in(report(complete=False), house.tomasz)
    hand_in(report(partial="only what came since main"), house.tomasz)
    hand_in(report(off=("authz-asapp-unchecked",)), house.tomasz, version="5.0.0")
    assert ObservationRow.objects.get().state == "open"
    hand_in(report(), house.tomasz)
    assert (ObservationRow.objects.get().state, len(words(number))) == ("gone", length)
    first = hand_in(report(), house.tomasz, version="5.0.1")
    second = hand_in(report(), house.tomasz, version="5.0.2")
    assert (first.over, second.over) == ((number,), ())
    assert len(words(number)) == length + 1
    assert CaseRow.objects.get(number=number).closed_at is None


def test_not_released_yet_is_not_gone(house: House) -> None:
    """Production without a finding that main has says nothing about its case."""
    (number,) = hand_in(report(finding("a")), house.tomasz).opened
    assert hand_in(report(), house.tomasz, branch="production", version="4.0.0").over == ()
    assert words(number)[-1] != "case:joined"


def test_what_comes_back_is_told(house: House) -> None:
    """An open case learns it; after a person closed the case it is a new one."""
    (number,) = hand_in(report(finding("a")), house.tomasz).opened
    hand_in(report(), house.tomasz)
    assert hand_in(report(finding("a")), house.tomasz).back == (number,)
    rejected(number, house)
    later = NOW + timedelta(hours=2)
    assert hand_in(report(finding("a")), house.tomasz, branch="master", at=later).opened == ()
    assert hand_in(report(finding("a")), house.tomasz, at=later).opened == ()
    hand_in(report(), house.tomasz, at=later)
    (again,) = hand_in(report(finding("a")), house.tomasz, at=later).opened
    assert again != number


def test_apps_and_scanners_are_apart(house: House) -> None:
    """The same fingerprint in another app is another finding; one app's clean scan leaves the other's alone."""
    one = hand_in(report(finding("a")), house.tomasz).opened
    two = hand_in(report(finding("a"), app_id="ari:2"), house.tomasz, app="other").opened
    assert len({*one, *two}) == 2
    hand_in(report(app_id="ari:2"), house.tomasz, app="other")
    assert ObservationRow.objects.get(app="field-radar").state == "open"


def test_a_report_of_another_app_is_refused(house: House) -> None:
    """The Forge app id must be the one that earlier reports had, unless a person says that it changed."""
    hand_in(report(finding("a")), house.tomasz)
    with pytest.raises(BadInput, match="of another app"):
        hand_in(report(app_id="ari:9"), house.tomasz)
    assert ScanRow.objects.get(state="refused").reason.startswith("The report is of another app")
    assert ObservationRow.objects.get().state == "open"
    of = Of("field-radar", "main", new_id=True)
    assert scans.take(report(app_id="ari:9"), of, house.ines.actor(), lambda: NOW).new


HOSTILE = {
    "empty": b"",
    "no JSON": b"{",
    "another form": b'{"schema":"forgeward/case/1"}',
    "deep": b'{"schema":"forgeward/scan/1","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "many objects": b'{"version":"2.1.0","runs":[{"results":[' + b"{}," * 700_000 + b"{}]}]}",
    "latin": b'{"schema":"forgeward/scan/1","apps":"\xff"}',
    "no fingerprint": report(finding("a")).replace(b"a" * 32, b"../../etc/passwd"),
    "several scanners": b'{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"A"}},"results":[]},'
    b'{"tool":{"driver":{"name":"B"}},"results":[]}]}',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_kept_and_refused(house: House, raw: bytes) -> None:
    """The file is there to look at, its row says why, and nothing came of it."""
    with pytest.raises(BadInput):
        hand_in(raw, house.tomasz)
    row = ScanRow.objects.get()
    assert row.state == "refused"
    assert row.reason
    assert scanned.raw_of(row) == raw
    assert (ObservationRow.objects.count(), CaseRow.objects.count()) == (0, 0)


def test_too_large_is_not_even_kept(house: House) -> None:
    """A hundred megabytes fill no disk."""
    with untouched(), pytest.raises(BadInput, match="bytes"):
        hand_in(b" " * (LARGEST + 1), house.tomasz)


def test_words_of_strangers_are_one_clean_line(house: House) -> None:
    """Line ends, direction marks, formulas and tags are text, and a title is short."""
    bad = msgspec.structs.replace(finding(), title='=HYPERLINK("x")\n<script>\u202egnp.exe ' + "y" * 500)
    (number,) = hand_in(report(bad), house.tomasz).opened
    found = reader.one(house.tomasz, ScanRow.objects.get().pk).found[0]
    assert found.case == number
    assert found.words.title.startswith('=HYPERLINK("x") <script>gnp.exe yyy')
    assert len(found.words.title) <= 120


def test_the_newest_files_are_kept_and_older_ones_let_go(house: House) -> None:
    """Three files of each branch; the rows stay."""
    for number in range(5):
        hand_in(report(finding(str(number))), house.tomasz)
    assert [bool(row.raw) for row in ScanRow.objects.order_by("pk")] == [False, False, True, True, True]


def test_the_check_is_as_old_as_the_oldest_app(house: House) -> None:
    """TC-10: evidence counts from the app that was scanned longest ago, and names it."""
    hand_in(report(finding("a")), house.tomasz)
    hand_in(report(app_id="ari:2"), house.tomasz, app="other", at=NOW + timedelta(days=9))
    last = EvidenceRow.objects.filter(mechanism="check:ci_scanning").order_by("-pk").first()
    assert last is not None
    assert (last.at, last.ok) == (NOW, True)
    assert "field-radar" in last.what
    assert [age.app for age in reader.late(NOW + timedelta(days=35))] == ["field-radar"]
