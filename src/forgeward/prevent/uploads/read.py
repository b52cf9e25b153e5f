"""Reads an upload: a report of ``scan --format json``, or SARIF 2.1.0 of any scanner. Raises ``BadInput``."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from forgeward.errors import BadInput
from forgeward.prevent.findings import Finding, Grade, Report
from forgeward.prevent.uploads import sarif
from forgeward.prevent.uploads.observation import (
    LONGEST_LINE,
    MOST_PLACES,
    MOST_UNREAD,
    Missed,
    Observation,
    Upload,
    block,
    one_line,
    own_print,
    require_few,
)

LARGEST = 20 * 2**20  # bytes
MOST_OBJECTS = 600_000
MOST_QUOTES = 6_000_000
OWN = "Forgeward"
T = TypeVar("T")


class _Kind(msgspec.Struct):
    """The two names by which the forms are told apart."""

    schema: str = ""
    version: str = ""
    runs: msgspec.Raw = msgspec.Raw()


def read(raw: bytes) -> Upload:
    """The observations of an upload. Nothing of it is believed but its form; every text is cut to a length."""
    if len(raw) > LARGEST:
        raise BadInput(f"The file has {len(raw):,} bytes; up to {LARGEST:,} are read.", next="Scan fewer folders.")
    if raw.count(b"{") > MOST_OBJECTS or raw.count(b'"') > MOST_QUOTES:  # small things that would fill the memory
        raise BadInput("The file holds more than the results of one scan can.", next="Scan fewer folders.")
    kind = _decoded(raw, _Kind)
    if kind.schema == "forgeward/scan/1":
        upload = _own(_decoded(raw, Report))
    elif kind.version == "2.1.0" and bytes(kind.runs):
        upload = sarif.read(_decoded(raw, sarif.Log))
    else:
        raise BadInput(
            "The file is neither a report of `forgeward scan --format json` nor SARIF 2.1.0.",
            next="Send what the scanner wrote, unchanged.",
        )
    return msgspec.structs.replace(upload, not_scanned=upload.not_scanned[:MOST_UNREAD])


def _decoded(raw: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        said = "it is nested too deep" if isinstance(problem, RecursionError) else one_line(str(problem))
        raise BadInput(f"The file cannot be read: {said}.", next="Send what the scanner wrote, unchanged.") from None


def _own(report: Report) -> Upload:
    require_few(len(report.findings) + len(report.suppressed))
    found = {one.fingerprint: one for one in map(_finding, report.findings)}
    for each in report.suppressed:
        place = f"{one_line(each.location.path)}:{each.location.line}"
        found[own_print(each.fingerprint)] = Observation(
            fingerprint=each.fingerprint,
            rule=one_line(each.rule, 80),
            level=Grade.INFO,
            title=one_line(each.rule, 80),
            message="",
            path=one_line(each.location.path),
            line=each.location.line,
            places=(place,),
            suppressed=one_line(each.reason) or "No reason is given.",
        )
    return Upload(
        tool=OWN,
        complete=report.complete and not report.partial,
        partial=one_line(report.partial),
        off=frozenset(one_line(rule, 80) for rule in report.off[:1000]),
        observations=tuple(found.values()),
        not_scanned=tuple(Missed(one_line(u.path), one_line(u.reason)) for u in report.not_scanned),
        app_ids=tuple(sorted({one_line(a.app_id, 200) for a in report.apps if a.app_id}))[:100],
    )


def _finding(finding: Finding) -> Observation:
    ends = [(finding.location.path, finding.location.line), *((s.path, s.line) for s in finding.trace[:1])]
    return Observation(
        fingerprint=own_print(finding.fingerprint),
        rule=one_line(finding.rule, 80),
        level=finding.severity,
        title=one_line(finding.title, 120) or one_line(finding.rule, 80),
        message=block(finding.message),
        fix=block(finding.fix),
        path=one_line(finding.location.path, LONGEST_LINE),
        line=finding.location.line,
        places=tuple(dict.fromkeys(f"{one_line(path)}:{line}" for path, line in ends))[:MOST_PLACES],
    )
