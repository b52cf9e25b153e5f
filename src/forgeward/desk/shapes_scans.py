"""The shapes of what scanners handed in."""

from __future__ import annotations

from typing import Literal

import msgspec

from forgeward.desk.shapes import Shape


class ScanLine(msgspec.Struct):
    """One upload. ``version``: what production runs, where that was scanned, else null. ``state``: taken or refused."""

    id: int
    app: str
    branch: str
    revision: str
    version: str | None
    tool: str
    received: str
    state: str
    reason: str
    complete: bool
    findings: int
    suppressed: int
    not_scanned: int
    opened: int


class Scans(Shape, kw_only=True):
    schema: Literal["forgeward/scans/1"] = "forgeward/scans/1"
    scans: list[ScanLine]
    after: str | None = None


class UnreadShape(msgspec.Struct):
    path: str
    reason: str


class ObservationShape(msgspec.Struct):
    """One finding on the branch. ``state``: open (a case is about it), recorded, suppressed, gone or out."""

    fingerprint: str
    rule: str
    severity: str
    state: str
    case: str | None
    title: str
    message: str
    path: str
    line: int
    suppressed: str | None


class OneScan(Shape, kw_only=True):
    """``more``: findings that are not listed here. ``newest``: no later one of its branch came in."""

    schema: Literal["forgeward/one-scan/1"] = "forgeward/one-scan/1"
    scan: ScanLine
    newest: bool
    partial: str
    off: list[str]
    not_scanned: list[UnreadShape]
    findings: list[ObservationShape]
    more: int


class ScanTaken(Shape, kw_only=True):
    """``new`` false: it had been handed in before. The cases that were opened, or learnt of it, by their numbers."""

    schema: Literal["forgeward/scan-taken/1"] = "forgeward/scan-taken/1"
    scan: ScanLine
    new: bool
    opened: list[str]
    joined: list[str]
    back: list[str]
    over: list[str]
