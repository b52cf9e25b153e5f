"""Calls of Forge storage: key-value, custom entities, secrets; and of Forge SQL.

Source: developer.atlassian.com/platform/forge/runtime-reference/storage-api, read in November 2026.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from forgeward.prevent.flow.calls import Calls
from forgeward.prevent.flow.values import MASK, SHIFT

_STORAGE = re.compile(
    r"^@forge/(?:api:storage|kvs:(?:kvs|storage|default)?|storage:(?:storage|default)?)\.?"
    r"(?:entity\(\)\.|transact\(\)\.(?:\w+\(\)\.)*)?(get|set|delete|getSecret|setSecret|deleteSecret|batchSet)$"
)
_SQL = re.compile(r"^@forge/sql:(?:sql\.)?(?:\w+\(\)\.)*(prepare|executeRaw|executeDDL|_provision|query)$")
WRITES = frozenset({"set", "delete", "setSecret", "deleteSecret", "batchSet"})


class StorageCall(NamedTuple):
    """``key`` and ``value`` are nodes, or -1."""

    site: int
    operation: str
    key: int
    value: int


def storage_call(site: int, calls: Calls) -> StorageCall | None:
    """What a call node does with storage, or None."""
    for symbol in calls.symbols.get(site, ()):
        if found := _STORAGE.match(symbol):
            mod, base = calls.linker.modules[site >> SHIFT], site & ~MASK
            key, value = ([base | o for o in mod.ops[site & MASK][1:]] + [-1, -1])[:2]
            return StorageCall(site, found.group(1), key, value)
    return None


def is_sql(symbol: str) -> bool:
    """Whether a symbol takes SQL text as its first argument."""
    return _SQL.match(symbol) is not None
