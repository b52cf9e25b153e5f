"""Findings that somebody answers for."""

from __future__ import annotations

import pytest

from forgeward.prevent.rules import find_rule
from tests.prevent import apps

APP = """\
-- src/index.js --
import Resolver from '@forge/resolver';
const resolver = new Resolver();
resolver.define('x', ({ payload }) => %s
);
export const handler = resolver.getDefinitions();
"""
EVAL = "eval(payload.formula)"


def outcome(text: str) -> tuple[int, int]:
    """How many findings were told, and how many suppressed."""
    report = apps.report(apps.files(APP % text), [find_rule("injection-code")])
    return len(report.findings), len(report.suppressed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{EVAL}", 1),
        (f"{EVAL} // forgeward-ignore injection-code", 1),  # no reason
        (f"{EVAL} // forgeward-ignore injection-sql: another rule", 1),
        (f"{EVAL} // forgeward-ignore injection-code: over until 2026-11-22", 1),
        (f"{EVAL} // forgeward-ignore injection-code: soon until 2026-13-99", 1),
        (f"{EVAL} // forgeward-ignore injection-code: an own parser checks it", 0),
        (f"{EVAL} // forgeward-ignore injection-code: an own parser checks it until 2026-11-23", 0),
        (f"{EVAL} /* forgeward-ignore injection-sql, injection-code: checked */", 0),
        (f"\n// forgeward-ignore injection-code: checked\n// on the way\n{EVAL}", 0),
        (f"\n// forgeward-ignore injection-code: checked\n\n{EVAL}", 0),
        (f"\n// forgeward-ignore injection-code: too far away\n1 +\n{EVAL}", 1),
    ],
)
def test_remark_silences_its_line_only_with_a_reason_and_until_its_date(text: str, told: int) -> None:
    """A remark needs the rule, a reason, and a date that has not passed; it speaks of its line or the next code."""
    assert outcome(text) == (told, 1 - told)


def test_suppressed_findings_are_told_with_reason_and_end() -> None:
    """The report keeps what was suppressed, and notes remarks that silence nothing."""
    text = f"{EVAL} // forgeward-ignore injection-code: an own parser checks it until 2027-01-31"
    report = apps.report(apps.files(APP % text), [find_rule("injection-code")])
    (answered,) = report.suppressed
    assert (answered.reason, answered.expires) == ("an own parser checks it", "2027-01-31")
    bare = apps.report(apps.files(APP % f"{EVAL} // forgeward-ignore injection-code"))
    assert "without a reason" in bare.notes[0]


def test_yaml_has_remarks_too() -> None:
    """A # comment in a manifest works the same way."""
    manifest = "app: {id: x}\npermissions:\n  content:\n    scripts:\n      %s- unsafe-eval\n"
    remark = "# forgeward-ignore csp-scripts: the charts need it\n      "
    rule = find_rule("csp-scripts")
    assert len(apps.report({"manifest.yml": (manifest % "").encode()}, [rule]).findings) == 1
    assert apps.report({"manifest.yml": (manifest % remark).encode()}, [rule]).findings == ()
