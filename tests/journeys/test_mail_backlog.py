"""A killed worker and fetcher go on where they were, without waiting for a lease or beginning anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.edges import dovecot
from tests.journeys.backlog import empty

pytestmark = [pytest.mark.journey, pytest.mark.slow, dovecot.needed]

MAILS, KILLS = 400, 3


def test_a_backlog_is_taken_up_at_once_after_a_kill(tmp_path: Path) -> None:
    """From the start of the new processes to the next filed mail: no more than such a start takes; no mail twice."""
    with dovecot.running() as server:
        house, emptied = empty(server, tmp_path / "home", MAILS, KILLS)
        assert server.count() == 0
    assert emptied.leased > 0, "the worker was killed with mails in its hands"
    assert len(emptied.filed) == KILLS
    assert emptied.kept, "the fetcher was killed with mails left to fetch"
    allowed = 2 * max(emptied.start) + 1.0  # seconds; a lease would be 120
    assert max((*emptied.filed, *emptied.kept)) <= allowed, emptied
    listed = house.programme.do("case", "list", "--limit", "1000")["cases"]
    assert Counter(case["title"] for case in listed) == Counter(f"Report {number}" for number in range(MAILS))
