"""The CVSS calculator: metrics to vector and back, the same score as the core's, wrong vectors explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgeward.desk.models import Entry
from forgeward.errors import BadInput
from forgeward.respond import cvss
from forgeward.respond.severity import score
from tests.desk.web import story
from tests.desk.web.house import NOW, House, signed_in

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:N/A:N"
BASE = {f"m.{part.split(':')[0]}": part.split(":")[1] for part in VECTOR.split("/")[1:]}


@pytest.fixture(autouse=True)
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgeward.edges.home.Home.now", lambda self: NOW)


@st.composite
def sheets(draw: st.DrawFn) -> cvss.Sheet:
    version = draw(st.sampled_from(cvss.VERSIONS))
    chosen = {m.key: draw(st.sampled_from([code for code, _ in m.values])) for m in cvss.base_metrics(version)}
    reasons = {}
    for metric in draw(st.lists(st.sampled_from(cvss.context_metrics(version)), unique=True, max_size=5)):
        chosen[metric.key] = draw(st.sampled_from([code for code, _ in metric.values]))
        reasons[metric.key] = "because = it is so"
    return cvss.Sheet(version, chosen, reasons)


@given(sheets())
def test_every_sheet_is_a_vector_that_reads_back(sheet: cvss.Sheet) -> None:
    """Both ways without loss, for both versions and every value; the core scores each."""
    vector, context = cvss.compose(sheet)
    assert cvss.spread(vector, context) == sheet
    assert 0 <= score(vector, tuple(item.partition("=")[0] for item in context)).score <= 100


@pytest.mark.parametrize(
    "vector",
    ["CVSS:2.0/AV:N", "AV:N/AC:L", "CVSS:3.1/AV:N", f"{VECTOR}/MAV:L", VECTOR.replace("AV:N", "AV:Q"), "x" * 99],
)
def test_a_wrong_vector_is_explained(vector: str) -> None:
    """What is wrong in a sentence, never a crash."""
    with pytest.raises(BadInput) as refused:
        cvss.spread(vector, ())
    assert refused.value.next


def test_values_that_a_metric_has_not_are_left_out() -> None:
    """Whatever a form sends, only what the specification knows is in the sheet."""
    sheet = cvss.sheet_of("5.0", {"AV": "N", "AC": "Q", "ZZ": "N", "MAV": "X"}, {"MAV": " a\n b ", "ZZ": "x"})
    assert (sheet.version, sheet.chosen, sheet.reasons) == ("4.0", {"AV": "N"}, {"MAV": "a b"})
    assert cvss.compose(sheet) == ("", ())


def test_the_form_gives_the_vector_and_keeps_what_was_typed(house: House) -> None:
    """Without JavaScript by a button: score and level from the server; nothing is recorded."""
    number = story.opened(house.hannah)
    client, before = signed_in(house.tomasz), Entry.objects.count()
    sent = {
        "c.version": "3.1",
        "scope": "Half <typed>",
        "calculate": "form",
        "m.MAV": "L",
        "r.MAV": "Only in the office",
        **BASE,
    }
    page = client.post(f"/cases/{number}/cvss/", sent).content.decode()
    assert VECTOR in page
    assert "MAV:L=Only in the office" in page
    assert "Half &lt;typed&gt;" in page
    assert "7.7</strong> base" in page
    assert "in context" in page
    assert Entry.objects.count() == before


def test_the_vector_fills_the_form(house: House) -> None:
    """The other way; a wrong one says what is wrong and stays."""
    number = story.opened(house.hannah)
    client = signed_in(house.tomasz)
    page = client.post(f"/cases/{number}/cvss/", {"vector": VECTOR, "calculate": "vector"}).content.decode()
    assert '<option value="C" selected>Changed</option>' in page
    wrong = client.post(f"/cases/{number}/cvss/", {"vector": "CVSS:3.1/AV:N", "calculate": "vector"}).content.decode()
    assert "lacks AC, PR" in wrong
    assert 'value="CVSS:3.1/AV:N"' in wrong


def test_htmx_gets_the_part_alone(house: House) -> None:
    """The section that it swaps, and no page around it; metrics that are missing are named."""
    number = story.opened(house.hannah)
    sent = {"c.version": "4.0", "m.AV": "N", "calculate": "form"}
    part = signed_in(house.tomasz).post(f"/cases/{number}/cvss/", sent, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<section class="field cvss" id="cvss"')
    assert "<html" not in part
    assert "Missing: <strong>Attack complexity" in part


def test_a_closed_case_has_no_calculator_for_others(house: House) -> None:
    """A restricted case's calculator is there for whom it names only; looking by GET is no way in."""
    number = story.opened(house.hannah)
    story.step(number, "restrict", house.dele, people=[f"person:{house.dele.pk}"])
    assert signed_in(house.tomasz).post(f"/cases/{number}/cvss/", BASE).status_code == 404
    assert signed_in(house.dele).post(f"/cases/{number}/cvss/", BASE).status_code == 200
    assert signed_in(house.dele).get(f"/cases/{number}/cvss/").status_code == 405
