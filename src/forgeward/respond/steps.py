"""Which steps make sense now, and what each still lacks."""

from __future__ import annotations

import msgspec

from forgeward.errors import Lack
from forgeward.respond.case import Case
from forgeward.respond.decision import Context
from forgeward.vocabulary import Role


class NextStep(msgspec.Struct, frozen=True):
    """A step that makes sense now. ``missing`` is exactly what it would be refused for if called without fields.

    A step that only waits for its second person lacks ``second_person``, and is done with ``approve``.
    """

    step: str
    missing: tuple[Lack, ...]
    roles: frozenset[Role]


def next_steps(case: Case, context: Context) -> tuple[NextStep, ...]:
    """Sensible next steps, the most pressing first; ``close`` is last and lists all that stands in its way."""
    raise NotImplementedError
