"""Webhooks and chats beside the worker's rounds: each in a thread of its own, so that no clock waits for who hangs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.db import connection

from forgeward.desk.actions import chats, deliveries
from forgeward.edges.home import Home

EVERY = 1.0  # seconds between looks
LOOKS: Mapping[str, Callable[[Home, str], object]] = MappingProxyType({
    "webhooks": lambda home, owner: deliveries.look_after(home, home.now, owner),
    "chats": lambda home, owner: chats.look_after(home, home.now, owner),
})  # fmt: skip
logger = logging.getLogger("courier")


def beside(home: Home, owner: str, stop: threading.Event) -> list[threading.Thread]:
    """Started threads that look after webhooks and chats until ``stop`` is set."""
    threads = [
        threading.Thread(target=_watch, args=(home, owner, stop, name), name=name, daemon=True) for name in LOOKS
    ]
    for thread in threads:
        thread.start()
    return threads


def _watch(home: Home, owner: str, stop: threading.Event, name: str) -> None:
    said = ""
    while not stop.is_set():
        try:
            LOOKS[name](home, owner)
            said = ""
        except Exception as problem:  # told once; the next look tries again
            if str(problem) != said:
                logger.exception("%s", name)
            said = str(problem)
        connection.close_if_unusable_or_obsolete()
        stop.wait(EVERY)
    connection.close()
