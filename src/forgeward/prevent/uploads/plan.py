"""What to do with a scan: which observations open a case, which belong to one, which are gone.

    observations ─ suppressed ─▶ recorded
                 └ by root ─▶ a root that has an open case ─▶ its new findings join
                              else grave enough, on a branch that counts ─▶ one case
                              else recorded
    known, not told any more ─▶ gone, after a complete scan ─▶ of production: the case is told that it may be closed

One root, one case: findings of one rule that begin at the same place, or do harm at the same place. What a person
decided stays: a finding of a closed case opens no second one, unless it was gone in between.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from forgeward.prevent.findings import Grade
from forgeward.prevent.uploads.observation import Observation, Upload


class State(enum.StrEnum):
    """What an observation is on its branch."""

    OPEN = "open"  # a case is about it
    RECORDED = "recorded"  # not grave enough for a case at once, or on a branch that does not count
    SUPPRESSED = "suppressed"  # somebody answered for it in the code
    GONE = "gone"  # a complete scan did not find it any more
    OUT = "out"  # neither did one of what production runs, and its case was told


_AWAY = frozenset({State.GONE, State.OUT})


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk knows of a fingerprint of this app and scanner on one branch; ``counts`` as in ``Asked``."""

    branch: str
    state: State
    rule: str
    case: str = ""  # its number
    closed: bool = False  # whether that case is closed
    counts: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was scanned, and from where on a finding opens a case: None, never. ``deployed``: production runs it.

    ``counts``: the branch is one whose findings open cases.
    """

    branch: str
    deployed: bool
    opens_from: Grade | None
    counts: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``states``: fingerprint → what it is on this branch from now on; ``cases``: fingerprint → the case it belongs to.

    ``opens``: groups of one root, one case each. ``joins``: case → its new findings. ``back``: case → findings that had
    gone. ``over``: open cases none of whose findings is left.
    """

    states: Mapping[str, State]
    cases: Mapping[str, str]
    opens: tuple[tuple[Observation, ...], ...]
    joins: Mapping[str, tuple[Observation, ...]]
    back: Mapping[str, tuple[Observation, ...]]
    over: tuple[str, ...]


def plan(upload: Upload, known: Mapping[str, Sequence[Known]], asked: Asked) -> Plan:
    """Decides. ``known``: fingerprint → what is known of it on each branch of this app, by this scanner."""
    states, cases = dict[str, State](), dict[str, str]()
    opens: list[tuple[Observation, ...]] = []
    joins: dict[str, list[Observation]] = {}
    back: dict[str, list[Observation]] = {}
    for root in roots(one for one in upload.observations if one.suppressed is None):
        still = next((k.case for one in root for k in known.get(one.fingerprint, ()) if k.case and not k.closed), "")
        fresh: list[Observation] = []
        for one in root:
            before = _relevant(known.get(one.fingerprint, ()), asked.branch)
            case = still or next((k.case for k in before if k.case and k.state not in _AWAY), "")
            states[one.fingerprint] = State.OPEN
            if not case:
                fresh.append(one)
                continue
            cases[one.fingerprint] = case
            if not any(k.case == case for k in known.get(one.fingerprint, ())):
                joins.setdefault(case, []).append(one)
            elif before and all(k.state in _AWAY for k in before):
                back.setdefault(case, []).append(one)
        if fresh and _opens(fresh, asked):
            opens.append(tuple(fresh))
        else:
            states |= {one.fingerprint: State.RECORDED for one in fresh}
    states |= {one.fingerprint: State.SUPPRESSED for one in upload.observations if one.suppressed is not None}
    away = dict(_away(upload, known, asked))
    return Plan(
        states=states | away,
        cases=cases,
        opens=tuple(opens),
        joins={case: tuple(found) for case, found in joins.items()},
        back={case: tuple(found) for case, found in back.items()},
        over=_over(away, known, states),
    )


def roots(observations: Iterable[Observation]) -> list[tuple[Observation, ...]]:
    """Observations in groups of one root, each gravest first, in the order in which their first ones came."""
    listed = list(observations)
    head = list(range(len(listed)))

    def find(at: int) -> int:
        while head[at] != at:
            head[at] = head[head[at]]
            at = head[at]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, one in enumerate(listed):
        for place in one.places or (one.fingerprint,):
            other = find(first.setdefault((one.rule, place), at))
            mine = find(at)
            head[max(mine, other)] = min(mine, other)
    groups: dict[int, list[Observation]] = {}
    for at, one in enumerate(listed):
        groups.setdefault(find(at), []).append(one)
    return [tuple(sorted(group, key=lambda o: -o.level.rank)) for group in groups.values()]


def _relevant(known: Sequence[Known], branch: str) -> Sequence[Known]:
    """What this branch says of a finding; where it never had it, what the others say."""
    return [k for k in known if k.branch == branch] or known


def _opens(root: Sequence[Observation], asked: Asked) -> bool:
    gravest = max(one.level.rank for one in root)
    return asked.opens_from is not None and (asked.counts or asked.deployed) and gravest >= asked.opens_from.rank


def _away(upload: Upload, known: Mapping[str, Sequence[Known]], asked: Asked) -> Iterator[tuple[str, State]]:
    """What is told no more. A scan that did not look at all there is says nothing of that.

    In production a finding is out when no branch that counts has it either: else it is only not released yet.
    """
    if not upload.complete:
        return
    told = {one.fingerprint for one in upload.observations}
    for fingerprint, each in known.items():
        if fingerprint in told or any(k.rule in upload.off for k in each):
            continue
        here = next((k.state for k in each if k.branch == asked.branch), None)
        elsewhere = any(k.counts and k.branch != asked.branch and k.state not in _AWAY for k in each)
        if asked.deployed and not elsewhere and any(k.case for k in each):
            if here is not State.OUT:
                yield fingerprint, State.OUT
        elif here is not None and here not in _AWAY:
            yield fingerprint, State.GONE


def _over(
    away: Mapping[str, State], known: Mapping[str, Sequence[Known]], told: Mapping[str, State]
) -> tuple[str, ...]:
    """Open cases that lost their last finding with this scan."""
    lost = {k.case for f, state in away.items() if state is State.OUT for k in known[f] if k.case and not k.closed}
    left = {
        k.case
        for fingerprint, each in known.items()
        for k in each
        if k.case in lost and (fingerprint in told or (k.state not in _AWAY and fingerprint not in away))
    }
    return tuple(sorted(lost - left))
