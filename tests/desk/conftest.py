"""The same house for every room of the desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from forgeward.desk import guards
from tests.desk.sealed import ours, peer
from tests.desk.web.conftest import demo_house, house

__all__ = ["demo_house", "house", "ours", "peer"]


@pytest.fixture
def _guarded_again(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        guards.install()


@pytest.fixture
def transactional_db(_guarded_again: None, _django_db_helper: None) -> Iterator[None]:
    """pytest-django's, which empties the tables after the test: nobody may do that before the guards are gone."""
    yield
    guards.remove()
