"""Names for those who hold leases."""

from __future__ import annotations

import os
import secrets
import socket


def process_name() -> str:
    """A name that no other process has, also not a later one with the same process id."""
    return f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(4)}"
