"""Who wants to write waits in a queue, woken by the kernel, instead of asking SQLite again and again.

SQLite lets one transaction write at a time. Whoever finds its lock taken sleeps for 1, 2, 5 … 100 ms and asks anew
(``sqlite3_busy_timeout``): the lock then stands free while all sleep, and an unlucky one waits for seconds. Here each
transaction first takes its turn by ``flock(2)`` on a file beside the database. The turn is a courtesy among our own
processes: SQLite's lock still is what keeps writers apart, also from programs that know of no queue. The kernel gives
a turn back when its process dies.
"""

from __future__ import annotations

import fcntl
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base


class Turn:
    """One connection's place in the queue of one database file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: tuple[int, int] | None = None  # the process that opened it, and its descriptor
        self._held = False

    def take(self) -> None:
        """Waits for the turn. Raises ``OSError`` where the file cannot be made."""
        if self._open is None or self._open[0] != os.getpid():  # a fork shares the parent's turn, so it opens its own
            self._open = os.getpid(), os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._open[1], fcntl.LOCK_EX)
        self._held = True

    def give_back(self) -> None:
        """Lets the next one in; nothing where none is held."""
        if self._held and self._open is not None and self._open[0] == os.getpid():
            fcntl.flock(self._open[1], fcntl.LOCK_UN)
        self._held = False

    def close(self) -> None:
        """Gives the turn back and closes the file."""
        self.give_back()
        if self._open is not None and self._open[0] == os.getpid():
            os.close(self._open[1])
        self._open = None


@lru_cache(maxsize=2048)
def _with_question_marks(query: str) -> str:
    """Django's placeholders as SQLite's. Our statements are few and run thousands of times a second."""
    return str(base.FORMAT_QMARK_REGEX.sub("?", query)).replace("%%", "%")


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor, which remembers how it translated a statement."""

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        if param_names is None:
            return _with_question_marks(query)
        return str(super().convert_query(query, param_names=param_names))


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite whose transactions queue. Only ``BEGIN IMMEDIATE`` does; reads never wait."""

    _turn: Turn | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        name = str(conn_params["database"])
        self._turn = None if name == ":memory:" or name.startswith("file:") else Turn(Path(f"{name}-turn"))
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)

    def _start_transaction_under_autocommit(self) -> None:
        if self._turn is None:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # django-stubs leave it out
            return
        self._turn.take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._turn.give_back()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # where it fails Django rolls back, which gives the turn back
        self._give_back()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_back()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self._turn is not None:
                self._turn.close()

    def _give_back(self) -> None:
        if self._turn is not None:
            self._turn.give_back()
