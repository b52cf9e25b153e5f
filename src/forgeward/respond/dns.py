"""Questions to the DNS, without asking: rules yield a `Question` and are sent the `Answer`, whoever has it.

    def rule() -> Asking[Verdict]:
        answer = yield Question("example.org", "TXT")
        …
    ask(rule(), resolve)        # drives it with anything that answers

So rules stay pure, tests hand in a zone as a dictionary, and the shell alone knows time-outs and budgets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Literal, TypeAlias, TypeVar

import msgspec

RecordKind: TypeAlias = Literal["TXT", "A", "AAAA", "MX", "PTR"]

_T = TypeVar("_T")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class Question(msgspec.Struct, frozen=True):
    """One look-up. ``name`` is in ASCII, in small letters, without the last dot."""

    name: str
    kind: RecordKind = "TXT"


class Answer(msgspec.Struct, frozen=True):
    """``found`` with records, ``none`` (no such name, or no such record), or ``failed``: nobody could say.

    TXT records are joined strings, MX ones the exchange's name without its preference, nearest first.
    """

    state: Literal["found", "none", "failed"]
    records: tuple[str, ...] = ()


Asking: TypeAlias = Generator[Question, Answer, _T]
NOTHING = Answer("none")
FAILED = Answer("failed")


def ask(asking: Asking[_T], resolve: Callable[[Question], Answer]) -> _T:
    """Drives a rule to its end with whoever answers."""
    try:
        question = next(asking)
        while True:
            question = asking.send(resolve(question))
    except StopIteration as done:
        result: _T = done.value
        return result


def domain(text: str) -> str:
    """A domain as it is asked for; empty where it is none (RFC 1035, 2.3.1; underscores as in RFC 8552).

    Names beyond ASCII become their A-labels (RFC 5891) where they have some.
    """
    lowered = text.strip().rstrip(".").lower()
    if not lowered.isascii():
        try:
            lowered = lowered.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    labels = lowered.split(".")
    if len(lowered) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    return lowered


def domain_of(address: str) -> str:
    """The domain behind an address' last “@”; empty where it has none."""
    return domain(address.rpartition("@")[2]) if "@" in address else ""
