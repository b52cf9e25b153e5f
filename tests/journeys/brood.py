"""Processes that append to one ledger and number it until they are killed: ``-m tests.journeys.brood HOME KILLS``.

Eight writers and two sequencers are forked from a process that has loaded everything, so that a new one works at once.
One after another is killed (SIGKILL) in the midst of its work and replaced. Each writer notes what was acknowledged
to it, after the call returned: case and number of the entry. A kill counts when the process had done something and
died of it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home

WRITERS, SEQUENCERS = 8, 2
PATIENCE = 30.0  # seconds for a process to do something


class Brood:
    """The children, each with a file of what was acknowledged to it."""

    def __init__(self, home: Home, folder: Path, cases: list[str]) -> None:
        self.home, self.folder, self.cases = home, folder, cases
        self.files: dict[int, Path] = {}
        self.begun = 0

    def begin(self, *, sequencer: bool) -> int:
        """A child at work; its process id."""
        self.begun += 1
        file = self.folder / f"{self.begun}"
        file.touch()
        child = os.fork()
        if child == 0:
            try:
                self.number(file) if sequencer else self.write(file)
            finally:
                os._exit(1)  # children work until they are killed
        self.files[child] = file
        return child

    def write(self, file: Path) -> None:
        """Notes on any case and new cases, as fast as it goes."""
        from forgeward.desk.actions import cases
        from forgeward.desk.models import Person
        from forgeward.respond.parse import parse

        random.seed(os.getpid())
        lead = Person.objects.order_by("pk")[0].actor()
        with file.open("a", buffering=1) as acknowledged:
            while True:
                if random.random() < 0.1:
                    done = cases.open_case(parse("receive", {"title": "Errors", "text": "x"}), lead, self.home.now())
                else:
                    note = parse("note", {"text": f"{os.getpid()}"})
                    done = cases.perform(random.choice(self.cases), note, lead, self.home.now())
                acknowledged.write(f"{done.number} {done.case.seq}\n")

    def number(self, file: Path) -> None:
        """Numbers what waits; says when it has."""
        from forgeward.desk.actions import sequence

        with file.open("a", buffering=1) as done:
            while True:
                if sequence.number():
                    done.write("numbered\n")

    def kill(self, child: int) -> bool:
        """Kills it once it has done something. Whether the kill is what ended it."""
        until = time.monotonic() + PATIENCE
        while not self.files[child].stat().st_size and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return died and self.files[child].stat().st_size > 0


def main(folder: str, kills: str) -> None:
    home = Home(Path(folder))
    open_home(home)
    from django.db import connection

    from forgeward.desk.actions import cases, homes
    from forgeward.desk.models import Person
    from forgeward.respond.parse import parse

    homes.ready(home)
    lead = Person.objects.order_by("pk")[0].actor()
    command = parse("receive", {"title": "Errors", "text": "More than usual"})
    known = [cases.open_case(command, lead, home.now()).number for _ in range(12)]
    connection.close()  # each child opens its own
    with tempfile.TemporaryDirectory() as acknowledged:
        brood = Brood(home, Path(acknowledged), known)
        alive = {brood.begin(sequencer=n >= WRITERS): n >= WRITERS for n in range(WRITERS + SEQUENCERS)}
        hits = Counter[bool]()
        while hits.total() < int(kills):
            child = random.choice(list(alive))
            sequencer = alive.pop(child)
            hits[sequencer] += brood.kill(child)
            alive[brood.begin(sequencer=sequencer)] = sequencer
        for child in alive:
            brood.kill(child)
        lines = [line for file in brood.files.values() for line in file.read_text().splitlines()]
    result = {
        "writers": hits[False],
        "sequencers": hits[True],
        "begun": brood.begun,
        "acknowledged": [line for line in lines if line != "numbered"],
    }
    sys.stdout.write(json.dumps(result))


def tally(folder: str) -> None:
    """What the database holds: each entry of a case as (case, number), all entries, leaves, and who waits."""
    open_home(Home(Path(folder)))
    from forgeward.desk.models import Entry, Leaf, Pending

    pairs = Entry.objects.filter(case__isnull=False).values_list("case__number", "seq")
    result: dict[str, Any] = {
        "entries": [f"{number} {seq}" for number, seq in pairs],
        "all": Entry.objects.count(),
        "leaves": list(Leaf.objects.order_by("index").values_list("index", flat=True)),
        "pending": Pending.objects.count(),
    }
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    tally(sys.argv[1]) if sys.argv[2] == "tally" else main(*sys.argv[1:])
