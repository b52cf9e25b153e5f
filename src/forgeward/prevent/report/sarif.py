"""SARIF 2.1.0 (OASIS, errata 01): what code scanning services take in.

Each finding is a result with a ``codeFlow``; suppressed ones are results with a suppression; what was not scanned is a
notification of the invocation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from forgeward import __version__
from forgeward.prevent.findings import Finding, Grade, Place, Report, TraceStep
from forgeward.prevent.rules.base import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {Grade.CRITICAL: "error", Grade.HIGH: "error", Grade.MEDIUM: "warning", Grade.LOW: "note", Grade.INFO: "note"}
# The middle of each band: services that sort by number read it (0 to 10).
_NUMBER = {Grade.CRITICAL: "9.5", Grade.HIGH: "8.0", Grade.MEDIUM: "5.5", Grade.LOW: "2.0", Grade.INFO: "0.0"}
_PRECISION = {"high": "high", "medium": "medium", "low": "low"}


def render(report: Report, rules: Sequence[Rule]) -> dict[str, Any]:
    """The document, ready for JSON."""
    used = {f.rule for f in report.findings} | {s.rule for s in report.suppressed}
    listed = [rule for rule in rules if rule.id in used]
    index = {rule.id: i for i, rule in enumerate(listed)}
    results = [_result(finding, index) for finding in report.findings]
    results += [_suppressed(s.rule, s.fingerprint, s.location, s.reason, index) for s in report.suppressed]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "Forgeward", "version": __version__, "rules": [_rule(rule) for rule in listed]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
    }
    if report.partial:
        run["properties"] = {"partial": report.partial}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report: Report) -> dict[str, Any]:
    notes = [
        {
            "level": "warning",
            "message": {"text": f"Not scanned: {unread.reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(unread.path)}}}],
        }
        for unread in report.not_scanned
    ]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.title() for part in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix}\n\n{rule.example}", "markdown": f"{rule.fix}\n\n```\n{rule.example}```"},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": {
            "tags": ["security", f"forge/{rule.category}", *(f"external/cwe/{c.lower()}" for c in rule.cwe)],
            "security-severity": _NUMBER[rule.severity],
            "cvss": rule.vector,
            "promises": list(rule.promises),
        },
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message},
        "locations": [_location(finding.location)],
        "partialFingerprints": {"forgeward/v1": finding.fingerprint},
        "properties": {"precision": _PRECISION[finding.confidence.value], "app": finding.app},
    }
    if finding.trace:
        steps = [{"location": _step(step)} for step in finding.trace]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _suppressed(rule: str, printed: str, place: Place, reason: str, index: dict[str, int]) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "ruleIndex": index[rule],
        "message": {"text": reason},
        "locations": [_location(place)],
        "partialFingerprints": {"forgeward/v1": printed},
        "suppressions": [{"kind": "inSource", "justification": reason}],
    }


def _location(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.path)}, "region": region}}


def _step(step: TraceStep) -> dict[str, Any]:
    return {**_location(Place(step.path, step.line, step.column)), "message": {"text": step.what}}


def _uri(path: str) -> str:
    return quote(path)
