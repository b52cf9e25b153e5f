"""Severity from a CVSS vector: base, and the score that our surroundings make of it (IR-6, VM-4).

    base vector ──────────────┬─> base score
    METRIC:VALUE=reason … ────┴─> adjusted score ──thresholds of the policy──> Critical, High, Medium, Low

Scores are whole tenths (98 is 9.8), so that no float enters the history. Specifications: FIRST, CVSS v3.1 and v4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from cvss.cvss3 import CVSS3
from cvss.cvss4 import CVSS4
from cvss.exceptions import CVSSError

from forgeward.errors import BadInput, VectorInvalid
from forgeward.vocabulary import Severity

if TYPE_CHECKING:
    from forgeward.policy.model import Thresholds

BASE_METRICS = {
    "3.1": ("AV", "AC", "PR", "UI", "S", "C", "I", "A"),
    "4.0": ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"),
}
CONTEXT_METRICS = {
    "3.1": ("E", "RL", "RC", "CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA"),
    "4.0": ("E", "CR", "IR", "AR", "MAV", "MAC", "MAT", "MPR", "MUI", "MVC", "MVI", "MVA", "MSC", "MSI", "MSA"),
}
_SUPPLEMENTAL = ("S", "AU", "R", "V", "RE", "U")  # CVSS 4.0, section 5: they do not change the score
_CVSS3: Any = CVSS3  # the library has no types
_CVSS4: Any = CVSS4
_PREFIX = re.compile(r"CVSS:(3\.1|4\.0)/(.+)")
_METRIC = re.compile(r"([A-Z]{1,3}):([A-Za-z]{1,5})")


class ContextMetric(msgspec.Struct, frozen=True):
    """One metric that fits a vector to our surroundings, with the reason for it (may be empty: then it is missing)."""

    metric: str
    reason: str


class Scored(msgspec.Struct, frozen=True):
    """A vector with its scores in tenths. ``vector`` is the base alone; ``score`` counts ``metrics`` in."""

    vector: str
    base: int
    score: int
    metrics: tuple[str, ...] = ()

    @property
    def full_vector(self) -> str:
        """Base and context in one vector, as a calculator takes it."""
        return "/".join((self.vector, *self.metrics))


def parse_context(items: Iterable[str]) -> tuple[ContextMetric, ...]:
    """Reads ``METRIC:VALUE=reason`` items. Raises ``BadInput`` for another form and for a metric given twice."""
    found: dict[str, ContextMetric] = {}
    for item in items:
        metric, _, reason = item.partition("=")
        metric = metric.strip()
        if not _METRIC.fullmatch(metric):
            raise BadInput(f"“{item}” is no context.", next="Write metric, value and reason, like MAV:L=why.")
        name = metric.partition(":")[0]
        if name in found:
            raise BadInput(f"The context gives {name} twice.", next="Give each metric once.")
        found[name] = ContextMetric(metric, reason.strip())
    return tuple(found.values())


@lru_cache(maxsize=4096)
def score(vector: str, metrics: tuple[str, ...] = ()) -> Scored:
    """Scores a base vector, and the same vector with context metrics (``MAV:L``).

    Raises ``VectorInvalid`` for a vector that is not CVSS 3.1 or 4.0, lacks a base metric, or carries metrics that
    belong into the context, where each needs a reason.
    """
    version, given = _split(vector)
    _refuse_context(version, given)
    for metric in metrics:
        if metric.partition(":")[0] not in CONTEXT_METRICS[version]:
            raise VectorInvalid(
                f"“{metric}” is no context metric of CVSS {version}.",
                next=f"Context metrics are: {', '.join(CONTEXT_METRICS[version])}.",
            )
    base = f"CVSS:{version}/" + "/".join(given)
    base_score = _compute(version, base)
    adjusted = _compute(version, "/".join((base, *metrics))) if metrics else base_score
    return Scored(base, base_score, adjusted, metrics)


class Judgement(msgspec.Struct, frozen=True):
    """What an assessment says of the severity: the level, and where it comes from.

    ``base_level`` is what stands while nobody else has agreed to the context: the base vector's level, or the chosen
    one. ``by_hand``: a person chose the level without a vector or against it, which needs a reason.
    """

    level: Severity
    base_level: Severity
    by_hand: bool
    scored: Scored | None = None


def judge(vector: str, context: Sequence[ContextMetric], chosen: str, thresholds: Thresholds) -> Judgement | None:
    """The level by vector, context and a person's choice; None where neither vector nor choice is given.

    Raises ``VectorInvalid``.
    """
    if not vector:
        return Judgement(Severity(chosen), Severity(chosen), by_hand=True) if chosen else None
    scored = score(vector, tuple(item.metric for item in context))
    level, base = level_of(scored.score, thresholds), level_of(scored.base, thresholds)
    if chosen and chosen != level:
        return Judgement(Severity(chosen), Severity(chosen), by_hand=True, scored=scored)
    return Judgement(level, base, by_hand=False, scored=scored)


def level_of(score: int, thresholds: Thresholds) -> Severity:
    """The level of a score in tenths, by the policy's thresholds."""
    return thresholds.level(score / 10)


def _split(vector: str) -> tuple[str, Sequence[str]]:
    match = _PREFIX.fullmatch(vector.strip().rstrip("/"))
    if not match:
        raise VectorInvalid(
            f"“{vector[:80]}” is no CVSS vector.",
            next="Begin it with CVSS:3.1/ or CVSS:4.0/, like CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N.",
        )
    version, rest = match.groups()
    given = rest.split("/")
    names = [metric.partition(":")[0] for metric in given]
    lacking = [name for name in BASE_METRICS[version] if name not in names]
    if lacking:
        raise VectorInvalid(
            f"The CVSS {version} vector lacks {', '.join(lacking)}.", next="Give every base metric with its value."
        )
    return version, given


def _refuse_context(version: str, given: Iterable[str]) -> None:
    known = BASE_METRICS[version] + (_SUPPLEMENTAL if version == "4.0" else ())
    foreign = [m for m in given if m.partition(":")[0] not in known]
    context = [m for m in foreign if m.partition(":")[0] in CONTEXT_METRICS[version]]
    if context:
        raise VectorInvalid(
            f"The vector holds {', '.join(context)}, which fit it to our surroundings.",
            next=f"Leave them out and give each as context with its reason, like “{context[0]}=why”.",
        )
    if foreign:
        raise VectorInvalid(
            f"CVSS {version} does not know {', '.join(foreign)[:80]}.",
            next=f"Its base metrics are: {', '.join(BASE_METRICS[version])}.",
        )


def _compute(version: str, vector: str) -> int:
    try:
        value = _CVSS3(vector).scores()[2] if version == "3.1" else _CVSS4(vector).base_score
    except CVSSError as error:
        raise VectorInvalid(f"The CVSS vector does not parse: {error}", next="Mend it, then try again.") from None
    return round(float(value) * 10)
