"""The ledger's key changes: the old one vouches for the new one, in a note that goes with every pack from then on.

    last checkpoint of the old key ─▶ note signed by both ─▶ row + entry (one transaction) ─▶ the file changes hands
                                                                                             ─▶ first one of the new key

Ended at any point, it is either not done, or finished by whoever signs next (``keychain.signer``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forgeward.desk import keychain, programme
from forgeward.desk.actions import sequence, write
from forgeward.desk.models import CheckpointRow, KeyRotation
from forgeward.errors import BadInput
from forgeward.ledger import rotation
from forgeward.ledger.checkpoint import Signer
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change


def rotate(actor: Actor, now: datetime, command: Sequence[str] = (), key: str = "") -> KeyRotation:
    """Brings in a new key: a fresh one in a file, or the verifier key ``key`` that ``command`` signs with.

    Raises ``NotAllowed`` for others than the Security Lead, ``BadInput`` for a key that was in turn before,
    ``SignerFailed`` where a signer does not sign; then nothing has changed.
    """
    demand("ledger.rotate", actor)
    sequence.sign_checkpoint(now)
    old = keychain.signer()
    keys = programme.vault().keys.ledger
    new = keys.prepare(command, key)
    if new.key in keychain.chain().keys:
        keys.forget_next()
        raise BadInput("This key was the ledger's before; it cannot come back.", next="Make another one.")
    row = _enter(old, new, actor, now)
    keys.settle(new.key)
    sequence.sign_checkpoint(now)
    return row


def _enter(old: Signer, new: Signer, actor: Actor, now: datetime) -> KeyRotation:
    """The row and the entry. What the old key signs meanwhile is refused: the table is locked against it."""
    with write.inside() as cursor:
        sequence.hold_key(cursor, old)
        size = CheckpointRow.objects.order_by("-size").values_list("size", flat=True).first() or 0
        note = rotation.rotate(old, new, size, now)
        rotation.read(note)
        row = KeyRotation.objects.create(size=size, at=now, note=note, key=str(new.key))
        change = Change(
            rotation.ROTATED, data={"digest": rotation.note_digest(note), "key": new.key.hash.hex(), "size": size}
        )
        write.record(cursor, change, actor.id, now)
    return row
