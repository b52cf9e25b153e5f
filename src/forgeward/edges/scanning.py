"""Scans folders: reads them, and spreads several apps over the machine's cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from forgeward.edges.files import read_trees
from forgeward.edges.forked import Forked, cores
from forgeward.edges.scan_cache import ScanCache, packed, unpacked
from forgeward.errors import BadInput
from forgeward.prevent.change import added, manifest_changes
from forgeward.prevent.findings import Finding, Report
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.project import App, NotScanned, Project, assemble
from forgeward.prevent.rules.base import Rule
from forgeward.prevent.scan import AppResult, apply, code_paths, combine, link, scan_files
from forgeward.prevent.settings import Settings
from forgeward.prevent.syntax.ir import Module
from forgeward.prevent.syntax.lower import lower

_LARGE_SOURCE = 100_000  # bytes to lower: a second process costs about 10 ms
_LARGE_GRAPH = 20_000  # nodes to apply rules to
_WAYS = frozenset({"authorization", "authentication", "least-privilege", "manifest", "rovo"})  # ask how entries reach


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
        off = tuple(sorted(rule.id for rule in rules if not settings.is_on(rule.id)))
        return msgspec.structs.replace(_weighed(report, settings), off=off)
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
    from forgeward.edges.revision import read_revision  # few scans ask git

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
            yield _scan(project, app, work, alone=True)
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


def _scan(project: Project, app: App, work: Work, *, alone: bool = False) -> AppResult:
    """One app: from the cache as it was, or with those files from the cache that did not change.

    ``alone``: no other app is scanned at this time, so a large one may take a second core.
    """
    cache, modules = work.cache, {}
    paths = code_paths(project, app)
    if cache is not None:
        key = cache.app_key(project, app, [rule.id for rule in work.rules])
        known = cache.result(key)
        if known is not None:
            return known
        modules = cache.modules(paths, project.files)
    two = alone and cores() > 1
    modules |= _lowered([p for p in paths if p not in modules], project, cache, two=two)
    analysis, unread = link(project, app, modules)
    result = AppResult(_applied(analysis, work.rules, two=two), unread)
    if cache is not None:
        cache.keep_result(key, result)
    return result


def _lowered(paths: Sequence[str], project: Project, cache: ScanCache | None, *, two: bool) -> dict[str, Module]:
    """Lowers files, of a large app half of them in a child, and keeps them."""
    files = project.files
    by_size = sorted(paths, key=lambda p: (len(files[p]), p))
    mine, others = by_size, list[str]()
    if two and sum(len(files[p]) for p in paths) >= _LARGE_SOURCE:
        mine, others = by_size[::2], by_size[1::2]
    child = Forked(lambda: msgspec.msgpack.encode(_pack(others, files, cache))) if others else None
    made = {path: lower(path, files[path]) for path in mine}
    if cache is not None:
        cache.keep(made)
    sent = child.result() if child is not None else None
    if sent is not None:
        packs = msgspec.msgpack.decode(sent, type=list[bytes])
        return made | {path: unpacked(data, path, files[path]) for path, data in zip(others, packs, strict=True)}
    return made | {path: lower(path, files[path]) for path in others}


def _pack(paths: Sequence[str], files: Mapping[str, bytes], cache: ScanCache | None) -> list[bytes]:
    made = [packed(lower(path, files[path])) for path in paths]
    for path, data in zip(paths, made, strict=True):
        if cache is not None:
            cache.keep_packed(path, files[path], data)
    return made


def _applied(analysis: Analysis, rules: Sequence[Rule], *, two: bool) -> list[Finding]:
    """Applies rules, to a large app in two processes: rules that ask alike stay together, since answers are kept."""
    mine = [rule for rule in rules if rule.category in _WAYS]
    others = [rule for rule in rules if rule.category not in _WAYS]
    if not two or not mine or not others or sum(len(m.kind) for m in analysis.modules) < _LARGE_GRAPH:
        return apply(analysis, rules)
    child = Forked(lambda: msgspec.msgpack.encode(apply(analysis, others)))
    found = apply(analysis, mine)
    sent = child.result()
    return found + (apply(analysis, others) if sent is None else msgspec.msgpack.decode(sent, type=list[Finding]))
