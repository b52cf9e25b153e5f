"""Witnesses: who they are, and the signatures that they give to our checkpoints. A vendor cannot show two histories to
readers who ask for the same witness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forgeward.desk.actions import write
from forgeward.desk.models import CheckpointRow, Cosignature, Witness
from forgeward.errors import AnswerIsNo, BadInput, NotFound, VerificationFailed
from forgeward.ledger.checkpoint import COSIGNATURE, Checkpoint, Note, VerifierKey
from forgeward.respond.access import demand
from forgeward.vocabulary import Actor, Change

AHEAD = timedelta(minutes=10)
"""How far a witness's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What became of a co-signed checkpoint: its size, who signed it now, who had before."""

    size: int
    new: tuple[str, ...]
    known: tuple[str, ...]


def add(text: str, actor: Actor, now: datetime) -> Witness:
    """Enters a witness by the verifier key that they publish.

    Raises ``NotAllowed`` for others than the Security Lead, ``BadInput`` for a key of another kind.
    """
    demand("ledger.witness", actor)
    key = VerifierKey.parse(text)
    if key.kind != COSIGNATURE:
        raise BadInput(
            f"“{key.name}” has the key of a log, not of a witness.",
            next="A witness's verifier key has type 4 (c2sp.org/tlog-cosignature).",
        )
    with write.inside() as cursor:
        if Witness.objects.filter(name=key.name).exists():
            raise AnswerIsNo(f"There is a witness “{key.name}” already.", next="See `forgeward ledger witness list`.")
        witness = Witness.objects.create(name=key.name, key=str(key), added_at=now)
        change = Change("witness:added", data={"name": key.name, "key": str(key)})
        write.record(cursor, change, actor.id, now)
    return witness


def cosign(text: str, now: datetime) -> Cosigned:
    """Takes the signatures of known witnesses under one of our checkpoints; lines of strangers are ignored.

    Raises ``NotFound`` for a checkpoint that is not ours, ``VerificationFailed`` for a wrong signature or one from the
    future, ``BadInput`` where no known witness signed.
    """
    note = Note.parse(text)
    head = Checkpoint.parse_unverified(note.text)
    row = CheckpointRow.objects.filter(size=head.size).first()
    if row is None or Note.parse(row.note).text != note.text:
        raise NotFound(
            f"This ledger signed no such checkpoint of {head.origin} at size {head.size}.",
            next="If a witness has it, somebody signs with your key elsewhere: run forgeward audit, then rotate it.",
        )
    witnesses = {VerifierKey.parse(witness.key): witness for witness in Witness.objects.all()}
    signed = note.signed_by(witnesses)
    if not signed:
        raise BadInput("No known witness signed this checkpoint.", next="Enter them with `ledger witness add KEY`.")
    new: list[str] = []
    with write.inside():
        for key in signed:
            line = next(s for s in note.signatures if (s.name, s.key_hash) == (key.name, key.hash))
            stamp = int.from_bytes(line.value[:8], "big")
            if stamp > (now + AHEAD).timestamp():
                when = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d %H:%M}Z" if stamp < 1 << 37 else "after year 6000"
                raise VerificationFailed(
                    f"“{key.name}” says to have signed at {when}, which is yet to come.",
                    next="Ask the witness to look at its clock.",
                )
            made = Cosignature.objects.get_or_create(
                checkpoint=row, witness=witnesses[key], defaults={"stamp": stamp, "line": str(line)}
            )[1]
            if made:
                new.append(key.name)
    return Cosigned(head.size, tuple(new), tuple(key.name for key in signed if key.name not in new))
