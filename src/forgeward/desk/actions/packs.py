"""Evidence packs from this home: the entries of one case, of a period, or all of them, with their proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db.models import QuerySet

from forgeward.desk import programme
from forgeward.desk.actions import sequence
from forgeward.desk.models import CaseRow, CheckpointRow, Leaf, PolicyVersion
from forgeward.desk.nodes import TableNodes
from forgeward.edges.home import translated
from forgeward.errors import NotFound
from forgeward.ledger import pack
from forgeward.ledger.entry import POLICY_ADOPTED, decode
from forgeward.ledger.pack import PackEntry, Scope
from forgeward.vocabulary import rfc3339


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    file: Path
    entries: int
    size: int
    checkpoint: CheckpointRow


def write_pack(out: Path, case: str, since: datetime | None, now: datetime, progress: Callable[[int], None]) -> Packed:
    """Signs a checkpoint and writes a pack. Packs of a case or period also hold the adoption of the policies in force.

    Texts stay withheld: only their salted digests go out. Raises ``NotFound``, ``HomeUnusable``.
    """
    checkpoint = sequence.sign_checkpoint(now)
    leaves, scope = _chosen(case, since, checkpoint.size)
    policies = {row.digest: row.text for row in PolicyVersion.objects.filter(adopted_at__isnull=False)}
    with _whole(out) as file:
        manifest = pack.write(
            file,
            _entries(leaves),
            scope=scope,
            at=now,
            checkpoint=checkpoint.note,
            nodes=TableNodes(),
            signer=programme.vault().keys.note_signer(),
            policies=[policies[digest].encode() for digest in _adopted(leaves) if digest in policies],
            cuts=CheckpointRow.objects.filter(size__lt=checkpoint.size).values_list("size", flat=True),
            progress=progress,
        )
    return Packed(out, manifest.entries, out.stat().st_size, checkpoint)


@contextmanager
def _whole(out: Path) -> Iterator[BinaryIO]:
    """A file that takes its place only when it is complete: a full disk leaves an older pack as it was."""
    fresh = out.with_name(f".{out.name}.new")
    with translated(out.parent):
        try:
            with fresh.open("wb") as file:
                yield file
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)


def _chosen(case: str, since: datetime | None, size: int) -> tuple[QuerySet[Leaf], Scope]:
    leaves = Leaf.objects.filter(index__lt=size).select_related("entry").order_by("index")
    if case:
        row = CaseRow.objects.filter(number=case).first()
        if not row:
            raise NotFound(f"There is no case {case}.", next="See `forgeward case list`.")
        return leaves.filter(entry__case=row) | leaves.filter(entry__kind=POLICY_ADOPTED), Scope("case", case)
    if since:
        first = leaves.filter(entry__at__gte=since).values_list("index", flat=True).first()
        if first is None:
            raise NotFound(f"Nothing happened since {rfc3339(since)}.", next="Name an earlier instant.")
        chosen = leaves.filter(index__gte=first) | leaves.filter(entry__kind=POLICY_ADOPTED)
        return chosen, Scope("since", rfc3339(since), first)
    return leaves, Scope("all")


def _entries(leaves: QuerySet[Leaf]) -> Iterator[PackEntry]:
    for leaf in leaves.iterator(chunk_size=2000):
        yield PackEntry(leaf.index, bytes(leaf.entry.body))


def _adopted(leaves: QuerySet[Leaf]) -> list[str]:
    adopted = leaves.filter(entry__kind=POLICY_ADOPTED)
    return [str(decode(bytes(leaf.entry.body)).data["digest"]) for leaf in adopted]
