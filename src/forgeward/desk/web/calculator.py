"""The CVSS calculator inside the form of an assessment: what was sent as metrics or as a vector, and what comes of it.

The names of its fields (``m.AV``, ``r.MAV``, ``c.version``) are those of no field of a step, so a step leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forgeward.errors import BadInput
from forgeward.policy.model import Policy
from forgeward.respond import cvss
from forgeward.respond.cvss import MetricSpec, Sheet
from forgeward.respond.severity import ContextMetric, judge, level_of, parse_context

FROM_VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class MetricField:
    """A metric as a template prints it."""

    metric: MetricSpec
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Calculator:
    """``base``, ``score`` with their levels, or a ``problem`` in a sentence; ``lacks`` names what is not chosen."""

    version: str
    base_fields: tuple[MetricField, ...]
    context_fields: tuple[MetricField, ...]
    used: bool
    base: str = ""
    base_level: str = ""
    score: str = ""
    level: str = ""
    lacks: str = ""
    unreasoned: str = ""
    problem: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        return cvss.VERSIONS


def calculate(sent: Mapping[str, Sequence[str]], policy: Policy) -> tuple[Calculator, dict[str, list[str]]]:
    """The calculator after a press of one of its buttons, and everything that was sent with vector and context anew.

    A vector that is wrong leaves what was typed and says what is wrong with it.
    """
    values = {name: list(given) for name, given in sent.items()}
    if _one(sent, "calculate") == FROM_VECTOR:
        return shown(values, policy, used=True), values
    found = _sheet(sent)
    vector, context = cvss.compose(found)
    return _made(found, policy, used=True), values | {"vector": [vector], "context": ["\n".join(context)]}


def shown(values: Mapping[str, Sequence[str]], policy: Policy, *, used: bool = False) -> Calculator:
    """The calculator of the vector and context that a form holds."""
    context = "\n".join(values.get("context", ())).splitlines()
    try:
        found = cvss.spread(_one(values, "vector"), [line for line in context if line.strip()])
    except BadInput as problem:
        return _fields(_sheet(values), used=True, problem=f"{problem} {problem.next}".strip())
    return _made(found, policy, used=used)


def _one(sent: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(sent.get(name, ())), "")


def _sheet(sent: Mapping[str, Sequence[str]]) -> Sheet:
    chosen = {name[2:]: _one(sent, name) for name in sent if name.startswith("m.")}
    reasons = {name[2:]: _one(sent, name) for name in sent if name.startswith("r.")}
    return cvss.sheet_of(_one(sent, "c.version"), chosen, reasons)


def _made(sheet: Sheet, policy: Policy, *, used: bool) -> Calculator:
    vector, context = cvss.compose(sheet)
    if not vector:
        lacks = ", ".join(metric.title for metric in sheet.lacks) if sheet.chosen else ""
        return _fields(sheet, used=used, lacks=lacks)
    items: tuple[ContextMetric, ...] = parse_context(context)
    judged = judge(vector, items, "", policy.thresholds)
    if judged is None or judged.scored is None:
        raise AssertionError("a vector gives a score")
    scored = judged.scored
    return _fields(
        sheet,
        used=used,
        base=f"{scored.base / 10:.1f}",
        base_level=level_of(scored.base, policy.thresholds).value,
        score=f"{scored.score / 10:.1f}" if items else "",
        level=judged.level.value,
        unreasoned=", ".join(item.metric for item in items if not item.reason),
    )


def _fields(sheet: Sheet, *, used: bool, **found: str) -> Calculator:
    def fields(metrics: Sequence[MetricSpec]) -> tuple[MetricField, ...]:
        return tuple(MetricField(m, sheet.chosen.get(m.key, ""), sheet.reasons.get(m.key, "")) for m in metrics)

    return Calculator(
        sheet.version,
        fields(cvss.base_metrics(sheet.version)),
        fields(cvss.context_metrics(sheet.version)),
        used,
        **found,
    )
