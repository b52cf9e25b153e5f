"""What every action and reader needs to know of the programme: the home, the vault, the policies in force.

Cached per process. A policy adopted by another process is seen at the next call: one small query compares.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from forgeward.desk.models import PolicyVersion
from forgeward.desk.vault import Vault
from forgeward.edges.home import Home
from forgeward.errors import NotFound
from forgeward.policy.book import PolicyBook
from forgeward.policy.document import load

_book: tuple[int, PolicyBook] | None = None
remembered: dict[str, tuple[object, Any]] = {}
"""What a reader found last, by its name, with the key under which it holds."""


def home() -> Home:
    """The home that this process works on."""
    found: Home = settings.HOME
    return found


@cache
def vault() -> Vault:
    """Seals and opens texts with the home's keys."""
    return Vault(home().keys)


def policies() -> PolicyBook:
    """All adopted policies with their instants. Raises ``NotFound`` in a home without one."""
    global _book  # noqa: PLW0603 - a cache of one value, replaced whole
    with connection.cursor() as cursor:  # asked by every action, so without the ORM's cost
        cursor.execute("SELECT max(version) FROM desk_policyversion WHERE adopted_at IS NOT NULL")
        latest = cursor.fetchone()[0]
    if latest is None:
        raise NotFound("No policy has been adopted in this home.", next="Adopt one with `forgeward policy adopt`.")
    if _book is None or _book[0] != latest:
        adopted = PolicyVersion.objects.filter(adopted_at__isnull=False)
        rows = adopted.order_by("version").values_list("adopted_at", "text")
        _book = latest, PolicyBook.of((at, load(text)) for at, text in rows if at)
    return _book[1]


def forget_policies() -> None:
    """Drops the cached policies: after an adoption, and for tests that change homes."""
    global _book  # noqa: PLW0603 - see above
    _book = None


def forget() -> None:
    """Drops every cache: for tests that change homes, and after a restore."""
    forget_policies()
    vault.cache_clear()
    remembered.clear()
