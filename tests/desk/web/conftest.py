"""The house, once for each test; the home is a real one unless a test asks for a demo home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.desk.web.house import House, build, demo


@pytest.fixture
def house(db: None) -> Iterator[House]:
    cache.clear()
    demo(False)
    yield build()
    demo(False)


@pytest.fixture
def demo_house(house: House) -> House:
    demo(True)
    return house
