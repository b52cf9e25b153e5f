"""The nightly audit beside the worker's rounds: in a thread of its own, so that no clock waits for it.

It reads as of one moment and holds no lock meanwhile. A process that dies during it leaves a lease that its successor
frees; an audit whose time passed while nothing ran is made up for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from forgeward.desk.actions import audits
from forgeward.desk.readers import audit
from forgeward.desk.worker.beside import started
from forgeward.edges.home import Home

EVERY = 30.0  # seconds between looks at the clock


class Stopped(Exception):  # noqa: N818 - no error: the process was asked to end
    """The audit is cut short; the next process does it."""


def look_after(
    home: Home, clock: Callable[[], datetime], owner: str, stopped: Callable[[], bool] = lambda: False
) -> bool:
    """Does the audit where it is due and nobody else does it. Returns whether it did. Raises ``Stopped``."""
    if not audits.is_due(home, clock()) or not audits.claim(owner, clock()):
        return False
    try:
        result = audit.examine(clock(), lambda _done, _total: _go_on(stopped()))
        audits.settle(_said(result), [f"{p.where}: {p.what}" for p in result.problems], clock())
    finally:
        audits.release(owner)
    return True


def _go_on(ends: bool) -> None:
    if ends:
        raise Stopped


def _said(result: audit.Result) -> str:
    if not result.problems:
        return f"{result.entries:,} entries and {result.cases:,} cases agree with their history."
    first = result.problems[0]
    return f"{len(result.problems)} differences, the first at {first.where}: {first.what}."


def beside(home: Home, owner: str, stop: threading.Event) -> threading.Thread:
    """A started thread that looks after the audit until ``stop`` is set."""
    return started("auditor", EVERY, lambda: _look(home, owner, stop), stop)


def _look(home: Home, owner: str, stop: threading.Event) -> None:
    with suppress(Stopped):
        look_after(home, home.now, owner, stop.is_set)
