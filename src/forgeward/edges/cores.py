"""A second core for work that reads a file: one child process, and its answer when it has one."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")


def begin(work: Callable[[Path, int], Answer | None], file: Path, number: int) -> Callable[[], Answer | None]:
    """Starts ``work(file, number)`` in a child, and gives the function that waits for its answer.

    None where there is no second core, or where the child ended without an answer (it was killed, say): the caller
    then does the work itself.
    """
    if (os.cpu_count() or 1) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return lambda: None
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(there, work, file, number), daemon=True)
    child.start()
    there.close()

    def wait() -> Answer | None:
        try:
            answer: Answer | None = here.recv()
        except EOFError:
            answer = None
        finally:
            here.close()
            child.join()
        return answer

    return wait


def _work(out: Connection, work: Callable[[Path, int], Answer | None], file: Path, number: int) -> None:
    out.send(work(file, number))
    out.close()
