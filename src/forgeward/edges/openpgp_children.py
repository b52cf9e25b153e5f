"""The crypto children: one task each, then a fresh process. What one of them cannot survive becomes a `Refused`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forgeward.edges import frames
from forgeward.edges.guarded import ChildPool, Died, Guard
from forgeward.edges.mail_limits import LIMITS
from forgeward.edges.openpgp_tasks import TASK, Certificates, Inspect, Refused, Result, Task
from forgeward.respond.openpgp import Certificate

GUARD = Guard(memory=600_000_000, mails=1)

_ANSWER_LIMIT = LIMITS.raw + 4 * 2**20
_KEY_FILE = 4 * 2**20  # bytes of a file with keys that a person imports


class Children(ChildPool):
    """The pool of `openpgp_worker`. Safe to share between threads, not across a fork; starts with the first task."""

    def __init__(self, workers: int = 1, guard: Guard = GUARD) -> None:
        super().__init__("forgeward.edges.openpgp_worker", "OpenPGP process", workers, 0, guard)

    def do(self, task: Task) -> Result:
        """Has a child do one task, twice where a child dies over it. Raises ParserUnavailable where none starts."""
        body, how = msgspec.msgpack.encode(task), ""
        for _ in range(2):  # a process can be killed for reasons that are not the task's
            try:
                return self.ask(TASK, body, _ANSWER_LIMIT, _result)
            except frames.Late:
                return Refused("failed", "it took too long and was stopped.")
            except Died as died:
                how = died.how
        return Refused("panicked", f"the OpenPGP library's process {how} twice.")

    def inspect(self, data: bytes, now: datetime, most: int = 5) -> tuple[Certificate, ...]:
        """The keys in some bytes; none where there are none that can be read."""
        if len(data) > _KEY_FILE:
            return ()
        result = self.do(Inspect(data, now, most))
        return result.certificates if isinstance(result, Certificates) else ()


def _result(answer: bytes) -> Result:
    result: Result = msgspec.msgpack.decode(answer, type=Result)
    return result
