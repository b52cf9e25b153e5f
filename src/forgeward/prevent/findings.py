"""What a scan says: findings with their trace, what was suppressed, what was not scanned.

The JSON shape is ``forgeward/scan/1``.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Sequence
from typing import Literal

import msgspec


class Grade(enum.StrEnum):
    """How grave a finding is; ``rank`` orders them. Unlike a case's severity it knows info: told, never failing."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        return {"critical": 4, "high": 3, "medium": 2, "low": 1, "info": 0}[self.value]


class Confidence(enum.StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Place(msgspec.Struct, frozen=True, order=True):
    """A place in a file; line and column from 1, the column in characters."""

    path: str
    line: int
    column: int


class TraceStep(msgspec.Struct, frozen=True):
    """One step from where it begins to where it does harm."""

    path: str
    line: int
    column: int
    what: str


class Finding(msgspec.Struct, frozen=True):
    """One finding. ``fingerprint`` survives moved lines; ``subject`` and ``snippet`` are what it is made of."""

    rule: str
    category: str
    title: str
    severity: Grade
    confidence: Confidence
    cwe: tuple[str, ...]
    cvss: str
    promises: tuple[str, ...]
    fingerprint: str
    location: Place
    trace: tuple[TraceStep, ...]
    message: str
    fix: str
    app: str = ""


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that somebody answered for. ``expires`` is a date, or empty."""

    fingerprint: str
    reason: str
    expires: str
    rule: str
    location: Place


class Unread(msgspec.Struct, frozen=True):
    path: str
    reason: str


class ScannedApp(msgspec.Struct, frozen=True):
    path: str
    app_id: str


class ManifestChange(msgspec.Struct, frozen=True):
    """What a change does to a manifest: ``words`` begin with a verb, ``consent``: administrators are asked again."""

    path: str
    words: str
    consent: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one scan. ``changes`` only where it was compared with an earlier state.

    ``partial`` says in words why it does not tell all there is, like “only what came since main”; empty: it does.
    ``off`` are the rules that the settings switch off.
    """

    schema: Literal["forgeward/scan/1"] = "forgeward/scan/1"
    complete: bool
    apps: tuple[ScannedApp, ...]
    not_scanned: tuple[Unread, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    notes: tuple[str, ...] = ()
    changes: tuple[ManifestChange, ...] = ()
    partial: str = ""
    off: tuple[str, ...] = ()

    def at_least(self, grade: Grade) -> list[Finding]:
        """The findings at or above a grade."""
        return [f for f in self.findings if f.severity.rank >= grade.rank]


_SPACE = re.compile(r"\s+")


def fingerprint(rule: str, path: str, subject: Sequence[str], snippet: str, ordinal: int) -> str:
    """32 hex digits of SHA-256 over what stays when lines move: rule, file, names around it, the code without its
    spaces, and which of several equal ones it is."""
    parts = [rule, path, *subject, _SPACE.sub("", snippet), str(ordinal)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
