"""What scanners found: the uploads of all apps, and one of them with its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forgeward.desk import programme, scanned
from forgeward.desk.models import Person
from forgeward.desk.readers import scans as reader
from forgeward.desk.readers.scans import FindingLine, ScanLine
from forgeward.desk.web.see import lens
from forgeward.desk.web.times import Lens
from forgeward.desk.web.views import errors
from forgeward.errors import BadInput, NotFound

OLDEST = 12  # apps whose age is shown
# The state's word, and the mark that goes with it.
STATES = {
    "open": ("Open", "run", "is-run"),
    "recorded": ("Recorded", "idle", "is-off"),
    "suppressed": ("Answered in the code", "idle", "is-off"),
    "gone": ("Gone", "kept", "is-kept"),
    "out": ("Out of production", "kept", "is-kept"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An upload in words."""

    scan: ScanLine
    state: str
    mark: str
    css: str
    received: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding in words; ``place`` is file and line."""

    finding: FindingLine
    state: str
    mark: str
    css: str
    severity: str
    place: str


@dataclass(frozen=True, slots=True)
class AppAge:
    """How long ago an app was scanned last."""

    app: str
    at: str
    iso: str
    late: bool


@require_safe
def scans(request: HttpRequest) -> HttpResponse:
    now = programme.home().now()
    view = lens(now)
    app, branch = request.GET.get("app", "").strip(), request.GET.get("branch", "").strip()
    try:
        page = reader.page(app=app, branch=branch, cursor=request.GET.get("before", ""))
    except BadInput as problem:
        return errors.refused(request, problem, 400)
    late = {age.app for age in reader.late(now)}
    ages = sorted(scanned.ages(), key=lambda age: age.at)
    words = {
        "room": "scans",
        "lines": [_line(each, view) for each in page.scans],
        "ages": [AppAge(a.app, view.at(a.at), a.at.isoformat(), a.app in late) for a in ages[:OLDEST]],
        "more_ages": max(0, len(ages) - OLDEST),
        "late": len(late),
        "following": urlencode({"app": app, "branch": branch, "before": page.before}) if page.before else "",
        "app": app,
        "branch": branch,
        "zone": view.zone_words,
    }
    return render(request, "scans.html", words)


@require_safe
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        found = reader.one(cast(Person, request.user), pk)
    except NotFound as problem:
        raise Http404 from problem
    view = lens(programme.home().now())
    words = {
        "room": "scans",
        "line": _line(found.scan, view),
        "one": found,
        "found": [_found(each) for each in found.found],
        "zone": view.zone_words,
    }
    return render(request, "scan.html", words)


def _line(scan: ScanLine, view: Lens) -> Line:
    if scan.state != "taken":
        state, mark, css = (
            ("Refused", "missed", "is-missed") if scan.state == "refused" else ("Stored", "run", "is-run")
        )
    elif scan.complete:
        state, mark, css = "Complete", "kept", "is-kept"
    else:
        state, mark, css = "Not complete", "risk", "is-risk"
    return Line(scan, state, mark, css, view.at(scan.received_at))


def _found(each: FindingLine) -> Found:
    state, mark, css = STATES[each.state]
    place = f"{each.words.path}:{each.words.line}" if each.words.line else each.words.path
    return Found(each, state, mark, css, each.level if each.level != "info" else "", place)
