"""Writers of one SQLite file queue: one at a time, and nobody waits for who is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from forgeward.desk.sqlite.base import Turn

HOLDER = "import sys, time; from pathlib import Path; from forgeward.desk.sqlite.base import Turn\n" + (
    "t = Turn(Path(sys.argv[1])); t.take(); print('held', flush=True); time.sleep(60)"
)


def test_the_second_waits_until_the_first_has_given_back(tmp_path: Path) -> None:
    """Also within one process, where each connection has a place of its own."""
    first, second, got = Turn(tmp_path / "turn"), Turn(tmp_path / "turn"), threading.Event()
    first.take()
    waiting = threading.Thread(target=lambda: (second.take(), got.set()))
    waiting.start()
    assert not got.wait(0.2)
    first.give_back()
    assert got.wait(5)
    waiting.join()
    second.close()
    first.close()


def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    """The kernel gives its turn back."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "turn")], stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    turn = Turn(tmp_path / "turn")
    turn.take()
    turn.close()
    holder.wait()
    holder.stdout.close()


def test_a_child_has_a_turn_of_its_own(tmp_path: Path) -> None:
    """After a fork, giving back in the child does not free what the parent holds."""
    turn = Turn(tmp_path / "turn")
    turn.take()
    child = os.fork()
    if child == 0:
        turn.give_back()
        os._exit(0)
    os.waitpid(child, 0)
    other, got = Turn(tmp_path / "turn"), threading.Event()
    waiting = threading.Thread(target=lambda: (other.take(), got.set()))
    waiting.start()
    assert not got.wait(0.2)
    turn.close()
    assert got.wait(5)
    waiting.join()
    other.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a queue of its own")
def test_the_desk_uses_it(transactional_db: None) -> None:
    """Transactions take a turn and give it back, whether they are committed or not."""
    from django.db import transaction

    free = Turn(Path(f"{connection.settings_dict['NAME']}-turn"))
    for fails in (False, True):
        with suppress(LookupError), transaction.atomic():
            assert connection._turn._held  # type: ignore[attr-defined]
            if fails:
                raise LookupError
        free.take()  # would wait for ever
        free.give_back()
    free.close()
