"""Scans folders: reads them, and spreads several apps over the machine's cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from forgeward.edges.files import read_trees
from forgeward.prevent.findings import Report
from forgeward.prevent.project import Project, assemble
from forgeward.prevent.rules.base import Rule
from forgeward.prevent.scan import AppResult, combine, scan_app, scan_files

_SHARED: dict[str, tuple[Project, Sequence[Rule]]] = {}  # filled before the fork, so children need not be sent it


def scan_folders(
    roots: Iterable[Path],
    rules: Sequence[Rule],
    today: date,
    progress: Callable[[int, int], None] = lambda _d, _t: None,
) -> Report:
    """One report of all folders. Raises ``BadInput`` where one does not exist."""
    files, left_out = read_trees(roots)
    gc.disable()  # a scan makes millions of small tuples and no cycles worth looking for
    try:
        project = assemble(files, left_out)
        results = list(_spread(project, rules, progress))
        return combine(project, [*results, AppResult(scan_files(project, rules), [])], today)
    finally:
        gc.enable()


def _spread(project: Project, rules: Sequence[Rule], progress: Callable[[int, int], None]) -> Iterable[AppResult]:
    count = len(project.apps)
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, count)
    if workers < 2 or not hasattr(os, "fork"):
        for done, app in enumerate(project.apps, 1):
            yield scan_app(project, app, rules)
            progress(done, count)
        return
    from concurrent.futures import ProcessPoolExecutor  # costs more than a small scan
    from multiprocessing import get_context

    _SHARED["now"] = (project, rules)
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            for done, result in enumerate(pool.map(_one, range(count), chunksize=max(1, count // (workers * 4))), 1):
                yield result
                progress(done, count)
    finally:
        _SHARED.clear()


def _one(index: int) -> AppResult:
    project, rules = _SHARED["now"]
    return scan_app(project, project.apps[index], rules)
