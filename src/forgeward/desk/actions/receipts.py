"""What a reporter gets of the ledger: at once the promise that their report will be in it, later the proof that it is.

Why two: a report's entry is written when it arrives, and gets its place in the tree a little later. The receipt goes
out in between, so it can only promise; the promise names the entry's leaf hash, and no text, since receipts may reach
somebody whose address was forged.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forgeward.desk import keychain, programme
from forgeward.desk.actions import sequence
from forgeward.desk.actions.packs import IN_A_PACK, open_texts
from forgeward.desk.models import CaseRow, CheckpointRow, Entry, Leaf, Publication
from forgeward.desk.nodes import TableNodes
from forgeward.errors import NotFound
from forgeward.ledger import schedule, tree
from forgeward.ledger.proof import Promise, Proof, receipt_extra
from forgeward.policy.disclosure import Audience

GRACE = timedelta(hours=1)
"""After the next fixed time: a machine that was off may sign a little late."""

_REPORTS = ("case:received", "case:joined")


def promise(case_id: int, now: datetime) -> str:
    """The signed promise about a case's first report. Raises ``SignerFailed``, ``HomeUnusable``."""
    entry = _report(CaseRow.objects.get(pk=case_id), 1)
    times = schedule.parse_times(programme.home().settings.ledger.checkpoints)
    signer = keychain.signer()
    by = schedule.following(times, now) + GRACE
    return Promise(signer.key.name, tree.leaf_hash(bytes(entry.body)), by).sign(signer)


def proof(number: str, now: datetime, seq: int = 1) -> str:
    """The proof that the report is in the ledger, with its text: for whoever reported it, and nobody else.

    ``seq`` is the entry's number in the case: 1 is the first report. Signs a checkpoint where none covers it yet.
    Raises ``NotFound`` for what is no report.
    """
    case = CaseRow.objects.filter(number=number).first()
    if case is None:
        raise NotFound(f"There is no case {number}.", next="See `forgeward case list`.")
    entry = _report(case, seq)
    leaf = Leaf.objects.filter(entry=entry).first()
    row = _covering(leaf) if leaf else None
    if row is None:
        row = sequence.sign_checkpoint(now)
        Publication.objects.get_or_create(checkpoint=row, why=IN_A_PACK, defaults={"at": now})
    return _proof(entry, row)


def ready_proof(case_id: int) -> str | None:
    """`proof` of the first report if a checkpoint that was given out covers it already, else None. Signs nothing."""
    entry = _report(CaseRow.objects.get(pk=case_id), 1)
    leaf = Leaf.objects.filter(entry=entry).first()
    row = _covering(leaf) if leaf else None
    return _proof(entry, row) if row else None


def _covering(leaf: Leaf) -> CheckpointRow | None:
    """The oldest checkpoint given out that covers the leaf; best one that a witness has co-signed."""
    rows = CheckpointRow.objects.filter(size__gt=leaf.index, publications__isnull=False).order_by("size")
    return rows.filter(cosignatures__isnull=False).first() or rows.first()


def _proof(entry: Entry, row: CheckpointRow) -> str:
    leaf = Leaf.objects.get(entry=entry)
    path = tree.inclusion_proof(TableNodes(), leaf.index, row.size)
    opened = open_texts([entry], Audience.REPORTER).get(entry.pk, {})
    texts = [(name, *opened[name]) for name in sorted(opened)]
    extra = receipt_extra(bytes(entry.body), texts, keychain.notes())
    return str(Proof(leaf.index, path, keychain.cosigned(row.note, row.size), extra))


def _report(case: CaseRow, seq: int) -> Entry:
    entry = Entry.objects.select_related("case").filter(case=case, seq=seq, kind__in=_REPORTS).first()
    if entry is None:
        raise NotFound(f"Entry {seq} of {case.number} is no report.", next="1 is the first one.")
    return entry
