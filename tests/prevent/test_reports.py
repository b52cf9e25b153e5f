"""How a report is shown."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from forgeward.cli import shapes
from forgeward.cli.schemas import schemas
from forgeward.prevent.findings import Grade, Report
from forgeward.prevent.report import annotations, markdown, page, sarif, text
from forgeward.prevent.rules import all_rules
from tests.prevent import apps

APP = """\
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('<b>|x', async ({ payload }) => {
  await api.asApp().requestJira(route`/rest/api/3/issue/${payload.key}`, { method: 'DELETE' });
  return eval(payload.code); // forgeward-ignore injection-code: an own parser checks it
});
export const handler = resolver.getDefinitions();
-- src/br oken.js --
const = 1;
"""


SUBSET = Path(__file__).parent / "sarif_subset.json"
HITS = sorted(apps.FOLDER.glob("*/hit/*.app"))
# The findings of an app of every rule, in one report.
EVERY = msgspec.structs.replace(
    apps.report({}),
    findings=tuple(f for path in HITS for f in apps.report(apps.read(path)).findings),
    partial="only what came since main",
)


@pytest.fixture(scope="module")
def report() -> Report:
    return apps.report(apps.files(APP.replace("br oken", "broken")))


def test_json_fits_its_schema(report: Report) -> None:
    """The JSON is what docs/reference/schemas/scan-1.json describes, and holds the fields of the contract."""
    schema = dict(schemas())["scan-1.json"]
    printed = msgspec.json.encode(shapes.Scan.of(report))
    jsonschema_rs.validator_for(schema.decode()).validate(json.loads(printed))
    shape = json.loads(printed)
    assert shape["schema"] == "forgeward/scan/1"
    assert not shape["complete"]
    assert {"rule", "category", "title", "severity", "confidence", "cwe", "cvss", "promises", "fingerprint", "location",
            "trace", "message", "fix"} <= set(shape["findings"][0])  # fmt: skip
    assert {"fingerprint", "reason", "expires"} <= set(shape["suppressed"][0])


def test_sarif_has_flows_suppressions_and_notifications(report: Report) -> None:
    """Each finding is a result with its code flow; the suppressed one says why; the broken file is a notification."""
    (run,) = sarif.render(report, all_rules())["runs"]
    results = {r["ruleId"]: r for r in run["results"]}
    flow = results["authz-asapp-unchecked"]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(flow) >= 2
    assert flow[-1]["location"]["physicalLocation"]["region"]["startLine"] == 5
    assert results["injection-code"]["suppressions"][0]["justification"] == "an own parser checks it"
    assert "src/broken.js" in json.dumps(run["invocations"][0]["toolExecutionNotifications"])
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.parametrize("place", [SUBSET, os.environ.get("SARIF_SCHEMA", "")], ids=["subset", "oasis"])
def test_sarif_fits_the_standard(report: Report, place: str | Path) -> None:
    """The document fits what the standard says of each property that is written, and of no other.

    The schema of OASIS itself is not in this tree; where SARIF_SCHEMA names a copy, that is asked too.
    """
    if not place:
        pytest.skip("SARIF_SCHEMA names no copy of sarif-schema-2.1.0.json")
    schema = json.loads(Path(place).read_text(encoding="utf-8"))
    for told in (report, apps.report(apps.files("-- readme.md --\n")), EVERY):
        document = json.loads(msgspec.json.encode(sarif.render(told, all_rules())))
        assert [e.message for e in jsonschema_rs.validator_for(schema).iter_errors(document)] == []


def test_text_names_place_way_and_fix(report: Report) -> None:
    """A terminal shows gravity, rule, place, each step and the fix; then what was left out, and a count."""
    shown = text.render(report)
    assert re.search(r"^HIGH +authz-asapp-unchecked  src/index.js:5:\d+$", shown, re.MULTILINE)
    assert "Suppressed: 1" in shown
    assert "src/broken.js: syntax error at line 1" in shown
    assert shown.splitlines()[-1].startswith("1 app: ")


def test_annotations_keep_to_one_line(report: Report) -> None:
    """GitHub's commands stay one line each, with separators escaped."""
    lines = annotations.render(report).splitlines()
    assert all(re.match(r"::(error|warning|notice) file=[^,:]+,?", line) for line in lines)
    assert len(lines) == len(report.findings) + len(report.not_scanned)


def test_pages_escape_what_files_say(report: Report) -> None:
    """HTML and Markdown hold no markup from a resolver's key or a path."""
    shown = page.render(report)
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "<script" not in shown
    assert "| high | authz-asapp-unchecked |" in markdown.render(report)


def test_limit_counts_from_a_grade_on(report: Report) -> None:
    """``at_least`` includes the grade itself."""
    assert report.at_least(Grade.HIGH)
    assert not [f for f in report.at_least(Grade.HIGH) if f.severity in {Grade.MEDIUM, Grade.LOW, Grade.INFO}]
    assert len(report.at_least(Grade.INFO)) == len(report.findings)


def test_reports_are_the_same_every_time() -> None:
    """Two scans of the same files give the same bytes, whatever the order of the files."""
    app = apps.files(APP)
    backwards = dict(reversed(list(app.items())))
    assert msgspec.json.encode(apps.report(app)) == msgspec.json.encode(apps.report(backwards))
