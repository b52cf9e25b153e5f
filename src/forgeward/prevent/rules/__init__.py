"""All rules, found by looking into this package: a new file is a new rule."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from forgeward.errors import NotFound
from forgeward.prevent.rules.base import Rule

_SHARED = {"base"}


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _SHARED and m.name[0] != "_")
    return tuple(import_module(f"{__name__}.{name}").RULE for name in names)


def find_rule(name: str) -> Rule:
    """A rule by its id. Raises ``NotFound``."""
    for rule in all_rules():
        if rule.id == name:
            return rule
    raise NotFound(f"There is no rule “{name}”.", next="See `forgeward scan explain` for all of them.")
