"""The listener process: takes mail from mail servers and stores it. Reading it is the worker's work.

Started by ``forgeward up`` where settings.toml has a ``[listener]``, or by a service manager.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from forgeward.desk.setup import open_home
from forgeward.edges.home import Home, default_folder
from forgeward.edges.listener import Handed, serve
from forgeward.errors import BadInput, ForgewardError

WRITERS = 4  # mails stored at once
logger = logging.getLogger("listener")


def main() -> None:
    """Listens for the home that ``FORGEWARD_HOME`` names until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(work(Home(Path(default_folder())).require()))
    except ForgewardError as problem:
        logger.error("%s %s", problem, problem.next)  # noqa: TRY400 - a sentence, not a traceback
        sys.exit(problem.exit_code)


async def work(home: Home) -> None:
    """Serves until a signal comes. Raises ``BadInput`` without a ``[listener]``."""
    await asyncio.to_thread(_ready, home)
    settings = home.settings
    if not settings.listener.is_set:
        raise BadInput("settings.toml has no [listener].", next="Set listener.lmtp or listener.smtp.")
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(WRITERS, thread_name_prefix="listener"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings.listener, settings.mailbox, lambda handed: keep(home, handed), stop)


def _ready(home: Home) -> None:
    open_home(home)
    from django.db import connection

    from forgeward.desk.actions import homes

    homes.ready(home)
    connection.close()


def keep(home: Home, handed: Handed) -> None:
    """Stores one mail durably. Raises what keeps it from being stored."""
    from django.db import connection

    from forgeward.desk.actions import stored

    way = {
        "protocol": handed.protocol,
        "client": handed.client,
        "hello": handed.hello,
        "sender": handed.sender,
        "recipients": list(handed.recipients),
    }
    connection.close_if_unusable_or_obsolete()
    mail = stored.Incoming(handed.raw, f"{handed.protocol}:{handed.mailbox}", home.now(), handed.mailbox, way)
    stored.store(home, mail)


if __name__ == "__main__":
    main()
