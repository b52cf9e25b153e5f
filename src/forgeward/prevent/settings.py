"""``forgeward.toml``: what of a repository is scanned, and which rules are off or weigh otherwise there, and why.

    [scan]
    exclude = ["static/legacy/**"]
    fail-on = "medium"
    baseline = "forgeward-baseline.json"

    [rules.injection-ssrf]
    enabled = false
    reason = "administrators choose the host"

A key that is not known is an error with its line: a typing mistake must not switch a rule off, or leave it on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from forgeward.errors import BadInput
from forgeward.prevent.findings import Finding, Grade

NAME = "forgeward.toml"
_SCAN_KEYS = {"include", "exclude", "fail-on", "baseline"}
_RULE_KEYS = {"enabled", "reason", "severity"}


class RuleSetting(msgspec.Struct, frozen=True):
    """What a repository says of one rule; ``severity`` None leaves it as it is."""

    enabled: bool = True
    reason: str = ""
    severity: Grade | None = None


class Settings(msgspec.Struct, frozen=True):
    """All of a file; empty ``include`` means everything. Paths are relative to the file's folder."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = ""
    baseline: str = ""
    rules: Mapping[str, RuleSetting] = {}

    def wants(self, path: str) -> bool:
        """Whether a file is looked at. Manifests always are."""
        if path.endswith(("manifest.yml", "manifest.yaml")):
            return True
        if any(_pattern(p).fullmatch(path) for p in self.exclude):
            return False
        return not self.include or any(_pattern(p).fullmatch(path) for p in self.include)

    def is_on(self, rule: str) -> bool:
        return self.rules[rule].enabled if rule in self.rules else True

    def weighed(self, findings: Iterable[Finding]) -> dict[str, Grade]:
        """Fingerprint → the severity that the file gives to a finding, for those that it speaks of."""
        found = {}
        for finding in findings:
            setting = self.rules.get(finding.rule)
            if setting is not None and setting.severity is not None:
                found[finding.fingerprint] = setting.severity
        return found

    def notes(self) -> list[str]:
        """What is off, with the reason, for whoever reads the report."""
        return [f"{NAME}: {rule} is off: {s.reason}" for rule, s in sorted(self.rules.items()) if not s.enabled]


def read(text: str, known: Iterable[str], place: str = NAME) -> Settings:
    """Reads a file's text; ``known`` are the ids of all rules. Raises ``BadInput`` with file and line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = line.group(1) if line else "1"
        raise BadInput(f"{place}:{where}: {error}", next="Mend the file; its form is that of TOML 1.0.") from None
    reader = _Reader(text, place)
    for key in data:
        if key not in {"scan", "rules"}:
            raise reader.wrong((key,), f"“{key}” is not known here", "Write [scan] or [rules.NAME].")
    scan = reader.table(data.get("scan", {}), ("scan",))
    for key in scan:
        if key not in _SCAN_KEYS:
            raise reader.wrong(("scan", key), f"“{key}” is not known", f"Known are {', '.join(sorted(_SCAN_KEYS))}.")
    rules = reader.table(data.get("rules", {}), ("rules",))
    return Settings(
        include=reader.texts(scan.get("include", []), ("scan", "include")),
        exclude=reader.texts(scan.get("exclude", []), ("scan", "exclude")),
        fail_on=reader.limit(scan.get("fail-on", ""), ("scan", "fail-on")),
        baseline=reader.text_of(scan.get("baseline", ""), ("scan", "baseline")),
        rules={name: reader.rule(name, setting, frozenset(known)) for name, setting in rules.items()},
    )


class _Reader:
    """Checks values, and finds the line of what is wrong."""

    def __init__(self, text: str, place: str) -> None:
        self.lines, self.place = text.splitlines(), place

    def wrong(self, path: tuple[str, ...], what: str, advice: str) -> BadInput:
        return BadInput(f"{self.place}:{self.line(path)}: {what}.", next=advice)

    def line(self, path: tuple[str, ...]) -> int:
        """The line of a key, below the header of its table; of the header where the key stands elsewhere."""
        header, whole = _header(path[:-1]), _header(path)
        key = re.compile(rf"^\s*{_key(path[-1])}\s*[.=]")
        inside, at = len(path) == 1, 1
        for number, line in enumerate(self.lines, 1):
            if whole.match(line) or (inside and key.match(line)):
                return number
            if line.lstrip().startswith("["):
                inside = header.match(line) is not None
                at = number if inside else at
        return at

    def table(self, value: Any, path: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(path, f"“{path[-1]}” is a table", f"Write [{'.'.join(path)}].")
        return value

    def texts(self, value: Any, path: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong(path, f"“{path[-1]}” is a list of paths", 'Write for example ["static/legacy/**"].')
        return tuple(value)

    def text_of(self, value: Any, path: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            raise self.wrong(path, f"“{path[-1]}” is a text", "Put it into quotes.")
        return value

    def limit(self, value: Any, path: tuple[str, ...]) -> str:
        if value not in {"", "never", *(g.value for g in Grade)}:
            raise self.wrong(
                path, f"there is no severity “{value}”", "Write critical, high, medium, low, info or never."
            )
        return str(value)

    def rule(self, name: str, value: Any, known: frozenset[str]) -> RuleSetting:
        path = ("rules", name)
        if name not in known:
            raise self.wrong(path, f"there is no rule “{name}”", "`forgeward scan explain` lists all of them.")
        for key in self.table(value, path):
            if key not in _RULE_KEYS:
                raise self.wrong((*path, key), f"“{key}” is not known", "Known are enabled, reason and severity.")
        enabled = value.get("enabled", True)
        if not isinstance(enabled, bool):
            raise self.wrong((*path, "enabled"), "“enabled” is true or false", "Write it without quotes.")
        reason = self.text_of(value.get("reason", ""), (*path, "reason")).strip()
        if not reason:
            raise self.wrong(path, f"why {name} is changed is missing", 'Add reason = "…".')
        severity = self.limit(value.get("severity", ""), (*path, "severity"))
        if severity == "never":
            raise self.wrong((*path, "severity"), "a severity cannot be “never”", "Write enabled = false.")
        return RuleSetting(enabled, reason, Grade(severity) if severity else None)


@cache
def rule_ids() -> frozenset[str]:
    """The ids of all rules, by the names of their files: nothing is imported for it."""
    folder = Path(__file__).parent / "rules"
    names = (place.stem for place in folder.glob("*.py") if not place.stem.startswith("_"))
    return frozenset(name.replace("_", "-") for name in names if name != "base")


def _header(path: tuple[str, ...]) -> re.Pattern[str]:
    """``[a.b]``, however it is spaced and quoted."""
    return re.compile(r"^\s*\[\s*" + r"\s*\.\s*".join(map(_key, path)) + r"\s*\]")


def _key(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"


def _pattern(glob: str) -> re.Pattern[str]:
    """``**`` stands for any folders, ``*`` for a part of a name; a folder's name for all that lies below it."""
    glob = glob.removeprefix("./").rstrip("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    made = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(made.get(part, re.escape(part)) for part in parts) + "(?:/.*)?", re.DOTALL)
