"""Workflow commands of GitHub Actions: findings beside the lines of a pull request."""

from __future__ import annotations

from forgeward.prevent.findings import Grade, Report

_COMMAND = {
    Grade.CRITICAL: "error", Grade.HIGH: "error", Grade.MEDIUM: "warning", Grade.LOW: "notice", Grade.INFO: "notice",
}  # fmt: skip


def render(report: Report) -> str:
    """One ``::error file=…`` line for each finding, one warning for each file that was not scanned."""
    lines = []
    for f in report.findings:
        place = f"file={_property(f.location.path)},line={f.location.line},col={f.location.column}"
        title = _property(f"{f.rule}: {f.title}")
        lines.append(f"::{_COMMAND[f.severity]} {place},title={title}::{_data(f'{f.message} {f.fix}')}")
    lines += [f"::warning file={_property(u.path)}::Not scanned: {_data(u.reason)}" for u in report.not_scanned]
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
