"""Webhooks and chats beside the worker's rounds: each in a thread of its own, so that neither waits for the other."""

from __future__ import annotations

import threading

from forgeward.desk.actions import chats, deliveries
from forgeward.desk.worker.beside import started
from forgeward.edges.home import Home

EVERY = 1.0  # seconds between looks


def beside(home: Home, owner: str, stop: threading.Event) -> list[threading.Thread]:
    """Started threads that look after webhooks and chats until ``stop`` is set."""
    return [
        started("webhooks", EVERY, lambda: deliveries.look_after(home, home.now, owner), stop),
        started("chats", EVERY, lambda: chats.look_after(home, home.now, owner), stop),
    ]
