"""The fetcher process: looks into every mailbox of the settings, each in a thread of its own.

It only stores; the worker reads what is stored. A mailbox that cannot be read is tried again, later each time, and
stops no other. Started by ``forgeward up``, or by a service manager.
"""

from __future__ import annotations

import logging
import random
import signal
import sys
import threading
from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home, default_folder
from forgeward.edges.mail_settings import Mailbox
from forgeward.errors import ForgewardError

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
logger = logging.getLogger("fetcher")


def main() -> None:
    """Looks into the mailboxes of the home that ``FORGEWARD_HOME`` names until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        work(Home(Path(default_folder())).require(), stop)
    except ForgewardError as problem:
        logger.error("%s %s", problem, problem.next)  # noqa: TRY400 - a sentence, not a traceback
        sys.exit(problem.exit_code)


def work(home: Home, stop: threading.Event) -> None:
    """One thread for each mailbox, until ``stop`` is set."""
    open_home(home)
    from forgeward.desk.actions import homes

    homes.ready(home)
    boxes = [box for box in home.settings.mailbox if box.polled]
    threads = [threading.Thread(target=watch, args=(home, box, stop), name=box.name, daemon=True) for box in boxes]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(timeout=5)  # what is cut short is found again at the next look


def watch(home: Home, box: Mailbox, stop: threading.Event) -> None:
    """Looks again and again, on one connection for as long as that works."""
    from django.db import connection

    from forgeward.desk.actions import mailboxes

    session: mailboxes.Session | None = None
    pause, said = FIRST_PAUSE, ""
    while not stop.is_set():
        try:
            session = session or mailboxes.open_session(home, box, home.now)
            session.look()
            mailboxes.looked(box, home.now())
            pause, said, wait = FIRST_PAUSE, "", box.poll
        except Exception as problem:  # noqa: BLE001 - one mailbox's trouble, or a bug, must not end the others
            said = _tell(home, box, problem, said)
            if session is not None:
                session.close()
            session, wait = None, pause * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
            pause = min(2 * pause, LONGEST_PAUSE)
        connection.close_if_unusable_or_obsolete()
        stop.wait(wait)
    if session is not None:
        session.close()
    connection.close()


def _tell(home: Home, box: Mailbox, problem: Exception, said: str) -> str:
    """Logs a problem when it begins, and keeps it for ``doctor``. Returns what was said."""
    from forgeward.desk.actions import mailboxes

    known = isinstance(problem, ForgewardError)
    if str(problem) != said:
        logger.error("%s: %s", box.name, problem, exc_info=None if known else problem)
    try:
        mailboxes.failed(box, problem, home.now())
    except Exception:  # the database itself may be the trouble
        logger.exception("%s: the problem could not be kept", box.name)
    return str(problem)


if __name__ == "__main__":
    main()
