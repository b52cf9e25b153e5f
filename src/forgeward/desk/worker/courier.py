"""Webhooks beside the worker's rounds: in a thread of its own, so that no clock waits for an endpoint that hangs."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from forgeward.desk.actions import deliveries
from forgeward.edges.home import Home

EVERY = 1.0  # seconds between looks
logger = logging.getLogger("courier")


def beside(home: Home, owner: str, stop: threading.Event) -> threading.Thread:
    """A started thread that looks after webhooks until ``stop`` is set."""
    thread = threading.Thread(target=_watch, args=(home, owner, stop), name="courier", daemon=True)
    thread.start()
    return thread


def _watch(home: Home, owner: str, stop: threading.Event) -> None:
    said = ""
    while not stop.is_set():
        try:
            deliveries.look_after(home, home.now, owner)
            said = ""
        except Exception as problem:  # told once; the next look tries again
            if str(problem) != said:
                logger.exception("webhooks")
            said = str(problem)
        connection.close_if_unusable_or_obsolete()
        stop.wait(EVERY)
    connection.close()
