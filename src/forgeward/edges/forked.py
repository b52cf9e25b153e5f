"""Work done in a child of this process while this one goes on: for a second core, where there is one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


def cores() -> int:
    """How many cores may be used; 1 where a fork is impossible, or dangerous because other threads run."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Forked:
    """Runs ``work`` in a child at once; ``result`` waits for its bytes.

    None says that the child came to no end (killed, out of memory, an error): the caller does the work itself then, so
    that whatever is wrong shows where it can be told.
    """

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._read, write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._child(work, write)
        os.close(write)

    def _child(self, work: Callable[[], bytes], write: int) -> None:
        code = 1
        try:
            os.close(self._read)
            with os.fdopen(write, "wb") as pipe:
                pipe.write(work())
            code = 0
        finally:
            os._exit(code)  # nothing of the parent's may run twice: no handlers, no buffers

    def result(self) -> bytes | None:
        with os.fdopen(self._read, "rb") as pipe:
            data = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        return data if status == 0 else None
