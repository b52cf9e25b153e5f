"""A pipeline scans an app and hands the report to a desk of another machine: a real server, real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.browser import running
from tests.journeys.programme import OFFLINE, Programme, found, free_port
from tests.journeys.test_server import Far
from tests.prevent import apps

pytestmark = [pytest.mark.journey, pytest.mark.slow]

APP = """\
-- src/index.js --
import Resolver from '@forge/resolver';
import api, { route } from '@forge/api';
const resolver = new Resolver();
resolver.define('close', async ({ payload }) =>
  api.asApp().requestJira(route`/rest/api/3/issue/${payload.id}`, { method: 'DELETE' }));
export const handler = resolver.getDefinitions();
"""
PLACE = {"artifactLocation": {"uri": "src/a.js"}, "region": {"startLine": 4}}
RULE = {"id": "js.eval", "properties": {"security-severity": "9.8"}}
RESULT = {"ruleId": "js.eval", "message": {"text": "eval"}, "locations": [{"physicalLocation": PLACE}]}
RUN = {
    "tool": {"driver": {"name": "Semgrep", "rules": [RULE]}},
    "invocations": [{"executionSuccessful": True}],
    "results": [RESULT],
}
SARIF = {"version": "2.1.0", "runs": [RUN]}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    for name, data in apps.files(APP).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def pipeline(here: Programme, folder: Path, base: str) -> Far:
    """A runner with a token and nothing else; it says its branch and commit as GitHub's do."""
    token = here.do("token", "make", "CI", "--scope", "scans:write", "--scope", "scans:read")["token"]
    said = {"FORGEWARD_TOKEN": token, "GITHUB_REF_NAME": "main", "GITHUB_SHA": "0f3c9a"}
    far = Far(folder, environment=said)
    far.base = base
    return far


def test_from_the_pipeline_to_the_case(tmp_path: Path, app: Path) -> None:
    """A scan opens its case, the same again none; SARIF of another scanner its own; a fix in production is told."""
    here = found(tmp_path / "home")
    here.settings(OFFLINE)
    with running(here, free_port()) as base:
        ci = pipeline(here, tmp_path / "nowhere", base)
        first = ci.run("scan", str(app), "--app", "field-radar", "--format", "json")
        assert first.code == 1, first.err
        assert json.loads(first.out)["schema"] == "forgeward/scan/1"
        (number,) = [line.split(": ")[1] for line in first.err.splitlines() if line.startswith("  opened: ")]
        again = ci.run("scan", str(app), "--app", "field-radar", "--fail-on", "never")
        assert (again.code, "nothing changes" in again.err) == (0, True)
        other = tmp_path / "other.sarif"
        other.write_text(json.dumps(SARIF))
        assert len(ci.do("findings", "add", str(other), "--app", "field-radar")["opened"]) == 1
        shown = here.do("case", "show", number)
        assert (shown["kind"], shown["state"]) == ("event", "received")
        (app / "src/index.js").write_text("export const handler = () => 1;\n")
        fixed = ci.run("scan", str(app), "--app", "field-radar", "--fail-on", "never")
        assert "may be closed" not in fixed.err
        out = ci.run("scan", str(app), "--app", "field-radar", "--fail-on", "never", "--deployed", "4.12.0")
        assert f"may be closed: {number}" in out.err
        assert here.do("case", "show", number)["state"] == "received"
        assert ci.run("scan", str(app)).code == 2
        assert ci.do("findings", "list")["scans"][0]["version"] == "4.12.0"
        assert ci.run("case", "list").code == 2
    evidence = {p["id"]: p for p in here.do("policy", "standing")["promises"]}["TC-10"]["evidence"]
    assert "field-radar" in evidence[0]["what"]
    checks = {check["name"]: check for check in here.run("doctor", "--json").json["checks"]}
    assert "field-radar" in checks["scans"]["what"]
    assert here.do("audit")["ok"]
