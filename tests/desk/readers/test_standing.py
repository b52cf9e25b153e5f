"""How the promises stand, from the desk's rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forgeward.desk.models import ClockRow, EvidenceRow
from forgeward.desk.readers.standing import standing
from forgeward.policy.standing import Level, Standing
from tests.desk.web import story
from tests.desk.web.house import NOW, House


def of(promise: str, at=NOW) -> Standing:
    return next(s for s in standing(at) if s.id == promise)


def test_a_new_home_claims_nothing(house: House) -> None:
    """Nothing was seen and no case came by: unproven, not exercised or inherited, and nothing is kept."""
    levels = {s.id: s.standing for s in standing(NOW)}
    assert len(levels) == 63
    assert set(levels.values()) == {Level.UNPROVEN, Level.NOT_EXERCISED, Level.INHERITED, Level.KEPT}
    assert [id for id, level in levels.items() if level is Level.KEPT] == ["PR-2"]  # the policy was adopted by its gate


def test_clocks_in_time_keep_their_promise(house: House) -> None:
    """Acknowledged, assessed and contained in time, with the case as evidence of the gates."""
    number = story.fixing(house)
    assert of("IR-4").standing is Level.KEPT
    assert of("IR-4").tally.met == 1
    assert of("IR-5").standing is Level.KEPT
    assert of("IR-6").evidence[0].case == number
    assert of("VM-6").tally.running == 1


def test_a_miss_is_a_miss(house: House) -> None:
    """Overdue and open, then done late: missed both times."""
    number = story.reported(house.hannah, NOW - timedelta(days=6))
    assert of("IR-4").standing is Level.MISSED
    done = story.step(number, "acknowledge", house.hannah, NOW, text="Sorry for the wait.")
    story.accepted(number, done, NOW)
    later = NOW + timedelta(minutes=1)
    assert of("IR-4", later).standing is Level.MISSED
    assert of("IR-4", later).tally.late_met == 1


def test_a_clock_that_is_nearly_over_is_a_risk(house: House) -> None:
    """From 80 % of the time on, in business time for business clocks."""
    story.reported(house.hannah, NOW)
    assert of("IR-4", NOW + timedelta(hours=20)).standing is not Level.AT_RISK  # a night passed, 7 business hours
    assert of("IR-4", NOW + timedelta(days=1, hours=21)).standing is Level.AT_RISK
    assert of("IR-5", NOW + timedelta(hours=20)).standing is Level.AT_RISK


def test_old_cases_do_not_count(house: House) -> None:
    """A promise counts its own period; what was met before it is no evidence any more."""
    story.fixing(house)
    ClockRow.objects.filter(promise="IR-4").update(met=NOW - timedelta(days=400))
    assert of("IR-4").tally.met == 0


@pytest.mark.parametrize(("ok", "age", "level"), [(True, 0, "kept"), (False, 0, "missed"), (True, 800, "unproven")])
def test_evidence_of_checks_is_read(house: House, ok: bool, age: int, level: str) -> None:
    """The newest look counts: fresh and good, fresh and bad, too old."""
    from forgeward.desk import programme

    promise = programme.policies().latest.promise("IR-2")
    for mechanism in promise.kept_by:
        at = NOW - timedelta(days=age, minutes=1)
        EvidenceRow.objects.create(mechanism=mechanism.key, at=at - timedelta(days=1), ok=not ok, what="Before")
        EvidenceRow.objects.create(mechanism=mechanism.key, at=at, ok=ok, what="The canary arrived.")
    assert of("IR-2").standing.value == level


def test_a_restricted_case_is_no_named_evidence(house: House) -> None:
    """The gate was passed; by which case is told to nobody."""
    number = story.fixing(house)
    story.step(number, "restrict", house.ines, people=[f"person:{house.ines.pk}"])
    assert number not in {e.case for s in standing(NOW) for e in s.evidence}
    assert of("IR-6").standing is Level.KEPT
