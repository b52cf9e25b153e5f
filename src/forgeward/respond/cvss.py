"""The calculator's sheet: a CVSS vector as metrics with values that one chooses, and back (VM-4).

    vector + context ──spread──▶ Sheet ──compose──▶ vector + context items ──severity.judge──▶ score, level

Names of metrics and values are those of the specifications: FIRST, CVSS v3.1 and v4.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from cvss import constants3, constants4

from forgeward.errors import BadInput
from forgeward.respond.severity import BASE_METRICS, CONTEXT_METRICS, parse_context, score

VERSIONS = ("4.0", "3.1")
UNSET = "X"
_TABLES: Mapping[str, Any] = {"3.1": constants3, "4.0": constants4}  # the library has no types


class MetricSpec(msgspec.Struct, frozen=True):
    """A metric with the values that it may have, as (code, word)."""

    key: str
    title: str
    values: tuple[tuple[str, str], ...]


class Sheet(msgspec.Struct, frozen=True):
    """What was chosen: metric → value, and metric → reason for those of the context. Empty: not chosen."""

    version: str = VERSIONS[0]
    chosen: Mapping[str, str] = {}
    reasons: Mapping[str, str] = {}

    @property
    def lacks(self) -> tuple[MetricSpec, ...]:
        """Base metrics without a value: before they have one there is no vector."""
        return tuple(metric for metric in base_metrics(self.version) if not self.chosen.get(metric.key))


@cache
def base_metrics(version: str) -> tuple[MetricSpec, ...]:
    """The base metrics in the order of the vector."""
    return tuple(_metric(version, key) for key in BASE_METRICS[version])


@cache
def context_metrics(version: str) -> tuple[MetricSpec, ...]:
    """Those that fit a vector to our surroundings: threat or temporal, and environmental ones."""
    return tuple(_metric(version, key) for key in CONTEXT_METRICS[version])


def _metric(version: str, key: str) -> MetricSpec:
    table = _TABLES[version]
    title = table.METRICS_ABBREVIATIONS[key].replace("Req.", "requirement")
    values = ((code, word.replace("-of-", " of ")) for code, word in table.METRICS_VALUE_NAMES[key].items())
    return MetricSpec(key, title[0] + title[1:].lower(), tuple(pair for pair in values if pair[0] != UNSET))


def sheet_of(version: str, chosen: Mapping[str, str], reasons: Mapping[str, str]) -> Sheet:
    """A sheet from what a form sent; values that a metric does not have are left out, reasons are one line."""
    version = version if version in VERSIONS else VERSIONS[0]
    known = {metric.key: dict(metric.values) for metric in (*base_metrics(version), *context_metrics(version))}
    picked = {key: value for key, value in chosen.items() if value in known.get(key, {})}
    given = {key: " ".join(reasons[key].split()) for key in CONTEXT_METRICS[version] if reasons.get(key, "").strip()}
    return Sheet(version, picked, given)


def compose(sheet: Sheet) -> tuple[str, tuple[str, ...]]:
    """The base vector (empty while it lacks metrics) and the context as ``METRIC:VALUE=reason``."""
    parts = [f"{metric.key}:{sheet.chosen.get(metric.key, '')}" for metric in base_metrics(sheet.version)]
    vector = "" if sheet.lacks else f"CVSS:{sheet.version}/" + "/".join(parts)
    context = tuple(
        f"{metric.key}:{sheet.chosen[metric.key]}={sheet.reasons.get(metric.key, '')}"
        for metric in context_metrics(sheet.version)
        if sheet.chosen.get(metric.key)
    )
    return vector, context


def spread(vector: str, context: Iterable[str]) -> Sheet:
    """The sheet of a base vector and its context. Raises ``VectorInvalid``, ``BadInput`` with what is wrong."""
    items = parse_context(context)
    if not vector.strip():
        if items:
            raise BadInput("The context changes a base vector, and there is none.", next="Give the base vector too.")
        return Sheet()
    scored = score(vector.strip(), tuple(item.metric for item in items))
    head, *base = scored.vector.split("/")
    pairs = [part.split(":") for part in (*base, *scored.metrics)]
    reasons = {item.metric.partition(":")[0]: item.reason for item in items}
    return sheet_of(head.partition(":")[2], {pair[0]: pair[1] for pair in pairs}, reasons)
