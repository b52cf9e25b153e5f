"""The part of the audit that looks at who signed: keys in turn, their rotations, witnesses, what was given out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forgeward.desk import keychain, programme
from forgeward.desk.models import CheckpointRow, Cosignature, Entry, KeyRotation, Publication, Witness
from forgeward.errors import BadInput, ForgewardError, VerificationFailed
from forgeward.ledger.checkpoint import Checkpoint, Note, VerifierKey, add_signatures, verify
from forgeward.ledger.entry import decode
from forgeward.ledger.rotation import ROTATED, Chain, note_digest, read
from forgeward.vocabulary import Plain

WITNESS_ADDED = "witness:added"
Difference = tuple[str, str]


def signed_in_turn(row: CheckpointRow, chain: Chain) -> Checkpoint:
    """The checkpoint, if the key whose turn it was signed it. Raises ``VerificationFailed`` or ``BadInput``."""
    turn = chain.at(row.size)
    signed = Note.parse(row.note).signed_by(turn)
    if not signed:
        raise VerificationFailed("it is not signed by the key whose turn it was.")
    return verify(row.note, signed[0])


def data_of(row: Entry) -> Mapping[str, Plain]:
    """The plain facts of an entry; none of one that does not read, which the audit of its case has told."""
    try:
        return decode(bytes(row.body)).data
    except BadInput:
        return {}


def differences() -> Iterator[Difference]:
    """What does not agree, as where and what."""
    yield from _rotations()
    yield from _witnesses()
    for publication in Publication.objects.exclude(checkpoint_id__in=CheckpointRow.objects.values("pk")):
        yield f"publication {publication.pk}", "was of a checkpoint that is gone"


def _rotations() -> Iterator[Difference]:
    entered = [data_of(row).get("digest") for row in Entry.objects.filter(kind=ROTATED).order_by("id")]
    rows = list(KeyRotation.objects.order_by("id"))
    if entered != [note_digest(row.note) for row in rows]:
        yield "keys", "the rotations of the ledger's key are not those that were entered"
    for number, row in enumerate(rows, 1):
        try:
            found = read(row.note)
        except ForgewardError as problem:
            yield f"rotation {number}", f"its note does not verify: {problem}"
            continue
        if (str(found.new), found.size, found.at) != (row.key, row.size, row.at):
            yield f"rotation {number}", "the row's key, size or instant is not its note's"
    keys = programme.vault().keys
    try:
        if rows and keychain.chain().newest != keys.verifier_key:
            yield "keys", f"the key in the file is {keys.verifier_key.hash.hex()}, which is not in turn"
    except ForgewardError as problem:
        yield "keys", str(problem)


def _witnesses() -> Iterator[Difference]:
    added = [data_of(row) for row in Entry.objects.filter(kind=WITNESS_ADDED).order_by("id")]
    rows = list(Witness.objects.order_by("id"))
    if [(data.get("name"), data.get("key")) for data in added] != [(row.name, row.key) for row in rows]:
        yield "witnesses", "are not those that were entered"
    known = Cosignature.objects.filter(checkpoint__in=CheckpointRow.objects.all(), witness__in=Witness.objects.all())
    for lost in Cosignature.objects.exclude(pk__in=known.values("pk")):
        yield f"co-signature {lost.pk}", "is of no checkpoint or witness that is there"
    for row in Cosignature.objects.select_related("checkpoint", "witness").order_by("id"):
        where = f"checkpoint {row.checkpoint.size}, witness {row.witness.name}"
        try:
            lines = Note.parse(f"x\n\n{row.line}").signatures
            note = Note.parse(add_signatures(row.checkpoint.note, *lines))
            signed = note.signed_by([VerifierKey.parse(row.witness.key)])
        except (BadInput, VerificationFailed) as problem:
            yield where, f"its co-signature does not verify: {problem}"
            continue
        if not signed or row.stamp != int.from_bytes(lines[0].value[:8], "big"):
            yield where, "its co-signature is another witness's, or of another instant"
