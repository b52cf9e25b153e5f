"""Folds changes into a case: the same changes always give the same case."""

from __future__ import annotations

from datetime import datetime

from forgeward.respond.case import Case
from forgeward.vocabulary import Change


def evolve(case: Case | None, change: Change, seq: int, at: datetime, actor: str) -> Case:
    """The case after ``change``, which is its number ``seq`` (from 1), recorded at ``at`` (UTC) by ``actor`` (an id).

    Only the names of sealed texts are read, never their values, so a history with erased texts folds just the same.
    Raises ``Conflict`` when ``seq`` is not the next one, ``BadInput`` for an unknown kind of change.
    """
    raise NotImplementedError
