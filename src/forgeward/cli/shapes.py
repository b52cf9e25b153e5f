"""The JSON that commands print: one struct per shape. ``cli.schemas`` makes docs/reference/schemas of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from forgeward.desk.shapes import *  # noqa: F403 - the shapes that the API shares
from forgeward.desk.shapes import Shape
from forgeward.desk.shapes_letters import *  # noqa: F403
from forgeward.desk.shapes_people import *  # noqa: F403
from forgeward.desk.shapes_privacy import *  # noqa: F403
from forgeward.desk.shapes_scans import *  # noqa: F403
from forgeward.desk.shapes_webhooks import *  # noqa: F403
from forgeward.prevent.findings import Finding, ManifestChange, Report, ScannedApp, Suppressed, Unread

if TYPE_CHECKING:
    from forgeward.prevent.rules.base import Rule


class Scan(Shape, kw_only=True):
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

    @classmethod
    def of(cls, report: Report) -> Scan:
        return cls(
            complete=report.complete,
            apps=report.apps,
            not_scanned=report.not_scanned,
            findings=report.findings,
            suppressed=report.suppressed,
            notes=report.notes,
            changes=report.changes,
            partial=report.partial,
            off=report.off,
        )


class RuleShape(msgspec.Struct):
    id: str
    category: str
    title: str
    severity: str
    cwe: list[str]
    cvss: str
    promises: list[str]
    requirement: str
    why: str
    fix: str
    example: str
    links: list[str]


class ScanRules(Shape, kw_only=True):
    schema: Literal["forgeward/scan-rules/1"] = "forgeward/scan-rules/1"
    rules: list[RuleShape]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> ScanRules:
        return cls(
            rules=[
                RuleShape(
                    r.id, r.category, r.title, r.severity.value, list(r.cwe), r.vector, list(r.promises),
                    r.requirement, r.why, r.fix, r.example, list(r.links),
                )
                for r in rules
            ]
        )  # fmt: skip


class NeedShape(msgspec.Struct):
    kind: str
    name: str
    means: str
    used: list[str]


class AppNeeds(msgspec.Struct):
    path: str
    app_id: str
    needs: list[NeedShape]


class ManifestGuide(Shape, kw_only=True):
    schema: Literal["forgeward/manifest/1"] = "forgeward/manifest/1"
    apps: list[AppNeeds]
