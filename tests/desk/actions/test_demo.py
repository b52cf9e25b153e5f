"""The demo year is played through the real actions, whenever somebody starts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgeward.desk.actions import demo
from forgeward.desk.actions.demo_stories import STORIES
from forgeward.desk.models import CaseRow, ClockRow, Entry, NoticeRow, Pending
from forgeward.desk.readers import standing
from tests.desk.tables import agrees
from tests.desk.web.house import NOW, build

STARTS = {
    "a Monday morning": NOW,
    "a Sunday, the hour that comes twice": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    "a Saturday, New Year's Eve at midnight": datetime(2022, 12, 31, 23, 59, 59, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
}


@pytest.mark.slow
@pytest.mark.parametrize("start", STARTS)
def test_the_demo_agrees_with_itself_whenever_it_starts(db: None, start: str) -> None:
    """Every story plays, nothing lies in the future, all tables follow from history, and not all promises are kept."""
    now = STARTS[start]
    build(now)
    seen: list[tuple[int, int]] = []
    assert demo.fill(now, lambda done, total: seen.append((done, total))) == len(STORIES) == CaseRow.objects.count()
    assert seen[-1][0] == seen[-1][1]
    assert not Entry.objects.filter(at__gt=now).exists()
    assert not Pending.objects.exists()
    assert not NoticeRow.objects.filter(state="waiting").exists()
    assert len(set(CaseRow.objects.values_list("state", flat=True))) >= 5
    assert ClockRow.objects.filter(state__in=["missed", "late_met"]).exists()
    assert {line.standing.value for line in standing.standing(now)} >= {"kept", "missed"}
    assert agrees(now)
