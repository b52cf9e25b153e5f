"""What a verification found: the whole answer, and each thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from forgeward.ledger.checkpoint import Checkpoint
from forgeward.ledger.pack import Scope


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: ``seq`` is the leaf index of the entry, None where it is not about one entry."""

    seq: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. ``ok`` needs a signer that the caller knows and no fault at all.

    ``newer_key`` is the text of the ledger's present key where the one that the caller knows was replaced since,
    ``witnesses`` the names of those asked for who co-signed the checkpoint.
    """

    ok: bool
    signer: Literal["known", "unknown"]
    entries: int
    checkpoint: Checkpoint | None
    scope: Scope | None
    problems: tuple[Fault, ...]
    newer_key: str = ""
    witnesses: tuple[str, ...] = ()
