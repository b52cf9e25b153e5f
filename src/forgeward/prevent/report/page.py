"""A report as one HTML file without scripts, for a build's artefacts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from forgeward.prevent.findings import Finding, Report
from forgeward.prevent.report.text import summary

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "article{border-top:1px solid #d5dae2;padding:1rem 0}code{font:14px ui-monospace,monospace}"
    "h2{font-size:1.1rem;margin:0}.where{color:#4b5768}ol{padding-left:1.4rem}"
)


def render(report: Report) -> str:
    """The page; everything from files is escaped."""
    return "".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Scan</title>'
    yield f"<style>{_STYLE}</style></head>"
    yield f"<body><h1>Scan</h1><p>{escape(summary(report))}</p>"
    for finding in report.findings:
        yield from _finding(finding)
    if report.suppressed:
        yield "<h2>Suppressed</h2><ul>"
        for s in report.suppressed:
            place = f"{escape(s.location.path)}:{s.location.line}"
            yield f"<li><code>{place}</code> {escape(s.rule)}: {escape(s.reason)}</li>"
        yield "</ul>"
    if report.not_scanned:
        yield "<h2>Not scanned</h2><ul>"
        yield from (f"<li><code>{escape(u.path)}</code>: {escape(u.reason)}</li>" for u in report.not_scanned)
        yield "</ul>"
    yield "</body></html>\n"


def _finding(finding: Finding) -> Iterator[str]:
    place = f"{finding.location.path}:{finding.location.line}"
    yield f"<article><h2>{escape(finding.title)}</h2>"
    yield f'<p class="where">{finding.severity.value} · {escape(finding.rule)} · <code>{escape(place)}</code></p>'
    yield f"<p>{escape(finding.message)}</p><ol>"
    for step in finding.trace:
        yield f"<li><code>{escape(step.path)}:{step.line}</code> {escape(step.what)}</li>"
    yield f"</ol><p><strong>Fix.</strong> {escape(finding.fix)}</p></article>"
