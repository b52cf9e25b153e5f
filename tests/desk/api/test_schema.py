"""The OpenAPI document is true: schemathesis calls every operation with what it says, and with what it does not say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from forgeward.desk.addresses import CALLS
from tests.desk.api.house import caller
from tests.desk.web import story
from tests.desk.web.house import House

SECONDS = 18  # after that each operation is called once only
TRUE = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
REFUSED = [*TRUE, openapi.negative_data_rejection]
STATUSES = ["400", "401", "403", "404", "409", "413", "415", "422", "428", "429"]  # 413: its size alone may be wrong
CONFIG = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": STATUSES}}})
SLOW = frozenset({"audit", "doctor", "pack", "receipt", "take_mail", "take_ams"})  # they start processes or sign


@pytest.fixture
def app(house: House) -> Iterator[Any]:
    """The desk as a server sees it, on the test's own connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def runs(name: str, mode: GenerationMode, hurry: bool) -> hypothesis_settings:
    examples = 1 if hurry else 2 if name in SLOW else 4 if mode is GenerationMode.POSITIVE else 5
    return hypothesis_settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=False
    )


def tried(name: str, strategy: Any, mode: GenerationMode, headers: dict[str, str], *, hurry: bool) -> list[str]:
    """Calls one operation with some bodies and queries; what is wrong with its answers, in words."""

    @seed(20261123)
    @runs(name, mode, hurry)
    @given(case=strategy)
    def run(case: schemathesis.Case) -> None:
        case.validate_response(case.call(headers=headers), checks=TRUE if mode is GenerationMode.POSITIVE else REFUSED)

    try:
        run()
    except (Unsatisfiable, SkipTest):
        return []  # an operation without anything that could be wrong
    except BaseExceptionGroup as problem:  # one list for all operations says more than the first of them
        return [f"{name}: {problem!r:.900} {getattr(problem, 'exceptions', '')!s:.900}"]
    return []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as said", "not as said"])
def test_every_operation_is_as_described(house: House, app: Any, mode: GenerationMode) -> None:
    """No 5xx, no status, type, header or body that the document does not name; what does not fit is refused.

    Called by the Security Lead with all scopes, on a case that is there and on numbers that are not; a fixed seed.
    """
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=CONFIG)
    number = story.reported(house.hannah, settings.HOME.now())
    token = {"Authorization": f"Bearer {caller(house.ines).token}"}
    called, wrong, until = set(), [], time.monotonic() + SECONDS
    for found in schema.get_all_operations():
        operation = found.ok()
        name = str(operation.definition.raw["operationId"])
        there = {"number": number} if "{number}" in operation.path else None
        strategy = operation.as_strategy(generation_mode=mode, path_parameters=there, headers=token)
        called.add(name)
        wrong += tried(name, strategy, mode, token, hurry=time.monotonic() > until)
    assert wrong == []
    assert called == set(CALLS) - {"openapi"}  # which schemathesis has read before


def test_each_operation_asks_for_a_token(app: Any) -> None:
    """The document says so for each but itself, with the scope that the token needs."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for path, methods in schema.raw_schema["paths"].items():
        for operation in methods.values():
            if path != "/api/v1/openapi.json":
                assert operation["security"] == [{"token": []}], path
                assert operation["x-scope"], path
