"""A home to measure on: real keys, real tables, the default policy, four people."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home
from forgeward.edges.keys import Keys

NOW = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
PEOPLE = {"tomasz": "engineering", "hannah": "support", "dele": "leadership"}


@contextmanager
def house() -> Iterator[Home]:
    """A fresh home that is gone afterwards. One for each process: Django is set up on it."""
    with tempfile.TemporaryDirectory(prefix="forgeward-bench-") as folder:
        yield founded(Path(folder))


def founded(folder: Path) -> Home:
    """A fresh home in this folder."""
    home = Home(folder)
    home.create()
    Keys(home.keys).create()
    os.environ["FORGEWARD_HOME"] = str(folder)
    open_home(home)
    from forgeward.desk.actions import homes, people
    from forgeward.desk.founding import Founding
    from forgeward.policy.defaults import default_policy_text
    from forgeward.vocabulary import Role

    text = default_policy_text("Bench", NOW.date(), "Europe/London")
    lead = homes.found(home, Founding("Ines", "ines@bench.example", text), NOW)
    for name, role in PEOPLE.items():
        people.add_person(name.title(), f"{name}@bench.example", [Role(role)], lead.actor(), NOW)
    return home
