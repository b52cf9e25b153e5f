"""What is known of this home's backups, for whoever makes them and whoever looks after them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from forgeward.desk import programme
from forgeward.edges import archive
from forgeward.errors import AnswerIsNo, BadInput
from forgeward.vocabulary import parse_instant

DATA, KEYS = ".backup", ".keys"
KEYS_LAST = timedelta(days=30)
"""A backup of keys that is older brings nobody back: what was erased is gone from every backup after this long."""
BEAT = "backup"  # the heartbeat that says when, and into which folder


def home_mark() -> str:
    """Tells this home's backups from another's: only its home key makes it."""
    return programme.vault().keys.keyed("backup", b"home")[:32]


def expired(folder: Path, now: datetime, lasting: timedelta = KEYS_LAST) -> list[Path]:
    """Backups of this home's keys in the folder whose time is over."""
    found, mark = [], home_mark()
    for file in sorted(folder.glob(f"forgeward-*{KEYS}")):
        try:
            about = archive.about(file)
        except (BadInput, AnswerIsNo):
            continue  # not ours to judge
        if about.kind == "keys" and about.home == mark and now - parse_instant(about.made_at) > min(lasting, KEYS_LAST):
            found.append(file)
    return found
