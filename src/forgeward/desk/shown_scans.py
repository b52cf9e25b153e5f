"""What scanners handed in, as commands and API show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forgeward.desk import shapes_scans as shapes
from forgeward.desk.actions.scans import Taken
from forgeward.desk.readers import scans as reader
from forgeward.desk.readers.scans import FindingLine, OneScan, ScanLine, ScanPage
from forgeward.vocabulary import rfc3339


def scans(page: ScanPage) -> shapes.Scans:
    """A page of uploads."""
    return shapes.Scans(scans=[_line(line) for line in page.scans], after=page.before or None)


def one(found: OneScan) -> shapes.OneScan:
    """One upload with its findings."""
    return shapes.OneScan(
        scan=_line(found.scan),
        newest=found.newest,
        partial=found.rest.partial,
        off=list(found.rest.off),
        not_scanned=[shapes.UnreadShape(path, reason) for path, reason in found.rest.missed],
        findings=[_finding(each) for each in found.found],
        more=found.more,
    )


def taken(result: Taken, seen: Callable[[Iterable[str]], list[str]]) -> shapes.ScanTaken:
    """What came of an upload; ``seen`` leaves the cases that the caller may see."""
    return shapes.ScanTaken(
        scan=_line(reader.line(result.row)),
        new=result.new,
        opened=seen(result.opened),
        joined=seen(result.joined),
        back=seen(result.back),
        over=seen(result.over),
    )


def _line(line: ScanLine) -> shapes.ScanLine:
    return shapes.ScanLine(
        id=line.pk,
        app=line.app,
        branch=line.branch,
        revision=line.revision,
        version=line.version or None,
        tool=line.tool,
        received=rfc3339(line.received_at),
        state=line.state,
        reason=line.reason,
        complete=line.complete,
        findings=line.findings,
        suppressed=line.suppressed,
        not_scanned=line.not_scanned,
        opened=line.opened,
    )


def _finding(each: FindingLine) -> shapes.ObservationShape:
    words = each.words
    return shapes.ObservationShape(
        fingerprint=each.fingerprint,
        rule=each.rule,
        severity=each.level,
        state=each.state,
        case=each.case or None,
        title=words.title,
        message=words.message,
        path=words.path,
        line=words.line,
        suppressed=words.suppressed,
    )
