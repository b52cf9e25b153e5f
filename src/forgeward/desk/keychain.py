"""The ledger's keys as the database tells them: which were in turn when, and who signs now."""

from __future__ import annotations

from django.db import connection

from forgeward.desk import programme
from forgeward.desk.models import Cosignature, KeyRotation
from forgeward.ledger.checkpoint import Note, Signer, VerifierKey, add_signatures
from forgeward.ledger.rotation import Chain, read


def notes() -> list[str]:
    """The notes of all rotations, the oldest first."""
    return list(KeyRotation.objects.order_by("id").values_list("note", flat=True))


def chain() -> Chain:
    """The ledger's keys, the oldest first. Raises ``VerificationFailed`` or ``BadInput`` for a damaged table."""
    return Chain.of(programme.vault().keys.verifier_key, map(read, notes()))


def signer() -> Signer:
    """Signs with the key that is in turn; finishes a rotation that was cut short. Raises ``HomeUnusable``."""
    keys = programme.vault().keys
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM desk_keyrotation ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return keys.ledger.settle(VerifierKey.parse(row[0])) if row else keys.note_signer()


def cosigned(note: str, size: int) -> str:
    """The checkpoint at this size with the signatures of witnesses that came for it."""
    lines = Cosignature.objects.filter(checkpoint__size=size).order_by("witness__name").values_list("line", flat=True)
    return add_signatures(note, *(signature for line in lines for signature in Note.parse(f"x\n\n{line}").signatures))
