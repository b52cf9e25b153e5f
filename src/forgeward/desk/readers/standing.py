"""How the promises stand: what the clocks say, what was seen, judged by ``policy.standing``.

clock rows ─▶ one tally for each promise ─┐
evidence rows, passed gates ──────────────┴─▶ policy.standing.standings
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, Case, Count, ExpressionWrapper, FloatField, Max, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, NullIf

from forgeward.desk import programme
from forgeward.desk.models import ClockRow, Entry, EvidenceRow
from forgeward.desk.models.fields import to_micros
from forgeward.desk.readers.clocks import in_business_time
from forgeward.policy.clock import POLICY
from forgeward.policy.model import Gate, Policy
from forgeward.policy.standing import Evidence, Standing, Tally, period_start, standings

NEAREST = 50  # clocks of one promise that are looked at for the share that is gone: the ones that are due next

# The change that shows that a gate was passed.
GATES: Final[Mapping[str, str]] = {
    "acknowledge": "case:acknowledgement",
    "reply": "case:reply",
    "assess": "case:assessed",
    "convert": "case:converted",
    "confirm": "case:confirmed",
    "plan": "case:planned",
    "contain": "case:contained",
    "eradicate": "case:eradicated",
    "fix": "case:fixed",
    "ship": "case:shipped",
    "recover": "case:recovered",
    "material": "case:judged",
    "pause": "case:paused",
    "resume": "case:resumed",
    "extend": "case:extended",
    "notify": "case:notified",
    "credit": "case:credited",
    "close": "case:closed",
    "reopen": "case:reopened",
    "merge": "case:merged",
    "reject": "case:rejected",
    "review": "case:reviewed",
    "verify": "case:action_verified",
    "adopt": "policy:adopted",
}


def standing(now: datetime) -> tuple[Standing, ...]:
    """Every promise of the policy in force at ``now``, in its order. The number of queries does not grow with rows."""
    policy = programme.policies().at(now)
    return standings(policy, _tallies(policy, now), _evidence(policy), now)


def standing_lately(now: datetime) -> tuple[Standing, ...]:
    """``standing`` for pages that show it beside other things: a minute old at most, anew after each change.

    It counts every clock of a year; a hundred thousand cases have half a million.
    """
    entries = Entry.objects.aggregate(last=Max("pk"))["last"]
    looks = EvidenceRow.objects.aggregate(last=Max("pk"))["last"]
    policies = programme.policies()
    key = (policies.latest.version, policies.at(now).version, now.replace(second=0, microsecond=0), entries, looks)
    kept = programme.remembered.get("standing")
    if kept is None or kept[0] != key:
        kept = programme.remembered["standing"] = (key, standing(now))
    found: tuple[Standing, ...] = kept[1]
    return found


def _tallies(policy: Policy, now: datetime) -> dict[str, Tally]:
    """One pass over the clocks of the policy's own promises."""
    starts = {p.id: to_micros(period_start(p, now)) for p in policy.promises if p.clocks}
    since = Case(
        *(When(promise=promise, then=Value(start)) for promise, start in starts.items()),
        output_field=BigIntegerField(),
    )
    running = Q(state="running", due__gte=now)
    rows = (
        ClockRow.objects.filter(regime=POLICY, promise__in=starts)
        .values("promise")
        .annotate(
            met_count=Count("pk", filter=Q(state="met", met__gte=since)),
            late_count=Count("pk", filter=Q(state="late_met", met__gte=since)),
            missed_count=Count("pk", filter=Q(state="missed") | Q(state="running", due__lt=now)),
            running_count=Count("pk", filter=Q(state="paused") | running),
            used=Max(_used_share(now), filter=running),
        )
    )
    counted = _in_business_time(policy, now)
    return {
        row["promise"]: Tally(
            met=row["met_count"],
            missed=row["missed_count"],
            late_met=row["late_count"],
            running=row["running_count"],
            most_used=counted.get(row["promise"], row["used"] or 0.0),
        )
        for row in rows
    }


def _used_share(now: datetime) -> Combinable:
    """The share of a clock's time that is gone, as the wall clock counts it."""
    gone = Value(float(to_micros(now))) - Cast("starts", FloatField())
    whole = Cast("due", FloatField()) - Cast("starts", FloatField())
    return ExpressionWrapper(gone / NullIf(whole, Value(0.0)), output_field=FloatField())


def _in_business_time(policy: Policy, now: datetime) -> dict[str, float]:
    """The same for promises whose figures are business time, from the clocks that are due next."""
    calendar, found = policy.calendar, {}
    for promise in sorted(in_business_time(policy)):
        rows = ClockRow.objects.filter(regime=POLICY, promise=promise, state="running", due__gte=now)
        found[promise] = max(
            (
                calendar.business_seconds(starts, now) / (calendar.business_seconds(starts, due) or 1)
                for starts, due in rows.order_by("due").values_list("starts", "due")[:NEAREST]
                if due is not None
            ),
            default=0.0,
        )
    return found


def _evidence(policy: Policy) -> Iterator[Evidence]:
    """The newest look of each check, duty and record, and the last time that each gate was passed."""
    keys = {m.key for promise in policy.promises for m in promise.kept_by}
    looks = _looks(keys)
    gates = _passed({key for key in keys if key.startswith("gate:")})
    for promise in policy.promises:
        for mechanism in promise.kept_by:
            if row := looks.get(mechanism.key):
                yield Evidence(promise.id, mechanism.key, row.what, row.at, holds=row.ok)
            elif isinstance(mechanism, Gate) and (passed := gates.get(mechanism.key)):
                at, case = passed
                yield Evidence(promise.id, mechanism.key, f"The step “{mechanism.step}” was passed.", at, case)


def _looks(keys: set[str]) -> dict[str, EvidenceRow]:
    newest = EvidenceRow.objects.filter(mechanism__in=keys).values("mechanism").annotate(last=Max("pk"))
    rows = EvidenceRow.objects.filter(pk__in=[row["last"] for row in newest])
    return {row.mechanism: row for row in rows}


def _passed(gates: set[str]) -> dict[str, tuple[datetime, str]]:
    """When each gate was last passed, and in which case: one short query for each kind of change."""
    found: dict[str, tuple[datetime, str]] = {}
    for gate in gates:
        kind = GATES.get(gate.removeprefix("gate:"))
        if kind is None:
            continue
        rows = Entry.objects.filter(kind=kind).order_by("-pk")
        row = rows.values_list("at", "case__number", "case__restricted").first()
        if row:
            found[gate] = row[0], "" if row[2] else row[1] or ""  # a restricted case's number goes nowhere
    return found
