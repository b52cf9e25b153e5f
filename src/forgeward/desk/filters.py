"""What the list of cases can be narrowed to: the words that addresses, saved views and the search share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forgeward.errors import BadInput
from forgeward.respond.case import State
from forgeward.vocabulary import CaseKind, Severity

PARAMETERS: Final = ("state", "kind", "severity", "owner", "due", "number")
"""What an address of the list may carry, in this order. Everything else in one is dropped."""
STATES: Final[tuple[State, ...]] = (
    "received", "assessed", "confirmed", "declared", "contained", "planned", "fixed", "eradicated", "shipped",
    "recovered", "closed",
)  # fmt: skip
OPEN, ALL = "open", "all"
NOBODY, UNSET = "nobody", "none"
LATE, WEEK = "late", "week"
DUE: Final = ("", LATE, WEEK)
ME = "me"
LONGEST = 18  # digits of a key


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty: not narrowed.

    ``state`` is a state, ``open`` or ``all``; ``level`` a severity or ``none``; ``number`` the beginning of a number;
    ``owner`` ``person:4`` or ``nobody``; ``due`` ``late``, or ``week`` for what is late or due within seven days.
    """

    state: str = OPEN
    kind: str = ""
    level: str = ""
    number: str = ""
    owner: str = ""
    due: str = ""

    def check(self) -> Filters:
        """Itself. Raises ``BadInput`` for a word that no case has."""
        _known("state", self.state, (OPEN, ALL, *STATES))
        _known("kind", self.kind, ("", *CaseKind))
        _known("severity", self.level, ("", UNSET, *Severity))
        _known("due", self.due, DUE)
        if self.owner not in {"", NOBODY} and not number_of(self.owner):
            raise BadInput(f"“{self.owner[:40]}” is no owner of a case.", next="Give person:4, or nobody.")
        return self


def _known(what: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise BadInput(
            f"“{word[:40]}” is no {what} of a case.", next=f"Choose one of: {', '.join(filter(None, words))}."
        )


def number_of(owner: str) -> str:
    """“4” of ``person:4``; empty for anything else."""
    number = owner.removeprefix("person:")
    return number if number != owner and number.isdecimal() and len(number) <= LONGEST else ""


def filters_of(asked: Mapping[str, str], me: int) -> Filters:
    """The filters that an address asks for; ``owner=me`` is the person with the key ``me``. Raises ``BadInput``."""
    owner = asked.get("owner", "")
    return Filters(
        state=asked.get("state") or OPEN,
        kind=asked.get("kind", ""),
        level=asked.get("severity", ""),
        number=asked.get("number", ""),
        owner=f"person:{me}" if owner == ME else owner,
        due=asked.get("due", ""),
    ).check()
