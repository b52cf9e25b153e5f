"""The house of the desk's tests, and enough calls for a test."""

from __future__ import annotations

import pytest

from forgeward.desk.actions.pace import Pace
from forgeward.desk.api import gate
from tests.desk.web.conftest import demo_house, house

__all__ = ["demo_house", "house"]


@pytest.fixture(autouse=True)
def _no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "OF_A_TOKEN", Pace(burst=100_000, per_minute=60_000))
    monkeypatch.setattr(gate, "OF_STRANGERS", Pace(burst=100_000, per_minute=60_000))
