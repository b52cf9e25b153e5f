"""From files to a report. Pure: lowering may be done elsewhere and handed in, so that it can be cached or spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from forgeward.prevent.findings import (
    Confidence,
    Finding,
    Place,
    Report,
    ScannedApp,
    Suppressed,
    TraceStep,
    Unread,
    fingerprint,
)
from forgeward.prevent.flow.analysis import Analysis, analyse
from forgeward.prevent.flow.resolve import Resolver
from forgeward.prevent.flow.values import MASK, SHIFT, Linker
from forgeward.prevent.project import App, NotScanned, Project, is_code, is_test
from forgeward.prevent.rules.base import At, Hit, Rule, Spot
from forgeward.prevent.suppress import Ignores
from forgeward.prevent.syntax.ir import Module
from forgeward.prevent.syntax.lower import lower

MAX_STEPS = 24  # of a trace that is shown


def code_paths(project: Project, app: App) -> list[str]:
    """The files of an app that are lowered: code, no tests, nothing that was left out."""
    dropped = {n.path for n in project.not_scanned}
    return [p for p in app.paths if is_code(p) and not is_test(p) and p not in dropped]


def link(project: Project, app: App, modules: Mapping[str, Module] | None = None) -> tuple[Analysis, list[NotScanned]]:
    """Lowers (what was not handed in) and links one app; and names the files that are broken."""
    lowered = dict(modules or {})
    listed, unread = [], []
    for path in code_paths(project, app):
        module = lowered.get(path) or lower(path, project.files[path])
        listed.append(module)
        if module.broken:
            line, _ = module.place(module.broken[0].pos)
            why = f"{module.broken[0].why} at line {line}; the rest of the file was read"
            unread.append(NotScanned(path, why))
    packages = {folder: p.data for folder, p in project.packages.items()}
    resolver = Resolver((m.path for m in listed), packages, project.tsconfigs)
    return analyse(project, app, Linker(listed, resolver)), unread


class AppResult(NamedTuple):
    """What one app gave: findings, and files that could not be read whole."""

    findings: list[Finding]
    unread: list[NotScanned]


def scan_app(
    project: Project, app: App, rules: Sequence[Rule], modules: Mapping[str, Module] | None = None
) -> AppResult:
    """Runs rules over one app. Independent of all other apps, so it may run anywhere."""
    analysis, unread = link(project, app, modules)
    return AppResult(apply(analysis, rules), unread)


def apply(analysis: Analysis, rules: Sequence[Rule]) -> list[Finding]:
    """What rules find in an app. No rule depends on another, so each may run anywhere."""
    raised = [_Raised(rule, hit, analysis) for rule in rules if rule.check is not None for hit in rule.check(analysis)]
    return _findings(analysis.project, raised)


def scan_files(project: Project, rules: Sequence[Rule]) -> list[Finding]:
    """Runs the rules that look at all files as they are, once."""
    files = [r for r in rules if r.check_files is not None]
    return _findings(project, [_Raised(r, hit, None) for r in files for hit in (r.check_files or _none)(project)])


def _none(project: Project) -> Iterator[Hit]:
    yield from ()


def scan(project: Project, rules: Sequence[Rule], today: date) -> Report:
    """Everything, one app after the other."""
    results = [scan_app(project, app, rules) for app in project.apps]
    return combine(project, [*results, AppResult(scan_files(project, rules), [])], today)


def combine(project: Project, results: Iterable[AppResult], today: date) -> Report:
    """The report of all parts, suppressed findings apart."""
    findings: list[Finding] = []
    unread = list(project.not_scanned)
    for result in results:
        findings += result.findings
        unread += result.unread
    if not project.apps:
        unread.append(NotScanned(".", "no manifest.yml of a Forge app was found"))
    order = sorted(findings, key=lambda f: (-f.severity.rank, f.location, f.rule))
    return _report(project, order, unread, today)


class _Raised(msgspec.Struct, frozen=True):
    rule: Rule
    hit: Hit
    analysis: Analysis | None


def _findings(project: Project, raised: Iterable[_Raised]) -> list[Finding]:
    found: list[Finding] = []
    counted: Counter[tuple[str, ...]] = Counter()
    placed = sorted(((_place(r.hit.at, r.analysis), r) for r in raised), key=_order)
    seen: set[tuple[Place, str, tuple[str, ...]]] = set()
    for place, item in placed:
        key = (place, item.rule.id, tuple(item.hit.subject))
        if key in seen:
            continue
        seen.add(key)
        snippet = _line(project, place)
        subject = (*_around(item), *item.hit.subject)
        same = (item.rule.id, place.path, *subject, "".join(snippet.split()))
        printed = fingerprint(item.rule.id, place.path, subject, snippet, counted[same])
        counted[same] += 1
        found.append(_finding(item, place, printed))
    return found


def _order(placed: tuple[Place, _Raised]) -> tuple[Place, str, tuple[str, ...], int]:
    """By place, the surest first: of several ways to the same line one is told."""
    place, item = placed
    return place, item.rule.id, tuple(item.hit.subject), list(Confidence).index(item.hit.confidence)


def _finding(item: _Raised, place: Place, printed: str) -> Finding:
    rule, hit = item.rule, item.hit
    return Finding(
        rule=rule.id,
        category=rule.category,
        title=rule.title,
        severity=rule.severity,
        confidence=Confidence(hit.confidence),
        cwe=rule.cwe,
        cvss=rule.vector,
        promises=rule.promises,
        fingerprint=printed,
        location=place,
        trace=tuple(_trace(hit.trace, item.analysis)),
        message=hit.message,
        fix=rule.fix,
        app=item.analysis.app.path if item.analysis is not None else "",
    )


def _place(spot: Spot, analysis: Analysis | None) -> Place:
    if isinstance(spot, At):
        return Place(spot.path, spot.line, spot.column)
    if analysis is None:
        raise TypeError("a rule over files gave a node")
    module = analysis.modules[spot >> SHIFT]
    line, column = module.place(module.pos[spot & MASK])
    return Place(module.path, line, column)


def _trace(steps: Sequence[tuple[Spot, str]], analysis: Analysis | None) -> Iterator[TraceStep]:
    listed = list(steps)
    if len(listed) > MAX_STEPS:
        listed = listed[: MAX_STEPS // 2] + listed[-MAX_STEPS // 2 :]
    for spot, what in listed:
        place = _place(spot, analysis)
        yield TraceStep(place.path, place.line, place.column, what)


def _line(project: Project, place: Place) -> str:
    data = project.files.get(place.path, b"")
    lines = data.split(b"\n")
    return lines[place.line - 1].decode("utf-8", "replace") if 0 < place.line <= len(lines) else ""


def _around(item: _Raised) -> list[str]:
    """The names of the functions around a node, outermost first."""
    spot, analysis = item.hit.at, item.analysis
    if isinstance(spot, At) or analysis is None:
        return []
    module = analysis.modules[spot >> SHIFT]
    names, at = [], module.region_fn[module.region[spot & MASK]]
    while at > 0:
        names.append(module.functions[at].name)
        at = module.functions[at].parent
    return names[::-1]


def _report(project: Project, findings: list[Finding], left_out: list[NotScanned], today: date) -> Report:
    ignores = Ignores(project.files)
    kept, suppressed = [], []
    for finding in findings:
        place = finding.location
        answer = next((i for i in ignores.for_place(place.path, place.line) if i.covers(finding.rule, today)), None)
        if answer is None:
            kept.append(finding)
        else:
            until = answer.until.isoformat() if answer.until else ""
            suppressed.append(Suppressed(finding.fingerprint, answer.reason, until, finding.rule, place))
    unread = sorted({(n.path, n.reason) for n in left_out})
    return Report(
        complete=not unread,
        apps=tuple(ScannedApp(a.path, a.manifest.app_id) for a in project.apps),
        not_scanned=tuple(Unread(*u) for u in unread),
        findings=tuple(kept),
        suppressed=tuple(suppressed),
        notes=tuple(ignores.problems(today)),
    )
