"""What holds for every test: how long hypothesis looks, and what ``script/test --fast`` leaves out.

No example has a deadline of its own, since a busy machine is no reason to fail. The profile ``fast`` tries fewer
examples. Where ``FORGEWARD_TEST_UNTIL`` (seconds since 1970) is set, the core is tested first, and what would begin
later than that is skipped and says so: a quick look ends in time on a slow machine too.

Each test begins with the umask of the run: a command that was called within an earlier test has narrowed it.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("whole", deadline=None)
settings.register_profile("fast", settings.get_profile("whole"), max_examples=15)
settings.load_profile("whole")

UNTIL = float(os.environ.get("FORGEWARD_TEST_UNTIL", "inf"))
UMASK = os.umask(0)
os.umask(UMASK)
FIRST = ("policy", "respond", "ledger", "prevent")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the core in front when time may run out."""
    if math.isfinite(UNTIL):
        items.sort(key=lambda item: _room(item.path) not in FIRST)


def _room(path: Path) -> str:
    below = path.relative_to(Path(__file__).parent).parts
    return below[0] if len(below) > 1 else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begins nothing after the time that was given, and everything alike."""
    os.umask(UMASK)
    if time.time() > UNTIL:
        pytest.skip("no time was left in this quick look; script/test runs it")
