"""Entries wait, then get their places in the tree, in batches, from one sequencer; checkpoints are signed over them.

desk_pending ─▶ next leaf indexes ─▶ desk_leaf + desk_treenode ─▶ (at fixed times) desk_checkpointrow
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.utils import IntegrityError

from forgeward.desk import keychain
from forgeward.desk.actions.write import inside
from forgeward.desk.models import CheckpointRow, KeyRotation, Leaf, Publication
from forgeward.desk.nodes import TableNodes
from forgeward.errors import Conflict, VerificationFailed
from forgeward.ledger import checkpoint, schedule, tree

BATCH = 500
AT_FIXED_TIME = "time"
KEY_LOCK = 0x666F726765  # PostgreSQL's advisory lock around who signs: “forge”


def number(limit: int = 20_000) -> int:
    """Gives waiting entries their leaves, ``BATCH`` a transaction. Returns how many. Safe beside other writers.

    Raises ``VerificationFailed`` where leaves or nodes stand that no sequencer wrote.
    """
    done = 0
    while done < limit:
        got = _batch()
        done += got
        if got < BATCH:
            break
    return done


def _batch() -> int:
    """One batch. All is read and hashed before the database is locked, so that others write meanwhile."""
    nodes, size = TableNodes(), _size()  # first: who numbers meanwhile makes ours fail, and is no contradiction
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.entry_id, e.body FROM desk_pending p JOIN desk_entry e ON e.id = p.entry_id"
            " ORDER BY p.entry_id LIMIT %s",
            [BATCH],
        )
        rows = cursor.fetchall()
    if not rows:
        return 0
    _, created = tree.frontier(nodes, size).extend(tree.leaf_hashes(bytes(body) for _, body in rows))
    try:
        with inside() as cursor:
            cursor.executemany(
                'INSERT INTO desk_leaf ("index", entry_id) VALUES (%s, %s)',
                [(size + i, entry) for i, (entry, _) in enumerate(rows)],
            )
            nodes.put_many(created)
            cursor.executemany("DELETE FROM desk_pending WHERE entry_id = %s", [(entry,) for entry, _ in rows])
    except IntegrityError:
        if _size() > size:
            return 0  # another sequencer took these places first; its transaction stands, ours left nothing
        raise VerificationFailed(
            "The ledger's tables contradict each other, so nothing is numbered.", next="Run `forgeward audit`."
        ) from None
    return len(rows)


def _size() -> int:
    last = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def sign_checkpoint(now: datetime) -> CheckpointRow:
    """Numbers what waits and signs the tree as it stands; the same size is signed once.

    Raises ``Conflict`` where the ledger's key changed meanwhile.
    """
    while number():
        pass
    size = _size()
    found = CheckpointRow.objects.filter(size=size).first()
    if found:
        return found
    signer = keychain.signer()
    root = tree.root(TableNodes(), size)
    note = checkpoint.sign(checkpoint.Checkpoint(signer.key.name, size, root), signer)
    with inside() as cursor:
        hold_key(cursor, signer)
        return CheckpointRow.objects.get_or_create(size=size, defaults={"root": root, "signed_at": now, "note": note})[
            0
        ]


def hold_key(cursor: CursorWrapper, signer: checkpoint.Signer) -> None:
    """Lets nobody change the ledger's key until the transaction ends. Raises ``Conflict`` where somebody just has."""
    if connection.vendor == "postgresql":
        # No lock on the table: for that a role must be allowed to change it, and the desk's must not.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_LOCK])
    last = KeyRotation.objects.order_by("-id").values_list("key", flat=True).first()
    if last is not None and last != str(signer.key):
        raise Conflict("The ledger's key was changed at this moment.", next="Do it again; the new one signs.")


def publish(times: Sequence[time], now: datetime) -> CheckpointRow | None:
    """Signs and marks the checkpoint of the latest fixed time, once; None where that was done before."""
    slot = schedule.latest(times, now)
    if Publication.objects.filter(why=AT_FIXED_TIME, at=slot).exists():
        return None
    row = sign_checkpoint(now)
    Publication.objects.get_or_create(why=AT_FIXED_TIME, at=slot, defaults={"checkpoint": row})
    return row
