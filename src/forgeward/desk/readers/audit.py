"""Replays history and compares it with every table that was made from it. What differs is named, nothing is mended.

1. Each leaf's hash is the hash of its entry's bytes, and the tree's nodes follow from the leaves.
2. Each entry has a leaf or waits for one; its columns say what its bytes say; a case's are numbered without a gap.
3. Each sealed value, with its salt, gives the digest in its entry, none is gone; the actor column is the sealed one.
4. Folding a case's changes gives the stored case; its columns, viewers, clocks and wake-up follow from it.
5. Each checkpoint is signed by the key whose turn it was, its root is the tree's; rotations and witnesses verify.
6. Each policy in force is the one whose digest was entered, when it was; each person holds the roles that were entered.
7. Mails, files, messages and letters are those that came and went (``audit_post``); tokens and webhooks those that
   were made (``audit_people``, ``audit_webhooks``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection

from forgeward.desk import keychain, programme
from forgeward.desk.models import CaseRow, CheckpointRow, Entry, Leaf, PolicyVersion, SealedValues, TreeNode
from forgeward.desk.models.fields import to_micros
from forgeward.desk.nodes import TableNodes
from forgeward.desk.readers import audit_keys, audit_people, audit_post, audit_webhooks
from forgeward.desk.rows import LASTING, clocks_by_key, decode_case, entry_place, lasting_columns
from forgeward.errors import ForgewardError, KeyErased
from forgeward.ledger import tree
from forgeward.ledger.entry import POLICY_ADOPTED, decode, seal_digest
from forgeward.ledger.entry import Entry as Leafed
from forgeward.policy.book import PolicyBook
from forgeward.policy.clock import ClockState, nearest
from forgeward.policy.document import load
from forgeward.respond.case import Case
from forgeward.respond.clocks import Overview, overview
from forgeward.respond.evolve import evolve
from forgeward.vocabulary import Change, Plain, Sealed

CHUNK = 2_000
KEPT = 1_000  # differences that are told
_PARTS = (audit_keys, audit_post, audit_people, audit_webhooks)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree with history: where, and what."""

    where: str
    what: str


@dataclass
class Result:
    """What an audit found."""

    entries: int = 0
    cases: int = 0
    problems: list[Difference] = field(default_factory=list)

    def differs(self, where: str, what: str) -> None:
        """Keeps the first ``KEPT``: where all is changed, the rest says no more and fills the memory."""
        if len(self.problems) < KEPT:
            self.problems.append(Difference(where, what))
        elif len(self.problems) == KEPT:
            self.problems.append(Difference("audit", f"there are more differences than these {KEPT}"))


def examine(now: datetime, progress: Callable[[int, int], None]) -> Result:
    """Audits the whole home. Reads only; memory does not grow with the history."""
    result = Result()
    with _one_moment():
        total = Entry.objects.count()
        _examine_tree(result)
        _examine_places(result)
        book = _examine_policies(result)
        for number, rows in _by_case():
            _examine_stream(result, number, rows, book, now)
            result.entries += len(rows)
            progress(result.entries, total)
        _examine_rows_without_history(result)
        for where, what in chain.from_iterable(part.differences() for part in _PARTS):
            result.differs(where, what)
    return result


@contextmanager
def _one_moment() -> Iterator[None]:
    """All reads see the database as of one moment, and hold up nobody who writes meanwhile."""
    if connection.in_atomic_block:
        yield
        return
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if connection.vendor == "postgresql" else "BEGIN"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _by_case() -> Iterator[tuple[str, list[Entry]]]:
    """Each case's entries; those of the programme, which are not numbered, in parts."""
    rows = Entry.objects.select_related("case").order_by("case_id", "seq", "id").iterator(chunk_size=CHUNK)
    for _, group in groupby(rows, key=attrgetter("case_id")):
        first = next(group)
        if first.case is not None:
            yield first.case.number, [first, *group]  # noqa: B031 - one or the other
            continue
        part = [first]
        while part:
            yield "", part
            part = list(islice(group, CHUNK))  # noqa: B031


# --- the tree --------------------------------------------------------------------------------------------------------


def _examine_tree(result: Result) -> None:
    nodes = TableNodes()
    edge, expected, made = tree.Frontier(), 0, 0
    checkpoints = {row.size: row for row in CheckpointRow.objects.all()}
    for leaf in Leaf.objects.select_related("entry").order_by("index").iterator(chunk_size=CHUNK):
        if leaf.index != expected:
            result.differs(f"leaf {expected}", "is missing from the tree")
            return
        digest = tree.leaf_hash(bytes(leaf.entry.body))
        edge, created = edge.extend([digest])
        _examine_nodes(result, nodes, created, leaf)
        made += len(created)
        expected += 1
        if expected in checkpoints:
            _examine_checkpoint(result, checkpoints.pop(expected), edge.root())
    for size in checkpoints:
        if size or expected:
            result.differs(f"checkpoint {size}", "covers more entries than the tree has")
    if (stored := TreeNode.objects.count()) != made:
        result.differs("tree", f"has {stored} nodes, its leaves give {made}")


def _examine_nodes(result: Result, nodes: TableNodes, created: list[tree.Node], leaf: Leaf) -> None:
    stored = nodes.get_many([(level, index) for level, index, _ in created])
    for level, index, digest in created:
        if stored.get((level, index)) != digest:
            what = (
                "its bytes are not those that were hashed"
                if level == 0
                else f"the tree's node ({level}, {index}) differs"
            )
            result.differs(f"leaf {leaf.index}, entry {leaf.entry_id} of {_name(leaf.entry)}", what)
            return  # every node above differs for the same reason


def _examine_checkpoint(result: Result, row: CheckpointRow, root: bytes) -> None:
    where = f"checkpoint {row.size}"
    try:
        said = audit_keys.signed_in_turn(row, keychain.chain())
    except ForgewardError as problem:
        result.differs(where, f"its note does not verify: {problem}")
        return
    if bytes(row.root) != root or said.root != root or said.size != row.size:
        result.differs(where, "its root is not the tree's")


def _examine_places(result: Result) -> None:
    homeless = Entry.objects.filter(leaf__isnull=True, pending__isnull=True).select_related("case")
    for entry in homeless.iterator(chunk_size=CHUNK):
        result.differs(f"entry {entry.pk} of {_name(entry)}", "has no place in the tree and waits for none")


def _name(entry: Entry) -> str:
    return f"{entry.case.number} number {entry.seq}" if entry.case_id and entry.case else "the programme"


# --- entries, and the case they make ---------------------------------------------------------------------------------


def _examine_stream(result: Result, number: str, rows: list[Entry], book: PolicyBook | None, now: datetime) -> None:
    sealed = _sealed(rows)
    case: Case | None = None
    broken = False
    for expected, row in enumerate(rows, 1):
        where = f"{number or 'programme'} entry {row.seq if number else row.pk}"
        if number and row.seq != expected:
            result.differs(where, f"number {expected} is missing")
            return
        try:
            entry = decode(bytes(row.body))
        except ForgewardError as problem:
            result.differs(where, f"its bytes do not read: {problem}")
            broken = True
            continue
        _examine_columns(result, where, row, entry, number)
        _examine_sealed(result, where, row, entry, sealed.get(row.pk, []))
        if number and not broken:
            case = _folded(result, where, case, row, entry)
            broken = case is None
    if number and case and not broken:
        _examine_case(result, number, case, book, now)
    result.cases += bool(number)


def _sealed(rows: list[Entry]) -> dict[int, list[tuple[str, bytes]]]:
    found: dict[int, list[tuple[str, bytes]]] = {}
    keys = [row.pk for row in rows]
    for start in range(0, len(keys), 500):
        for value in SealedValues.objects.filter(entry_id__in=keys[start : start + 500]):
            found.setdefault(value.entry_id, []).append((value.subject, bytes(value.blob)))
    return found


def _examine_columns(result: Result, where: str, row: Entry, entry: Leafed, number: str) -> None:
    said = (entry.case, entry.seq, entry.at, entry.kind)
    stored = (number, row.seq, row.at, row.kind)
    for name, one, two in zip(("case", "number", "instant", "kind"), said, stored, strict=True):
        if one != two:
            result.differs(where, f"the row's {name} is {two}, the entry says {one}")


def _examine_sealed(result: Result, where: str, row: Entry, entry: Leafed, blobs: list[tuple[str, bytes]]) -> None:
    vault = programme.vault()
    place = entry_place(entry.case, entry.seq, entry.kind, entry.at)
    missing, closed = set(entry.sealed), False
    for subject, blob in blobs:
        try:
            values = vault.open_entry(place, subject, blob)
        except KeyErased:
            closed = True
            continue
        except ForgewardError:
            result.differs(where, "its sealed texts do not open: they were altered")
            closed = True
            continue
        missing -= values.keys()
        for name, (salt, value) in values.items():
            if entry.sealed.get(name) != seal_digest(salt, value):
                result.differs(where, f"its text “{name}” is not the one that was entered")
            if name == "actor" and value != row.actor:
                result.differs(where, f"the row's actor is {row.actor}, the entry says {value}")
    if missing and not closed:
        result.differs(where, f"its text “{min(missing)}” is gone, although nobody was erased")


def _folded(result: Result, where: str, case: Case | None, row: Entry, entry: Leafed) -> Case | None:
    change = Change(entry.kind, data=entry.data, sealed={name: Sealed("") for name in entry.sealed if name != "actor"})
    try:
        return evolve(case, change, entry.seq, entry.at, row.actor)
    except (ForgewardError, LookupError, TypeError, ValueError) as problem:  # bytes that no product of ours wrote
        result.differs(where, f"it does not follow from what came before: {problem}")
        return None


def _examine_case(result: Result, number: str, case: Case, book: PolicyBook | None, now: datetime) -> None:
    row = CaseRow.objects.get(number=number)
    if not _is(row, case):
        result.differs(number, "the stored case is not what its history gives")
        return
    expected = dict(zip(LASTING, lasting_columns(case), strict=True)) | {"opened_at": to_micros(case.opened)}
    for name, value in expected.items():
        stored: Any = getattr(row, name)
        stored = to_micros(stored) if isinstance(stored, datetime) else stored
        if stored != value:
            result.differs(number, f"the row's {name} is {stored!r}, its history gives {value!r}")
    viewers = sorted(f"person:{pk}" for pk in row.viewers.values_list("person_id", flat=True))
    if viewers != sorted(case.people):
        result.differs(number, f"the row's viewers are {viewers}, its history names {sorted(case.people)}")
    for where, what in audit_post.of_case(row.pk, number, case):
        result.differs(where, what)
    if row.reminded_at is not None and row.reminded_at > now:
        result.differs(number, f"its reminders count as looked at up to {row.reminded_at}, which is to come")
    if book is None:
        return
    view = overview(case, book, now, looked=row.reminded_at)
    _examine_clocks(result, number, row.pk, clocks_by_key(view.clocks), now)
    _examine_due(result, row, view, now)


def _is(row: CaseRow, case: Case) -> bool:
    try:
        return decode_case(bytes(row.state_json)) == case
    except (msgspec.DecodeError, ValueError):  # bytes that no product of ours wrote
        return False


def _examine_due(result: Result, row: CaseRow, view: Overview, now: datetime) -> None:
    """What leads and when the case wakes. Time alone changes both: a wake-up that is due is only not done yet."""
    if row.wake_at != view.wake_at and (row.wake_at is None or row.wake_at > now):
        result.differs(row.number, f"the row's wake-up is {row.wake_at}, its history gives {view.wake_at}")
    lead = nearest(view.clocks)
    expected = (lead.due, lead.promise) if lead else (None, "")
    if (row.next_due, row.next_promise) != expected and not any(c.state is ClockState.PAUSED for c in view.clocks):
        said, due = f"{row.next_promise} at {row.next_due}", f"{expected[1]} at {expected[0]}"
        result.differs(row.number, f"the row's next deadline is {said}, its history gives {due}")


def _examine_clocks(result: Result, number: str, pk: int, expected: dict[Any, Any], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT promise, regime, subject, starts, due, original_due, met, missed_at, state"
            " FROM desk_clockrow WHERE case_id = %s",
            [pk],
        )
        stored = {tuple(row[:3]): tuple(row[3:]) for row in cursor.fetchall()}
    for key in sorted(expected.keys() | stored.keys()):
        one, two = expected.get(key), stored.get(key)
        if one is None or two is None:
            result.differs(f"{number} clock {key[0]}", "is there, and should not be" if one is None else "is missing")
        elif one != two and not _only_waits(one, two, now):
            result.differs(f"{number} clock {key[0]}", f"the row says {two}, its history gives {one}")


def _only_waits(one: tuple[Any, ...], two: tuple[Any, ...], now: datetime) -> bool:
    """What time alone changes is no difference: a clock that ran out since the worker looked, or one that is paused."""
    starts, due, state = 0, 1, 5
    if one[starts] != two[starts] or one[due] is None or two[due] is None:
        return False
    if one[state] == two[state] == "paused":
        return bool(one[due] >= two[due])  # its due date moves on until the reporter answers
    return bool(one[:4] == two[:4] and two[state] == "running" and one[due] <= to_micros(now))


def _examine_rows_without_history(result: Result) -> None:
    for lost in Entry.objects.filter(case_id__isnull=False).exclude(case_id__in=CaseRow.objects.values("pk")):
        result.differs(f"entry {lost.pk}", "belongs to a case that is not there")
    for row in CaseRow.objects.filter(entries__isnull=True):
        result.differs(row.number, "is a case without a history")


def _data_of(rows: Iterable[Entry]) -> Iterator[tuple[datetime, Mapping[str, Plain]]]:
    return ((row.at, audit_keys.data_of(row)) for row in rows)


def _examine_policies(result: Result) -> PolicyBook | None:
    """The policies in force, by which clocks are examined; None where one does not read any more."""
    adopted = Entry.objects.filter(kind=POLICY_ADOPTED).order_by("id")
    entered = [(data.get("version"), data.get("digest"), at) for at, data in _data_of(adopted)]
    stored = list(PolicyVersion.objects.filter(adopted_at__isnull=False).order_by("version"))
    for row in PolicyVersion.objects.order_by("id"):
        if row.digest != sha256(row.text.encode()).hexdigest():
            result.differs(f"policy version {row.version}", "its text is not the one that was adopted")
    if entered != [(row.version, row.digest, row.adopted_at) for row in stored]:
        result.differs("policy", "the versions in force are not those that were entered, at their instants")
    try:
        return PolicyBook.of((row.adopted_at, load(row.text)) for row in stored if row.adopted_at) if stored else None
    except ForgewardError:
        result.differs("policy", "a version in force does not read any more, so no clock was examined")
        return None
