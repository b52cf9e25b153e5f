"""What a process held when it was killed is free at once: nobody waits for the end of its leases."""

from __future__ import annotations

from forgeward.desk import leases
from forgeward.desk.actions import write
from forgeward.desk.actions.audits import RUNNING
from forgeward.edges.home import Home

_TABLES = ("desk_rawmail", "desk_noticerow", "desk_caserow", "desk_deliveryrow", "desk_chatroomrow")


def free(home: Home) -> int:
    """Frees the leases of processes that died. Returns how many mails, letters, cases and messages wait again."""
    freed = 0
    with leases.the_dead(home) as names:
        if names:
            marks = ", ".join(["%s"] * len(names))
            with write.inside() as cursor:
                for table in _TABLES:
                    cursor.execute(
                        f"UPDATE {table} SET lease_until = NULL, lease_owner = '' WHERE lease_owner IN ({marks})",  # noqa: S608 - constants and marks
                        list(names),
                    )
                    freed += cursor.rowcount
                cursor.execute(f"DELETE FROM desk_heartbeat WHERE name = %s AND detail IN ({marks})", [RUNNING, *names])  # noqa: S608 - marks
    return freed
