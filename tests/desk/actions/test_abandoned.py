"""What a killed process held is free at once; what a living one holds stays its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from forgeward.desk import leases
from forgeward.desk.actions import abandoned, stored
from forgeward.desk.models import CaseRow, NoticeRow, RawMail
from tests.desk.post import Office, report

_HOLD = """
import sys, time
from pathlib import Path
from forgeward.desk.leases import living
from forgeward.edges.home import Home
with living(Home(Path(sys.argv[1]))) as name:
    print(name, flush=True)
    time.sleep(60)
"""


def _killed(folder: Path) -> str:
    """The name of a process that was alive, and was killed."""
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        process.kill()
    assert process.returncode == -9
    return name


def test_a_killed_process_holds_nothing(post: Office) -> None:
    """Its mails, letters and cases are claimed by the next one at the same instant, without waiting for a lease."""
    post.one(report(1))
    dead = _killed(post.home.folder)
    post.store(report(2, "noor@example.org"))
    assert len(stored.claim(dead, post.now)) == 1
    assert NoticeRow.objects.update(lease_owner=dead, lease_until=post.now + timedelta(hours=1)) == 1
    assert CaseRow.objects.update(lease_owner=dead, lease_until=post.now + timedelta(hours=1)) == 1
    assert stored.claim("another", post.now) == []
    assert abandoned.free(post.home) == 3
    assert len(stored.claim("another", post.now)) == 1
    assert len(post.deliver()) == 1
    assert CaseRow.objects.get().lease_until is None
    assert abandoned.free(post.home) == 0


def test_the_living_and_the_unknown_keep_what_they_hold(post: Office) -> None:
    """A lease of a process that can be seen to live, or that left no file, ends by itself only."""
    with leases.living(post.home) as alive:
        for number, owner in enumerate((alive, "elsewhere:7:00000000")):
            post.store(report(number, f"r{number}@example.org"))
            assert len(stored.claim(owner, post.now)) == 1
        assert abandoned.free(post.home) == 0
        assert stored.claim("another", post.now) == []
    assert set(RawMail.objects.values_list("lease_owner", flat=True)) == {alive, "elsewhere:7:00000000"}


def test_who_ends_in_order_leaves_no_file(post: Office) -> None:
    """The folder does not fill with names; those of the dead are taken out by who frees what they held."""
    with leases.living(post.home) as name:
        assert (post.home.folder / "alive" / name).exists()
    dead = _killed(post.home.folder)
    assert [each.name for each in (post.home.folder / "alive").iterdir()] == [dead]
    with leases.the_dead(post.home) as names:
        assert names == (dead,)
    assert list((post.home.folder / "alive").iterdir()) == []
