"""Too much of the same: when mails stop opening cases, or stop adding to one, and are only grouped with it.

Nothing is dropped. A grouped mail is stored, counted and listed with the case that already speaks for it; a person may
still open a case of its own from it. Each count is of the last 24 hours.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

WINDOW = timedelta(hours=24)
MILESTONES = frozenset({1, 10, 100, 1_000, 10_000, 100_000, 1_000_000})
"""The history of a case says how many mails were grouped at these counts, not at each."""


class Limits(msgspec.Struct, frozen=True):
    """How many cases one sender, and one text, may open in a day; how many mails one sender may add to one case."""

    cases_of_sender: int = 20
    cases_of_content: int = 5
    answers_of_sender: int = 50


class Seen(msgspec.Struct, frozen=True):
    """What came before. ``copy_of``: the case of a mail with the same sender, Message-ID and content, if there is one.

    Beside each count stands the case that further mails are grouped with: the first of the text, the sender's latest.
    """

    copy_of: str = ""
    of_content: int = 0
    content_case: str = ""
    of_sender: int = 0
    sender_case: str = ""


class Grouped(msgspec.Struct, frozen=True):
    """The mail is kept with this case and changes nothing; ``reason`` is a sentence."""

    case: str
    reason: str


def copy(seen: Seen) -> Grouped | None:
    """A mail that came twice, by two ways say, is one mail."""
    return Grouped(seen.copy_of, "It is the same mail once more.") if seen.copy_of else None


def too_many_cases(seen: Seen, limits: Limits) -> Grouped | None:
    """Whether one more case would be one too many for this text or this sender."""
    if seen.of_content >= limits.cases_of_content and seen.content_case:
        return Grouped(seen.content_case, f"{seen.of_content} mails with the same text opened cases within a day.")
    if seen.of_sender >= limits.cases_of_sender and seen.sender_case:
        return Grouped(seen.sender_case, f"Its sender opened {seen.of_sender} cases within a day.")
    return None


def too_many_answers(case: str, answers: int, limits: Limits) -> Grouped | None:
    """Whether one more mail of this sender would be one too many for this case."""
    if answers < limits.answers_of_sender:
        return None
    return Grouped(case, f"Its sender wrote {answers} mails to this case within a day.")
