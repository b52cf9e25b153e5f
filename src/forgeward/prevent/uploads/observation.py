"""One finding as the desk keeps it, whichever scanner made it: bounded, in clean lines, with a stable fingerprint."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from forgeward.errors import BadInput
from forgeward.prevent.findings import Grade

MOST_OBSERVATIONS = 20_000  # in one upload
MOST_UNREAD = 2_000
MOST_PLACES = 24
LONGEST_LINE = 300
LONGEST_TEXT = 4_000
_OWN_PRINT = re.compile(r"[0-9a-f]{32}")
_FINGERPRINT = re.compile(r"[0-9A-Za-z][0-9A-Za-z_:.+/=-]{0,127}")


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """``places``: where it begins and where it does harm, as ``path:line``. Findings of one rule that share one have
    one root. ``suppressed`` is the reason that stands in the code, where somebody answered for it."""

    fingerprint: str
    rule: str
    level: Grade
    title: str
    message: str
    fix: str = ""
    path: str = ""
    line: int = 0
    places: tuple[str, ...] = ()
    suppressed: str | None = None


class Missed(msgspec.Struct, frozen=True):
    """A file that the scanner did not read, or not whole."""

    path: str
    reason: str


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """``complete``: everything was looked at, so that what is not told is not there.

    ``partial`` says why not, ``off`` which rules were not applied. ``app_ids`` are the Forge app ids of the report;
    empty where a scanner knows none.
    """

    tool: str
    complete: bool
    observations: tuple[Observation, ...]
    not_scanned: tuple[Missed, ...] = ()
    app_ids: tuple[str, ...] = ()
    partial: str = ""
    off: frozenset[str] = frozenset()


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """A text of a stranger as one line: no control or direction characters, cut with an ellipsis."""
    shown = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in text[: limit * 4]
        if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"}
    )
    cut = " ".join(shown.split())
    return cut if len(cut) <= limit else cut[: limit - 1].rstrip() + "…"


def block(text: str, limit: int = LONGEST_TEXT) -> str:
    """The same for several lines."""
    lines = [one_line(line, limit) for line in text[:limit].splitlines()]
    return "\n".join(lines).strip()


def require_few(count: int) -> None:
    """Raises ``BadInput`` where an upload tells of more findings than anybody reads."""
    if count > MOST_OBSERVATIONS:
        raise BadInput(
            f"The file tells of {count:,} findings; up to {MOST_OBSERVATIONS:,} are taken.",
            next="Scan fewer folders, or switch off what nobody reads.",
        )


def own_print(given: str) -> str:
    """A fingerprint as ``scan`` makes them. Raises ``BadInput`` for anything else."""
    if not _OWN_PRINT.fullmatch(given):
        raise BadInput(
            f"“{one_line(given, 40)}” is no fingerprint of `forgeward scan`.", next="Send the report as it was made."
        )
    return given


def printed(tool: str, given: str, *parts: str) -> str:
    """The fingerprint that we know a finding by: Forgeward's own as it is; of others a digest of theirs, or, where
    they give none, of the rule and the place. 32 hex digits, so that nobody's text is a key."""
    kept = given if _FINGERPRINT.fullmatch(given) else ""
    named = [tool, "given", kept] if kept else [tool, "made", *parts]
    return hashlib.sha256("\0".join(named).encode("utf-8", "replace")).hexdigest()[:32]
