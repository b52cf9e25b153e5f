"""What scanners found: uploads, the newest first; one of them with its findings; how old each app's last one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Case, IntegerField, Value, When

from forgeward.desk import programme, scanned
from forgeward.desk.models import ObservationRow, Person, ScanRow
from forgeward.desk.readers.sight import visible_to
from forgeward.errors import BadInput, ForgewardError, NotFound
from forgeward.policy.retention import before
from forgeward.prevent.findings import Grade

STATES: Final = ("open", "recorded", "suppressed", "gone", "out")
LIST = 200  # findings of one scan that a page shows


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One upload. ``version``: what production runs, where that was scanned."""

    pk: int
    app: str
    branch: str
    revision: str
    version: str
    tool: str
    received_at: datetime
    state: str
    reason: str
    complete: bool
    findings: int
    suppressed: int
    not_scanned: int
    opened: int
    size: int


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding on a branch. ``case`` is empty where there is none, or none that the person may see."""

    fingerprint: str
    rule: str
    level: str
    state: str
    case: str
    words: scanned.Words


@dataclass(frozen=True, slots=True)
class ScanPage:
    """One page of uploads; ``before`` is the next page's cursor."""

    scans: tuple[ScanLine, ...]
    before: str


@dataclass(frozen=True, slots=True)
class OneScan:
    """An upload with what its branch has now; ``more``: findings that are not in the list."""

    scan: ScanLine
    rest: scanned.Rest
    found: tuple[FindingLine, ...]
    more: int
    newest: bool


def page(*, app: str = "", branch: str = "", cursor: str = "", limit: int = 50) -> ScanPage:
    """Uploads, the newest first. Raises ``BadInput`` for an unknown cursor."""
    if cursor and not (cursor.isdecimal() and len(cursor) < 19):
        raise BadInput(f"“{cursor[:40]}” is no place in the list.", next="Take the one that the last page gave.")
    rows = ScanRow.objects.defer("raw", "blob").order_by("-pk")
    if app:
        rows = rows.filter(app=app)
    if branch:
        rows = rows.filter(branch=branch)
    if cursor:
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows[: limit + 1])
    return ScanPage(tuple(map(line, found[:limit])), str(found[limit - 1].pk) if len(found) > limit else "")


def one(person: Person, pk: int, limit: int = LIST) -> OneScan:
    """One upload, with the findings of its branch that it told of last. Raises ``NotFound``."""
    row = _row(pk)
    rank = Case(*(When(level=g.value, then=Value(-g.rank)) for g in Grade), output_field=IntegerField())
    rows = ObservationRow.objects.filter(last=row).select_related("case").order_by(rank, "pk")
    theirs = set(visible_to(person).filter(observations__last=row).values_list("pk", flat=True))
    found = tuple(_finding(each, theirs) for each in rows[:limit])
    newer = ScanRow.objects.filter(app=row.app, branch=row.branch, tool=row.tool, state="taken", pk__gt=row.pk)
    return OneScan(line(row), scanned.rest_of(row), found, max(0, rows.count() - limit), not newer.exists())


def raw(pk: int) -> bytes:
    """The file as it came. Raises ``NotFound``."""
    return scanned.raw_of(_row(pk))


def apps() -> list[str]:
    """The keys of all apps that something was handed in of."""
    return list(ScanRow.objects.filter(state="taken").order_by("app").values_list("app", flat=True).distinct())


def seen(person: Person, numbers: Iterable[str]) -> list[str]:
    """Those of these cases that the person may see, in their order."""
    listed = list(numbers)
    found = set(visible_to(person).filter(number__in=listed).values_list("number", flat=True))
    return [number for number in listed if number in found]


def late(now: datetime) -> list[scanned.Age]:
    """The apps whose last scan is older than the policy's age of TC-10's evidence."""
    try:
        limit = before(now, programme.policies().at(now).promise("TC-10").max_age)
    except ForgewardError:
        limit = now - timedelta(days=30)
    return [age for age in scanned.ages() if age.at < limit]


def _row(pk: int) -> ScanRow:
    row = ScanRow.objects.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise NotFound(f"There is no scan {pk}.", next="See `forgeward findings list`.")
    return row


def line(row: ScanRow) -> ScanLine:
    """An upload as lists show it."""
    return ScanLine(
        pk=row.pk,
        app=row.app,
        branch=row.branch,
        revision=row.revision,
        version=row.version,
        tool=row.tool,
        received_at=row.received_at,
        state=row.state,
        reason=row.reason,
        complete=row.complete,
        findings=row.findings,
        suppressed=row.suppressed,
        not_scanned=row.not_scanned,
        opened=row.opened,
        size=row.size,
    )


def _finding(row: ObservationRow, seen: Iterable[int]) -> FindingLine:
    case = row.case.number if row.case is not None and row.case.pk in seen else ""
    return FindingLine(row.fingerprint, row.rule, row.level, row.state, case, scanned.words_of(row))
