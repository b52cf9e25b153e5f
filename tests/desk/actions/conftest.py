"""A post office beside the house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.desk.post import Office, office
from tests.desk.web.house import House


@pytest.fixture
def post(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with office(monkeypatch) as here:
        yield here
