"""One raw mail that a program hands over: stored, read and filed as any other. The worker sends its receipt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from forgeward.desk.actions import intake, stored
from forgeward.desk.actions.filing import Taken
from forgeward.desk.actions.stored import Incoming, Lease
from forgeward.desk.leases import living
from forgeward.edges.home import Home
from forgeward.edges.mail_parser import ParserPool


def take(home: Home, raw: bytes, name: str, clock: Callable[[], datetime]) -> list[Taken]:
    """Takes the mail in; a second time it changes nothing. Raises ``HomeUnusable``, ``ParserUnavailable``."""
    with living(home) as owner, ParserPool(workers=1, spare=0) as pool:
        now = clock()
        row = stored.store(home, Incoming(raw, name, now), lease=Lease(owner, now + stored.LEASE))
        row.source = name
        return list(intake.read(home, [row], pool, clock))
