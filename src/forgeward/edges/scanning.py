"""Scans folders: reads them, and spreads several apps over the machine's cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from forgeward.edges.files import read_trees
from forgeward.edges.revision import read_revision
from forgeward.edges.scan_cache import ScanCache
from forgeward.errors import BadInput
from forgeward.prevent.change import added, manifest_changes
from forgeward.prevent.findings import Report
from forgeward.prevent.project import App, NotScanned, Project, assemble
from forgeward.prevent.rules.base import Rule
from forgeward.prevent.scan import AppResult, code_paths, combine, scan_app, scan_files
from forgeward.prevent.settings import Settings
from forgeward.prevent.syntax.lower import lower


class Work(NamedTuple):
    """What every part of a scan needs to know."""

    rules: Sequence[Rule]
    today: date
    settings: Settings = Settings()
    cache: ScanCache | None = None
    progress: Callable[[int, int], None] = lambda _d, _t: None


_SHARED: dict[str, tuple[Project, Work]] = {}  # filled before the fork, so children need not be sent it


def scan_folders(
    roots: Iterable[Path],
    rules: Sequence[Rule],
    today: date,
    progress: Callable[[int, int], None] = lambda _d, _t: None,
    *,
    settings: Settings | None = None,
    cache: ScanCache | None = None,
    base: str = "",
    files: tuple[dict[str, bytes], list[NotScanned]] | None = None,
) -> Report:
    """One report of all folders. Raises ``BadInput`` where one does not exist.

    ``base`` is a git revision or an earlier copy of the folder: only what came since is told then. ``files`` are the
    folders' files where they were read already.
    """
    settings = settings or Settings()
    listed = list(roots)
    kept = [rule for rule in rules if settings.is_on(rule.id)]
    work = Work(kept, today, settings, cache, progress)
    gc.disable()  # a scan makes millions of small tuples and no cycles worth looking for
    try:
        project, report = _report(*(files or read_trees(listed)), work)
        if base:
            before, earlier = _report(*_read_base(listed, base), work._replace(progress=lambda _d, _t: None))
            changes = manifest_changes(before, project)
            report = msgspec.structs.replace(added(earlier, report), changes=changes)
        return _weighed(report, settings)
    finally:
        gc.enable()


def _report(files: dict[str, bytes], left_out: list[NotScanned], work: Work) -> tuple[Project, Report]:
    wanted = {path: data for path, data in files.items() if work.settings.wants(path)}
    project = assemble(wanted, left_out)
    results = list(_spread(project, work))
    if work.cache is not None and work.cache.misses:
        work.cache.store.prune()
    return project, combine(project, [*results, AppResult(scan_files(project, work.rules), [])], work.today)


def _read_base(roots: list[Path], base: str) -> tuple[dict[str, bytes], list[NotScanned]]:
    if Path(base).is_dir():
        if len(roots) != 1:
            raise BadInput("One earlier folder can be compared with one folder.", next="Name one folder to scan.")
        return read_trees([Path(base)])
    if len(roots) == 1:
        return read_revision(roots[0], base)
    files: dict[str, bytes] = {}
    left_out: list[NotScanned] = []
    for root in roots:
        prefix = root.as_posix().removeprefix("./").strip("/")
        below, missed = read_revision(root, base)
        files.update({f"{prefix}/{name}": data for name, data in below.items()})
        left_out += [NotScanned(f"{prefix}/{m.path}", m.reason) for m in missed]
    return files, left_out


def _weighed(report: Report, settings: Settings) -> Report:
    """The severities that the settings give, and a note for each rule that is off."""
    grades = settings.weighed(report.findings)
    findings = report.findings
    if grades:
        graded = (msgspec.structs.replace(f, severity=grades.get(f.fingerprint, f.severity)) for f in findings)
        findings = tuple(sorted(graded, key=lambda f: (-f.severity.rank, f.location, f.rule)))
    return msgspec.structs.replace(report, findings=findings, notes=(*settings.notes(), *report.notes))


def _spread(project: Project, work: Work) -> Iterable[AppResult]:
    count = len(project.apps)
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, count)
    if workers < 2 or not hasattr(os, "fork"):
        for done, app in enumerate(project.apps, 1):
            yield _scan(project, app, work)
            work.progress(done, count)
        return
    from concurrent.futures import ProcessPoolExecutor  # costs more than a small scan
    from multiprocessing import get_context

    _SHARED["now"] = (project, work)
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            for done, result in enumerate(pool.map(_one, range(count), chunksize=max(1, count // (workers * 4))), 1):
                yield result
                work.progress(done, count)
    finally:
        _SHARED.clear()


def _one(index: int) -> AppResult:
    project, work = _SHARED["now"]
    return _scan(project, project.apps[index], work)


def _scan(project: Project, app: App, work: Work) -> AppResult:
    """One app: from the cache as it was, or with those files from the cache that did not change."""
    cache = work.cache
    if cache is None:
        return scan_app(project, app, work.rules)
    key = cache.app_key(project, app, [rule.id for rule in work.rules])
    known = cache.result(key)
    if known is not None:
        return known
    paths = code_paths(project, app)
    modules = cache.modules(paths, project.files)
    made = {path: lower(path, project.files[path]) for path in paths if path not in modules}
    cache.keep(made)
    result = scan_app(project, app, work.rules, {**modules, **made})
    cache.keep_result(key, result)
    return result
