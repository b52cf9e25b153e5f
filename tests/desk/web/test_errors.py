"""What went wrong, as pages in our look."""

from __future__ import annotations

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client

from tests.desk.web.house import House, signed_in


def test_unknown_addresses(house: House) -> None:
    """404 for anybody, without saying what else is there."""
    for client in (Client(), signed_in(house.ines)):
        page = client.get("/nothing/here/")
        assert page.status_code == 404
        assert "it is not for you to see" in page.content.decode()
        assert "forgeward.css" in page.content.decode()


def test_a_broken_page_says_that_nothing_was_changed_half(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 asks neither database nor session, shows no trace, and tells where to look."""
    from forgeward.desk.readers import today

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(today, "today", broken)
    client = signed_in(house.ines)
    client.raise_request_exception = False
    page = client.get("/")
    assert page.status_code == 500
    assert "This page broke" in page.content.decode()
    assert "secret detail" not in page.content.decode()


def test_requests_that_cannot_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """400: a foreign host name, a suspicious request."""
    assert Client().get("/sign-in/", headers={"host": "evil.example"}).status_code == 400
    from forgeward.desk.readers import today

    def suspicious(*_: object) -> None:
        raise SuspiciousOperation("no")

    monkeypatch.setattr(today, "today", suspicious)
    page = signed_in(house.ines).get("/")
    assert page.status_code == 400
    assert "This request cannot be read" in page.content.decode()


@pytest.mark.parametrize(
    "path", ["/cases/%00/", "/cases/FW-%F0%9F%92%A9/", "/cases/..%2f..%2fetc/", "/cases/?number=%00"]
)
def test_odd_addresses_are_not_found(house: House, path: str) -> None:
    """NUL, emoji and dots in an address are no errors of ours."""
    assert signed_in(house.ines).get(path).status_code in (200, 400, 404)
