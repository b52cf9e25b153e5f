"""A report for a pull request's comment or a wiki page."""

from __future__ import annotations

from collections.abc import Iterator

from forgeward.prevent.findings import Finding, Report
from forgeward.prevent.report.text import CONSENT, summary


def render(report: Report) -> str:
    """A table of all findings, then each with its way and its fix."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# Scan\n\n{summary(report)}\n"
    if report.changes:
        yield "## What changes for administrators\n"
        yield from (f"- `{c.path}` {_cell(c.words)}{CONSENT if c.consent else ''}" for c in report.changes)
        yield ""
    if report.findings:
        yield "| severity | rule | where | confidence |\n|---|---|---|---|"
        for f in report.findings:
            place = f"`{_cell(f.location.path)}:{f.location.line}`"
            yield f"| {f.severity.value} | {f.rule} | {place} | {f.confidence.value} |"
        yield ""
    for finding in report.findings:
        yield from _finding(finding)
    if report.suppressed:
        yield "## Suppressed\n"
        for s in report.suppressed:
            until = f" (until {s.expires})" if s.expires else ""
            yield f"- `{s.location.path}:{s.location.line}` {s.rule}: {s.reason}{until}"
        yield ""
    if report.not_scanned:
        yield "## Not scanned\n"
        yield from (f"- `{u.path}`: {u.reason}" for u in report.not_scanned)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"## {finding.title}\n"
    yield f"`{finding.location.path}:{finding.location.line}` · {finding.severity.value} · {', '.join(finding.cwe)}\n"
    yield f"{finding.message}\n"
    yield from (f"{n}. `{s.path}:{s.line}` {s.what}" for n, s in enumerate(finding.trace, 1))
    yield f"\n**Fix.** {finding.fix}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
