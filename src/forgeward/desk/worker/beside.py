"""Work beside the worker's rounds, in a thread of its own, so that no clock waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connection


def started(name: str, every: float, deed: Callable[[], object], stop: threading.Event) -> threading.Thread:
    """A started thread that does it every so many seconds until ``stop`` is set. What fails is logged once."""
    thread = threading.Thread(target=_watch, args=(name, every, deed, stop), name=name, daemon=True)
    thread.start()
    return thread


def _watch(name: str, every: float, deed: Callable[[], object], stop: threading.Event) -> None:
    logger, said = logging.getLogger(name), ""
    while not stop.is_set():
        try:
            deed()
            said = ""
        except Exception as problem:  # told once; the next look tries again
            if str(problem) != said:
                logger.exception("%s", name)
            said = str(problem)
        connection.close_if_unusable_or_obsolete()
        stop.wait(every)
    connection.close()
