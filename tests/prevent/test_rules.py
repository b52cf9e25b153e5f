"""Every rule on small apps: what it must find, and, more of it, what it must leave alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cvss import CVSS4

from forgeward.policy.names import PROMISES
from forgeward.prevent.findings import Grade
from forgeward.prevent.rules import all_rules, find_rule
from forgeward.prevent.rules.base import Rule
from tests.prevent import apps

HITS = sorted(apps.FOLDER.glob("*/hit/*.app"))
MISSES = sorted(apps.FOLDER.glob("*/miss/*.app"))
CATEGORIES = {
    "authorization", "authentication", "secret", "token", "injection", "tenant-isolation", "least-privilege", "egress",
    "csp", "platform", "privacy", "logging", "rovo", "manifest", "supply-chain", "dependency",
}  # fmt: skip


def name(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


@pytest.mark.parametrize("path", HITS, ids=name)
def test_rule_finds(path: Path) -> None:
    """The rule finds the marked lines and no others; where none is marked, it finds something."""
    app = apps.read(path)
    report = apps.report(app, [find_rule(path.parts[-3])])
    places = {(f.location.path, f.location.line) for f in report.findings}
    assert places
    assert places == (apps.marked(app) or places)


@pytest.mark.parametrize("path", MISSES, ids=name)
def test_rule_leaves_alone(path: Path) -> None:
    """The rule says nothing about this app."""
    report = apps.report(apps.read(path), [find_rule(path.parts[-3])])
    assert [f.message for f in report.findings] == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda r: r.id)
def test_rule_has_apps(rule: Rule) -> None:
    """Each rule has apps of both kinds, and at least as many that it leaves alone."""
    hits = [p for p in HITS if p.parts[-3] == rule.id]
    misses = [p for p in MISSES if p.parts[-3] == rule.id]
    assert hits
    assert len(misses) >= len(hits)


def test_there_are_more_misses_than_hits() -> None:
    """The near-misses outnumber the hits, and no folder belongs to a rule that is gone."""
    assert len(MISSES) > len(HITS)
    assert {p.parts[-3] for p in HITS + MISSES} == {r.id for r in all_rules()}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda r: r.id)
def test_rule_is_complete(rule: Rule) -> None:
    """Id, category, CWE, promises and links have their forms; the score of the vector lies in the band."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert rule.category in CATEGORIES
    assert all(re.fullmatch(r"CWE-\d+", c) for c in rule.cwe)
    assert set(rule.promises) <= set(PROMISES)
    assert rule.promises
    assert all(link.startswith("https://") for link in rule.links)
    score = float(CVSS4(rule.vector).base_score)
    bands = ((9.0, Grade.CRITICAL), (7.0, Grade.HIGH), (4.0, Grade.MEDIUM), (0.1, Grade.LOW))
    assert next((g for least, g in bands if score >= least), Grade.INFO) == rule.severity, score
    assert (rule.check is None) != (rule.check_files is None)
