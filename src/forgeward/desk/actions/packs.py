"""Evidence packs from this home: the entries of a case, an app, a period, or all of them, with their proofs.

chosen leaves ─▶ texts that the audience may see ─▶ proofs up to one checkpoint ─▶ one file
                                                    that older ones lead to
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.db.models import QuerySet

from forgeward.desk import keychain, programme
from forgeward.desk.actions import sequence
from forgeward.desk.models import CaseRow, CheckpointRow, Entry, Leaf, PolicyVersion, Publication, SealedValues
from forgeward.desk.nodes import TableNodes
from forgeward.desk.rows import entry_place
from forgeward.edges.home import translated
from forgeward.errors import BadInput, KeyErased, NotFound
from forgeward.ledger import pack
from forgeward.ledger.checkpoint import Checkpoint, Note
from forgeward.ledger.entry import POLICY_ADOPTED, decode
from forgeward.ledger.pack import MAX_DISCLOSED, PackEntry, Scope
from forgeward.ledger.rotation import ROTATED
from forgeward.policy.disclosure import Audience, may_see
from forgeward.policy.document import load
from forgeward.policy.render import render
from forgeward.vocabulary import rfc3339

IN_A_PACK = "pack"
MAX_CUTS = 1_000
"""Older checkpoints that a pack can be held against: the newest that were given out, each up to a kilobyte."""

_ALWAYS = (POLICY_ADOPTED, ROTATED)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    file: Path
    entries: int
    size: int
    checkpoint: CheckpointRow


def write_pack(
    out: Path,
    case: str,
    since: datetime | None,
    now: datetime,
    progress: Callable[[int], None],
    *,
    until: datetime | None = None,
    app: str = "",
    audience: Audience | None = None,
    extends: Sequence[str] = (),
    witnessed: bool = False,
) -> Packed:
    """Signs a checkpoint and writes a pack of a case, an app, a period (``since``, ``until``), or of everything.

    It also holds the adoption of each policy in force, the rotations of the key and a statement. Texts stay withheld,
    only their salted digests go out, unless ``audience`` may see them (``policy.disclosure``). ``extends`` are
    checkpoints that the reader holds; those that were given out lately are provable anyway. With ``witnessed`` the
    pack ends at the newest checkpoint that a witness has co-signed. Raises ``NotFound``, ``BadInput``,
    ``HomeUnusable``.
    """
    if audience is Audience.REPORTER and not case:
        raise BadInput("A reporter is shown one case.", next="Name it with --case.")
    checkpoint = _newest_witnessed() if witnessed else sequence.sign_checkpoint(now)
    leaves, scope = _chosen(case, app, since, until, checkpoint.size)
    policies = _policies(leaves)
    with _whole(out) as file:
        manifest = pack.write(
            file,
            _entries(leaves, audience),
            scope=scope,
            at=now,
            checkpoint=keychain.cosigned(checkpoint.note, checkpoint.size),
            nodes=TableNodes(),
            signer=keychain.signer(),
            policies=policies,
            rotations=keychain.notes(),
            documents=_documents(policies, scope, audience, now),
            cuts=_cuts(checkpoint.size, extends),
            progress=progress,
        )
    Publication.objects.get_or_create(checkpoint=checkpoint, why=IN_A_PACK, defaults={"at": now})
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


def _newest_witnessed() -> CheckpointRow:
    row = CheckpointRow.objects.filter(cosignatures__isnull=False).order_by("-size").first()
    if row is None:
        raise NotFound("No witness has co-signed a checkpoint yet.", next="See `forgeward ledger cosign --help`.")
    return row


def _cuts(size: int, extends: Sequence[str]) -> list[int]:
    given = Publication.objects.filter(checkpoint__size__lt=size).order_by("-checkpoint__size")
    sizes = given.values_list("checkpoint__size", flat=True).distinct()[:MAX_CUTS]
    return [*sizes, *(Checkpoint.parse_unverified(Note.parse(note).text).size for note in extends)]


# --- which entries ---------------------------------------------------------------------------------------------------


def _chosen(
    case: str, app: str, since: datetime | None, until: datetime | None, size: int
) -> tuple[QuerySet[Leaf], Scope]:
    leaves = Leaf.objects.filter(index__lt=size).select_related("entry__case").order_by("index")
    always = leaves.filter(entry__kind__in=_ALWAYS)
    if sum(map(bool, (case, app, since or until))) > 1:
        raise BadInput("A pack is of a case, an app or a period.", next="Name one of them.")
    if case:
        row = CaseRow.objects.filter(number=case).first()
        if not row:
            raise NotFound(f"There is no case {case}.", next="See `forgeward case list`.")
        return leaves.filter(entry__case=row) | always, Scope("case", case)
    if app:
        return leaves.filter(entry__case__in=_cases_of(app)) | always, Scope("app", app)
    if since or until:
        return _period(leaves, always, since, until, size)
    return leaves, Scope("all")


def _period(
    leaves: QuerySet[Leaf], always: QuerySet[Leaf], since: datetime | None, until: datetime | None, size: int
) -> tuple[QuerySet[Leaf], Scope]:
    """All leaves from the first entry of the period to its last: instants of different cases need not ascend."""
    inside = leaves.filter(entry__at__gte=since) if since else leaves
    first = inside.values_list("index", flat=True).first()
    if until:
        inside = inside.filter(entry__at__lt=until)
    last = inside.values_list("index", flat=True).last()
    if first is None or last is None or last < first:
        when = f"since {rfc3339(since)}" if since else ""
        when += f" until {rfc3339(until)}" if until else ""
        raise NotFound(f"Nothing happened {when.strip()}.", next="Name another instant.")
    if until is None:
        return leaves.filter(index__gte=first) | always, Scope("since", rfc3339(since) if since else "", first)
    chosen = leaves.filter(index__gte=first, index__lte=last) | always
    begin = rfc3339(since) if since else ""
    return chosen, Scope("period", f"{begin}/{rfc3339(until)}", first, last + 1)


def _cases_of(app: str) -> list[int]:
    """The cases of which an entry has named the app, at whatever time."""
    found: set[int] = set()
    entries = Entry.objects.filter(case__isnull=False).values_list("case_id", "body")
    for case, body in entries.iterator(chunk_size=2_000):
        if b'"apps":[' in bytes(body) and case is not None and case not in found:
            apps = decode(bytes(body)).data.get("apps")
            if isinstance(apps, list) and app in apps:
                found.add(case)
    if not found:
        raise NotFound(f"No case has named the app {app}.", next="Apps are named by their key, like field-radar.")
    return sorted(found)


# --- what of them is shown -------------------------------------------------------------------------------------------


def _entries(leaves: QuerySet[Leaf], audience: Audience | None) -> Iterator[PackEntry]:
    waiting = leaves.iterator(chunk_size=2_000)
    while part := list(islice(waiting, _CHUNK)):
        opened = open_texts([leaf.entry for leaf in part], audience) if audience else {}
        for leaf in part:
            yield PackEntry(leaf.index, bytes(leaf.entry.body), opened.get(leaf.entry_id, {}))


def open_texts(entries: Sequence[Entry], audience: Audience) -> dict[int, dict[str, tuple[bytes, str]]]:
    """By entry: the fields that the audience may see, with salt and text. What was erased is left out."""
    vault = programme.vault()
    by_key = {entry.pk: entry for entry in entries}
    opened: dict[int, dict[str, tuple[bytes, str]]] = {}
    for row in SealedValues.objects.filter(entry_id__in=by_key):
        entry = by_key[row.entry_id]
        number = entry.case.number if entry.case else ""
        try:
            values = vault.open_entry(
                entry_place(number, entry.seq, entry.kind, entry.at), row.subject, bytes(row.blob)
            )
        except KeyErased:
            continue
        data = decode(bytes(entry.body)).data
        shown = {
            name: salted
            for name, salted in values.items()
            if may_see(audience, entry.kind, name, data) and len(salted[1].encode()) <= MAX_DISCLOSED
        }
        opened.setdefault(entry.pk, {}).update(shown)
    return opened


def _policies(leaves: QuerySet[Leaf]) -> list[bytes]:
    """The policies that these entries put in force, the latest last."""
    texts = {row.digest: row.text for row in PolicyVersion.objects.filter(adopted_at__isnull=False)}
    adopted = [str(decode(bytes(leaf.entry.body)).data["digest"]) for leaf in leaves.filter(entry__kind=POLICY_ADOPTED)]
    return [texts[digest].encode() for digest in adopted if digest in texts]


_SCOPES: Mapping[str, str] = {
    "all": "everything that this ledger holds",
    "case": "the case {value}",
    "app": "the cases of the app {value}",
    "since": "everything since {value}",
    "period": "everything in {value}",
}


def _documents(policies: Sequence[bytes], scope: Scope, audience: Audience | None, now: datetime) -> dict[str, bytes]:
    """The statement: what the pack is of, and the promises of the policy in force, as the public reads them."""
    if not policies:
        return {}
    policy = load(policies[-1].decode())
    what = _SCOPES[scope.kind].format(value=scope.value)
    shown = (
        f"Texts that a reader of the kind “{audience}” may see are opened." if audience else "All texts are withheld."
    )
    head = (
        f"This pack, made at {rfc3339(now)}, holds {what}. {shown}\n"
        f"Below are the promises of policy version {policy.version} (SHA-256 {policy.digest}), the latest that an\n"
        f"entry of this pack puts in force.\n\n"
    )
    return {"statement.md": (head + render(policy, "md")).encode()}
