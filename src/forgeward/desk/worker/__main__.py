"""The worker process: rounds until it is told to stop. Started by ``forgeward up``, or by a service manager."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home, default_folder

PAUSE = 0.5  # seconds between rounds; a deadline is never shown late by more


def main() -> None:
    """Runs rounds on the home that ``FORGEWARD_HOME`` names until SIGTERM or SIGINT; ends after the current round."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s worker: %(message)s")
    home = Home(Path(default_folder())).require()
    open_home(home)
    from forgeward.desk.leases import process_name
    from forgeward.desk.worker.rounds import one_round

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    owner = process_name()
    while not stop.is_set():
        one_round(home, home.now(), owner)
        stop.wait(PAUSE)


if __name__ == "__main__":
    main()
