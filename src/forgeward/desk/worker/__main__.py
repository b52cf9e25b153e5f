"""The worker process: rounds until it is told to stop. Started by ``forgeward up``, or by a service manager."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home, default_folder
from forgeward.edges.mail_parser import ParserPool
from forgeward.errors import ForgewardError

PAUSE = 0.5  # seconds between rounds; a deadline is never shown late by more
logger = logging.getLogger("worker")


def main() -> None:
    """Runs rounds on the home that ``FORGEWARD_HOME`` names until SIGTERM or SIGINT; ends after the current round."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        work(Home(Path(default_folder())).require())
    except ForgewardError as problem:  # no home, or one that cannot be read: no traceback helps
        logger.error("%s %s", problem, problem.next)  # noqa: TRY400 - a sentence, not a traceback
        sys.exit(problem.exit_code)


def work(home: Home) -> None:
    """Rounds on one home. What fails is logged when it begins to fail, not twice a second."""
    open_home(home)
    from django.db import connection

    from forgeward.desk.actions import homes
    from forgeward.desk.leases import living
    from forgeward.desk.worker import auditor, courier
    from forgeward.desk.worker.rounds import one_round, told

    homes.ready(home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    known = frozenset[str]()
    with living(home) as owner, ParserPool() as pool:
        beside = [auditor.beside(home, owner, stop), *courier.beside(home, owner, stop)]
        while not stop.is_set():
            done = one_round(home, home.now, owner, pool)
            for what, problem in done.problems.items():
                if what not in known:
                    bug = None if isinstance(problem, ForgewardError) else problem
                    logger.error("%s", told(what, problem), exc_info=bug)
            known = frozenset(done.problems)
            connection.close_if_unusable_or_obsolete()
            stop.wait(0 if done.read else PAUSE)  # more mails may wait
        for thread in beside:
            thread.join(timeout=5)


if __name__ == "__main__":
    main()
