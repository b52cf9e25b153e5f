"""A report as a person reads it in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forgeward.prevent.findings import Finding, Report

CONSENT = "; admins must consent again"


def render(report: Report) -> str:
    """Findings by gravity, each with its way; then what was suppressed and what was not scanned."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    for change in report.changes:
        yield f"{change.path} {change.words}{CONSENT if change.consent else ''}"
    if report.changes:
        yield ""
    for finding in report.findings:
        yield from _finding(finding)
        yield ""
    if report.suppressed:
        yield f"Suppressed: {len(report.suppressed)}"
        for answered in report.suppressed:
            until = f", until {answered.expires}" if answered.expires else ""
            place = f"{answered.location.path}:{answered.location.line}"
            yield f"  {place}  {answered.rule}: {answered.reason}{until}"
        yield ""
    if report.not_scanned:
        yield f"Not scanned: {len(report.not_scanned)}"
        yield from (f"  {unread.path}: {unread.reason}" for unread in report.not_scanned)
        yield ""
    yield summary(report)


def _finding(finding: Finding) -> Iterator[str]:
    place = finding.location
    sure = "" if finding.confidence == "high" else f" ({finding.confidence} confidence)"
    yield f"{finding.severity.value.upper():<8} {finding.rule}  {place.path}:{place.line}:{place.column}{sure}"
    yield f"  {finding.message}"
    for step in finding.trace:
        yield f"    {step.path}:{step.line}  {step.what}"
    yield f"  Fix: {finding.fix}"


def summary(report: Report) -> str:
    """One line: how many findings of which gravity, in how many apps."""
    counts = Counter(f.severity.value for f in report.findings)
    named = ", ".join(
        f"{counts[grade]} {grade}" for grade in ("critical", "high", "medium", "low", "info") if counts[grade]
    )
    apps = f"{len(report.apps)} app" + ("" if len(report.apps) == 1 else "s")
    return f"{apps}: {named or 'no findings'}." + ("" if report.complete else " The scan is not complete.")
