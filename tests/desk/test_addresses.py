"""Every address of the desk stands in the permission table, and one that does not is closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from forgeward.desk.addresses import CALLS, PAGES
from forgeward.desk.web import middleware
from forgeward.respond.access import TABLE
from tests.desk.web.house import House, signed_in


def patterns(resolver: URLResolver, space: str = "") -> Iterator[str]:
    """The full names of all addresses below a resolver."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


def test_every_page_is_in_the_table_by_name() -> None:
    """The router's pages are the table's, no more and no fewer; each stands for an action that there is."""
    routed = {name for name in patterns(get_resolver()) if not name.startswith("api:")}
    assert routed == set(PAGES)
    assert set(PAGES.values()) | set(CALLS.values()) <= set(TABLE)


def test_an_address_that_is_not_in_the_table_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds a page and forgets the table shows it to nobody, not even to the Security Lead."""
    monkeypatch.setattr(middleware, "PAGES", {k: v for k, v in PAGES.items() if k != "notices"})
    client: Client = signed_in(house.ines)
    assert client.get("/notices/").status_code == 404
    assert client.get("/mail/").status_code == 200
