"""What entries must be like beside having their leaf hash: canonical, numbered, in scope, true to what is disclosed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter, lt

from forgeward.errors import BadInput
from forgeward.ledger.entry import (
    MAX_SALT,
    MIN_SALT,
    POLICY_ADOPTED,
    Entry,
    decode_lines,
    seal_digest,
    seal_digests,
)
from forgeward.ledger.pack import Opened, Scope
from forgeward.ledger.rotation import ROTATED

_NEVER = 1 << 62
_RECENT = 4096  # cases whose last number is looked for first: few enough for the processor's cache


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in a share of a pack in which all is well: numbers by case, and what the whole is judged by."""

    entries: int
    firsts: dict[str, int]
    lasts: dict[str, int]
    policies: set[str]
    rotations: list[str]
    strangers: set[str]
    named: set[str]


class Content:
    """Looks at entries in their order; what is wrong goes to ``fault`` with the entry's leaf index.

    With ``later`` they are those of a pack's later share: cases may have begun before it, and `counted` tells where.
    """

    def __init__(self, scope: Scope, fault: Callable[[int | None, str], None], *, later: bool = False) -> None:
        self._fault = fault
        self._scope = scope
        self._cut = scope.is_cut
        self._later = later
        self._firsts: dict[str, int] = {}
        self._strangers: set[str] = set()
        self._named: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._recent: dict[str, int] = {}
        self._opened: Iterator[list[Opened]] = iter(())
        self._waiting: list[Opened] = []
        self._last = (-1, "")
        self.policies: set[str] = set()
        """Digests of the policies that the entries put in force."""
        self.rotations: list[str] = []
        """Digests of the rotations that the entries tell of, in order."""

    def begin_part(self, opened: Iterator[list[Opened]]) -> None:
        """The disclosed texts of the entries that `check` is given next, in the same order, some at a time."""
        self._opened = opened

    def end_part(self) -> None:
        """Tells of disclosed texts that no entry of the part took."""
        for opened in self._opened_up_to(_NEVER):
            self._stray(opened)

    def counted(self, entries: int) -> Counted:
        """What a later share leads to, for `join`."""
        lasts = self._numbers | self._recent
        return Counted(entries, self._firsts, lasts, self.policies, self.rotations, self._strangers, self._named)

    def join(self, later: Counted) -> bool:
        """Goes on after a later share that was read elsewhere; False where it does not fit, and nothing has changed."""
        numbers = self._numbers | self._recent
        for case, first in later.firsts.items():
            last = numbers.get(case, 0)
            if first != last + 1 and (last or not self._cut):
                return False
        self._numbers = numbers | later.lasts
        self._recent.clear()
        self.policies |= later.policies
        self.rotations += later.rotations
        self._strangers |= later.strangers
        self._named |= later.named
        return True

    def finish(self) -> None:
        """After the last entry: tells of cases that have nothing to do with the app that the pack is of."""
        for case in sorted(self._strangers - self._named):
            self._fault(None, f"{case} is in the pack of {self._scope.value}, but no entry of it names that app")

    def check(self, indexes: Sequence[int], chunk: bytes) -> None:
        """Checks entries (a line each) that are known to be those which the tree has at these leaf indexes."""
        try:
            entries = decode_lines(chunk)
        except BadInput as error:
            self._check_each(indexes, chunk, error)
            return
        self._count(indexes, entries)
        if self._scope.kind != "all":
            self._check_scope(indexes, entries)
        if opened := self._opened_up_to(indexes[-1]):
            self._check_disclosed(opened, indexes, entries)

    def _check_each(self, indexes: Sequence[int], chunk: bytes, error: BadInput) -> None:
        if len(indexes) == 1:
            self._fault(indexes[0], f"the entry is not canonical: {error}")
            return
        for index, line in zip(indexes, chunk.split(b"\n"), strict=False):
            self.check([index], line + b"\n")

    def _count(self, indexes: Sequence[int], entries: Sequence[Entry]) -> None:
        if not self._count_at_once([entry.case for entry in entries], [entry.seq for entry in entries]):
            self._count_each(indexes, entries)
        if len(self._recent) > _RECENT:
            self._numbers.update(self._recent)
            self._recent.clear()

    def _count_at_once(self, cases: Sequence[str], seqs: Sequence[int]) -> bool:
        """Counts entries that are all of different cases, each a case's first or the one after a number of late."""
        recent = self._recent
        following = dict(zip(cases, seqs, strict=True))
        if len(following) < len(cases) or "" in following:
            return False
        if [seq - 1 for seq in seqs] != list(map(recent.get, cases, repeat(0))):
            return False
        firsts = [case for case, seq in following.items() if seq == 1]
        if not self._numbers.keys().isdisjoint(firsts):
            return False
        if self._later:
            self._firsts.update(zip(firsts, repeat(1)))
        recent.update(following)
        return True

    def _count_each(self, indexes: Sequence[int], entries: Sequence[Entry]) -> None:
        recent = self._recent
        last_of = recent.get
        for at, entry in enumerate(entries):
            case, seq = entry.case, entry.seq
            if case:
                if seq - 1 != last_of(case):
                    self._count_rare(indexes[at], entry)
                recent[case] = seq
            elif seq:
                self._fault(indexes[at], f"the entry has number {seq} without a case")
            elif entry.kind == POLICY_ADOPTED:
                self.policies.add(str(entry.data.get("digest")))
            elif entry.kind == ROTATED:
                self.rotations.append(str(entry.data.get("digest")))

    def _count_rare(self, index: int, entry: Entry) -> None:
        """A number that does not follow in a case of late: a case's first, one of an old case, or a wrong one."""
        last = self._recent.get(entry.case, self._numbers.get(entry.case, 0))
        if self._later and not last:
            self._firsts[entry.case] = entry.seq
        elif entry.seq != last + 1:
            self._odd_number(index, entry, last)

    def _odd_number(self, index: int, entry: Entry, last: int) -> None:
        if entry.seq <= last:
            self._fault(index, f"{entry.case} has number {entry.seq} after number {last}")
        elif last or not self._cut:
            missing = range(last + 1, entry.seq)
            which = f"number {missing[0]} is" if len(missing) == 1 else f"numbers {missing[0]} to {missing[-1]} are"
            self._fault(index, f"{entry.case} has a gap: {which} not there")

    def _check_scope(self, indexes: Sequence[int], entries: Sequence[Entry]) -> None:
        """An entry of a case must be where the scope asks for it; entries of no case may stand beside."""
        scope = self._scope
        if scope.kind == "case":
            for index, entry in zip(indexes, entries, strict=True):
                if entry.case and entry.case != scope.value:
                    self._outside(index, entry)
        elif scope.kind == "app":
            for entry in entries:
                if entry.case:
                    self._strangers.add(entry.case)
                    apps = entry.data.get("apps")
                    if isinstance(apps, list) and scope.value in apps:
                        self._named.add(entry.case)
        else:
            end = scope.end if isinstance(scope.end, int) else _NEVER
            if indexes[0] < scope.first or indexes[-1] >= end:
                for index, entry in zip(indexes, entries, strict=True):
                    if entry.case and not scope.first <= index < end:
                        self._outside(index, entry)

    def _outside(self, index: int, entry: Entry) -> None:
        self._fault(index, f"an entry of {entry.case} is outside the pack's scope")

    def _check_disclosed(self, opened: Sequence[Opened], indexes: Sequence[int], entries: Sequence[Entry]) -> None:
        try:
            if indexes[-1] - indexes[0] == len(indexes) - 1 and opened[0].index >= indexes[0]:
                first = indexes[0]
                wanted = [entries[text.index - first].sealed[text.name] for text in opened]
            else:
                sealed = dict(zip(indexes, map(_sealed, entries), strict=True))
                wanted = [sealed[text.index][text.name] for text in opened]
            if wanted == seal_digests(opened):
                return
        except (KeyError, BadInput):
            pass  # found again below, and named
        by_index = dict(zip(indexes, entries, strict=True))
        for text in opened:
            if text.index not in by_index:
                self._stray(text)
            elif not MIN_SALT <= len(text.salt) <= MAX_SALT:
                self._fault(text.index, f"the salt of the disclosed text “{text.name}” has {len(text.salt)} bytes")
            elif seal_digest(text.salt, text.value) != by_index[text.index].sealed.get(text.name):
                self._fault(text.index, f"the disclosed text “{text.name}” is not the one that was sealed")

    def _stray(self, opened: Opened) -> None:
        self._fault(opened.index, f"the text “{opened.name}” is disclosed for an entry that is not there")

    def _opened_up_to(self, index: int) -> list[Opened]:
        """Takes the disclosed texts of entries up to this leaf index."""
        while not self._waiting or self._waiting[-1].index <= index:
            more = next(self._opened, None)
            if more is None:
                break
            self._require_order(more)
            self._waiting += more
        count = bisect_right(self._waiting, index, key=_index)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _require_order(self, opened: Sequence[Opened]) -> None:
        """By index and name, so that none stands twice and there is one way to write them."""
        indexes = [self._last[0], *[text.index for text in opened]]
        if not all(map(lt, indexes, indexes[1:])):
            places = [self._last, *[(text.index, text.name) for text in opened]]
            if not all(map(lt, places, places[1:])):
                self._fault(opened[0].index, "disclosed texts from here on are out of order or stand twice")
        self._last = (opened[-1].index, opened[-1].name)


_index = attrgetter("index")
_sealed = attrgetter("sealed")
