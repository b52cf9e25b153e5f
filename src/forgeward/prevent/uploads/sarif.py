"""What is read of SARIF 2.1.0 (OASIS, errata 01): results with their rules, places, fingerprints and suppressions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from forgeward.errors import BadInput
from forgeward.prevent.findings import Grade
from forgeward.prevent.uploads.observation import (
    MOST_PLACES,
    Missed,
    Observation,
    Upload,
    block,
    one_line,
    own_print,
    printed,
    require_few,
)

OWN_KEY = "forgeward/v1"
_LEVELS = {"error": Grade.HIGH, "warning": Grade.MEDIUM, "note": Grade.LOW, "none": Grade.INFO}


class _Form(msgspec.Struct, rename="camel"):
    """What a file says besides is left alone."""


class _Text(_Form):
    text: str = ""


class _Artifact(_Form):
    uri: str = ""


class _Region(_Form):
    start_line: int = 0


class _Physical(_Form):
    artifact_location: _Artifact = msgspec.field(default_factory=_Artifact)
    region: _Region = msgspec.field(default_factory=_Region)


class _Location(_Form):
    physical_location: _Physical = msgspec.field(default_factory=_Physical)


class _FlowStep(_Form):
    location: _Location = msgspec.field(default_factory=_Location)


class _Thread(_Form):
    locations: list[_FlowStep] = []


class _Flow(_Form):
    thread_flows: list[_Thread] = []


class _Defaults(_Form):
    level: str = ""


class _Facts(msgspec.Struct):
    """Of a bag of properties two are read, and left as they are written: a bag may hold anything."""

    severity: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="security-severity")
    partial: msgspec.Raw = msgspec.Raw()


class _Rule(_Form):
    id: str = ""
    short_description: _Text = msgspec.field(default_factory=_Text)
    help: _Text = msgspec.field(default_factory=_Text)
    default_configuration: _Defaults = msgspec.field(default_factory=_Defaults)
    properties: _Facts = msgspec.field(default_factory=_Facts)


class _Driver(_Form):
    name: str = ""
    rules: list[_Rule] = []


class _Tool(_Form):
    driver: _Driver = msgspec.field(default_factory=_Driver)


class _Suppression(_Form):
    status: str = "accepted"
    justification: str = ""


class _Result(_Form):
    rule_id: str = ""
    rule_index: int = -1
    level: str = ""
    kind: str = "fail"
    message: _Text = msgspec.field(default_factory=_Text)
    locations: list[_Location] = []
    code_flows: list[_Flow] = []
    fingerprints: dict[str, str] = {}
    partial_fingerprints: dict[str, str] = {}
    suppressions: list[_Suppression] = []
    baseline_state: str = ""


class _Notification(_Form):
    level: str = "warning"
    message: _Text = msgspec.field(default_factory=_Text)
    locations: list[_Location] = []


class _Invocation(_Form):
    execution_successful: bool = False
    tool_execution_notifications: list[_Notification] = []


class _Run(_Form):
    tool: _Tool = msgspec.field(default_factory=_Tool)
    results: list[_Result] | None = None
    invocations: list[_Invocation] = []
    properties: _Facts = msgspec.field(default_factory=_Facts)


class Log(_Form):
    """The document."""

    runs: list[_Run] = []


def read(log: Log) -> Upload:
    """All runs as one upload. Raises ``BadInput`` where they are several scanners', or nobody's."""
    names = {one_line(run.tool.driver.name, 60) for run in log.runs}
    if len(names) != 1 or not (tool := names.pop()):
        raise BadInput(
            "The file must hold the results of one scanner, which says its name.", next="Send one file for each."
        )
    require_few(sum(len(run.results or ()) for run in log.runs))
    found: dict[str, Observation] = {}
    for run in log.runs:
        rules = {rule.id: rule for rule in reversed(run.tool.driver.rules)}
        for result in run.results or ():
            if result.kind == "fail" and result.baseline_state != "absent":
                one = _observation(result, _rule(result, run.tool.driver.rules, rules), tool)
                found.setdefault(one.fingerprint, one)
    missed = tuple(_missed(log))
    partial = next((text for run in log.runs if (text := one_line(_plain(run.properties.partial)))), "")
    whole = all(run.results is not None and _succeeded(run) for run in log.runs)
    return Upload(
        tool=tool,
        complete=whole and not missed and not partial,
        partial=partial,
        observations=tuple(found.values()),
        not_scanned=missed,
    )


def _succeeded(run: _Run) -> bool:
    """A scanner that does not say that it came to its end did not (section 3.20.14)."""
    return bool(run.invocations) and all(each.execution_successful for each in run.invocations)


def _missed(log: Log) -> Iterator[Missed]:
    for run in log.runs:
        for invocation in run.invocations:
            for note in invocation.tool_execution_notifications:
                if note.level in {"warning", "error"}:
                    path = next((_place(p)[0] for p in note.locations), "")
                    yield Missed(path, one_line(note.message.text.removeprefix("Not scanned: ")))


def _observation(result: _Result, rule: _Rule, tool: str) -> Observation:
    name = one_line(result.rule_id or rule.id, 80) or "no rule"
    ends = [_place(each) for each in result.locations[:1]]
    for flow in result.code_flows[:MOST_PLACES]:
        ends += [_place(step.location) for thread in flow.thread_flows[:1] for step in thread.locations[:1]]
    path, line = ends[0] if ends else ("", 0)
    message = block(result.message.text)
    given = result.fingerprints | result.partial_fingerprints
    first = given[min(given)] if given else ""
    reasons = [s.justification for s in result.suppressions if s.status == "accepted"]
    own = own_print(given[OWN_KEY]) if tool == "Forgeward" and OWN_KEY in given else ""
    return Observation(
        fingerprint=own or printed(tool, first and f"{name}:{first}", name, path, str(line), message),
        rule=name,
        level=_level(result, rule),
        title=one_line(rule.short_description.text, 120) or one_line(message, 120) or name,
        message=message,
        fix=block(rule.help.text),
        path=path,
        line=line,
        places=tuple(dict.fromkeys(f"{p}:{n}" for p, n in ends if p))[:MOST_PLACES],
        suppressed=(one_line(reasons[0]) or "No reason is given.") if reasons else None,
    )


def _rule(result: _Result, listed: Sequence[_Rule], by_id: Mapping[str, _Rule]) -> _Rule:
    if 0 <= result.rule_index < len(listed):
        return listed[result.rule_index]
    return by_id.get(result.rule_id) or _Rule()


def _level(result: _Result, rule: _Rule) -> Grade:
    """By ``security-severity`` (0 to 10, bands of CVSS 4.0) where there is one, else by the level."""
    try:
        score = float(_plain(rule.properties.severity) or "nan")
    except ValueError:
        score = math.nan
    if 0 <= score <= 10:
        bands = ((9.0, Grade.CRITICAL), (7.0, Grade.HIGH), (4.0, Grade.MEDIUM), (0.1, Grade.LOW))
        return next((grade for least, grade in bands if score >= least), Grade.INFO)
    return _LEVELS.get(result.level or rule.default_configuration.level or "warning", Grade.MEDIUM)


def _plain(raw: msgspec.Raw) -> str:
    """A text as it stands there, or what else was written; empty where nothing was."""
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.MsgspecError, RecursionError):
        return bytes(raw)[:100].decode("utf-8", "replace")


def _place(location: _Location) -> tuple[str, int]:
    physical = location.physical_location
    return one_line(unquote(physical.artifact_location.uri[:2000])), max(0, min(physical.region.start_line, 10**9))
